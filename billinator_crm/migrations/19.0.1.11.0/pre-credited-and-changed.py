from odoo.tools import sql

COLUMNS = {
    "is_credited": "bool",
    "sent_hash": "varchar",
    "is_changed_since_sent": "bool",
}


def migrate(cr, version):
    """Add the columns, lest Odoo computes them of all quotes, when few need it."""
    for name, column_type in COLUMNS.items():
        if not sql.column_exists(cr, "billinator_quote", name):
            sql.create_column(cr, "billinator_quote", name, column_type)
