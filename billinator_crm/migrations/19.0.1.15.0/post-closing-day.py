from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give deals that were closed by a change of their stage the day that they lack."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    deals = env["billinator.opportunity"].with_context(
        active_test=False, tracking_disable=True
    )
    for deal in deals.search([("status", "!=", "open"), ("date_closed", "=", False)]):
        deal.date_closed = deal.date_last_stage_update
