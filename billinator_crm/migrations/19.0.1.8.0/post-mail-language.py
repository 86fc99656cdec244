from odoo import SUPERUSER_ID, api

TEMPLATES = ("mail_template_quote_send", "mail_template_quote_reminder")
FORMER = "{{ object.partner_id.lang }}"
CURRENT = "{{ object._get_customers_language() }}"


def migrate(cr, version):
    """Write mails in the language of whom they are for; updates leave them alone."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name in TEMPLATES:
        template = env.ref(f"billinator_crm.{name}", raise_if_not_found=False)
        # A language that somebody has chosen stays.
        if template and template.lang == FORMER:
            template.lang = CURRENT
