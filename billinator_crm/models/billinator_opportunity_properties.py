from odoo import api, models

PROPERTIES = "opportunity_properties"
# Views that read the properties of many deals, and only where a team has some.
VIEWS_OF_MANY = {"kanban", "list"}


class BillinatorOpportunity(models.Model):
    """The properties: fields of their own, which each sales team defines."""

    _inherit = "billinator.opportunity"

    @api.model
    def default_get(self, fields):
        """Remember what the team that a new deal will have defines."""
        defaults = super().default_get(fields)
        self.env["crm.team"]._remember_properties()
        return defaults

    @api.model
    def _add_missing_default_values(self, values):
        """Let properties be the team's, which follows from the salesperson later."""
        self.env["crm.team"]._remember_properties()
        defaults = super()._add_missing_default_values(values)
        if "team_id" not in defaults:
            user = self.env["res.users"].browse(defaults.get("user_id"))
            company = self.env["res.company"].browse(defaults.get("company_id"))
            # Without a salesperson, a new deal has no team.
            team = user and self.env["crm.team"]._get_default_team(user, company)
            given = {
                "team_id": team and team.id,
                PROPERTIES: values.get(PROPERTIES),
            }
            defaults[PROPERTIES] = self._fields[PROPERTIES]._add_default_values(
                self.env, given
            )
        return defaults

    def write(self, vals):
        if "team_id" in vals or "user_id" in vals:
            self.env["crm.team"]._remember_properties()
        return super().write(vals)

    def _fetch_related(self, field_names):
        if PROPERTIES in field_names:
            self.env["crm.team"]._remember_properties()
        return super()._fetch_related(field_names)

    def _track_prepare(self, fields_iter):
        """Read properties, which are told of with the team, where there are any."""
        names = set(fields_iter)
        if PROPERTIES in names:
            if self.env["crm.team"]._has_properties():
                self.env["crm.team"]._remember_properties()
            else:
                names.remove(PROPERTIES)
        return super()._track_prepare(names)

    # === Views === #

    @api.model
    def _get_unneeded_nodes(self, view_type):
        """Ask for the properties of many deals only where a team has some."""
        paths = super()._get_unneeded_nodes(view_type)
        if view_type not in VIEWS_OF_MANY or self.env["crm.team"]._has_properties():
            return paths
        return *paths, f"//field[@name='{PROPERTIES}']"
