from odoo import api, models

from ..arguments import as_id, parse


class PortalShare(models.TransientModel):
    _inherit = "portal.share"

    @api.model
    def default_get(self, fields):
        context = self.env.context
        self._check_quote_approved(
            context.get("active_model"), context.get("active_id")
        )
        return super().default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        dialogs = super().create(vals_list)
        for dialog in dialogs:
            self._check_quote_approved(dialog.res_model, dialog.res_id)
        return dialogs

    def write(self, vals):
        result = super().write(vals)
        for dialog in self:
            self._check_quote_approved(dialog.res_model, dialog.res_id)
        return result

    def action_send_mail(self):
        """Mail the document's link to the chosen people.

        :return: the action that closes the dialog
        :raises UserError: for quotes that need an approval first
        """
        for dialog in self:
            self._check_quote_approved(dialog.res_model, dialog.res_id)
        return super().action_send_mail()

    @api.model
    def _check_quote_approved(self, model, record_id):
        """Give nobody the link of a quote that has to be approved first."""
        if model == "billinator.quote":
            quote_id = parse(self.env, "active_id", as_id, record_id)
            self.env[model].browse(quote_id)._check_approved()
