from odoo import api, fields, models
from odoo.tools import SQL

from ..arguments import arguments, as_domain_of
from .billinator_document_mixin import ACTIVITY_STATES

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
        currency_ids = {
            owner.id: owner.currency_id.id
            for owner in self.env["res.company"].browse(
                {row["company_id"] for row in rows}
            )
        }
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

    @api.model
    @api.readonly
    @arguments(domain=as_domain_of("billinator.opportunity"))
    def read_progress_bar(self, domain, group_by, progress_bar):
        """Count the columns' deals by what is to do next.

        The pipeline's are counted from the activities, without reading deals with
        nothing to do; all others as Odoo does.

        :param list domain: of ``billinator.opportunity``
        :param str group_by: the field of the columns
        :param dict progress_bar: the ``field`` that is counted, and its ``colors``
        :return: dict of a column's id, as text: dict of a value: number of deals
        """
        if not self._is_activity_bar(group_by, progress_bar):
            return super().read_progress_bar(domain or [], group_by, progress_bar)
        counts = {}
        for column_id, sign, count in self._count_activity_signs(domain, group_by):
            none = dict.fromkeys(progress_bar["colors"], 0)
            column = counts.setdefault(str(column_id), none)
            if (state := ACTIVITY_STATES[sign]) in column:
                column[state] = count
        return counts

    @api.model
    def _is_activity_bar(self, group_by, progress_bar):
        return (
            group_by == "stage_id"
            and isinstance(progress_bar, dict)
            and progress_bar.get("field") == "activity_state"
            and isinstance(progress_bar.get("colors"), dict)
        )

    @api.model
    def _count_activity_signs(self, domain, group_by):
        """Return rows of a column's id, a sign and the number of its deals."""
        self.browse().check_access("read")
        self.env["mail.activity"].flush_model()
        query = self._search(domain or [])
        if query.is_empty():
            return []
        column = self._read_group_groupby(self._table, group_by, query)
        activity = query.join(self._table, "id", "mail_activity", "res_id", "activity")
        for name, value in (("res_model", self._name), ("active", True)):
            query.add_where(SQL("%s = %s", SQL.identifier(activity, name), value))
        query.groupby = SQL("%s, %s", column, SQL.identifier(self._table, "id"))
        signs = query.select(
            SQL("%s AS id", column),
            SQL("%s AS sign", self._get_activity_sign(activity)),
        )
        return self.env.execute_query(
            SQL("SELECT id, sign, COUNT(*) FROM (%s) AS d GROUP BY id, sign", signs)
        )
