"""From a database of the version before to this one, with years of work in it."""

import os

import pytest

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.odoo import Odoo
from dev_tool.places import LOGS

# What a database is like whose deals were made before there were contacts, activities
# and a field for the discount of the pricelist.
TURN_BACK = """
ALTER TABLE billinator_quote_line DROP COLUMN pricelist_discount;
UPDATE billinator_quote_line SET discount = 7.5, price_subtotal = 1 WHERE id % 3 = 0;
DELETE FROM billinator_contact;
DELETE FROM billinator_activity;
UPDATE ir_module_module SET latest_version = '19.0.1.0.0' WHERE name = 'billinator_crm'
"""
ROWS = """
SELECT person_id, customer_id FROM billinator_contact
 UNION ALL
SELECT activity_id, NULL FROM billinator_activity
 ORDER BY 1, 2
"""
QUOTES = """
SELECT line.id, discount, price_subtotal, price_total, amount_total, state
  FROM billinator_quote_line line JOIN billinator_quote quote ON quote.id = quote_id
 ORDER BY line.id
"""
ENDED = """
SELECT native.id FROM billinator_activity activity
  JOIN mail_activity native ON native.id = activity.activity_id
 WHERE (activity.completed_at::date, activity.status = 'done')
       IS DISTINCT FROM (native.date_done, NOT native.active)
"""


@pytest.fixture
def old_database():
    odoo = Odoo.as_set_up()
    databases = Databases(odoo)
    name = f"{os.environ['UNOPENED_DATABASE']}_old"
    databases.copy(os.environ["UNOPENED_DATABASE"], name)
    try:
        yield name
    finally:
        databases.drop(name)


def test_upgrade_keeps_quotes_and_gives_rows(old_database):
    odoo = Odoo.as_set_up()

    def query(statement):
        return odoo.postgres.query(statement, old_database)

    rows = query(ROWS)
    query(TURN_BACK)
    quotes = query(QUOTES)
    assert any("accepted" in quote for quote in quotes)

    options = ("-u", "billinator_crm", "--stop-after-init", "--no-http")
    odoo.run("upgrade-old", "-d", old_database, *options)
    check_file(LOGS / "upgrade-old.log")
    assert query(QUOTES) == quotes
    assert query(ROWS) == rows
    assert query(ENDED) == []
