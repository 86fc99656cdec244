from odoo import api, fields, models

from ..caches import forget_settings


class CrmTeamMember(models.Model):
    """Says who takes new deals, and forgets who was in which team."""

    _inherit = "crm.team.member"

    takes_opportunities = fields.Boolean(
        string="Takes New Opportunities",
        default=True,
        help="Clear it to give the member no more opportunities for a while. Who is "
        "out of office gets none anyway.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        forget_settings(self.env)
        return members

    def write(self, vals):
        result = super().write(vals)
        forget_settings(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        forget_settings(self.env)
        return result
