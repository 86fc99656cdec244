import base64
import io
from datetime import timedelta
from runpy import run_path
from unittest.mock import patch

from PIL import Image
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.http import Request
from odoo.tests import HttpCase, JsonRpcException, freeze_time, new_test_user, tagged
from odoo.tools import file_path, html2plaintext, mute_logger

from odoo.addons.base.models.res_lang import LangDataDict

from ..models.billinator_quote_portal import CUSTOMER_FIELDS
from .common import BillinatorCommon


def draw_signature(kind="PNG"):
    image = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(image, kind)
    return base64.b64encode(image.getvalue()).decode()


SIGNATURE = draw_signature()
ACTIONS = ("view", "choose", "accept", "decline")


class PortalCase(BillinatorCommon):
    """Two customers with an account, and a quote that was sent to the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer = cls.env["res.partner"].create(
            {"name": "Babbage & Co.", "is_company": True}
        )
        cls.buyer = cls._create_portal_user("buyer", cls.customer)
        cls.rival = cls._create_portal_user("rival", cls.other_customer)
        cls.quote = cls._create_sent_quote()
        cls.fixed, cls.free, cls.option = cls.quote.line_ids

    @classmethod
    def _create_portal_user(cls, name, customer):
        user = new_test_user(
            cls.env, f"billinator_{name}", "base.group_portal", name=name.title()
        )
        user.partner_id.parent_id = customer
        return user

    @classmethod
    def _create_sent_quote(cls, **values):
        quote = cls._create_quote(
            {"product_id": cls.product_a.id, "quantity": 1},
            {
                "product_id": cls.product_a.id,
                "quantity": 2,
                "is_quantity_editable": True,
            },
            {"product_id": cls.product_b.id, "is_optional": True},
            **{"user_id": cls.salesperson.id, **values},
        )
        quote._portal_ensure_token()
        quote.action_mark_sent()
        return quote

    def _sign(
        self, quote, content_hash=None, signature=SIGNATURE, name="Ada", partner=None
    ):
        return quote.sudo()._sign(
            name,
            signature,
            content_hash or quote.content_hash,
            "192.0.2.7",
            partner or quote.partner_id,
        )

    def _get_answer(self, quote):
        """Return what the customer has said, and not the mail that confirms it."""
        return quote.message_ids.filtered(lambda m: m.message_type == "email")


@tagged("post_install", "-at_install")
class TestSignature(PortalCase):
    def test_signing_keeps_the_proof(self):
        content_hash = self.quote.content_hash
        self.assertTrue(self._sign(self.quote, name="  Ada   Lovelace "))
        self.assertRecordValues(
            self.quote,
            [
                {
                    "state": "accepted",
                    "signed_by": "Ada Lovelace",
                    "signed_hash": content_hash,
                    "signed_ip": "192.0.2.7",
                }
            ],
        )
        self.assertEqual(self.quote.content_hash, content_hash)
        self.assertTrue(self.quote.signed_on and self.quote.signature)
        self.env.flush_all()
        message = self._get_answer(self.quote)
        self.assertEqual(message.author_id, self.customer)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)
        self.assertEqual(message.attachment_ids.res_id, self.quote.id)

    def test_signing_twice_is_signing_once(self):
        content_hash = self.quote.content_hash
        self._sign(self.quote)
        signed_on = self.quote.signed_on
        messages = self.quote.message_ids
        self.assertFalse(self._sign(self.quote, content_hash, name="Eve"))
        self.assertEqual(self.quote.signed_on, signed_on)
        self.assertEqual(self.quote.signed_by, "Ada")
        self.assertEqual(self.quote.message_ids, messages)

    def _plan(self, quote, **values):
        return self.env["billinator.quote.installment"].create(
            {"quote_id": quote.id, **values}
        )

    def test_down_payments_are_signed_as_they_were_read(self):
        stale = self.quote.content_hash
        planned = self._plan(self.quote, percentage=30, name="Now")
        with self.assertRaisesRegex(UserError, "has changed"):
            self._sign(self.quote, stale)
        content_hash = self.quote.content_hash
        signed = self.quote._get_offered_down_payments()
        self._sign(self.quote)
        planned.percentage = 40
        self._plan(self.quote, fixed_amount=1)
        self.quote.invalidate_recordset()
        self.assertEqual(self.quote.content_hash, content_hash)
        self.assertEqual(self.quote._get_offered_down_payments(), signed)

    def test_down_payments_that_were_not_told_are_not_signed(self):
        """What was signed before the quote told of them stays signed."""
        content_hash = self.quote.content_hash
        self._sign(self.quote)
        self._plan(self.quote, percentage=30)
        self.assertEqual(self.quote.content_hash, content_hash)
        self.assertFalse(self.quote._get_offered_down_payments())

    def test_whoever_renames_a_down_payment_meets_who_signs(self):
        planned = self._plan(self.quote, percentage=30)
        with patch.object(type(self.quote), "_touch_content", autospec=True) as touch:
            planned.name = "Now"
        touch.assert_called_once_with(self.quote)

    def test_whoever_deletes_a_line_meets_who_signs(self):
        with patch.object(type(self.quote), "_touch_content", autospec=True) as touch:
            self.quote.line_ids[-1:].unlink()
        touch.assert_called_with(self.quote)

    def test_the_signed_pdf_has_a_name_of_its_own(self):
        name = self.quote._get_report_base_filename()
        self._sign(self.quote)
        self.assertEqual(self.quote._get_report_base_filename(), f"{name} (signed)")

    def test_a_merge_of_customers_keeps_the_signature(self):
        self._sign(self.quote)
        changed, unsigned = self._create_sent_quote(), self._create_sent_quote()
        self._sign(changed)
        self.env.flush_all()
        before = self.quote.signed_hash
        self.env.cr.execute(
            "UPDATE billinator_quote SET note = 'Other terms' WHERE id = %s",
            [changed.id],
        )
        changed.invalidate_recordset()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer + self.other_customer).ids, self.other_customer
        )
        self.assertEqual(self.quote.partner_id, self.other_customer)
        self.assertNotEqual(self.quote.content_hash, before)
        self.assertEqual(self.quote.signed_hash, self.quote.content_hash)
        self.assertIn(before, self.quote.message_ids[0].body)
        # A merge makes no signature right that was wrong before.
        self.assertNotEqual(changed.signed_hash, changed.content_hash)
        # Nor does it change what customers have.
        self.assertEqual(unsigned.sent_hash, unsigned.content_hash)
        self.assertFalse(unsigned.is_changed_since_sent)

    def test_a_merge_of_delivery_addresses_keeps_the_signature(self):
        here, there = self.env["res.partner"].create(
            [
                {"name": name, "type": "delivery", "parent_id": self.customer.id}
                for name in ("Here", "There")
            ]
        )
        quote = self._create_sent_quote(partner_shipping_id=here.id)
        self._sign(quote)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (here + there).ids, there
        )
        self.assertEqual(quote.partner_shipping_id, there)
        self.assertEqual(quote.signed_hash, quote.content_hash)

    def test_only_what_the_page_shows_is_signed(self):
        for change in (
            {"line_ids": [Command.update(self.fixed.id, {"name": "Other words"})]},
            {"line_ids": [Command.update(self.fixed.id, {"price_unit": 1})]},
            {"validity_date": self.quote.validity_date + timedelta(days=1)},
            {"note": "<p>Other terms</p>"},
        ):
            content_hash = self.quote.content_hash
            self.quote.write(change)
            with self.assertRaisesRegex(UserError, "has changed"):
                self._sign(self.quote, content_hash)
            self.assertEqual(self.quote.state, "sent")
            self.assertFalse(self.quote.signed_on)

    def test_closed_quotes_are_not_signed(self):
        self.quote.company_id.partner_id.tz = "Pacific/Auckland"
        past = self.quote.validity_date + timedelta(days=1)
        # Half past twelve in London is the next day in New Zealand, in winter too.
        with (
            freeze_time(f"{self.quote.validity_date} 12:30:00"),
            self.assertRaisesRegex(UserError, "expired"),
        ):
            self._sign(self.quote)
        with freeze_time(f"{past - timedelta(days=1)} 10:00:00"):
            self.assertIsNone(self.quote._get_obstacle())
        for state in ("draft", "rejected", "expired", "accepted"):
            quote = self._create_sent_quote()
            quote.write({"state": state})
            with self.assertRaises(UserError):
                self._sign(quote)
            with self.assertRaises(UserError):
                quote.sudo()._choose_line(
                    quote.line_ids[1].id, quote.content_hash, quantity=3
                )
            self.assertFalse(quote.signed_on)

    def test_superseded_versions_are_not_signed(self):
        content_hash = self.quote.content_hash
        self.quote.action_revise()
        for act in (
            lambda: self._sign(self.quote, content_hash),
            lambda: self.quote.sudo()._decline("No", self.customer),
            lambda: self.quote.sudo()._choose_line(
                self.free.id, content_hash, quantity=9
            ),
        ):
            with self.assertRaisesRegex(UserError, "newer version"):
                act()
        self.assertEqual((self.quote.state, self.free.quantity), ("sent", 2))

    def test_signed_quotes_are_revised(self):
        self._sign(self.quote)
        self.quote.action_revise()
        revision = self.quote.next_version_id
        self.assertEqual(revision.state, "draft")
        self.assertFalse(revision.signed_on or revision.signature)
        self.assertEqual((self.quote.state, self.quote.signed_by), ("accepted", "Ada"))

    def test_signatures_are_images(self):
        svg = base64.b64encode(b"  <svg xmlns='http://www.w3.org/2000/svg'/>").decode()
        for signature in ("", "###", svg, base64.b64encode(b"GIF").decode()):
            with self.assertRaises(UserError):
                self._sign(self.quote, signature=signature)
        for name in ("", "  ", "x" * 200):
            with self.assertRaises(UserError):
                self._sign(self.quote, name=name)
        self._sign(self.quote, signature=draw_signature("JPEG"))
        self.assertTrue(base64.b64decode(self.quote.signature).startswith(b"\x89PNG"))

    def test_signed_quotes_stay_signed(self):
        self._sign(self.quote)
        with self.assertRaisesRegex(UserError, "new version"):
            self.quote.action_reset_to_draft()
        for change in ({"note": "x"}, {"line_ids": [Command.clear()]}):
            with (
                self.assertRaisesRegex(ValidationError, "new version"),
                self.env.cr.savepoint(),
            ):
                self.quote.write(change)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "UPDATE billinator_quote SET state = 'draft' WHERE id = %s",
                [self.quote.id],
            )

    def test_nobody_writes_what_customers_do(self):
        quote = self.quote.with_user(self.manager)
        for values in (
            {"signed_by": "Me"},
            {"signature": SIGNATURE},
            {"signed_on": fields.Datetime.now()},
            {"view_count": 9},
        ):
            with self.assertRaisesRegex(UserError, "kept by its actions"):
                quote.write(values)
            with self.assertRaisesRegex(UserError, "kept by its actions"):
                quote.create({"partner_id": self.customer.id, **values})
        self._sign(self.quote)
        self.assertFalse(self.quote.copy().signed_on)

    def test_line_changes_meet_signatures(self):
        """Both write the quote's row, so that PostgreSQL lets only one of them."""
        for change in (
            lambda: self.fixed.write({"name": "Other words"}),
            lambda: self.option.unlink(),
        ):
            self.env.cr.execute("UPDATE billinator_quote SET write_date = '2020-01-01'")
            self.quote.invalidate_recordset()
            change()
            self.env.flush_all()
            self.quote.invalidate_recordset()
            self.assertGreater(self.quote.write_date.year, 2020)

    def test_choices_are_bounded(self):
        def choose(line, **choice):
            self.quote.sudo()._choose_line(line.id, self.quote.content_hash, **choice)

        total = self.quote.amount_total
        choose(self.option, is_selected=True)
        choose(self.free, quantity=3.004)
        self.assertEqual(self.free.quantity, 3)
        self.assertGreater(self.quote.amount_total, total)
        for line, choice in (
            (self.fixed, {"quantity": 2}),
            (self.fixed, {"is_selected": False}),
            (self.option, {"quantity": 2}),
            (self.free, {"quantity": 0}),
            (self.free, {"quantity": -1}),
            (self.free, {"quantity": 0.001}),
            (self.free, {"quantity": 1e9}),
            (self.free, {"quantity": float("nan")}),
            (self.free, {"quantity": float("inf")}),
            (self._create_sent_quote().line_ids[1], {"quantity": 2}),
        ):
            with self.subTest(choice=choice), self.assertRaises(UserError):
                choose(line, **choice)
        with self.assertRaisesRegex(UserError, "has changed"):
            self.quote.sudo()._choose_line(self.free.id, "stale", quantity=9)
        self.assertEqual(self.free.quantity, 3)

    def test_choices_reach_the_next_price_also_after_a_rise(self):
        self.quote.action_reset_to_draft()
        product = self.env["product.product"].create(
            {"name": "Tiered", "list_price": 100}
        )
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Tiers",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "fixed",
                            "fixed_price": 80,
                            "min_quantity": 10,
                        }
                    )
                ],
            }
        )
        quote = self._create_quote(
            {"product_id": product.id, "quantity": 1, "is_quantity_editable": True},
            pricelist_id=pricelist.id,
        )
        quote.action_mark_sent()
        product.list_price = 110
        for quantity, price in ((2, 100), (10, 80)):
            quote.sudo()._choose_line(
                quote.line_ids.id, quote.content_hash, quantity=quantity
            )
            self.assertEqual(quote.line_ids.price_unit, price)

    def test_declining_needs_a_reason(self):
        with self.assertRaises(UserError):
            self.quote.sudo()._decline("  ", self.customer)
        self.quote.sudo()._decline("Too dear", self.customer)
        self.assertEqual(self.quote.state, "rejected")
        self.assertEqual(self.quote.reject_reason, "Too dear")
        self.assertFalse(self.quote.sudo()._decline("Again", self.customer))
        self.env.flush_all()
        message = self.quote.message_ids.filtered(lambda m: "Too dear" in m.body)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)

    def test_answers_are_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        declined = self.quote.sudo()
        declined._decline("Zu teuer", self.customer)
        self.assertIn("Angebot abgelehnt: Zu teuer", declined.message_ids[0].body)
        signed = self._create_sent_quote().sudo()
        self._sign(signed)
        message = self._get_answer(signed)
        self.assertIn("unterzeichnet von Ada", message.body)

    def test_salespeople_are_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.salesperson.write({"lang": "de_DE", "email": "seller@our.example"})
        for state, label in (("rejected", "Abgelehnt"), ("accepted", "Angenommen")):
            name = f"billinator_crm.selection__billinator_quote__state__{state}"
            self.env.ref(name).with_context(lang="de_DE").name = label
        quotes = self.quote.sudo() + self._create_sent_quote().sudo()
        quotes[0]._decline("Too dear", self.customer)
        self._sign(quotes[1])
        for quote, words in zip(
            quotes,
            (("Abgelehnt", "Too dear"), ("Angenommen", "signed by Ada")),
            strict=True,
        ):
            [mail] = self._get_mails_to_salesperson(quote)
            for word in words:
                self.assertIn(word, mail.body_html)

    def test_subjects_say_what_happened(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        self.salesperson.email = "seller@our.example"
        quotes = self.quote.sudo() + self._create_sent_quote().sudo()
        quotes[0]._decline("Zu teuer", self.customer)
        self._sign(quotes[1])
        for quote, words in zip(quotes, ("declined by", "accepted by"), strict=True):
            [mail] = self._get_mails_to_salesperson(quote)
            self.assertEqual(mail.subject, f"{quote.name} {words} {self.customer.name}")

    def test_salespeople_hear_of_customers_without_an_address(self):
        self.salesperson.email = "seller@our.example"
        self.customer.email = False
        self.company.billinator_confirmation_template_id = False
        self.company.email = "office@our.example"
        for company_email, sender in (
            ("office@our.example", self.company.email_formatted),
            (False, self.env.ref("base.partner_root").email_formatted),
        ):
            self.company.email = company_email
            self.env.invalidate_all()
            quotes = self.quote.sudo() + self._create_sent_quote().sudo()
            quotes[0]._decline("Too dear", self.customer)
            self._sign(quotes[1])
            for quote in quotes:
                [mail] = self._get_mails_to_salesperson(quote)
                self.assertEqual(mail.email_from, sender)
                self.assertEqual(mail.author_id, self.customer)
            self.quote = self._create_sent_quote()

    def _get_mails_to_salesperson(self, quote):
        domain = [("model", "=", quote._name), ("res_id", "=", quote.id)]
        mails = self.env["mail.mail"].sudo().search(domain)
        return mails.filtered(
            lambda mail: mail.recipient_ids == self.salesperson.partner_id
        )

    def test_earlier_answers_stay(self):
        """Those that were comments; the tests' transaction is that of all messages."""
        quotes = self.quote.sudo() + self._create_sent_quote().sudo()
        quotes = quotes.with_context(tracking_disable=False, mail_notrack=False)
        question = quotes[0].message_post(
            body="Why?", author_id=self.customer.id, message_type="comment"
        )
        reply = quotes[0].message_post(
            body="Because", author_id=self.salesperson.partner_id.id
        )
        # Changes are logged at the end of a transaction.
        self.env.cr.flush()
        quotes[0]._decline("Too dear", self.customer)
        self._sign(quotes[1])
        self.env.cr.flush()
        declined = quotes[0].message_ids.filtered(lambda m: "Too dear" in m.body)
        signed = self._get_answer(quotes[1])
        (declined + signed + reply).message_type = "comment"
        quotes.signed_pdf_id = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_message SET create_date = create_date - interval '1 hour'"
            " WHERE id = %s",
            [question.id],
        )
        path = "billinator_crm/migrations/19.0.1.8.0/post-answers.py"
        run_path(file_path(path))["migrate"](self.cr, "19.0.1.7.0")
        self.env.invalidate_all()
        for message, kind in (
            (declined, "email"),
            (signed, "email"),
            (question, "comment"),
            (reply, "comment"),
        ):
            self.assertEqual(message.message_type, kind)
        self.assertFalse(quotes[0].signed_pdf_id)
        self.assertEqual(quotes[1].signed_pdf_id, signed.attachment_ids)

    def test_visits_count_once_a_person_and_day(self):
        quote = self.quote.sudo()
        with freeze_time("2026-03-02 10:00:00"):
            self.assertTrue(quote._log_view("ada", self.customer))
            self.assertFalse(quote._log_view("ada", self.customer))
            self.assertTrue(quote._log_view("eve", self.customer))
        with freeze_time("2026-03-03 10:00:00"):
            self.assertTrue(quote._log_view("ada", self.customer))
        self.assertEqual(quote.view_count, 3)
        self.assertEqual(quote.last_viewed_on.day, 3)
        note = quote.message_ids[0]
        self.assertIn("has viewed the quote", note.body)
        self.assertTrue(note.subtype_id.internal)

    def test_rows_show_sections_with_their_sums(self):
        quote = self._create_quote(
            {"display_type": "line_section", "name": "Empty"},
            {"display_type": "line_section", "name": "Full"},
            {"display_type": "line_subsection", "name": "Inner"},
            {"product_id": self.product_a.id, "price_unit": 100, "tax_ids": False},
            {"product_id": self.product_b.id, "is_optional": True, "price_unit": 9},
            {"display_type": "line_section", "name": "B", "collapse_composition": True},
            {"product_id": self.product_a.id, "price_unit": 50, "tax_ids": False},
            {"display_type": "line_section", "name": "C", "collapse_prices": True},
            {"product_id": self.product_a.id, "price_unit": 30, "tax_ids": False},
        )
        rows = quote._get_portal_rows()
        self.assertEqual(
            [(row["kind"], row["indent"], row["amount"]) for row in rows],
            [
                ("section", 0, 100),
                ("subsection", 1, 100),
                ("product", 2, 100),
                ("bundle", 0, 50),
                ("section", 0, 30),
                ("product", 1, 30),
            ],
        )
        self.assertFalse(rows[-1]["has_price"])
        self.assertEqual(len(quote._get_portal_options()), 1)
        shown = quote.line_ids[3] | quote.line_ids[5] | quote.line_ids[8]
        self.assertEqual(quote._get_portal_lines(), shown | quote.line_ids[4])

    def test_notes_on_options_alone_are_among_these(self):
        product = {"product_id": self.product_a.id}
        option = {**product, "is_optional": True}
        section = {"display_type": "line_section"}
        quote = self._create_quote(
            {"display_type": "line_note", "name": "Before all"},
            {**section, "name": "Fixed"},
            {**product, "name": "A must"},
            {**option, "name": "Extra"},
            {"display_type": "line_note", "name": "On both"},
            {"display_type": "line_subsection", "name": "Wishes"},
            {"display_type": "line_note", "name": "On wishes"},
            {**option, "name": "A wish"},
            {**section, "name": "Options"},
            {**option, "name": "A dream"},
            {"display_type": "line_note", "name": "On dreams"},
            {**section, "name": "Remarks"},
            {"display_type": "line_note", "name": "On nothing"},
        )
        fixed = ["Before all", "Fixed", "A must", "On both", "Remarks", "On nothing"]
        options = ["Extra", "On wishes", "A wish", "A dream", "On dreams"]
        for rows, names in (
            (quote._get_portal_rows(), fixed),
            (quote._get_portal_options(), options),
            (quote._get_document_rows(), fixed),
        ):
            self.assertEqual([row["line"].name for row in rows], names)
        self.assertEqual(
            [row["line"].name for row in quote._get_option_rows()],
            ["Fixed", *options[:3], "Options", *options[3:]],
        )
        invoice = quote._prepare_invoice_values()
        self.assertEqual(
            [values["name"] for _command, _id, values in invoice["invoice_line_ids"]],
            fixed,
        )

    def test_notes_on_sections_with_subsections(self):
        """A section has options alone if its subsections have, too."""
        product = {"product_id": self.product_a.id}
        option = {**product, "is_optional": True}
        section = {"display_type": "line_section"}
        subsection = {"display_type": "line_subsection"}
        note = {"display_type": "line_note"}
        quote = self._create_quote(
            {**section, "name": "Work"},
            {**note, "name": "On all work"},
            {**option, "name": "Weekend"},
            {**subsection, "name": "Phase"},
            {**product, "name": "A must"},
            {**section, "name": "Options"},
            {**note, "name": "On options"},
            {**subsection, "name": "Hardware"},
            {**option, "name": "A wish"},
        )
        self.assertEqual(
            [row["line"].name for row in quote._get_document_rows()],
            ["Work", "On all work", "Phase", "A must"],
        )
        self.assertEqual(
            [row["line"].name for row in quote._get_option_rows()],
            ["Work", "Weekend", "Options", "On options", "A wish"],
        )


