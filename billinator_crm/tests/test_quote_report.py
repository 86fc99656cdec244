import io

from pypdf import PdfReader

from odoo.tests import HttpCase, tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestQuoteReport(BillinatorCommon, HttpCase):
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
        included, _heading, optional = text.partition("Optional, not included")
        self.assertIn("A wish", optional)
        self.assertNotIn("A wish", included)
        self.assertEqual(quote._get_report_base_filename(), f"Quote {quote.name}")
