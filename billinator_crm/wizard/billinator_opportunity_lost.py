from odoo import api, fields, models

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
    open_quote_count = fields.Integer(
        string="Open Quotes",
        compute="_compute_quote_counts",
        help="Draft and sent quotes of the opportunities that you may reject.",
    )
    kept_quote_count = fields.Integer(
        string="Open Quotes of Colleagues",
        compute="_compute_quote_counts",
        help="Draft and sent quotes of the opportunities that you may not change.",
    )
    reject_quotes = fields.Boolean(
        string="Reject These Quotes as Well",
        help="Their customers cannot accept them any more.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("opportunity_ids")
    def _compute_quote_counts(self):
        for dialog in self:
            quotes = dialog.opportunity_ids._get_open_quotes().with_env(self.env)
            own = quotes._filtered_access("write")
            dialog.open_quote_count = len(own)
            dialog.kept_quote_count = len(quotes - own)

    @api.onchange("opportunity_ids")
    def _onchange_opportunity_ids(self):
        """Propose to reject quotes: in the dialog, and not to programs."""
        self.reject_quotes = bool(self.open_quote_count)

    @one_record
    def action_mark_lost(self):
        """Mark the wizard's opportunities as lost, and reject their quotes if asked to.

        Quotes that the user may not change stay open.

        :return: an action that closes the dialog
        """
        self.opportunity_ids.action_set_lost(self.lost_reason_id.id, self.feedback)
        if self.reject_quotes:
            quotes = self.opportunity_ids._get_open_quotes().with_env(self.env)
            quotes._filtered_access("write").action_reject(self._get_reject_reason())
        return {"type": "ir.actions.act_window_close"}

    def _get_reject_reason(self):
        return "\n".join(filter(None, [self.lost_reason_id.name, self.feedback]))