@tagged("post_install", "-at_install")
class TestPortalRights(PortalCase):
    def test_customers_find_what_they_were_sent(self):
        draft = self._create_quote()
        foreign = self._create_sent_quote(partner_id=self.other_customer.id)
        Quote = self.env["billinator.quote"].with_user(self.buyer)
        found = Quote.search([("id", "in", (draft | foreign | self.quote).ids)])
        self.assertEqual(found, self.quote)
        for state in ("rejected", "expired", "accepted"):
            self.quote.write({"state": "draft"})
            self.assertFalse(found.has_access("read"))
            self.quote.write({"state": "sent"})
            self.quote.write({"state": state})
            self.assertTrue(found.has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(found.has_access(operation))
        for model in ("billinator.quote.line", "billinator.opportunity"):
            self.assertFalse(self.env[model].with_user(self.buyer).has_access("read"))

    def test_what_was_never_sent_stays_in_the_house(self):
        unsent = self._create_quote({"product_id": self.product_a.id})
        unsent.action_reject("We cannot deliver")
        self.assertFalse(unsent.with_user(self.buyer).has_access("read"))
        self.assertFalse(unsent._is_for_customer())
        second = unsent.browse(unsent.action_revise()["res_id"])
        second.action_mark_sent()
        self.assertEqual(second._get_portal_changes(), [])

    def test_customers_read_no_more_than_they_need(self):
        quote = self.quote.with_user(self.buyer)
        self.assertEqual(quote.read(["name", "state"])[0]["state"], "sent")
        for name in quote._fields:
            with self.subTest(field=name):
                if name in CUSTOMER_FIELDS:
                    quote.read([name])
                    continue
                with self.assertRaises(AccessError), mute_logger("odoo.orm.models"):
                    quote.read([name])
        for domain in ([("opportunity_id.name", "ilike", "a")], [("note", "=", "a")]):
            with self.assertRaises(AccessError):
                quote.search(domain)
        with self.assertRaises(AccessError):
            quote.search([], order="view_count")
        self.assertLessEqual(set(quote.fields_get()), CUSTOMER_FIELDS)

    def test_drafts_warn_who_shares_them(self):
        self.assertFalse(self.quote.access_warning)
        self.assertIn("sent", self._create_quote().access_warning)


@tagged("post_install", "-at_install")
class TestPortalPages(PortalCase, HttpCase):
    def _get(self, path, **params):
        return self.url_open(path, params=params, allow_redirects=False)

    def _post(self, quote, action, **data):
        data = {
            "access_token": quote.access_token,
            "content_hash": quote.content_hash,
            "csrf_token": Request.csrf_token(self),
            **data,
        }
        data = {name: value for name, value in data.items() if value is not None}
        response = self.opener.post(
            f"{self.base_url()}/my/crm-quotes/{quote.id}/{action}", data=data
        )
        quote.invalidate_recordset()
        return response

    def _log_in(self, user=None):
        login = user and user.login
        self.authenticate(login, login)

    def _get_status(self, quote, **params):
        return self._get(f"/my/crm-quotes/{quote.id}", **params).status_code

    def test_token_opens_its_quote_only(self):
        token = self.quote.access_token
        other = self._create_sent_quote(partner_id=self.other_customer.id)
        draft = self._create_quote()
        draft._portal_ensure_token()
        self._log_in()
        self.assertEqual(self._get_status(self.quote, access_token=token), 200)
        for quote, params in (
            (self.quote, {"access_token": "wrong"}),
            (self.quote, {"access_token": other.access_token}),
            (other, {"access_token": token}),
            (draft, {"access_token": draft.access_token}),
        ):
            self.assertEqual(self._get_status(quote, **params), 404)
        response = self._get(f"/my/crm-quotes/{self.quote.id}")
        self.assertIn("/web/login", response.headers["Location"])
        for user, status in (
            (self.buyer, 200),
            (self.rival, 404),
            (self.colleague, 404),
            (self.stranger, 404),
            (self.salesperson, 200),
        ):
            self._log_in(user)
            self.assertEqual(self._get_status(self.quote), status, user.login)
        self.assertEqual(self._get_status(draft), 404)

    def test_says_where_bills_and_goods_go(self):
        addresses = self.env["res.partner"].create(
            [
                {
                    "name": f"Ada's {kind}",
                    "street": f"Street of {kind}",
                    "type": kind,
                    "parent_id": self.customer.id,
                }
                for kind in ("invoice", "delivery")
            ]
        )
        elsewhere = self._create_sent_quote()
        self._log_in(self.buyer)
        for quote, shown in ((elsewhere, True), (self.quote, False)):
            page = self._get(f"/my/crm-quotes/{quote.id}").text
            for address in addresses:
                self.assertEqual(address.street in page, shown)

    def _get_texts(self, quote):
        """Return the page's words, and those of the PDF, each in one line."""
        document, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "billinator_crm.billinator_quote_report", quote.ids
        )
        page = self._get(
            f"/my/crm-quotes/{quote.id}", access_token=quote.access_token
        ).text
        return [
            " ".join(html2plaintext(html).split()) for html in (page, document.decode())
        ]

    def test_down_payments_are_told_before_the_signature(self):
        Installment = self.env["billinator.quote.installment"]
        planned = Installment.create(
            [
                {"quote_id": self.quote.id, "percentage": 30},
                {"quote_id": self.quote.id, "fixed_amount": 5, "name": "At the end"},
            ]
        )
        self._log_in()
        for text in self._get_texts(self.quote):
            _before, heading, plan = text.partition("Parts of the total")
            self.assertTrue(heading)
            self.assertIn("30 %", plan.replace("\xa0", " "))
            self.assertIn("At the end", plan)
            for amount in planned.mapped("amount"):
                self.assertIn(f"{amount:,.2f}", plan)
        amounts = self.quote._get_portal_amounts()
        self.assertEqual(
            amounts["down-payment-0"], self.quote._format_amount(planned[0].amount)
        )
        planned.unlink()
        for text in self._get_texts(self.quote):
            self.assertNotIn("Parts of the total", text)

    def test_unit_prices_have_all_their_decimals(self):
        self.fixed.write({"price_unit": 0.004, "quantity": 100_000, "discount": 7.5})
        self.free.write({"price_unit": 3.333, "discount": 0})
        self.option.write({"price_unit": 19.99, "discount": 10, "quantity": 1})
        amounts = self.quote._get_portal_amounts()
        digits = {place: text.strip("$\xa0") for place, text in amounts.items()}
        for line, full, discounted in (
            (self.fixed, "0.004", "0.0037"),
            (self.free, "3.333", "3.333"),
            (self.option, "19.99", "17.99"),
        ):
            self.assertEqual(digits[f"list-price-{line.id}"], full)
            self.assertEqual(digits[f"price-{line.id}"], discounted)
        self._log_in()
        page, document = self._get_texts(self.quote)
        for price in ("0.004", "0.0037", "3.333", "19.99", "17.99"):
            self.assertIn(price, page)
        for price in ("0.004", "3.333"):
            self.assertIn(price, document)

    def test_discounts_on_the_whole_have_no_unit_price(self):
        self.quote.line_ids = [Command.delete(self.option.id)]
        self.free.write({"price_unit": 3.333, "quantity": 1})
        self.quote.action_apply_discount(percentage=7.7)
        line = self.quote.line_ids.filtered("is_global_discount")
        self.assertTrue(line)
        self._log_in()
        page, document = self._get_texts(self.quote)
        number = f"{abs(line.price_unit):,.6f}".rstrip("0")
        self.assertNotIn(number, document)
        amount = f"{abs(line.price_total):,.2f}"
        self.assertEqual(page.count(amount), 1)

    def test_names_units_that_say_something(self):
        hours, pieces = self.env.ref("uom.product_uom_hour"), "uom.product_uom_unit"
        line = self.quote.line_ids[0]
        self.assertEqual(line.product_uom_id, self.env.ref(pieces))
        self.assertFalse(line._has_telling_unit())
        self.assertTrue(line.new({"product_uom_id": hours.id})._has_telling_unit())

    def test_signing_is_told_in_the_companys_time(self):
        """Whoever reads it, and whoever signs: the page of a link has no time zone."""
        with freeze_time("2026-03-01 20:30:00"):
            self._sign(self.quote)
        self._log_in()
        for place in (self.quote.user_id, self.quote.company_id.partner_id):
            # Where the company says nothing, the salesperson's.
            self.quote.company_id.partner_id.tz = False
            self.quote.user_id.tz = "Europe/Berlin"
            place.tz = "Asia/Tokyo"
            document, _kind = self.env["ir.actions.report"]._render_qweb_html(
                "billinator_crm.billinator_quote_report", self.quote.ids
            )
            page = self._get(
                f"/my/crm-quotes/{self.quote.id}", access_token=self.quote.access_token
            ).text
            for text in (document.decode(), page):
                self.assertIn("03/02/2026 05:30:00 AM", " ".join(text.split()))
                self.assertNotIn("03/01/2026", text)

    def test_scripts_speak_the_visitors_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self._log_in()
        answer = self._get("/website/translations", lang="de_DE").json()
        self.assertIn("billinator_crm", answer["modules"])
        terms = answer["modules"]["billinator_crm"]["messages"]
        self.assertIn("Annehmen und unterzeichnen", [term["string"] for term in terms])

    def test_a_new_version_tells_what_is_new(self):
        self.quote.action_revise()
        revision = self.quote.next_version_id
        revision.line_ids.filtered("is_quantity_editable").quantity = 77
        revision.action_mark_sent()
        self._log_in(self.buyer)
        page = self._get(f"/my/crm-quotes/{revision.id}").text
        self.assertIn(f"What is new since {self.quote.name}", page)
        self.assertIn("→ 77", page)
        page = self._get(f"/my/crm-quotes/{self.quote.id}").text
        self.assertIn(f"Go to {revision.name}", page)

    def test_getting_a_page_changes_nothing(self):
        before = self.quote.read(["state", "view_count", "write_date", "message_ids"])
        self._log_in()
        for action in ("", *(f"/{action}" for action in ACTIONS)):
            path = f"/my/crm-quotes/{self.quote.id}{action}"
            response = self._get(path, access_token=self.quote.access_token)
            self.assertEqual(response.status_code, 405 if action else 200)
        self.quote.invalidate_recordset()
        self.assertEqual(
            self.quote.read(["state", "view_count", "write_date", "message_ids"]),
            before,
        )

    def test_customer_chooses_and_accepts(self):
        self._log_in()
        stale = self.quote.content_hash
        answer = self._post(
            self.quote, "choose", line_id=self.option.id, is_selected="true"
        ).json()
        self.assertTrue(self.option.is_selected)
        self.assertEqual(answer["content_hash"], self.quote.content_hash)
        self.assertEqual(
            answer["amounts"]["total"],
            self.quote._format_amount(self.quote.amount_total),
        )
        self.assertIn("oe_currency_value", answer["tax_totals"])
        signed = {"name": "Ada", "signature": SIGNATURE}
        response = self._post(self.quote, "accept", content_hash=stale, **signed)
        self.assertEqual(response.status_code, 409)
        self.assertIn("has changed", response.json()["error"])
        self.assertEqual(self.quote.state, "sent")
        first = self._post(self.quote, "accept", **signed)
        self.assertIn("message=accepted", first.json()["redirect"])
        again = self._post(self.quote, "accept", **signed)
        self.assertIn("message=accepted_before", again.json()["redirect"])
        self.assertEqual(self.quote.state, "accepted")
        for action, data in (
            ("choose", {"line_id": self.free.id, "quantity": "9"}),
            ("decline", {"reason": "No"}),
        ):
            self.assertEqual(self._post(self.quote, action, **data).status_code, 409)

    def test_choices_are_the_visitors(self):
        """Not of Odoo's own user, who is told what only the house may know."""
        for user in (self.buyer, None):
            self._log_in(user)
            quantity = self.free.quantity + 1
            self._post(
                self.quote, "choose", line_id=self.free.id, quantity=f"{quantity}"
            )
            self.env.invalidate_all()
            self.assertEqual(self.free.quantity, quantity)
            visitor = user or self.env.ref("base.public_user")
            self.assertEqual(self.free.write_uid, visitor)

    def test_choices_beyond_the_rules_tell_nothing_of_them(self):
        self.env["billinator.approval.rule"].create(
            {"name": "Large Quotes", "max_total": self.quote.amount_total + 1}
        )
        for user in (None, self.buyer):
            self._log_in(user)
            response = self._post(
                self.quote, "choose", line_id=self.free.id, quantity="2000"
            )
            self.assertEqual(response.status_code, 409)
            error = response.json()["error"]
            self.assertIn("our confirmation", error)
            self.assertNotIn("Large Quotes", error)
        self.assertEqual(self.free.quantity, 2)

    def test_who_may_not_act(self):
        data = {"name": "Eve", "signature": SIGNATURE, "reason": "No", "line_id": "1"}
        token = self.quote.access_token
        for user, access_token, status in (
            (None, None, 404),
            (None, "wrong", 404),
            (self.rival, None, 404),
            (self.stranger, None, 404),
            (self.salesperson, None, 403),
            (self.salesperson, token, 403),
        ):
            self._log_in(user)
            for action in ACTIONS:
                with self.subTest(user=user and user.login, action=action):
                    response = self._post(
                        self.quote, action, access_token=access_token, **data
                    )
                    self.assertEqual(response.status_code, status)
        self._log_in()
        for action in ACTIONS:
            with mute_logger("odoo.http"):
                response = self._post(self.quote, action, csrf_token="x", **data)
            self.assertEqual(response.status_code, 400)
        self.assertEqual(self.quote.state, "sent")
        self.assertFalse(self.quote.view_count)

    def test_visits(self):
        self._log_in()
        self.assertTrue(self._post(self.quote, "view").json()["counted"])
        self.assertFalse(self._post(self.quote, "view").json()["counted"])
        self._log_in(self.buyer)
        self.assertTrue(self._post(self.quote, "view").json()["counted"])
        self._log_in(self.buyer)
        self.assertFalse(self._post(self.quote, "view").json()["counted"])
        self.assertEqual(self.quote.view_count, 2)

    def test_nonsense_is_refused(self):
        self._log_in(self.buyer)
        signed = {"name": "Ada", "signature": SIGNATURE}
        line = str(self.free.id)
        posts = [
            ("choose", {"line_id": value, "quantity": "1"})
            for value in ("", "x", "1.5", "[1]", "-1", "9" * 30, None)
        ]
        posts += [
            ("choose", {"line_id": line, "quantity": value})
            for value in ("", "x", "nan", "inf", "-1", "0", "1e400", "9" * 50, "{}")
        ]
        posts += [
            ("choose", {"line_id": line, "is_selected": value})
            for value in ("1", "yes", "[]", "true")
        ]
        posts += [
            ("accept", {**signed, "signature": value})
            for value in ("", "x", "\u00e9", "A" * 5000, None)
        ]
        posts += [("accept", {**signed, "name": value}) for value in ("", "x" * 500)]
        posts += [
            ("accept", {**signed, "content_hash": value}) for value in ("", "x", None)
        ]
        posts += [("decline", {"reason": value}) for value in ("", "  ", None)]
        for action, data in posts:
            with self.subTest(action=action, data=data):
                response = self._post(self.quote, action, **data)
                self.assertIn(response.status_code, (400, 409))
        file = {"signature": ("a.png", b"x"), "reason": ("a.txt", b"x")}
        for action in ("accept", "decline"):
            response = self.opener.post(
                f"{self.base_url()}/my/crm-quotes/{self.quote.id}/{action}",
                data={"csrf_token": Request.csrf_token(self), "name": "Ada"},
                files=file,
            )
            self.assertEqual(response.status_code, 400)
        self.quote.invalidate_recordset()
        self.assertEqual((self.quote.state, self.free.quantity), ("sent", 2))

    def test_nonsense_addresses_are_refused(self):
        self._log_in(self.buyer)
        one = f"/my/crm-quotes/{self.quote.id}"
        for path in (
            f"/my/crm-quotes/{'9' * 40}",
            "/my/crm-quotes/0",
            "/my/crm-quotes/-1",
            "/my/crm-quotes/x",
            "/my/crm-quotes/page/x",
            "/my/crm-quotes?sortby=x",
            "/my/crm-quotes?filterby[]=1&filterby=draft",
            "/my/crm-quotes?date_begin=x",
            "/my/crm-quotes?date_end=9999999-01-01",
            f"{one}?report_type=html",
            f"{one}?report_type[]=x&report_type=exe",
        ):
            with self.subTest(path=path):
                self.assertIn(self._get(path).status_code, (400, 404))
        for path in (
            f"/my/crm-quotes/page/{'9' * 40}",
            "/my/crm-quotes/page/0",
            f"{one}?access_token[]=1&access_token=2&access_token=3",
            f"{one}?pid=x&hash=y&message=z&error[]=1",
            f"{one}?pid={'9' * 40}&hash=y",
        ):
            with self.subTest(path=path):
                self.assertEqual(self._get(path).status_code, 200)

    def test_list(self):
        another = self._create_sent_quote(client_order_ref="Another")
        draft = self._create_quote()
        foreign = self._create_sent_quote(partner_id=self.other_customer.id)
        self._log_in(self.buyer)
        page = self._get("/my/crm-quotes").text
        self.assertIn(self.quote.name, page)
        self.assertIn("Another", page)
        self.assertNotIn(draft.name, page)
        self.assertNotIn(foreign.name, page)
        for query, is_listed in (
            ("filterby=sent&sortby=amount", True),
            ("filterby=accepted", False),
            (f"date_begin={self.quote.date_quote}", True),
            ("date_end=2001-01-01&sortby=name", False),
        ):
            page = self._get(f"/my/crm-quotes?{query}").text
            self.assertEqual(self.quote.name in page, is_listed, query)
        self._assert_counted(2, waiting=2)
        another.action_revise()
        self._assert_counted(2, waiting=1)
        another.next_version_id.action_mark_sent()
        self._assert_counted(3, waiting=2)
        with freeze_time(self.quote.validity_date + timedelta(days=2)):
            another.next_version_id.validity_date += timedelta(days=9)
            self._log_in(self.buyer)
            self._assert_counted(3, waiting=1)

    def _assert_counted(self, count, waiting):
        names = ["crm_quote_count", "crm_open_quote_count"]
        counters = self.make_jsonrpc_request("/my/counters", {"counters": names})
        self.assertEqual(counters, dict(zip(names, (count, waiting), strict=True)))

    def test_list_takes_as_many_queries_for_many_quotes(self):
        self._log_in(self.buyer)

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get("/my/crm-quotes")
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for _number in range(8):
            self._create_sent_quote()
        self.assertLessEqual(count(), few)

    def test_page_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self._log_in()
        path = f"/my/crm-quotes/{self.quote.id}"
        response = self._get(path, access_token=self.quote.access_token)
        self.assertIn(f"/fr{path}?", response.headers["Location"])
        # From then on the language is the visitor's own choice.
        response = self._get(path, access_token=self.quote.access_token)
        self.assertEqual(response.status_code, 200)
        self.buyer.partner_id.write({"lang": "en_US", "email": "buyer@ada.example"})
        contact = self.customer.contact_ids.filtered(
            lambda contact: contact.person_id == self.buyer.partner_id
        )
        quote = self._create_sent_quote(contact_id=contact.id)
        self._log_in()
        path = f"/my/crm-quotes/{quote.id}"
        response = self._get(path, access_token=quote.access_token)
        self.assertEqual(response.status_code, 200)

    def test_page_is_in_a_language_of_the_website(self):
        """A website may have fewer languages than the database."""
        for code in ("fr_FR", "fr_BE"):
            self.env["res.lang"]._activate_lang(code)
        self.customer.lang = "fr_FR"
        path = f"/my/crm-quotes/{self.quote.id}"
        for codes, address in (
            (["en_US"], None),
            (["en_US", "fr_BE"], f"/fr_BE{path}?"),
        ):
            self._log_in()
            with self.subTest(codes=codes), self._website_in(codes):
                response = self._get(path, access_token=self.quote.access_token)
                self.assertEqual(response.status_code, 303 if address else 200)
                self.assertIn(address or "", response.headers.get("Location", ""))

    def _website_in(self, codes):
        known = self.env["res.lang"]._get_frontend()
        languages = LangDataDict({code: known[code] for code in codes})
        return patch.object(
            self.registry["res.lang"], "_get_frontend", lambda _lang: languages
        )

    def test_questions_reach_the_salesperson(self):
        quote = self.quote
        # As assigning does, which the tests' context leaves out.
        quote.message_subscribe(self.salesperson.partner_id.ids)
        self._log_in()
        self._ask(quote, quote._portal_ensure_token())
        message = quote.message_ids[0]
        self.assertIn("Is it blue?", message.body)
        self.assertEqual(message.author_id, self.customer)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)

    def test_what_was_signed_stays(self):
        """Nobody but administrators takes it back, whoever wrote the message."""
        for author, user in (
            (self.customer, None),
            (self.buyer.partner_id, self.buyer),
            (self.buyer.partner_id, self.salesperson),
            (self.buyer.partner_id, self.manager),
        ):
            quote = self._create_sent_quote()
            self._sign(quote, partner=author)
            answer = self._get_answer(quote)
            file = answer.attachment_ids
            self.assertEqual(quote.signed_pdf_id, file)
            with self.subTest(user=user and user.login):
                self._log_in(user)
                self._assert_answer_stays(quote, answer)
                # Odoo's page gives this token to authors.
                self._assert_refused(
                    "/mail/attachment/delete",
                    attachment_id=file.id,
                    access_token=file._get_ownership_token(),
                )
                self.assertTrue(file.exists())
        other = file.copy({"raw": b"Other"})
        for user in (self.salesperson, self.manager):
            for change in ({"raw": b"Cheaper"}, {"res_id": self.quote.id}):
                with self.assertRaisesRegex(UserError, quote.name):
                    file.with_user(user).write(change)
            other.with_user(user).raw = b"Another"
        self.manager.group_ids += self.env.ref("base.group_system")
        file.with_user(self.manager).unlink()
        self.assertFalse(quote.signed_pdf_id)

    def test_why_it_was_declined_stays(self):
        self.quote.sudo()._decline("Too dear", self.buyer.partner_id)
        answer = self.quote.message_ids.filtered(lambda m: "Too dear" in m.body)
        for user in (None, self.buyer):
            self._log_in(user)
            self._assert_answer_stays(self.quote, answer)

    def _assert_answer_stays(self, quote, answer):
        self.env.flush_all()
        before = answer.body, answer.attachment_ids
        token = quote.access_token
        for change in ({"body": "", "attachment_ids": []}, {"body": "I never did"}):
            self._assert_refused(
                "/mail/message/update_content",
                message_id=answer.id,
                update_data=change,
                token=token,
            )
        self.env.invalidate_all()
        self.assertEqual((answer.body, answer.attachment_ids), before)
        thread = {"thread_model": quote._name, "thread_id": quote.id, "token": token}
        page = self.make_jsonrpc_request("/mail/chatter_fetch", thread)
        self.assertIn(answer.id, page["messages"])

    def _assert_refused(self, route, **params):
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.make_jsonrpc_request(route, params)

    def _fetch_thread(self, quote, token):
        """Return what Odoo's client may ask for of a document, by model."""
        params = {
            "thread_model": quote._name,
            "thread_id": quote.id,
            "request_list": ["activities", "attachments", "followers"],
            "access_params": {"token": token},
        }
        return self.make_jsonrpc_request(
            "/mail/data", {"fetch_params": [["mail.thread", params]]}
        )

    def test_the_link_tells_nothing_of_colleagues(self):
        quote = self.quote
        quote.activity_schedule("mail.mail_activity_data_call", summary="Offer 20% off")
        self.env["ir.attachment"].create(
            {
                "name": "costs.txt",
                "raw": b"3",
                "res_model": quote._name,
                "res_id": quote.id,
            }
        )
        self.env.flush_all()
        for user in (None, self.buyer):
            self._log_in(user)
            told = self._fetch_thread(quote, quote.access_token)
            self.assertFalse(
                {"ir.attachment", "mail.activity", "mail.followers"} & set(told)
            )
        self.authenticate(self.salesperson.login, self.salesperson.login)
        self.assertIn("ir.attachment", self._fetch_thread(quote, None))

    def _say(self, quote, body):
        quote.message_post(
            body=body, message_type="comment", subtype_xmlid="mail.mt_comment"
        )

    def test_the_link_opens_no_discussion_of_a_draft(self):
        quote, token = self.quote, self.quote.access_token
        quote.action_reset_to_draft()
        self._say(quote, "40 percent?")
        self.env.flush_all()
        self._log_in()
        thread = {"thread_model": quote._name, "thread_id": quote.id, "token": token}
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.make_jsonrpc_request("/mail/chatter_fetch", thread)

    def test_another_customer_reads_nothing_of_before(self):
        quote = self.quote
        self._say(quote, "Only for Ada")
        quote.action_reset_to_draft()
        quote.partner_id = self.env["res.partner"].create({"name": "Babbage Ltd"})
        quote.action_mark_sent()
        token = quote._portal_ensure_token()
        self._say(quote, "For Babbage")
        self.env.flush_all()
        self._log_in()
        thread = {"thread_model": quote._name, "thread_id": quote.id, "token": token}
        page = self.make_jsonrpc_request("/mail/chatter_fetch", thread)
        bodies = str(page["data"])
        self.assertIn("For Babbage", bodies)
        self.assertNotIn("Only for Ada", bodies)

    def test_no_token_opens_what_has_none(self):
        quote = self._create_quote()
        self.assertFalse(quote.access_token)
        self._log_in()
        for quote_id in (quote.id, quote.id + 10**6):
            with (
                self.subTest(quote_id),
                self.assertRaisesRegex(JsonRpcException, "NotFound"),
            ):
                self._ask(self.env["billinator.quote"].browse(quote_id), "abc")

    def _ask(self, quote, token):
        """Write below the quote as somebody with nothing but the token."""
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": "billinator.quote",
                "thread_id": quote.id,
                "post_data": {
                    "body": "Is it blue?",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                },
                "token": token,
            },
        )


