from odoo.tools import sql

# UNION, and not UNION ALL: scripts may let moves reverse one another.
FILL = """
    WITH RECURSIVE origin (move_id, quote_id) AS (
        SELECT id, billinator_quote_id
          FROM account_move
         WHERE billinator_quote_id IS NOT NULL
         UNION
        SELECT reversal.id, origin.quote_id
          FROM account_move reversal
          JOIN origin ON origin.move_id = reversal.reversed_entry_id
         WHERE reversal.billinator_quote_id IS NULL
    )
    UPDATE account_move
       SET billinator_origin_quote_id = origin.quote_id
      FROM origin
     WHERE account_move.id = origin.move_id
"""


def migrate(cr, version):
    """Say of invoices, and of what credits them, which quote they come from.

    Of no other move: with its column there, the ORM computes the field of none.
    """
    if not sql.column_exists(cr, "account_move", "billinator_origin_quote_id"):
        sql.create_column(cr, "account_move", "billinator_origin_quote_id", "int4")
        cr.execute(FILL)
