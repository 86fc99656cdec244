from odoo import api, fields, models
from odoo.tools import SQL

from .res_partner_metrics import METRICS

OPERATORS = [(">=", "at least"), ("<=", "at most")]
# Of the texts of operators, only these get into a statement.
OPERATOR_SQL = {operator: SQL(operator) for operator, _label in OPERATORS}


class BillinatorTagCondition(models.Model):
    """A bound for one of the metrics that accounting has of a customer."""

    _name = "billinator.tag.condition"
    _description = "Condition of a Segment"
    _inherit = ["billinator.numbers.mixin"]
    _rec_name = "metric"

    tag_id = fields.Many2one(
        "billinator.tag",
        string="Segment",
        required=True,
        index=True,
        ondelete="cascade",
    )
    metric = fields.Selection(METRICS, required=True)
    operator = fields.Selection(OPERATORS, required=True, default=">=")
    value = fields.Float(required=True)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        conditions = super().create(vals_list)
        conditions.tag_id._refresh_for_conditions()
        return conditions

    def write(self, vals):
        tags = self.tag_id
        result = super().write(vals)
        (tags | self.tag_id)._refresh_for_conditions()
        return result

    def unlink(self):
        tags = self.tag_id
        result = super().unlink()
        tags._refresh_for_conditions()
        return result

    # === Business === #

    def _to_sql(self):
        """Return the condition on a row of the customers' metrics."""
        self.ensure_one()
        return SQL(
            "metrics.%s %s %s",
            SQL.identifier(self.metric),
            OPERATOR_SQL[self.operator],
            self.value,
        )
