from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ..hooks import COLUMNS, post_init_hook, uninstall_hook
from .common import MarginCase


@tagged("post_install", "-at_install")
class TestHooks(MarginCase):
    def _read_columns(self):
        self.env.flush_all()
        return {
            table: self.env.execute_query(
                SQL(
                    "SELECT id, %s FROM %s ORDER BY id",
                    SQL(", ").join(SQL("ROUND(%s, 6)", SQL(name)) for name in columns),
                    SQL.identifier(table),
                )
            )
            for table, columns in COLUMNS.items()
        }

    def test_quotes_that_are_there_get_what_fields_compute(self):
        self._create_all_kinds_of_lines()
        computed = self._read_columns()
        self._empty_columns()
        post_init_hook(self.env(su=True))
        for table, rows in self._read_columns().items():
            self.assertEqual(rows, computed[table])

    def _empty_columns(self):
        for table, columns in COLUMNS.items():
            for name in columns:
                table_sql, name_sql = SQL.identifier(table), SQL.identifier(name)
                self.env.cr.execute(SQL("UPDATE %s SET %s = NULL", table_sql, name_sql))

    def _create_all_kinds_of_lines(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.77)])
        closed = self.env["res.company"].create({"name": "Closed"})
        for company, cost in ((self.company_b, 33), (closed, 44)):
            self.product_b.with_company(company).standard_price = cost
        for values in (
            {"currency_id": currency.id},
            {
                "company_id": self.company_b.id,
                "pricelist_id": False,
                "user_id": False,
            },
            {"company_id": closed.id, "pricelist_id": False, "user_id": False},
        ):
            quote = self.quote.copy(values)
            quote.line_ids = [
                Command.create({"product_id": self.product_b.id, "quantity": -1.5}),
                Command.create({"product_id": self.product_a.id, "is_optional": True}),
                Command.create(
                    {
                        "product_id": self.product_a.id,
                        "product_uom_id": self.uom_dozen.id,
                        "discount": 7.5,
                    }
                ),
                Command.create({"product_id": self.product_a.id, "price_unit": 0}),
                Command.create({"name": "Rebate", "price_unit": -3}),
                Command.create({"name": "Note", "display_type": "line_note"}),
            ]
            quote.action_apply_discount(percentage=3)
            quote.action_accept()
        closed.active = False

    def test_uninstalling_leaves_no_pointless_rules(self):
        Rule = self.env["billinator.approval.rule"]
        margin, archived, both = Rule.create(
            [
                {"name": "Margin", "min_margin": 99},
                {"name": "Archived", "min_margin": 99, "active": False},
                {"name": "Both", "min_margin": 99, "max_total": 1_000_000},
            ]
        )
        self.assertEqual(self.quote.approval_state, "needed")
        uninstall_hook(self.env(su=True))
        self.assertFalse((margin + archived).exists())
        self.assertEqual(both.min_margin, 0)
        self.assertEqual(self.quote.approval_state, "no")
