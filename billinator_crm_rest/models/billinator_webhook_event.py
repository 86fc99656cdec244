from odoo import api, fields, models


class BillinatorWebhookEvent(models.Model):
    """Something that happens to a record, and that webhooks can tell of."""

    _name = "billinator.webhook.event"
    _description = "Webhook Event"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer()

    _code_uniq = models.Constraint("UNIQUE(code)", "There is this event already.")

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
