from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    crm_tag_ids = fields.Many2many(
        "billinator.tag", "billinator_tag_res_partner_rel", string="CRM Tags"
    )
