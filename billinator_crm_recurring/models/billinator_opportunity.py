from odoo import api, fields, models
from odoo.fields import Domain

MONTHLY = "recurring_revenue_monthly_company"
WEIGHTED = "recurring_revenue_monthly_weighted"
# What the statistics call the sums.
SUMS = {"recurring_revenue_monthly": MONTHLY, WEIGHTED: WEIGHTED}
# What a column of the pipeline asks for.
COLUMN_SUMS = {f"{MONTHLY}:sum", f"{MONTHLY}:sum_currency"}


class BillinatorOpportunity(models.Model):
    """What a deal brings again and again, besides what it brings once."""

    _inherit = "billinator.opportunity"

    recurring_revenue = fields.Monetary(
        # Of several periods there is no sum.
        aggregator=None,
        default=0.0,
        tracking=True,
        help="What the customer pays in each period of the plan.",
    )
    recurring_plan_id = fields.Many2one(
        "billinator.recurring.plan",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="How often the customer pays.",
    )
    recurring_revenue_monthly = fields.Monetary(
        string="Monthly Recurring Revenue",
        compute="_compute_recurring_revenue_monthly",
        store=True,
        precompute=True,
    )
    recurring_revenue_monthly_company = fields.Monetary(
        string="Monthly Recurring Revenue (Company Currency)",
        currency_field="company_currency_id",
        compute="_compute_company_revenues",
        store=True,
        precompute=True,
        help="Converted at the rate of the day it was closed, or of today.",
    )
    recurring_revenue_monthly_weighted = fields.Monetary(
        string="Weighted Monthly Recurring Revenue",
        currency_field="company_currency_id",
        compute="_compute_company_revenues",
        store=True,
        precompute=True,
        help="Monthly recurring revenue times probability, in the company's currency.",
    )

    # === Constraints and indexes === #

    _recurring_revenue_positive = models.Constraint(
        "CHECK(recurring_revenue >= 0)",
        "The recurring revenue cannot be negative.",
    )
    _recurring_plan_required = models.Constraint(
        "CHECK(COALESCE(recurring_revenue, 0) = 0 OR recurring_plan_id IS NOT NULL)",
        "Say how often the recurring revenue comes: choose a recurring plan.",
    )
    # What the sums of stages read, without the rows.
    _recurring_revenue_idx = models.Index(
        "(stage_id, company_id) INCLUDE (user_id, active,"
        " recurring_revenue_monthly_company, recurring_revenue_monthly_weighted)"
        " WHERE recurring_revenue_monthly_company > 0"
    )

    # === Computes === #

    @api.depends(
        "recurring_revenue", "recurring_plan_id.number_of_months", "currency_id"
    )
    def _compute_recurring_revenue_monthly(self):
        for opportunity in self:
            months = opportunity.recurring_plan_id.number_of_months
            monthly = months and opportunity.recurring_revenue / months
            # Odoo takes what only loses its cents, by another currency, for unchanged.
            opportunity.recurring_revenue_monthly = 0
            opportunity.recurring_revenue_monthly = monthly

    @api.depends("recurring_revenue_monthly")
    def _compute_company_revenues(self):
        result = super()._compute_company_revenues()
        for opportunity in self:
            monthly = opportunity.recurring_revenue_monthly
            # Most deals of most companies bring nothing again.
            revenue = monthly and opportunity._convert_to_company(monthly)
            opportunity.recurring_revenue_monthly_company = revenue
            opportunity.recurring_revenue_monthly_weighted = opportunity._weigh(revenue)
        return result

    # === The pipeline's columns === #

    @api.model
    def _read_columns(self, domain, aggregates):
        """Sum up what recurs in the pipeline's columns by itself.

        All else of them is added up in advance, which would not be used otherwise.
        """
        recurring = [name for name in aggregates if name in COLUMN_SUMS]
        if not recurring:
            return super()._read_columns(domain, aggregates)
        others = [name for name in aggregates if name not in COLUMN_SUMS]
        columns = self._read_group(domain, ["stage_id"], others, order="stage_id")
        sums = {
            stage: dict(zip(recurring, values, strict=True))
            for stage, *values in self._read_group(
                Domain(domain) & Domain(MONTHLY, ">", 0), ["stage_id"], recurring
            )
        }
        nothing = dict.fromkeys(recurring, 0.0)
        return [
            (
                stage,
                *map(
                    {
                        **dict(zip(others, values, strict=True)),
                        **sums.get(stage, nothing),
                    }.get,
                    aggregates,
                ),
            )
            for stage, *values in columns
        ]

    # === Business === #

    def _prepare_merged_values(self, others):
        """Take the recurring revenue along with its plan, and in the right currency."""
        values = super()._prepare_merged_values(others)
        deals = self + others
        donor = (
            deals.filtered("recurring_revenue") or deals.filtered("recurring_plan_id")
        )[:1]
        if not donor:
            return values
        if not (self.expected_revenue or values.get("expected_revenue")):
            values["currency_id"] = donor.currency_id.id
        currency = self.currency_id.browse(
            values.get("currency_id", self.currency_id.id)
        )
        return {
            **values,
            "recurring_plan_id": donor.recurring_plan_id.id,
            "recurring_revenue": donor.currency_id._convert(
                donor.recurring_revenue,
                currency,
                donor.company_id,
                donor._get_rate_date(),
            ),
        }

    def _get_pipeline_rows(self, domain):
        rows = super()._get_pipeline_rows(domain)
        sums = self._sum_up_recurring(domain)
        for row in rows:
            of_row = sums.get((row["stage_id"], row["company_id"]), {})
            row.update({name: of_row.get(name, 0.0) for name in SUMS})
        return rows

    @api.model
    def _sum_up_recurring(self, domain):
        """Return the sums of each stage's and company's deals of a domain.

        :return: dict of dicts by name of :const:`SUMS`, by ids of stage and company;
            amounts are in the current company's currency, not rounded
        """
        groups = self._read_group(
            Domain(domain) & Domain(MONTHLY, ">", 0),
            ["stage_id", "company_id"],
            [f"{field}:sum" for field in SUMS.values()],
        )
        companies = self.env["res.company"].union(*(group[1] for group in groups))
        rates = companies._get_rates_to_current()
        return {
            (stage.id, company.id): {
                name: amount * rates[company.id]
                for name, amount in zip(SUMS, sums, strict=True)
            }
            for stage, company, *sums in groups
        }

    @api.model
    def _summarize_pipeline_rows(self, rows):
        currency = self.env.company.currency_id
        return {
            **super()._summarize_pipeline_rows(rows),
            **{name: currency.round(sum(row[name] for row in rows)) for name in SUMS},
        }
