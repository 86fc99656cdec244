"""Into a database that has worked for years, and out of it again."""

import pytest
from database import name_copy

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.odoo import Odoo
from dev_tool.places import LOGS

COMPANIES = 4000
PEOPLE = 6000
ACTIVITIES = 5000
MEETINGS = 400
# Assignees, and activities that are nobody's; the zone of each in its profile.
ZONES = {"admin": "Asia/Kolkata", "demo": "America/New_York", "portal": None}
FILL = f"""
UPDATE res_partner SET tz = CASE login {
    " ".join(f"WHEN '{login}' THEN '{zone}'" for login, zone in ZONES.items() if zone)
} END FROM res_users WHERE partner_id = res_partner.id;

INSERT INTO res_partner (name, complete_name, is_company, active, type, autopost_bills)
SELECT 'Company ' || n, 'Company ' || n, TRUE, TRUE, 'contact', 'ask'
  FROM generate_series(1, {COMPANIES}) n;
UPDATE res_partner SET commercial_partner_id = id WHERE name LIKE 'Company %';

INSERT INTO res_partner (name, complete_name, is_company, active, type, parent_id,
                         commercial_partner_id, autopost_bills)
SELECT 'Person ' || n, company.name || ', Person ' || n, FALSE, n % 10 > 0, 'contact',
       company.id, company.id, 'ask'
  FROM generate_series(1, {PEOPLE}) n
  JOIN res_partner company ON company.name = 'Company ' || (n % {COMPANIES} + 1);

INSERT INTO calendar_event (name, start, stop, duration, allday, active, show_as,
                            privacy, user_id)
SELECT 'Event ' || n, TIMESTAMP '2026-03-01 13:15:00' + n * INTERVAL '1 day',
       TIMESTAMP '2026-03-01 14:45:00' + n * INTERVAL '1 day', 1.5, n % 4 = 0, TRUE,
       'busy', 'public', 2
  FROM generate_series(1, {MEETINGS}) n;

INSERT INTO mail_activity (res_model_id, res_model, res_id, activity_type_id, user_id,
                           user_tz, date_deadline, active, date_done, feedback, summary,
                           calendar_event_id, create_uid, write_uid, create_date,
                           write_date)
SELECT model.id, 'res.partner', partner.id, kind.id, assignee.id, profile.tz,
       COALESCE(event.start::date, DATE '2026-01-01' + n % 700), n % 3 > 0,
       CASE WHEN n % 3 = 0 THEN DATE '2026-01-02' + n % 700 END,
       CASE WHEN n % 6 = 0 THEN 'Feedback ' || n END,
       'Activity ' || n, event.id, 2, 2, now(), now()
  FROM generate_series(1, {ACTIVITIES}) n
  JOIN ir_model model ON model.model = 'res.partner'
  JOIN res_partner partner ON partner.name = CASE WHEN n % 2 = 0
       THEN 'Company ' || (n % {COMPANIES} + 1) ELSE 'Person ' || (n % {PEOPLE} + 1) END
  JOIN mail_activity_type kind ON kind.id = n % 4 + 1
  LEFT JOIN calendar_event event ON event.name = 'Event ' || n
  LEFT JOIN res_users assignee ON assignee.login
       = (ARRAY['admin', 'demo', 'portal', NULL])[n % 4 + 1]
  LEFT JOIN res_partner profile ON profile.id = assignee.partner_id;

INSERT INTO mail_message (model, res_id, body, message_type, date, author_id)
SELECT 'res.partner', res_id, 'About ' || summary, 'comment', now(), 3
  FROM mail_activity WHERE summary LIKE 'Activity %';
ANALYZE
"""
TABLES = ("res_partner", "mail_activity", "calendar_event", "mail_message")
# The demo data writes the demo user, and with it the user's partner.
VOLATILE = ("write_date", "write_uid")
# All that PostgreSQL knows of tables, by name.
SCHEMA = """
SELECT 'column', attrelid::regclass, attname, atttypid::regtype
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
 WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'relation', oid::regclass, relkind::text, NULL
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'constraint', conrelid::regclass, conname, NULL
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass, tgname, NULL
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', NULL, proname, NULL
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""
# What a module brings along, and users make to work with it.
SETTINGS = (
    *("ir_act_report_xml", "ir_act_server", "ir_act_window", "ir_asset", "ir_cron"),
    *("ir_config_parameter", "ir_default", "ir_exports", "ir_filters", "ir_model"),
    *("ir_model_access", "ir_model_fields", "ir_model_relation", "ir_rule"),
    *("ir_sequence", "ir_ui_menu", "ir_ui_view", "mail_activity_type", "mail_alias"),
    *("mail_message_subtype", "mail_template", "res_groups", "res_groups_privilege"),
)
FAVOURITES = """
INSERT INTO ir_filters (name, model_id, domain, context, sort, active)
VALUES ('Large', 'billinator.opportunity', '[]', '{}', '[]', TRUE),
       ('Old', 'billinator.opportunity', '[]', '{}', '[]', FALSE);
