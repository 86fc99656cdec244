from odoo.tools import sql


def migrate(cr, version):
    """Let nothing follow when quotes are accepted online, as it was.

    Odoo would compute it for one quote after the other, with all that is read for it.
    """
    if not sql.column_exists(cr, "billinator_quote", "online_invoice"):
        # With a default, PostgreSQL fills in all rows without writing one.
        sql.create_column(
            cr, "billinator_quote", "online_invoice", "varchar DEFAULT 'no'"
        )
        cr.execute(
            "ALTER TABLE billinator_quote ALTER COLUMN online_invoice DROP DEFAULT"
        )
