from datetime import date, datetime

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.billinator_crm.tests.common import BillinatorInvoicingCommon

from .common import MigrationMixin


@tagged("post_install", "-at_install")
class TestQuotations(MigrationMixin, BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crm()
        cls.lead = cls._create_lead()
        cls.excluded, cls.included = cls.env["account.tax"].create(
            [
                {
                    "name": f"{kind} 19%",
                    "amount": 19,
                    "company_id": cls.company.id,
                    "price_include_override": kind,
                }
                for kind in ("tax_excluded", "tax_included")
            ]
        )
        cls.euro = cls.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])

    def _create_order(self, *lines, **values):
        lines = lines or ({"price_unit": 100},)
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "user_id": self.salesperson.id,
                "opportunity_id": self.lead.id,
                "order_line": [
                    Command.create(
                        line
                        if "display_type" in line
                        else {
                            "product_id": self.product_a.id,
                            "tax_ids": [Command.set(self.excluded.ids)],
                            **line,
                        }
                    )
                    for line in lines
                ],
                **values,
            }
        )

    def _get_quote(self, order):
        return self.env["billinator.quote"].search([("sale_order_ref", "=", order.id)])

    def _bring_order(self, *lines, **values):
        order = self._create_order(*lines, **values)
        run = self._bring()
        self.assertFalse(run.problem_ids.mapped("reason"))
        return order, self._get_quote(order)

    def assertSameTotals(self, order, quote):
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertEqual(quote[name], order[name], name)
            self.assertTrue(quote[name])

    def test_what_is_signed_or_being_paid_stays_in_sales(self):
        signed = self._create_order(state="sent")
        signed.signed_on = datetime(2026, 1, 2)
        paid = self._create_order(state="sent")
        provider = self.env["payment.provider"].create({"name": "Bank"})
        methods = self.env["payment.method"].with_context(active_test=False)
        method = methods.search([], limit=1)
        paid.transaction_ids = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": "Paid",
                "amount": paid.amount_total,
                "currency_id": paid.currency_id.id,
                "partner_id": self.customer.id,
                "state": "pending",
            }
        )
        self._bring()
        self.assertFalse(self._get_quote(signed) + self._get_quote(paid))

    def test_what_is_sold_in_sales_later_is_not_invoiced_here(self):
        sold, quote = self._bring_order()
        revised, former = self._bring_order(state="sent")
        version = self.env["billinator.quote"].browse(former.action_revise()["res_id"])
        (sold | revised).action_confirm()
        for each in (quote, version):
            with self.assertRaisesRegex(UserError, "sold in Sales"):
                each.action_convert_to_invoice()
        _order, kept = self._bring_order()
        kept.action_convert_to_invoice()
        self.assertEqual(kept.invoice_status, "draft")

    def test_a_quotation_waits_for_its_opportunity(self):
        stage = self.env["crm.stage"].create({"name": "Newer"})
        order = self._create_order()
        run = self._create_run()
        self.lead.stage_id = stage
        run.stage_ids.filtered(lambda line: line.crm_stage_id == stage).unlink()
        run.action_start()
        self.assertEqual(len(run.problem_ids), 2)
        self.assertFalse(self._get_quote(order))
        self._bring()
        deal = self.lead.billinator_opportunity_id
        self.assertTrue(deal)
        self.assertEqual(self._get_quote(order).opportunity_id, deal)

    def test_a_quotation(self):
        term = self.env.ref("account.account_payment_term_30days")
        tag = self.env["crm.tag"].create({"name": "Big"})
        order, quote = self._bring_order(
            {"display_type": "line_section", "name": "Roof"},
            {"name": "Tiles", "product_uom_qty": 3, "price_unit": 9.99, "discount": 5},
            {"display_type": "line_note", "name": "Black"},
            {"product_id": self.product_b.id, "price_unit": 0},
            client_order_ref="PO 1",
            date_order="2024-02-03 10:00:00",
            validity_date="2099-01-01",
            payment_term_id=term.id,
            tag_ids=[Command.set(tag.ids)],
            note="<p>As always</p>",
        )
        self.assertRecordValues(
            quote,
            [
                {
                    "name": order.name,
                    "state": "draft",
                    "partner_id": self.customer.id,
                    "partner_invoice_id": order.partner_invoice_id.id,
                    "partner_shipping_id": order.partner_shipping_id.id,
                    "opportunity_id": self.lead.billinator_opportunity_id.id,
                    "user_id": self.salesperson.id,
                    "client_order_ref": "PO 1",
                    "date_quote": date(2024, 2, 3),
                    "validity_date": date(2099, 1, 1),
                    "payment_term_id": term.id,
                    "pricelist_id": order.pricelist_id.id,
                    "fiscal_position_id": order.fiscal_position_id.id,
                    "note": "<p>As always</p>",
                }
            ],
        )
        self.assertEqual(quote.tag_ids.name, "Big")
        self.assertRecordValues(
            quote.line_ids,
            [
                {
                    "display_type": line.display_type,
                    "name": line.name,
                    "product_id": line.product_id.id,
                    "product_uom_id": line.product_uom_id.id,
                    "quantity": line.product_uom_qty,
                    "price_unit": line.price_unit,
                    "discount": line.discount,
                    "tax_ids": line.tax_ids.ids,
                    "price_total": line.price_total,
                }
                for line in order.order_line
            ],
        )
        self.assertSameTotals(order, quote)
        self.assertEqual(order.state, "draft")

    def test_totals_to_the_cent(self):
        both = Command.set((self.included | self.excluded).ids)
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            for values in ({}, {"pricelist_id": pricelist.id}):
                order, quote = self._bring_order(
                    {"price_unit": 0.35, "product_uom_qty": 7, "discount": 12.5},
                    {"price_unit": 19.99, "tax_ids": [Command.set(self.included.ids)]},
                    {"price_unit": 3.33, "tax_ids": [both], "discount": 33.33},
                    {"price_unit": 12.34, "discount": -10},
                    **values,
                )
                self.assertSameTotals(order, quote)
                self.assertEqual(quote.currency_id, order.currency_id)

    def test_states(self):
        sent, past, cancelled = (self._create_order() for _one in range(3))
        (sent | past).action_quotation_sent()
        sent.date_order = datetime(2024, 5, 6)
        past.write({"date_order": "2020-01-01", "validity_date": "2020-02-01"})
        cancelled._action_cancel()
        run = self._bring()
        self.assertFalse(run.problem_ids.mapped("reason"))
        quotes = [self._get_quote(order) for order in (sent, past, cancelled)]
        self.assertEqual(
            [quote.state for quote in quotes], ["sent", "expired", "rejected"]
        )
        self.assertEqual(quotes[0].date_sent, sent.date_order)
        self.assertFalse(quotes[0].is_changed_since_sent)
        self.assertTrue(quotes[0].is_reminder_off)
        self.assertFalse(quotes[1].activity_ids)
        deal = self.lead.billinator_opportunity_id
        self.assertEqual(deal.stage_id, self.stages["QUALIFIED"])

    def test_nothing_is_invoiced_twice(self):
        confirmed, invoiced = self._create_order(), self._create_order()
        self.product_a.invoice_policy = "order"
        (confirmed | invoiced).action_confirm()
        invoiced._create_invoices()
        invoiced._action_cancel()
        run = self._create_run()
        staying = run.staying_count
        run = self._bring()
        self.assertFalse(self._get_quote(confirmed) | self._get_quote(invoiced))
        self.assertEqual(run.staying_count, staying)
        note = self.lead.billinator_opportunity_id.message_ids[:1].body
        self.assertIn(confirmed.name, note)
        self.assertIn("119.00", note)

    def test_a_run_brings_each_once(self):
        order, quote = self._bring_order()
        self.assertFalse(self._bring().quote_count)
        self.assertEqual(self._get_quote(order), quote)

    def test_another_customers_deal(self):
        other = self.env["res.partner"].create({"name": "Other"})
        _order, quote = self._bring_order(partner_id=other.id)
        self.assertTrue(quote)
        self.assertFalse(quote.opportunity_id)

    def test_optional_products(self):
        order, quote = self._bring_order(
            {"price_unit": 10},
            {"display_type": "line_section", "name": "Extras", "is_optional": True},
            {"price_unit": 20, "product_uom_qty": 0},
            {"price_unit": 40, "product_uom_qty": 2},
        )
        lines = quote.line_ids.filtered("is_optional")
        self.assertEqual(lines.mapped("is_selected"), [False, True])
        self.assertSameTotals(order, quote)

    @mute_logger("odoo.sql_db")
    def test_a_number_that_is_taken_is_told(self):
        order = self._create_order()
        self.env["billinator.quote"].create(
            {"partner_id": self.customer.id, "name": order.name}
        )
        run = self._bring()
        [problem] = run.problem_ids
        self.assertEqual(problem.name, order.name)
        self.assertIn("this number", problem.reason)
        self.assertFalse(self._get_quote(order))