INSERT INTO ir_exports (name, resource) VALUES ('Quotes', 'billinator.quote')
"""
UNINSTALL = """
env["ir.module.module"].search(
    [("name", "=", "billinator_crm")]
).button_immediate_uninstall()
"""
# Odoo tries to delete the sample customers and products, which invoices hold.
DEMO_STAYS = (
    r"bad query: b'DELETE FROM .(product_product|product_template|res_partner)\W"
)


class Database:
    """A database with the modules the addon builds on, and years of work in it."""

    def __init__(self, odoo, name):
        self.odoo = odoo
        self.name = name

    def query(self, statement):
        """The rows of ``statement``, each as the list of its columns' texts."""
        rows = self.odoo.postgres.query(statement, self.name)
        return [row.split("|") for row in rows]

    def fingerprints(self, columns, last_ids):
        """Count and checksum of the records up to an id, of each table."""
        return {
            table: self.query(
                f"SELECT count(*), md5(string_agg(record::text, '' ORDER BY id)) FROM"
                f" (SELECT {', '.join(columns[table])} FROM {table}"
                f" WHERE id <= {last_ids[table]}) record"
            )
            for table in TABLES
        }

    def settings(self):
        """The ids of the records in each table of settings."""
        return {
            table: self.query(f"SELECT id FROM {table} ORDER BY id")
            for table in SETTINGS
        }

    def columns(self, table):
        """The names of a table's columns that an installation leaves alone."""
        names = self.query(
            "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            f" AND attrelid = '{table}'::regclass ORDER BY attname"
        )
        return [f'"{name}"' for [name] in names if name not in VOLATILE]

    def install(self):
        options = ("-i", "billinator_crm", "--stop-after-init", "--no-http")
        self.odoo.run("install-full", "-d", self.name, *options)
        check_file(LOGS / "install-full.log")

    def uninstall(self):
        self.odoo.run_script("uninstall-full", self.name, UNINSTALL)
        check_file(LOGS / "uninstall-full.log", [DEMO_STAYS])


@pytest.fixture(scope="module")
def database():
    odoo = Odoo.as_set_up()
    databases = Databases(odoo)
    name = name_copy()
    databases.copy(databases.with_dependencies(demo=True), name)
    odoo.postgres.query(FILL, name)
    return Database(odoo, name)


# Each activity with what its row has to say, worked out from the activity alone.
WRONG_ROWS = """
SELECT native.id, activity.*
  FROM mail_activity native
  JOIN res_partner partner ON partner.id = native.res_id
  JOIN mail_activity_type kind ON kind.id = native.activity_type_id
  LEFT JOIN calendar_event event ON event.id = native.calendar_event_id
  LEFT JOIN billinator_activity activity ON activity.activity_id = native.id
 WHERE native.summary LIKE 'Activity %'
   AND (activity.partner_id, activity.commercial_partner_id, activity.type,
        activity.priority, activity.user_id, activity.status, activity.outcome,
        activity.duration, activity.completed_at IS NOT NULL,
        activity.completed_by, activity.due_date)
       IS DISTINCT FROM
       (partner.id, partner.commercial_partner_id,
        (ARRAY['email', 'call', 'meeting', 'task'])[kind.id], 'medium', native.user_id,
        CASE WHEN native.active THEN 'pending' ELSE 'done' END, native.feedback,
        COALESCE(event.duration, 0), NOT native.active,
        CASE WHEN NOT native.active THEN 2 END,
        CASE WHEN event.allday IS FALSE THEN event.start ELSE
             ((native.date_deadline + TIME '09:00')
              AT TIME ZONE COALESCE(native.user_tz, 'UTC') AT TIME ZONE 'UTC') END)
"""
OVERVIEW = """
SELECT native.user_tz, activity.status, count(*),
       min((activity.due_date AT TIME ZONE 'UTC'
            AT TIME ZONE COALESCE(native.user_tz, 'UTC'))::time),
       count(activity.completed_at), count(activity.outcome)
  FROM billinator_activity activity
  JOIN mail_activity native ON native.id = activity.activity_id
 WHERE native.summary LIKE 'Activity %' AND native.calendar_event_id IS NULL
 GROUP BY 1, 2
"""


def test_what_is_there_gets_its_rows_and_stays(database):
    columns = {table: database.columns(table) for table in TABLES}
    last_ids = {
        table: database.query(f"SELECT max(id) FROM {table}")[0][0] for table in TABLES
    }
    before = database.fingerprints(columns, last_ids)
    schema, settings = database.query(SCHEMA), database.settings()
    assert int(before["mail_activity"][0][0]) > ACTIVITIES

    database.install()
    _check_rows(database, last_ids)
    assert database.fingerprints(columns, last_ids) == before

    meetings = "SELECT id, name, start FROM calendar_event ORDER BY id"
    planned = database.query(meetings)
    database.query(FAVOURITES)
    database.uninstall()
    assert database.fingerprints(columns, last_ids) == before
    assert database.query(SCHEMA) == schema
    assert database.settings() == settings
    assert database.query(meetings) == planned


def _check_rows(database, last_ids):
    """Assert that each activity and person has its row, and in it the right things."""
    assert database.query(WRONG_ROWS) == []
    overview = database.query(OVERVIEW)
    assert {row[3] for row in overview} == {"09:00:00"}
    assert {row[0] for row in overview} == {"Asia/Kolkata", "America/New_York", ""}
    assert sum(int(row[2]) for row in overview) == ACTIVITIES - MEETINGS
    for _zone, status, count, _time, completed, _outcomes in overview:
        assert completed == (count if status == "done" else "0")
    [[rows, contacts]] = database.query(
        "SELECT (SELECT count(*) FROM billinator_activity activity"
        "  JOIN mail_activity native ON native.id = activity.activity_id"
        f" WHERE native.id <= {last_ids['mail_activity']}),"
        " (SELECT count(*) FROM billinator_contact contact"
        "  JOIN res_partner person ON person.id = contact.person_id"
        "  WHERE person.name LIKE 'Person %')"
    )
    assert int(rows) == int(
        database.query(
            "SELECT count(*) FROM mail_activity WHERE res_model = 'res.partner'"
            f" AND id <= {last_ids['mail_activity']}"
        )[0][0]
    )
    assert int(contacts) == PEOPLE
