from odoo.tools import sql


def migrate(cr, version):
    """Make the column of a field that is computed together with the discount.

    Odoo would compute both: the discounts of drafts anew, and accepted quotes, which
    no longer change, would end the upgrade. A discount whose origin is not known stays,
    as one that was set by hand.
    """
    if not sql.column_exists(cr, "billinator_quote_line", "pricelist_discount"):
        sql.create_column(cr, "billinator_quote_line", "pricelist_discount", "numeric")
