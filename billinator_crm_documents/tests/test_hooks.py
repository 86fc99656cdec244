from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, sql

from ..hooks import pre_init_hook, uninstall_hook
from ..models.billinator_quote import RELATION
from .common import DocumentsCase


@tagged("post_install", "-at_install")
class TestHooks(DocumentsCase):
    def test_the_table_is_as_odoo_makes_it(self):
        """So that it computes nothing for the quotes that are there."""
        field = self.env["billinator.quote"]._fields["document_ids"]
        columns = sql.table_columns(self.cr, RELATION)
        self.assertEqual(set(columns), {field.column1, field.column2})
        self.assertEqual(field.relation, RELATION)
        self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(RELATION)))
        pre_init_hook(self.env)
        with patch.object(type(self.registry), "post_init"):
            self.assertFalse(field.update_db(self.env["billinator.quote"], {}))
        self.assertEqual(set(sql.table_columns(self.cr, RELATION)), set(columns))

    def test_a_table_that_is_there_stays(self):
        self.quote.document_ids = self.terms
        self.env.flush_all()
        pre_init_hook(self.env)
        self.env.invalidate_all()
        self.assertEqual(self.quote.document_ids, self.terms)

    def test_uninstalling_leaves_documents_to_their_table(self):
        demo = self.env["ir.model.data"].create(
            {
                "module": "billinator_crm_documents",
                "name": "used_document",
                "model": self.terms._name,
                "res_id": self.terms.id,
            }
        )
        self._create_quote(document_ids=[Command.set(self.terms.ids)])
        uninstall_hook(self.env(su=True))
        self.assertTrue(self.terms.exists())
        self.assertFalse(demo.exists())
