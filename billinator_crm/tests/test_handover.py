from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorCommon

# Odoo's tests are without what it usually tells.
USUAL_MAIL = {"mail_notrack": False, "tracking_disable": False}
APPROVAL = "billinator_crm.mail_activity_type_approval"


class HandoverCase(BillinatorCommon):
    """A deal of the salesperson, in a team that the senior leads, with quotes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo tells nobody of what came from the own address.
        for user in cls.salesperson + cls.colleague + cls.senior + cls.manager:
            user.email = f"{user.login}@example.com"
        cls.team = cls._create_team("Leaving", cls.senior, cls.salesperson)
        cls.other_team = cls._create_team("Staying", cls.manager, cls.colleague)
        cls.deal = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.draft = cls._create_quote_of(cls.deal)
        cls.sent = cls._create_quote_of(cls.deal, state="sent")

    @classmethod
    def _create_team(cls, name, leader, *members):
        return cls.env["crm.team"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "user_id": leader.id,
                "member_ids": [Command.set([user.id for user in members])],
            }
        )

    @classmethod
    def _create_quote_of(cls, deal, **values):
        return cls._create_quote(
            **{"opportunity_id": deal.id, "user_id": deal.user_id.id, **values}
        )

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        messages = self.env["mail.message"].sudo()
        self.last_message = messages.search([], limit=1, order="id DESC")

    def _get_notices(self, user):
        """Return what was sent to a user since the test began."""
        return self.last_message.search(
            [
                ("id", ">", self.last_message.id),
                ("message_type", "=", "user_notification"),
                ("notified_partner_ids", "in", user.partner_id.ids),
            ]
        )


@tagged("post_install", "-at_install")
class TestDealGivenAway(HandoverCase):
    def test_open_quotes_follow_unseen(self):
        accepted = self._create_quote_of(self.deal, state="accepted")
        helped = self._create_quote_of(self.deal, user_id=self.senior.id)
        superseded = self.sent
        current = superseded.revise()
        unseen = self._create_quote_of(self.deal)
        expired = self._create_quote_of(self.deal, state="expired")
        self.deal.user_id = self.manager
        self.assertEqual(unseen.user_id, self.manager)
        self.deal.user_id = self.salesperson
        self.assertEqual(unseen.user_id, self.salesperson)
        start = self._get_notices(self.colleague)

        deal = self.deal.with_user(self.salesperson).with_context(**USUAL_MAIL)
        deal.write({"user_id": self.colleague.id})

        following = self.draft + current + unseen + expired
        self.assertEqual(following.user_id, self.colleague)
        self.assertEqual(following.team_id, self.other_team)
        self.assertEqual((accepted + superseded).user_id, self.salesperson)
        self.assertEqual(helped.user_id, self.senior)
        following.with_user(self.colleague).check_access("write")
        notices = self._get_notices(self.colleague) - start
        self.assertEqual(notices.mapped("model"), ["billinator.opportunity"])

    def test_closed_deals_keep_their_quotes(self):
        lost = self._create_opportunity(user_id=self.salesperson.id)
        quote = self._create_quote_of(lost)
        lost.action_set_lost(self.lost_reason.id)
        (self.deal + lost).user_id = self.colleague
        self.assertEqual(quote.user_id, self.salesperson)
        self.assertEqual(self.draft.user_id, self.colleague)

    def test_rules_of_another_team_refuse_no_deal(self):
        self.env["billinator.approval.rule"].create(
            {
                "name": "Much",
                "company_id": self.company.id,
                "max_total": 1,
                "team_ids": [Command.set(self.other_team.ids)],
            }
        )
        self.deal.with_user(self.manager).user_id = self.colleague
        self.env.flush_all()
        self.assertEqual(self.sent.user_id, self.colleague)
        self.assertEqual(self.sent.approval_state, "no")
        self.assertEqual(self.draft.approval_state, "needed")


@tagged("post_install", "-at_install")
class TestLeaver(HandoverCase):
    def _plan(self, document, **values):
        activity = document.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.salesperson.id, **values
        )
        rows = self.env["billinator.activity"]
        return rows.search([("activity_id", "=", activity.id)])

    def test_activities_pass_on(self):
        # Its salesperson comes before the team's leader.
        of_colleague = self._create_opportunity(
            user_id=self.colleague.id, team_id=self.other_team.id
        )
        teamless = self.customer.copy({"user_id": False})
        led = [self._plan(self.deal), self._plan(self.draft), self._plan(teamless)]
        hers = self._plan(of_colleague)
        done = self._plan(self.deal)
        done.action_done()
        for name, archive in (
            ("button", lambda user: user.action_archive()),
            ("write", lambda user: user.write({"active": False})),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                archive(self.salesperson.with_context(**USUAL_MAIL))
                for activity in led:
                    self.assertEqual(activity.user_id, self.senior)
                self.assertEqual(hers.user_id, self.colleague)
                self.assertEqual(done.user_id, self.salesperson)
                self.assertEqual(done.status, "done")
                [notice] = self._get_notices(self.senior)
                self.assertIn(f"{self.salesperson.name}: 3", notice.subject)
                self.assertIn(self.draft.name, notice.body)
                self.assertEqual(len(self._get_notices(self.colleague)), 1)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_is_told_in_the_language_of_who_takes_over(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.senior.lang = "de_DE"
        # It asks for no quote's approval.
        odd = self._plan(self.deal)
        odd.activity_id.activity_type_id = self.env.ref(APPROVAL)
        self.salesperson.action_archive()
        self.assertEqual(odd.user_id, self.senior)
        self.assertIn("Aktivitäten", self._get_notices(self.senior).subject)

    def test_nobody_is_told_of_what_he_does(self):
        self._plan(self.deal)
        self.salesperson.with_user(self.senior).sudo().action_archive()
        self.assertFalse(self._get_notices(self.senior))

    def test_nobody_is_left(self):
        activity = self._plan(self.deal)
        (self.team | self.deal.team_id).user_id = self.accountant
        self.salesperson.action_archive()
        self.assertFalse(activity.user_id)
        self.assertEqual(activity.status, "pending")
        unassigned = [("user_id", "=", False), ("status", "=", "pending")]
        self.assertIn(activity, activity.with_user(self.senior).search(unassigned))

    def test_approvals_are_asked_of_others(self):
        self.env["billinator.approval.rule"].create(
            {"name": "Much", "company_id": self.company.id, "max_total": 1}
        )
        self.assertEqual(self.draft.team_id.user_id, self.senior)
        self.draft.with_user(self.salesperson).action_request_approval()
        self.assertEqual(self.draft.activity_ids.user_id, self.senior)
        self.senior.action_archive()
        requests = self.draft.activity_ids
        self.assertIn(self.manager, requests.user_id)
        self.assertEqual(requests.activity_type_id, self.env.ref(APPROVAL))
        self.manager.action_archive()
        self.assertNotIn(self.manager, self.draft.activity_ids.user_id)

    def test_customers_turn_to_who_is_there(self):
        template = self.env.ref("billinator_crm.mail_template_quote_send")
        ended = self.env.ref("billinator_crm.mail_template_quote_confirmation")
        report = self.env["ir.actions.report"]

        def get_texts():
            html, _type = report._render_qweb_html(
                "billinator_crm.billinator_quote_report", self.sent.ids
            )
            mails = [
                one._render_field(name, self.sent.ids)[self.sent.id]
                for one, name in ((template, "email_from"), (ended, "body_html"))
            ]
            return [*mails, html.decode()]

        self.assertEqual(self.sent._get_our_contact(), self.salesperson)
        self.salesperson.action_archive()
        self.assertEqual(self.sent._get_our_contact(), self.senior)
        for text in get_texts():
            self.assertIn("billinator_senior", text)
            self.assertNotIn("billinator_salesperson", text)
        self.deal.team_id.user_id = self.deal.user_id = False
        self.assertFalse(self.sent._get_our_contact())
        self.company.email = "desk@example.com"
        self.assertIn("desk@example.com", get_texts()[0])


@tagged("post_install", "-at_install")
class TestHandoverDialog(HandoverCase):
    def _open_dialog(self, user, deals):
        return Form(
            self.env["billinator.opportunity.handover"]
            .with_user(user)
            .with_context(active_ids=deals.ids, **USUAL_MAIL)
        )

    def test_hand_over(self):
        won = self._create_opportunity(user_id=self.salesperson.id)
        won.action_set_won()
        other = self._create_opportunity(user_id=self.salesperson.id)
        rejected = self._create_quote(
            opportunity_id=other.id, user_id=self.salesperson.id
        )
        rejected.action_reject()
        about_rejected = rejected.activity_schedule(user_id=self.salesperson.id)
        self.customer.user_id = self.salesperson
        todo, others_todo = (
            self.draft.activity_schedule(user_id=user.id, summary="Call")
            for user in (self.salesperson, self.senior)
        )
        start = self._get_notices(self.colleague)
        dialog = self._open_dialog(self.senior, self.deal + won + other)
        self.assertIn("quotes: 2", dialog.summary)
        self.assertIn("stay as they are: 1", dialog.summary)
        dialog.user_id = self.colleague
        dialog.with_customers = True

        action = dialog.save().action_hand_over()

        self.assertIn("2", action["params"]["message"])
        self.assertEqual((self.deal + other).user_id, self.colleague)
        self.assertEqual(won.user_id, self.salesperson)
        self.assertEqual((self.draft + self.sent).user_id, self.colleague)
        self.assertEqual(todo.user_id, self.colleague)
        self.assertEqual(others_todo.user_id, self.senior)
        # It is about what the colleague does not see.
        self.assertEqual(about_rejected.user_id, self.salesperson)
        self.assertEqual(self.customer.user_id, self.colleague)
        [notice] = self._get_notices(self.colleague) - start
        self.assertIn(self.salesperson.name, notice.subject)
        self.assertIn(other.name, notice.body)

    def test_what_stays(self):
        done = self.deal.activity_schedule(user_id=self.salesperson.id)
        done.action_done()
        approval = self.draft.activity_schedule(APPROVAL, user_id=self.salesperson.id)
        served = self.customer.copy({"user_id": self.senior.id})
        other = self._create_opportunity(
            user_id=self.salesperson.id, partner_id=served.id
        )
        dialog = self._open_dialog(self.manager, self.deal + other)
        dialog.user_id = self.manager
        dialog.with_customers = True
        dialog.save().action_hand_over()
        self.assertEqual((self.deal + other).user_id, self.manager)
        self.assertEqual((done + approval).user_id, self.salesperson)
        self.assertEqual(served.user_id, self.senior)
        # Nobody is told of what he does.
        self.assertFalse(self._get_notices(self.manager))

    def test_is_told_in_the_language_of_who_takes_over(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.colleague.lang = self.senior.lang = "de_DE"
        dialog = self._open_dialog(self.manager, self.deal)
        dialog.user_id = self.colleague
        dialog.save().action_hand_over()
        notice = self._get_notices(self.colleague)
        self.assertIn("Verkaufschancen", notice.subject)

    def test_nothing_to_hand_over(self):
        self.deal.action_set_won()
        dialog = self._open_dialog(self.manager, self.deal)
        dialog.user_id = self.colleague
        with self.assertRaisesRegex(UserError, "nothing to hand over"):
            dialog.save().action_hand_over()

    def test_activities_and_customers_stay_unless_ticked(self):
        self.customer.user_id = self.salesperson
        todo = self.deal.activity_schedule(user_id=self.salesperson.id, summary="Call")
        dialog = self._open_dialog(self.manager, self.deal)
        dialog.user_id = self.colleague
        dialog.with_activities = False
        dialog.save().action_hand_over()
        self.assertEqual(todo.user_id, self.salesperson)
        self.assertEqual(self.customer.user_id, self.salesperson)

    def test_who_may_open_it(self):
        with self.assertRaises(AccessError):
            self._open_dialog(self.salesperson, self.deal)
