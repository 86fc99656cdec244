from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date, Datetime
from odoo.tests import Form, tagged

from .test_opportunity import OpportunityCase


@tagged("post_install", "-at_install")
class TestMerge(OpportunityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls._create_opportunity(
            name="Kept", user_id=cls.salesperson.id, description="<p>First</p>"
        )
        cls.other = cls._create_opportunity(
            name="Gone",
            user_id=cls.salesperson.id,
            description="<p>Second</p>",
            expected_revenue=900,
            currency_id=cls.euro.id,
            date_deadline="2026-12-24",
            priority="2",
        )

    def _merge(self, user=None):
        target = self.target.with_user(user or self.salesperson)
        return target.merge_opportunities(self.other.ids)

    def test_values(self):
        self._merge()
        self.assertFalse(self.other.exists())
        self.assertRecordValues(
            self.target,
            [
                {
                    "name": "Kept",
                    "expected_revenue": 900,
                    "currency_id": self.euro.id,
                    "expected_revenue_company": 450,
                    "date_deadline": Date.to_date("2026-12-24"),
                    "priority": "2",
                }
            ],
        )
        self.assertEqual(self.target.description, "<p>First</p><hr><p>Second</p>")

    def test_contacts_of_another_customer_stay_behind(self):
        company = self.env["res.partner"].create(
            {
                "name": "Strangers",
                "is_company": True,
                "child_ids": [Command.create({"name": "Stranger"})],
            }
        )
        self.other.write(
            {
                "partner_id": company.id,
                "contact_ids": [Command.set(company.contact_ids.ids)],
            }
        )
        self.assertTrue(self.other.contact_ids)
        self._merge()
        self.assertFalse(self.target.contact_ids)

    def test_tags_and_notes_come_along(self):
        tags = self.env["billinator.tag"].create([{"name": "Old"}, {"name": "New"}])
        self.target.tag_ids, self.other.tag_ids = tags
        note = self.env["billinator.note"].create(
            {"subject": "Talk", "opportunity_id": self.other.id}
        )
        self._merge()
        self.assertEqual(self.target.tag_ids, tags)
        self.assertEqual(note.opportunity_id, self.target)

    def test_own_values_stay(self):
        self.target.expected_revenue = 100
        self._merge()
        self.assertEqual(self.target.expected_revenue, 100)
        self.assertEqual(self.target.currency_id, self.company.currency_id)

    def test_own_address_stays_when_the_customer_comes(self):
        lead = self._create_opportunity(
            partner_id=False, email_from="jo@ada.example", phone="0123456"
        )
        lead.merge_opportunities(self.other.ids)
        self.assertRecordValues(
            lead,
            [
                {
                    "partner_id": self.customer.id,
                    "email_from": "jo@ada.example",
                    "phone": "0123456",
                }
            ],
        )

    def test_first_of_several_fills_in(self):
        third = self._create_opportunity(date_deadline="2027-01-31")
        self.target.merge_opportunities((third + self.other).ids)
        self.assertEqual(str(self.target.date_deadline), "2027-01-31")
        self.assertFalse((third + self.other).exists())

    def test_messages_and_attachments(self):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "plan.txt",
                "raw": b"plan",
                "res_model": self.other._name,
                "res_id": self.other.id,
            }
        )
        message = self.other.message_post(
            body="Called them", attachments=[("call.txt", b"call")]
        )
        note = self.colleague_note()
        self._merge()
        self.assertLessEqual(message + note, self.target.message_ids)
        self.assertEqual(
            (attachment + message.attachment_ids).mapped("res_id"), [self.target.id] * 2
        )
        self.assertIn("Gone", self.target.message_ids[0].body)

    def colleague_note(self):
        return self.other.message_post(
            body="Internal",
            author_id=self.colleague.partner_id.id,
            subtype_xmlid="mail.mt_note",
        )

    def test_activities_done_ones_too(self):
        open_activity, done_activity = (
            self.other.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self.salesperson.id,
                summary=text,
            )
            for text in ("Open", "Done")
        )
        done_activity.action_feedback("It is")
        self._merge()
        self.assertEqual(self.target.activity_ids, open_activity)
        self.assertEqual(
            self.target.with_context(active_test=False).activity_ids,
            open_activity + done_activity,
        )

    def test_meetings_quotes_and_followers(self):
        meeting = self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": Datetime.now(),
                "stop": Datetime.now(),
                "res_model_id": self.env["ir.model"]._get_id(self.other._name),
                "res_id": self.other.id,
            }
        )
        accepted, draft = (
            self._create_quote(
                opportunity_id=self.other.id,
                user_id=self.colleague.id,
                currency_id=self.euro.id,
            )
            for _number in range(2)
        )
        accepted.action_accept()
        self.other.message_subscribe(self.accountant.partner_id.ids)
        self._merge()
        self.assertEqual(meeting.res_id, self.target.id)
        self.assertEqual(self.target.quote_ids, accepted + draft)
        self.assertEqual((accepted + draft).currency_id, self.euro)
        self.assertIn(self.accountant.partner_id, self.target.message_partner_ids)

    def test_rights(self):
        self.other.user_id = self.colleague
        for user in (self.salesperson, self.colleague, self.accountant, self.stranger):
            with self.assertRaises(AccessError):
                self._merge(user)
        self.assertTrue(self.other.exists())
        self._merge(self.senior)
        self.assertFalse(self.other.exists())

    def test_readable_is_not_enough(self):
        self.other.user_id = self.colleague
        self.env["ir.rule"].create(
            {
                "name": "Everybody reads all opportunities",
                "model_id": self.env["ir.model"]._get_id(self.other._name),
                "domain_force": "[(1, '=', 1)]",
                "groups": self.env.ref("sales_team.group_sale_salesman").ids,
                "perm_write": False,
                "perm_create": False,
                "perm_unlink": False,
            }
        )
        self.assertEqual(self.other.with_user(self.salesperson).name, "Gone")
        with self.assertRaises(AccessError):
            self._merge()
        self.assertTrue(self.other.exists())

    def test_companies_stay_apart(self):
        foreign = self._create_opportunity(
            company_id=self.company_b.id, user_id=self.stranger.id
        )
        with self.assertRaisesRegex(UserError, "same company"):
            self.target.merge_opportunities(foreign.ids)
        self.assertTrue(foreign.exists())

    def test_wizard_keeps_the_furthest(self):
        self.other.stage_id = self.stages["PROPOSAL"]
        wizard = Form(
            self.env["billinator.opportunity.merge"]
            .with_user(self.salesperson)
            .with_context(active_ids=(self.target + self.other).ids)
        )
        self.assertEqual(wizard.target_id, self.other)
        wizard.target_id = self.target
        action = wizard.save().action_merge()
        self.assertEqual(action["res_id"], self.target.id)
        self.assertFalse(self.other.exists())

    def test_wizard_keeps_what_was_chosen(self):
        third = self._create_opportunity(user_id=self.salesperson.id)
        wizard = Form(
            self.env["billinator.opportunity.merge"].with_context(
                active_ids=(self.target + self.other + third).ids
            )
        )
        self.assertEqual(wizard.target_id, self.target)
        wizard.target_id = self.other
        wizard.opportunity_ids.remove(id=third.id)
        self.assertEqual(wizard.target_id, self.other)
        wizard.opportunity_ids.add(third)
        wizard.opportunity_ids.remove(id=self.other.id)
        self.assertEqual(wizard.target_id, self.target)

    def test_wizard_prefers_what_is_not_lost(self):
        self.target.action_set_lost(self.lost_reason.id)
        wizard = self.env["billinator.opportunity.merge"].create(
            {"opportunity_ids": (self.target + self.other).ids}
        )
        self.assertEqual(wizard.target_id, self.other)

    def test_nothing_to_merge(self):
        messages = self.target.message_ids
        gone = self._create_opportunity()
        gone.unlink()
        for ids in ([], gone.ids, self.target.ids):
            self.target.merge_opportunities(ids)
        self.assertEqual(self.target.message_ids, messages)

    def test_scheduled_messages(self):
        scheduled = self.env["mail.scheduled.message"].create(
            {
                "author_id": self.env.user.partner_id.id,
                "model": self.other._name,
                "res_id": self.other.id,
                "body": "Still interested?",
                "scheduled_date": Datetime.add(Datetime.now(), days=1),
            }
        )
        self._merge()
        self.assertEqual(scheduled.res_id, self.target.id)

    def test_time_per_stage_is_the_kept_ones(self):
        lead, proposal = self.stages["LEAD"], self.stages["PROPOSAL"]
        with self._at("2026-03-01 00:00:00"):
            kept, gone = (
                self.env["billinator.opportunity"]
                .with_context(mail_notrack=False, tracking_disable=False)
                .create([{"name": "Deal", "partner_id": self.customer.id}] * 2)
            )
            self.env.cr.flush()
        for deal, moment in ((gone, "2026-03-01 01:00"), (kept, "2026-03-01 02:00")):
            with self._at(moment):
                deal.stage_id = proposal
                self.env.cr.flush()
        with self._at("2026-03-01 03:00:00"):
            kept.merge_opportunities(gone.ids)
            self.env.invalidate_all()
            self.assertEqual(
                kept.duration_tracking, {str(lead.id): 7200, str(proposal.id): 3600}
            )
        changes = kept.message_ids.sudo().tracking_value_ids
        shown = changes._filter_has_field_access(self.env(user=self.salesperson))
        self.assertEqual(shown, changes)
        self.assertEqual(
            sorted(
                (change["fieldInfo"]["changedField"], change["newValue"])
                for change in shown._tracking_value_format()
                if change["newValue"] == "Proposal"
            ),
            [("Stage", "Proposal"), ("Stage of a Merged Opportunity", "Proposal")],
        )

    def test_wizard_needs_two(self):
        wizard = Form(
            self.env["billinator.opportunity.merge"].with_context(
                active_ids=self.target.ids
            )
        )
        with self.assertRaisesRegex(UserError, "at least two"):
            wizard.save().action_merge()
