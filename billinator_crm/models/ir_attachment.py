from odoo import api, models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        """Keep what customers have signed, whoever has a right to the file.

        Odoo's chatter gives customers one to what they wrote, and deletes as sudo.
        """
        if self.env.user._is_admin():
            return
        # As sudo, for whoever deletes a file need not see quotes; only names one.
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
