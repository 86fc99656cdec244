"""From a database of an earlier version to this one, with a year of work in it.

Versions of the repository's history are tried when they are named:

    UPGRADE_FROM="24b0cc2 v2" ./dev test tests/test_upgrade.py
"""

import os
import subprocess
import tarfile

import pytest
from database import name_copy

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.odoo import CONFIGURATION, Odoo
from dev_tool.places import LOGS, ROOT

# What a database is like whose deals were made before there were contacts, activities
# and a field for the discount of the pricelist. Customers saw what was not sent, and
# won deals could weigh less than they are worth. A branch had nothing of the parent
# company's customers, and unique indexes had others beside them.
TURN_BACK = """
ALTER TABLE billinator_quote_line DROP COLUMN pricelist_discount;
UPDATE billinator_quote_line SET discount = 7.5, price_subtotal = 1 WHERE id % 3 = 0;
DELETE FROM billinator_contact;
DELETE FROM billinator_activity;
DELETE FROM billinator_activity_outcome;
DELETE FROM ir_model_data WHERE module = 'billinator_crm'
   AND (model = 'billinator.activity.outcome' OR name = 'mail_activity_type_note');
UPDATE ir_rule SET domain_force = '[(''partner_id'', ''child_of'','
    ' user.commercial_partner_id.ids), (''state'', ''in'', (''sent'', ''accepted'','
    ' ''rejected'', ''expired''))]'
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.rule'
   AND module = 'billinator_crm' AND name = 'billinator_quote_rule_portal');
UPDATE ir_rule SET domain_force = '[(''company_id'', ''in'', company_ids + [False])]'
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.rule'
   AND module = 'billinator_crm'
   AND name IN ('billinator_activity_rule_company', 'billinator_note_rule_company'));
UPDATE ir_rule SET domain_force = '[''&'', (''customer_id.company_id'', ''in'','
    ' company_ids + [False]), (''person_id.company_id'', ''in'','
    ' company_ids + [False])]'
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.rule'
   AND module = 'billinator_crm' AND name = 'billinator_contact_rule_company');
CREATE INDEX billinator_activity__activity_id_index
    ON billinator_activity (activity_id);
CREATE INDEX billinator_contact__person_id_index ON billinator_contact (person_id);
UPDATE billinator_opportunity SET weighted_revenue = expected_revenue_company / 2
 WHERE status <> 'open';
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
WEIGHTS = """
SELECT id, weighted_revenue::float FROM billinator_opportunity
 WHERE status <> 'open' ORDER BY id
"""
RULES = """
SELECT data.name, domain_force
  FROM ir_rule rule JOIN ir_model_data data ON data.res_id = rule.id
 WHERE data.model = 'ir.rule' AND data.module = 'billinator_crm' ORDER BY data.name
"""
OUTCOMES = "SELECT name FROM billinator_activity_outcome ORDER BY sequence"
ACTIVITY_TYPES = """
SELECT name FROM ir_model_data
 WHERE module = 'billinator_crm' AND model = 'mail.activity.type' ORDER BY name
"""
INDEXES = """
SELECT indexname FROM pg_indexes
 WHERE tablename IN ('billinator_activity', 'billinator_contact') ORDER BY indexname
"""
ENDED = """
SELECT native.id FROM billinator_activity activity
  JOIN mail_activity native ON native.id = activity.activity_id
 WHERE (activity.completed_at::date, activity.status = 'done')
       IS DISTINCT FROM (native.date_done, NOT native.active)
"""


REVISIONS = os.environ.get("UPGRADE_FROM", "").split()
AUDIT = ROOT / "tests" / "soak" / "audit.py"
# What the audit takes for granted.
DAILY_JOB = """
env["billinator.opportunity"]._cron_refresh_company_revenues()
env.cr.commit()
"""


class OldDatabase:
    """A database with an earlier version of the addon."""

    def __init__(self, name):
        self.odoo = Odoo.as_set_up()
        self.name = name

    def query(self, statement):
        return self.odoo.postgres.query(statement, self.name)

    def install(self, folder):
        """Install the addon that is in ``folder``."""
        paths = CONFIGURATION.read_text().partition("addons_path = ")[2].splitlines()[0]
        path = f"--addons-path={paths.replace(f',{ROOT},', f',{folder},')}"
        options = ("-i", "billinator_crm", "--stop-after-init", "--no-http")
        self.odoo.run("install-old", "-d", self.name, path, *options)

    def upgrade(self):
        options = ("-u", "billinator_crm", "--stop-after-init", "--no-http")
        self.odoo.run("upgrade-old", "-d", self.name, *options)
        check_file(LOGS / "upgrade-old.log")

    def audit(self):
        self.odoo.run_script("daily-job-old", self.name, DAILY_JOB)
        self.odoo.run_python("audit-old", AUDIT, self.name)


@pytest.fixture
def copy_database():
    """Copy a database: call it with the name of one."""

    def copy(source):
        name = name_copy()
        Databases(Odoo.as_set_up()).copy(source, name)
        return OldDatabase(name)

    return copy


def test_upgrade_keeps_quotes_and_gives_rows(copy_database):
    database = copy_database(os.environ["UNOPENED_DATABASE"])
    kept = (ROWS, WEIGHTS, RULES, OUTCOMES, ACTIVITY_TYPES, INDEXES)
    before = [database.query(statement) for statement in kept]
    database.query(TURN_BACK)
    for statement, rows in zip(kept, before, strict=True):
        assert database.query(statement) != rows
    quotes = database.query(QUOTES)
    assert any("accepted" in quote for quote in quotes)

    database.upgrade()
    assert database.query(QUOTES) == quotes
    for statement, rows in zip(kept, before, strict=True):
        assert database.query(statement) == rows
    assert database.query(ENDED) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_upgrade_from_a_revision(copy_database, tmp_path, revision):
    archive = tmp_path / "addon.tar"
    command = ["git", "archive", f"--output={archive}", revision, "billinator_crm"]
    subprocess.run(command, cwd=ROOT, check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    databases = Databases(Odoo.as_set_up())
    database = copy_database(databases.with_dependencies(demo=True))
    database.install(tmp_path)
    quotes = database.query(QUOTES)

    database.upgrade()
    assert database.query(QUOTES) == quotes
    database.audit()
