from odoo import api, fields, models
from odoo.exceptions import UserError


class BillinatorLostReason(models.Model):
    _name = "billinator.lost.reason"
    _description = "Lost Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    opportunity_count = fields.Integer(compute="_compute_opportunity_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_opportunity_count(self):
        counts = dict(
            self.env["billinator.opportunity"]._read_group(
                [("lost_reason_id", "in", self.ids)], ["lost_reason_id"], ["__count"]
            )
        )
        for reason in self:
            reason.opportunity_count = counts.get(reason, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # As sudo: also for deals that the user may not see.
        deals_sudo = self.env["billinator.opportunity"].sudo()
        domain = [("lost_reason_id", "in", self.ids)]
        if deal_sudo := deals_sudo.with_context(active_test=False).search(
            domain, limit=1
        ):
            raise UserError(
                self.env._(
                    "Opportunities were lost for the reason “%s”: archive it instead.",
                    deal_sudo.lost_reason_id.name,
                )
            )
