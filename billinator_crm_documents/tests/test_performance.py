from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..models.billinator_quote_line import BillinatorQuoteLine
from .common import DocumentsCase, make_pdf

FEW, MANY = 2, 30


class QueryCountsCase(DocumentsCase):
    def _create(self, count, **values):
        line = {"product_id": self.product_a.id}
        return self.env["billinator.quote"].create(
            [
                {
                    "partner_id": self.customer.id,
                    "line_ids": [Command.create(line)],
                    **values,
                }
                for _number in range(count)
            ]
        )

    def _count(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestQueryCounts(QueryCountsCase):
    def test_new_quotes_without_documents(self):
        nothing = {"document_ids": [Command.clear()]}
        self._create(FEW)
        proposed, given = (
            self._count(lambda values=values: self._create(FEW, **values))
            for values in ({}, nothing)
        )
        self.assertEqual(proposed, given)

    def test_new_quotes_with_documents(self):
        self.documents.is_default = True
        self._create(FEW)
        few, many = (
            self._count(lambda count=count: self._create(count))
            for count in (FEW, MANY)
        )
        self.assertEqual(few, many)

    def test_handing_over(self):
        def change(count):
            quotes = self._create(count)
            quotes.document_ids = self.terms
            quotes[: count // 2].action_mark_sent()
            file = make_pdf(f"Terms of {quotes.ids}")
            return self._count(lambda: self.terms.write({"file": file}))

        _first, few, many = map(change, (FEW, FEW, MANY))
        self.assertEqual(few, many)

    def test_hashes(self):
        def read(count):
            quotes = self._create(count)
            quotes.document_ids = self.documents
            return self._count(lambda: quotes.mapped("content_hash"))

        _first, few, many = map(read, (FEW, FEW, MANY))
        self.assertEqual(few, many)


@tagged("post_install", "-at_install")
class TestQueryCountsOfProducts(QueryCountsCase):
    """Documents follow many products in as many queries as one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.products = cls.env["product.product"].create(
            [{"name": f"Product {number}"} for number in range(MANY)]
        )

    def _give_documents(self):
        self.documents.product_tmpl_ids = self.products.product_tmpl_id

    def _change_lines(self, count):
        """Return the queries to add, exchange and take off lines of new quotes."""
        quotes, products = self._create(count), self.products
        Line = self.env["billinator.quote.line"]
        vals_list = [
            {"quote_id": quote.id, "product_id": product.id}
            for quote, product in zip(quotes, products, strict=False)
        ]
        lines = Line.browse()

        def create():
            nonlocal lines
            lines = Line.create(vals_list)

        return [
            self._count(create),
            self._count(lambda: lines.write({"product_id": products[0].id})),
            self._count(lambda: lines.write({"quantity": 3})),
            self._count(lambda: lines.unlink()),
        ]

    def test_new_quotes_of_many_products(self):
        self._give_documents()

        def create(count):
            lines = [
                [Command.create({"product_id": product.id})]
                for product in self.products[:count]
            ]
            vals = {"partner_id": self.customer.id}
            return self._count(
                lambda: self.env["billinator.quote"].create(
                    [{**vals, "line_ids": commands} for commands in lines]
                )
            )

        _first, few, many = map(create, (FEW, FEW, MANY))
        self.assertEqual(few, many)

    def test_lines_of_many_quotes(self):
        """Odoo writes the totals of each quote; what comes on top is the same."""
        self._change_lines(FEW)
        alone = [self._change_lines(count) for count in (FEW, MANY)]
        self._give_documents()
        self._change_lines(FEW)
        few, many = (
            [after - before for after, before in zip(counts, without, strict=True)]
            for counts, without in zip(
                [self._change_lines(count) for count in (FEW, MANY)],
                alone,
                strict=True,
            )
        )
        self.assertEqual(few, many)

    def test_lines_where_no_product_has_documents(self):
        self.env["billinator.quote.document"].search([]).product_tmpl_ids = False
        self.documents.is_default = True
        counts, inherited = self._compare_lines()
        self.assertEqual(counts, inherited)

    def test_lines_where_other_products_have_documents(self):
        """Reading the lines of a quote takes two queries, if nothing else does."""
        self.documents.product_tmpl_ids = self.product_b.product_tmpl_id
        for count, inherited in zip(*self._compare_lines(), strict=True):
            self.assertLessEqual(count, inherited + 2)

    def _compare_lines(self):
        """Return the queries to change lines, and those without following products."""
        self._change_lines(FEW)
        counts = self._change_lines(FEW)
        with inherit("create"), inherit("write"), inherit("unlink"):
            return counts, self._change_lines(FEW)


def inherit(name):
    """Let lines have a method as it is without documents."""

    def call(lines, *args):
        return getattr(super(BillinatorQuoteLine, lines), name)(*args)

    return patch.object(BillinatorQuoteLine, name, call)
