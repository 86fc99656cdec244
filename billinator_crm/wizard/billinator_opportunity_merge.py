from odoo import api, fields, models
from odoo.exceptions import UserError

from ..arguments import get_active_ids, one_record


class BillinatorOpportunityMerge(models.TransientModel):
    _name = "billinator.opportunity.merge"
    _description = "Merge Opportunities"
    _inherit = ["billinator.dialog.mixin"]

    opportunity_ids = fields.Many2many(
        "billinator.opportunity",
        required=True,
        default=get_active_ids,
    )
    target_id = fields.Many2one(
        "billinator.opportunity",
        string="Keep",
        compute="_compute_target_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        domain="[('id', 'in', opportunity_ids)]",
        help="The opportunity that stays; the others are merged into it.",
    )

    @api.depends("opportunity_ids")
    def _compute_target_id(self):
        """Propose the furthest one that is not lost, among equals the oldest.

        What is to be kept already stays so, as long as it is one of them.
        """
        for wizard in self:
            deals, target = wizard.opportunity_ids._origin, wizard.target_id._origin
            proposals = deals.sorted(
                lambda deal: (deal.status == "lost", -deal.stage_id.sequence, deal.id)
            )
            wizard.target_id = (target & deals) or proposals[:1]

    @one_record
    def action_merge(self):
        """Merge the wizard's opportunities into the one to keep, and open that.

        :return: a window action on the opportunity
        :raises UserError: with less than two opportunities
        """
        others = self.opportunity_ids - self.target_id
        if not others:
            raise UserError(self.env._("Choose at least two opportunities to merge."))
        self.target_id.merge_opportunities(others.ids)
        return {
            "type": "ir.actions.act_window",
            "res_model": "billinator.opportunity",
            "res_id": self.target_id.id,
            "views": [(False, "form")],
        }
