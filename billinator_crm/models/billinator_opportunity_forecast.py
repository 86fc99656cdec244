from collections import defaultdict
from random import Random

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, split_every

from ..arguments import arguments, as_day, as_domain_of
from ..dates import begin_of_day
from .billinator_opportunity import CRON_BATCH
from .billinator_stage_conversion import HISTORY_YEARS, PRIOR_WEIGHT

FORECAST_CATEGORIES = [
    ("pipeline", "Pipeline"),
    ("best_case", "Best Case"),
    ("commit", "Commit"),
]
# The probability of a stage from which on its deals count as that.
CATEGORY_THRESHOLDS = {"commit": 75, "best_case": 50, "pipeline": 0}
# With fewer closed deals, the wider pool moves what they say by a tenth and more.
FEW_DEALS = 10 * PRIOR_WEIGHT
DRAWS = 500
# The same pipeline has the same forecast.
SEED = 1950
# A month's largest deals are drawn one by one, what is left of it as a whole.
LARGEST_DEALS = 30


class BillinatorOpportunity(models.Model):
    """What open opportunities let expect, and when."""

    _inherit = "billinator.opportunity"

    forecast_category = fields.Selection(
        FORECAST_CATEGORIES,
        compute="_compute_forecast_category",
        inverse="_inverse_forecast_category",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        index=True,
        group_expand=True,
        help="How firmly it is counted on: Commit, when the salesperson stands for it; "
        "Best Case, when all has to go well. Follows the stage's probability (Commit "
        "from 75%, Best Case from 50%) until somebody sets it by hand.",
    )
    is_forecast_category_manual = fields.Boolean(
        string="Forecast Category Set by Hand",
        compute="_compute_is_forecast_category_manual",
        store=True,
        precompute=True,
        copy=False,
        help="Choose the stage's category again to make it follow the stage.",
    )
    committed_revenue = fields.Monetary(
        currency_field="company_currency_id",
        compute="_compute_committed_revenue",
        store=True,
        precompute=True,
        help="Expected revenue of the open opportunities in the category Commit, in "
        "the company's currency.",
    )
    history_probability = fields.Float(
        string="Probability by History (%)",
        compute="_compute_history_probability",
        store=True,
        precompute=True,
        compute_sudo=True,
        copy=False,
        aggregator="avg",
        help="How many of the deals that spent this long in the stage were won.",
    )
    history_sample_size = fields.Integer(
        string="Deals in History",
        compute="_compute_history_probability",
        store=True,
        precompute=True,
        compute_sudo=True,
        copy=False,
        aggregator=None,
        help="The number of deals behind the probability by history.",
    )
    history_explanation = fields.Char(
        string="What the History Says",
        compute="_compute_history_explanation",
        compute_sudo=True,
    )

    _forecast_idx = models.Index(
        "(date_deadline, priority DESC, id DESC)"
        " WHERE status = 'open' AND active IS TRUE"
    )

    # === Computes === #

    @api.depends("status")
    def _compute_is_forecast_category_manual(self):
        """Forget a category set by hand once the opportunity is closed."""
        for opportunity in self:
            opportunity.is_forecast_category_manual = (
                opportunity.status == "open" and opportunity.is_forecast_category_manual
            )

    @api.depends("stage_id", "is_forecast_category_manual")
    def _compute_forecast_category(self):
        for opportunity in self:
            opportunity.forecast_category = (
                opportunity.forecast_category
                if opportunity.is_forecast_category_manual
                else opportunity._get_stage_category()
            )

    def _inverse_forecast_category(self):
        for opportunity in self:
            category = opportunity._get_stage_category()
            if opportunity.stage_id.status != "open":
                opportunity.forecast_category = category
            opportunity.is_forecast_category_manual = (
                opportunity.forecast_category != category
            )

    @api.onchange("forecast_category")
    def _onchange_forecast_category(self):
        """Keep it in the form, too, when the stage changes before it is saved."""
        self._inverse_forecast_category()

    def _get_stage_category(self):
        self.ensure_one()
        return next(
            category
            for category, threshold in CATEGORY_THRESHOLDS.items()
            if self.stage_id.probability >= threshold
        )

    @api.depends("forecast_category", "status", "expected_revenue_company")
    def _compute_committed_revenue(self):
        for opportunity in self:
            is_committed = opportunity.forecast_category == "commit"
            opportunity.committed_revenue = (
                opportunity.expected_revenue_company
                if is_committed and opportunity.status == "open"
                else 0
            )

    @api.depends("stage_id", "company_id", "date_last_stage_update")
    def _compute_history_probability(self):
        conversions = self._get_conversions()
        for opportunity in self:
            row = conversions[opportunity]
            is_open = opportunity.stage_id.status == "open"
            opportunity.history_sample_size = row.sample_size if row else 0
            opportunity.history_probability = (
                row.probability if row and is_open else opportunity.stage_id.probability
            )

    @api.depends_context("lang")
    @api.depends("stage_id", "company_id", "date_last_stage_update")
    def _compute_history_explanation(self):
        conversions = self._get_conversions()
        for opportunity in self:
            opportunity.history_explanation = (
                opportunity.stage_id.status == "open"
                and opportunity._explain_history(conversions[opportunity])
            )

    def _get_conversions(self):
        """Return what each opportunity is compared with, or None: a ``Conversion``."""
        by_stage = self.env["billinator.stage.conversion"]._get_all_conversions()
        conversions = {}
        for opportunity in self:
            key = (opportunity.company_id.id, opportunity.stage_id.id)
            days = opportunity._get_days_in_stage()
            conversions[opportunity] = next(
                (row for row in by_stage.get(key, ()) if row.age_from <= days), None
            )
        return conversions

    def _get_days_in_stage(self):
        self.ensure_one()
        now = self.env.cr.now()
        return max((now - (self.date_last_stage_update or now)).days, 0)

    def _explain_history(self, row):
        """Say in words what stands behind the probability by history."""
        if not row:
            return self.env._(
                "No deal from this stage was closed in the last %s years, so the "
                "stage's own probability is used.",
                HISTORY_YEARS,
            )
        values = {
            "count": row.sample_size,
            "won": row.won_count,
            "stage": self.stage_id.name,
            "days": row.age_from,
        }
        text = (
            self.env._(
                "Of %(count)s closed deals that spent %(days)s days or more in "
                "%(stage)s, %(won)s were won.",
                **values,
            )
            if row.age_from
            else self.env._(
                "Of %(count)s closed deals that entered %(stage)s, %(won)s were won.",
                **values,
            )
        )
        if row.sample_size >= FEW_DEALS:
            return text
        few = self.env._(
            "So few deals tell little, so the stage's probability counts as well."
        )
        return f"{text} {few}"

    # === CRUD === #

    @api.model
    def _get_manual_flags(self):
        flags = super()._get_manual_flags()
        return {**flags, "forecast_category": "is_forecast_category_manual"}

    # === Actions === #

    @arguments(month=as_day)
    def action_move_to_month(self, month):
        """Move the expected closing to another month.

        It keeps its day, or gets the last one of a month that is shorter or where
        there was no closing before; in the current month, no day that has passed.

        :param month: a day of the month (date, or str as ``2027-02-01``), or False
            for no expected closing
        :return: True
        """
        first = month and month.replace(day=1)
        for day, opportunities in self.grouped("date_deadline").items():
            opportunities.date_deadline = first and self._get_day_in_month(first, day)
        return True

    @api.model
    def _get_day_in_month(self, first, day):
        today = fields.Date.context_today(self)
        moved = first + relativedelta(day=day.day if day else 31)
        is_current = (first.year, first.month) == (today.year, today.month)
        return max(moved, today) if is_current else moved

    # === Business === #

    @api.model
    @api.readonly
    @arguments(
        domain=as_domain_of("billinator.opportunity"),
        date_from=as_day,
        date_to=as_day,
    )
    def get_forecast(self, domain=None, date_from=None, date_to=None):
        """Tell what the opportunities of a domain let expect of a period.

        Open opportunities count in the month of their expected closing, with their
        probability by history; what was won in the period is certain. The interval is
        simulated: each draw takes a true probability for every stage and age, from
        the Beta distribution that its sample leaves open, and lets each opportunity
        be won or not (a Poisson binomial sum); of many small ones, the normal
        distribution that their sum comes close to. One draw in ten is below it, one
        in ten above.

        :param list domain: of ``billinator.opportunity``; all of them by default
        :param date_from: first day (date or str), this month's first by default
        :param date_to: last day, that of the twelfth month by default
        :return: dict with ``currency`` (ISO code; all amounts are in the current
            company's), ``currency_id``, ``date_from``, ``date_to`` (str), and for the
            period ``count`` (open deals), ``value``, ``weighted``, ``committed`` (of
            these), ``won``, ``expected`` (won and what the open ones let expect),
            ``low``, ``high``; the same for each month in ``months``, with ``month``
            (its first day, str)
        """
        start, end = self._get_forecast_period(date_from, date_to)
        deals = Domain.TRUE if domain is None else domain
        rows = self._get_forecast_rows(deals, start, end)
        won = self._get_won_by_month(deals, start, end)
        totals = self._draw_totals(rows)
        currency = self.env.company.currency_id
        return {
            "currency": currency.name,
            "currency_id": currency.id,
            "date_from": fields.Date.to_string(start),
            "date_to": fields.Date.to_string(end),
            **self._summarize_forecast(rows, sum(won.values()), totals[None]),
            "months": self._summarize_months(rows, won, totals),
        }

    @api.model
    def _summarize_months(self, rows, won, totals):
        return [
            {
                "month": fields.Date.to_string(month),
                **self._summarize_forecast(
                    [row for row in rows if row["month"] == month],
                    won.get(month, 0),
                    totals[month],
                ),
            }
            for month in sorted({row["month"] for row in rows} | set(won))
        ]

    @api.model
    def _get_forecast_period(self, date_from, date_to):
        today = fields.Date.context_today(self)
        start = date_from or date_utils.start_of(today, "month")
        last_month = start + relativedelta(months=11)
        return start, date_to or date_utils.end_of(last_month, "month")

    def _get_forecast_rows(self, domain, start, end):
        """Sum up open opportunities by month and by what the history says of them.

        The largest of each month have a row of their own.

        :return: list of dicts; amounts converted to the current company's currency
        """
        query = self._search(
            domain
            & Domain("status", "=", "open")
            & Domain("date_deadline", ">=", start)
            & Domain("date_deadline", "<=", end)
        )
        rows = self.env.execute_query_dict(self._get_forecast_sql(query))
        companies = self.env["res.company"].browse({row["company_id"] for row in rows})
        rates = companies._get_rates_to_current()
        for row in rows:
            rate = rates[row["company_id"]]
            for name in ("value", "weighted", "committed"):
                row[name] = float(row[name] or 0) * rate
            row["squares"] = float(row["squares"] or 0) * rate**2
        return rows

    def _get_forecast_sql(self, query):
        return SQL(
            """
            SELECT month, company_id, probability, sample_size, COUNT(*) AS count,
                   SUM(value) AS value, SUM(value * value) AS squares,
                   SUM(weighted) AS weighted, SUM(committed) AS committed
              FROM (%s) AS deal
          GROUP BY month, company_id, probability, sample_size, LEAST(rank, %s)
          ORDER BY month, value, company_id, probability, sample_size
            """,
            self._get_ranked_sql(query),
            LARGEST_DEALS + 1,
        )

    def _get_ranked_sql(self, query):
        """Select the deals of a query with their month and their rank in it."""
        names = {
            "company_id": "company_id",
            "value": "expected_revenue_company",
            "weighted": "weighted_revenue",
            "committed": "committed_revenue",
            "probability": "history_probability",
            "sample_size": "history_sample_size",
            "month": "date_deadline",
        }
        column = {
            name: self._field_to_sql(query.table, field, query)
            for name, field in names.items()
        }
        column["month"] = SQL("date_trunc('month', %(month)s)::date", **column)
        column["rank"] = SQL(
            "row_number() OVER (PARTITION BY %(month)s"
            " ORDER BY %(value)s DESC NULLS LAST)",
            **column,
        )
        query.order = None
        return query.select(
            *(
                SQL("%s AS %s", sql, SQL.identifier(name))
                for name, sql in column.items()
            )
        )

    def _get_won_by_month(self, domain, start, end):
        """Return what was won in a period, by month, as the user's calendar has it.

        :return: dict of first day of the month: amount
        """
        # Grouping knows the context's time zone only.
        rows = self.with_context(tz=self.env.tz.zone)._read_group(
            domain
            & Domain("status", "=", "won")
            & Domain("date_closed", ">=", begin_of_day(self.env, start))
            & Domain(
                "date_closed", "<", begin_of_day(self.env, end + relativedelta(days=1))
            ),
            ["date_closed:month", "company_id"],
            ["expected_revenue_company:sum"],
        )
        companies = self.env["res.company"].union(
            *(company for _month, company, _amount in rows)
        )
        rates = companies._get_rates_to_current()
        won = defaultdict(float)
        for month, company, amount in rows:
            won[fields.Date.to_date(month)] += amount * rates[company.id]
        return won

    @api.model
    def _draw_totals(self, rows):
        """Draw what the rows' opportunities may bring, many times.

        :return: dict of lists of amounts, by month, and for ``None`` the whole period
        """
        random = Random(SEED)
        totals = defaultdict(list)
        for _draw in range(DRAWS):
            chances = {}
            drawn = defaultdict(float)
            for row in rows:
                key = row["company_id"], row["probability"], row["sample_size"]
                if key not in chances:
                    chances[key] = self._draw_probability(random, *key[1:])
                amount = self._draw_amount(random, row, chances[key])
                drawn[row["month"]] += amount
                drawn[None] += amount
            for month, amount in drawn.items():
                totals[month].append(amount)
        return totals

    @api.model
    def _draw_probability(self, random, probability, sample_size):
        """Draw one of the true probabilities that a sample leaves open."""
        mean = (probability or 0) / 100
        weight = (sample_size or 0) + PRIOR_WEIGHT
        if not 0 < mean < 1:
            return mean
        return random.betavariate(mean * weight, (1 - mean) * weight)

    @api.model
    def _draw_amount(self, random, row, probability):
        """Draw what a row's opportunities bring, each won with that probability."""
        if row["count"] == 1:
            return row["value"] if random.random() < probability else 0.0
        variance = row["squares"] * probability * (1 - probability)
        amount = random.gauss(row["value"] * probability, variance**0.5)
        return min(max(amount, 0), row["value"])

    @api.model
    def _summarize_forecast(self, rows, won, totals):
        """Add up rows of :meth:`_get_forecast_rows`, and what was won."""
        currency = self.env.company.currency_id
        totals = sorted(totals) or [0]
        sums = {
            name: sum(row[name] for row in rows)
            for name in ("value", "weighted", "committed")
        }
        expected = sum(row["value"] * (row["probability"] or 0) / 100 for row in rows)
        amounts = {
            **sums,
            "won": won,
            "expected": won + expected,
            "low": won + totals[len(totals) // 10],
            "high": won + totals[-1 - len(totals) // 10],
        }
        return {
            "count": sum(row["count"] for row in rows),
            **{name: currency.round(amount) for name, amount in amounts.items()},
        }

    # === Crons === #

    @api.model
    def _refresh_history_probabilities(self):
        """Tell all open opportunities what the history says of them today."""
        domain = Domain("status", "=", "open")
        opportunities = self.with_context(active_test=False).search(domain, order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(opportunities))
        for batch in split_every(CRON_BATCH, opportunities.ids, self.browse):
            batch._update_history_probabilities()
            cron._commit_progress(len(batch))

    def _update_history_probabilities(self):
        """Do what the compute does, in one statement and where it changes anything."""
        names = ["history_probability", "history_sample_size"]
        for model in (self, self.env["billinator.stage.conversion"]):
            model.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE billinator_opportunity opportunity
                   SET history_probability = history.probability,
                       history_sample_size = history.sample_size
                  FROM (%s) AS history
                 WHERE opportunity.id = history.id
                   AND (opportunity.history_probability,
                        opportunity.history_sample_size)
                       IS DISTINCT FROM (history.probability, history.sample_size)
             RETURNING opportunity.id
                """,
                self._get_history_sql(),
            )
        )
        self.invalidate_recordset(names)

    def _get_history_sql(self):
        return SQL(
            """
            SELECT deal.id,
                   COALESCE(conversion.probability, stage.probability) AS probability,
                   COALESCE(conversion.sample_size, 0) AS sample_size
              FROM billinator_opportunity deal
              JOIN billinator_stage stage ON stage.id = deal.stage_id
         LEFT JOIN LATERAL (
                SELECT probability, sample_size
                  FROM billinator_stage_conversion
                 WHERE stage_id = deal.stage_id
                   AND company_id = deal.company_id
                   AND age_from * interval '1 day'
                       <= GREATEST(%s - deal.date_last_stage_update, interval '0')
              ORDER BY age_from DESC
                 LIMIT 1
             ) AS conversion ON TRUE
             WHERE deal.id IN %s AND deal.status = 'open'
            """,
            self.env.cr.now(),
            tuple(self.ids),
        )
