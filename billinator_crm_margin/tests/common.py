from odoo.addons.billinator_crm.tests.common import BillinatorCommon


class MarginCase(BillinatorCommon):
    """One product costs 60 and is sold for 100; a quote has two of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_a.write({"list_price": 100, "standard_price": 60})
        cls.quote = cls._create_quote(
            {"product_id": cls.product_a.id, "quantity": 2, "tax_ids": False},
            user_id=cls.salesperson.id,
        )
        cls.line = cls.quote.line_ids

    def _assert_margin(self, record, margin, percent):
        self.assertAlmostEqual(record.margin, margin)
        self.assertAlmostEqual(record.margin_percent, percent, places=2)
