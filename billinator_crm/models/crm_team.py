import heapq

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..arguments import one_record
from ..caches import settings_cache

# Of who may get deals, what tells whether they can.
TAKER_FIELDS = (
    "active",
    "company_ids",
    "out_of_office_from",
    "out_of_office_to",
    "share",
)


class CrmTeam(models.Model):
    """Gives teams an address at which a mail becomes an opportunity, and properties.

    And says who gets deals that come in for the team. Fields of its own, for Odoo's
    CRM has such on the team, too.
    """

    _name = "crm.team"
    _inherit = ["billinator.settings.mixin", "crm.team"]
    _remembered_fields = ("company_id", "name")

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
        help="Emails to this address become opportunities of the team, assigned to "
        "its members or the team leader. Empty: none do.",
    )
    billinator_alias_domain_id = fields.Many2one(
        "mail.alias.domain",
        string="Domain of the Opportunity Alias",
        compute="_compute_billinator_alias_domain_id",
        inverse="_inverse_billinator_alias",
    )
    opportunity_assignment = fields.Selection(
        [
            ("manual", "By hand"),
            ("turn", "In turn"),
            ("load", "To whoever has the fewest open"),
        ],
        string="Assign New Opportunities",
        default="manual",
        help="Who gets the team's new opportunities without a salesperson, such as "
        "those from email: nobody until somebody assigns them, each member in "
        "turn, or the member with the fewest open opportunities.",
    )
    opportunity_properties_definition = fields.PropertiesDefinition(
        "Opportunity Properties"
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

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        teams._create_turns()
        return teams

    def write(self, vals):
        """Move the alias to the domain of the team's new company."""
        result = super().write(vals)
        if "opportunity_assignment" in vals:
            self._create_turns()
        if vals.get("company_id"):
            for team in self:
                alias_sudo = team._get_alias_sudo()
                alias_sudo.alias_domain_id = team.company_id.alias_domain_id
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_limiting(self):
        """Keep the teams of rules and stages, which are for all without a team."""
        for model in ("billinator.approval.rule", "billinator.stage"):
            # As sudo: also of companies that the user does not see.
            limited_sudo = self.env[model].sudo().with_context(active_test=False)
            if record_sudo := limited_sudo.search(
                [("team_ids", "in", self.ids)], limit=1
            ):
                raise UserError(
                    self.env._(
                        "“%(team)s” is among the sales teams of “%(record)s” "
                        "(%(model)s): take it out there first, or archive the team.",
                        team=(record_sudo.team_ids & self)[:1].name,
                        record=record_sudo.display_name,
                        model=self.env["ir.model"]._get(model).name,
                    )
                )

    def unlink(self):
        """Close the teams' addresses."""
        aliases_sudo = self._get_alias_sudo()
        result = super().unlink()
        aliases_sudo.unlink()
        for team in self:
            self.env.cr.execute(SQL("DROP SEQUENCE IF EXISTS %s", team._get_turns()))
        return result

    def action_primary_channel_button(self):
        """Open the team's open deals, if it is our menu that shows the teams.

        :return: a window action; of other apps, or False, if it is another menu
        :raises UserError: if it is our menu, and these are several teams
        """
        if self.env.context.get("billinator_team"):
            return self._get_pipeline_action()
        return super().action_primary_channel_button()

    @one_record
    def _get_pipeline_action(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm.billinator_opportunity_action"
        )
        return {
            **action,
            "display_name": self.name,
            "context": {
                "search_default_team_id": self.id,
                "search_default_open": 1,
                "default_team_id": self.id,
            },
        }

    @api.model
    def _get_default_team(self, user, company):
        """Return the team that new documents of ``user`` in ``company`` belong to."""
        team_id = self.with_company(company)._get_default_id(
            user._origin.id, company._origin.id
        )
        return self.browse(team_id)

    # Every document asks for it, it takes five queries, and people seldom change teams.
    @api.model
    @settings_cache(
        "user_id",
        "company_id",
        "self.env.uid",
        "tuple(self.env.companies.ids)",
        "self.env.context.get('default_team_id')",
    )
    def _get_default_id(self, user_id, company_id):
        domain = self._check_company_domain(company_id)
        return self._get_default_team_id(user_id=user_id, domain=domain).id

    # === Assignment === #

    @api.model
    @settings_cache()
    def _get_assigning_ids(self):
        """Return the ids of the teams whose new deals are not assigned by hand."""
        # As sudo: whoever makes a deal, its team does with it what it does.
        teams_sudo = (
            self.sudo()
            .with_context(active_test=True)
            .search([("opportunity_assignment", "in", ["turn", "load"])])
        )
        return frozenset(teams_sudo.ids)

    def _pick_salespeople(self, company, count):
        """Return who gets so many new deals of a company, one after the other.

        :return: list of ``res.users``; empty where the team assigns by hand, or no
            member can take a deal
        """
        self.ensure_one()
        people = self.id in self._get_assigning_ids() and self._get_takers(company)
        if not people:
            return []
        # As sudo: see _get_assigning_ids.
        if self.sudo().opportunity_assignment == "turn":
            return self._pick_in_turn(people, count)
        return self._pick_least_busy(people, count)

    def _get_takers(self, company):
        """Return the members who take new deals of a company, those of old first."""
        # As sudo: whether colleagues are there is no secret to be kept from the team.
        members_sudo = self.sudo().crm_team_member_ids
        people_sudo = members_sudo.filtered("takes_opportunities").user_id
        people_sudo.fetch(TAKER_FIELDS)
        present_sudo = people_sudo._filter_present_in(company)
        takers_sudo = present_sudo.filtered(lambda user: not user.is_out_of_office)
        return takers_sudo.with_env(self.env)

    def _pick_in_turn(self, people, count):
        """Let a sequence of PostgreSQL say whose turn it is.

        Others who ask at this moment get other numbers. Nobody waits for the end of an
        import, as for a row, or is told of a conflict.
        """
        numbers = self.env.execute_query(
            SQL(
                "SELECT nextval(%s::regclass) FROM generate_series(1, %s)",
                self._get_turns().code,
                count,
            )
        )
        return [people[number % len(people)] for (number,) in numbers]

    @api.model
    def _pick_least_busy(self, people, count):
        # As sudo: what colleagues have is counted, and not shown.
        counts = dict(
            self.env["billinator.opportunity"]
            .sudo()
            ._read_group(
                [("user_id", "in", people.ids), ("status", "=", "open")],
                ["user_id"],
                ["__count"],
            )
        )
        queue = [
            (counts.get(user, 0), position) for position, user in enumerate(people)
        ]
        heapq.heapify(queue)
        picked = []
        for _deal in range(count):
            open_count, position = queue[0]
            heapq.heapreplace(queue, (open_count + 1, position))
            picked.append(people[position])
        return picked

    def _create_turns(self):
        for team in self:
            if team.opportunity_assignment == "turn":
                # PostgreSQL drops it with its column, when the addon is uninstalled.
                self.env.cr.execute(
                    SQL(
                        "CREATE SEQUENCE IF NOT EXISTS %s MINVALUE 0"
                        " OWNED BY crm_team.opportunity_assignment",
                        team._get_turns(),
                    )
                )

    def _get_turns(self):
        """Return the name of the sequence that counts the team's turns."""
        self.ensure_one()
        return SQL.identifier(f"billinator_crm_team_turn_{self.id}")

    # === Properties === #

    @api.model
    @settings_cache()
    def _get_properties_definitions(self):
        """Return the definition of the properties of each team's deals, by id.

        Every new deal asks for it, and nobody changes it for months.
        """
        # As sudo: who has a deal of the team sees them.
        teams_sudo = self.sudo().with_context(active_test=False)
        teams_sudo = teams_sudo.search([("id", "!=", False)])
        teams_sudo.fetch(["opportunity_properties_definition"])
        return {
            team.id: team.opportunity_properties_definition or None
            for team in teams_sudo
        }

    @api.model
    def _remember_properties(self):
        """Put the definitions into the cache, where a deal looks for its team's."""
        definitions = self._get_properties_definitions()
        field = self._fields["opportunity_properties_definition"]
        field._insert_cache(self.browse(definitions), definitions.values())

    @api.model
    def _has_properties(self):
        return any(self._get_properties_definitions().values())

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
