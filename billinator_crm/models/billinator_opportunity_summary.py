from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..triggers import drop_triggers, set_triggers
from .billinator_stage import STATUSES

DEALS = "billinator.opportunity"
# What all rows are kept by: of what rules and filters may speak.
DIMENSIONS = ("active", "company_id", "team_id", "user_id", "status")
# For each cut the moment whose month, in UTC, is kept, and what else it is kept by.
CUTS = {
    "stage": (None, ("stage_id", "date_deadline")),
    "created": ("create_date", ("last_open_stage_id",)),
    "reason": ("date_closed", ("lost_reason_id",)),
    "source": ("date_closed", ("source_id",)),
}
# Of one deal, in SQL
KEYS = {
    "date_deadline": "date_trunc('month', CASE WHEN deal.status = 'open'"
    " THEN deal.date_deadline END::timestamp)::date",
    **{
        name: f"deal.{name}"
        for name in ("stage_id", "last_open_stage_id", "lost_reason_id", "source_id")
    },
}
# Past deals that somebody brought along were closed before they were created.
HAS_CYCLE = "deal.date_closed >= deal.create_date"
SUMS = {
    "count": "1",
    "expected_revenue_company": "deal.expected_revenue_company",
    "weighted_revenue": "deal.weighted_revenue",
    "days_to_close": f"CASE WHEN {HAS_CYCLE} THEN deal.days_to_close END",
    "created_seconds": "EXTRACT(EPOCH FROM deal.create_date)::numeric",
    "cycle_seconds": f"CASE WHEN {HAS_CYCLE}"
    " THEN EXTRACT(EPOCH FROM deal.date_closed - deal.create_date)::numeric END",
    "cycle_count": f"CASE WHEN {HAS_CYCLE} THEN 1 END",
}
# What the summary calls the aggregates of deals that are no sums.
COUNTS = {"days_to_close:count": "cycle_count"}
# Who tells the summary of deals that come, change and go: the rows of a statement.
NEW, OLD = "SELECT 1 AS sign, * FROM new_rows", "SELECT -1 AS sign, * FROM old_rows"
CHANGED = {"insert": NEW, "update": f"{NEW} UNION ALL {OLD}", "delete": OLD}
FUNCTION = "billinator_opportunity_summarize"


def read_rows(records, domain, keys, sums, count="__count"):
    """Add up records of a model that the user may read, in one query.

    :param BaseModel records: any of the model
    :param Domain domain: which of them
    :param list keys: what to group by
    :param dict sums: the fields to add up, or other aggregates, by name
    :param str count: the aggregate that counts
    :return: list of dicts of the keys (ids, for relations), ``count`` and the sums
    """
    groups = records._read_group(
        domain,
        keys,
        [
            count,
            *(field if ":" in field else f"{field}:sum" for field in sums.values()),
        ],
    )
    names = [key.partition(":")[0] for key in keys]
    return [
        {
            **{
                name: getattr(value, "id", value)
                for name, value in zip(names, group[: len(names)], strict=True)
            },
            **{
                name: value or 0
                for name, value in zip(
                    ["count", *sums], group[len(names) :], strict=True
                )
            },
        }
        for group in groups
    ]


