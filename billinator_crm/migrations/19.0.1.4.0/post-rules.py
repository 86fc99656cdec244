from odoo import SUPERUSER_ID, api

OWN = "('company_id', 'in', company_ids + [False])"
OWN_AND_ABOUT_CUSTOMERS = (
    f"'|', {OWN}, '&', '&', ('quote_id', '=', False), ('opportunity_id', '=', False),"
    " ('company_id', 'parent_of', company_ids)"
)
OF_OWN_CUSTOMERS = (
    "'&', ('customer_id.company_id', 'in', company_ids + [False]),"
    " ('person_id.company_id', 'in', company_ids + [False])"
)
OF_BRANCHES_CUSTOMERS = (
    "'|', ('customer_id.company_id', '=', False),"
    " ('customer_id.company_id', 'parent_of', company_ids),"
    " '|', ('person_id.company_id', '=', False),"
    " ('person_id.company_id', 'parent_of', company_ids)"
)
CHANGES = {
    "billinator_contact_rule_company": (OF_OWN_CUSTOMERS, OF_BRANCHES_CUSTOMERS),
    "billinator_activity_rule_company": (OWN, OWN_AND_ABOUT_CUSTOMERS),
    "billinator_note_rule_company": (OWN, OWN_AND_ABOUT_CUSTOMERS),
}


def migrate(cr, version):
    """Open the parent company's customers to branches; updates leave rules alone."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, (former, current) in CHANGES.items():
        rule = env.ref(f"billinator_crm.{name}", raise_if_not_found=False)
        # A rule that somebody has changed stays.
        if rule and rule.domain_force == f"[{former}]":
            rule.domain_force = f"[{current}]"
