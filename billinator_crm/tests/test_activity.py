from contextlib import suppress
from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import StateError
from .common import BillinatorCommon


class ActivityCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.opportunity = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.call = cls.env.ref("mail.mail_activity_data_call")
        cls.meeting = cls.env.ref("mail.mail_activity_data_meeting")

    @classmethod
    def _create_activity(cls, **values):
        return cls.env["billinator.activity"].create(
            {
                "partner_id": cls.customer.id,
                "type": "call",
                "summary": "Follow-up call",
                "due_date": "2024-01-20 10:00:00",
                **values,
            }
        )

    @classmethod
    def _get_rows(cls, natives):
        return cls.env["billinator.activity"].search(
            [("activity_id", "in", natives.ids)]
        )

    @classmethod
    def _schedule_call(cls, document=None, **values):
        return (document or cls.opportunity).activity_schedule(
            "mail.mail_activity_data_call", **values
        )


@tagged("post_install", "-at_install")
class TestActivity(ActivityCase):
    # === What it is about === #

    def test_of_a_customer(self):
        activity = self._create_activity(note="Discuss the offer", priority="high")
        native = activity.activity_id
        self.assertEqual((native.res_model, native.res_id), self._ref(self.customer))
        self.assertEqual(native.activity_type_id, self.call)
        self.assertEqual(native.summary, "Follow-up call")
        self.assertIn("Discuss the offer", native.note)
        self.assertEqual(native.user_id, self.env.user)
        self.assertEqual(native.date_deadline, date(2024, 1, 20))
        self.assertEqual(activity.status, "pending")
        self.assertEqual(activity.state, "overdue")
        self.assertEqual(activity.priority, "high")

    def _ref(self, record):
        return record._name, record.id

    def test_of_an_opportunity(self):
        activity = self._create_activity(
            partner_id=False, opportunity_id=self.opportunity.id
        )
        self.assertEqual(activity.partner_id, self.customer)
        self.assertEqual(activity.company_id, self.company)
        self.assertEqual(activity.team_id, self.opportunity.team_id)
        self.assertIn(activity.activity_id, self.opportunity.activity_ids)

    def test_of_a_quote_and_its_opportunity(self):
        quote = self._create_quote(opportunity_id=self.opportunity.id)
        activity = self._create_activity(quote_id=quote.id, partner_id=False)
        self.assertEqual(activity.opportunity_id, self.opportunity)
        self.assertEqual(activity.partner_id, self.customer)
        self.assertIn(activity.activity_id, quote.activity_ids)
        self.assertNotIn(activity.activity_id, self.opportunity.activity_ids)

    def test_without_its_quote_it_is_about_the_deal(self):
        deal = self.opportunity
        quote = self._create_quote(opportunity_id=deal.id)
        by_call, by_form = (
            self._create_activity(quote_id=quote.id, partner_id=False)
            for _number in range(2)
        )
        by_call.quote_id = False
        with Form(by_form) as form:
            form.quote_id = self.env["billinator.quote"]
            self.assertEqual(form.opportunity_id, deal)
        for activity in (by_call, by_form):
            self.assertEqual(activity.opportunity_id, deal)
            self.assertIn(activity.activity_id, deal.activity_ids)

    def test_of_a_contact(self):
        person = self.env["res.partner"].create(
            {"name": "Grace", "parent_id": self.customer.id}
        )
        contact = self.customer.contact_ids
        activity = self._create_activity(partner_id=False, contact_id=contact.id)
        self.assertEqual(activity.partner_id, self.customer)
        self.assertEqual(contact.person_id, person)

    def test_of_nothing(self):
        with self.assertRaisesRegex(UserError, "what the activity is about"):
            self._create_activity(partner_id=False)

    def test_of_another_customer(self):
        other = self.env["res.partner"].create({"name": "Babbage Ltd"})
        with self.assertRaisesRegex(ValidationError, "not about the customer Babbage"):
            self._create_activity(
                partner_id=other.id, opportunity_id=self.opportunity.id
            )

    def test_contact_of_another_customer(self):
        babbage = self.env["res.partner"].create(
            {"name": "Babbage Ltd", "is_company": True}
        )
        self.env["res.partner"].create({"name": "Herb", "parent_id": babbage.id})
        with self.assertRaisesRegex(ValidationError, "Herb is not a contact"):
            self._create_activity(contact_id=babbage.contact_ids.id)

    def test_follows_its_document(self):
        lead = self._create_opportunity(partner_id=False, contact_name="Jo")
        activity = self._create_activity(partner_id=False, opportunity_id=lead.id)
        self.assertFalse(activity.partner_id)
        lead.partner_id = self.customer
        self.assertEqual(activity.commercial_partner_id, self.customer)
        activity.opportunity_id = self.opportunity
        self.env.invalidate_all()
        self.assertIn(activity.activity_id, self.opportunity.activity_ids)
        self.assertNotIn(activity.activity_id, lead.activity_ids)

    def test_what_lost_its_document_is_about_the_customer(self):
        deal_call = self._create_activity(opportunity_id=self.opportunity.id)
        quote_call = self._create_activity(quote_id=self._create_quote().id)
        for name, activity in (
            ("opportunity_id", deal_call),
            ("quote_id", quote_call),
        ):
            with self.subTest(name):
                activity.write({name: False})
                self.assertEqual(activity.partner_id, self.customer)
                self.assertEqual(
                    (activity.res_model, activity.res_id), self._ref(self.customer)
                )

    def test_nothing_is_left_about_nothing(self):
        lead = self._create_opportunity(partner_id=False, contact_name="Jo")
        lead_call = self._create_activity(partner_id=False, opportunity_id=lead.id)
        with self.assertRaisesRegex(UserError, "Say what the activity is about"):
            lead_call.opportunity_id = False
        with self.assertRaisesRegex(UserError, "Say what the activity is about"):
            self._create_activity().partner_id = False

    def test_moves_to_another_customers_deal(self):
        other = self.env["res.partner"].create({"name": "Babbage Ltd"})
        deal = self._create_opportunity(partner_id=other.id)
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        activity.write({"opportunity_id": deal.id})
        self.assertEqual(activity.partner_id, other)
        self.assertEqual((activity.res_model, activity.res_id), self._ref(deal))

    def test_deleted_user_takes_the_own_activities_along(self):
        # As a later trigger it fires after those that empty the user in the rows, which
        # PostgreSQL then checks before it deletes them.
        self.env.cr.execute(
            "ALTER TABLE mail_activity DROP CONSTRAINT mail_activity_user_id_fkey,"
            " ADD CONSTRAINT mail_activity_user_id_fkey"
            " FOREIGN KEY (user_id) REFERENCES res_users ON DELETE CASCADE"
        )
        user = self._create_user("leaver", "sale_salesman")
        activity = self._create_activity(user_id=user.id).with_user(user)
        done = self._create_activity(user_id=user.id).with_user(user)
        done.action_complete()
        self.env.flush_all()
        user.unlink()
        self.assertFalse((activity + done).exists())

    def test_contact_stays_with_the_customer(self):
        self.env["res.partner"].create({"name": "Grace", "parent_id": self.customer.id})
        contact = self.customer.contact_ids
        activity = self._create_activity(
            opportunity_id=self.opportunity.id, contact_id=contact.id
        )
        other = self.env["res.partner"].create({"name": "Babbage Ltd"})
        self.opportunity.partner_id = other
        self.assertEqual(activity.partner_id, other)
        self.assertFalse(activity.contact_id)

    def test_goes_with_its_document(self):
        lead = self._create_opportunity(partner_id=False, contact_name="Jo")
        activity = self._create_activity(partner_id=False, opportunity_id=lead.id)
        native = activity.activity_id
        lead.unlink()
        self.assertFalse(activity.exists() or native.exists())

    # === Rows and Odoo's activities === #

    def test_native_activity_gets_its_row(self):
        native = self._schedule_call(
            date_deadline=date(2030, 3, 1),
            summary="Ask again",
            user_id=self.salesperson.id,
        )
        row = self._get_rows(native)
        self.assertEqual(len(row), 1)
        self.assertEqual((row.type, row.priority), ("call", "medium"))
        self.assertEqual(row.opportunity_id, self.opportunity)
        self.assertEqual(row.user_id, self.salesperson)
        self.assertFalse(row.is_reminder)

    def test_other_activities_get_no_row(self):
        product = self.env["product.template"].create({"name": "Chair"})
        todo = self.env["mail.activity"].create({"user_id": self.env.uid})
        self.assertFalse(self._get_rows(self._schedule_call(product) + todo))

    def test_row_of_who_has_no_sales_rights(self):
        self.accountant.group_ids += self.env.ref("base.group_partner_manager")
        native = self._schedule_call(
            self.customer.with_user(self.accountant), user_id=self.accountant.id
        )
        self.assertEqual(self._get_rows(native.sudo()).partner_id, self.customer)

    def test_one_row_each(self):
        row = self._get_rows(self._schedule_call())
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            row.create({"activity_id": row.activity_id.id})

    def test_deletion_of_either(self):
        native = self._schedule_call()
        row = self._get_rows(native)
        native.unlink()
        self.assertFalse(row.exists())
        row = self._create_activity()
        native = row.activity_id
        row.unlink()
        self.assertFalse(native.exists())

    def test_rows_of_what_is_there(self):
        self.salesperson.tz = "Asia/Tokyo"
        natives = self._schedule_call(
            self.customer, date_deadline=date(2030, 3, 1), user_id=self.salesperson.id
        ) + self._schedule_call(self.customer)
        natives[1].action_feedback("Agreed")
        rows = self._get_rows(natives)
        expected = rows.sorted(lambda row: row.activity_id.id).read(
            ["type", "due_date", "status", "outcome", "completed_by", "partner_id"]
        )
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM billinator_activity")
        self.env.invalidate_all()
        for _twice in range(2):
            self.env["billinator.activity"]._create_missing_rows()
        found = (
            self._get_rows(natives)
            .sorted(lambda row: row.activity_id.id)
            .read(list(expected[0]))
        )
        self.assertEqual(
            [{**row, "id": 0} for row in found],
            [{**row, "id": 0} for row in expected],
        )
        self.assertEqual(found[0]["due_date"], datetime(2030, 3, 1))

    # === Type === #

    def test_type_follows_activity_type_and_back(self):
        activity = self._create_activity(type="task")
        activity.activity_id.activity_type_id = self.call
        self.assertEqual(activity.type, "call")
        activity.type = "email"
        self.assertEqual(
            activity.activity_type_id, self.env.ref("mail.mail_activity_data_email")
        )

    def test_type_keeps_a_fitting_activity_type(self):
        cold_call = self.env["mail.activity.type"].create(
            {"name": "Cold Call", "category": "phonecall"}
        )
        self.assertEqual(cold_call.billinator_type, "call")
        self.assertTrue(cold_call.billinator_asks_outcome)
        activity = self._create_activity(activity_type_id=cold_call.id)
        activity.type = "call"
        self.assertEqual(activity.activity_type_id, cold_call)

    def test_every_type_has_an_activity_type(self):
        for kind in ("call", "email", "meeting", "task", "note"):
            self.assertEqual(self._create_activity(type=kind).type, kind)

    def test_type_without_activity_type(self):
        self.env.ref("billinator_crm.mail_activity_type_note").active = False
        with self.assertRaisesRegex(UserError, "no activity type for “Note”"):
            self._create_activity(type="note")

    def test_type_without_activity_type_in_the_users_words(self):
        self.env["res.lang"]._activate_lang("de_DE")
        selection = self.env.ref(
            "billinator_crm.selection__billinator_activity__type__note"
        )
        selection.with_context(lang="de_DE").name = "Notiz"
        self.env.ref("billinator_crm.mail_activity_type_note").active = False
        Activity = self.env["billinator.activity"].with_context(lang="de_DE")
        with self.assertRaisesRegex(UserError, "Notiz"):
            Activity._get_activity_types("note", "res.partner")

    # === When === #

    def test_deadline_is_the_day_where_the_assignee_is(self):
        for zone, day in (("America/New_York", 20), ("Asia/Tokyo", 21)):
            self.salesperson.tz = zone
            activity = self._create_activity(
                due_date="2024-01-20 23:30:00", user_id=self.salesperson.id
            )
            self.assertEqual(activity.date_deadline, date(2024, 1, day), zone)
            activity.due_date = "2024-02-20 23:30:00"
            self.assertEqual(activity.date_deadline, date(2024, 2, day), zone)

    def test_new_deadline_keeps_the_time(self):
        self.salesperson.tz = "Europe/Berlin"
        activity = self._create_activity(user_id=self.salesperson.id)
        # From winter time to summer time
        activity.activity_id.date_deadline = date(2024, 7, 1)
        self.assertEqual(activity.due_date, datetime(2024, 7, 1, 9))

    def test_new_assignee_keeps_the_time(self):
        self.salesperson.tz = "America/New_York"
        self.colleague.tz = "Asia/Tokyo"
        activity = self._create_activity(
            due_date="2024-01-20 23:30:00", user_id=self.salesperson.id
        )
        activity.user_id = self.colleague
        self.assertEqual(activity.due_date, datetime(2024, 1, 20, 23, 30))
        self.assertEqual(activity.date_deadline, date(2024, 1, 21))

    def test_day_only_is_due_in_the_morning(self):
        self.salesperson.tz = "Europe/Berlin"
        row = self._get_rows(
            self._schedule_call(
                date_deadline=date(2024, 1, 20), user_id=self.salesperson.id
            )
        )
        self.assertEqual(row.due_date, datetime(2024, 1, 20, 8))

    @freeze_time("2024-01-20 12:20:00")
    def test_form_proposes_what_the_type_says(self):
        self.env.user.tz = "Europe/Berlin"
        Activity = self.env["billinator.activity"].with_context(
            default_partner_id=self.customer.id
        )
        email = self.env.ref("mail.mail_activity_data_email")
        with Form(Activity.with_context(default_activity_type_id=email.id)) as form:
            self.assertEqual(form.summary, "Email")
        self.assertEqual(form.record.due_date, datetime(2024, 1, 20, 13))
        with Form(Activity.with_context(default_activity_type_id=self.call.id)) as form:
            form.user_id = self.salesperson
        self.assertEqual(form.record.due_date, datetime(2024, 1, 22, 8))
        self.assertEqual(form.record.user_id, self.salesperson)
        # A delay that leads to a weekend leads to the day of work after it.
        self.call.delay_count = 8
        form = Form(Activity.with_context(default_activity_type_id=self.call.id))
        self.assertEqual(form.save().due_date, datetime(2024, 1, 29, 8))

    # === How it ends === #

    @freeze_time("2024-01-20 12:00:00")
    def test_complete_and_reopen(self):
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        activity.with_user(self.manager).action_complete("Wants the offer", 0.5)
        self.assertEqual(activity.status, "done")
        self.assertEqual(activity.completed_by, self.manager)
        self.assertEqual(activity.completed_at, datetime(2024, 1, 20, 12))
        self.assertEqual(activity.duration, 0.5)
        self.assertFalse(activity.active)
        self.assertIn("Wants the offer", self.opportunity.message_ids[0].body)
        activity.action_reopen()
        self.assertEqual(activity.status, "pending")
        self.assertIn(activity.activity_id, self.opportunity.activity_ids)
        self.assertFalse(
            activity.completed_at or activity.completed_by or activity.outcome
        )

    def test_sorted_by_urgency(self):
        activities = self.env["billinator.activity"].union(
            *(
                self._create_activity(priority=priority)
                for priority in ("high", "urgent", "low", "medium")
            )
        )
        ordered = activities.search([("id", "in", activities.ids)], order="priority")
        self.assertEqual(
            ordered.mapped("priority"), ["low", "medium", "high", "urgent"]
        )
        for order, urgencies in (
            (None, ["low", "medium", "high", "urgent"]),
            ("priority desc", ["urgent", "high", "medium", "low"]),
        ):
            groups = activities._read_group(
                [("id", "in", activities.ids)], ["priority"], order=order
            )
            self.assertEqual([priority for [priority] in groups], urgencies)

    def test_completed_in_the_chatter(self):
        native = self._schedule_call()
        native.action_feedback("Agreed")
        row = self._get_rows(native)
        self.assertEqual((row.status, row.outcome), ("done", "Agreed"))
        self.assertEqual(row.completed_by, self.env.user)
        native.action_unarchive()
        self.assertEqual(row.status, "pending")

    def test_complete_twice_tells_once(self):
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        activity.action_complete("Reached")
        before = self.opportunity.message_ids
        completed_at = activity.completed_at
        activity.action_complete("Not reached")
        self.assertEqual(self.opportunity.message_ids, before)
        self.assertEqual(activity.completed_at, completed_at)
        self.assertEqual(activity.feedback, "Not reached")

    def test_nobody_completes_what_somebody_else_has_done(self):
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        activity.with_user(self.manager).action_complete("Reached", 0.5)
        for values in (("Not reached",), (None, 1)):
            with self.assertRaisesRegex(StateError, "by billinator_manager"):
                activity.action_complete(*values)
        self.assertTrue(activity.action_complete())
        self.assertEqual((activity.outcome, activity.duration), ("Reached", 0.5))
        self.assertEqual(activity.completed_by, self.manager)
        # Who corrects it says so.
        activity.outcome = "Not reached"
        self.assertEqual(activity.outcome, "Not reached")
        activity.action_reopen()
        activity.action_complete("Once more")
        self.assertEqual(activity.completed_by, self.env.user)

    def test_complete_in_no_time(self):
        for kind in ("call", "meeting"):
            activity = self._create_activity(type=kind, duration=1)
            activity.action_complete("Not there", 0)
            self.assertEqual(activity.duration, 0)
        activity = self._create_activity(duration=1)
        activity.action_complete("Reached", False)
        self.assertEqual(activity.duration, 1)

    def test_cancel(self):
        activity = self._create_activity()
        activity.action_cancel()
        self.assertEqual((activity.status, activity.active), ("cancelled", False))
        with self.assertRaisesRegex(UserError, "Reopen the cancelled"):
            activity.action_complete()
        with self.assertRaisesRegex(StateError, "Reopen the cancelled"):
            activity.status = "done"
        activity.action_reopen()
        activity.action_complete()
        with self.assertRaisesRegex(UserError, "cannot be cancelled"):
            activity.action_cancel()
        with self.assertRaisesRegex(StateError, "cannot be cancelled"):
            activity.write({"status": "cancelled"})
        with self.assertRaisesRegex(UserError, "Only a pending"):
            activity.action_reschedule("2030-01-01 10:00:00")

    def test_status_by_hand(self):
        """As a drag in the kanban, or an import, does it."""
        activities = self._create_activity() + self._create_activity()
        activities.write({"status": "done", "outcome": "Yes"})
        self.assertEqual(activities.mapped("feedback"), ["Yes", "Yes"])
        self.assertFalse(any(activities.mapped("active")))
        activities.status = "pending"
        self.assertTrue(all(activities.mapped("active")))

    def test_history_keeps_its_dates(self):
        before = self.env["mail.message"].search_count([])
        activity = self._create_activity(
            status="done",
            completed_at="2023-05-01 10:00:00",
            outcome="Sold",
            user_id=self.salesperson.id,
        )
        self.assertEqual(activity.completed_at, datetime(2023, 5, 1, 10))
        self.assertEqual(activity.date_done, date(2023, 5, 1))
        self.assertEqual(activity.feedback, "Sold")
        self.assertFalse(activity.active)
        self.assertEqual(self.env["mail.message"].search_count([]), before)

    def test_done_ones_are_found(self):
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        activity.action_complete()
        found = self.env["billinator.activity"].search(
            [("opportunity_id", "=", self.opportunity.id)]
        )
        self.assertEqual(found, activity)

    # === Dialogs === #

    def test_dialog_where_the_type_wants_an_outcome(self):
        call, task = self._create_activity(), self._create_activity(type="task")
        self.assertTrue(task.action_done())
        self.assertEqual(task.status, "done")
        action = call.action_done()
        self.assertEqual(call.status, "pending")
        outcome = self.env.ref("billinator_crm.billinator_activity_outcome_reached")
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        wizard.outcome_id = outcome
        wizard.duration = 0.25
        next_action = wizard.save().action_complete_and_schedule_next()
        self.assertEqual((call.outcome, call.duration), ("Reached", 0.25))
        with freeze_time("2024-01-25 12:00:00"):
            form = Form(
                self.env["billinator.activity"].with_context(**next_action["context"]),
                view="billinator_crm.billinator_activity_view_form_popup",
            )
            following = form.save()
        self.assertEqual(following.partner_id, self.customer)
        self.assertEqual(following.activity_type_id, self.call)

    def test_dialog_keeps_own_words(self):
        reached, other = (
            self.env.ref(f"billinator_crm.billinator_activity_outcome_{name}")
            for name in ("reached", "no_answer")
        )
        action = self._create_activity().action_open_complete()
        wizard = Form(self.env[action["res_model"]].with_context(**action["context"]))
        for outcome in (reached, other):
            wizard.outcome_id = outcome
            self.assertEqual(wizard.outcome, outcome.name)
        wizard.outcome = "Wants the offer by Friday"
        wizard.outcome_id = reached
        self.assertEqual(wizard.outcome, "Wants the offer by Friday")

    def test_dialog_takes_no_time_for_a_duration(self):
        calls = [self._create_activity(duration=1) for _ in range(3)]
        for batch, duration in ((calls[0], 0), (calls[1] + calls[2], 1)):
            action = batch.action_open_complete()
            wizard = Form(
                self.env[action["res_model"]].with_context(**action["context"])
            )
            if len(batch) == 1:
                wizard.duration = 0
            wizard.save().action_complete()
            self.assertEqual(set(batch.mapped("duration")), {duration})

    def test_next_step_of_the_type(self):
        email = self.env.ref("mail.mail_activity_data_email")
        self.call.suggested_next_type_ids = email
        activity = self._create_activity(
            opportunity_id=self.opportunity.id, due_date="2030-01-20 10:00:00"
        )
        context = activity.action_schedule_next()["context"]
        self.assertEqual(context["default_activity_type_id"], email.id)
        self.assertEqual(context["default_opportunity_id"], self.opportunity.id)
        self.assertEqual(context["default_due_date"], datetime(2030, 1, 20, 10))

    def test_next_step_that_comes_by_itself(self):
        self.call.write(
            {"chaining_type": "trigger", "triggered_next_type_id": self.meeting.id}
        )
        activity = self._create_activity(opportunity_id=self.opportunity.id)
        wizard = self.env["billinator.activity.complete"].create(
            {"activity_ids": activity.ids}
        )
        action = wizard.action_complete_and_schedule_next()
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(self._get_rows(self.opportunity.activity_ids).type, "meeting")

    # === Overviews === #

    @freeze_time("2024-01-20 12:00:00")
    def test_pending_and_upcoming(self):
        salesperson = self.salesperson
        overdue, today, soon, later, done, foreign = (
            self._create_activity(due_date=due_date, user_id=user.id)
            for due_date, user in (
                ("2024-01-19 10:00:00", salesperson),
                ("2024-01-20 15:00:00", salesperson),
                ("2024-01-27 15:00:00", salesperson),
                ("2024-01-28 15:00:00", salesperson),
                ("2024-01-20 16:00:00", salesperson),
                ("2024-01-20 16:00:00", self.colleague),
            )
        )
        done.action_complete()
        Activity = self.env["billinator.activity"].with_user(salesperson)

        def get_ids(activities):
            return [activity["id"] for activity in activities]

        self.assertEqual(
            get_ids(Activity.get_pending()), [overdue.id, today.id, soon.id, later.id]
        )
        self.assertEqual(get_ids(Activity.get_pending(limit=1)), overdue.ids)
        self.assertEqual(
            get_ids(Activity.get_pending(user_id=self.colleague.id)), foreign.ids
        )
        self.assertEqual(get_ids(Activity.get_upcoming()), [today.id, soon.id])
        self.assertEqual(get_ids(Activity.get_upcoming(0)), today.ids)
        first = Activity.get_pending()[0]
        self.assertEqual(first["state"], "overdue")
        self.assertEqual(first["partner_id"], (self.customer.id, "Ada Industries"))
        for wrong in (-1, "7", True):
            with self.assertRaisesRegex(UserError, "“limit” has to be a whole number"):
                Activity.get_pending(limit=wrong)
        for wrong in (-1, "7", None, True):
            with self.assertRaisesRegex(UserError, "“days” has to be a whole number"):
                Activity.get_upcoming(wrong)

    # === Reminders === #

    @freeze_time("2024-01-20 12:00:00")
    def test_reminder(self):
        due = self._create_activity(user_id=self.salesperson.id)
        future = self._create_activity(due_date="2024-01-20 12:30:00")
        old = self._create_activity(due_date="2024-01-18 12:30:00")
        silent = self._create_activity(is_reminder=False)
        nobodys = self._create_activity()
        nobodys.user_id = False
        done = self._create_activity()
        done.action_complete()
        others = future + old + silent + nobodys + done
        for _twice in range(2):
            self._remind()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(
            self._get_reminders().notified_partner_ids, self.salesperson.partner_id
        )
        self.assertFalse(any(others.mapped("reminded_for")))
        due.action_reschedule("2024-01-20 11:00:00")
        self._remind()
        self.assertEqual(len(self._get_reminders()), 2)

    @freeze_time("2024-01-20 10:05:00")
    def test_reminder_that_fails_keeps_no_other_one_back(self):
        failing = self._create_activity(user_id=self.colleague.id)
        self._create_activity(user_id=self.salesperson.id)
        self.colleague.flush_recordset()
        self.env.cr.execute(
            "UPDATE res_partner SET lang = 'gone' WHERE id = %s",
            [self.colleague.partner_id.id],
        )
        self.env.invalidate_all()
        with self.assertLogs("odoo.addons.billinator_crm.models", "ERROR") as log:
            self._remind()
        self.assertIn(f"billinator.activity({failing.id},)", log.output[0])
        self.assertEqual(
            self._get_reminders().notified_partner_ids, self.salesperson.partner_id
        )
        self.assertFalse(failing.reminded_for)

    @freeze_time("2024-01-20 10:05:00")
    def test_no_reminder_for_who_left(self):
        activity = self._create_activity(user_id=self.colleague.id)
        self.colleague.active = False
        self._remind()
        self.assertFalse(self._get_reminders() or activity.reminded_for)

    def _remind(self):
        cron = self.env.ref("billinator_crm.ir_cron_remind_of_activities")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def _get_reminders(self):
        return self.env["mail.message"].sudo().search([("subject", "like", "Due now")])

    # === Access === #

    def test_assigned_to_a_portal_user(self):
        customer = new_test_user(self.env, "customer", groups="base.group_portal")
        with self.assertRaisesRegex(UserError, "not a colleague"):
            self._create_activity(user_id=customer.id)
        self.assertNotIn(customer.partner_id, self.customer.message_partner_ids)

    def test_handed_over_to_a_portal_user(self):
        customer = new_test_user(self.env, "customer", groups="base.group_portal")
        activity = self._create_activity()
        for wrong in (customer.id, self.env.ref("base.public_user").id):
            with self.assertRaisesRegex(UserError, "not a colleague"):
                activity.user_id = wrong
        self.assertNotIn(customer.partner_id, self.customer.message_partner_ids)
        with self.assertRaisesRegex(UserError, "the id of a record"):
            activity.write({"user_id": str(customer.id)})
        activity.user_id = self.salesperson
        activity.user_id = False
        # What Odoo lets the chatter do is not ours to refuse.
        activity.activity_id.user_id = customer
        self.assertEqual(activity.user_id, customer)

    def test_only_colleagues_are_proposed(self):
        field = self.env["billinator.activity"].fields_get(["user_id"])["user_id"]
        self.assertEqual(field["domain"], "[('share', '=', False)]")

    def test_assignee_on_somebody_elses_opportunity(self):
        activity = self._create_activity(
            opportunity_id=self.opportunity.id, user_id=self.colleague.id
        )
        theirs = activity.with_user(self.colleague)
        theirs.action_complete("Reached")
        self.assertEqual(activity.outcome, "Reached")
        with self.assertRaises(AccessError):
            activity.with_user(self.colleague).opportunity_id.read(["name"])

    def test_colleagues_activity_of_a_customer(self):
        """Who may change the customer may complete it, as in Odoo."""
        activity = self._create_activity(user_id=self.salesperson.id)
        with self.assertRaises(AccessError):
            activity.with_user(self.accountant).action_complete("Reached")
        theirs = activity.with_user(self.colleague)
        self.assertEqual(theirs.summary, "Follow-up call")
        theirs.action_complete("Reached")
        self.assertEqual(activity.completed_by, self.colleague)

    def test_rights_of_quote_and_opportunity(self):
        """An activity of a quote is for who may read the quote, not its deal."""
        quote = self._create_quote(
            opportunity_id=self.opportunity.id, user_id=self.colleague.id
        )
        activity = self._create_activity(quote_id=quote.id)
        activity.user_id = self.manager
        self.env.invalidate_all()
        self.assertEqual(
            activity.with_user(self.colleague).read(["summary"])[0]["summary"],
            "Follow-up call",
        )
        self.assertFalse(activity.with_user(self.salesperson).has_access("read"))
        self.assertFalse(
            activity.with_user(self.salesperson).search([("id", "=", activity.id)])
        )


