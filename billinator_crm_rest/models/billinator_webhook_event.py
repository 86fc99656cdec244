from odoo import fields, models


class BillinatorWebhookEvent(models.Model):
    """Something that happens to a record, and that webhooks can tell of."""

    _name = "billinator.webhook.event"
    _description = "Webhook Event"
    _inherit = ["billinator.settings.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer()

    _code_uniq = models.Constraint("UNIQUE(code)", "This event already exists.")
