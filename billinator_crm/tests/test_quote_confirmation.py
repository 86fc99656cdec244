from runpy import run_path
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import Form, tagged
from odoo.tools import file_path, format_date, mute_logger

from .common import BillinatorCommon
from .test_online_invoice import LOGGER, OnlineCase

TEMPLATE = "billinator_crm.mail_template_quote_confirmation"


@tagged("post_install", "-at_install")
class TestQuoteConfirmation(OnlineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.email = "seller@our.example"
        cls.template = cls.env.ref(TEMPLATE)

    def _get_confirmations(self, quote=None):
        """Return the mails, queued or not, that went to the customer."""
        quote = quote or self.quote
        self.env.flush_all()
        mails = self.env["mail.mail"].search(
            [("model", "=", quote._name), ("res_id", "=", quote.id)]
        )
        return mails.filtered(lambda mail: mail.recipient_ids.filtered("partner_share"))

    def _assert_told(self, reason, quote=None):
        quote = quote or self.quote
        self.assertEqual((quote.state, quote.signed_by), ("accepted", "Ada"))
        self.assertEqual(quote.invoice_ids.state, "posted")
        self.assertFalse(self._get_confirmations(quote))
        [message] = quote.message_ids.filtered(
            lambda m: "no email could be sent" in m.body
        )
        self.assertEqual(message.subject, f"{quote.name} accepted, but not confirmed")
        self.assertIn(reason, message.body)
        self.assertTrue(message.subtype_id.internal)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)

    def test_the_customer_gets_what_was_signed(self):
        self._sign()
        [mail] = self._get_confirmations()
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("seller@our.example", mail.email_from)
        self.assertTrue(mail.reply_to)
        self.assertIn(self.company.name, mail.subject)
        self.assertIn(self.quote.name, mail.subject)
        self.assertTrue(self.quote.signed_pdf_id)
        self.assertEqual(mail.attachment_ids, self.quote.signed_pdf_id)
        self.assertIn(f"access_token={self.quote.access_token}", mail.body_html)
        self.assertIn("signed by Ada", mail.body_html)
        self.assertIn("signed quote is attached", mail.body_html)
        invoice = self.quote.invoice_ids
        self.assertIn(invoice.name, mail.body_html)
        # The thread is read by colleagues, for whom the customer's links are not.
        self.assertNotIn(invoice.access_token, mail.body_html)
        self.assertNotIn("access_token", mail.mail_message_id.body)

    def test_is_for_the_contact(self):
        contact = self.env["billinator.contact"].create(
            {
                "name": "Bea Buyer",
                "email": "bea@ada.example",
                "customer_id": self.customer.id,
            }
        )
        quote = self._create_sent_quote(contact_id=contact.id)
        # The signer has an account, and is somebody else.
        self._sign(quote, partner=self.buyer.partner_id)
        confirmations = self._get_confirmations(quote).filtered("attachment_ids")
        self.assertEqual(confirmations.recipient_ids, contact.person_id)

    def test_asks_for_nothing_where_there_is_nothing_to_pay(self):
        for choice in ("no", "draft"):
            quote = self._create_sent_quote(online_invoice=choice)
            self._sign(quote)
            [mail] = self._get_confirmations(quote)
            self.assertNotIn("please pay", mail.body_html)

    def test_colleagues_get_no_copy(self):
        self.quote.message_subscribe(self.senior.partner_id.ids)
        self._sign()
        [mail] = self._get_confirmations()
        message = mail.mail_message_id
        self.assertEqual(message.notified_partner_ids, self.customer)
        self.assertEqual(message.author_id, self.salesperson.partner_id)
        # It is no contact that a colleague has made.
        self.assertFalse(message.billinator_event)

    def test_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        self.template.with_context(lang="de_DE").subject = "Angebot angenommen"
        self._sign()
        self.assertEqual(self._get_confirmations().subject, "Angebot angenommen")

    def test_is_sent_once(self):
        content_hash = self.quote.content_hash
        self._sign()
        self._sign(content_hash=content_hash)
        self.assertEqual(len(self._get_confirmations()), 1)

    def test_what_colleagues_accept_is_not_confirmed(self):
        self.quote.with_user(self.salesperson).action_accept()
        self.assertFalse(self._get_confirmations())

    def test_is_another_mail_or_none_if_the_company_wants_that(self):
        other = self.template.copy({"subject": "Thanks"})
        self.company.billinator_confirmation_template_id = other
        self._sign()
        [mail] = self._get_confirmations()
        self.assertEqual(mail.subject, "Thanks")
        self.assertEqual(mail.attachment_ids, self.quote.signed_pdf_id)
        self.company.billinator_confirmation_template_id = False
        quote = self._create_sent_quote()
        self._sign(quote)
        self.assertFalse(self._get_confirmations(quote))

    def test_no_address_is_told(self):
        self.customer.email = False
        self._sign()
        self._assert_told("has no email address")

    def test_what_goes_wrong_undoes_no_acceptance(self):
        for error, reason in (
            (UserError("The template is wrong"), "The template is wrong"),
            (ZeroDivisionError("secret"), "unexpected error"),
        ):
            quote = self._create_sent_quote()
            with self._break(error), mute_logger(LOGGER):
                self._sign(quote)
            self._assert_told(reason, quote)
            self.assertNotIn("secret", quote.message_ids[0].body)

    def test_conflicts_repeat_the_call(self):
        with (
            self._break(SerializationFailure()),
            self.assertRaises(SerializationFailure),
            self.cr.savepoint(),
        ):
            self._sign()
        self.quote.invalidate_recordset()
        self.assertEqual(self.quote.state, "sent")

    def _break(self, error):
        """Let posting go wrong after all has been written."""
        Quote = self.registry["billinator.quote"]
        post = Quote.message_post_with_source

        def fail(quotes, *args, **kwargs):
            post(quotes, *args, **kwargs)
            self.env.flush_all()
            raise error

        return patch.object(Quote, "message_post_with_source", fail)

    def test_companies_begin_with_it(self):
        company = self.env["res.company"].create({"name": "Newcomers"})
        self.assertEqual(company.billinator_confirmation_template_id, self.template)
        company.billinator_confirmation_template_id = False
        self.env.flush_all()
        path = "billinator_crm/migrations/19.0.1.9.0/post-confirmation.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.8.0")
        self.env.invalidate_all()
        self.assertEqual(company.billinator_confirmation_template_id, self.template)

    def test_tells_until_when_to_pay(self):
        term = self.env.ref("account.account_payment_term_30days")
        quote = self._create_sent_quote(payment_term_id=term.id)
        self._sign(quote)
        [mail] = self._get_confirmations(quote)
        self.assertGreater(quote.invoice_ids.invoice_date_due, Date.today())
        self.assertIn("please pay", mail.body_html)

    def test_tells_what_to_pay_first(self):
        self.quote.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "A third at once",
                "line_ids": [
                    Command.create({"value_amount": 30, "nb_days": 0}),
                    Command.create({"value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        self._sign()
        invoice = self.quote.invoice_ids
        [mail] = self._get_confirmations()
        amount = invoice.currency_id.round(invoice.amount_total * 0.3)
        self.assertIn(f"{amount:,.2f}", mail.body_html)
        self.assertNotIn(f"{invoice.amount_total:,.2f}</strong> by", mail.body_html)
        self.assertIn(format_date(self.env, invoice.invoice_date), mail.body_html)

    def test_salespeople_send_it_again(self):
        self._sign()
        quote = self.quote.with_user(self.salesperson)
        [body] = (
            self.template.with_user(self.salesperson)
            ._render_field("body_html", quote.ids)
            .values()
        )
        self.assertIn(self.quote.invoice_ids.name, body)


@tagged("post_install", "-at_install")
class TestQuoteConfirmationSetting(BillinatorCommon):
    def test_the_settings_say_which_mail(self):
        template = self.env.ref(TEMPLATE)
        other = template.copy()
        with Form(self.env["res.config.settings"]) as settings:
            self.assertEqual(settings.billinator_confirmation_template_id, template)
            settings.billinator_confirmation_template_id = other
        settings.record.execute()
        self.assertEqual(self.company.billinator_confirmation_template_id, other)
