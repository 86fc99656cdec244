from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillinatorInvoicingCommon
from .test_quote_price import PriceCase

VIEW = "billinator_crm.billinator_quote_view_form"


@tagged("post_install", "-at_install")
class TestQuoteForm(PriceCase, BillinatorInvoicingCommon):
    """What a salesperson, with no accounting rights, does in the quote's form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.group_ids += (
            cls.env.ref("product.group_product_pricelist")
            + cls.env.ref("uom.group_uom")
            + cls.env.ref("base.group_multi_currency")
        )
        cls.tax = cls.env["account.tax"].create({"name": "Tax 10%", "amount": 10})
        cls.product.taxes_id = cls.tax
        cls.Quote = cls.env["billinator.quote"].with_user(cls.salesperson)

    def _open(self, quote=None):
        return Form(quote or self.Quote, VIEW)

    def test_new_quote(self):
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as section:
                section.display_type = "line_section"
                section.name = "Furniture"
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.quantity = 4
                self.assertEqual(line.price_unit, 100)
                self.assertEqual(line.price_subtotal, 400)
                self.assertEqual(line.tax_ids[:], self.tax)
            self.assertEqual(form.tax_totals["total_amount_currency"], 440)
        quote = form.record
        self.assertNotEqual(quote.name, "New")
        self.assertEqual(quote.user_id, self.salesperson)
        self.assertEqual(quote.amount_total, 440)
        self.assertEqual(quote.line_ids.mapped("display_type"), ["line_section", False])

    def test_deals_of_the_contacts_company(self):
        contact = self.customer.create({"name": "Ada", "parent_id": self.customer.id})
        deal, other = self.env["billinator.opportunity"].create(
            [
                {"name": "Own", "partner_id": self.customer.id},
                {"name": "Other", "partner_id": self.partner_b.id},
            ]
        )
        quote = self._create_quote(
            partner_id=contact.id, user_id=self.salesperson.id
        ).with_user(self.salesperson)
        domain = self._evaluate(quote, "//field[@name='opportunity_id']/@domain")
        deals = self.env["billinator.opportunity"].search(domain)
        self.assertIn(deal, deals)
        self.assertNotIn(other, deals)

    def test_planned_down_payments_come_before_the_rest(self):
        button = (
            "//header/button[@name='action_convert_to_invoice'][@confirm]/@invisible"
        )
        quote = self._create_quote(user_id=self.salesperson.id)
        self.assertFalse(self._evaluate(quote, button))
        quote.installment_ids = [Command.create({"percentage": 30})]
        self.assertTrue(self._evaluate(quote, button))
        with self.assertRaisesRegex(UserError, "plans down payments"):
            quote.action_convert_to_invoice()

    def _evaluate(self, quote, xpath):
        """Return what an expression in the form says of a quote."""
        arch = etree.fromstring(quote.get_view(quote.env.ref(VIEW).id, "form")["arch"])
        (expression,) = arch.xpath(xpath)
        names = {node.get("name") for node in arch.xpath("//field")}
        fields = quote._fields.keys() & names
        values = quote.read(list(fields), load=None)[0]
        return safe_eval(expression, values)

    def test_customer_brings_pricelist_and_currency(self):
        pricelist = self._create_pricelist(
            {"compute_price": "percentage", "percent_price": 5},
            currency_id=self.currency.id,
        )
        self.customer.property_product_pricelist = pricelist
        with self._open() as form:
            form.partner_id = self.customer
            self.assertEqual(form.pricelist_id, pricelist)
            self.assertEqual(form.currency_id, self.currency)
            with form.line_ids.new() as line:
                line.product_id = self.product
                self.assertEqual((line.price_unit, line.discount), (400, 5))
        self.assertEqual(form.record.amount_total, 418)

    def test_quantity_moves_the_pricelists_price_only(self):
        pricelist = self._create_pricelist(
            {"compute_price": "fixed", "fixed_price": 80, "min_quantity": 10}
        )
        with self._open() as form:
            form.partner_id = self.customer
            form.pricelist_id = pricelist
            with form.line_ids.new() as line:
                line.product_id = self.product
                self.assertEqual(line.price_unit, 100)
                line.quantity = 10
                self.assertEqual(line.price_unit, 80)
                line.price_unit = 77
                line.quantity = 5
                self.assertEqual(line.price_unit, 77)
        with self._open(form.record) as form, form.line_ids.edit(0) as line:
            line.quantity = 20
            self.assertEqual(line.price_unit, 77)
        self.assertEqual(form.record.amount_untaxed, 20 * 77)

    def test_saved_price_still_follows_the_pricelist(self):
        pricelist = self._create_pricelist(
            *(
                {
                    "compute_price": "fixed",
                    "fixed_price": price,
                    "min_quantity": minimum,
                }
                for minimum, price in ((10, 80), (20, 70))
            )
        )
        line = self._create_line(
            pricelist, quote_values={"user_id": self.salesperson.id}
        )
        for quantity, price in ((10, 80), (20, 70), (5, 100)):
            quote = line.quote_id.with_user(self.salesperson)
            with self._open(quote) as form, form.line_ids.edit(0) as line_form:
                line_form.quantity = quantity
            self.assertEqual(line.price_unit, price)

    def test_another_product_brings_its_price(self):
        other = self._create_product(list_price=55)
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.price_unit = 77
                line.discount = 5
                line.product_id = other
                self.assertEqual((line.price_unit, line.discount), (55, 0))
                line.price_unit = 77
        with self._open(form.record) as form, form.line_ids.edit(0) as line:
            line.product_id = self.product
            self.assertEqual(line.price_unit, 100)
        self.assertEqual(form.record.line_ids.price_unit, 100)

    def test_unit(self):
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.product_uom_id = self.uom_dozen
                self.assertEqual(line.price_unit, 1200)

    def test_option(self):
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.is_optional = True
            self.assertEqual(form.tax_totals["total_amount_currency"], 0)
            with form.line_ids.edit(0) as line:
                line.is_selected = True
            self.assertEqual(form.tax_totals["total_amount_currency"], 110)
        self.assertEqual(form.record.amount_total, 110)

    def test_of_a_deal(self):
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        action = opportunity.with_user(self.salesperson).action_new_quote()
        with Form(self.Quote.with_context(**action["context"]), VIEW) as form:
            self.assertEqual(form.partner_id, self.customer)
            self.assertEqual(form.opportunity_id, opportunity)
            with form.line_ids.new() as line:
                line.product_id = self.product
        self.assertEqual(opportunity.quote_ids, form.record)

    def test_accepted_is_read_only(self):
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.product_id = self.product
        quote = form.record
        quote.action_accept()
        form = self._open(quote)
        for name, value in (
            ("partner_id", self.partner_a),
            ("note", "<p>More</p>"),
            ("payment_term_id", self.pay_terms_b),
            ("date_quote", "2020-01-01"),
        ):
            with self.assertRaisesRegex(AssertionError, "readonly"):
                setattr(form, name, value)
        with self.assertRaisesRegex(AssertionError, "not editable"):
            form.line_ids.new()
        form.client_order_ref = "PO 3"
        form.save()
        self.assertEqual(quote.client_order_ref, "PO 3")

    def test_update_prices_and_convert(self):
        with self._open() as form:
            form.partner_id = self.customer
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.price_unit = 5
        quote = form.record
        quote.action_update_prices()
        self.assertEqual(quote.amount_untaxed, 100)
        quote.action_convert_to_invoice()
        form = self._open(quote)
        self.assertEqual(form.invoice_status, "draft")
        self.assertEqual(form.state, "accepted")


@tagged("post_install", "-at_install")
class TestQuoteCatalog(PriceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.list_price = 50
        cls.pricelist = cls._create_pricelist(
            {"compute_price": "fixed", "fixed_price": 40, "min_quantity": 10}
        )
        quote = cls._create_quote(
            {"display_type": "line_section", "name": "Section", "sequence": 30},
            pricelist_id=cls.pricelist.id,
            user_id=cls.salesperson.id,
        )
        cls.quote = quote.with_user(cls.salesperson)

    def _get_info(self):
        info = self.quote._get_product_catalog_order_line_info(self.product.ids)
        return info[self.product.id]

    def test_opens_what_is_sold(self):
        hidden = self.env["product.product"].create({"name": "No", "sale_ok": False})
        foreign = self.env["product.product"].create(
            {"name": "Foreign", "company_id": self.company_b.id}
        )
        Line = self.env["billinator.quote.line"].with_user(self.salesperson)
        action = Line.with_context(order_id=self.quote.id).action_add_from_catalog()
        self.assertEqual(action["context"]["product_catalog_order_id"], self.quote.id)
        self.assertEqual(
            action["context"]["product_catalog_currency_id"], self.quote.currency_id.id
        )
        offered = self.env["product.product"].search(action["domain"])
        self.assertIn(self.product, offered)
        self.assertFalse((hidden + foreign) & offered)

    def test_product_not_on_the_quote(self):
        info = self._get_info()
        self.assertEqual((info["quantity"], info["price"]), (0, 50))
        self.assertFalse(info["readOnly"])

    def test_add_change_and_remove(self):
        def update(quantity):
            return self.quote._update_order_line_info(self.product.id, quantity)

        def line():
            return self.quote.line_ids.filtered("product_id")

        self.assertEqual(update(2), 50)
        self.assertRecordValues(
            line(), [{"quantity": 2, "product_id": self.product.id}]
        )
        self.assertEqual(self.quote.line_ids.sorted()[-1], line())
        self.assertEqual(update(12), 40)
        self.assertEqual(self.quote.amount_untaxed, 480)
        self.assertEqual(self._get_info()["quantity"], 12)
        self.assertEqual(self._get_info()["price"], 40)
        self.assertEqual(update(0), 50)
        self.assertFalse(line())
        self.assertEqual(update(0), 50)
        self.assertFalse(line())

    def test_price_after_discount(self):
        self.quote._update_order_line_info(self.product.id, 1)
        self.quote.line_ids.filtered("product_id").discount = 10
        self.assertEqual(self._get_info()["price"], 45)

    def test_several_lines_of_a_product(self):
        self.quote.line_ids = [
            Command.create({"product_id": self.product.id, "quantity": quantity})
            for quantity in (1, 2)
        ]
        info = self._get_info()
        self.assertEqual(info["quantity"], 3)
        self.assertTrue(info["readOnly"])

    def test_final_quote(self):
        self.quote._update_order_line_info(self.product.id, 1)
        self.quote.action_accept()
        self.assertTrue(self._get_info()["readOnly"])
        with (
            self.assertRaisesRegex(UserError, "cannot be changed"),
            self.env.cr.savepoint(),
        ):
            self.quote._update_order_line_info(self.product.id, 2)
        self.assertEqual(self.quote.amount_untaxed, 50)
