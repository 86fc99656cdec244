from datetime import datetime, timedelta

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.billinator_crm.tests.common import BillinatorCommon

from .common import MigrationMixin


@tagged("post_install", "-at_install")
class TestHistory(MigrationMixin, BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crm()
        cls.lead = cls._create_lead()
        cls.follower = cls.env["res.partner"].create({"name": "Follower"})

    def _bring_it(self):
        run = self._bring()
        self.assertFalse(run.problem_ids.mapped("reason"))
        return self.lead.billinator_opportunity_id

    def test_messages_and_files(self):
        image = self.env["ir.attachment"].create(
            {"name": "a.png", "raw": b"An image", "res_model": "crm.lead"}
            | {"res_id": self.lead.id}
        )
        self.lead.description = f'<img src="/web/image/{image.id}">'
        author = self.colleague.partner_id
        self.lead.message_post(
            body="They want it black.",
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("plan.txt", b"A plan")],
        )
        before = self.lead.message_ids
        deal = self._bring_it()
        self.assertEqual(self.lead.message_ids, before)
        message = deal.message_ids.filtered(lambda one: "black" in one.body)
        self.assertEqual(message.author_id, author)
        self.assertEqual(message.attachment_ids.name, "plan.txt")
        self.assertEqual(message.attachment_ids.res_id, deal.id)
        self.assertEqual(message.attachment_ids.res_model, deal._name)
        theirs = before.filtered(lambda one: "black" in one.body).attachment_ids
        self.assertEqual(message.attachment_ids.store_fname, theirs.store_fname)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", deal._name), ("res_id", "=", deal.id)]
        )
        self.assertEqual(set(files.mapped("name")), {"a.png", "plan.txt"})
        copy = files.filtered(lambda one: one.name == "a.png")
        self.assertIn(f"/web/image/{copy.id}", deal.description)

    def test_changes(self):
        created = datetime(2024, 1, 1)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = %s WHERE id = %s",
            [created, self.lead.id],
        )
        self.lead.invalidate_recordset()
        names = ["stage_id", "expected_revenue"]
        fields = self.lead.fields_get(names)
        former = {name: self.lead[name] for name in names}
        self.lead.write({"stage_id": self.crm_new.id, "expected_revenue": 77})
        track = self.env["mail.tracking.value"]._create_tracking_values
        changes = [
            track(former[name], self.lead[name], name, fields[name], self.lead)
            for name in names
        ]
        self.lead._message_log(
            body="", tracking_value_ids=[Command.create(change) for change in changes]
        ).date = created + timedelta(days=3)
        deal = self._bring_it()
        change = deal.message_ids.tracking_value_ids
        self.assertEqual(change.field_id.model, deal._name)
        self.assertEqual(change.old_value_integer, self.stages["QUALIFIED"].id)
        self.assertEqual(change.new_value_integer, self.stages["LEAD"].id)
        self.assertIn("77", change.mail_message_id.body)
        days = deal.duration_tracking[str(self.stages["QUALIFIED"].id)] / 86400
        self.assertEqual(days, 3)

    def test_a_loss_is_a_change_of_stage(self):
        self.lead.action_set_lost()
        deal = self._bring_it()
        change = deal.message_ids.tracking_value_ids.filtered(
            lambda change: change.new_value_integer == self.stages["LOST"].id
        )
        self.assertEqual(change.old_value_integer, self.stages["QUALIFIED"].id)
        self.assertEqual(change.mail_message_id.date, deal.date_closed)

    def test_followers(self):
        self.lead.message_subscribe(self.follower.ids)
        deal = self._bring_it()
        self.assertEqual(deal.message_partner_ids, self.follower)

    def test_what_is_to_be_done(self):
        kind = self.env["mail.activity.type"].create(
            {"name": "Call", "category": "phonecall", "res_model": "crm.lead"}
        )
        kind.billinator_type = "call"
        activity = self.lead.activity_schedule(
            activity_type_id=kind.id,
            summary="Call them",
            user_id=self.colleague.id,
        )
        deal = self._bring_it()
        self.assertEqual(deal.activity_ids, activity)
        self.assertEqual(deal.crm_activity_ids.summary, "Call them")
        self.assertEqual(deal.crm_activity_ids.type, "call")
        self.assertEqual(deal.crm_activity_ids.opportunity_id, deal)
        self.assertFalse(self.lead.activity_ids)
        self.assertFalse(activity.activity_type_id.res_model)
        deal.crm_activity_ids.action_complete("Done")
        self.assertFalse(deal.activity_ids)

    def test_what_was_done(self):
        activity = self.lead.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.colleague.id
        )
        of_colleague = activity.with_user(self.colleague)
        of_colleague.action_feedback("They agree")
        of_colleague.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_activity SET date_done = '2024-05-06' WHERE id = %s",
            [activity.id],
        )
        activity.invalidate_recordset()
        done = self._bring_it().crm_activity_ids
        self.assertEqual(done.status, "done")
        self.assertEqual(done.completed_at, datetime(2024, 5, 6))
        self.assertEqual(done.completed_by, self.colleague)

    def test_stages_that_become_one(self):
        former = self.lead.stage_id
        self.lead.stage_id = self.crm_new
        change = self.env["mail.tracking.value"]._create_tracking_values(
            former,
            self.lead.stage_id,
            "stage_id",
            self.lead.fields_get(["stage_id"])["stage_id"],
            self.lead,
        )
        self.lead._message_log(body="", tracking_value_ids=[Command.create(change)])
        run = self._create_run()
        run.stage_ids.filtered(lambda line: not line.is_won).stage_id = self.stages[
            "QUALIFIED"
        ]
        run.action_start()
        messages = self.lead.billinator_opportunity_id.message_ids
        self.assertFalse(messages.tracking_value_ids)
        self.assertTrue(any(former.name in message.body for message in messages))

    def test_meetings(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Lunch",
                "start": "2030-01-01 12:00:00",
                "stop": "2030-01-01 13:00:00",
                "opportunity_id": self.lead.id,
            }
        )
        deal = self._bring_it()
        self.assertEqual((event.res_model, event.res_id), (deal._name, deal.id))
        self.assertEqual(event.opportunity_id, self.lead)

    def test_nobody_is_told(self):
        self.lead.message_subscribe((self.follower | self.manager.partner_id).ids)
        self.team.message_subscribe(self.manager.partner_id.ids)
        self.lead.message_post(body="Hi", subtype_xmlid="mail.mt_comment")
        self.lead.activity_schedule(
            "mail.mail_activity_data_meeting", user_id=self.colleague.id
        )
        told = ["mail.mail", "mail.notification", "calendar.event"]
        if "billinator.webhook" in self.env:
            told.append("billinator.webhook.delivery")
            events = self.env["billinator.webhook.event"].search([])
            self.env["billinator.webhook"].create(
                {
                    "name": "All",
                    "url": "https://crm.example",
                    "user_id": self.manager.id,
                    "event_ids": [Command.set(events.ids)],
                }
            )
        self.env.flush_all()
        counts = [self.env[model].search_count([]) for model in told]
        self._bring_it()
        self.cr.precommit.run()
        self.assertEqual(counts, [self.env[model].search_count([]) for model in told])
