from odoo import fields, models


class CrmLead(models.Model):
    """Remembers which deal a lead became, so that it becomes none again."""

    _inherit = "crm.lead"

    billinator_opportunity_id = fields.Many2one(
        "billinator.opportunity",
        string="Brought Over As",
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="set null",
        help="The opportunity of Billinator CRM that this one became.",
    )