@tagged("post_install", "-at_install")
class TestMeeting(ActivityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.tz = "Europe/Berlin"
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Grace",
                "parent_id": cls.customer.id,
                "email": "grace@ada.example",
            }
        )
        cls.activity = cls._create_activity(
            type="meeting",
            opportunity_id=cls.opportunity.id,
            contact_id=cls.customer.contact_ids.id,
            user_id=cls.salesperson.id,
            due_date="2030-01-20 10:00:00",
        )
        cls.event = cls.activity.calendar_event_id

    def _count_events(self):
        return self.env["calendar.event"].search_count(
            [
                ("res_model", "=", self.opportunity._name),
                ("res_id", "=", self.opportunity.id),
            ]
        )

    def test_is_in_the_calendar(self):
        self.assertEqual(self.event.start, datetime(2030, 1, 20, 10))
        self.assertEqual(self.event.stop, datetime(2030, 1, 20, 11))
        self.assertEqual(
            self.event.partner_ids, self.salesperson.partner_id + self.person
        )
        self.assertEqual(self.event.user_id, self.salesperson)
        self.assertEqual(self.event.activity_ids, self.activity.activity_id)
        self.assertEqual(self._count_events(), 1)
        self.assertEqual(self._get_rows(self.opportunity.activity_ids), self.activity)

    def test_moving_the_activity_moves_the_event(self):
        self.activity.due_date = "2030-02-01 23:30:00"
        self.assertEqual(self.event.start, datetime(2030, 2, 1, 23, 30))
        self.assertEqual(self.event.stop, datetime(2030, 2, 2, 0, 30))
        self.assertEqual(self.activity.date_deadline, date(2030, 2, 2))
        self.activity.duration = 2
        self.assertEqual(self.event.duration, 2)
        self.assertEqual(self.event.start, datetime(2030, 2, 1, 23, 30))

    def test_moving_the_event_moves_the_activity(self):
        self.event.write(
            {"start": "2030-02-01 23:30:00", "stop": "2030-02-02 02:30:00"}
        )
        self.assertEqual(self.activity.due_date, datetime(2030, 2, 1, 23, 30))
        self.assertEqual(self.activity.duration, 3)
        self.assertEqual(self.activity.date_deadline, date(2030, 2, 2))

    def test_moving_the_deadline_moves_both(self):
        self.activity.due_date = "2030-02-01 23:30:00"
        self.activity.activity_id.date_deadline = date(2030, 2, 4)
        self.assertEqual(self.event.start, datetime(2030, 2, 3, 23, 30))
        self.assertEqual(self.activity.due_date, self.event.start)

    def test_moving_the_deadline_over_a_change_of_clocks_keeps_the_time(self):
        self.activity.activity_id.date_deadline = date(2030, 4, 4)
        self.assertEqual(self.event.start, datetime(2030, 4, 4, 9))
        self.assertEqual(self.event.stop, datetime(2030, 4, 4, 10))
        self.assertEqual(self.activity.due_date, self.event.start)

    def test_cancelled_and_reopened_on_either_side(self):
        self.activity.action_cancel()
        self.assertFalse(self.event.active)
        self.activity.action_reopen()
        self.assertTrue(self.event.active)
        self.event.active = False
        self.assertEqual(self.activity.status, "cancelled")
        self.event.active = True
        self.assertEqual(self.activity.status, "pending")

    def test_completed_one_stays_in_the_calendar(self):
        self.activity.action_complete("Took place", 2)
        self.assertTrue(self.event.active)
        self.assertEqual((self.activity.duration, self.event.duration), (2, 1))
        self.event.unlink()
        self.assertEqual(self.activity.status, "done")
        self.assertEqual(self.activity.outcome, "Took place")

    def test_completed_one_is_not_called_into_the_calendar_again(self):
        self.activity.action_complete("Took place")
        self.event.active = False
        self.activity.action_complete("Took place, they said")
        self.assertFalse(self.event.active)
        self.activity.action_reopen()
        self.assertTrue(self.event.active)

    def test_completed_one_does_not_move_any_more(self):
        self.activity.action_complete("Took place")
        self.event.write(
            {"start": "2030-02-01 10:00:00", "stop": "2030-02-01 11:00:00"}
        )
        self.env.flush_all()
        self.assertEqual(self.activity.due_date, datetime(2030, 1, 20, 10))
        self.assertEqual(self.activity.date_deadline, date(2030, 1, 20))
        self.activity.action_reopen()
        self.assertEqual(self.activity.due_date, self.event.start)
        self.assertEqual(self.activity.date_deadline, date(2030, 2, 1))

    def test_deleted_event_cancels_the_activity(self):
        self.event.unlink()
        self.assertEqual(self.activity.status, "cancelled")
        self.assertFalse(self.activity.calendar_event_id)

    def test_reopened_one_is_in_the_calendar_again(self):
        self.event.unlink()
        self.activity.action_reopen()
        self.assertEqual(self.activity.status, "pending")
        event = self.activity.calendar_event_id
        self.assertEqual(event.start, datetime(2030, 1, 20, 10))
        self.assertEqual(event.stop, datetime(2030, 1, 20, 11))
        self.assertEqual(event.partner_ids, self.salesperson.partner_id + self.person)
        self.assertEqual(self._count_events(), 1)

    def test_one_that_was_over_at_once_is_reopened(self):
        meetings = self.activity.browse()
        for status in ("done", "cancelled"):
            meetings += self._create_activity(
                type="meeting", status=status, duration=2, summary=status
            )
        calls = self._create_activity(status="done")
        self.assertFalse(meetings.calendar_event_id)
        (meetings + calls).with_user(self.manager).action_reopen()
        self.assertEqual(
            meetings.calendar_event_id.mapped("stop"), [datetime(2024, 1, 20, 12)] * 2
        )
        self.assertFalse(calls.calendar_event_id)

    def test_who_may_not_delete_an_event_cancels_no_activity(self):
        # Not even for a caller who goes on after the refusal.
        with suppress(AccessError):
            self.event.with_user(self.env.ref("base.public_user")).unlink()
        self.assertEqual(self.activity.status, "pending")

    def test_deleted_activity_takes_the_event_along(self):
        self.activity.unlink()
        self.assertFalse(self.event.exists())

    def test_deleted_document_leaves_its_meetings(self):
        for document in (self._create_opportunity(), self._create_quote()):
            event = self.env["calendar.event"].create(
                {
                    "name": "Demo",
                    "start": "2030-03-01 10:00:00",
                    "stop": "2030-03-01 11:30:00",
                    "res_model_id": self.env["ir.model"]._get_id(document._name),
                    "res_id": document.id,
                }
            )
            document.unlink()
            self.assertTrue(event.exists())
            self.assertFalse(event.res_id)
            self.assertFalse(event.res_model)

    def test_made_in_the_calendar(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": "2030-03-01 10:00:00",
                "stop": "2030-03-01 11:30:00",
                "res_model_id": self.env["ir.model"]._get_id(self.opportunity._name),
                "res_id": self.opportunity.id,
            }
        )
        row = self._get_rows(event.activity_ids)
        self.assertEqual(row.type, "meeting")
        self.assertEqual(row.due_date, event.start)
        self.assertEqual(row.duration, 1.5)
        self.assertEqual(row.opportunity_id, self.opportunity)

    def test_becomes_a_meeting(self):
        call = self._create_activity(due_date="2030-01-21 10:00:00")
        self.assertFalse(call.calendar_event_id)
        call.type = "meeting"
        self.assertEqual(call.calendar_event_id.start, call.due_date)

    def test_no_meeting_any_more(self):
        self.activity.type = "call"
        self.assertFalse(self.activity.calendar_event_id)
        self.assertFalse(self.event.active)
        self.assertEqual(self.activity.status, "pending")

    def test_another_activity_of_the_meeting_goes_on(self):
        other = self._create_activity()
        other.activity_id.calendar_event_id = self.event
        self.activity.type = "call"
        self.assertEqual(other.status, "pending")
        self.assertTrue(self.event.active)

    def test_handed_over(self):
        self.activity.user_id = self.manager
        self.assertEqual(self.event.user_id, self.manager)
        self.assertEqual(self.event.partner_ids, self.manager.partner_id + self.person)

    def test_handed_over_with_others(self):
        other = self._create_activity(type="meeting", user_id=self.colleague.id)
        self.event.partner_ids += self.colleague.partner_id
        (self.activity + other).activity_id.user_id = self.manager
        self.assertIn(self.colleague.partner_id, self.event.partner_ids)
        self.assertNotIn(self.colleague.partner_id, other.calendar_event_id.partner_ids)

    def test_whole_day(self):
        self.event.write(
            {
                "allday": True,
                "start_date": "2030-04-01",
                "stop_date": "2030-04-01",
            }
        )
        self.assertEqual(self.activity.date_deadline, date(2030, 4, 1))
        self.assertEqual(
            fields.Datetime.context_timestamp(
                self.activity.with_context(tz="Europe/Berlin"), self.activity.due_date
            ).date(),
            date(2030, 4, 1),
        )

    def test_whole_days_are_moved_to_days(self):
        """By the day where the assignee is, and for as many days as before."""
        for zone, due_date, day in (
            ("Pacific/Auckland", "2030-05-10 22:00:00", 11),
            ("Pacific/Auckland", "2030-05-14 02:00:00", 14),
            ("America/Los_Angeles", "2030-05-10 02:00:00", 9),
            ("America/Los_Angeles", "2030-05-14 22:00:00", 14),
        ):
            self.salesperson.tz = zone
            for days in (0, 1):
                self.event.write(
                    {
                        "allday": True,
                        "start_date": date(2030, 4, 1),
                        "stop_date": date(2030, 4, 1 + days),
                    }
                )
                self.activity.action_reschedule(due_date)
                self.env.flush_all()
                with self.subTest(zone=zone, due_date=due_date, days=days):
                    event = self.event
                    self.assertEqual(event.start_date, date(2030, 5, day))
                    self.assertEqual(event.stop_date, date(2030, 5, day + days))
                    self.assertEqual(event.start, datetime(2030, 5, day, 8))
                    self.assertEqual(event.stop, datetime(2030, 5, day + days, 18))
                    self.assertEqual(self.activity.date_deadline, date(2030, 5, day))
                    self.assertEqual(
                        fields.Datetime.to_string(self.activity.due_date), due_date
                    )

    def test_whole_day_lasts_as_long_as_it_did(self):
        self.event.write(
            {"allday": True, "start_date": "2030-04-01", "stop_date": "2030-04-01"}
        )
        self.activity.write({"duration": 30, "due_date": "2030-04-03 10:00:00"})
        self.assertEqual(self.event.start_date, date(2030, 4, 3))
        self.assertEqual(self.event.stop_date, date(2030, 4, 3))

    # === What the calendar repeats === #

    def _create_contact(self, name):
        self.env["res.partner"].create({"name": name, "parent_id": self.customer.id})
        return self.customer.contact_ids.filtered(
            lambda contact: contact.person_id.name == name
        )

    def test_another_person_comes(self):
        other = self._create_contact("Herb")
        self.event.partner_ids += self.colleague.partner_id
        self.activity.contact_id = other
        staff = self.salesperson.partner_id + self.colleague.partner_id
        self.assertEqual(self.event.partner_ids, staff + other.person_id)
        self.assertEqual(self.event.attendee_ids.partner_id, staff + other.person_id)
        self.activity.contact_id = False
        self.assertEqual(self.event.partner_ids, staff)

    def test_who_comes_to_a_meeting_that_is_over(self):
        self.activity.action_complete("Took place")
        self.activity.contact_id = self._create_contact("Herb")
        self.assertIn(self.person, self.event.partner_ids)

    def test_another_customer(self):
        jo = self.env["res.partner"].create({"name": "Jo"})
        deal = self._create_opportunity(partner_id=jo.id)
        self.activity.write({"opportunity_id": deal.id, "partner_id": jo.id})
        self.assertEqual(
            (self.event.res_model, self.event.res_id), (deal._name, deal.id)
        )
        self.assertEqual(self.event.partner_ids, self.salesperson.partner_id + jo)
        self.assertEqual(self._get_rows(deal.activity_ids), self.activity)

    def test_another_customer_of_the_deal(self):
        jo = self.env["res.partner"].create({"name": "Jo"})
        self.opportunity.with_user(self.salesperson).partner_id = jo
        self.assertEqual(self.activity.partner_id, jo)
        self.assertEqual(self.event.partner_ids, self.salesperson.partner_id + jo)

    def test_another_document_of_the_customer(self):
        quote = self._create_quote(opportunity_id=self.opportunity.id)
        self.activity.quote_id = quote
        self.assertEqual(
            (self.event.res_model, self.event.res_id), (quote._name, quote.id)
        )
        self.assertEqual(
            self.event.partner_ids, self.salesperson.partner_id + self.person
        )

    def test_an_event_about_something_else_stays_so(self):
        self.event.res_id = self._create_opportunity().id
        before = self.event.res_id
        self.activity.opportunity_id = self._create_opportunity()
        self.assertEqual(self.event.res_id, before)

    def test_another_name(self):
        self.activity.summary = "Demo"
        self.assertEqual(self.event.name, "Demo")
        self.activity.activity_id.summary = "Kick-off"
        self.assertEqual(self.event.name, "Kick-off")
        self.event.name = "Visit"
        self.assertEqual(self.activity.summary, "Visit")
        self.assertEqual(self.event.name, "Visit")
