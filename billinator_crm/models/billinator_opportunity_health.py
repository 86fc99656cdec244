from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

HEALTH = [
    ("good", "Good"),
    ("attention", "Needs Attention"),
    ("at_risk", "At Risk"),
]
# A date that moves once or twice is planning, more often it is hope.
MANY_PUSHES = 3
HEALTH_SOURCES = (
    "billinator.activity",
    "billinator.note",
    "billinator.opportunity",
    "billinator.quote",
    "calendar.event",
    "mail.message",
    "res.company",
)
ISSUES = (
    "is_idle",
    "is_without_step",
    "is_overdue",
    "is_pushed",
    "is_back",
    "is_quote_expired",
)
COMPARISONS = {"<", "<=", ">", ">=", "in", "not in"}


class BillinatorOpportunity(models.Model):
    """What speaks against an open opportunity, in figures and in words.

    One column a reason, in SQL, so that what the cards show and what the filters find
    is the same thing.
    """

    _inherit = "billinator.opportunity"

    health = fields.Selection(
        HEALTH,
        compute="_compute_health",
        compute_sudo=True,
        search="_search_health",
        help="Of open opportunities: good when nothing speaks against it, at risk when "
        "two things or more do.",
    )
    health_reasons = fields.Text(
        string="What Speaks Against It",
        compute="_compute_health",
        compute_sudo=True,
        help="One sentence per line.",
    )
    idle_days = fields.Integer(
        compute="_compute_health",
        compute_sudo=True,
        search="_search_idle_days",
        help="Days since the last mail, note, meeting or activity that was done; since "
        "it was created if there was none.",
    )
    deadline_push_count = fields.Integer(
        string="Closing Pushed",
        compute="_compute_deadline_push_count",
        store=True,
        precompute=True,
        copy=False,
        aggregator="avg",
        help="How often the expected closing was moved to a later day.",
    )
    last_deadline = fields.Date(
        compute="_compute_deadline_push_count",
        store=True,
        precompute=True,
        copy=False,
        help="The expected closing that the count of pushes knows.",
    )
    furthest_stage_id = fields.Many2one(
        "billinator.stage",
        compute="_compute_furthest_stage_id",
        store=True,
        precompute=True,
        copy=False,
        ondelete="set null",
        help="The furthest open stage that the opportunity was in.",
    )
    is_moved_back = fields.Boolean(
        compute="_compute_furthest_stage_id",
        store=True,
        precompute=True,
        copy=False,
        help="The opportunity is in an earlier stage than it was.",
    )
    stage_probability = fields.Float(
        related="stage_id.probability", string="Probability of the Stage (%)"
    )

    # === Computes === #

    @api.depends("date_deadline")
    def _compute_deadline_push_count(self):
        for opportunity in self:
            day, known = opportunity.date_deadline, opportunity.last_deadline
            opportunity.deadline_push_count += bool(day and known and day > known)
            opportunity.last_deadline = day or known

    @api.depends("stage_id")
    def _compute_furthest_stage_id(self):
        for opportunity in self:
            stage, furthest = opportunity.stage_id, opportunity.furthest_stage_id
            is_open = stage.status == "open"
            is_back = is_open and stage.sequence < furthest.sequence
            opportunity.is_moved_back = is_back
            opportunity.furthest_stage_id = (
                stage if is_open and not is_back else furthest
            )

    @api.depends_context("lang", "tz")
    @api.depends(
        "company_id.billinator_idle_days",
        "status",
        "date_deadline",
        "deadline_push_count",
        "is_moved_back",
        "quote_ids.state",
        "quote_ids.is_superseded",
        "note_ids",
        "crm_activity_ids.status",
        "message_ids",
    )
    def _compute_health(self):
        rows = self._origin._get_health_rows()
        for opportunity in self:
            row = rows.get(opportunity._origin.id, {})
            reasons = opportunity._explain_health(row)
            opportunity.idle_days = row.get("idle_days", 0)
            opportunity.health_reasons = "\n".join(reasons)
            opportunity.health = bool(row) and self._get_health(len(reasons))

    # === Searches === #

    def _search_health(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._flush_health()
        counts = {"good": (0,), "attention": (1,), "at_risk": range(2, len(ISSUES) + 1)}
        wanted = tuple(count for level in value for count in counts.get(level, ()))
        count = SQL(" + ").join(SQL("%s::int", SQL.identifier(name)) for name in ISSUES)
        domain = Domain("status", "=", "open") & Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(SELECT %s FROM %s) IN %s",
                count,
                model._get_health_sql(alias),
                wanted or (-1,),
            )
        )
        return domain | Domain("status", "!=", "open") if False in value else domain

    def _search_idle_days(self, operator, value):
        if operator not in COMPARISONS:
            return NotImplemented
        self._flush_health()
        # Of numbers, False is zero.
        days = tuple(map(int, value)) if operator in ("in", "not in") else value
        return Domain("status", "=", "open") & Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(SELECT idle_days FROM %s) %s %s",
                model._get_health_sql(alias),
                SQL(operator.upper()),
                days,
            )
        )

    # === Business === #

    @api.model
    def _get_health(self, issue_count):
        return HEALTH[min(issue_count, 2)][0]

    def _get_health_rows(self):
        """Return the figures of the open ones among the opportunities, in one query.

        :return: dict of id: dict with ``idle_days`` and a bool for each issue
        """
        opportunities = self.filtered(lambda deal: deal.status == "open")
        if not opportunities:
            return {}
        self._flush_health()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT id, health.*
                  FROM billinator_opportunity
            CROSS JOIN LATERAL %s
                 WHERE id IN %s
                """,
                self._get_health_sql("billinator_opportunity"),
                tuple(opportunities.ids),
            )
        )
        return {row.pop("id"): row for row in rows}

    def _flush_health(self):
        """Write what the SQL below reads."""
        for model in HEALTH_SOURCES:
            self.env[model].flush_model()

    def _explain_health(self, row):
        """Say in words which issues a row of :meth:`_get_health_rows` has."""
        self.ensure_one()
        texts = {
            "is_idle": lambda: self.env._(
                "No contact for %s days: no mail, note, meeting or activity.",
                row["idle_days"],
            ),
            "is_without_step": lambda: self.env._("Nothing is planned next."),
            "is_overdue": lambda: self.env._(
                "The expected closing, %s, has passed.",
                format_date(self.env, self.date_deadline),
            ),
            "is_pushed": lambda: self.env._(
                "The expected closing was pushed %s times.", self.deadline_push_count
            ),
            "is_back": lambda: self.env._(
                "It moved back from %(furthest)s to %(stage)s.",
                furthest=self.furthest_stage_id.name,
                stage=self.stage_id.name,
            ),
            "is_quote_expired": lambda: self.env._(
                "Its quote expired, and there is no other."
            ),
        }
        return [text() for issue, text in texts.items() if row.get(issue)]

    def _get_health_sql(self, alias):
        """Return a subquery ``health`` of one row, with a deal's figures.

        Its columns: the days without a contact, ``idle_days``, and those of ``ISSUES``.
        Quotes and activities are each looked at once: PostgreSQL takes longer to plan
        this than to run it.

        :param str alias: of the table of deals
        """
        return SQL(
            # The offset keeps the days from being put, and counted, twice.
            """
            (SELECT contact.idle_days,
                    COALESCE(contact.idle_days >= NULLIF(
                        (SELECT billinator_idle_days FROM res_company
                          WHERE id = %(deal)s.company_id), 0), FALSE) AS is_idle,
                    NOT COALESCE(activity.is_pending, FALSE) AS is_without_step,
                    COALESCE(%(deal)s.date_deadline < %(today)s, FALSE) AS is_overdue,
                    COALESCE(%(deal)s.deadline_push_count, 0) >= %(many)s AS is_pushed,
                    COALESCE(%(deal)s.is_moved_back, FALSE) AS is_back,
                    COALESCE(quote.is_expired, FALSE) AS is_quote_expired
               FROM %(quotes)s AS quote
         CROSS JOIN %(activities)s AS activity
         CROSS JOIN LATERAL (SELECT %(days)s AS idle_days OFFSET 0) AS contact
            ) AS health
            """,
            deal=SQL.identifier(alias),
            today=fields.Date.context_today(self),
            many=MANY_PUSHES,
            quotes=self._get_quotes_sql(alias),
            activities=self._get_activities_sql(alias),
            days=self._get_idle_days_sql(alias),
        )

    def _get_idle_days_sql(self, alias):
        """Return the days since the last contact, or since the deal's creation.

        It stands beside the subqueries ``quote`` and ``activity``.
        """
        return SQL(
            """
            GREATEST(FLOOR(EXTRACT(EPOCH FROM %s - GREATEST(
                %s, %s, quote.last_mail, quote.last_view,
                (SELECT MAX(date) FROM billinator_note WHERE opportunity_id = %s),
                activity.last_done, activity.last_meeting)) / 86400)::int, 0)
            """,
            # What comes in this transaction is later than its own time.
            self.env.cr.now(),
            SQL.identifier(alias, "create_date"),
            self._get_last_mail_sql("billinator.opportunity", alias),
            SQL.identifier(alias, "id"),
        )

    def _get_quotes_sql(self, alias):
        return SQL(
            """
            (SELECT bool_and(state IN ('expired', 'rejected')
                             OR is_superseded IS TRUE)
                    AND bool_or(state = 'expired' AND is_superseded IS NOT TRUE)
                    AS is_expired,
                    MAX(last_viewed_on) AS last_view,
                    MAX(%s) AS last_mail
               FROM billinator_quote
              WHERE opportunity_id = %s)
            """,
            self._get_last_mail_sql("billinator.quote", "billinator_quote"),
            SQL.identifier(alias, "id"),
        )

    def _get_activities_sql(self, alias):
        return SQL(
            """
            (SELECT bool_or(status = 'pending') AS is_pending,
                    MAX(completed_at) FILTER (WHERE status = 'done') AS last_done,
                    MAX((SELECT event.stop FROM mail_activity native
                           JOIN calendar_event event
                             ON event.id = native.calendar_event_id
                          WHERE native.id = billinator_activity.activity_id
                            AND event.active
                            AND event.stop <= %s))
                        FILTER (WHERE status <> 'cancelled') AS last_meeting
               FROM billinator_activity
              WHERE opportunity_id = %s)
            """,
            self.env.cr.now(),
            SQL.identifier(alias, "id"),
        )

    def _get_last_mail_sql(self, model, alias):
        return self.env["mail.message"]._get_last_mail_sql(
            model, SQL.identifier(alias, "id")
        )
