from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestFiscalPositionOfCountry(BillinatorInvoicingCommon):
    """A country's module with a rule of its own, here by invoice address and date."""

    last_day = date.max

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
                day = move.invoice_date or date.min
                if move.partner_id.function == "exempt" and day <= cls.last_day:
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

    def test_follows_what_the_rule_may_ask_for(self):
        sources = self.env["billinator.quote"]._get_fiscal_position_sources()
        for name in ("partner_invoice_id", "date_quote", "currency_id"):
            self.assertIn(name, sources)

    def test_copy_has_the_position_of_its_own_day(self):
        """Whoever copies needs no accounting rights, either."""
        today = fields.Date.context_today(self.customer)
        values = {"partner_id": self.office.id, "date_quote": today - timedelta(9)}
        values["user_id"] = self.salesperson.id
        quote, by_hand = (
            self._create_quote(**values, **more).with_user(self.salesperson)
            for more in ({}, {"fiscal_position_id": False})
        )
        self.assertEqual(quote.copy().fiscal_position_id, self.exempt)
        self.assertFalse(by_hand.copy().fiscal_position_id)
        with patch.object(type(self), "last_day", today - timedelta(5)):
            self.assertFalse(quote.copy().fiscal_position_id)
            for given in (
                {"date_quote": today - timedelta(7)},
                {"fiscal_position_id": self.exempt.id},
            ):
                self.assertEqual(quote.copy(given).fiscal_position_id, self.exempt)


@tagged("post_install", "-at_install")
class TestFiscalPositionOfNoCountry(BillinatorInvoicingCommon):
    def test_chosen_one_stays_with_another_invoice_address(self):
        quote = self._create_quote(fiscal_position_id=self.fiscal_pos_a.id)
        quote.partner_invoice_id = self.partner_a
        self.assertEqual(quote.fiscal_position_id, self.fiscal_pos_a)
