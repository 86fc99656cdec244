from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billinator_idle_days = fields.Integer(
        related="company_id.billinator_idle_days", readonly=False
    )
    billinator_deals_follow_quotes = fields.Boolean(
        related="company_id.billinator_deals_follow_quotes", readonly=False
    )
    billinator_tz = fields.Selection(
        _tz_get,
        string="Company Time Zone",
        compute="_compute_billinator_tz",
        inverse="_inverse_billinator_tz",
    )
    billinator_quote_validity_days = fields.Integer(
        related="company_id.billinator_quote_validity_days", readonly=False
    )
    billinator_quote_reminder_days = fields.Integer(
        related="company_id.billinator_quote_reminder_days", readonly=False
    )
    billinator_online_invoice = fields.Selection(
        related="company_id.billinator_online_invoice", readonly=False
    )
    billinator_confirmation_template_id = fields.Many2one(
        related="company_id.billinator_confirmation_template_id", readonly=False
    )
    billinator_downpayment_account_id = fields.Many2one(
        related="company_id.billinator_downpayment_account_id", readonly=False
    )

    @api.depends("company_id")
    def _compute_billinator_tz(self):
        for settings in self:
            settings.billinator_tz = settings.company_id.partner_id.tz

    def _inverse_billinator_tz(self):
        for settings in self:
            # As sudo: who may save settings need not have a right to contacts.
            settings.company_id.sudo().partner_id.tz = settings.billinator_tz
