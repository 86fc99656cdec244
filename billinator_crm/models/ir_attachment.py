from odoo import api, models
from odoo.exceptions import UserError

# What a file says, and what it belongs to.
KEPT_OF_SIGNED = {
    "checksum",
    "datas",
    "db_datas",
    "mimetype",
    "raw",
    "res_field",
    "res_id",
    "res_model",
    "store_fname",
    "type",
    "url",
}


class IrAttachment(models.Model):
    """Keeps what customers have signed, whoever has a right to the file."""

    _inherit = "ir.attachment"

    def write(self, vals):
        if not KEPT_OF_SIGNED.isdisjoint(vals):
            self._check_not_signed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        # Odoo's chatter gives authors a right to their files, and deletes as sudo.
        self._check_not_signed()

    def _check_not_signed(self):
        """Refuse to change a signed quote, unless administrators do."""
        if self.env.user._is_admin():
            return
        # As sudo, for whoever changes a file need not see quotes; only names one.
        quote_sudo = (
            self.env["billinator.quote"]
            .sudo()
            .search([("signed_pdf_id", "in", self.ids)], limit=1)
        )
        if quote_sudo:
            raise UserError(
                self.env._(
                    "This is what the customer has signed as quote %s, and is kept.",
                    quote_sudo.name,
                )
            )
