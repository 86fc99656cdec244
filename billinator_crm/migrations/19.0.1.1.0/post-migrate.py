from odoo import SUPERUSER_ID, api
from odoo.tools import convert_file

ACTIVITY_DATA = ("mail_activity_type_data", "billinator_activity_outcome_data")


def migrate(cr, version):
    """Give people and activities their rows, as installing does.

    Where there are rows already, the version before knew of them, and what has none is
    meant to have none.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    if not env["billinator.contact"].search_count([], limit=1):
        env["billinator.contact"]._create_missing_rows()
    outcomes = env["billinator.activity.outcome"].with_context(active_test=False)
    if not outcomes.search_count([], limit=1):
        _load_activity_data(env)
    if not env["billinator.activity"].search_count([], limit=1):
        env["billinator.activity"]._create_missing_rows()
        _create_rows_of_documents(env)


def _load_activity_data(env):
    """An update takes what is missing for deleted, and creates none of it."""
    for name in ACTIVITY_DATA:
        convert_file(env, "billinator_crm", f"data/{name}.xml", {}, mode="init")


def _create_rows_of_documents(env):
    """Installing has customers' activities only: there are no deals and quotes yet."""
    documents = ("billinator.opportunity", "billinator.quote")
    activities = (
        env["mail.activity"]
        .with_context(active_test=False)
        .search([("res_model", "in", documents)])
    )
    env["billinator.activity"]._create_rows(activities)
    for row in activities._get_rows().filtered("date_done"):
        row.completed_at = row.date_done
