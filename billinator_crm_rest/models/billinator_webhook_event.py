from odoo import api, fields, models

from odoo.addons.billinator_crm.caches import forget_settings


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
        forget_settings(self.env)
        return super().create(vals_list)

    def write(self, vals):
        forget_settings(self.env)
        return super().write(vals)

    def unlink(self):
        forget_settings(self.env)
        return super().unlink()
