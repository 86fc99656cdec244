from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError


class BillinatorOpportunity(models.Model):
    """Deals that come in without a salesperson, and which member of the team gets them.

    How a team shares them out, it says itself: see ``crm_team.py``.
    """

    _inherit = "billinator.opportunity"

    @api.model_create_multi
    def create(self, vals_list):
        """Give open deals without a salesperson to members of their team."""
        return super().create(self._with_salespeople(vals_list))

    @api.model
    def _with_salespeople(self, vals_list):
        """Return the values, with a salesperson where the team has one for the deal.

        Who may not see colleagues' deals keeps theirs unassigned: nobody else's can be
        shown to them when it is saved.
        """
        if not (self.env["crm.team"]._get_assigning_ids() and self._may_see_all()):
            return vals_list
        defaults = self.default_get(["active", "company_id", "team_id", "user_id"])
        vals_list = self._with_companies(vals_list)
        vacancies = defaultdict(list)
        for position, vals in enumerate(vals_list):
            values = {**defaults, **vals}
            if self._is_to_assign(values):
                key = values["team_id"], values["company_id"]
                vacancies[key].append(position)
        if not vacancies:
            return vals_list
        vals_list = list(vals_list)
        for (team_id, company_id), positions in vacancies.items():
            team = self.env["crm.team"].browse(team_id)
            company = self.env["res.company"].browse(company_id)
            people = team._pick_salespeople(company, len(positions))
            # Where nobody takes any, these are none.
            for position, user in zip(positions, people, strict=False):
                vals_list[position] = {**vals_list[position], "user_id": user.id}
        return vals_list

    @api.model
    def _may_see_all(self):
        return self.env.su or self.env.user._sees_all_documents()

    @api.model
    def _is_to_assign(self, values):
        """Whether the values are an open deal's, of a team that assigns it itself."""
        if values.get("user_id") or not values.get("active"):
            return False
        # What is no id is refused by the ORM, which says why.
        if type(values.get("team_id")) is not int:
            return False
        if type(values.get("company_id")) is not int:
            return False
        if values["team_id"] not in self.env["crm.team"]._get_assigning_ids():
            return False
        stage_id = values.get("stage_id")
        rules = self.env["billinator.stage"]._get_all_rules()
        return type(stage_id) is not int or (
            stage_id in rules and rules[stage_id].status == "open"
        )

    # === Views === #

    @api.model
    def _get_unneeded_nodes(self, view_type):
        """Offer to assign deals only where a team does."""
        paths = super()._get_unneeded_nodes(view_type)
        if self.env["crm.team"]._get_assigning_ids():
            return paths
        return *paths, "//button[@name='action_assign']"

    # === Actions === #

    def action_assign(self):
        """Assign open opportunities without a salesperson to members of their teams.

        Each team does so as its setting says. Those of teams that assign by hand, or
        without a member who takes any at the moment, stay as they are, as do all that
        are closed or somebody's.

        :return: a client action that tells how many were assigned
        :raises UserError: when none of them can be assigned
        """
        self.check_access("write")
        vacant = self.filtered(
            lambda deal: deal.active and deal.status == "open" and not deal.user_id
        )
        assigned = defaultdict(self.browse)
        for (team, company), deals in vacant.grouped(
            lambda deal: (deal.team_id, deal.company_id)
        ).items():
            people = team and team._pick_salespeople(company, len(deals))
            # Where nobody takes any, these are none.
            for deal, user in zip(deals, people, strict=False):
                assigned[user] += deal
        if not assigned:
            raise UserError(
                self.env._(
                    "None of these can be assigned: choose open opportunities without "
                    "a salesperson, of a sales team that assigns new ones and has a "
                    "member who takes them."
                )
            )
        for user, deals in assigned.items():
            deals.user_id = user
        return self._get_assigned_action(sum(map(len, assigned.values())))

    @api.model
    def _get_assigned_action(self, count):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Opportunities assigned: %s", count),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
