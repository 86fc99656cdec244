from odoo import api, models
from odoo.exceptions import UserError


class AccountFiscalPosition(models.Model):
    _inherit = "account.fiscal.position"

    # Not by a foreign key: Odoo deletes them when it loads another chart of accounts.
    @api.ondelete(at_uninstall=False)
    def _unlink_except_quoted(self):
        """Keep the terms of quotes."""
        # As sudo: there may be quotes that the user does not see.
        Quote_sudo = self.env["billinator.quote"].sudo()
        domain = [("fiscal_position_id", "in", self.ids)]
        if quote_sudo := Quote_sudo.search(domain, limit=1):
            raise UserError(
                self.env._(
                    "Quote %(quote)s has the fiscal position “%(position)s”: archive "
                    "the position instead.",
                    quote=quote_sudo.name,
                    position=quote_sudo.fiscal_position_id.name,
                )
            )