@tagged("post_install", "-at_install")
class TestPortalTours(PortalCase, HttpCase):
    browser_size = "1366x850"

    def _start(self, name, quote, login=None):
        self.start_tour(quote.get_portal_url(), name, login=login)
        quote.invalidate_recordset()

    def test_customer_signs(self):
        quote = self._create_sent_quote()
        self._start("billinator_crm_portal_sign", quote)
        self._assert_signed(quote)
        self.assertEqual(quote.view_count, 1)

    def test_customer_signs_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        quote = self._create_sent_quote()
        self._start("billinator_crm_portal_sign", quote, login="billinator_buyer")
        self._assert_signed(quote)

    def _assert_signed(self, quote):
        self.assertEqual((quote.state, quote.signed_by), ("accepted", "Ada Lovelace"))
        self.assertTrue(quote.line_ids[2].is_selected)
        self.assertEqual(quote.line_ids[1].quantity, 4)

    def test_customer_types_a_quantity(self):
        self._start("billinator_crm_portal_quantity", self.quote)
        self.assertEqual(self.free.quantity, 1000)

    def test_customer_types_a_quantity_as_in_the_own_language(self):
        for code, tour, quantity in (
            ("en_IN", "in_india", 100000),
            ("fr_FR", "in_france", 1000),
        ):
            self.env["res.lang"]._activate_lang(code)
            self.buyer.lang = code
            quote = self._create_sent_quote()
            self._start(
                f"billinator_crm_portal_quantity_{tour}", quote, self.buyer.login
            )
            self.assertEqual(quote.line_ids[1].quantity, quantity)

    def test_customer_clicks_faster_than_the_server_answers(self):
        self._start("billinator_crm_portal_fast_clicks", self.quote)
        self.assertEqual(self.free.quantity, 5)

    def test_customer_types_while_the_server_answers(self):
        self._start("billinator_crm_portal_type_meanwhile", self.quote)
        self.assertEqual(self.free.quantity, 7)
        self.assertTrue(self.option.is_selected)

    def test_customer_sees_what_was_refused_as_it_is(self):
        self._start("billinator_crm_portal_untick_fails", self.quote)
        self.assertTrue(self.option.is_selected)

    def test_customer_steps_from_less_than_one(self):
        self.free.quantity = 0.5
        self._start("billinator_crm_portal_less_than_one", self.quote)
        self.assertEqual(self.free.quantity, 1.5)

    def test_customer_declines(self):
        self._start("billinator_crm_portal_decline", self.quote)
        self.assertEqual(self.quote.reject_reason, "Too dear for us")