class BillinatorOpportunitySummary(models.Model):
    """How many deals there are and what they are worth, added up in advance.

    The sum of the rows is what counting the deals gives, in every transaction: each
    statement that changes deals appends the new sums less the old ones. Triggers see
    to that, for PostgreSQL itself changes deals when a team or a source is deleted.
    Only the nightly recount deletes rows, and makes few of many again, so that users
    never wait for each other.

    The rows of each cut have all deals, or all that were closed. Ids are plain
    numbers: those of what was deleted stay, and add up to nothing.
    """

    _name = "billinator.opportunity.summary"
    _description = "Summary of Opportunities"
    _rec_name = "cut"
    _log_access = False

    cut = fields.Char(required=True)
    month = fields.Date(help="First day of the cut's month, in UTC.")
    active = fields.Boolean()
    company_id = fields.Integer()
    team_id = fields.Integer()
    user_id = fields.Integer()
    status = fields.Selection(STATUSES)
    stage_id = fields.Integer()
    date_deadline = fields.Date(help="The first day of the month, for open deals.")
    last_open_stage_id = fields.Integer()
    lost_reason_id = fields.Integer()
    source_id = fields.Integer()
    count = fields.Integer()
    # Numbers without digits are exact: what is taken off again leaves nothing.
    expected_revenue_company = fields.Float(digits=0)
    weighted_revenue = fields.Float(digits=0)
    days_to_close = fields.Float(digits=0)
    created_seconds = fields.Float(digits=0, help="Creation, in seconds since 1970.")
    cycle_seconds = fields.Float(digits=0, help="From the creation to the closing.")
    cycle_count = fields.Integer(help="How many were closed after their creation.")

    _cut_idx = models.Index("(cut, month, user_id)")

    # === Keeping it === #

    def init(self):
        """Set the triggers, and count what there is."""
        self.pool.post_init(self._set_triggers)
        self.pool.post_init(self._recount)

    @api.model
    def _set_triggers(self):
        actions = {
            event: self._get_insert_sql(SQL(changed))
            for event, changed in CHANGED.items()
        }
        set_triggers(self.env.cr, FUNCTION, self.env[DEALS]._table, actions)

    @api.model
    def _drop_triggers(self):
        drop_triggers(self.env.cr, FUNCTION)

    @api.model
    def _cron_recount(self):
        self._recount()

    @api.model
    def _recount(self):
        """Count all deals anew, in place of the rows that there are.

        What others append meanwhile is about deals as they are counted here.
        """
        self.env[DEALS].flush_model()
        self.env.cr.execute(SQL("DELETE FROM billinator_opportunity_summary"))
        deals = SQL("SELECT 1 AS sign, * FROM billinator_opportunity")
        self.env.cr.execute(self._get_insert_sql(deals))

    @api.model
    def _get_insert_sql(self, deals):
        """Return the statement that appends deals.

        :param SQL deals: a query of deals with a ``sign``, -1 for those to take off
        """
        names = ["cut", "month", *DIMENSIONS, *KEYS]
        sums = [
            SQL("COALESCE(SUM(deal.sign * %s), 0)", value)
            for value in map(SQL, SUMS.values())
        ]
        return SQL(
            """
            INSERT INTO billinator_opportunity_summary (%(columns)s)
            SELECT %(keys)s, %(sums)s
              FROM (%(deals)s) AS deal
        CROSS JOIN LATERAL (VALUES %(cuts)s) AS cut (cut, month, %(own)s)
             WHERE cut.month IS NOT NULL OR cut.cut = 'stage'
          GROUP BY %(keys)s
            HAVING %(is_something)s
          ORDER BY cut.cut, cut.month
            """,
            columns=SQL(", ").join(map(SQL.identifier, [*names, *SUMS])),
            keys=SQL(", ").join(
                SQL.identifier("deal" if name in DIMENSIONS else "cut", name)
                for name in names
            ),
            sums=SQL(", ").join(sums),
            deals=deals,
            cuts=SQL(", ").join(map(self._get_cut_sql, CUTS)),
            own=SQL(", ").join(map(SQL.identifier, KEYS)),
            is_something=SQL(" OR ").join(SQL("%s <> 0", part) for part in sums),
        )

    @api.model
    def _get_cut_sql(self, cut):
        """Return what a cut keeps of a deal, besides the dimensions."""
        moment, own = CUTS[cut]
        keys = [KEYS[name] if name in own else "NULL" for name in KEYS]
        return SQL(
            "('%s', %s::date, %s)",
            SQL(cut),
            SQL("date_trunc('month', %s)", SQL.identifier("deal", moment))
            if moment
            else SQL("NULL"),
            SQL(", ").join(map(SQL, keys)),
        )

    # === Asking it === #

    @api.model
    def _add_up(self, cut, domain, keys, sums):
        """Add up the deals of a domain that the user may read, as :func:`read_rows`.

        :param str cut: of :const:`CUTS`, one that keeps the keys
        :param Domain domain: of ``billinator.opportunity``
        """
        kept = self._get_kept_domain(cut, domain)
        if kept is None:
            return read_rows(self.env[DEALS], domain, keys, sums)
        return self._read(cut, kept, keys, sums)

    @api.model
    def _read_pipeline(self, domain):
        """Add up the deals of a domain that the user may read, by stage and company.

        :param Domain domain: of ``billinator.opportunity``
        :return: list of dicts, or None where only the deals themselves can tell
        """
        kept = self._get_kept_domain("stage", domain)
        if kept is None:
            return None
        sums = {
            "value": "expected_revenue_company",
            "weighted_value": "weighted_revenue",
            "created_seconds": "created_seconds",
            "cycle_seconds": "cycle_seconds",
            "cycle_count": "cycle_count",
        }
        return self._read("stage", kept, ["stage_id", "status", "company_id"], sums)

    @api.model
    def _add_up_between(self, start, end, cut, domain, keys, sums):
        """Add up the deals with a moment from ``start`` on and before ``end``, in UTC.

        Months begin at other hours where the user is: what is between those and the
        months that are kept is counted, and added, or taken off.
        """
        moment, _own = CUTS[cut]
        kept = self._get_kept_domain(cut, domain)
        first, last = map(self._get_nearest_month, (start, end))

        def count(since, until):
            within = Domain(moment, ">=", since) & Domain(moment, "<", until)
            return read_rows(self.env[DEALS], domain & within, keys, sums)

        if kept is None or first >= last:
            return count(start, end)
        months = Domain("month", ">=", first.date()) & Domain("month", "<", last.date())
        parts = [(1, self._read(cut, kept & months, keys, sums))]
        for sign, since, until in (
            (1, start, first),
            (-1, first, start),
            (1, last, end),
            (-1, end, last),
        ):
            if since < until:
                parts.append((sign, count(since, until)))
        return self._merge(parts, [key.partition(":")[0] for key in keys])

    @api.model
    def _get_nearest_month(self, moment):
        """Return the begin of the month that is the nearest, in UTC."""
        return (moment + timedelta(days=15)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )

    @api.model
    def _merge(self, parts, keys):
        """Add up rows with a sign; groups without any deal are gone."""
        totals = {}
        for sign, rows in parts:
            for row in rows:
                total = totals.setdefault(tuple(row[key] for key in keys), {})
                for name, value in row.items():
                    total[name] = (
                        value if name in keys else total.get(name, 0) + sign * value
                    )
        return [total for total in totals.values() if total["count"]]

    @api.model
    def _read(self, cut, kept, keys, sums):
        """Add up rows of a cut.

        :param Domain kept: of :meth:`_get_kept_domain`, which has the user's rules
        """
        self.env[DEALS].flush_model()
        # Nobody may read the summary, but what it says of deals that one may read. The
        # domain says whether archived ones count.
        rows = read_rows(
            self.sudo().with_context(active_test=False),
            Domain("cut", "=", cut) & kept,
            keys,
            {name: COUNTS.get(field, field) for name, field in sums.items()},
            "count:sum",
        )
        return [row for row in rows if row["count"]]

    @api.model
    def _get_kept_domain(self, cut, domain):
        """Return the domain of the rows with the deals that the user may read.

        :return: Domain, or None where the cut cannot tell these deals from others
        """
        Deal = self.env[DEALS]
        Deal.check_access("read")
        _moment, own = CUTS[cut]
        # The month of a day says nothing of the day.
        names = {*DIMENSIONS, *own} - {"date_deadline"}
        if not all(
            Deal._has_field_access(Deal._fields[name], "read")
            for name in names.union(SUMS).intersection(Deal._fields)
        ):
            return None
        readable = self._get_readable_domain(domain).optimize(Deal)
        terms = list(readable)
        return (
            Domain(terms) if all(self._is_kept(term, names) for term in terms) else None
        )

    @api.model
    def _get_readable_domain(self, domain):
        """Return a domain of deals with all that ``search`` adds to it."""
        asked = {condition.field_expr for condition in domain.iter_conditions()}
        if "active" not in asked and self.env.context.get("active_test", True):
            domain &= Domain("active", "=", True)
        return domain & self.env["ir.rule"]._compute_domain(DEALS, "read")

    @api.model
    def _is_kept(self, term, names):
        """Return whether a term of an optimized domain means the same for the rows.

        Names of people or teams are a subdomain by then.
        """
        if isinstance(term, str):
            return True
        if not isinstance(term, tuple):
            return False
        name, operator, value = term
        is_constant = not isinstance(name, str)
        return is_constant or (
            name in names and operator in ("in", "not in") and isinstance(value, list)
        )
