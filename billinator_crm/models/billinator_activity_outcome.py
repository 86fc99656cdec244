from odoo import fields, models


class BillinatorActivityOutcome(models.Model):
    """An outcome to choose when an activity is completed."""

    _name = "billinator.activity.outcome"
    _description = "Activity Outcome"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    activity_type_ids = fields.Many2many(
        "mail.activity.type", help="For which activities; without them, for all."
    )

    def _fits(self, kind):
        """Whether a conversation of a kind can have this outcome."""
        kinds = self.activity_type_ids.mapped("billinator_type")
        return kind != "note" and (not kinds or kind in kinds)
