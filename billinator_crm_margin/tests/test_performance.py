from odoo.fields import Command
from odoo.tests import tagged

from .common import MarginCase

FEW, MANY = 1, 50


@tagged("post_install", "-at_install")
class TestQueryCounts(MarginCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.products = cls.env["product.product"].create(
            [{"name": f"Product {n}", "standard_price": n} for n in range(MANY)]
        )

    def _prepare_quotes(self, count, lines):
        return [
            {
                "partner_id": self.customer.id,
                "line_ids": [
                    Command.create({"product_id": product.id})
                    for product in self.products[:lines]
                ],
            }
            for _number in range(count)
        ]

    def _count(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _take_costs_away(self):
        Line = type(self.env["billinator.quote.line"])
        self.patch(Line, "_fetch_products", lambda self, vals_list: None)
        self.patch(Line, "_get_products_cost", lambda self: 0.0)

    def test_new_quotes_take_no_query_for_costs(self):
        Quote = self.env["billinator.quote"]
        prepared = [
            self._prepare_quotes(count, lines)
            for count, lines in ((FEW, FEW), (FEW, FEW), (FEW, MANY), (MANY, FEW))
        ]

        def count_all():
            return [self._count(lambda one=one: Quote.create(one)) for one in prepared]

        _first, *with_costs = count_all()
        self._take_costs_away()
        _first, *without = count_all()
        self.assertEqual(with_costs, without)

    def test_updating_prices_takes_one_at_most(self):
        quotes = [
            self.env["billinator.quote"].create(self._prepare_quotes(FEW, lines)[0])
            for lines in (FEW, FEW, MANY)
        ]

        def count_all():
            return [self._count(quote.action_update_prices) for quote in quotes]

        _first, *with_costs = count_all()
        self._take_costs_away()
        _first, *without = count_all()
        for count, count_without in zip(with_costs, without, strict=True):
            self.assertLessEqual(count, count_without + 1)
