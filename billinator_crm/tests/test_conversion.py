from datetime import date
from runpy import run_path

from lxml import etree
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import BillinatorInvoicingCommon


class ConversionCase(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote = cls._create_quote(user_id=cls.salesperson.id)

    def _convert(self, quotes=None):
        """Convert and return the invoices, as a user of both worlds sees them."""
        action = (quotes or self.quote).action_convert_to_invoice()
        return self.env["account.move"].browse(action["res_id"])

    def _credit(self, invoice):
        invoice.action_post()
        credit_note = self._reverse_invoice(invoice, is_modify=False)
        credit_note.filtered(lambda move: move.state == "draft").action_post()
        return credit_note

    def _get_credit_warning(self):
        self.env.invalidate_all()
        return self.quote.with_user(self.salesperson).partner_credit_warning

    def _get_all_invoices(self, quotes=None):
        quotes = quotes or self.quote
        return self.env["account.move"].search(
            [("billinator_quote_id", "in", quotes.ids)]
        )


@tagged("post_install", "-at_install")
class TestCreditLimit(ConversionCase):
    def test_quotes_warn_of_what_is_left_to_invoice(self):
        self.quote.company_id.account_use_credit_limit = True
        self.assertFalse(self._get_credit_warning())
        limit = self.quote.amount_total - 1
        self.customer.credit_limit = limit
        self.assertIn("credit limit", self._get_credit_warning())
        self.customer.credit_limit = limit + 1
        self.assertFalse(self._get_credit_warning())
        invoice = self._convert()
        invoice.action_post()
        self.customer.credit_limit = limit
        # The customer page and the invoice tell it from here on.
        self.assertFalse(self._get_credit_warning())
        self._reverse_invoice(invoice, is_modify=False).action_post()
        self.assertIn("credit limit", self._get_credit_warning())


@tagged("post_install", "-at_install")
class TestConversionOnce(ConversionCase):
    def test_a_company_without_sales_journal_is_told_so(self):
        quote = self._create_quote(
            company_id=self.company_b.id, user_id=self.stranger.id
        )
        with self.assertRaisesRegex(UserError, "Company B has no sales journal"):
            quote.with_user(self.stranger).action_convert_to_invoice()

    def test_makes_a_draft_invoice(self):
        invoice = self._convert()
        self.assertRecordValues(
            invoice,
            [
                {
                    "move_type": "out_invoice",
                    "state": "draft",
                    "billinator_quote_id": self.quote.id,
                    "company_id": self.company.id,
                    "amount_total": self.quote.amount_total,
                }
            ],
        )
        self.assertEqual(self.quote.state, "accepted")
        self.assertEqual(self.quote.invoice_count, 1)

    def test_repeated(self):
        invoice = self._convert()
        self.assertEqual(self._convert(), invoice)
        self.env.invalidate_all()
        self.assertEqual(self._convert(), invoice)
        self.assertEqual(self._get_all_invoices(), invoice)

    def test_repeated_after_posting(self):
        invoice = self._convert()
        invoice.action_post()
        self.assertEqual(self._convert(), invoice)

    def test_named_twice_in_one_call(self):
        quotes = self.quote.browse(self.quote.ids * 2)
        quotes.action_convert_to_invoice()
        self.assertEqual(len(self._get_all_invoices()), 1)

    def test_some_were_converted_before(self):
        first = self._convert()
        other = self._create_quote()
        action = (self.quote + other).action_convert_to_invoice()
        invoices = self.env["account.move"].search(action["domain"])
        self.assertEqual(invoices.billinator_quote_id, self.quote + other)
        self.assertIn(first, invoices)
        self.assertEqual(len(invoices), 2)

    def test_cancelled_invoice_frees_the_quote(self):
        cancelled = self._convert()
        cancelled.button_cancel()
        self.assertEqual(self.quote.invoice_status, "no")
        invoice = self._convert()
        self.assertNotEqual(invoice, cancelled)
        self.assertEqual(self._convert(), invoice)
        self.assertEqual(self._get_all_invoices(), cancelled + invoice)
        self.assertEqual(self.quote.invoice_count, 1)

    def test_cancelled_invoice_stays_so_beside_another(self):
        cancelled = self._convert()
        cancelled.button_cancel()
        self._convert()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            cancelled.button_draft()
            self.env.flush_all()

    def test_cancelled_invoice_comes_back_alone(self):
        invoice = self._convert()
        invoice.button_cancel()
        invoice.button_draft()
        self.assertEqual(self.quote.invoice_status, "draft")
        self.assertEqual(self._convert(), invoice)

    def test_cancelled_invoice_of_another_quote_stays_cancelled(self):
        """Its quote may say something else by now."""
        invoice = self._convert()
        invoice.button_cancel()
        self.quote.action_reset_to_draft()
        invoice = invoice.with_user(self.accountant)
        with (
            self.assertRaisesRegex(UserError, f"{self.quote.name}.*Draft"),
            self.env.cr.savepoint(),
        ):
            invoice.button_draft()
        self.quote.action_accept()
        invoice.button_draft()
        self.assertEqual(self.quote.invoice_status, "draft")

    def test_cancelled_invoice_of_a_changed_quote_stays_cancelled(self):
        invoice = self._convert()
        invoice.button_cancel()
        self.quote.action_reset_to_draft()
        self.quote.line_ids.price_unit = 60
        self.quote.action_accept()
        with (
            self.assertRaisesRegex(UserError, f"{self.quote.name} has changed"),
            self.env.cr.savepoint(),
        ):
            invoice.with_user(self.accountant).button_draft()
        again = self._convert()
        self.assertNotEqual(again, invoice)
        self.assertEqual(again.amount_total, self.quote.amount_total)

    def test_change_and_close_in_one_transaction(self):
        """What follows from the customer is not a change of what was closed."""
        other = self.customer.copy({"property_payment_term_id": self.pay_terms_b.id})
        closing = {
            "accepted": "action_accept",
            "rejected": "action_reject",
            "accepted later": "action_convert_to_invoice",
        }
        for name, method in closing.items():
            with self.subTest(name):
                quote = self._create_quote()
                self.env.flush_all()
                quote.partner_id = other
                getattr(quote, method)()
                self.env.flush_all()
                self.assertEqual(quote.payment_term_id, self.pay_terms_b)

    def test_only_invoices_of_accepted_quotes(self):
        values = self.quote._prepare_invoice_values()
        Move = self.env["account.move"]
        with (
            self.assertRaisesRegex(UserError, self.quote.name),
            self.env.cr.savepoint(),
        ):
            Move.create(values)
        self.quote.action_accept()
        for move_type in ("out_refund", "in_invoice", "entry"):
            with (
                self.assertRaisesRegex(UserError, "customer invoice"),
                self.env.cr.savepoint(),
            ):
                Move.create(
                    {"move_type": move_type, "billinator_quote_id": self.quote.id}
                )
        invoice = Move.create(values)
        with self.assertRaisesRegex(UserError, "customer invoice"):
            invoice.action_switch_move_type()

    def test_invoice_count_follows_the_state(self):
        invoice = self._convert()
        self.assertEqual(self.quote.invoice_count, 1)
        invoice.button_cancel()
        self.assertEqual(self.quote.invoice_count, 0)

    def test_deleted_invoice_frees_the_quote(self):
        self._convert().unlink()
        self.assertEqual(self.quote.invoice_status, "no")
        self.assertEqual(self.quote.state, "accepted")
        self.assertEqual(len(self._convert()), 1)

    def test_database_holds_one_invoice(self):
        values = self.quote._prepare_invoice_values()
        self._convert()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.env["account.move"].create(values)

    def test_copies_and_credit_notes_are_no_invoice_of_the_quote(self):
        invoice = self._convert()
        self.assertFalse(invoice.copy().billinator_quote_id)
        invoice.action_post()
        credit_note = self._reverse_invoice(invoice)
        self.assertFalse(credit_note.billinator_quote_id)
        self.assertEqual(self._get_all_invoices(), invoice)

    def _invoice_again(self, quotes=None):
        quotes = (quotes or self.quote).with_user(self.salesperson)
        action = quotes.action_invoice_again()
        return self.env["account.move"].browse(action["params"]["invoice_ids"])

    def _get_to_invoice(self):
        view = self.env.ref("billinator_crm.billinator_quote_view_search")
        [domain] = etree.fromstring(view.arch).xpath(
            "//filter[@name='to_invoice']/@domain"
        )
        return self.quote.search(safe_eval(domain))

    def test_credited_in_full(self):
        """Conversion answers as ever, until somebody invoices again on purpose."""
        invoice = self._convert()
        self._credit(invoice)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertTrue(self.quote.is_credited)
        self.assertEqual(self.quote.invoice_status, "credited")
        self.assertEqual(self.quote.amount_invoiced, 0)
        self.assertEqual(self.quote.amount_to_invoice, self.quote.amount_total)
        self.assertIn(self.quote, self._get_to_invoice())
        self.assertEqual(self._convert(), invoice)

        second = self._invoice_again()
        self.assertNotEqual(second, invoice)
        self.assertEqual(second.amount_total, invoice.amount_total)
        for again in (self._invoice_again, self._convert):
            self.assertEqual(again(), second)
        self.assertEqual(self.quote.invoice_ids, invoice + second)
        self.assertEqual(self.quote.invoice_count, 2)
        self.assertFalse(self.quote.is_credited)
        self.assertEqual(self.quote.invoice_status, "draft")
        self.assertEqual(self.quote.amount_invoiced, self.quote.amount_total)
        self.assertEqual(self.quote.amount_to_invoice, 0)
        self.assertNotIn(self.quote, self._get_to_invoice())
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["account.move"].create(self.quote._prepare_invoice_values())

        self._credit(second)
        third = self._invoice_again()
        self.assertEqual(self.quote.invoice_ids, invoice + second + third)
        third.action_post()
        self._register_payment(third)
        self.assertEqual(self.quote.invoice_status, "paid")

    def test_nothing_is_invoiced_again_that_asks_for_something(self):
        invoice = self._convert()
        self.assertEqual(self._invoice_again(), invoice)
        invoice.action_post()
        credit_note = self._reverse_invoice(invoice, is_modify=False)
        self.assertEqual(self._invoice_again(), invoice)
        credit_note.invoice_line_ids[0].quantity = 0.5
        credit_note.action_post()
        self.assertFalse(self.quote.is_credited)
        self.assertEqual(self.quote.amount_to_invoice, 0)
        self.assertEqual(self._invoice_again(), invoice)
        self.assertFalse(invoice.billinator_is_released)

    def test_credit_is_not_taken_back_beside_another_invoice(self):
        invoice = self._convert()
        credit_note = self._credit(invoice)
        second = self._invoice_again()
        with (
            self.assertRaisesRegex(ValidationError, "was invoiced again"),
            self.env.cr.savepoint(),
        ):
            credit_note.button_draft()
            credit_note.button_cancel()
            self.env.flush_all()
        second.button_cancel()
        credit_note.button_draft()
        credit_note.button_cancel()
        # What was credited asks for it once more, and takes its place again.
        self.assertEqual(self._convert(), invoice)
        self.assertEqual(self.quote.amount_invoiced, self.quote.amount_total)
        self.assertEqual(self.quote.amount_to_invoice, 0)
        with self.assertRaisesRegex(ValidationError, "was invoiced again"):
            second.button_draft()
            self.env.flush_all()

    def test_paid_with_the_credit_note_of_another_invoice(self):
        invoice = self._convert()
        invoice.action_post()
        self._register_payment(invoice)
        credit_note = self._reverse_invoice(invoice, is_modify=False)
        credit_note.action_post()
        second = self._invoice_again()
        second.action_post()
        (second + credit_note).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(second.payment_state, "reversed")
        self.assertFalse(self.quote.is_credited)
        self.assertEqual(self.quote.amount_to_invoice, 0)
        self.assertEqual(self.quote.invoice_status, "paid")
        self.assertEqual(self._invoice_again(), second)

    def test_set_off_against_a_credit_note_of_no_invoice(self):
        invoice = self._convert()
        invoice.action_post()
        credit_note = invoice.copy({"move_type": "out_refund"})
        credit_note.action_post()
        both = invoice.line_ids + credit_note.line_ids
        both.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertTrue(self.quote.is_credited)
        self.assertEqual(self.quote.amount_invoiced, 0)
        second = self._invoice_again()
        self.assertEqual(self.quote.amount_invoiced, second.amount_total)
        with self.assertRaisesRegex(ValidationError, "was invoiced again"):
            both.remove_move_reconcile()
            self.env.flush_all()

    def test_an_upgrade_knows_what_was_credited_and_sent(self):
        self._credit(self._convert())
        sent = self._create_quote()
        sent.action_mark_sent()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_quote"
            "   SET is_credited = NULL, amount_to_invoice = 0, sent_hash = NULL"
            " WHERE id IN %s",
            [(self.quote + sent)._ids],
        )
        self.env.invalidate_all()
        path = "billinator_crm/migrations/19.0.1.11.0/end-credited-and-changed.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.10.0")
        self.env.invalidate_all()
        self.assertTrue(self.quote.is_credited)
        self.assertEqual(self.quote.amount_to_invoice, self.quote.amount_total)
        self.assertEqual(sent.sent_hash, sent.content_hash)
        self.assertFalse(sent.is_changed_since_sent)

    def test_an_upgrade_gives_credited_quotes_their_status(self):
        open_quote = self._create_quote()
        self._convert(open_quote).action_post()
        self._credit(self._convert())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_quote SET invoice_status = 'posted' WHERE id = %s",
            [self.quote.id],
        )
        self.env.invalidate_all()
        path = "billinator_crm/migrations/19.0.1.12.0/end-credited-status.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.11.0")
        self.env.invalidate_all()
        self.assertEqual(self.quote.invoice_status, "credited")
        self.assertEqual(open_quote.invoice_status, "posted")

    def test_what_reverses_an_invoice_comes_from_its_quote(self):
        invoice = self._convert()
        invoice.action_post()
        moves = invoice
        for _reversal in range(3):
            reversal = self._reverse_invoice(moves[-1:], is_modify=False)
            reversal.action_post()
            moves += reversal
        self.assertEqual(moves.billinator_origin_quote_id, self.quote)
        self.assertEqual(self.quote.amount_invoiced, 0)
        moves[-1:].button_draft()
        self.assertEqual(self.quote.amount_invoiced, self.quote.amount_total)
        self.assertFalse(invoice.copy().billinator_origin_quote_id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET billinator_origin_quote_id = NULL")
        path = "billinator_crm/migrations/19.0.1.13.0/pre-origin-quote.py"
        self.env.cr.execute(run_path(file_path(path))["FILL"])
        self.env.invalidate_all()
        self.assertEqual(self.quote.move_ids, moves)

    def test_nobody_enters_which_quote_an_invoice_comes_from(self):
        other = self._create_quote()
        invoice = self._convert()
        with self.assertRaisesRegex(ValidationError, "is not entered"):
            invoice.billinator_origin_quote_id = other
        with self.assertRaisesRegex(ValidationError, "is not entered"):
            other.move_ids = invoice
        invoice.action_post()
        reversal = self._reverse_invoice(invoice, is_modify=False)
        with self.assertRaisesRegex(ValidationError, "is not entered"):
            reversal.billinator_origin_quote_id = False

    def test_what_replaces_a_credited_invoice_is_the_quotes(self):
        invoice = self._convert()
        invoice.action_post()
        second = self._reverse_invoice(invoice, is_modify=True)
        self.assertEqual(self._get_all_invoices(), second)
        self.assertEqual(self.quote.invoice_status, "draft")
        self.assertEqual(self._convert(), second)


@tagged("post_install", "-at_install")
class TestConversionContents(ConversionCase):
    def test_header(self):
        address = self.env["res.partner"].create(
            {"name": "Books", "type": "invoice", "parent_id": self.customer.id}
        )
        currency = self.setup_other_currency("CHF")
        utm = {
            name: self.env[f"utm.{name}"].create({"name": f"Test {name}"})
            for name in ("campaign", "medium", "source")
        }
        quote = self._create_quote(
            user_id=self.salesperson.id,
            currency_id=currency.id,
            fiscal_position_id=self.fiscal_pos_a.id,
            payment_term_id=self.pay_terms_b.id,
            note="<p>Delivery <b>free</b></p>",
            client_order_ref="PO 17",
            **{f"{name}_id": record.id for name, record in utm.items()},
        )
        self.assertRecordValues(
            self._convert(quote),
            [
                {
                    "partner_id": address.id,
                    "commercial_partner_id": self.customer.id,
                    "currency_id": currency.id,
                    "fiscal_position_id": self.fiscal_pos_a.id,
                    "invoice_payment_term_id": self.pay_terms_b.id,
                    "invoice_user_id": self.salesperson.id,
                    "invoice_origin": quote.name,
                    "ref": "PO 17",
                    "narration": "<p>Delivery <b>free</b></p>",
                    "campaign_id": utm["campaign"].id,
                    "medium_id": utm["medium"].id,
                    "source_id": utm["source"].id,
                }
            ],
        )

    def test_delivery_abroad(self):
        """Taxes are those of the place of delivery, on all invoices of the quote."""
        germany, france = self.env.ref("base.de"), self.env.ref("base.fr")
        abroad = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "sequence": -1,
                "auto_apply": True,
                "country_id": france.id,
            }
        )
        tax = self.company_data["default_tax_sale"]
        self.env["account.tax"].create(
            {
                "name": "TVA",
                "amount": 5.5,
                "fiscal_position_ids": [Command.set(abroad.ids)],
                "original_tax_ids": [Command.set(tax.ids)],
            }
        )
        self.customer.country_id = germany
        shop, _office = self.env["res.partner"].create(
            [
                {
                    "name": kind,
                    "type": kind,
                    "parent_id": self.customer.id,
                    "country_id": country.id,
                }
                for kind, country in (("delivery", france), ("invoice", germany))
            ]
        )
        quote = self._create_quote(
            {"product_id": self.product_a.id, "quantity": 3, "price_unit": 33.37}
        )
        self.assertEqual(quote.fiscal_position_id, abroad)
        self.assertEqual(quote.amount_total, 105.62)
        quote.action_invoice_down_payment(percentage=30)
        quote.action_convert_to_invoice()
        invoices = quote.invoice_ids
        self.assertEqual(len(invoices), 2)
        for invoice in invoices:
            self.assertEqual(invoice.partner_shipping_id, shop)
            self.assertEqual(invoice.fiscal_position_id, abroad)
        self.assertEqual(sum(invoices.mapped("amount_total")), 105.62)
        # Another one than the customer's own.
        quote = self._create_quote(partner_shipping_id=self.partner_b.id)
        invoice = self._convert(quote)
        self.assertEqual(invoice.partner_shipping_id, self.partner_b)
        self.assertEqual(invoice.fiscal_position_id, quote.fiscal_position_id)
        self.assertEqual(invoice.amount_total, quote.amount_total)

    def test_what_the_quote_leaves_empty_stays_empty(self):
        """An invoice would find its own terms and fiscal position by the customer."""
        self.customer.property_account_position_id = self.fiscal_pos_a
        self.customer.property_payment_term_id = self.pay_terms_b
        quote = self._create_quote(
            fiscal_position_id=False, payment_term_id=False, note=False
        )
        invoice = self._convert(quote)
        self.assertFalse(invoice.fiscal_position_id)
        self.assertFalse(invoice.invoice_payment_term_id)
        self.assertFalse(invoice.narration)
        self.assertEqual(invoice.ref, quote.name)
        self.assertEqual(invoice.amount_total, quote.amount_total)

    def test_lines(self):
        plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        project = self.env["account.analytic.account"].create(
            {"name": "Project", "plan_id": plan.id}
        )
        line = {
            "product_id": self.product_a.id,
            "name": "As you like it",
            "quantity": 3,
            "product_uom_id": self.uom_dozen.id,
            "price_unit": 12.5,
            "discount": 10,
            "analytic_distribution": {str(project.id): 100},
        }
        quote = self._create_quote(
            {**line, "tax_ids": [Command.set(self.tax_sale_b.ids)]},
            {"name": "Without product", "price_unit": 7, "tax_ids": [Command.clear()]},
        )
        without_product = {
            "product_id": False,
            "name": "Without product",
            "quantity": 1,
            "product_uom_id": False,
            "price_unit": 7,
            "discount": 0,
            "analytic_distribution": False,
        }
        self.assertRecordValues(
            self._convert(quote).invoice_line_ids,
            [
                {**line, "tax_ids": self.tax_sale_b.ids},
                {**without_product, "tax_ids": []},
            ],
        )

    def test_amounts_are_foreseen(self):
        """Lines are made with the amounts that the taxes' computation comes to.

        It writes each line that has another one, which takes longest of all.
        """
        included = self.tax_sale_b.copy({"price_include_override": "tax_included"})
        quote = self._create_quote(
            {"product_id": self.product_a.id, "quantity": 3, "discount": 10},
            {"name": "Refunded", "price_unit": -7.77, "tax_ids": included.ids},
            {"name": "Untaxed", "price_unit": 5, "tax_ids": [Command.clear()]},
        )
        commands = quote._prepare_invoice_values()["invoice_line_ids"]
        foreseen = [values.get("balance") for _command, _id, values in commands]
        lines = self._convert(quote).invoice_line_ids
        self.assertEqual(lines.mapped("balance"), [*foreseen[:2], -5])
        # Without a tax, nothing would put another amount right.
        self.assertIsNone(foreseen[2])

    def test_sections(self):
        product, section, subsection, note = (
            {"product_id": self.product_a.id},
            {"display_type": "line_section", "price_unit": 0},
            {"display_type": "line_subsection"},
            {"display_type": "line_note"},
        )
        optional = {**product, "is_optional": True}
        lines = [
            {**product, "name": "Before"},
            {**section, "name": "Empty"},
            {**section, "name": "Full"},
            {**subsection, "name": "Empty below"},
            {**subsection, "name": "Full below"},
            {**product, "name": "In"},
            {**note, "name": "Note"},
            {**subsection, "name": "Empty at the end"},
            {**section, "name": "Left out"},
            {**optional, "name": "Option left out"},
            {**section, "name": "Chosen"},
            {**optional, "name": "Option chosen", "is_selected": True},
            {**subsection, "name": "Last and empty"},
        ]
        quote = self._create_quote(
            *({"sequence": 99 - i, **line} for i, line in enumerate(reversed(lines)))
        )
        invoice_lines = self._convert(quote).invoice_line_ids.sorted()
        self.assertEqual(
            invoice_lines.mapped(lambda line: (line.display_type, line.name)),
            [
                ("product", "Before"),
                ("line_section", "Full"),
                ("line_subsection", "Full below"),
                ("product", "In"),
                ("line_note", "Note"),
                ("line_section", "Chosen"),
                ("product", "Option chosen"),
            ],
        )

    def test_rate_of_the_invoices_own_date(self):
        currency = self.setup_other_currency(
            "CHF", rates=[("2020-01-01", 2.0), ("2021-01-01", 4.0)]
        )
        quote = self._create_quote(date_quote="2020-06-01", currency_id=currency.id)
        invoice = self._convert(quote)
        invoice.invoice_date = date(2021, 6, 1)
        self.assertEqual(quote.currency_rate, 2)
        self.assertEqual(invoice.invoice_currency_rate, 4)
        self.assertEqual(invoice.amount_total, quote.amount_total)

    def test_both_say_where_the_invoice_comes_from(self):
        invoice = self._convert()
        self.assertIn("Created from quote", invoice.message_ids[0].body)
        self.assertIn(self.quote.name, invoice.message_ids[0].body)
        bodies = "".join(self.quote.message_ids.mapped("body"))
        self.assertIn("Converted to invoice", bodies)

    def test_changing_one_leaves_the_other(self):
        quote = self.quote
        invoice = self._convert()
        total = quote.amount_total
        invoice.invoice_line_ids[0].write({"price_unit": 1, "discount": 50})
        invoice.write(
            {
                "partner_id": self.partner_a.id,
                "narration": "<p>Changed</p>",
                "invoice_line_ids": [Command.create({"name": "More", "price_unit": 9})],
            }
        )
        self.assertNotEqual(invoice.amount_total, total)
        self.assertRecordValues(
            quote,
            [{"amount_total": total, "partner_id": self.customer.id, "note": False}],
        )
        self.assertEqual(len(quote.line_ids), 1)
        invoice_total = invoice.amount_total
        quote.write({"client_order_ref": "Changed", "user_id": self.colleague.id})
        self.assertRecordValues(
            invoice,
            [
                {
                    "amount_total": invoice_total,
                    "invoice_user_id": self.salesperson.id,
                    "ref": quote.name,
                }
            ],
        )


