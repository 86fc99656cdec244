from odoo.tests import tagged
from odoo.tools import SQL

from ..hooks import COMPUTED, pre_init_hook, uninstall_hook
from .common import RecurringCase


@tagged("post_install", "-at_install")
class TestHooks(RecurringCase):
    def _read(self):
        columns = SQL(", ").join(map(SQL.identifier, COMPUTED))
        return self.env.execute_query(
            SQL(
                "SELECT %s FROM billinator_opportunity WHERE id = %s",
                columns,
                self.deal.id,
            )
        )

    def test_nothing_recurs_of_deals_that_are_there(self):
        self.env.flush_all()
        for name in COMPUTED:
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE billinator_opportunity DROP COLUMN %s",
                    SQL.identifier(name),
                )
            )
        pre_init_hook(self.env)
        self.assertEqual(self._read(), [(0, 0, 0)])

    def test_columns_that_are_there_stay(self):
        self.env.flush_all()
        pre_init_hook(self.env)
        self.assertEqual(self._read(), [(100, 100, 10)])

    def test_uninstalling_leaves_plans_to_their_table(self):
        uninstall_hook(self.env(su=True))
        self.assertTrue(self.yearly.exists())
        data = self.env["ir.model.data"].sudo()
        self.assertFalse(
            data.search_count([("model", "=", "billinator.recurring.plan")])
        )
