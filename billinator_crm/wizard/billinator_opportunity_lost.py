from odoo import fields, models

from ..arguments import get_active_ids, one_record


class BillinatorOpportunityLost(models.TransientModel):
    _name = "billinator.opportunity.lost"
    _description = "Mark Opportunities as Lost"
    _inherit = ["billinator.dialog.mixin"]

    opportunity_ids = fields.Many2many(
        "billinator.opportunity",
        required=True,
        default=get_active_ids,
    )
    lost_reason_id = fields.Many2one("billinator.lost.reason", required=True)
    feedback = fields.Text(string="Closing Note")

    @one_record
    def action_mark_lost(self):
        """Mark the wizard's opportunities as lost.

        :return: an action that closes the dialog
        """
        self.opportunity_ids.action_set_lost(self.lost_reason_id.id, self.feedback)
        return {"type": "ir.actions.act_window_close"}