@tagged("post_install", "-at_install")
class TestConversionStates(ConversionCase):
    def test_convertible(self):
        for method in (None, "action_mark_sent", "action_accept"):
            quote = self._create_quote()
            if method:
                getattr(quote, method)()
            self.assertEqual(len(self._convert(quote)), 1)
            self.assertEqual(quote.state, "accepted")

    def test_rejected(self):
        self.quote.action_reject("Too expensive")
        with self.assertRaisesRegex(UserError, rf"{self.quote.name} is Rejected"):
            self.quote.action_convert_to_invoice()
        self.assertFalse(self._get_all_invoices())

    def test_expired(self):
        self.quote.state = "expired"
        with self.assertRaisesRegex(UserError, rf"{self.quote.name} is Expired"):
            self.quote.action_convert_to_invoice()
        self.assertFalse(self._get_all_invoices())

    def test_nothing_to_sell(self):
        quote = self._create_quote(
            {"display_type": "line_note", "name": "Soon"},
            {"product_id": self.product_a.id, "is_optional": True},
        )
        with self.assertRaisesRegex(UserError, "no product to sell"):
            quote.action_convert_to_invoice()

    def test_one_bad_quote_stops_the_batch(self):
        rejected = self._create_quote()
        rejected.action_reject()
        quotes = self.quote + rejected
        with self.assertRaisesRegex(UserError, rejected.name):
            quotes.action_convert_to_invoice()
        self.assertEqual(self.quote.state, "draft")
        self.assertFalse(self._get_all_invoices(quotes))

    def test_invoiced_quote_stays_accepted(self):
        invoice = self._convert()
        for method in ("action_reset_to_draft", "action_reject"):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                getattr(self.quote, method)()
        with self.assertRaises(UserError):
            self.quote.unlink()
        invoice.button_cancel()
        self.quote.action_reset_to_draft()
        self.assertEqual(self.quote.state, "draft")

    def test_quote_of_a_cancelled_invoice_is_kept(self):
        """The invoice says where it came from as long as it exists."""
        invoice = self._convert()
        invoice.button_cancel()
        self.quote.action_reset_to_draft()
        with self.assertRaisesRegex(UserError, "is kept"):
            self.quote.unlink()
        invoice.unlink()
        self.quote.unlink()
        self.assertFalse(self.quote.exists())

    def test_invoice_status(self):
        opportunity = self._create_opportunity()
        self.quote.opportunity_id = opportunity

        def assert_status(status):
            self.assertEqual(self.quote.invoice_status, status)
            self.assertEqual(opportunity.invoice_status, status)

        assert_status("no")
        invoice = self._convert()
        assert_status("draft")
        invoice.action_post()
        assert_status("posted")
        half = self._register_payment(invoice, amount=invoice.amount_total / 2)
        assert_status("partial")
        rest = self._register_payment(invoice)
        assert_status("paid")
        rest.move_id.line_ids.remove_move_reconcile()
        assert_status("partial")
        half.move_id.line_ids.remove_move_reconcile()
        assert_status("posted")
        invoice.button_draft()
        assert_status("draft")
        invoice.button_cancel()
        assert_status("no")

    def test_what_costs_nothing_is_paid_once_it_is_posted(self):
        quote = self._create_quote({"name": "Gift", "price_unit": 0})
        invoice = self._convert(quote)
        self.assertEqual(quote.invoice_status, "draft")
        invoice.action_post()
        self.assertEqual(quote.invoice_status, "paid")

    def test_paid_and_then_credited(self):
        opportunity = self._create_opportunity()
        self.quote.opportunity_id = opportunity
        invoice = self._convert()
        invoice.action_post()
        self._register_payment(invoice)
        credit_note = self._reverse_invoice(invoice, is_modify=False)
        self.assertEqual(self.quote.invoice_status, "paid")
        credit_note.action_post()
        self.assertEqual(invoice.payment_state, invoice._get_invoice_in_payment_state())
        self.assertEqual(self.quote.amount_invoiced, 0)
        self.assertEqual(self.quote.invoice_status, "credited")
        self.assertEqual(opportunity.invoice_status, "credited")

    def test_more_credited_than_invoiced(self):
        invoice = self._convert()
        invoice.action_post()
        self._register_payment(invoice)
        self._reverse_invoice(invoice, is_modify=False).action_post()
        goodwill = self._reverse_invoice(invoice, is_modify=False)
        goodwill.invoice_line_ids[0].price_unit = 5
        goodwill.action_post()
        self.assertLess(self.quote.amount_invoiced, 0)
        self.assertEqual(self.quote.invoice_status, "credited")

    def test_moves_that_reverse_one_another(self):
        invoice = self._convert()
        invoice.action_post()
        credit_note = self._reverse_invoice(invoice, is_modify=False)
        credit_note.action_post()
        # No user does, but a script may.
        invoice.reversed_entry_id = credit_note
        self.assertEqual(self.quote.amount_invoiced, 0)

    def test_invoice_status_is_found(self):
        self._convert()
        found = self.env["billinator.quote"].search(
            [("invoice_status", "=", "draft"), ("id", "in", self.quote.ids)]
        )
        self.assertEqual(found, self.quote)

    def test_deal_shows_what_is_nearest_to_the_money(self):
        opportunity = self._create_opportunity()
        quotes = self.quote + self._create_quote()
        quotes.opportunity_id = opportunity
        self._convert(quotes[0])
        self.assertEqual(opportunity.invoice_status, "draft")
        self._convert(quotes[1]).action_post()
        self.assertEqual(opportunity.invoice_status, "posted")

    def test_deal_is_paid_when_all_that_was_invoiced_is(self):
        opportunity = self._create_opportunity()
        quotes = self.quote + self._create_quote() + self._create_quote()
        quotes.opportunity_id = opportunity
        invoice = self._convert(quotes[0])
        invoice.action_post()
        self._register_payment(invoice)
        self.assertEqual(opportunity.invoice_status, "paid")
        other = self._convert(quotes[1])
        self.assertEqual(opportunity.invoice_status, "partial")
        other.action_post()
        self.assertEqual(opportunity.invoice_status, "partial")
        self._register_payment(other)
        self.assertEqual(opportunity.invoice_status, "paid")
        # Of what was credited nothing is asked for, as of what was not invoiced.
        self._credit(self._convert(quotes[2]))
        self.assertEqual(opportunity.invoice_status, "paid")

    def test_deal_opens_the_invoices_of_its_quotes(self):
        opportunity = self._create_opportunity()
        quotes = self.quote + self._create_quote()
        quotes.opportunity_id = opportunity
        invoice = self._convert(quotes[0])
        self.assertEqual(opportunity.action_view_invoices()["res_id"], invoice.id)
        invoices = invoice + self._convert(quotes[1])
        action = opportunity.with_user(self.accountant).action_view_invoices()
        found = self.env["account.move"].search(action["domain"])
        self.assertEqual(found, invoices)


