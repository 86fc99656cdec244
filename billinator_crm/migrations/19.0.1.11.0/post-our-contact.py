from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

TEMPLATES = (
    "mail_template_quote_send",
    "mail_template_quote_reminder",
    "mail_template_quote_confirmation",
)
FORMER_SENDER = (
    "{{ object.user_id.email_formatted or object.company_id.email_formatted"
    " or user.email_formatted }}"
)
# Of the farewell, as it is stored in each language.
FORMER_NAME, NAME = (
    '<t t-if="object.user_id"><t t-out="object.user_id.name or \'\'">',
    '<t t-set="colleague" t-value="object._get_our_contact()"/>\n        '
    '<t t-if="colleague"><t t-out="colleague.name or \'\'">',
)


def migrate(cr, version):
    """Write no mails in the name of who has left; updates leave templates alone."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    templates = env["mail.template"]
    for name in TEMPLATES:
        templates |= (
            env.ref(f"billinator_crm.{name}", raise_if_not_found=False)
            or templates.browse()
        )
    # A sender that somebody has chosen stays, as do texts.
    templates.filtered(
        lambda template: template.email_from == FORMER_SENDER
    ).email_from = FORMER_SENDER.replace("object.user_id", "object._get_our_contact()")
    templates.flush_recordset()
    cr.execute(
        SQL(
            """
            UPDATE mail_template SET body_html = (
                   SELECT jsonb_object_agg(key, replace(value, %s, %s))
                     FROM jsonb_each_text(body_html))
             WHERE id = ANY(%s) AND body_html IS NOT NULL
            """,
            FORMER_NAME,
            NAME,
            templates.ids,
        )
    )
    templates.invalidate_recordset(["body_html"])
