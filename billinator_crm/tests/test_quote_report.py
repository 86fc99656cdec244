import io

from lxml import html
from pypdf import PdfReader

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuoteReport(BillinatorInvoicingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # From where the PDF's program fetches its styles.
        cls.env["ir.config_parameter"].set_param("report.url", cls.base_url())

    def _get_text(self, quote, user=None):
        report = self.env["ir.actions.report"].with_user(user or self.env.user)
        content, kind = report.with_context(
            force_report_rendering=True
        )._render_qweb_pdf("billinator_crm.report_quote", quote.ids)
        self.assertEqual(kind, "pdf")
        pages = PdfReader(io.BytesIO(content)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    def test_says_what_the_quote_says(self):
        quote = self._create_quote(
            {"display_type": "line_section", "name": "Hardware"},
            {"product_id": self.product_a.id, "quantity": 3, "discount": 10},
            {
                "product_id": self.product_b.id,
                "name": "A wish",
                "is_optional": True,
            },
            client_order_ref="PO 4711",
            user_id=self.salesperson.id,
        )
        text = self._get_text(quote, self.salesperson)
        total = self.env["ir.qweb.field.monetary"].value_to_html(
            quote.amount_total, {"display_currency": quote.currency_id}
        )
        digits = "".join(filter(str.isdigit, str(total)))
        self.assertIn(digits, "".join(filter(str.isdigit, text)))
        for expected in (quote.name, "Ada Industries", "Hardware", "PO 4711", "10.00"):
            self.assertIn(expected, text)
        included, _heading, optional = text.partition("Options, not in the total")
        self.assertIn("A wish", optional)
        self.assertNotIn("A wish", included)
        self.assertEqual(
            quote._get_report_base_filename(), f"Quote {quote.name.replace('/', '-')}"
        )

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
        titles = ("Invoice Address", "Delivery Address")
        quote = self._create_quote()
        text = self._get_text(quote)
        for title, address in zip(titles, addresses, strict=True):
            self.assertIn(title, text)
            self.assertIn(address.street, text)
        quote.partner_shipping_id = self.customer
        text = self._get_text(quote)
        self.assertIn("Invoice Address", text)
        self.assertNotIn("Delivery Address", text)

    def test_says_units_whoever_prints_it(self):
        """Customers have no rights to units, and no others print it from the page."""
        dozen = self.env.ref("uom.product_uom_dozen")
        quote = self._create_quote(
            {"product_id": self.product_a.id, "product_uom_id": dozen.id},
            user_id=self.salesperson.id,
        )
        units = self.env.ref("uom.group_uom")
        for group_ids in ([], units.ids):
            self.salesperson.group_ids = self.salesperson.group_ids - units
            self.salesperson.group_ids += units.browse(group_ids)
            self.assertIn("1.00 Dozens", self._get_text(quote, self.salesperson))

    def _create_structured_quote(self):
        product = {"product_id": self.product_a.id, "price_unit": 100}
        section = {"display_type": "line_section"}
        return self._create_quote(
            {**section, "name": "Open"},
            {**product, "name": "In the open", "quantity": 2},
            {"display_type": "line_subsection", "name": "Below"},
            {**product, "name": "Deep", "quantity": 3},
            {**section, "name": "No Prices", "collapse_prices": True},
            {**product, "name": "Priceless", "quantity": 4},
            {**section, "name": "Bundle", "collapse_composition": True},
            {**product, "name": "Hidden", "quantity": 5},
            {"display_type": "line_note", "name": "Hidden note"},
            {**section, "name": "Wishes"},
            {**product, "name": "A wish", "is_optional": True},
        )

    def test_sections_sum_up_and_hide_what_they_shall(self):
        quote = self._create_structured_quote()
        rows = [
            (
                row["line"].name,
                row["kind"],
                row["indent"],
                row["has_price"] and row["amount"],
            )
            for row in quote._get_document_rows()
        ]
        self.assertEqual(
            rows,
            [
                ("Open", "section", 0, 500),
                ("In the open", "product", 1, 200),
                ("Below", "subsection", 1, 300),
                ("Deep", "product", 2, 300),
                ("No Prices", "section", 0, 400),
                ("Priceless", "product", 1, False),
                ("Bundle", "bundle", 0, 500),
            ],
        )
        options = [row["line"].name for row in quote._get_option_rows()]
        self.assertEqual(options, ["Wishes", "A wish"])
        text = self._get_text(quote)
        self.assertNotIn("Hidden", text)
        self.assertNotIn("Disc.%", text)
        self.assertNotIn("Version", text)
        # That pieces are counted goes without saying, as on the quote's page.
        self.assertNotIn("Units", text)

    def test_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        quote = self._create_quote(
            {"product_id": self.product_a.id, "price_unit": 1234.5, "tax_ids": []},
            date_quote="2026-03-01",
            validity_date="2026-03-31",
            currency_id=self.env.ref("base.EUR").id,
        )
        text = self._get_text(quote)
        self.assertIn("31.03.2026", text)
        self.assertRegex(text, r"1\.234,50\s?€")

    def test_translates_what_the_country_has_no_word_for(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.company.account_fiscal_country_id.vat_label = False
        self.env.ref("billinator_crm.report_quote_document").update_field_translations(
            "arch_db", {"de_DE": {"Tax ID": "Steuernummer"}}
        )
        self.customer.write({"lang": "de_DE", "vat": "DE123456788"})
        content = self._get_html(self._create_quote())
        self.assertRegex(content, r"Steuernummer\s*: <span>DE123456788")

    def _get_html(self, quotes):
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "billinator_crm.report_quote", quotes.ids
        )
        return content.decode()

    def test_names_taxes_in_each_customers_language(self):
        tax = [Command.set(self.tax_sale_a.ids)]
        quotes = self._create_quotes_in_two_languages({"name": "A", "tax_ids": tax})
        content = self._get_html(self.env["billinator.quote"].union(*quotes))
        for label in quotes.values():
            self.assertEqual(content.count(label), 1)

    def test_fills_the_layout_of_din_5008(self):
        """It places its own title, information and addresses, and no others."""
        key = "l10n_din5008.external_layout_din5008"
        layout = self.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "key": key,
                "arch": f"""
                    <t t-name="{key}">
                        <h2><t t-out="din5008_document_title" /></h2>
                        <table><t t-out="din5008_address_block" /></table>
                        <t t-out="din5008_document_information" />
                        <t t-out="0" />
                    </t>
                """,
            }
        )
        self.company.external_report_layout_id = layout
        self.customer.child_ids = [
            Command.create({"name": "B", "type": "invoice", "street": "Bill Street"}),
            Command.create({"name": "G", "type": "delivery", "street": "Good Street"}),
        ]
        quote = self._create_quote(
            client_order_ref="PO 4711",
            user_id=self.salesperson.id,
            date_quote="2026-03-01",
            validity_date="2026-03-31",
        )
        content = self._get_html(quote)
        self.assertEqual(content.count("Valid Until"), 1)
        page = html.fromstring(content)
        [title] = page.xpath("//h2")
        self.assertEqual(title.text_content(), f"Quote {quote.name}")
        bill, goods = page.xpath("//table/tr/td[@class='shipping_address']")
        self.assertIn("Bill Street", bill.text_content())
        self.assertIn("Good Street", goods.text_content())
        [block] = page.find_class("information_block")
        for expected in (
            quote.name,
            "03/01/2026",
            "03/31/2026",
            "PO 4711",
            self.salesperson.name,
        ):
            self.assertIn(expected, block.text_content())

    def test_long_texts_have_no_repeated_header_to_be_printed_over(self):
        sentence = "This goes on without a line break. "
        for text, is_long in ((sentence * 20, True), (sentence, False)):
            quote = self._create_quote({"product_id": self.product_a.id, "name": text})
            document = self._get_html(quote)
            self.assertEqual("table-row-group" in document, is_long)

    def test_notes_of_payment_terms_have_no_second_heading(self):
        term = self.pay_terms_a
        quote = self._create_quote(payment_term_id=term.id)
        for note in ("<p>Payment terms: 30 Days</p>", False):
            term.note = note
            document = self._get_html(quote)
            self.assertEqual("<strong>Payment Terms</strong>" in document, not note)

    def test_repeats_the_header_on_every_page(self):
        lines = [{"product_id": self.product_a.id, "name": f"L {n}"} for n in range(60)]
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, _kind = report._render_qweb_pdf(
            "billinator_crm.report_quote", self._create_quote(*lines).ids
        )
        pages = PdfReader(io.BytesIO(content)).pages
        self.assertGreaterEqual(len(pages), 3)
        for page in list(pages)[:3]:
            self.assertIn("Unit Price", page.extract_text())