@tagged("post_install", "-at_install")
class TestConversionRights(ConversionCase):
    def test_salesperson(self):
        """No accounting rights are asked for, and none are given."""
        quote = self.quote.with_user(self.salesperson)
        action = quote.action_convert_to_invoice()
        invoice = self._get_all_invoices()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(action["params"]["invoice_ids"], invoice.ids)
        again = quote.action_convert_to_invoice()
        self.assertEqual(again["params"]["invoice_ids"], invoice.ids)
        self.assertEqual(quote.invoice_status, "draft")
        self.assertEqual(quote.invoice_count, 1)
        with self.assertRaises(AccessError):
            invoice.with_user(self.salesperson).read(["name"])
        with self.assertRaises(AccessError):
            quote.read(["invoice_ids"])
        deal = self._create_opportunity(user_id=self.salesperson.id)
        self.quote.opportunity_id = deal
        with self.assertRaises(AccessError):
            deal.with_user(self.salesperson).action_view_invoices()

    def test_invoice_is_the_salespersons_work(self):
        self.quote.with_user(self.salesperson).action_convert_to_invoice()
        invoice = self._get_all_invoices()
        self.assertEqual(invoice.create_uid, self.salesperson)
        self.assertEqual(invoice.message_ids[0].author_id, self.salesperson.partner_id)

    def test_colleague(self):
        with self.assertRaises(AccessError):
            self.quote.with_user(self.colleague).action_convert_to_invoice()
        self.assertFalse(self._get_all_invoices())

    def test_all_documents(self):
        self.quote.with_user(self.senior).action_convert_to_invoice()
        self.assertEqual(len(self._get_all_invoices()), 1)

    def test_accountants_are_refused_the_quote_and_not_its_deal(self):
        deal = self._create_opportunity()
        quote = self.quote.with_user(self.accountant)
        for values in ({"client_order_ref": "x"}, {"opportunity_id": deal.id}):
            for call in (quote.write, quote.create):
                with self.assertRaisesRegex(AccessError, "billinator.quote"):
                    call({"partner_id": self.customer.id, **values})

    def test_negative_total(self):
        line = {"product_id": self.product_a.id, "price_unit": -5}
        quotes = self.quote + self._create_quote(line)
        with (
            self.assertRaisesRegex(UserError, f"{quotes[1].name}.*negative"),
            self.env.cr.savepoint(),
        ):
            quotes.action_convert_to_invoice()
        self.assertFalse(quotes.invoice_ids)
        self.assertEqual(quotes.mapped("state"), ["draft", "draft"])
        quotes[1].line_ids.price_unit = 0
        quotes.action_convert_to_invoice()
        self.assertEqual(len(quotes.invoice_ids), 2)

    def test_accountant(self):
        """Reads quotes, but does not change them, as accepting them would."""
        quote = self.quote.with_user(self.accountant)
        self.assertEqual(quote.name, self.quote.name)
        for state in ("draft", "accepted"):
            self.quote.state = state
            with self.assertRaises(AccessError):
                quote.action_convert_to_invoice()
        self._convert()
        action = quote.action_view_invoices()
        self.assertEqual(action["res_id"], self._get_all_invoices().id)
        invoice = self._get_all_invoices().with_user(self.accountant)
        self.assertEqual(
            invoice.action_view_billinator_quote()["res_id"], self.quote.id
        )

    def test_salesperson_with_accounting_rights(self):
        self.salesperson.group_ids += self.env.ref("account.group_account_invoice")
        action = self.quote.with_user(self.salesperson).action_convert_to_invoice()
        self.assertEqual(action["res_model"], "account.move")
        self.assertEqual(action["res_id"], self._get_all_invoices().id)

    def test_two_companies(self):
        data = self.setup_other_company()
        other = data["company"]
        self.env.user.company_ids += other
        tax = data["default_tax_sale"]
        self.product_a.taxes_id += tax
        quote_of_other = self._create_quote(company_id=other.id)
        quotes = (self.quote + quote_of_other).with_context(
            allowed_company_ids=[self.company.id, other.id]
        )
        quotes.action_convert_to_invoice()
        invoices = self._get_all_invoices(quotes)
        for quote in quotes:
            invoice = invoices.filtered(
                lambda invoice, quote=quote: invoice.billinator_quote_id == quote
            )
            self.assertEqual(invoice.company_id, quote.company_id)
            self.assertEqual(invoice.journal_id.company_id, quote.company_id)
            self.assertEqual(invoice.currency_id, quote.currency_id)
            self.assertEqual(invoice.amount_total, quote.amount_total)
        self.assertEqual(quote_of_other.line_ids.tax_ids, tax)

    def test_company_that_is_not_mine(self):
        data = self.setup_other_company()
        quote = self._create_quote(company_id=data["company"].id)
        with self.assertRaises(AccessError):
            quote.with_user(self.manager).action_convert_to_invoice()
