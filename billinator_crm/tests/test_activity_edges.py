from datetime import date, datetime

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from ..arguments import MAX_ID
from .common import BillinatorCommon

SQL_LOG = "odoo.sql_db"


@tagged("post_install", "-at_install")
class TestActivityEdges(BillinatorCommon):
    """Activities where Odoo, other addons and the calendar have a hand in them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.group_ids += cls.env.ref("base.group_partner_manager")
        cls.salesperson.tz = "Europe/Berlin"
        cls.partner_model = cls.env["ir.model"]._get_id("res.partner")

    def _create(self, **values):
        return self.env["billinator.activity"].create(
            {
                "partner_id": self.customer.id,
                "summary": "Visit",
                "user_id": self.salesperson.id,
                "due_date": "2031-05-05 12:30:00",
                **values,
            }
        )

    def _get_row(self, native):
        return self.env["billinator.activity"].search([("activity_id", "=", native.id)])

    # --- On cards and in lists --- #

    @freeze_time("2031-05-05 23:30:00")
    def test_states_and_days_are_those_of_the_activities(self):
        """By the day where the assignee is: in Berlin it is the sixth already."""
        deals = self.env["billinator.opportunity"]
        expected = {}
        for state, *days in (
            ("overdue", "2031-05-05", "2031-05-07"),
            ("today", "2031-05-06"),
            ("planned", "2031-05-07"),
            (False,),
        ):
            deal = self._create_opportunity(user_id=self.salesperson.id)
            for day in days:
                deal.activity_schedule(
                    "mail.mail_activity_data_todo", day, user_id=self.salesperson.id
                )
            expected[deal] = state, bool(days) and fields.Date.to_date(min(days))
            deals += deal
        deals[1].activity_schedule(
            "mail.mail_activity_data_todo", "2031-05-09", user_id=self.colleague.id
        )
        self.env.invalidate_all()
        for deal in deals.with_user(self.salesperson):
            found = deal.activity_state, deal.my_activity_date_deadline
            self.assertEqual(found, expected[deal.with_env(self.env)])
        self.assertFalse(deals[0].my_activity_date_deadline)

    # --- Scheduled by others --- #

    def test_an_unusual_activity_is_shown_where_it_is(self):
        kind = self.env["mail.activity.type"].create(
            {"name": "Escalation", "decoration_type": "danger", "icon": "fa-fire"}
        )
        usual, unusual, without = (self._create_opportunity() for _deal in range(3))
        usual.activity_schedule("mail.mail_activity_data_call")
        unusual.activity_schedule(activity_type_id=kind.id)
        names = ["activity_exception_decoration", "activity_exception_icon"]
        for deals in (usual + unusual + without, usual + without):
            with self.subTest(len(deals)):
                self.env.invalidate_all()
                self.assertEqual(
                    {row.pop("id"): tuple(row.values()) for row in deals.read(names)},
                    {
                        deal.id: ("danger", "fa-fire")
                        if deal == unusual
                        else (False, False)
                        for deal in deals
                    },
                )

    def test_a_scheduled_day_is_kept(self):
        for day in (date(2020, 2, 29), date(2031, 7, 1)):
            native = self.customer.activity_schedule(
                "mail.mail_activity_data_todo", day, user_id=self.salesperson.id
            )
            self.assertEqual(native.date_deadline, day)
            local = datetime(day.year, day.month, day.day, 7 if day.month == 7 else 8)
            self.assertEqual(self._get_row(native).due_date, local)

    def test_a_day_without_a_time_is_due_in_the_morning(self):
        row = self._create(due_date=False, date_deadline="2031-05-06")
        self.assertEqual(row.due_date, datetime(2031, 5, 6, 7))
        self.assertEqual(row.activity_id.date_deadline, date(2031, 5, 6))
        self.assertFalse(row.is_reminder)

    def test_who_travels_plans_by_the_zone_of_the_call(self):
        own = self.env["billinator.activity"].with_user(self.salesperson)
        activity = self._create(due_date="2031-05-05 21:30:00").with_env(own.env)
        self.assertEqual(activity.date_deadline, date(2031, 5, 5))
        abroad = activity.with_context(tz="Australia/Brisbane")
        abroad.due_date = "2031-05-05 22:30:00"
        self.assertEqual(activity.date_deadline, date(2031, 5, 6))

    def test_a_meeting_planned_in_the_calendar_keeps_its_time(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Kick-off",
                "start": "2031-05-05 12:30:00",
                "stop": "2031-05-05 13:00:00",
                "res_model_id": self.partner_model,
                "res_id": self.customer.id,
            }
        )
        row = self._get_row(event.activity_ids)
        self.assertEqual(event.start, datetime(2031, 5, 5, 12, 30))
        self.assertEqual(event.stop, datetime(2031, 5, 5, 13))
        self.assertEqual(
            (row.type, row.due_date, row.duration), ("meeting", event.start, 0.5)
        )

    def test_defaults_of_another_model_do_not_reach_the_row(self):
        other = self.env["res.partner"].create({"name": "Other"})
        customer = self.customer.with_context(
            default_type="out_invoice",
            default_partner_id=other.id,
            default_status="posted",
            default_due_date="2031-05-05 12:30:00",
        )
        native = customer.activity_schedule("mail.mail_activity_data_call")
        row = self._get_row(native)
        self.assertEqual(
            (row.type, row.partner_id, row.status), ("call", self.customer, "pending")
        )

    def test_rows_come_and_go_with_the_document(self):
        todo = self.env.ref("mail.mail_activity_data_todo")
        native = self.env["mail.activity"].create(
            {"activity_type_id": todo.id, "summary": "Free", "user_id": self.env.uid}
        )
        self.assertFalse(self._get_row(native))
        native.write({"res_model_id": self.partner_model, "res_id": self.customer.id})
        self.assertEqual(self._get_row(native).partner_id, self.customer)
        native.write({"res_model_id": False, "res_id": False})
        self.assertFalse(self._get_row(native))
        self.assertTrue(native.exists())

    def test_many_take_as_many_queries_as_few(self):
        values = {"partner_id": self.customer.id, "type": "call", "summary": "Many"}
        create = self.env["billinator.activity"].create
        create([values] * 2)
        self.env.flush_all()
        queries = []
        for count in (2, 40):
            before = self.env.cr.sql_log_count
            create([values] * count)
            self.env.flush_all()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(queries[1], queries[0])

    # --- What nobody can mean --- #

    def test_an_unknown_field_is_called_by_its_name(self):
        with self.assertRaisesRegex(ValueError, "Invalid field 'nofield'"):
            self._create(nofield=1)
        with self.assertRaisesRegex(ValueError, "Invalid field 'nofield'"):
            self._create(activity_id=self._create().activity_id.id, nofield=1)

    def test_what_is_no_record_of_a_link(self):
        row = self._create(status="done")
        for name in ("contact_id", "completed_by"):
            with self.subTest(name):
                for call in (row.write, lambda vals: self._create(**vals)):
                    with self.assertRaisesRegex(UserError, "the id of a record"):
                        call({name: "x"})
                    with self.assertRaises(MissingError), self.assertNoLogs(SQL_LOG):
                        call({name: MAX_ID})

    def test_what_is_pending_is_not_completed(self):
        row = self._create()
        for values in (
            {"completed_at": "2021-05-05 12:30:00"},
            {"completed_by": self.env.uid},
        ):
            with self.subTest(values):
                with self.assertRaisesRegex(ValidationError, "pending"):
                    row.write(values)
                with self.assertRaisesRegex(ValidationError, "pending"):
                    self._create(**values)
                row.write({**values, "status": "done"})
                with self.assertRaisesRegex(ValidationError, "pending"):
                    row.write({**values, "status": "pending"})
                row.activity_id.action_unarchive()
                self.assertFalse(row.completed_at or row.completed_by)

    def test_when_what_is_done_was_completed_can_be_corrected(self):
        row = self._create(status="done", completed_by=self.colleague.id)
        row.completed_at = "2021-05-05 12:30:00"
        row.completed_by = self.salesperson
        self.assertEqual(row.completed_at, datetime(2021, 5, 5, 12, 30))
        self.assertEqual(row.completed_by, self.salesperson)

    # --- Meetings --- #

    def test_a_meeting_lasts_as_long_as_it_was_planned(self):
        for year in (2021, 2031):
            row = self._create(
                type="meeting", due_date=f"{year}-05-05 12:30:00", duration=0.5
            )
            event = row.calendar_event_id
            self.assertEqual(event.stop, datetime(year, 5, 5, 13))
            self.assertEqual((event.duration, row.duration), (0.5, 0.5))

    def test_a_call_that_becomes_a_meeting_keeps_its_duration(self):
        row = self._create(type="call", due_date="2021-05-05 12:30:00", duration=0.5)
        row.type = "meeting"
        self.assertEqual(row.calendar_event_id.stop, datetime(2021, 5, 5, 13))
        self.assertEqual(row.duration, 0.5)

    def test_a_meeting_completed_at_once_has_its_duration(self):
        row = self._create(type="meeting", due_date="2021-05-05 12:30:00")
        row.action_complete("Signed")
        self.assertEqual(row.duration, 1.0)

    def test_all_activities_of_a_meeting_move_with_it(self):
        """The deadline is the day where each assignee is."""
        row = self._create(type="meeting")
        self.colleague.tz = "Pacific/Auckland"
        other = self._create(type="call", user_id=self.colleague.id)
        other.activity_id.calendar_event_id = row.calendar_event_id
        row.action_reschedule("2031-05-07 20:00:00")
        self.assertEqual(other.due_date, datetime(2031, 5, 7, 20))
        self.assertEqual(row.date_deadline, date(2031, 5, 7))
        self.assertEqual(other.date_deadline, date(2031, 5, 8))

    def _create_series(self):
        """Return three rows of a weekly meeting, the first one first."""
        event = self._create(type="meeting").calendar_event_id
        event.write(
            {
                "recurrency": True,
                "rrule_type": "weekly",
                "mon": True,
                "interval": 1,
                "end_type": "count",
                "count": 3,
                "event_tz": "UTC",
            }
        )
        events = event.recurrence_id.calendar_event_ids.sorted("start")
        rows = self.env["billinator.activity"].search(
            [("calendar_event_id", "in", events.ids)], order="due_date"
        )
        self.assertEqual(rows.calendar_event_id, events)
        return rows

    def test_a_date_of_a_series_that_is_called_off_cancels_its_own_activity(self):
        for number, others in ((2, [0, 1]), (0, [1, 2])):
            rows = self._create_series()
            rows[number].calendar_event_id.action_mass_archive("self_only")
            self.assertEqual(rows[number].status, "cancelled")
            for other in others:
                self.assertEqual(rows[other].status, "pending")

    def test_a_series_that_moves_keeps_activities_pending(self):
        rows = self._create_series()
        first = rows[0].calendar_event_id
        first.write(
            {
                "recurrence_update": "all_events",
                "start": "2031-05-05 15:00:00",
                "stop": "2031-05-05 16:00:00",
            }
        )
        self.assertEqual(rows[0].status, "pending")
        pending = self.env["billinator.activity"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("status", "=", "pending"),
            ]
        )
        self.assertEqual({row.due_date.hour for row in pending}, {15})
        self.assertEqual(len(pending), 3)

    def test_what_took_place_is_not_planned_again_with_its_series(self):
        rows = self._create_series()
        rows[1].action_complete("Agreed on the price")
        rows[0].calendar_event_id.write(
            {
                "recurrence_update": "all_events",
                "start": "2031-05-05 15:00:00",
                "stop": "2031-05-05 16:00:00",
            }
        )
        left = self.env["billinator.activity"].search(
            [("partner_id", "=", self.customer.id)], order="due_date"
        )
        self.assertEqual(
            [(row.due_date.day, row.status) for row in left],
            [(5, "pending"), (12, "done"), (19, "pending")],
        )

    def test_dates_that_a_series_replaces_are_not_cancelled(self):
        """Whether it moves, ends earlier, or follows another rule."""
        for values in (
            {
                "recurrence_update": "all_events",
                "start": "2031-05-05 15:00:00",
                "stop": "2031-05-05 16:00:00",
            },
            {"recurrence_update": "all_events", "interval": 2},
            {"recurrence_update": "future_events", "interval": 2},
            {"recurrence_update": "future_events", "recurrency": False},
            {"recurrence_update": "all_events", "recurrency": False},
        ):
            rows = self._create_series()
            rows[2].action_complete("Signed")
            with self.subTest(values=values):
                rows[0].calendar_event_id.write(dict(values))
                self.assertEqual(rows[2].outcome, "Signed")
                left = self.env["billinator.activity"].search(
                    [("partner_id", "=", self.customer.id)]
                )
                self.assertIn(rows[0], left)
                self.assertEqual(set(left.mapped("status")), {"pending", "done"})
            left.unlink()

    def test_a_first_day_that_the_rule_leaves_out_is_not_cancelled(self):
        self.env["calendar.event"].create(
            {
                "name": "Every Tuesday",
                "start": "2031-05-05 10:00:00",
                "stop": "2031-05-05 11:00:00",
                "event_tz": "UTC",
                "recurrency": True,
                "rrule_type": "weekly",
                "tue": True,
                "interval": 1,
                "end_type": "count",
                "count": 2,
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.customer.id,
            }
        )
        rows = self.env["billinator.activity"].search(
            [("partner_id", "=", self.customer.id)], order="due_date"
        )
        self.assertEqual([row.due_date.day for row in rows], [6, 13])
        self.assertEqual(set(rows.mapped("status")), {"pending"})

    def test_a_series_that_is_called_off_cancels_its_activity(self):
        row = self._create_series()[0]
        event = row.calendar_event_id
        last = event.recurrence_id.calendar_event_ids.sorted("start")[-1]
        last.action_archive()
        self.assertEqual(row.status, "pending")
        event.action_mass_archive("all_events")
        self.assertEqual(row.status, "cancelled")

    # --- Copies and merges --- #

    def test_a_copy_is_to_be_done_and_has_its_own_meeting(self):
        row = self._create(type="meeting", priority="high")
        row.action_complete("Signed", 2)
        copy = row.copy()
        self.assertEqual((copy.status, copy.priority), ("pending", "high"))
        self.assertFalse(copy.outcome or copy.feedback or copy.date_done)
        self.assertTrue(copy.active)
        self.assertTrue(copy.calendar_event_id)
        self.assertNotEqual(copy.calendar_event_id, row.calendar_event_id)

    def test_merged_customers_keep_what_was_done(self):
        twins = self.env["res.partner"].create(
            [{"name": "Twin", "email": "a@twin.example"} for _ in range(2)]
        )
        rows = self._create(partner_id=twins[0].id, type="call")
        rows += self._create(partner_id=twins[0].id, type="meeting")
        rows[0].action_complete("Reached")
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(twins.ids, twins[1])
        self.env.invalidate_all()
        self.assertEqual(rows.exists(), rows)
        self.assertEqual(rows.partner_id, twins[1])
        self.assertEqual(rows.commercial_partner_id, twins[1])
        self.assertEqual(set(rows.mapped("res_id")), {twins[1].id})
        self.assertEqual(rows.mapped("status"), ["done", "pending"])

    # --- What belongs to others --- #

    def _create_foreign(self):
        """Create an activity that the colleague alone may see."""
        Native = self.env["mail.activity"].with_user(self.colleague)
        return Native.create({"user_id": self.colleague.id, "feedback": "Secret"})

    def test_an_activity_of_somebody_else_gets_no_row(self):
        """Its row would tell what came of it, and when, to everybody."""
        native = self._create_foreign()
        Activity = self.env["billinator.activity"].with_user(self.salesperson)
        by_default = Activity.with_context(default_activity_id=native.id)
        own = Activity.create({"partner_id": self.customer.id, "type": "call"})
        with self.assertRaises(AccessError):
            Activity.create({"activity_id": native.id})
        with self.assertRaises(AccessError):
            by_default.create({"partner_id": self.customer.id, "type": "call"})
        with self.assertRaises(AccessError):
            own.activity_id = native
        for wrong in (str(native.id), [native.id], True):
            with self.assertRaisesRegex(UserError, "the id of a record"):
                Activity.create({"activity_id": wrong})
            with self.assertRaisesRegex(UserError, "the id of a record"):
                own.write({"activity_id": wrong})

    def test_an_activity_that_one_only_sees_gets_no_row(self):
        product = self.env["product.template"].create({"name": "Chair"})
        native = product.activity_schedule(
            "mail.mail_activity_data_call", user_id=self.colleague.id
        )
        theirs = native.with_user(self.salesperson)
        self.assertTrue(theirs.has_access("read"))
        self.assertFalse(theirs.has_access("write"))
        with self.assertRaises(AccessError):
            self.env["billinator.activity"].with_user(self.salesperson).create(
                {"activity_id": native.id}
            )

    def test_a_form_tells_of_no_activity_of_somebody_else(self):
        Activity = self.env["billinator.activity"].with_user(self.salesperson)
        names = {"outcome": {}, "due_date": {}, "user_id": {}}
        foreign = self._create_foreign()
        for call in (
            lambda: Activity.onchange(
                {"activity_id": foreign.id}, ["activity_id"], names
            ),
            lambda: Activity.with_context(default_activity_id=foreign.id).onchange(
                {}, [], {**names, "activity_id": {}}
            ),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_a_form_tells_of_no_document_of_somebody_else(self):
        deal = self._create_opportunity(user_id=self.colleague.id)
        quote = self._create_quote(opportunity_id=deal.id, user_id=self.colleague.id)
        names = {"partner_id": {}, "opportunity_id": {"fields": {"display_name": {}}}}
        for model in ("billinator.activity", "billinator.note"):
            Model = self.env[model].with_user(self.salesperson)
            for name, document in (("quote_id", quote), ("opportunity_id", deal)):
                default = {f"default_{name}": document.id}
                for call in (
                    lambda: Model.onchange({name: document.id}, [name], names),  # noqa: B023
                    lambda: Model.with_context(**default).onchange(  # noqa: B023
                        {},
                        [],
                        {**names, name: {}},  # noqa: B023
                    ),
                ):
                    with self.subTest(model, name=name), self.assertRaises(AccessError):
                        call()

    def test_a_form_tells_of_the_deal_of_an_own_quote(self):
        deal = self._create_opportunity(user_id=self.colleague.id)
        quote = self._create_quote(opportunity_id=deal.id, user_id=self.salesperson.id)
        about = {"quote_id": quote.id, "opportunity_id": deal.id}
        defaults = {f"default_{name}": value for name, value in about.items()}
        for model in ("billinator.activity", "billinator.note"):
            Model = self.env[model].with_user(self.salesperson)
            self.env.invalidate_all()
            self.assertTrue(
                Model.onchange(
                    {**about, "duration": 2}, ["duration"], {"partner_id": {}}
                )
            )
            form = Model.with_context(**defaults).onchange(
                {}, [], {name: {} for name in (*about, "partner_id")}
            )
            self.assertEqual(form["value"]["partner_id"], self.customer.id)
        row = (
            self.env["billinator.activity"]
            .with_user(self.salesperson)
            .create({**about, "type": "call"})
        )
        self.assertEqual(row.opportunity_id, deal)

    def test_forms_of_what_is_about_documents_of_others_go_on(self):
        deal = self._create_opportunity(user_id=self.colleague.id)
        planned = self.env["billinator.activity"].create(
            {
                "opportunity_id": deal.id,
                "user_id": self.salesperson.id,
                "type": "call",
            }
        )
        note = (
            self.env["billinator.note"]
            .with_user(self.colleague)
            .create({"opportunity_id": deal.id, "body": "Hello"})
        )
        note.sudo().user_id = self.salesperson
        names = {"opportunity_id": {}, "partner_id": {}, "duration": {}}
        for record in (planned, note):
            own = record.with_user(self.salesperson)
            own.invalidate_recordset()
            answer = own.onchange({"duration": 2}, ["duration"], names)
            self.assertIn("value", answer)
            other = self._create_opportunity(user_id=self.colleague.id)
            with self.subTest(record._name), self.assertRaises(AccessError):
                own.onchange({"opportunity_id": other.id}, ["opportunity_id"], names)

    def test_no_error_names_what_somebody_else_may_not_read(self):
        theirs = self._create_opportunity(name="Secret", user_id=self.colleague.id)
        quote = self._create_quote(user_id=self.salesperson.id)
        Activity = self.env["billinator.activity"].with_user(self.salesperson)
        with self.assertRaises(AccessError):
            Activity.create(
                {"quote_id": quote.id, "opportunity_id": theirs.id, "type": "call"}
            )

    def test_an_own_activity_gets_its_row(self):
        own = self.env(user=self.salesperson)
        native = own["mail.activity"].create({"user_id": own.uid})
        row = own["billinator.activity"].create({"activity_id": native.id})
        self.assertEqual((row.activity_id, row.user_id), (native, own.user))

    def test_a_file_of_somebody_else_is_not_attached(self):
        file = (
            self.env["ir.attachment"]
            .with_user(self.colleague)
            .create({"name": "Theirs", "raw": b"Secret"})
        )
        with self.assertRaises(AccessError):
            self.env["billinator.activity"].with_user(self.salesperson).create(
                {
                    "partner_id": self.customer.id,
                    "type": "call",
                    "attachment_ids": [Command.link(file.id)],
                }
            )

    def test_an_own_file_is_attached(self):
        Attachment = self.env["ir.attachment"].with_user(self.salesperson)
        file = Attachment.create({"name": "Mine", "raw": b"Plan"})
        row = (
            self.env["billinator.activity"]
            .with_user(self.salesperson)
            .create(
                {
                    "partner_id": self.customer.id,
                    "type": "call",
                    "attachment_ids": [Command.link(file.id)],
                }
            )
        )
        self.assertEqual(row.attachment_ids, file)
        self.assertEqual(row.copy().attachment_ids, file)

    def test_a_private_meeting_of_somebody_else_is_not_planned_by(self):
        event = (
            self.env["calendar.event"]
            .with_user(self.colleague)
            .create(
                {
                    "name": "Dentist",
                    "start": "2031-05-05 12:30:00",
                    "stop": "2031-05-05 13:00:00",
                    "privacy": "private",
                }
            )
        )
        values = {
            "partner_id": self.customer.id,
            "type": "meeting",
            "calendar_event_id": event.id,
        }
        Activity = self.env["billinator.activity"].with_user(self.salesperson)
        with self.assertRaises(AccessError):
            Activity.create(values)
        own = Activity.create({**values, "calendar_event_id": False})
        with self.assertRaises(AccessError):
            own.calendar_event_id = event

    # --- People without sales rights --- #

    def test_who_knows_no_crm_schedules_and_completes(self):
        self.accountant.group_ids += self.env.ref("base.group_partner_manager")
        customer = self.customer.with_user(self.accountant)
        native = customer.activity_schedule(
            "mail.mail_activity_data_call", date(2031, 5, 6), user_id=self.accountant.id
        )
        row = self._get_row(native)
        native.date_deadline = date(2031, 5, 8)
        self.assertEqual(row.due_date.date(), date(2031, 5, 8))
        native.action_feedback("Reached")
        self.env.flush_all()
        self.assertEqual((row.status, row.outcome), ("done", "Reached"))
        native.unlink()
        self.assertFalse(row.exists())

    def test_an_event_of_somebody_else_is_called_off(self):
        row = self._create(type="meeting")
        event = row.calendar_event_id
        event.partner_ids = [Command.link(self.accountant.partner_id.id)]
        event.with_user(self.accountant).unlink()
        self.assertEqual((row.status, row.calendar_event_id.id), ("cancelled", False))
