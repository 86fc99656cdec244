from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def _modify_default_reverse_values(self, origin_move):
        """Let the invoice that replaces a credited one be the quote's instead of it."""
        values = super()._modify_default_reverse_values(origin_move)
        if origin_move.billinator_quote_id:
            values.update(origin_move._hand_over_quote())
        return values
