from odoo import api, fields, models

# The amounts of a column's header, and what the summary calls them.
AMOUNTS = {
    "expected_revenue_company": "value",
    "weighted_revenue": "weighted_value",
}
AGGREGATES = {
    "__count",
    "company_currency_id:array_agg_distinct",
    *(f"{name}:{kind}" for name in AMOUNTS for kind in ("sum", "sum_currency")),
}


class BillinatorOpportunity(models.Model):
    """The pipeline's columns, from what is added up in advance."""

    _inherit = "billinator.opportunity"

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        """Add up the stages without reading the deals, where the summary can tell."""
        is_pipeline = tuple(groupby) == ("stage_id",) and AGGREGATES.issuperset(
            aggregates
        )
        if is_pipeline and not (having or offset or limit) and order == "stage_id":
            rows = self.env["billinator.opportunity.summary"]._read_pipeline(
                fields.Domain(domain)
            )
            if rows is not None:
                return self._make_columns(rows, aggregates)
        return super()._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    def _make_columns(self, rows, aggregates):
        """Return a tuple of a stage and the aggregates for each stage of the rows."""
        company = self.env.company
        companies = self.env["res.company"].browse({row["company_id"] for row in rows})
        # Not their hundred other fields.
        companies.fetch(["currency_id", "parent_path"])
        currency_ids = {owner.id: owner.currency_id.id for owner in companies}
        rates = (
            self.env["res.currency"]
            .browse(currency_ids.values())
            ._get_rates(company, fields.Date.context_today(self))
        )

        def aggregate(name, column):
            if name == "__count":
                return sum(row["count"] for row in column)
            if name == "company_currency_id:array_agg_distinct":
                return sorted({currency_ids[row["company_id"]] for row in column})
            amount, _colon, kind = name.partition(":")
            return sum(
                float(row[AMOUNTS[amount]])
                / (rates[currency_ids[row["company_id"]]] if kind != "sum" else 1)
                for row in column
            )

        columns = {}
        for row in rows:
            columns.setdefault(row["stage_id"], []).append(row)
        return [
            (stage, *(aggregate(name, columns[stage.id]) for name in aggregates))
            for stage in self.env["billinator.stage"].browse(columns).sorted()
        ]
