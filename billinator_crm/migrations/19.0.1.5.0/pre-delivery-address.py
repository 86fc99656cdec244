from odoo.tools import sql


def migrate(cr, version):
    """Deliver to the customer, by whom the fiscal positions of quotes were found.

    Odoo would look for an address of each quote's customer, and find other fiscal
    positions by it, which quotes that are closed refuse.
    """
    if not sql.column_exists(cr, "billinator_quote", "partner_shipping_id"):
        sql.create_column(cr, "billinator_quote", "partner_shipping_id", "int4")
        cr.execute("UPDATE billinator_quote SET partner_shipping_id = partner_id")
