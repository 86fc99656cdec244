from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Let all companies confirm what their customers sign from now on."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    companies = env["res.company"].with_context(active_test=False).search([])
    companies._confirm_online_acceptances()
