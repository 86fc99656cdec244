from odoo import api, models
from odoo.exceptions import UserError


class AccountTax(models.Model):
    _inherit = "account.tax"

    @api.depends_context("lang")
    def _compute_tax_label(self):
        """Extend: else all languages get the label in the one that was read first."""
        return super()._compute_tax_label()

    # Not by foreign keys: Odoo deletes taxes when it loads another chart of accounts.
    @api.ondelete(at_uninstall=False)
    def _unlink_except_quoted(self):
        """Keep what quotes come to: they are invoiced with the same taxes."""
        # As sudo: there may be quotes that the user does not see.
        Line_sudo = self.env["billinator.quote.line"].sudo()
        if line_sudo := Line_sudo.search([("tax_ids", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Quote %(quote)s has the tax “%(tax)s”: archive the tax instead.",
                    quote=line_sudo.quote_id.name,
                    tax=(line_sudo.tax_ids & self)[:1].name,
                )
            )
