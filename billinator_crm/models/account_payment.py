from odoo import api, fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    billinator_customer_id = fields.Many2one(
        "res.partner",
        string="Customer Company",
        compute="_compute_billinator_customer_id",
        store=True,
        precompute=True,
        help="The customer's company, of payments from and to customers.",
    )

    _billinator_timeline_idx = models.Index(
        "(billinator_customer_id, (date::timestamp) DESC, id DESC)"
        " WHERE billinator_customer_id IS NOT NULL"
    )

    @api.depends("partner_id.commercial_partner_id", "partner_type")
    def _compute_billinator_customer_id(self):
        for payment in self:
            payment.billinator_customer_id = (
                payment.partner_type == "customer"
                and payment.partner_id.commercial_partner_id
            )
