from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Make up for what was missed when people and approvals were written."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _give_rows_to_who_came_with_their_company(env)
    _renew_approvals_of_open_rebates(env)


def _give_rows_to_who_came_with_their_company(env):
    """Others who have no contact's row may have lost it on purpose."""
    env.cr.execute(
        """
        SELECT person.id
          FROM res_partner person
          JOIN res_partner company ON company.id = person.parent_id
         WHERE person.create_date = company.create_date
           AND NOT EXISTS (
                SELECT FROM billinator_contact WHERE person_id = person.id)
        """
    )
    ids = [person_id for (person_id,) in env.cr.fetchall()]
    env["res.partner"].browse(ids)._sync_contact_rows()


def _renew_approvals_of_open_rebates(env):
    """Their quantity, which no customer sets any more, is part of what is approved."""
    rebates = env["billinator.quote.line"].search(
        [
            ("is_quantity_editable", "=", True),
            ("price_unit", "<", 0),
            ("quote_id.approval_state", "=", "approved"),
            ("quote_id.state", "in", ("draft", "sent")),
        ]
    )
    for quote in rebates.quote_id:
        quote.approval_hash = quote.commercial_hash
