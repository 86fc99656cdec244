from odoo import api, fields, models

from ..arguments import get_active_ids, one_record


class BillinatorOpportunityHandover(models.TransientModel):
    """Give open deals to a colleague, with what belongs to them."""

    _name = "billinator.opportunity.handover"
    _description = "Hand Over Opportunities"
    _inherit = ["billinator.dialog.mixin"]

    opportunity_ids = fields.Many2many(
        "billinator.opportunity",
        required=True,
        default=get_active_ids,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Hand Over To",
        required=True,
        domain=[("share", "=", False)],
    )
    with_activities = fields.Boolean(
        string="Pending Activities",
        default=True,
        help="What their salespeople have to do about the opportunities and their "
        "quotes.",
    )
    with_customers = fields.Boolean(
        string="Customers",
        help="Those of the customers that their salespeople look after.",
    )
    summary = fields.Text(string="What Is Handed Over", compute="_compute_summary")

    @api.depends_context("lang")
    @api.depends("opportunity_ids")
    def _compute_summary(self):
        for wizard in self:
            deals = wizard.opportunity_ids._origin
            open_deals = deals.filtered(lambda deal: deal.status == "open")
            lines = [
                self.env._(
                    "Open opportunities, with their salespeople's open quotes: %s",
                    len(open_deals),
                )
            ]
            if closed := deals - open_deals:
                lines.append(
                    self.env._(
                        "Won or lost ones, which stay as they are: %s", len(closed)
                    )
                )
            wizard.summary = "\n".join(lines)

    @one_record
    def action_hand_over(self):
        """Give the wizard's open opportunities to its user.

        :return: a client action that tells how many there were
        :raises UserError: where all are closed, or the user's already
        :raises AccessError: for who may not change one of them, or a customer
        """
        handed_over = self.opportunity_ids._hand_over(
            self.user_id,
            with_activities=self.with_activities,
            with_customers=self.with_customers,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Opportunities handed over to %(user)s: %(count)s",
                    user=self.user_id.name,
                    count=len(handed_over),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
