from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class BillinatorRecurringPlan(models.Model):
    """How often a customer pays."""

    _name = "billinator.recurring.plan"
    _description = "Recurring Plan"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    number_of_months = fields.Integer(
        string="Months",
        required=True,
        default=1,
        help="For how many months the customer pays at once.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _number_of_months_positive = models.Constraint(
        "CHECK(number_of_months > 0)",
        "A plan lasts for one month at least.",
    )

    # === CRUD === #

    def write(self, vals):
        """Let nothing change what deals were worth when they were closed."""
        if "number_of_months" in vals:
            self.check_access("write")
            self.filtered(
                lambda plan: plan.number_of_months != vals["number_of_months"]
            )._check_not_closed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if deal_sudo := self._find_deal_sudo(Domain.TRUE):
            raise UserError(
                self.env._(
                    "There are opportunities with the plan “%s”: archive it instead.",
                    deal_sudo.recurring_plan_id.name,
                )
            )

    def _check_not_closed(self):
        if deal_sudo := self._find_deal_sudo(Domain("status", "!=", "open")):
            raise UserError(
                self.env._(
                    "Opportunities with the plan “%s” were won or lost, and keep what "
                    "they were worth. Archive it, and create another one.",
                    deal_sudo.recurring_plan_id.name,
                )
            )

    def _find_deal_sudo(self, domain):
        """Return one of a domain's opportunities with one of these plans.

        :param Domain domain: of ``billinator.opportunity``
        """
        # As sudo: also a deal that the user may not see; its plan is all that is told.
        deals_sudo = self.env["billinator.opportunity"].sudo()
        return deals_sudo.with_context(active_test=False).search(
            Domain("recurring_plan_id", "in", self.ids) & domain, limit=1
        )
