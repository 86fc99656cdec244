from datetime import timedelta
from runpy import run_path

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import file_path

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestQuoteMail(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # No test here is about the PDF, which takes a second each.
        templates = cls.env.ref("billinator_crm.mail_template_quote_send")
        templates += cls.env.ref("billinator_crm.mail_template_quote_reminder")
        templates.report_template_ids = False
        cls.salesperson.email = "seller@our.example"

    def _create_contact(self, **values):
        return self.env["billinator.contact"].create(
            {"name": "Bea Buyer", "customer_id": self.customer.id, **values}
        )

    def _send(self, quote, user=None):
        """Send the quote, and return its message and mails, as sudo."""
        quote.with_user(user or self.salesperson).action_send_by_email(queue=True)
        message = quote.message_ids.filtered("billinator_sends_quote").sudo()
        return message, self.env["mail.mail"].sudo().search(
            [("mail_message_id", "in", message.ids)]
        )

    def _create_own_quote(self, *lines, **values):
        return self._create_quote(*lines, user_id=self.salesperson.id, **values)

    # === To whom === #

    def test_goes_to_the_contact_or_the_customer(self):
        contact = self._create_contact(email="bea@ada.example")
        quote = self._create_own_quote(contact_id=contact.id)
        message, _mails = self._send(quote)
        self.assertEqual(message.partner_ids, contact.person_id)
        self.assertIn(contact.person_id, quote.message_partner_ids)
        self.assertEqual(message.author_id, self.salesperson.partner_id)
        contact.email = False
        message, _mails = self._send(self._create_own_quote(contact_id=contact.id))
        self.assertEqual(message.partner_ids, self.customer)

    def test_is_in_the_language_of_whom_it_is_for(self):
        self.env["res.lang"]._activate_lang("de_DE")
        contact = self._create_contact(email="bea@ada.example")
        contact.person_id.lang = "de_DE"
        for name in ("send", "reminder"):
            template = self.env.ref(f"billinator_crm.mail_template_quote_{name}")
            template.with_context(lang="de_DE").subject = "Angebot"
            for values, langs in (
                ({"contact_id": contact.id}, ["de_DE"]),
                ({}, [self.customer.lang]),
            ):
                quote = self._create_own_quote(**values)
                self.assertEqual(list(template._classify_per_lang(quote.ids)), langs)
        quote = self._create_own_quote(
            contact_id=contact.id, date_quote="2030-03-01", validity_date="2030-03-31"
        )
        content_hash = quote.content_hash
        self.assertEqual(self._send(quote)[0].subject, "Angebot")
        self.assertIn("31.03.2030", self._print(quote))
        # Without an address, it goes to the customer.
        contact.email = False
        self.assertIn("03/31/2030", self._print(quote))
        self.assertEqual(quote.content_hash, content_hash)

    def _print(self, quote):
        report = self.env["ir.actions.report"]
        name = "billinator_crm.report_quote"
        return report._render_qweb_html(name, quote.ids)[0].decode()

    def test_upgrade_leaves_languages_that_were_chosen(self):
        former = "{{ object.partner_id.lang }}"
        templates = [
            self.env.ref(f"billinator_crm.mail_template_quote_{name}")
            for name in ("send", "reminder")
        ]
        current = templates[0].lang
        self.assertNotEqual(current, former)
        templates[0].lang, templates[1].lang = former, "de_DE"
        path = "billinator_crm/migrations/19.0.1.8.0/post-mail-language.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.7.0")
        self.assertEqual(templates[0].lang, current)
        self.assertEqual(templates[1].lang, "de_DE")

    def test_who_left_the_customer_gets_nothing(self):
        contact = self._create_contact(email="bea@ada.example")
        quote = self._create_own_quote(contact_id=contact.id)
        self._send(quote)[1].unlink()
        contact.person_id.parent_id = self.env["res.partner"].create(
            {"name": "Rivals Ltd", "is_company": True}
        )
        messages, _mails = self._send(quote)
        self.assertEqual(messages[0].partner_ids, self.customer)
        self.assertNotIn(contact.person_id, quote.message_partner_ids)
        copy = quote.copy()
        self.assertNotEqual(copy.contact_id, contact)
        with self.assertRaisesRegex(ValidationError, "Bea Buyer is not a contact of"):
            copy.contact_id = contact

    def test_the_customer_before_gets_nothing(self):
        quote = self._create_own_quote()
        self._send(quote)[1].unlink()
        quote._portal_ensure_token()
        self.assertIn(self.customer, quote.message_partner_ids)
        quote.partner_id = other = self.env["res.partner"].create(
            {"name": "Rivals Ltd", "is_company": True, "email": "us@rivals.example"}
        )
        self.assertNotIn(self.customer, quote.message_partner_ids)
        self.assertFalse(quote.access_token)
        messages, _mails = self._send(quote)
        self.assertEqual(messages[0].partner_ids, other)

    def test_composer_is_filled_in(self):
        quote = self._create_own_quote()
        action = quote.with_user(self.salesperson).action_send()
        composer = (
            self.env[action["res_model"]]
            .with_user(self.salesperson)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(composer.partner_ids, self.customer)
        self.assertIn(quote.name, composer.subject)
        self.assertTrue(composer.billinator_sends_quote)
        composer.action_send_mail()
        self.assertTrue(quote.message_ids[0].billinator_sends_quote)
        self.assertEqual(quote.state, "draft")

    def test_several_are_sent_with_one_text(self):
        quotes = self._create_own_quote() + self._create_own_quote()
        action = quotes.action_send()
        composer = self.env[action["res_model"]].with_context(**action["context"])
        composer.create({}).action_send_mail()
        mails = self.env["mail.mail"].search([("res_id", "in", quotes.ids)])
        mails = mails.filtered("billinator_sends_quote")
        self.assertEqual(sorted(mails.mapped("res_id")), sorted(quotes.ids))
        for mail in mails:
            mail._postprocess_sent_message([self.customer], [])
        self.assertEqual(set(quotes.mapped("state")), {"sent"})

    def test_sent_later_is_sent_as_well(self):
        quote = self._create_own_quote()
        context = quote.action_send()["context"]
        composer = self.env["mail.compose.message"].with_context(**context)
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        composer = composer.create({"scheduled_date": str(tomorrow)})
        composer._action_schedule_message().post_message()
        self.assertTrue(quote.message_ids[0].billinator_sends_quote)

    def test_is_not_queued_twice(self):
        quotes = self._create_own_quote() + self._create_own_quote()
        _message, mails = self._send(quotes[1])
        with self.assertRaisesRegex(
            UserError, f"{quotes[1].name} is waiting to be sent"
        ):
            self._send(quotes)
        mails.state = "exception"
        _message, mails = self._send(quotes)
        self.assertEqual(len(mails), 3)

    def test_refuses_what_cannot_be_sent(self):
        empty = self._create_own_quote({"display_type": "line_note", "name": "Soon"})
        rejected = self._create_own_quote()
        rejected.action_reject()
        for quote in (empty, rejected):
            for method in (quote.action_send, quote.action_send_by_email):
                with self.assertRaises(UserError):
                    method()
        old = self._create_own_quote(
            date_quote="2026-01-01", validity_date="2026-01-31"
        )
        for method in (old.action_send, old.action_send_by_email):
            with self.assertRaisesRegex(UserError, "was valid until 01/31/2026"):
                method()
        self.customer.email = False
        with self.assertRaisesRegex(UserError, "Ada Industries has no email"):
            self._create_own_quote().action_send_by_email()

    # === When it counts as sent === #

    def test_is_sent_when_the_customers_mail_has_left(self):
        quote = self._create_own_quote()
        _message, mails = self._send(quote)
        self.assertEqual(quote.state, "draft")
        mails._postprocess_sent_message(
            success_pids=[], success_emails=[], failure_type="mail_smtp"
        )
        self.assertEqual(quote.state, "draft")
        mails._postprocess_sent_message([self.customer], [])
        self.assertEqual(quote.state, "sent")
        self.assertTrue(quote.date_sent)

    def test_a_mail_brings_what_was_changed(self):
        quote = self._create_own_quote()
        self._send(quote)[1]._postprocess_sent_message([self.customer], [])
        quote.line_ids[0].price_unit += 1
        self.assertTrue(quote.is_changed_since_sent)
        _messages, mails = self._send(quote)
        mails._postprocess_sent_message([], [], failure_type="mail_smtp")
        self.assertTrue(quote.is_changed_since_sent)
        mails._postprocess_sent_message([self.customer], [])
        self.assertFalse(quote.is_changed_since_sent)

    def _get_mails(self, quote):
        of_quote = [("model", "=", quote._name), ("res_id", "=", quote.id)]
        return self.env["mail.mail"].search(of_quote)

    def _assert_brought(self, quote, mails, is_changed):
        """Let mails leave, and see whether the quote has changed since they were."""
        mails._postprocess_sent_message([self.customer], [])
        self.assertEqual(quote.state, "sent")
        self.assertIs(quote.is_changed_since_sent, is_changed)

    def test_a_mail_that_waits_brings_what_its_pdf_says(self):
        quote = self._create_own_quote()
        price = quote.line_ids[0].price_unit
        _message, mails = self._send(quote)
        quote.line_ids[0].price_unit += 1
        self._assert_brought(quote, mails, True)
        quote.line_ids[0].price_unit = price
        self.assertFalse(quote.is_changed_since_sent)

    def test_a_mail_that_waits_brings_what_is_chosen_of_it(self):
        quote = self._create_own_quote()
        line = quote.line_ids[0]
        line.is_quantity_editable = True
        quote.action_mark_sent()
        _message, mails = self._send(quote)
        quote.sudo()._choose_line(line.id, quote.content_hash, quantity=9)
        self._assert_brought(quote, mails, False)

    def test_several_mails_that_wait_bring_what_their_pdfs_say(self):
        quotes = self._create_own_quote() + self._create_own_quote()
        action = quotes.action_send()
        composer = self.env[action["res_model"]].with_context(**action["context"])
        composer = composer.create({})
        quotes[0].line_ids[0].price_unit += 1
        composer.action_send_mail()
        quotes[1].line_ids[0].price_unit += 1
        for quote, is_changed in zip(quotes, (False, True), strict=True):
            self._assert_brought(quote, self._get_mails(quote), is_changed)

    def test_a_composer_brings_what_its_pdf_says(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        for is_later in (False, True):
            quote = self._create_own_quote()
            context = quote.action_send()["context"]
            form = Form(self.env["mail.compose.message"].with_context(**context))
            quote.line_ids[0].price_unit += 1
            composer = form.save()
            if is_later:
                composer.scheduled_date = str(tomorrow)
                composer._action_schedule_message().post_message()
            else:
                composer.action_send_mail()
            self._assert_brought(quote, self._get_mails(quote), True)

    def test_tells_what_became_of_the_mail(self):
        quote = self._create_own_quote().with_user(self.salesperson)
        context = quote.action_send()["context"]
        composer = self.env["mail.compose.message"].with_user(self.salesperson)
        action = composer.with_context(**context).create({}).action_send_mail()
        self.assertEqual(action["tag"], "billinator_crm.tell_departure")
        self.assertEqual(action["params"], {"quote_ids": quote.ids})

        def assert_told(kind, text):
            notice = quote.get_departure_notice()
            self.assertEqual(notice["type"], kind)
            self.assertIn(text, notice["message"])

        assert_told("info", "is waiting to be sent")
        mails = self.env["mail.mail"].search([("res_id", "=", quote.id)])
        mails._postprocess_sent_message(
            success_pids=[], success_emails=[], failure_type="mail_smtp"
        )
        mails.state = "exception"
        assert_told("danger", "stays as it was (Draft): Connection failed")
        # The failure of before does not count any more.
        _message, mails = self._send(quote)
        mails[:1]._postprocess_sent_message([self.customer], [])
        assert_told("success", f"Quote {quote.name} was sent.")

    def test_is_not_sent_by_a_mail_to_a_colleague(self):
        quote = self._create_own_quote()
        quote.message_subscribe(self.colleague.partner_id.ids)
        _message, mails = self._send(quote)
        for mail in mails:
            mail._postprocess_sent_message([self.colleague.partner_id], [])
        self.assertEqual(quote.state, "draft")

    def test_is_not_sent_by_another_mail(self):
        quote = self._create_own_quote()
        message = quote.with_user(self.salesperson).message_post(
            body="Hello", partner_ids=self.customer.ids, subtype_xmlid="mail.mt_comment"
        )
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.assertTrue(mails)
        mails._postprocess_sent_message([self.customer], [])
        self.assertEqual(quote.state, "draft")

    def test_a_mail_that_left_is_never_taken_for_a_failure(self):
        quote = self._create_own_quote()
        _message, mails = self._send(quote)
        quote.line_ids.unlink()
        mails._postprocess_sent_message([self.customer], [])
        self.assertEqual(quote.state, "draft")
        self.assertIn("The email was sent", quote.message_ids[0].body)
        self.assertFalse(quote.sent_hash)

    def test_accepted_quotes_stay_so(self):
        quote = self._create_own_quote()
        _message, mails = self._send(quote)
        quote.action_accept()
        mails._postprocess_sent_message([self.customer], [])
        self.assertEqual(quote.state, "accepted")

    # === Reminder === #

    def _create_sent_quote(self, **values):
        quote = self._create_own_quote(
            date_quote="2026-03-01", validity_date="2026-03-31", **values
        )
        with freeze_time("2026-03-02 12:00:00"):
            quote.action_mark_sent()
            quote.flush_recordset()
        return quote

    def _remind(self, quote, moment):
        """Run the cron, and return how many reminders of ``quote`` it queued."""
        before = quote.message_ids
        self.company.billinator_quote_reminder_days = 3
        with freeze_time(moment), self.enter_registry_test_mode():
            cron = self.env.ref("billinator_crm.ir_cron_remind_customers_of_quotes")
            cron.method_direct_trigger()
        return len((quote.message_ids - before).filtered("partner_ids"))

    def test_nobody_says_that_a_customer_was_reminded(self):
        quote = self._create_sent_quote().with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "cannot be set"):
            quote.reminded_for = quote.validity_date

    def test_reminds_once_a_validity_date(self):
        quote = self._create_sent_quote()
        self.assertEqual(self._remind(quote, "2026-03-27 12:00:00"), 0)
        self.assertEqual(self._remind(quote, "2026-03-28 12:00:00"), 1)
        self.assertEqual(self._remind(quote, "2026-03-28 13:00:00"), 0)
        self.assertEqual(self._remind(quote, "2026-03-29 12:00:00"), 0)
        quote.validity_date = "2026-04-30"
        self.assertEqual(self._remind(quote, "2026-03-30 12:00:00"), 0)
        self.assertEqual(self._remind(quote, "2026-04-28 12:00:00"), 1)
        self.assertEqual(quote.state, "sent")

    def test_reminds_by_the_companys_day(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        quote = self._create_sent_quote()
        # The 28th has begun in Auckland.
        self.assertEqual(self._remind(quote, "2026-03-27 12:30:00"), 1)

    def test_reminds_nobody_without_need(self):
        off = self._create_sent_quote(is_reminder_off=True)
        accepted = self._create_sent_quote()
        accepted.action_accept()
        late = self._create_sent_quote()
        late.action_reset_to_draft()
        with freeze_time("2026-03-29 08:00:00"):
            late.action_mark_sent()
            late.flush_recordset()
        unreachable = self._create_sent_quote(
            partner_id=self.env["res.partner"].create({"name": "No Mail"}).id
        )
        reached = self._create_sent_quote()
        quotes = off + accepted + late + unreachable
        for quote in quotes:
            self.assertEqual(self._remind(quote, "2026-03-30 12:00:00"), 0, quote)
        self.assertEqual(reached.reminded_for, fields.Date.to_date("2026-03-31"))
        self.assertFalse(unreachable.reminded_for)

    def test_a_reminder_brings_what_was_changed(self):
        template = self.env.ref("billinator_crm.mail_template_quote_reminder")
        report = self.env.ref("billinator_crm.billinator_quote_report")
        for reports, is_changed in ((report.browse(), True), (report, False)):
            template.report_template_ids = reports
            quote = self._create_sent_quote()
            quote.line_ids[0].price_unit += 1
            self.assertEqual(self._remind(quote, "2026-03-28 12:00:00"), 1)
            self.assertTrue(quote.is_changed_since_sent)
            self._assert_brought(quote, self._get_mails(quote), is_changed)
        drafted = self._create_sent_quote()
        self.assertEqual(self._remind(drafted, "2026-03-28 12:00:00"), 1)
        drafted.action_reset_to_draft()
        self._get_mails(drafted)._postprocess_sent_message([self.customer], [])
        self.assertEqual(drafted.state, "draft")

    def test_reminders_are_off_by_default(self):
        quote = self._create_sent_quote()
        with freeze_time("2026-03-30 12:00:00"):
            self.assertNotIn(quote, self.env["billinator.quote"]._get_due_reminders())
