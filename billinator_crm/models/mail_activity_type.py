from odoo import api, fields, models

from .billinator_activity import TYPES


class MailActivityType(models.Model):
    _name = "mail.activity.type"
    _inherit = ["billinator.settings.mixin", "mail.activity.type"]
    _remembered_fields = ("decoration_type", "icon", "name")

    billinator_type = fields.Selection(
        TYPES,
        string="CRM Type",
        compute="_compute_billinator_type",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="What activities of this type are in the CRM.",
    )
    billinator_asks_outcome = fields.Boolean(
        string="Ask for Outcome",
        compute="_compute_billinator_asks_outcome",
        store=True,
        readonly=False,
        precompute=True,
        help="Ask for outcome and duration when an activity is completed in the CRM.",
    )

    @api.depends("category")
    def _compute_billinator_type(self):
        kinds = {"phonecall": "call", "meeting": "meeting"}
        for activity_type in self:
            activity_type.billinator_type = kinds.get(
                activity_type.category, activity_type.billinator_type or "task"
            )

    @api.depends("billinator_type")
    def _compute_billinator_asks_outcome(self):
        for activity_type in self:
            activity_type.billinator_asks_outcome = activity_type.billinator_type in (
                "call",
                "meeting",
            )
