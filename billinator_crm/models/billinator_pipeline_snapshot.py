from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..arguments import arguments, as_day, as_domain_of, as_text
from .billinator_stage import STATUSES

# Where the columns of the bridge come from: a snapshot, or the opportunities of now.
SNAPSHOT_COLUMNS = {"id": "opportunity_key", "amount": "expected_revenue"}
LIVE_COLUMNS = {"id": "id", "amount": "expected_revenue_company"}
# What a row keeps of its deal under the same name.
KEPT_FIELDS = {
    "company_id",
    "date_deadline",
    "probability",
    "stage_id",
    "status",
    "team_id",
    "user_id",
}
BRIDGE_ARGUMENTS = {
    "date_from": as_day,
    "date_to": as_day,
    "closing_from": as_day,
    "closing_to": as_day,
    "domain": as_domain_of("billinator.opportunity"),
}


class BillinatorPipelineSnapshot(models.Model):
    """An opportunity as it was on a day: the open ones, and those closed since then.

    Snapshots are taken once a week and on demand, and never changed. Two of them make a
    bridge: what became of the pipeline in between.
    """

    _name = "billinator.pipeline.snapshot"
    _inherit = ["billinator.currency.mixin"]
    _description = "Pipeline Snapshot"
    _order = "date DESC, id DESC"
    _rec_name = "opportunity_name"
    # A row a deal and week, and all of a day are written by one statement.
    _log_access = False

    date = fields.Date(required=True, readonly=True)
    taken_at = fields.Datetime(required=True, readonly=True)
    opportunity_id = fields.Many2one(
        "billinator.opportunity",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    opportunity_key = fields.Integer(
        string="Opportunity's ID",
        required=True,
        readonly=True,
        aggregator=None,
        help="The id of the opportunity, also when it is deleted since.",
    )
    opportunity_name = fields.Char(readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users", string="Salesperson", readonly=True, ondelete="set null"
    )
    team_id = fields.Many2one(
        "crm.team", string="Sales Team", readonly=True, ondelete="set null"
    )
    stage_id = fields.Many2one("billinator.stage", readonly=True, ondelete="set null")
    status = fields.Selection(STATUSES, required=True, readonly=True)
    probability = fields.Float(
        string="Probability (%)", readonly=True, aggregator="avg"
    )
    expected_revenue = fields.Monetary(
        readonly=True, help="In the company's currency, at the rate of that day."
    )
    weighted_revenue = fields.Monetary(readonly=True)
    date_deadline = fields.Date(string="Expected Closing", readonly=True)

    _opportunity_uniq = models.UniqueIndex(
        "(date, opportunity_key)",
        "An opportunity can be in a day's snapshot only once.",
    )
    _company_date_idx = models.Index("(company_id, date, status)")

    # === Taking them === #

    @api.model
    def action_take_snapshot(self):
        """Take today's snapshot, of all companies; an earlier one of today goes.

        Today is the day in the user's time zone.

        :return: True
        :raises AccessError: for users who are not sales managers
        """
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Only sales managers take snapshots."))
        self._take(fields.Date.context_today(self))
        return True

    @api.model
    def _cron_take_snapshot(self):
        self._take(fields.Date.context_today(self))

    def _take(self, date):
        """Write the snapshot of ``date``, in one statement."""
        self.env["billinator.opportunity"].flush_model()
        self.env.cr.execute(
            SQL("DELETE FROM billinator_pipeline_snapshot WHERE date = %s", date)
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billinator_pipeline_snapshot (
                    date, taken_at, opportunity_id, opportunity_key, opportunity_name,
                    company_id, user_id, team_id, stage_id, status, probability,
                    expected_revenue, weighted_revenue, date_deadline
                )
                SELECT %(date)s, %(now)s, id, id, name, company_id, user_id, team_id,
                       stage_id, status, probability, expected_revenue_company,
                       weighted_revenue, date_deadline
                  FROM billinator_opportunity
                 WHERE active
                   AND (status = 'open' OR date_closed > (
                        SELECT MAX(taken_at) FROM billinator_pipeline_snapshot
                         WHERE date < %(date)s
                   ) OR id IN (
                        -- Managers may date a closing back.
                        SELECT opportunity_key FROM billinator_pipeline_snapshot
                         WHERE status = 'open' AND date = (
                            SELECT MAX(date) FROM billinator_pipeline_snapshot
                             WHERE date < %(date)s
                         )
                   ))
                """,
                date=date,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _convert_amounts(self, company, former):
        """Convert a company's amounts to its currency, by the rates of their days.

        :param former: the ``res.currency`` that they are in
        """
        dates = [
            date
            for (date,) in self.env.execute_query(
                SQL(
                    "SELECT DISTINCT date FROM billinator_pipeline_snapshot"
                    " WHERE company_id = %s",
                    company.id,
                )
            )
        ]
        currency = company.currency_id
        rates = [
            former._get_conversion_rate(former, currency, company, date)
            for date in dates
        ]
        self.env.cr.execute(
            SQL(
                """
                UPDATE billinator_pipeline_snapshot snapshot
                   SET expected_revenue = ROUND(expected_revenue * rate, %(digits)s),
                       weighted_revenue = ROUND(weighted_revenue * rate, %(digits)s)
                  FROM UNNEST(%(dates)s::date[], %(rates)s::numeric[]) day (date, rate)
                 WHERE snapshot.company_id = %(company_id)s
                   AND snapshot.date = day.date
                """,
                digits=currency.decimal_places,
                dates=dates,
                rates=rates,
                company_id=company.id,
            )
        )
        self.invalidate_model()

    # === The bridge between two of them === #

    @api.model
    @api.readonly
    def get_dates(self):
        """Return the days of which there are snapshots, also without a deal to see.

        :return: list of str, ISO dates, newest first
        """
        self.check_access("read")
        self.flush_model(["date"])
        # From day to day by the index: of each day there are many rows.
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE day AS (
                    SELECT MAX(date) AS date FROM billinator_pipeline_snapshot
                    UNION ALL
                    SELECT (SELECT MAX(earlier.date)
                              FROM billinator_pipeline_snapshot earlier
                             WHERE earlier.date < day.date)
                      FROM day WHERE day.date IS NOT NULL
                )
                SELECT date FROM day WHERE date IS NOT NULL
                """
            )
        )
        return [fields.Date.to_string(date) for (date,) in rows]

    @api.model
    @api.readonly
    @arguments(**BRIDGE_ARGUMENTS)
    def get_bridge(
        self, date_from, date_to=None, closing_from=None, closing_to=None, domain=None
    ):
        """Explain how the open pipeline came from one day's value to another's.

        Each amount is signed, in the current company's currency, and opening plus all
        that lie between is closing. “Slipped” and “pulled in” are opportunities whose
        expected closing left or entered the days asked for; “new” ones were not open
        before, “removed” ones were deleted, archived or moved away. What was won
        between counts as raised or lowered to the value that it was won with.

        :param str date_from: ISO date; of the last snapshot until then
        :param str date_to: ISO date; of the last snapshot until then; now by default
        :param str closing_from: first day of expected closing, ISO; all by default
        :param str closing_to: last day of expected closing, ISO; all by default
        :param list domain: of ``billinator.opportunity``, as they are today; deals that
            are deleted or in another company since, as they were: found by salesperson,
            team, company, stage, status, probability and expected closing only
        :return: dict with ``currency`` (ISO code), ``currency_id``, ``date_from``,
            ``date_to`` (ISO dates, ``False`` for now) and ``bars``: list of dicts with
            ``bar``, ``label``, ``amount``, ``count``
        :raises UserError: when there is no snapshot at all until ``date_from``, or for
            what is no date
        """
        start, end = self._get_bridge_dates(date_from, date_to)
        closing = (closing_from, closing_to)
        currency = self.env.company.currency_id
        return {
            "currency": currency.name,
            "currency_id": currency.id,
            "date_from": fields.Date.to_string(start),
            "date_to": fields.Date.to_string(end),
            "bars": self._sum_up_bars(start, end, closing, domain),
        }

    @api.model
    @api.readonly
    @arguments(bar=as_text, **BRIDGE_ARGUMENTS)
    def action_view_bar(
        self,
        bar,
        date_from,
        date_to=None,
        closing_from=None,
        closing_to=None,
        domain=None,
    ):
        """Open the opportunities of one bar of :meth:`get_bridge`.

        :param str bar: one of the bars' names; for the others, see there
        :return: a window action
        :raises UserError: when there is no such bar, or no snapshot
        """
        label = dict(self._get_bars()).get(bar)
        if not label:
            raise UserError(self.env._("The bridge has no bar “%s”.", bar))
        start, end = self._get_bridge_dates(date_from, date_to)
        closing = (closing_from, closing_to)
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM (%s) AS entry WHERE bar = %s",
                self._get_bridge_sql(start, end, closing, domain),
                bar,
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": label,
            "res_model": "billinator.opportunity",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", [row[0] for row in rows])],
            "context": {"active_test": False},
        }

    def _sum_up_bars(self, start, end, closing, domain):
        amounts, counts = defaultdict(float), defaultdict(int)
        for bar, company_id, change, count in self.env.execute_query(
            SQL(
                "SELECT bar, company_id, SUM(change), COUNT(*) FROM (%s) AS entry"
                " GROUP BY bar, company_id",
                self._get_bridge_sql(start, end, closing, domain),
            )
        ):
            company = self.env["res.company"].browse(company_id)
            amounts[bar] += company._convert_to_current(float(change))
            counts[bar] += count
        # The sum of what was converted, so that it adds up to the cent.
        amounts["closing"] = sum(
            amount for bar, amount in amounts.items() if bar != "closing"
        )
        round_amount = self.env.company.currency_id.round
        return [
            {
                "bar": bar,
                "label": label,
                "amount": round_amount(amounts[bar]),
                "count": counts[bar],
            }
            for bar, label in self._get_bars()
        ]

    def _get_bars(self):
        """Return the bars in their order: list of names and labels."""
        labels = {
            "opening": self.env._("Opening Value"),
            "new": self.env._("New"),
            "pulled_in": self.env._("Pulled In"),
            "raised": self.env._("Raised"),
            "lowered": self.env._("Lowered"),
            "slipped": self.env._("Slipped"),
            "won": self.env._("Won"),
            "lost": self.env._("Lost"),
            "removed": self.env._("Removed"),
            "closing": self.env._("Closing Value"),
        }
        return list(labels.items())

    def _get_bridge_dates(self, date_from, date_to):
        """Return the days of the snapshots that are meant; the second may be None."""
        start = self._get_last_date(date_from)
        end = self._get_last_date(date_to) if date_to else None
        if not start:
            raise UserError(
                self.env._(
                    "There is no snapshot of the pipeline up to %s: choose a later "
                    "day.",
                    format_date(self.env, date_from),
                )
            )
        if end and end < start:
            raise UserError(
                self.env._("A bridge needs a start day and a later end day.")
            )
        return start, end

    def _get_last_date(self, day):
        rows_sudo = self._get_rows_sudo()
        return rows_sudo.search([("date", "<=", day)], order="date DESC", limit=1).date

    @api.model
    def _get_rows_sudo(self):
        """Return the model with everybody's rows, to look up when they were taken.

        A snapshot in which the user sees no deal is one all the same: of a new
        salesperson, or of a company whose deals are all gone.
        """
        self.check_access("read")
        return self.sudo()

    def _get_bridge_sql(self, start, end, closing, domain):
        """Return a query of the bridge's entries: opportunity, company, bar, change."""
        return SQL(
            """
            WITH opening AS (%(opening)s), closing AS (%(closing)s),
            ended AS (%(ended)s), deal AS (
                -- A deal that changes its company leaves one, and is new in the other.
                SELECT id, company_id,
                       opening.id IS NOT NULL AS was_open,
                       closing.id IS NOT NULL AS is_open,
                       CASE WHEN opening.in_scope THEN opening.amount END AS before,
                       CASE WHEN closing.in_scope THEN closing.amount END AS after,
                       CASE WHEN closing.id IS NULL
                             AND (opening.in_scope OR ended.in_scope)
                            THEN ended.amount END AS final,
                       ended.status
                  FROM opening
             FULL JOIN closing USING (id, company_id)
             FULL JOIN ended USING (id, company_id)
            )
            SELECT deal.id, deal.company_id, entry.bar, entry.change
              FROM deal
             CROSS JOIN LATERAL (%(entries)s) AS entry (bar, change)
             WHERE entry.change IS NOT NULL
            """,
            opening=self._get_open_sql(start, closing, domain),
            closing=self._get_open_sql(end, closing, domain),
            ended=self._get_ended_sql(start, end, closing, domain),
            entries=self._get_entries_sql(),
        )

    def _get_entries_sql(self):
        """Return what a deal adds to each bar, NULL where it has no part in it."""
        return SQL(
            """
            VALUES
                ('opening', before),
                ('new', CASE WHEN NOT was_open THEN COALESCE(after, final) END),
                ('pulled_in', CASE WHEN was_open AND before IS NULL
                                   THEN COALESCE(after, final) END),
                ('raised', NULLIF(GREATEST(COALESCE(after, final) - before, 0), 0)),
                ('lowered', NULLIF(LEAST(COALESCE(after, final) - before, 0), 0)),
                ('slipped', CASE WHEN is_open AND after IS NULL THEN -before END),
                ('won', CASE WHEN status = 'won' THEN -final END),
                ('lost', CASE WHEN status = 'lost' THEN -final END),
                ('removed', CASE WHEN NOT is_open AND final IS NULL THEN -before END),
                ('closing', after)
            """
        )

    def _get_open_sql(self, date, closing, domain):
        """Return a query of what is open in the snapshot of ``date``, or now."""
        is_open = Domain("status", "=", "open")
        if date:
            return self._get_snapshot_sql(
                is_open & Domain("date", "=", date), closing, domain
            )
        return self._get_live_sql(is_open, closing, domain)

    def _get_ended_sql(self, start, end, closing, domain):
        """Return a query of the last end of each deal that ended in between."""
        has_ended = Domain("status", "!=", "open")
        if end:
            days = Domain("date", ">", start) & Domain("date", "<=", end)
            rows = self._get_snapshot_sql(has_ended & days, closing, domain)
        else:
            rows = SQL(" UNION ALL ").join(
                self._get_live_sql(has_ended & in_between, closing, domain)
                for in_between in self._get_in_between_domains(start)
            )
        return SQL(
            "SELECT DISTINCT ON (id) * FROM (%s) ended ORDER BY id, day DESC", rows
        )

    def _get_in_between_domains(self, start):
        """Return which opportunities that are closed now ended since a snapshot.

        Two, as each is found by an index of its own.
        """
        first = self._get_rows_sudo().search(
            [("date", "=", start)], order="date", limit=1
        )
        was_open = self._search([("date", "=", start), ("status", "=", "open")])
        return (
            Domain("date_closed", ">", first.taken_at),
            # Managers may date a closing back.
            Domain("id", "in", was_open.subselect("opportunity_id")),
        )

    def _get_snapshot_sql(self, rows, closing, domain):
        return SQL(" UNION ").join(
            self._select_deals(
                self._search(rows & of_deals), "date", closing, SNAPSHOT_COLUMNS
            )
            for of_deals in self._get_domains_of_rows(domain)
        )

    def _get_domains_of_rows(self, domain):
        """Return which rows are those of a domain of deals: one domain or more.

        More than one, as each is a join, and all in one would be none.
        """
        if not domain:
            return [Domain.TRUE]
        domain = Domain(domain)
        domains = [Domain("opportunity_id", "any", domain)]
        asked = {
            condition.field_expr.split(".")[0] for condition in domain.iter_conditions()
        }
        if asked <= KEPT_FIELDS:
            # Of deals that are deleted or went elsewhere, the rows tell what they were.
            elsewhere = Domain("company_id", "not in", self.env.companies.ids)
            gone = Domain("opportunity_id", "=", False)
            gone |= Domain("opportunity_id", "any!", elsewhere)
            domains.append(gone & domain)
        return domains

    def _get_live_sql(self, rows, closing, domain):
        opportunities = self.env["billinator.opportunity"]
        query = opportunities._search(rows & Domain(domain or Domain.TRUE))
        return self._select_deals(query, "date_closed", closing, LIVE_COLUMNS)

    def _select_deals(self, query, day, closing, columns):
        """Return the rows of a query with the names that the bridge has for them."""
        column = {
            name: SQL.identifier(query.table, source)
            for name, source in {
                **columns,
                "company_id": "company_id",
                "status": "status",
                "deadline": "date_deadline",
                "day": day,
            }.items()
        }
        first, last = closing
        return query.select(
            SQL("%s AS id", column["id"]),
            SQL("%s AS company_id", column["company_id"]),
            SQL("COALESCE(%s, 0) AS amount", column["amount"]),
            SQL("%s AS status", column["status"]),
            SQL("%s AS day", column["day"]),
            SQL(
                "COALESCE(%(deadline)s >= %(first)s, %(first)s IS NULL)"
                " AND COALESCE(%(deadline)s <= %(last)s, %(last)s IS NULL) AS in_scope",
                deadline=column["deadline"],
                first=SQL("%s::date", first),
                last=SQL("%s::date", last),
            ),
        )
