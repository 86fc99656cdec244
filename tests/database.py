"""The database behind a server, for what no client may see or do."""

from contextlib import contextmanager

import psycopg2

from dev_tool.odoo import Odoo


@contextmanager
def connecting(database):
    """A cursor of its own; leaving it ends its transaction."""
    variables = Odoo.as_set_up().postgres.variables
    connection = psycopg2.connect(
        dbname=database,
        host=variables.get("PGHOST"),
        user=variables.get("PGUSER"),
    )
    try:
        yield connection.cursor()
    finally:
        connection.close()
