"""The database behind a server, for what no client may see or do."""

import itertools
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from clients import SECONDS

from dev_tool.odoo import Odoo

_numbers = itertools.count(1)


def get_odoo():
    """An Odoo to start servers with, that does not hash passwords for long."""
    program = Path(__file__).with_name("odoo_program.py")
    return replace(Odoo.as_set_up(), program=program)


def name_copy():
    """The name of a database that is dropped once this process has ended.

    Not before: where many files were deleted, ext4 takes seconds to find a place for
    those of the next database.
    """
    return f"billinator_test_{os.getpid()}_{next(_numbers)}"


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


def wait_for_lock(database, statement, count=1):
    """Wait until so many connections wait for a lock, in what begins so."""
    deadline = time.monotonic() + SECONDS
    with connecting(database) as cursor:
        cursor.connection.autocommit = True
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND starts_with(ltrim(query), %s)",
                (statement,),
            )
            if cursor.fetchone()[0] == count:
                return
    pytest.fail(f"Nobody waits in: {statement}")
