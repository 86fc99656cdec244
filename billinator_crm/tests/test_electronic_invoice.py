"""What electronic invoices say of quotes, and what their recipients check."""

from lxml import etree

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorInvoicingCommon


class ElectronicInvoiceCase(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = "round_per_line"

    @classmethod
    def _create_discounted_quote(cls, **values):
        return cls._create_quote(
            {"product_id": cls.product_a.id},
            {"name": "\nHelp at hand\nFor as long as it takes", "price_unit": 70},
            discount_percentage=10,
            **values,
        )

    def _invoice(self, quote, *percentages):
        """Post and return the invoices of down payments and of the rest."""
        for percentage in percentages:
            quote.action_invoice_down_payment(percentage=percentage)
            quote.invoice_ids.filtered(lambda move: move.state == "draft").action_post()
        quote.action_convert_to_invoice()
        quote._get_final_invoices().action_post()
        return quote.invoice_ids.sorted("id")

    def _credit(self, invoice):
        credit = self._reverse_invoice(invoice, is_modify=False)
        credit.filtered(lambda move: move.state == "draft").action_post()
        return credit

    def _export(self, model, invoice):
        content, _errors = self.env[model]._export_invoice(invoice)
        return etree.fromstring(content)


@tagged("post_install", "-at_install")
class TestFacturX(ElectronicInvoiceCase):
    def _get_names(self, invoice):
        """Return the name of what each line sells, ``None`` without one."""
        tree = self._export("account.edi.xml.cii", invoice)
        return [
            product.findtext("{*}Name")
            for product in tree.iterfind(".//{*}SpecifiedTradeProduct")
        ]

    def test_each_line_has_a_name(self):
        down_payment, final = self._invoice(self._create_discounted_quote(), 30)
        for invoice in (down_payment, final, self._credit(final)):
            names = self._get_names(invoice)
            lines = invoice.invoice_line_ids.filtered(
                lambda line: line.display_type == "product"
            )
            self.assertEqual(len(names), len(lines))
            self.assertTrue(all(names), names)

    def test_name_is_the_products_or_the_first_line(self):
        [invoice] = self._invoice(self._create_discounted_quote())
        self.assertEqual(
            self._get_names(invoice)[:2], [self.product_a.name, "Help at hand"]
        )


@tagged("post_install", "-at_install")
class TestUbl(ElectronicInvoiceCase):
    def _get_references(self, invoice):
        """Return what the order is called by customer and seller."""
        tree = self._export("account.edi.xml.ubl_bis3", invoice)
        order = tree.find("{*}OrderReference")
        return [
            (etree.QName(each).localname, each.text) for each in order.iterchildren()
        ]

    def test_number_of_the_quote_beside_the_customers_reference(self):
        quote = self._create_discounted_quote(client_order_ref="PO 7")
        down_payment, final = self._invoice(quote, 30)
        expected = [("ID", "PO 7"), ("SalesOrderID", quote.name)]
        for invoice in (down_payment, final):
            self.assertEqual(self._get_references(invoice), expected)
        for invoice in (down_payment, final):
            numbers = dict(self._get_references(self._credit(invoice)))
            self.assertEqual(numbers["SalesOrderID"], quote.name)

    def test_accountants_need_not_see_the_quote(self):
        quote = self._create_discounted_quote(user_id=self.salesperson.id)
        [invoice] = self._invoice(quote)
        invoice = invoice.with_user(self.accountant)
        numbers = dict(self._get_references(invoice))
        self.assertEqual(numbers["SalesOrderID"], quote.name)

    def test_other_invoices_have_none(self):
        invoice = self.init_invoice("out_invoice", products=self.product_a, post=True)
        invoice.invoice_origin = "By hand"
        self.assertNotIn("SalesOrderID", dict(self._get_references(invoice)))


@tagged("post_install", "-at_install")
class TestTaxBases(ElectronicInvoiceCase):
    """The lines of each tax come to what the tax is of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Group = cls.env["account.tax.group"]
        cls.taxes = cls.env["account.tax"].create(
            [
                {
                    "name": f"{amount} %",
                    "amount": amount,
                    "tax_group_id": Group.create({"name": f"{amount} %"}).id,
                }
                for amount in (0, 7, 19)
            ]
        )

    def _check_bases(self, invoice):
        totals = {}
        for line in invoice.invoice_line_ids:
            for tax in line.tax_ids:
                totals.setdefault(tax.tax_group_id.id, 0.0)
                totals[tax.tax_group_id.id] += line.price_subtotal
        bases = {
            group["id"]: group["base_amount_currency"]
            for subtotal in invoice.tax_totals["subtotals"]
            for group in subtotal["tax_groups"]
        }
        self.assertEqual(
            {group: round(total, 2) for group, total in totals.items()},
            {group: round(base, 2) for group, base in bases.items()},
        )

    def test_discount_and_down_payment(self):
        for percentage, *prices in (
            (30, 1266.79, 1137.17, 631.44),
            (99.99, 1434.1, 1421.79, 85.77),
            (33.33, 161.14, 1054.18, 978.41),
        ):
            quote = self._create_quote(
                *(
                    {
                        "name": "Work",
                        "price_unit": price,
                        "tax_ids": [Command.set(tax.ids)],
                    }
                    for tax, price in zip(self.taxes, prices, strict=True)
                ),
                discount_percentage=10,
            )
            for invoice in self._invoice(quote, percentage):
                with self.subTest(invoice=invoice.name, percentage=percentage):
                    self._check_bases(invoice)
