from odoo import SUPERUSER_ID, api
from odoo.fields import Domain

from odoo.addons.billinator_crm.models.billinator_quote_line import AMOUNTS

# Of quotes that nobody has agreed to: what was signed stays as it was seen.
GIVEN_AWAY = Domain("quote_id.state", "in", ("draft", "sent")) & (
    Domain("price_unit", "=", 0) & Domain("pricelist_price_unit", "!=", 0)
    | Domain("discount", "=", 0) & Domain("pricelist_discount", "!=", 0)
)
ALL_ENDED = "('state', 'in', ('sent', 'accepted', 'rejected', 'expired'))"
ENDED_AFTER_SENT = (
    "'|', ('state', 'in', ('sent', 'accepted')),"
    " '&', ('state', 'in', ('rejected', 'expired')), ('date_sent', '!=', False)"
)


def migrate(cr, version):
    """Correct amounts that came from a price or probability that did not count."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _hide_what_was_never_sent(env)
    lines = env["billinator.quote.line"].search(GIVEN_AWAY)
    for name in AMOUNTS:
        env.add_to_compute(lines._fields[name], lines)
    env.flush_all()
    cr.execute(
        "UPDATE billinator_opportunity SET weighted_revenue ="
        " CASE status WHEN 'won' THEN expected_revenue_company ELSE 0 END"
        " WHERE status = 'won' AND weighted_revenue <> expected_revenue_company"
        " OR status = 'lost' AND weighted_revenue <> 0"
    )


def _hide_what_was_never_sent(env):
    """Customers could see drafts that were rejected; updates leave rules alone."""
    rule = env.ref("billinator_crm.billinator_quote_rule_portal", False)
    if rule:
        rule.domain_force = rule.domain_force.replace(ALL_ENDED, ENDED_AFTER_SENT)
