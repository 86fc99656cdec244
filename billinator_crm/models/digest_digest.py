from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..quote_states import CURRENT_VERSIONS

KPI_ACTIONS = {
    "kpi_billinator_deals_created": "billinator_opportunity_action",
    "kpi_billinator_won_value": "billinator_opportunity_action",
    "kpi_billinator_quotes_accepted": "billinator_quote_action",
    "kpi_billinator_activities_done": "billinator_activity_action",
}


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_billinator_deals_created = fields.Boolean("New Deals")
    kpi_billinator_deals_created_value = fields.Integer(
        compute="_compute_kpi_billinator_deals_created_value"
    )
    kpi_billinator_won_value = fields.Boolean("Won Value")
    kpi_billinator_won_value_value = fields.Monetary(
        compute="_compute_kpi_billinator_won_value_value"
    )
    kpi_billinator_quotes_accepted = fields.Boolean("Quotes Accepted")
    kpi_billinator_quotes_accepted_value = fields.Integer(
        compute="_compute_kpi_billinator_quotes_accepted_value"
    )
    kpi_billinator_activities_done = fields.Boolean("Activities Done")
    kpi_billinator_activities_done_value = fields.Integer(
        compute="_compute_kpi_billinator_activities_done_value"
    )

    def _compute_kpi_billinator_deals_created_value(self):
        self._check_kpi_access()
        self._calculate_company_based_kpi(
            "billinator.opportunity", "kpi_billinator_deals_created_value"
        )

    def _compute_kpi_billinator_won_value_value(self):
        self._check_kpi_access()
        self._calculate_company_based_kpi(
            "billinator.opportunity",
            "kpi_billinator_won_value_value",
            date_field="date_closed",
            additional_domain=[("status", "=", "won")],
            sum_field="expected_revenue_company",
        )

    def _compute_kpi_billinator_quotes_accepted_value(self):
        """Count the accepted quotes whose last change of status is in the period."""
        self._check_kpi_access()
        start, end, companies = self._get_kpi_compute_parameters()
        changes = Domain("billinator_event", "=", "state") & Domain("date", ">=", start)
        later = changes & Domain("date", ">=", end)
        counts = dict(
            self.env["billinator.quote"]._read_group(
                Domain("company_id", "in", companies.ids)
                & Domain("state", "=", "accepted")
                & CURRENT_VERSIONS
                & Domain("message_ids", "any", changes)
                & Domain("message_ids", "not any", later),
                ["company_id"],
                ["__count"],
            )
        )
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_billinator_quotes_accepted_value = counts.get(company, 0)

    def _compute_kpi_billinator_activities_done_value(self):
        """Count what was done for a company's customers, and for those of all."""
        self._check_kpi_access()
        start, end, companies = self._get_kpi_compute_parameters()
        counts = dict(
            self.env["billinator.activity"]._read_group(
                Domain("company_id", "in", [False, *companies.ids])
                & Domain("status", "=", "done")
                & Domain("completed_at", ">=", start)
                & Domain("completed_at", "<", end),
                ["company_id"],
                ["__count"],
            )
        )
        shared = counts.get(companies.browse(), 0)
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_billinator_activities_done_value = (
                counts.get(company, 0) + shared
            )

    def _check_kpi_access(self):
        """Leave the figures out of the mails to people without the CRM."""
        if not self.env.user.has_group("sales_team.group_sale_salesman"):
            raise AccessError(
                self.env._("These figures are for users of the CRM: leave them out.")
            )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("billinator_crm.billinator_crm_menu_root").id
        actions.update(
            {
                kpi: f"billinator_crm.{action}?menu_id={menu}"
                for kpi, action in KPI_ACTIONS.items()
            }
        )
        return actions
