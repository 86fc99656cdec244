from datetime import timezone

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..arguments import arguments, as_domain_of

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
    """The pipeline's columns and statistics, from what is added up in advance."""

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
        """Read the pipeline's columns by a shorter way, where there is one."""
        is_whole = not (having or offset or limit)
        if tuple(groupby) == ("stage_id",) and order == "stage_id" and is_whole:
            columns = self._read_columns(domain, aggregates)
            if columns is not None:
                return columns
        return super()._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    def _read_columns(self, domain, aggregates):
        """Add up the stages without reading the deals.

        :return: list of tuples of a stage and its aggregates, in the stages' order;
            None where the summary cannot tell
        """
        if not AGGREGATES.issuperset(aggregates):
            return None
        summary = self.env["billinator.opportunity.summary"]
        rows = summary._read_pipeline(Domain(domain))
        return None if rows is None else self._make_columns(rows, aggregates)

    @api.model
    def _make_columns(self, rows, aggregates):
        """Return a tuple of a stage and the aggregates for each stage of the rows."""
        companies = self.env["res.company"].browse({row["company_id"] for row in rows})
        companies._recall()
        self.env["billinator.stage"]._recall()
        currency_ids = {owner.id: owner.currency_id.id for owner in companies}
        rates = companies._get_rates_to_current()

        def aggregate(name, column):
            if name == "__count":
                return sum(row["count"] for row in column)
            if name == "company_currency_id:array_agg_distinct":
                return sorted({currency_ids[row["company_id"]] for row in column})
            amount, _colon, kind = name.partition(":")
            return sum(
                float(row[AMOUNTS[amount]])
                * (rates[row["company_id"]] if kind != "sum" else 1)
                for row in column
            )

        columns = {}
        for row in rows:
            columns.setdefault(row["stage_id"], []).append(row)
        return [
            (stage, *(aggregate(name, columns[stage.id]) for name in aggregates))
            for stage in self.env["billinator.stage"].browse(columns).sorted()
        ]

    # === Statistics === #

    @api.model
    @api.readonly
    @arguments(domain=as_domain_of("billinator.opportunity"))
    def get_pipeline_statistics(self, domain=None):
        """Count and value the opportunities of a domain that the user may see.

        Amounts are in the currency of the user's current company, at today's rate.
        The win rate is won / (won + lost), in percent; the average deal is the mean
        value of the won ones and the cycle time the mean number of days from their
        creation to their closing, without past ones that were created here later.
        Figures that nothing stands behind are ``False``.

        :param list domain: of ``billinator.opportunity``; all of them by default
        :return: dict with ``currency`` (ISO code), ``stages`` (list of dicts with
            ``stage_id, code, name, status, count, value, weighted_value,
            average_age_days`` in the pipeline's order), ``overall`` (``count, value,
            weighted_value, average_age_days`` of all), ``win_rate``,
            ``average_deal``, ``cycle_time_days``
        """
        rows = self._get_pipeline_rows(Domain.TRUE if domain is None else domain)
        by_stage = {}
        for row in rows:
            by_stage.setdefault(row["stage_id"], []).append(row)
        stages = self.env["billinator.stage"].browse(by_stage).sorted()
        return {
            "currency": self.env.company.currency_id.name,
            "stages": [
                {
                    "stage_id": stage.id,
                    "code": stage.code,
                    "name": stage.name,
                    "status": stage.status,
                    **self._summarize_pipeline_rows(by_stage[stage.id]),
                }
                for stage in stages
            ],
            "overall": self._summarize_pipeline_rows(rows),
            **self._summarize_closed_rows(rows),
        }

    def _get_pipeline_rows(self, domain):
        """Sum up the pipeline by stage and company, in one query.

        :return: list of dicts, amounts converted to the current company's currency, and
            not rounded before they are added up
        """
        rows = self._select_pipeline_rows(domain)
        companies = self.env["res.company"].browse({row["company_id"] for row in rows})
        rates = companies._get_rates_to_current()
        for row in rows:
            for name in ("value", "weighted_value"):
                row[name] = float(row[name] or 0) * rates[row["company_id"]]
        return rows

    def _select_pipeline_rows(self, domain):
        """Sum up the pipeline, from what is added up in advance where that can tell."""
        rows = self.env["billinator.opportunity.summary"]._read_pipeline(domain)
        if rows is None:
            return self._count_pipeline_rows(domain)
        now = self.env.cr.now().replace(tzinfo=timezone.utc).timestamp()
        return [
            {**row, "age_seconds": row["count"] * now - row["created_seconds"]}
            for row in rows
        ]

    def _count_pipeline_rows(self, domain):
        query = self._search(domain)
        column = {
            name: self._field_to_sql(query.table, name, query)
            for name in (
                "stage_id",
                "status",
                "company_id",
                "create_date",
                "date_closed",
                "expected_revenue_company",
                "weighted_revenue",
            )
        }
        has_cycle = SQL("%s >= %s", column["date_closed"], column["create_date"])
        query.groupby = SQL(", ").join(
            column[name] for name in ("stage_id", "status", "company_id")
        )
        return self.env.execute_query_dict(
            query.select(
                SQL("%s AS stage_id", column["stage_id"]),
                SQL("%s AS status", column["status"]),
                SQL("%s AS company_id", column["company_id"]),
                SQL("COUNT(*) AS count"),
                SQL("SUM(%s) AS value", column["expected_revenue_company"]),
                SQL("SUM(%s) AS weighted_value", column["weighted_revenue"]),
                SQL(
                    "SUM(EXTRACT(EPOCH FROM %s - %s))::float AS age_seconds",
                    self.env.cr.now(),
                    column["create_date"],
                ),
                SQL(
                    "COALESCE(SUM(EXTRACT(EPOCH FROM %s)) FILTER (WHERE %s), 0)::float"
                    " AS cycle_seconds",
                    SQL("%s - %s", column["date_closed"], column["create_date"]),
                    has_cycle,
                ),
                SQL("COUNT(*) FILTER (WHERE %s) AS cycle_count", has_cycle),
            )
        )

    @api.model
    def _summarize_closed_rows(self, rows):
        """Return win rate, average deal and cycle time of the rows' deals."""
        won = [row for row in rows if row["status"] == "won"]
        won_count = sum(row["count"] for row in won)
        closed_count = sum(row["count"] for row in rows if row["status"] != "open")
        value = sum(row["value"] for row in won)
        cycle_count = sum(row["cycle_count"] for row in won)
        days = sum(row["cycle_seconds"] for row in won) / 86400
        currency = self.env.company.currency_id
        return {
            "win_rate": bool(closed_count) and 100 * won_count / closed_count,
            "average_deal": bool(won) and currency.round(value / won_count),
            "cycle_time_days": bool(cycle_count) and days / cycle_count,
        }

    @api.model
    def _summarize_pipeline_rows(self, rows):
        """Add up rows of :meth:`_get_pipeline_rows`."""
        currency = self.env.company.currency_id
        count = sum(row["count"] for row in rows)
        age_seconds = sum(row["age_seconds"] for row in rows)
        return {
            "count": count,
            "value": currency.round(sum(row["value"] for row in rows)),
            "weighted_value": currency.round(
                sum(row["weighted_value"] for row in rows)
            ),
            "average_age_days": bool(count) and age_seconds / count / 86400,
        }
