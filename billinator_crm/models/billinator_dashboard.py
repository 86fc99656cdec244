from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..arguments import WRONG, as_day, as_ids, parse
from ..dates import begin_of_day
from ..quote_states import CURRENT_VERSIONS, ENDED_STATES, OPEN_STATES
from .billinator_opportunity_summary import read_rows

DEALS = "billinator.opportunity"
QUOTES = "billinator.quote"
ACTIVITIES = "billinator.activity"
TARGETS = "billinator.target"
# Not those that ended as drafts; what was accepted, the customer has had.
SENT_QUOTES = Domain("state", "in", ["sent", "accepted"]) | (
    Domain("state", "in", ENDED_STATES) & Domain("date_sent", "!=", False)
)

DEFAULT_PERIOD = "month"
PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}
PERIODS = (*PERIOD_MONTHS, "last_30_days", "custom")
FILTERS = ("period", "date_from", "date_to", "company_ids", "team_ids", "user_ids")

# In the currency of a document's company: what is told, and the field it is kept in.
WON_SUMS = {"value": "expected_revenue_company"}
# Days from the creation to the closing, and of how many deals.
CYCLE_NUMBERS = {"days": "days_to_close", "cycles": "days_to_close:count"}
OPEN_SUMS = {**WON_SUMS, "weighted_value": "weighted_revenue"}
QUOTE_SUMS = {"value": "amount_untaxed_company"}

# Odoo writes no earlier one.
FIRST_DAY = date(1000, 1, 1)
MONTHS_AHEAD = 12
TOP_DEALS = 10
TOP_TARGETS = 10
# Sources, reasons and people that are told of; the others are summed up.
TOP_ROWS = 12


@dataclass(frozen=True)
class Scope:
    """What a dashboard is about; its days are the first and the last ones."""

    period: str
    start: date
    end: date
    before_start: date
    before_end: date
    company_ids: list
    team_ids: list
    user_ids: list

    @property
    def days(self):
        """The period's first and last day."""
        return self.start, self.end

    @property
    def days_before(self):
        """The first and the last day of the period before."""
        return self.before_start, self.before_end

    def to_filters(self):
        """Return the filters that lead here, with the days of the period."""
        return {
            "period": self.period,
            "date_from": self.start.isoformat(),
            "date_to": self.end.isoformat(),
            "company_ids": self.company_ids,
            "team_ids": self.team_ids,
            "user_ids": self.user_ids,
        }


class Cells:
    """Sums of documents by some of their fields, to be added up in one currency."""

    def __init__(self, rows, names, rates, currency):
        self.rows = rows
        self.names = names
        self.rates = rates
        self.currency = currency

    def where(self, test):
        """Return the cells whose row passes ``test``."""
        rows = [row for row in self.rows if test(row)]
        return Cells(rows, self.names, self.rates, self.currency)

    def split(self, name):
        """Return the cells by their value of a field."""
        parts = defaultdict(list)
        for row in self.rows:
            parts[row[name]].append(row)
        return {
            value: Cells(rows, self.names, self.rates, self.currency)
            for value, rows in parts.items()
        }

    def add_up(self, name):
        """Return the sum of a plain number."""
        return sum(row[name] for row in self.rows)

    def convert(self, name):
        """Return the sum of an amount, each company's converted at today's rate."""
        return self.currency.round(
            sum(
                self.currency.round(part.add_up(name) * self.rates[company])
                for company, part in self.split("company_id").items()
            )
        )

    @property
    def count(self):
        return self.add_up("count")

    @property
    def totals(self):
        """Return the count and the amounts."""
        return {
            "count": self.count,
            **{name: self.convert(name) for name in self.names},
        }


