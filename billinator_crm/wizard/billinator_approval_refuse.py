from odoo import fields, models

from ..arguments import get_active_ids, one_record


class BillinatorApprovalRefuse(models.TransientModel):
    _name = "billinator.approval.refuse"
    _description = "Refuse the Approval of Quotes"
    _inherit = ["billinator.dialog.mixin"]

    quote_ids = fields.Many2many(
        "billinator.quote",
        required=True,
        default=get_active_ids,
    )
    reason = fields.Text(required=True)

    @one_record
    def action_refuse(self):
        """Refuse the approval of the dialog's quotes.

        :return: an action that closes the dialog
        """
        self.quote_ids.action_refuse_approval(self.reason)
        return {"type": "ir.actions.act_window_close"}
