from odoo import api, fields, models


class CrmTeam(models.Model):
    """Gives teams an address at which a mail becomes an opportunity.

    Fields of its own, for Odoo's CRM has an alias on the team, too.
    """

    _inherit = "crm.team"

    billinator_alias_id = fields.Many2one(
        "mail.alias",
        string="Opportunity Alias",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    billinator_alias_name = fields.Char(
        string="Opportunities by Email",
        compute="_compute_billinator_alias",
        inverse="_inverse_billinator_alias_name",
        help="Mails to this address become opportunities of the team, assigned to the "
        "team leader. Empty: no mail does.",
    )
    billinator_alias_domain_id = fields.Many2one(
        "mail.alias.domain",
        string="Domain of the Opportunity Alias",
        compute="_compute_billinator_alias",
        inverse="_inverse_billinator_alias_domain_id",
    )
    billinator_alias_email = fields.Char(
        related="billinator_alias_id.alias_full_name", string="Opportunity Address"
    )

    @api.depends(
        "billinator_alias_id.alias_name", "billinator_alias_id.alias_domain_id"
    )
    def _compute_billinator_alias(self):
        for team in self:
            alias = team.billinator_alias_id
            company = team.company_id or self.env.company
            team.billinator_alias_name = alias.alias_name
            team.billinator_alias_domain_id = (
                alias.alias_domain_id if alias else company.alias_domain_id
            )

    def _inverse_billinator_alias_name(self):
        names = {team: team.billinator_alias_name for team in self}
        missing = self.filtered(lambda team: names[team] and not team._get_alias_sudo())
        missing._create_billinator_aliases()
        for team in self:
            team._get_alias_sudo().alias_name = names[team]

    def _inverse_billinator_alias_domain_id(self):
        domains = {team: team.billinator_alias_domain_id for team in self}
        for team in self:
            team._get_alias_sudo().alias_domain_id = domains[team]

    def write(self, vals):
        """Move the alias to the domain of the team's new company."""
        result = super().write(vals)
        if vals.get("company_id"):
            for team in self:
                alias_sudo = team._get_alias_sudo()
                alias_sudo.alias_domain_id = team.company_id.alias_domain_id
        return result

    def unlink(self):
        """Close the teams' addresses."""
        aliases_sudo = self._get_alias_sudo()
        result = super().unlink()
        aliases_sudo.unlink()
        return result

    def _get_alias_sudo(self):
        """Return the teams' aliases, for whoever may change the team."""
        # Aliases are the administrator's; the address of a team is part of the team,
        # whose own rights were checked by the ORM before it comes here.
        return self.sudo().billinator_alias_id

    def _create_billinator_aliases(self):
        for team in self:
            team.billinator_alias_id = (
                self.env["mail.alias"]
                # See _get_alias_sudo.
                .sudo()
                .create(team._prepare_billinator_alias_values())
            )

    def _prepare_billinator_alias_values(self):
        self.ensure_one()
        get_model_id = self.env["ir.model"]._get_id
        return {
            "alias_domain_id": self.billinator_alias_domain_id.id,
            "alias_model_id": get_model_id("billinator.opportunity"),
            "alias_parent_model_id": get_model_id("crm.team"),
            "alias_parent_thread_id": self.id,
            "alias_defaults": repr({"team_id": self.id}),
        }
