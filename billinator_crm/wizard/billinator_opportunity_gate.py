from odoo import api, fields, models

from ..arguments import get_active_ids, one_record


class BillinatorOpportunityGate(models.TransientModel):
    _name = "billinator.opportunity.gate"
    _description = "Move Opportunities Past a Gate"
    _inherit = ["billinator.dialog.mixin"]

    opportunity_ids = fields.Many2many(
        "billinator.opportunity",
        required=True,
        default=get_active_ids,
    )
    stage_id = fields.Many2one("billinator.stage", required=True)
    gate_summary = fields.Char(related="stage_id.gate_summary")
    lacking = fields.Text(string="What Is Missing", compute="_compute_lacking")
    reason = fields.Char(required=True)

    @api.depends_context("lang")
    @api.depends("opportunity_ids", "stage_id")
    def _compute_lacking(self):
        for wizard in self:
            opportunities = wizard.opportunity_ids._origin
            lacking = wizard.stage_id and wizard.stage_id._get_lacking(opportunities)
            wizard.lacking = "\n".join(
                f"{opportunity.name}: {', '.join(names)}"
                for opportunity, names in (lacking or {}).items()
                if names
            )

    @one_record
    def action_move(self):
        """Move the wizard's opportunities to its stage, whatever they lack.

        :return: an action that closes the dialog
        """
        self.opportunity_ids.action_override_gate(self.stage_id.id, self.reason)
        return {"type": "ir.actions.act_window_close"}
