"""What is done to quotes, beside changing what they say."""

from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestQuoteActions(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_call(cls.colleague)

    def setUp(self):
        super().setUp()
        self.quote = self._create_quote(user_id=self.salesperson.id)

    def _act(self, action, quote=None, **options):
        path = f"/quotes/{(quote or self.quote).id}/{action}"
        return self._call(path, method="POST", **options)

    def _assert_refused(self, answer, status, message):
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertIn(message, answer.json()["detail"])

    def _get_mails(self):
        return self.quote.message_ids.filtered("billinator_sends_quote")

    # === Send === #

    def test_a_quote_is_mailed_to_its_customer(self):
        key = {"Idempotency-Key": "once"}
        first, second = (self._act("send", headers=key) for _twice in range(2))
        self.assertEqual(first.status_code, 200, first.text)
        self.assertEqual(second.json(), first.json())
        self.assertEqual(first.json()["id"], self.quote.id)
        self.assertEqual(len(first.json()["items"]), 1)
        message = self._get_mails()
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, self.customer)
        self.assertEqual(len(message.attachment_ids), 1)
        self.assertEqual(message.author_id, self.salesperson.partner_id)

    def test_a_quote_without_an_address_is_not_sent(self):
        self.customer.email = False
        self._assert_refused(self._act("send"), 422, "has no email address")
        self.assertFalse(self._get_mails())

    def test_a_state_can_forbid_to_send(self):
        self.quote.action_reject("Too dear")
        self._assert_refused(self._act("send"), 409, "is Rejected")
        self.assertFalse(self._get_mails())
        self.quote = self._create_quote(user_id=self.salesperson.id)
        self.quote.action_mark_sent()
        self.quote.action_revise()
        self._assert_refused(self._act("send"), 409, "was superseded by")
        self.assertFalse(self._get_mails())

    def test_what_needs_approval_is_not_sent(self):
        self.env["billinator.approval.rule"].create({"name": "Any", "max_total": 1})
        self.env.flush_all()
        self._assert_refused(self._act("send"), 409, "needs approval")
        self.assertFalse(self._get_mails())

    # === Revise === #

    def test_a_quote_has_one_next_version(self):
        self.quote.action_mark_sent()
        first, second = (self._act("revise") for _twice in range(2))
        self.assertEqual(first.status_code, 201, first.text)
        self.assertEqual(second.status_code, 200, second.text)
        self.assertEqual(second.json(), first.json())
        self.assertEqual(first.json()["id"], self.quote.next_version_id.id)
        self.assertEqual(
            (first.json()["version"], first.json()["status"]), (2, "DRAFT")
        )
        self.assertEqual(len(first.json()["items"]), 1)

    def test_the_latest_version_is_answered(self):
        self.quote.action_mark_sent()
        second_id = self._act("revise").json()["id"]
        second = self.quote.browse(second_id)
        second.action_mark_sent()
        third = self._act("revise", second).json()
        again = self._act("revise")
        self.assertEqual(again.status_code, 200, again.text)
        self.assertEqual(again.json()["id"], third["id"])

    def test_a_draft_is_not_revised(self):
        self._assert_refused(self._act("revise"), 409, "is a draft")

    def test_a_next_version_of_somebody_else_is_not_shown(self):
        self.quote.action_mark_sent()
        self.quote.revise().user_id = self.colleague
        answer = self._act("revise")
        self._assert_refused(answer, 409, "was superseded by")

    # === Invoice again === #

    def test_a_rejected_quote_is_not_invoiced_again(self):
        self.quote.action_reject("Too dear")
        self._assert_refused(self._act("invoice-again"), 409, "is Rejected")

    def test_others_do_not_act_on_a_quote(self):
        self.quote.action_mark_sent()
        for action in ("send", "revise", "invoice-again"):
            answer = self._act(action, user=self.colleague)
            self.assertEqual(answer.status_code, 404, answer.text)
