"""Waiting for who changes the same rows at this moment."""

from odoo.tools import SQL


def wait_and_lock(records):
    """Lock the rows of records, after whoever has them locked.

    The ORM's lock methods fail at once on a locked row. Here the second caller waits;
    when the first one has committed a change, PostgreSQL reports a serialization
    failure, and Odoo repeats the call, which then finds what the first one did.
    """
    if records.ids:
        # Losing the race is no error that belongs in the log.
        records.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR UPDATE",
                SQL.identifier(records._table),
                tuple(records.ids),
            ),
            log_exceptions=False,
        )
