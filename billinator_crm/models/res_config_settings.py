from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billinator_idle_days = fields.Integer(
        related="company_id.billinator_idle_days", readonly=False
    )
    billinator_tz = fields.Selection(
        related="company_id.partner_id.tz", string="Company Time Zone", readonly=False
    )
    billinator_quote_validity_days = fields.Integer(
        related="company_id.billinator_quote_validity_days", readonly=False
    )
    billinator_quote_reminder_days = fields.Integer(
        related="company_id.billinator_quote_reminder_days", readonly=False
    )
    billinator_downpayment_account_id = fields.Many2one(
        related="company_id.billinator_downpayment_account_id", readonly=False
    )
