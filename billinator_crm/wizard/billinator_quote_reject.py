from odoo import fields, models

from ..arguments import get_active_ids, one_record


class BillinatorQuoteReject(models.TransientModel):
    _name = "billinator.quote.reject"
    _description = "Reject Quotes"
    _inherit = ["billinator.dialog.mixin"]

    quote_ids = fields.Many2many(
        "billinator.quote",
        required=True,
        default=get_active_ids,
    )
    reason = fields.Text()

    @one_record
    def action_reject(self):
        """Reject the wizard's quotes.

        :return: an action that closes the dialog
        """
        self.quote_ids.action_reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
