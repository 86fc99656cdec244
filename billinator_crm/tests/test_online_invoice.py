from runpy import run_path
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import (
    ConcurrencyError,
    LockError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.fields import Command, Date
from odoo.http import Request
from odoo.tests import Form, HttpCase, freeze_time, tagged
from odoo.tools import file_path, format_date, html2plaintext, mute_logger

from ..exceptions import StateError
from .common import BillinatorCommon, BillinatorInvoicingCommon
from .test_portal import SIGNATURE, PortalCase

LOGGER = "odoo.addons.billinator_crm.models.billinator_quote_signature"
INVOICES = f"{LOGGER}_invoice"


class OnlineCase(PortalCase, BillinatorInvoicingCommon):
    """A company that wants its money as soon as a customer has signed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billinator_online_invoice = "post"
        cls.quote = cls._create_sent_quote()

    def _sign(self, quote=None, **values):
        """Sign as somebody who has nothing but the link."""
        visitor = self.env.ref("base.public_user")
        quote = quote or self.quote
        return super()._sign(quote.with_user(visitor).sudo(), **values)

    def _plan(self, quote=None, *percentages):
        return self.env["billinator.quote.installment"].create(
            [
                {"quote_id": (quote or self.quote).id, "percentage": percentage}
                for percentage in percentages
            ]
        )

    def _assert_accepted_without_invoice(self, reason, quote=None):
        """The acceptance counts, and the salesperson knows what is missing."""
        quote = quote or self.quote
        self.assertEqual((quote.state, quote.signed_by), ("accepted", "Ada"))
        self.assertFalse(quote.invoice_ids)
        self.assertEqual(quote.invoice_status, "no")
        [message] = quote.message_ids.filtered(
            lambda m: "could not be created" in m.body
        )
        self.assertEqual(message.subject, f"{quote.name} accepted, but not invoiced")
        self.assertIn(reason, message.body)
        self.assertTrue(message.subtype_id.internal)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)


@tagged("post_install", "-at_install")
class TestOnlineInvoice(OnlineCase):
    def test_nothing_follows_unless_it_is_wanted(self):
        self.assertEqual(self.company_b.billinator_online_invoice, "no")
        self.quote.online_invoice = "no"
        self._sign()
        self.assertEqual(self.quote.state, "accepted")
        self.assertFalse(self.quote.invoice_ids)

    def test_a_draft_for_the_accountants(self):
        self.quote.online_invoice = "draft"
        self._sign()
        self.assertEqual(self.quote.invoice_ids.state, "draft")
        self.assertEqual(self.quote.invoice_status, "draft")

    def test_the_whole_quote_is_posted(self):
        mails = self.env["mail.mail"].search([])
        self._sign()
        self.env.flush_all()
        invoice = self.quote.invoice_ids
        self.assertRecordValues(
            invoice,
            [
                {
                    "state": "posted",
                    "amount_total": self.quote.amount_total,
                    "billinator_installment_id": False,
                    "invoice_user_id": self.salesperson.id,
                    "company_id": self.company.id,
                    # Neither the visitor's, who has no right to it, nor followed.
                    "create_uid": SUPERUSER_ID,
                    "message_partner_ids": [],
                    "is_move_sent": False,
                }
            ],
        )
        self.assertTrue(invoice.access_token)
        self.assertEqual(self.quote.invoice_status, "posted")
        sent = self.env["mail.mail"].search([]) - mails
        self.assertEqual(set(sent.mapped("model")) - {False}, {"billinator.quote"})
        self.assertFalse(invoice.message_ids.notified_partner_ids)

    def test_sending_is_left_to_odoo(self):
        cron = self.env.ref("account.ir_cron_account_move_send")
        triggers = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        self.quote.online_invoice = "send"
        self._sign()
        invoice = self.quote.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertFalse(invoice.is_move_sent)
        self.assertGreater(self.env["ir.cron.trigger"].search_count(triggers), before)
        confirmation = self.env["mail.mail"].search(
            [
                ("res_id", "=", self.quote.id),
                ("recipient_ids", "in", self.customer.ids),
            ]
        )
        self.assertIn("message of its own", confirmation.body_html)
        # What the cron does with it, but for its commits.
        sender = self.env["account.move.send"].with_user(SUPERUSER_ID)
        sender._generate_and_send_invoices(invoice, from_cron=True)
        self.assertTrue(invoice.is_move_sent)
        self.assertTrue(invoice.invoice_pdf_report_id)
        self.assertFalse(invoice.is_being_sent)
        mail = invoice.message_ids.filtered("attachment_ids")
        self.assertEqual(mail.notified_partner_ids, self.customer)

    def test_the_mail_does_not_wait_for_the_queues_next_hour(self):
        """Odoo leaves the mails that jobs write to the queue."""
        self.quote.online_invoice = "send"
        self._sign()
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        triggers = [("cron_id", "=", queue.id)]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        self.assertTrue(self.quote.invoice_ids.is_move_sent)
        self.assertTrue(self.env["ir.cron.trigger"].search_count(triggers))

    def _assert_not_sent(self, reason):
        """Sign, and check that the salesperson is told why nothing is sent."""
        self.quote.online_invoice = "send"
        self._sign()
        invoice = self.quote.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertFalse(invoice.is_being_sent)
        [message] = self.quote.message_ids.filtered(
            lambda message: "could not be sent" in message.body
        )
        self.assertEqual(
            message.subject, f"{self.quote.name} accepted, but its invoice not sent"
        )
        self.assertIn(reason, message.body)
        self.assertIn(self.quote.user_id.partner_id, message.notified_partner_ids)

    def test_nothing_counts_as_sent_that_nobody_gets(self):
        for values in ({"email": False}, {"invoice_sending_method": "manual"}):
            with self.subTest(values), self.env.cr.savepoint() as savepoint:
                self.customer.write(values)
                self._assert_not_sent(f"{self.customer.name} has no email address, or")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_job_that_sends_may_be_inactive(self):
        self.env.ref("account.ir_cron_account_move_send").active = False
        self._assert_not_sent("inactive")

    def test_a_posted_one_is_not_sent(self):
        self._sign()
        self.assertFalse(self.quote.invoice_ids.is_being_sent)

    def test_the_portal_users_acceptance_is_the_same(self):
        quote = self.quote.with_user(self.buyer).sudo()
        PortalCase._sign(self, quote)
        invoice = self.quote.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.create_uid.id, SUPERUSER_ID)
        self.assertFalse(invoice.message_partner_ids)

    def test_only_the_first_down_payment(self):
        first, second = self._plan(None, 30, 20)
        first.sequence, second.sequence = 5, 1
        self._sign()
        invoice = self.quote.invoice_ids
        self.assertEqual(invoice.billinator_installment_id, second)
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_total, second.amount)
        # What follows is for colleagues, as ever.
        first.action_convert_to_invoice()
        self.quote.action_convert_to_invoice()
        total = sum(self.quote.invoice_ids.mapped("amount_total"))
        self.assertAlmostEqual(total, self.quote.amount_total)

    def test_what_colleagues_accept_makes_none(self):
        self.quote.with_user(self.salesperson).action_accept()
        self.assertEqual(self.quote.state, "accepted")
        self.assertFalse(self.quote.invoice_ids)

    def test_signing_twice_makes_one(self):
        content_hash = self.quote.content_hash
        self.assertTrue(self._sign())
        messages = self.quote.message_ids
        self.assertFalse(self._sign(content_hash=content_hash))
        self.assertEqual(len(self.quote.invoice_ids), 1)
        self.assertEqual(self.quote.message_ids, messages)

    def test_a_cancelled_invoice_is_in_nobodys_way(self):
        action = self.quote.action_convert_to_invoice()
        cancelled = self.env["account.move"].browse(action["res_id"])
        cancelled.button_cancel()
        self.quote.action_reset_to_draft()
        self.quote.action_mark_sent()
        self._sign()
        self.assertEqual((self.quote.invoice_ids - cancelled).state, "posted")

    def test_of_the_companys_day(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        day = self.quote.date_quote
        with freeze_time(f"{day} 22:30:00"):
            self._sign()
        invoice = self.quote.invoice_ids
        self.assertGreater(invoice.invoice_date, day)
        self.assertEqual(Date.subtract(invoice.invoice_date, days=1), day)

    def test_in_the_quotes_currency(self):
        currency = self.setup_other_currency("CHF")
        quote = self._create_sent_quote(currency_id=currency.id)
        self._plan(quote, 50)
        self._sign(quote)
        self.assertRecordValues(
            quote.invoice_ids,
            [
                {
                    "state": "posted",
                    "currency_id": currency.id,
                    "amount_total": quote.installment_ids.amount,
                }
            ],
        )

    def test_in_the_quotes_company(self):
        data = self.setup_other_company()
        company = data["company"]
        company.billinator_online_invoice = "post"
        Quote = self.env["billinator.quote"].with_company(company)
        quote = Quote.create(
            {
                "partner_id": self.customer.id,
                "company_id": company.id,
                "user_id": False,
                "line_ids": [Command.create({"product_id": self.product_a.id})],
            }
        )
        quote.action_mark_sent()
        self._sign(quote.with_company(self.company))
        self.assertEqual(quote.invoice_ids.state, "posted")
        self.assertEqual(quote.invoice_ids.company_id, company)
        self.assertEqual(quote.invoice_ids.journal_id.company_id, company)

    def test_nothing_to_pay_is_no_invoice(self):
        quote = self._create_sent_quote()
        quote.action_reset_to_draft()
        quote.line_ids.price_unit = 0
        quote.action_mark_sent()
        self._sign(quote)
        self.assertEqual(quote.state, "accepted")
        self.assertFalse(quote.invoice_ids)
        self.assertFalse(
            quote.message_ids.filtered(lambda m: "could not be created" in m.body)
        )

    def test_no_invoice_pays_the_customer(self):
        self.quote.action_reset_to_draft()
        self.quote.line_ids[0].price_unit = -9000
        self.quote.action_mark_sent()
        self._sign()
        self._assert_accepted_without_invoice("no negative invoices")

    def test_what_accounting_refuses_undoes_no_acceptance(self):
        journal = self.company_data["default_journal_sale"]
        last_day = Date.add(Date.today(), days=9)
        # While it is made, and when it is there and is to be posted.
        for record, values, reason in (
            (journal, {"active": False}, "no sales journal"),
            (self.company, {"fiscalyear_lock_date": last_day}, "Lock Date"),
        ):
            quote = self._create_sent_quote()
            before = record.read(values)[0]
            record.write(values)
            self._sign(quote)
            self._assert_accepted_without_invoice(reason, quote)
            record.write({name: before[name] for name in values})
            quote.with_user(self.salesperson).action_convert_to_invoice()
            self.assertEqual(quote.invoice_ids.state, "draft")

    def _post(self, error):
        """Let posting go wrong after all has been written."""
        Move = self.registry["account.move"]
        post = Move.action_post

        def fail(moves):
            post(moves)
            moves.flush_recordset()
            raise error

        return patch.object(Move, "action_post", fail)

    def test_what_goes_wrong_leaves_no_half_an_invoice(self):
        for error, reason in (
            (UserError("Ask Eve before"), "Ask Eve before"),
            (RedirectWarning("Lock dates <here>", 1, "Go"), "Lock dates &lt;here&gt;"),
            (ZeroDivisionError("secret"), "unexpected error"),
        ):
            quote = self._create_sent_quote()
            self._plan(quote, 25)
            with self._post(error), mute_logger(LOGGER):
                self._sign(quote)
            self._assert_accepted_without_invoice(reason, quote)
            self.assertNotIn("secret", quote.message_ids[0].body)

    def test_conflicts_repeat_the_call(self):
        for error, expected in (
            (SerializationFailure(), SerializationFailure),
            (ConcurrencyError(), ConcurrencyError),
            (LockError("Somebody is at it"), ConcurrencyError),
        ):
            quote = self._create_sent_quote()
            with (
                self.subTest(error=error),
                self._post(error),
                self.assertRaises(expected),
                self.cr.savepoint(),
            ):
                self._sign(quote)
            quote.invalidate_recordset()
            self.assertEqual(quote.state, "sent")

    def test_the_reason_is_in_the_salespersons_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.salesperson.lang = "de_DE"
        self.assertEqual(self.quote._as_company().env.lang, "de_DE")

    def test_somebody_is_told_where_there_is_no_salesperson(self):
        team = self.env["crm.team"].create(
            {"name": "Online", "user_id": self.senior.id}
        )
        self.quote.write({"user_id": False, "team_id": team.id})
        self.company_data["default_journal_sale"].active = False
        self._sign()
        [message] = self.quote.message_ids.filtered(
            lambda message: "no sales journal" in message.body
        )
        self.assertIn(self.senior.partner_id, message.notified_partner_ids)


@tagged("post_install", "-at_install")
class TestOnlineInvoiceSetting(BillinatorCommon):
    def test_settings_are_what_new_quotes_begin_with(self):
        before = self._create_quote()
        with Form(self.env["res.config.settings"]) as settings:
            self.assertEqual(settings.billinator_online_invoice, "no")
            settings.billinator_online_invoice = "draft"
        settings.record.execute()
        self.assertEqual(self._create_quote().online_invoice, "draft")
        self.assertEqual(before.online_invoice, "no")
        with Form(self.env["billinator.quote"]) as quote:
            self.assertEqual(quote.online_invoice, "draft")
            quote.partner_id = self.customer


@tagged("post_install", "-at_install")
class TestOnlineInvoiceChoice(OnlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["billinator.quote.template"].create(
            {
                "name": "Workshop",
                "online_invoice": "draft",
                "line_ids": [Command.create({"product_id": cls.product_a.id})],
            }
        )

    def _create_draft(self, user, **values):
        return self._create_quote(user_id=user.id, **values).with_user(user)

    def test_templates_differ_from_the_settings(self):
        created = self._create_quote(template_id=self.template.id)
        written = self._create_quote()
        written.template_id = self.template
        with Form(self.env["billinator.quote"]) as form:
            form.partner_id = self.customer
            form.template_id = self.template
        self.assertEqual(
            (created + written + form.record).mapped("online_invoice"), ["draft"] * 3
        )
        # Another template has its own say, and one that says nothing leaves it.
        other = self.template.copy({"online_invoice": False})
        created.template_id = other
        self.assertEqual(created.online_invoice, "post")

    def test_what_was_chosen_stays(self):
        quote = self._create_quote(online_invoice="no")
        quote.template_id = self.template
        self.assertEqual(quote.online_invoice, "no")
        quote.action_mark_sent()
        self.assertEqual(quote.copy().online_invoice, "draft")
        quote.action_revise()
        self.assertEqual(quote.next_version_id.online_invoice, "no")

    def test_what_comes_with_the_template_stays(self):
        self.company.billinator_online_invoice = "no"
        self.template.validity_days = 5
        self.template.note = "Of the template"
        created = self._create_quote(
            template_id=self.template.id,
            online_invoice="no",
            note="<p>Mine</p>",
        )
        written = self._create_quote()
        last_day = written.validity_date
        written.write(
            {
                "template_id": self.template.id,
                "online_invoice": "no",
                "validity_date": last_day,
            }
        )
        for quote in created + written:
            self.assertEqual(quote.online_invoice, "no")
            self.assertIn(self.product_a, quote.line_ids.product_id)
        self.assertEqual(created.note, "<p>Mine</p>")
        self.assertEqual(written.validity_date, last_day)
        self.assertEqual(written.note, "<p>Of the template</p>")
        # Each quote of a call has its own.
        quotes = self.env["billinator.quote"].create(
            [
                {"partner_id": self.customer.id, "template_id": self.template.id},
                {
                    "partner_id": self.customer.id,
                    "template_id": self.template.id,
                    "online_invoice": "no",
                },
            ]
        )
        self.assertEqual(quotes.mapped("online_invoice"), ["draft", "no"])

    def test_it_says_nothing_to_the_customer(self):
        content_hash = self.quote.content_hash
        self.quote.online_invoice = "no"
        self.assertEqual(self.quote.content_hash, content_hash)
        self.assertTrue(self._sign(content_hash=content_hash))
        with self.assertRaises(StateError):
            self.quote.online_invoice = "post"

    def test_posting_is_for_who_may_post(self):
        self.company.billinator_online_invoice = "no"
        quote = self._create_draft(self.salesperson)
        quote.online_invoice = "draft"
        with self.assertRaisesRegex(ValidationError, "who may post"):
            quote.online_invoice = "post"
        with self.assertRaisesRegex(ValidationError, "who may post"):
            quote.copy({"online_invoice": "post"})
        with self.assertRaisesRegex(ValidationError, "who may post"):
            quote.online_invoice = "send"
        self.company.billinator_online_invoice = "post"
        with self.assertRaisesRegex(ValidationError, "who may post"):
            quote.online_invoice = "send"
        self.company.billinator_online_invoice = "no"
        self.senior.group_ids += self.env.ref("account.group_account_invoice")
        quote.with_user(self.senior).online_invoice = "post"
        # The salesperson goes on with it, and takes it along to the next version.
        quote.client_order_ref = "4711"
        quote.action_mark_sent()
        quote.action_revise()
        revision = quote.next_version_id
        self.assertEqual(revision.online_invoice, "post")
        self.assertEqual(quote.copy().online_invoice, "no")

    def test_posting_is_decided_by_settings_and_templates(self):
        quote = self._create_draft(self.salesperson, online_invoice="no")
        quote.online_invoice = "post"
        self.company.billinator_online_invoice = "no"
        self.template.online_invoice = "post"
        quote = self._create_draft(self.salesperson)
        quote.template_id = self.template
        self.assertEqual(quote.online_invoice, "post")
        # At once with the template that says so, too.
        values = {"template_id": self.template.id, "online_invoice": "post"}
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        created = Quote.create({"partner_id": self.customer.id, **values})
        written = self._create_draft(self.salesperson)
        written.write(values)
        for quote in created + written:
            self.assertEqual(quote.online_invoice, "post")
        self.template.online_invoice = "draft"
        with self.assertRaisesRegex(ValidationError, "who may post"):
            Quote.create({"partner_id": self.customer.id, **values})


class OnlinePageCase(OnlineCase, HttpCase):
    browser_size = "1366x850"

    def _get_page(self, quote=None, user=None, path=None):
        self.authenticate(user and user.login, user and user.login)
        quote = quote or self.quote
        return self.url_open(path or quote.get_portal_url())


@tagged("post_install", "-at_install")
class TestOnlineInvoicePage(OnlinePageCase):
    def _accept(self):
        self.authenticate(None, None)
        response = self.opener.post(
            f"{self.base_url()}{self.quote.access_url}/accept",
            data={
                "access_token": self.quote.access_token,
                "content_hash": self.quote.content_hash,
                "csrf_token": Request.csrf_token(self),
                "name": "Ada",
                "signature": SIGNATURE,
            },
        )
        self.env.invalidate_all()
        return response

    def test_the_visitor_is_led_to_the_invoice(self):
        self._plan(None, 30)
        page = self.url_open(self._accept().json()["redirect"]).text
        invoice = self.quote.invoice_ids
        amount = self.quote._format_amount(invoice.amount_total)
        self.assertIn("Pay the down payment of", page)
        self.assertIn(amount, page)
        self.assertIn(invoice.access_token, page)
        url = invoice.get_portal_url()
        self.assertIn(url.replace("&", "&amp;"), page)
        self.assertIn("invoice_content", self.url_open(url).text)
        for wrong in (f"{invoice.access_url}?access_token=x", invoice.access_url):
            self.assertNotIn("invoice_content", self.url_open(wrong).text)

    def test_what_is_left_to_pay_is_told(self):
        self._accept()
        invoice = self.quote.invoice_ids
        self._register_payment(invoice, amount=invoice.amount_total / 4)
        page = " ".join(html2plaintext(self._get_page().text).split())
        left, total = map(
            self.quote._format_amount, (invoice.amount_residual, invoice.amount_total)
        )
        self.assertLess(invoice.amount_residual, invoice.amount_total)
        self.assertIn(f"{left} of {total}".replace("\xa0", " "), page)

    def test_what_fails_is_not_the_visitors_business(self):
        self.company_data["default_journal_sale"].active = False
        response = self._accept()
        self.assertEqual(response.status_code, 200)
        page = self.url_open(response.json()["redirect"]).text
        self.assertIn("Thank you!", page)
        for text in ("o_billinator_pay", "journal", "could not be created"):
            self.assertNotIn(text, page)
        self._assert_accepted_without_invoice("no sales journal")

    def test_drafts_are_not_shown(self):
        self.quote.online_invoice = "draft"
        self._sign()
        for user in (None, self.buyer, self.salesperson):
            page = self._get_page(user=user).text
            self.assertNotIn("o_billinator_invoices", page)
            self.assertNotIn("o_billinator_pay", page)

    def test_later_visits_tell_how_far_it_is(self):
        [row] = self._plan(None, 30)
        self._sign()
        first = self.quote.invoice_ids
        self.assertIn("Pay the down payment of", self._get_page(user=self.buyer).text)
        self._register_payment(first)
        page = self._get_page().text
        self.assertNotIn("o_billinator_pay", page)
        self.assertIn("Paid", page)
        self.quote.action_convert_to_invoice()
        rest = self.quote.invoice_ids - first
        rest.action_post()
        page = self._get_page().text
        for text in (first.name, rest.name, "To be paid", "o_billinator_pay"):
            self.assertIn(text, page)
        self.assertNotIn("Pay the down payment of", page)
        rest.invoice_date_due = "2020-01-01"
        [_first, described] = self.quote._get_portal_invoices()
        self.assertEqual(described["status"], "overdue")
        self._reverse_invoice(rest, is_modify=False, post=True)
        page = self._get_page().text
        self.assertIn("Credited", page)
        self.assertNotIn("o_billinator_pay", page)
        self.assertEqual(row.invoice_status, "paid")

    def test_the_next_payment_of_several(self):
        term = self.pay_terms_b
        quote = self._create_sent_quote(payment_term_id=term.id)
        self._sign(quote)
        [described] = quote._get_portal_invoices()
        due = quote.invoice_ids.line_ids.filtered("date_maturity").sorted(
            "date_maturity"
        )
        self.assertGreater(len(due), 1)
        amount = quote._format_amount(due[0].amount_currency)
        self.assertEqual(described["invitation"], f"Pay {amount} now")
        self._register_payment(quote.invoice_ids, amount=due[0].amount_currency)
        [described] = quote._get_portal_invoices()
        amount = quote._format_amount(due[1].amount_currency)
        day = format_date(self.env, due[1].date_maturity)
        self.assertEqual(described["invitation"], f"Pay {amount} by {day}")

    def _book_with_statements(self):
        """Let payments wait for the bank's statement, as Odoo's Accounting does."""
        journal = self.company_data["default_journal_bank"]
        journal.inbound_payment_method_line_ids.payment_account_id = False
        Move = self.registry["account.move"]
        self.patch(Move, "_get_invoice_in_payment_state", lambda move: "in_payment")

    def _pay(self, invoice, **values):
        journal = self.company_data["default_journal_bank"]
        return self._register_payment(invoice, journal_id=journal.id, **values)

    def test_payments_that_are_not_booked_yet(self):
        self._book_with_statements()
        self._sign()
        invoice = self.quote.invoice_ids
        self._pay(invoice, amount=10)
        self.assertEqual(invoice.payment_state, "in_payment")
        self.assertEqual(invoice.amount_residual, invoice.amount_total)
        page = self._get_page().text
        self.assertIn("Payment in process", page)
        self.assertIn("o_billinator_pay", page)
        self.assertNotIn("Paid", page)
        # Nobody is asked to pay twice.
        self._pay(invoice, amount=invoice.amount_total - 10)
        self.assertEqual(invoice.amount_residual, invoice.amount_total)
        page = self._get_page().text
        self.assertIn("Payment in process", page)
        self.assertNotIn("o_billinator_pay", page)

    def test_payments_that_are_not_matched_yet(self):
        self.patch(
            self.registry["account.move"],
            "_get_invoice_in_payment_state",
            lambda move: "in_payment",
        )
        self._sign()
        invoice = self.quote.invoice_ids
        self._pay(invoice)
        self.assertEqual(invoice.payment_state, "in_payment")
        self.assertFalse(invoice.amount_residual)
        [described] = self.quote._get_portal_invoices()
        self.assertEqual((described["status"], described["invitation"]), ("paid", None))

    def test_payments_less_an_early_discount(self):
        self._book_with_statements()
        term = self.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
            }
        )
        quote = self._create_sent_quote(payment_term_id=term.id)
        self._sign(quote)
        invoice = quote.invoice_ids
        due = invoice._get_invoice_next_payment_values()["amount_due"]
        self.assertLess(due, invoice.amount_residual)
        payment = self.env["account.payment"].create(
            {
                "amount": due,
                "currency_id": invoice.currency_id.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "partner_id": invoice.partner_id.id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.action_post()
        self.assertEqual(invoice.payment_state, "in_payment")
        [described] = quote._get_portal_invoices()
        self.assertEqual(
            (described["status"], described["invitation"]), ("in_process", None)
        )

    def _pay_online(self, invoice):
        if "transaction_ids" not in invoice._fields:
            self.skipTest("Odoo's online payments are not installed")
        Provider = self.registry["payment.provider"]
        compute = Provider._compute_feature_support_fields

        def support_authorizing(providers):
            compute(providers)
            providers.support_manual_capture = "full_only"

        self.patch(Provider, "_compute_feature_support_fields", support_authorizing)
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.env["payment.provider"]
                .create({"name": "Bank", "code": "none"})
                .id,
                "payment_method_id": self.env.ref("payment.payment_method_unknown").id,
                "reference": "Online",
                "amount": invoice.amount_total,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )

    def test_online_payments_under_way(self):
        self._sign()
        transaction = self._pay_online(self.quote.invoice_ids)
        # A provider that does not leave it to the customer; there may be none.
        with patch(f"{INVOICES}.BY_HAND", ()):
            for state in ("pending", "authorized"):
                transaction.state = state
                page = self._get_page().text
                self.assertIn("Payment in process", page)
                self.assertNotIn("o_billinator_pay", page)
            for state in ("draft", "cancel", "error"):
                transaction.state = state
                [described] = self.quote._get_portal_invoices()
                self.assertEqual(described["status"], "open")
                self.assertTrue(described["invitation"])
            # Paid, and not booked yet.
            transaction.state = "done"
            [described] = self.quote._get_portal_invoices()
            self.assertEqual(described["status"], "in_process")
            self.assertFalse(described["invitation"])
            transaction.is_post_processed = True
            [described] = self.quote._get_portal_invoices()
            self.assertTrue(described["invitation"])
            transaction.state = "pending"
            self._register_payment(self.quote.invoice_ids)
            [described] = self.quote._get_portal_invoices()
            self.assertEqual(described["status"], "paid")

    def test_transfers_by_hand_are_asked_for(self):
        self._sign()
        self._pay_online(self.quote.invoice_ids).state = "pending"
        page = self._get_page().text
        self.assertIn("To be paid", page)
        self.assertIn("o_billinator_pay", page)

    def test_nobody_pays_what_was_credited(self):
        self._sign()
        invoice = self.quote.invoice_ids
        self._register_payment(invoice, amount=10)
        credit_note = self._reverse_invoice(invoice, post=True)
        credit_note.line_ids.remove_move_reconcile()
        self.assertEqual(invoice.payment_state, "partial")
        [described] = self.quote._get_portal_invoices()
        self.assertEqual(
            (described["status"], described["invitation"]), ("credited", None)
        )

    def test_colleagues_get_no_key(self):
        self._sign()
        invoice = self.quote.invoice_ids
        page = self._get_page(user=self.salesperson).text
        self.assertIn(invoice.name, page)
        self.assertNotIn(invoice.access_token, page)
        self.assertNotIn("o_billinator_pay", page)
        self.assertFalse(invoice.with_user(self.salesperson).has_access("read"))

    def _assert_unchanged_by_visits(self, invoices):
        names = ["write_date", "access_token", "message_ids"]
        self.env.flush_all()
        before = invoices.read(names)
        self.assertEqual(len(set(invoices.mapped("access_token")) - {False}), 2)
        with patch.object(
            self.registry["account.move"],
            "_portal_ensure_token",
            lambda move: move.access_token or self.fail("A visit writes a token"),
        ):
            page = self._get_page().text
        for invoice in invoices:
            self.assertIn(invoice.access_token, page)
        invoices.invalidate_recordset()
        self.assertEqual(invoices.read(names), before)

    def test_looking_at_it_changes_nothing(self):
        self._plan(None, 30)
        self._sign()
        # The rest is what an accountant posts.
        self.quote.action_convert_to_invoice()
        self.quote.invoice_ids.filtered(lambda m: m.state == "draft").action_post()
        self._assert_unchanged_by_visits(self.quote.invoice_ids)

    def test_looking_at_a_corrected_invoice_changes_nothing(self):
        self._plan(None, 30)
        self._sign()
        invoice = self.quote.invoice_ids
        self._reverse_invoice(invoice, is_modify=True)
        corrected = self.quote.invoice_ids
        self.assertNotEqual(corrected, invoice)
        corrected.action_post()
        self.quote.action_convert_to_invoice()
        (self.quote.invoice_ids - corrected).action_post()
        self._assert_unchanged_by_visits(self.quote.invoice_ids)

    def test_earlier_invoices_get_their_tokens(self):
        self._plan(None, 30)
        self._sign()
        first = self.quote.invoice_ids
        self.quote.action_convert_to_invoice()
        rest = self.quote.invoice_ids - first
        token = first.access_token
        rest.access_token = False
        other = self._create_invoice_one_line(price_unit=1)
        self.env.flush_all()
        path = "billinator_crm/migrations/19.0.1.7.0/post-invoice-tokens.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.6.0")
        self.env.invalidate_all()
        self.assertEqual(first.access_token, token)
        self.assertNotIn(rest.access_token, (False, token))
        self.assertFalse(other.access_token)


@tagged("post_install", "-at_install")
class TestOnlineInvoiceTours(OnlinePageCase):
    def test_customer_signs_and_pays(self):
        for size, login in (("1366x850", None), ("390x844", self.buyer.login)):
            self.browser_size, self.touch_enabled = size, bool(login)
            quote = self._create_sent_quote()
            self._plan(quote, 30)
            self.start_tour(
                quote.get_portal_url(),
                "billinator_crm_portal_sign_and_pay",
                login=login,
            )
            quote.invalidate_recordset()
            self.assertEqual(quote.state, "accepted")
            self.assertEqual(quote.invoice_ids.state, "posted")
