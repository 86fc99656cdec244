from odoo import fields, models


class CrmTeamMember(models.Model):
    """Says who takes new deals; who is in which team is kept in memory."""

    _name = "crm.team.member"
    _inherit = ["billinator.settings.mixin", "crm.team.member"]

    takes_opportunities = fields.Boolean(
        string="Takes New Opportunities",
        default=True,
        help="Clear it to pause new opportunities for the member. Members out of "
        "office get none anyway.",
    )
