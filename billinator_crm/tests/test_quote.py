from odoo.tests import tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestQuote(BillinatorCommon):
    def test_convert_once(self):
        quote = self._create_quote()
        first = quote.action_convert_to_invoice()
        self.assertEqual(quote.state, "accepted")
        self.assertEqual(quote.invoice_ids.amount_total, quote.amount_total)
        self.assertEqual(quote.action_convert_to_invoice()["res_id"], first["res_id"])
