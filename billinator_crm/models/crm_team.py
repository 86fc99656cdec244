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
        compute="_compute_billinator_alias_name",
        inverse="_inverse_billinator_alias",
        help="Mails to this address become opportunities of the team, assigned to the "
        "team leader. Empty: no mail does.",
    )
    billinator_alias_domain_id = fields.Many2one(
        "mail.alias.domain",
        string="Domain of the Opportunity Alias",
        compute="_compute_billinator_alias_domain_id",
        inverse="_inverse_billinator_alias",
    )
    billinator_alias_email = fields.Char(
        related="billinator_alias_id.alias_full_name", string="Opportunity Address"
    )

    @api.depends("billinator_alias_id.alias_name")
    def _compute_billinator_alias_name(self):
        for team in self:
            team.billinator_alias_name = team.billinator_alias_id.alias_name

    # Apart from the name: who gives only one of the two gets the other one computed.
    @api.depends("billinator_alias_id.alias_domain_id", "company_id")
    def _compute_billinator_alias_domain_id(self):
        for team in self:
            alias = team.billinator_alias_id
            company = team.company_id or self.env.company
            team.billinator_alias_domain_id = (alias or company).alias_domain_id

    def _inverse_billinator_alias(self):
        given = {
            team: {
                "alias_name": team.billinator_alias_name,
                "alias_domain_id": team.billinator_alias_domain_id.id,
            }
            for team in self
        }
        for team, values in given.items():
            alias_sudo = team._get_alias_sudo()
            if alias_sudo:
                alias_sudo.write(values)
            elif values["alias_name"]:
                team._create_billinator_alias(values)
        # The alias may have written the name in another way.
        self.invalidate_recordset(["billinator_alias_name"], flush=False)

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

    def _create_billinator_alias(self, values):
        get_model_id = self.env["ir.model"]._get_id
        # See _get_alias_sudo.
        self.billinator_alias_id = (
            self.env["mail.alias"]
            .sudo()
            .create(
                {
                    "alias_model_id": get_model_id("billinator.opportunity"),
                    "alias_parent_model_id": get_model_id("crm.team"),
                    "alias_parent_thread_id": self.id,
                    "alias_defaults": repr({"team_id": self.id}),
                    **values,
                }
            )
        )
