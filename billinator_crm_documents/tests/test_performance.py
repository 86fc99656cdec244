from odoo.fields import Command
from odoo.tests import tagged

from .common import DocumentsCase, make_pdf

FEW, MANY = 2, 30


@tagged("post_install", "-at_install")
class TestQueryCounts(DocumentsCase):
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
