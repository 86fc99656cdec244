from odoo import api, fields, models
from odoo.tools import float_round, formatLang


class BillinatorApprovalRule(models.Model):
    """How little salespeople may earn without asking a manager."""

    _inherit = "billinator.approval.rule"

    min_margin = fields.Float(
        string="Margin from (%)",
        digits=(16, 2),
        help="What has to be left of a quote's price, whatever the customer chooses of "
        "it, for it to go out without approval, by the costs on its lines, which "
        "salespeople may set. Zero: any margin.",
    )

    _margin_range = models.Constraint(
        "CHECK(COALESCE(min_margin, 0) BETWEEN 0 AND 100)",
        "The margin is a percentage from 0 to 100.",
    )

    # === Business === #

    @api.model
    def _get_limits(self):
        return [*super()._get_limits(), "min_margin"]

    def _get_reasons(self, figures):
        return [
            *super()._get_reasons(figures),
            *self._get_margin_reasons(figures["margin"]),
        ]

    def _get_margin_reasons(self, margin):
        margin = float_round(margin, precision_digits=2)
        if not self.min_margin or margin >= self.min_margin:
            return []
        # Accountants read it, too, and not what the margin is.
        return [
            self.env._(
                "The margin is less than the %(limit)s%% of “%(rule)s”.",
                limit=formatLang(self.env, self.min_margin),
                rule=self.name,
            )
        ]
