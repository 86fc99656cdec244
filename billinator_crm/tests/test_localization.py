from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestFiscalPositionOfCountry(BillinatorInvoicingCommon):
    """A country's module with a rule of its own, here by the invoice address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exempt = cls.fiscal_pos_a
        cls.office = cls.env["res.partner"].create(
            {"name": "Office in the zone", "function": "exempt"}
        )
        cls.asked = []
        Move = cls.env.registry["account.move"]
        standard_rule = Move._compute_fiscal_position_id

        def local_rule(moves):
            standard_rule(moves)
            for move in moves:
                cls.asked.append(move)
                if move.partner_id.function == "exempt":
                    move.fiscal_position_id = cls.exempt

        cls.startClassPatcher(
            patch.object(Move, "_compute_fiscal_position_id", local_rule)
        )

    def test_taxes_are_those_of_an_invoice_by_hand(self):
        by_hand = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.office.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.product_a.id, "quantity": 2})
                ],
            }
        )
        quote = self._create_quote(partner_id=self.office.id)
        quote.action_convert_to_invoice()
        invoice = quote.invoice_ids
        for document in (by_hand, quote, invoice):
            self.assertEqual(document.fiscal_position_id, self.exempt)
        taxes = by_hand.invoice_line_ids.tax_ids
        self.assertEqual(taxes, self.tax_sale_b)
        self.assertEqual(quote.line_ids.tax_ids, taxes)
        self.assertEqual(invoice.invoice_line_ids.tax_ids, taxes)

    def test_salespeople_need_no_accounting_rights(self):
        quote = (
            self.env["billinator.quote"]
            .with_user(self.salesperson)
            .create({"partner_id": self.customer.id})
        )
        self.assertFalse(quote.fiscal_position_id)
        quote.partner_id = self.office
        self.assertEqual(quote.fiscal_position_id, self.exempt)

    def test_each_of_many_gets_its_own(self):
        partners = self.office + self.customer + self.office
        quotes = self.env["billinator.quote"].create(
            [{"partner_id": partner.id} for partner in partners]
        )
        self.assertEqual(
            [quote.fiscal_position_id for quote in quotes],
            [self.exempt, self.exempt.browse(), self.exempt],
        )

    def test_asks_the_invoice_that_the_quote_becomes(self):
        currency = self.setup_other_currency("CHF")
        quote = self._create_quote(
            partner_invoice_id=self.office.id,
            partner_shipping_id=self.partner_b.id,
            currency_id=currency.id,
            date_quote="2026-02-03",
        )
        asked = self.asked[-1]
        self.assertFalse(asked.id)
        self.assertEqual(asked.state, "draft")
        self.assertEqual(asked.invoice_date, quote.date_quote)
        quote.action_convert_to_invoice()
        for name in (
            *("move_type", "company_id", "currency_id"),
            *("partner_id", "partner_shipping_id", "fiscal_position_id"),
        ):
            with self.subTest(name):
                self.assertEqual(asked[name], quote.invoice_ids[name])

    def test_follows_the_invoice_address(self):
        Quote = self.env["billinator.quote"]
        self.assertIn("partner_invoice_id", Quote._get_fiscal_position_sources())


@tagged("post_install", "-at_install")
class TestFiscalPositionOfNoCountry(BillinatorInvoicingCommon):
    def test_chosen_one_stays_with_another_invoice_address(self):
        quote = self._create_quote(fiscal_position_id=self.fiscal_pos_a.id)
        quote.partner_invoice_id = self.partner_a
        self.assertEqual(quote.fiscal_position_id, self.fiscal_pos_a)
