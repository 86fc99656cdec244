from odoo import api, models


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        Webhook = self.env["billinator.webhook"]
        if Webhook._has_listeners("quote.converted"):
            Webhook._tell({"quote.converted": moves.billinator_quote_id})
        return moves
