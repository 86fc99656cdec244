from odoo import api, fields, models

from odoo.addons.billinator_crm.markers import BROUGHT_OVER


class BillinatorOpportunity(models.Model):
    """Deals that were leads or opportunities of Odoo's CRM."""

    _inherit = "billinator.opportunity"

    crm_lead_ids = fields.One2many(
        "crm.lead",
        "billinator_opportunity_id",
        string="In Odoo's CRM",
        context={"active_test": False},
        readonly=True,
        copy=False,
        help="What the opportunity was brought over from; more than one if it was "
        "merged.",
    )

    @api.model
    def _is_to_assign(self, values):
        """Leave those unassigned that nobody had before."""
        return not BROUGHT_OVER.is_on(self.env) and super()._is_to_assign(values)

    def _merge_documents(self, others):
        """Remember what the others were brought over from."""
        # As sudo, like all else that a merge moves.
        others.sudo().crm_lead_ids.write({"billinator_opportunity_id": self.id})
        return super()._merge_documents(others)
