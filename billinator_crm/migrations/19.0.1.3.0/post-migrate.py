from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give people a contact's row who have none, as they came with their company."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["billinator.contact"]._create_missing_rows()