class BillinatorDashboard(models.AbstractModel):
    """All that the dashboard shows."""

    _name = "billinator.dashboard"
    _description = "CRM Dashboard"

    @api.model
    @api.readonly
    def get_dashboard(self, filters=None):
        """Return all that the dashboard shows, of what the user may read.

        Amounts are in the currency of the user's current company, at its rate of today;
        days are those of the ``tz`` in the context, else of the user. A *figure* is a
        dict of ``model``, ``domain``, ``count`` and, for deals and quotes, ``value``
        (those of open deals have a ``weighted_value``, too): a search for the domain
        finds the records that the figure is about. Where nothing stands behind a rate
        or an average, it is False. Archived deals do not count.

        :param dict filters: all of them optional

            * ``period``: ``month`` (the current one, and the default), ``quarter``,
              ``year``, ``last_30_days``, or ``custom`` with ``date_from`` and
              ``date_to`` (ISO days, both included)
            * ``company_ids``: of the user's current companies; all without it
            * ``team_ids``, ``user_ids``: sales teams and salespeople
        :return: dict of

            * ``currency_id``; ``filters``, as they were given, with the period's days;
              ``before`` (``date_from``, ``date_to`` of the period before);
              ``choices`` (``companies``, ``teams``, ``users`` to filter by)
            * ``open``: figure; ``stages``: figures with ``id`` and ``name``;
              ``months``: figures with ``month`` (``YYYY-MM`` of the expected closing,
              ``earlier``, ``later`` or ``none``)
            * ``won``, ``lost``, ``created``: figures, each with the one of the period
              ``before``
            * ``win_rate`` (won of won and lost, percent), ``average_deal`` (of won
              ones) and ``cycle`` (days from creation to being won, without past
              deals that were created here later): figures with ``result`` and
              ``result_before``
            * ``funnel``: figures of the deals created in the period that came at
              least as far as a stage, with ``name`` and ``conversion`` (percent of
              the step before)
            * ``lost_reasons``; ``sources`` (won deals, with ``win_rate``): figures
              with ``id`` and ``name``, the largest first; the ``id`` of the sum of
              all others is ``others``
            * ``activities``: dicts of ``id``, ``name`` of a person and the figures
              ``done``, ``planned``, ``overdue``
            * ``quotes``: figures ``sent`` and ``accepted`` of the quotes dated in the
              period, each with ``before``, and ``acceptance_rate`` (percent)
            * ``top_deals``: dicts of ``id, name, customer, stage, user, value,
              probability, date_deadline``
            * ``targets``: figure of the targets whose period lies within the
              dashboard's, or holds it, of the people and the teams to filter by;
              ``rows`` are those with the largest gap: dicts of ``id``; ``name`` of the
              person or team, ``is_team``; ``period``; ``company`` (False where one
              is looked at); ``amount, won, committed, gap, attainment`` (percent) of
              the target's whole period, and ``deals`` (``model``, ``domain``)
            * ``overdue``: figures of ``activities``, ``deals`` and ``quotes`` whose day
              has passed: of the people to filter by, else the user's own
        :raises UserError: for filters that make no sense
        :raises AccessError: for users without the CRM
        """
        self.env[DEALS].check_access("read")
        scope = self._parse_filters(filters or {})
        return {
            "currency_id": self.env.company.currency_id.id,
            "filters": scope.to_filters(),
            "before": {
                "date_from": scope.before_start.isoformat(),
                "date_to": scope.before_end.isoformat(),
            },
            "choices": self._get_choices(),
            **self._get_pipeline(scope),
            **self._get_closed(scope),
            **self._get_created(scope),
            "activities": self._get_activities(scope),
            "quotes": self._get_quotes(scope),
            "top_deals": self._get_top_deals(scope),
            "targets": self._get_targets(scope),
            "overdue": self._get_overdue(scope),
        }

    # === Filters === #

    @api.model
    def _parse_filters(self, filters):
        if not isinstance(filters, dict):
            raise UserError(self.env._("Give the dashboard's filters as a dictionary."))
        if unknown := set(filters) - set(FILTERS):
            raise UserError(
                self.env._(
                    "The dashboard has no filter “%(unknown)s”. Use these:"
                    " %(filters)s.",
                    unknown=", ".join(sorted(map(str, unknown))),
                    filters=", ".join(FILTERS),
                )
            )
        period = str(filters.get("period") or DEFAULT_PERIOD)
        start, end = self._get_days(period, filters)
        before_start, before_end = self._get_days_before(period, start, end)
        return Scope(
            period=period,
            start=start,
            end=end,
            before_start=before_start,
            before_end=before_end,
            company_ids=self._parse_companies(filters),
            team_ids=self._parse_ids(filters, "team_ids"),
            user_ids=self._parse_ids(filters, "user_ids"),
        )

    @api.model
    def _get_days(self, period, filters):
        """Return the first and the last day of the current period."""
        today = fields.Date.context_today(self)
        if months := PERIOD_MONTHS.get(period):
            month = (today.month - 1) // months * months + 1
            start = today.replace(month=month, day=1)
            return start, start + relativedelta(months=months, days=-1)
        if period == "last_30_days":
            return today - timedelta(days=29), today
        if period == "custom":
            return self._parse_custom_days(filters)
        raise UserError(
            self.env._(
                "The dashboard has no period “%(period)s”. Choose one of these: "
                "%(periods)s.",
                period=period,
                periods=", ".join(PERIODS),
            )
        )

    @api.model
    def _parse_custom_days(self, filters):
        try:
            start, end = (
                as_day(self.env, filters.get(name)) for name in ("date_from", "date_to")
            )
        except WRONG as error:
            raise UserError(
                self.env._(
                    "A custom period needs its first and last day, date_from and "
                    "date_to, as in 2026-01-31."
                )
            ) from error
        if start > end:
            raise UserError(
                self.env._(
                    "The period's last day, %(end)s, comes before its first, "
                    "%(start)s: swap them.",
                    start=format_date(self.env, start),
                    end=format_date(self.env, end),
                )
            )
        return start, end

    @api.model
    def _get_days_before(self, period, start, end):
        """Return the first and the last day of the period before."""
        before_end = start - timedelta(days=1)
        if months := PERIOD_MONTHS.get(period):
            return start - relativedelta(months=months), before_end
        length = min(end - start, before_end - FIRST_DAY)
        return before_end - length, before_end

    @api.model
    def _parse_ids(self, filters, name):
        ids = parse(self.env, name, as_ids, filters.get(name) or None)
        return sorted(set(ids or ()))

    @api.model
    def _parse_companies(self, filters):
        ids = self._parse_ids(filters, "company_ids")
        if set(ids) - set(self.env.companies.ids):
            raise UserError(
                self.env._(
                    "The dashboard shows the companies that you are working in. Choose"
                    " the others in the company menu first."
                )
            )
        return ids

    @api.model
    def _get_choices(self):
        """Return what there is to filter by: nothing where there is one thing only."""
        companies = self.env.companies
        teams = self.env["crm.team"].search(
            [("company_id", "in", [*companies.ids, False])]
        )
        users = self._get_salespeople()
        return {
            name: [{"id": record.id, "name": record.display_name} for record in records]
            if len(records) > 1
            else []
            for name, records in (
                ("companies", companies),
                ("teams", teams),
                ("users", users),
            )
        }

    @api.model
    def _get_salespeople(self):
        """Return whose documents the user may see."""
        if not self.env.user._sees_all_documents():
            return self.env.user
        salespeople = self.env.ref("sales_team.group_sale_salesman")
        return self.env["res.users"].search(
            [
                ("share", "=", False),
                ("all_group_ids", "in", salespeople.ids),
                ("company_ids", "in", self.env.companies.ids),
            ]
        )

    # === Domains === #

    @api.model
    def _get_scope_domain(self, scope, no_company=False):
        """Return the domain of the documents that the filters ask for.

        :param no_company: whether also those that belong to all companies
        """
        companies = scope.company_ids or self.env.companies.ids
        domain = Domain("company_id", "in", [*companies, *([False] * no_company)])
        for name in ("team_id", "user_id"):
            if ids := getattr(scope, f"{name}s"):
                domain &= Domain(name, "in", ids)
        return domain

    @api.model
    def _get_deals_domain(self, scope):
        return Domain("active", "=", True) & self._get_scope_domain(scope)

    @api.model
    def _get_days_domain(self, name, start, end):
        """Return the domain of a moment on the days from ``start`` to ``end``."""
        return Domain(name, ">=", self._get_midnight(start)) & Domain(
            name, "<", self._get_midnight(end + timedelta(days=1))
        )

    @api.model
    def _get_midnight(self, day):
        """Return when a day of the user's begins, in UTC, as a string."""
        return fields.Datetime.to_string(begin_of_day(self.env, day))

    # === Sums === #

    @api.model
    def _sum_up(self, model, domain, keys, sums=None):
        """Add up the documents of a domain that the user may read, in one query.

        :param list keys: what to group by, besides the company
        :param dict sums: fields with amounts in the company's currency, by name
        :return: :class:`Cells`
        """
        sums = sums or {}
        rows = read_rows(self.env[model], domain, [*keys, "company_id"], sums)
        return self._make_cells(rows, sums)

    @api.model
    def _sum_up_deals(self, days, cut, domain, keys, numbers=None):
        """Add up deals that the user may read, from what is added up in advance.

        :param tuple days: the first and the last one of the cut's moment
        :param dict numbers: fields with plain numbers, or their count, by name
        :return: :class:`Cells`
        """
        start, end = days
        rows = self.env["billinator.opportunity.summary"]._add_up_between(
            *(begin_of_day(self.env, day) for day in (start, end + timedelta(days=1))),
            cut,
            domain,
            [*keys, "company_id"],
            {**WON_SUMS, **(numbers or {})},
        )
        return self._make_cells(rows, WON_SUMS)

    @api.model
    def _make_cells(self, rows, sums):
        rates = self.env.companies._get_rates_to_current()
        return Cells(rows, list(sums), rates, self.env.company.currency_id)

    @api.model
    def _tell(self, model, domain, cells, **more):
        """Return a figure, which is what its list shows."""
        return {"model": model, "domain": self._to_json(domain), **cells.totals, **more}

    @api.model
    def _to_json(self, domain):
        return [list(term) if isinstance(term, tuple) else term for term in domain]

    @api.model
    def _tell_largest(self, name, cells, rank, tell):
        """Return dicts by a field, the largest first, and one of all the others.

        :param str name: the field of the cells, a many2one
        :param rank: what to sort a value's cells by
        :param tell: what to tell of a condition and the cells that meet it
        """
        parts = sorted(
            cells.split(name).items(), key=lambda part: rank(part[1]), reverse=True
        )
        ids = [value for value, _part in parts[:TOP_ROWS]]
        names = self._get_names(self.env[DEALS]._fields[name].comodel_name, ids)
        rows = [
            {
                "id": value,
                "name": names[value],
                **tell(Domain(name, "=", value), part),
            }
            for value, part in parts[:TOP_ROWS]
        ]
        if len(parts) > TOP_ROWS:
            others = cells.where(lambda row: row[name] not in ids)
            condition = Domain(name, "not in", ids)
            rows.append(
                {
                    "id": "others",
                    "name": self.env._("Others"),
                    **tell(condition, others),
                }
            )
        return rows

    @api.model
    def _get_names(self, model, ids):
        records = self.env[model].browse(value for value in ids if value)
        return {
            False: self.env._("None"),
            **{record.id: record.display_name for record in records},
        }

    # === The pipeline === #

    @api.model
    def _get_pipeline(self, scope):
        """Tell of what is open: in all, by stage, and by month of expected closing."""
        domain = self._get_deals_domain(scope) & Domain("status", "=", "open")
        rows = self.env["billinator.opportunity.summary"]._add_up(
            "stage",
            domain,
            ["stage_id", "date_deadline:month", "company_id"],
            OPEN_SUMS,
        )
        cells = self._make_cells(rows, OPEN_SUMS)
        by_stage = cells.split("stage_id")
        return {
            "open": self._tell(DEALS, domain, cells),
            "stages": [
                {
                    "id": stage.id,
                    "name": stage.name,
                    **self._tell(
                        DEALS,
                        domain & Domain("stage_id", "=", stage.id),
                        by_stage[stage.id],
                    ),
                }
                for stage in self.env["billinator.stage"].browse(by_stage).sorted()
            ],
            "months": self._get_months(domain, cells),
        }

    @api.model
    def _get_months(self, domain, cells):
        """Tell of the months to come, and of what is earlier, later, or without one."""
        this_month = fields.Date.context_today(self).replace(day=1)
        months = [
            this_month + relativedelta(months=number)
            for number in range(MONTHS_AHEAD + 1)
        ]
        end = months.pop()
        conditions = {
            "earlier": Domain("date_deadline", "<", this_month.isoformat()),
            **{f"{month:%Y-%m}": self._get_month_domain(month) for month in months},
            "later": Domain("date_deadline", ">=", end.isoformat()),
            "none": Domain("date_deadline", "=", False),
        }

        def get_bucket(row):
            month = row["date_deadline"]
            if not month:
                return "none"
            if month < this_month:
                return "earlier"
            return "later" if month >= end else f"{month:%Y-%m}"

        parts = {
            bucket: cells.where(lambda row, bucket=bucket: get_bucket(row) == bucket)
            for bucket in conditions
        }
        return [
            {"month": bucket, **self._tell(DEALS, domain & condition, parts[bucket])}
            for bucket, condition in conditions.items()
            if parts[bucket].count or bucket[0].isdigit()
        ]

    @api.model
    def _get_month_domain(self, month):
        end = month + relativedelta(months=1)
        return Domain("date_deadline", ">=", month.isoformat()) & Domain(
            "date_deadline", "<", end.isoformat()
        )

    @api.model
    def _get_top_deals(self, scope):
        """Tell of the open deals that are worth the most."""
        domain = self._get_deals_domain(scope) & Domain("status", "=", "open")
        rates = self.env.companies._get_rates_to_current()

        def get_value(deal):
            return deal.expected_revenue_company * rates[deal.company_id.id]

        # Each company's in its own currency, in which an index has them in order.
        deals = self.env[DEALS].union(
            *(
                self.env[DEALS].search(
                    domain & Domain("company_id", "=", company_id),
                    order="expected_revenue_company DESC NULLS LAST, id DESC",
                    limit=TOP_DEALS,
                )
                for company_id in scope.company_ids or self.env.companies.ids
            )
        )
        deals = deals.sorted(lambda deal: (get_value(deal), deal.id), reverse=True)
        currency = self.env.company.currency_id
        return [
            {**self._tell_deal(deal), "value": currency.round(get_value(deal))}
            for deal in deals[:TOP_DEALS]
        ]

    @api.model
    def _tell_deal(self, deal):
        day = deal.date_deadline
        customer = deal.partner_id.display_name
        return {
            "id": deal.id,
            "name": deal.name,
            "customer": customer or deal.partner_name or deal.contact_name,
            "stage": deal.stage_id.name,
            "user": deal.user_id.name,
            "probability": deal.probability,
            "date_deadline": day and fields.Date.to_string(day),
        }

    # === The period === #

    @api.model
    def _get_closed(self, scope):
        """Tell of what was won and lost in the period, and in the one before."""
        closed = self._get_deals_domain(scope) & Domain("status", "in", ["won", "lost"])
        now, before = (
            closed & self._get_days_domain("date_closed", *days)
            for days in (scope.days, scope.days_before)
        )
        cells, cells_before = (
            self._sum_up_deals(days, "reason", closed, ["status", *keys], CYCLE_NUMBERS)
            for days, keys in (
                (scope.days, ["lost_reason_id"]),
                (scope.days_before, []),
            )
        )
        by_source = self._sum_up_deals(
            scope.days, "source", closed, ["status", "source_id"]
        )
        return {
            **{
                status: {
                    **self._tell_status(now, cells, status),
                    "before": self._tell_status(before, cells_before, status),
                }
                for status in ("won", "lost")
            },
            **self._get_results(now, cells, cells_before),
            "lost_reasons": self._get_lost_reasons(now, cells),
            "sources": self._get_sources(now, by_source),
        }

    @api.model
    def _tell_status(self, domain, cells, status):
        part = cells.where(lambda row: row["status"] == status)
        return self._tell(DEALS, domain & Domain("status", "=", status), part)

    @api.model
    def _get_results(self, domain, cells, cells_before):
        """Tell of win rate, average deal and cycle, now and before."""
        won, won_before = (
            part.where(lambda row: row["status"] == "won")
            for part in (cells, cells_before)
        )
        won_domain = domain & Domain("status", "=", "won")
        currency = self.env.company.currency_id

        def get_average(part):
            return bool(part.count) and currency.round(
                part.convert("value") / part.count
            )

        def get_cycle(part):
            cycles = part.add_up("cycles")
            return bool(cycles) and part.add_up("days") / cycles

        return {
            "win_rate": self._tell(
                DEALS,
                domain,
                cells,
                result=self._get_percent(won.count, cells.count),
                result_before=self._get_percent(won_before.count, cells_before.count),
            ),
            "average_deal": self._tell(
                DEALS,
                won_domain,
                won,
                result=get_average(won),
                result_before=get_average(won_before),
            ),
            "cycle": self._tell(
                DEALS,
                won_domain,
                won,
                result=get_cycle(won),
                result_before=get_cycle(won_before),
            ),
        }

    @api.model
    def _get_percent(self, count, total):
        return bool(total) and 100 * count / total

    @api.model
    def _get_lost_reasons(self, domain, cells):
        lost = cells.where(lambda row: row["status"] == "lost")
        lost_domain = domain & Domain("status", "=", "lost")
        return self._tell_largest(
            "lost_reason_id",
            lost,
            rank=lambda part: part.count,
            tell=lambda condition, part: self._tell(
                DEALS, lost_domain & condition, part
            ),
        )

    @api.model
    def _get_sources(self, domain, cells):
        won_domain = domain & Domain("status", "=", "won")

        def tell(condition, part):
            won = part.where(lambda row: row["status"] == "won")
            rate = self._get_percent(won.count, part.count)
            return self._tell(DEALS, won_domain & condition, won, win_rate=rate)

        def rank(part):
            return part.where(lambda row: row["status"] == "won").convert("value")

        return self._tell_largest("source_id", cells, rank, tell)

    @api.model
    def _get_created(self, scope):
        """Tell of the deals created in the period, and how far they came."""
        deals = self._get_deals_domain(scope)
        now, before = (
            deals & self._get_days_domain("create_date", *days)
            for days in (scope.days, scope.days_before)
        )
        cells, cells_before = (
            self._sum_up_deals(days, "created", deals, keys)
            for days, keys in (
                (scope.days, ["status", "last_open_stage_id"]),
                (scope.days_before, []),
            )
        )
        return {
            "created": {
                **self._tell(DEALS, now, cells),
                "before": self._tell(DEALS, before, cells_before),
            },
            "funnel": self._get_funnel(now, cells),
        }

    @api.model
    def _get_funnel(self, domain, cells):
        """Tell how many deals came at least as far as each stage.

        A deal came as far as its stage, or the one it was in when it was lost; one
        that was won passed them all.
        """
        used = cells.split("last_open_stage_id")
        stages = self.env["billinator.stage"].search([("status", "=", "open")])
        # Not by the teams that the user sees: those of others close a stage, too.
        everybody = self.env["crm.team"]
        stages = stages.filtered(
            lambda stage: stage.id in used or stage._is_open_to(everybody)
        )
        won = Domain("status", "=", "won")
        steps = [(self.env._("Created"), Domain.TRUE, lambda row: True)]
        for number, stage in enumerate(stages[1:], 1):
            ids = stages[number:].ids
            steps.append(
                (
                    stage.name,
                    won | Domain("last_open_stage_id", "in", ids),
                    lambda row, ids=ids: (
                        row["status"] == "won" or row["last_open_stage_id"] in ids
                    ),
                )
            )
        steps.append((self.env._("Won"), won, lambda row: row["status"] == "won"))
        funnel, last = [], 0
        for name, condition, test in steps:
            part = cells.where(test)
            conversion = self._get_percent(part.count, last)
            figure = self._tell(DEALS, domain & condition, part)
            funnel.append({"name": name, "conversion": conversion, **figure})
            last = part.count
        return funnel

    @api.model
    def _get_quotes(self, scope):
        """Tell of the quotes dated in the period that were sent, and accepted."""
        figures, rate = {}, {}
        for key, start, end in (
            ("now", scope.start, scope.end),
            ("before", scope.before_start, scope.before_end),
        ):
            domain = (
                self._get_scope_domain(scope)
                & CURRENT_VERSIONS
                & Domain("date_quote", ">=", start.isoformat())
                & Domain("date_quote", "<=", end.isoformat())
                & SENT_QUOTES
            )
            cells = self._sum_up(QUOTES, domain, ["state"], QUOTE_SUMS)
            accepted = cells.where(lambda row: row["state"] == "accepted")
            figures[key] = {
                "sent": self._tell(QUOTES, domain, cells),
                "accepted": self._tell(
                    QUOTES, domain & Domain("state", "=", "accepted"), accepted
                ),
            }
            rate[key] = self._get_percent(accepted.count, cells.count)
        return {
            **{
                name: {**figure, "before": figures["before"][name]}
                for name, figure in figures["now"].items()
            },
            "acceptance_rate": rate["now"],
            "acceptance_rate_before": rate["before"],
        }

    # === Targets === #

    @api.model
    def _get_targets(self, scope):
        """Tell of the targets of the period, and of longer ones that it is a part of.

        Each counts for its own period, as no part of a target is known.
        """
        domain = self._get_targets_domain(scope)
        targets = self.env[TARGETS].search_fetch(
            domain,
            ["user_id", "team_id", "company_id", "date_from", "date_to", "amount"],
        )
        rates = self.env.companies._get_rates_to_current()
        rows = [
            (target, self._tell_amounts(target, rates[target.company_id.id]))
            for target in targets
        ]
        rows.sort(key=lambda row: row[1]["gap"], reverse=True)
        companies = scope.company_ids or self.env.companies.ids
        return {
            "model": TARGETS,
            "domain": self._to_json(domain),
            "count": len(targets),
            "rows": [
                {
                    **self._tell_target(target),
                    "company": len(companies) > 1 and target.company_id.name,
                    **amounts,
                }
                for target, amounts in rows[:TOP_TARGETS]
            ],
        }

    @api.model
    def _get_targets_domain(self, scope):
        start, end = (day.isoformat() for day in scope.days)
        within = Domain("date_from", ">=", start) & Domain("date_to", "<=", end)
        around = Domain("date_from", "<=", start) & Domain("date_to", ">=", end)
        domain = (within | around) & Domain(
            "company_id", "in", scope.company_ids or self.env.companies.ids
        )
        # A target has either a person or a team.
        if scope.user_ids or scope.team_ids:
            domain &= Domain("user_id", "in", scope.user_ids) | Domain(
                "team_id", "in", scope.team_ids
            )
        return domain

    @api.model
    def _tell_amounts(self, target, rate):
        currency = self.env.company.currency_id
        amount, won, committed = (
            currency.round(value * rate)
            for value in (target.amount, target.won_amount, target.committed_amount)
        )
        return {
            "amount": amount,
            "won": won,
            "committed": committed,
            "gap": currency.round(amount - won),
            "attainment": target.attainment,
        }

    @api.model
    def _tell_target(self, target):
        return {
            "id": target.id,
            "name": target.user_id.name or target.team_id.name,
            "is_team": bool(target.team_id),
            "period": target._get_period_name(),
            "deals": {
                "model": DEALS,
                "domain": self._to_json(target._get_deals_domain()),
            },
        }

    # === Work === #

    @api.model
    def _get_activities(self, scope):
        """Tell what each person did in the period, plans now, and is late with.

        Who sees only documents of their own is told of themselves: of a colleague's
        work they would see a part.
        """
        scoped = self._get_scope_domain(scope, no_company=True)
        if not self.env.user._sees_all_documents():
            scoped &= Domain("user_id", "=", self.env.uid)
        midnight = self._get_midnight(fields.Date.context_today(self))
        pending = scoped & Domain("status", "=", "pending")
        domains = {
            "done": scoped
            & Domain("status", "=", "done")
            & self._get_days_domain("completed_at", scope.start, scope.end),
            "planned": pending & Domain("due_date", ">=", midnight),
            "overdue": pending & Domain("due_date", "<", midnight),
        }
        rows = []
        for kind, domain in domains.items():
            for row in self._sum_up(ACTIVITIES, domain, ["user_id"]).rows:
                rows.append({**row, "kind": kind})
        cells = Cells(rows, [], {}, self.env.company.currency_id)

        def select(part, kind):
            return part.where(lambda row: row["kind"] == kind)

        return self._tell_largest(
            "user_id",
            cells,
            rank=lambda part: (select(part, "done").count, part.count),
            tell=lambda condition, part: {
                kind: self._tell(ACTIVITIES, domain & condition, select(part, kind))
                for kind, domain in domains.items()
            },
        )

    @api.model
    def _get_overdue(self, scope):
        """Tell of the work whose day has passed: of those chosen, or one's own."""
        owners = self._get_owners_domain(scope)
        today = fields.Date.context_today(self)
        companies = scope.company_ids or self.env.companies.ids
        company = Domain("company_id", "in", companies)
        works = {
            "activities": (
                ACTIVITIES,
                Domain("company_id", "in", [*companies, False])
                & Domain("status", "=", "pending")
                & Domain("due_date", "<", self._get_midnight(today)),
                {},
            ),
            "deals": (
                DEALS,
                company
                & Domain("active", "=", True)
                & Domain("status", "=", "open")
                & Domain("date_deadline", "<", today.isoformat()),
                WON_SUMS,
            ),
            "quotes": (
                QUOTES,
                company
                & CURRENT_VERSIONS
                & Domain("state", "in", OPEN_STATES)
                & Domain("validity_date", "<", today.isoformat()),
                QUOTE_SUMS,
            ),
        }
        return {
            name: self._tell(
                model, domain & owners, self._sum_up(model, domain & owners, [], sums)
            )
            for name, (model, domain, sums) in works.items()
        }

    @api.model
    def _get_owners_domain(self, scope):
        """Return whose work to tell of.

        Of a colleague's, who sees only documents of their own would see a part.
        """
        owners = Domain("user_id", "in", scope.user_ids or [self.env.uid])
        if not self.env.user._sees_all_documents():
            owners &= Domain("user_id", "=", self.env.uid)
        return owners
