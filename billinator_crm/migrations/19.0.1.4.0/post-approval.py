from odoo import SUPERUSER_ID, api
from odoo.fields import Domain
from odoo.tools import SQL


def migrate(cr, version):
    """Let approvals hold, which are about the customer now, not the company of it."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    noted = Domain("approval_hash", "!=", False) | Domain("free_hash", "!=", False)
    for quote in env["billinator.quote"].search(noted):
        former_hash = _get_former_hash(quote)
        for column in ("approval_hash", "free_hash"):
            # By SQL, for nothing is to be judged anew.
            cr.execute(
                SQL(
                    "UPDATE billinator_quote SET %(column)s = %(hash)s"
                    " WHERE id = %(id)s AND %(column)s = %(former)s",
                    column=SQL.identifier(column),
                    hash=quote.commercial_hash,
                    id=quote.id,
                    former=former_hash,
                )
            )
    env.invalidate_all()


def _get_former_hash(quote):
    """Return what stood for all that the quote costs, before this version."""
    values, rows = quote._get_commercial_content()
    del values["partner_id"]
    values["commercial_partner_id"] = quote.commercial_partner_id.id
    return quote._get_hash([values, rows])
