from odoo import fields, models

from .billinator_webhook import ALLOW_PRIVATE


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billinator_allow_private_webhooks = fields.Boolean(
        string="Private Webhooks", config_parameter=ALLOW_PRIVATE
    )
