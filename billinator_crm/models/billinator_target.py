from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, date_utils, format_date

from ..arguments import one_record
from ..dates import begin_of_day

# What counts towards a target, as a condition on the deals: what was won in its
# period, and what is open and expected to close in it.
WON = SQL(
    """
    deal.status = 'won'
    AND deal.date_closed >= target.date_from::timestamp
        AT TIME ZONE target.timezone AT TIME ZONE 'UTC'
    AND deal.date_closed < (target.date_to + 1)::timestamp
        AT TIME ZONE target.timezone AT TIME ZONE 'UTC'
    """
)
EXPECTED = SQL(
    """
    deal.status = 'open'
    AND deal.date_deadline BETWEEN target.date_from AND target.date_to
    """
)
ATTAINMENT = {
    "won_amount": ("expected_revenue_company", WON),
    "committed_amount": ("committed_revenue", EXPECTED),
    "weighted_amount": ("weighted_revenue", EXPECTED),
}

# Periods with a name, and how it is written.
PERIODS = {"month": "MMMM y", "quarter": "QQQ y", "year": "y"}


class BillinatorTarget(models.Model):
    """What a person, or a team, is to sell in a period, and how far it has come.

    Each amount of the attainment is one SQL expression, so that records and the pivot
    view tell the same. It adds up all deals of the person or team in the company,
    whoever may read them: who may see a target may see how far it has come.
    """

    _name = "billinator.target"
    _description = "Sales Target"
    _inherit = ["billinator.currency.mixin", "billinator.numbers.mixin"]
    _order = "date_from desc, team_id, user_id, id"
    _check_company_auto = True
    _rec_names_search = ["user_id", "team_id"]

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        check_company=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False), ('company_ids', '=', company_id)]",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        check_company=True,
        index=True,
        ondelete="cascade",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self._default_date_from(),
    )
    date_to = fields.Date(
        string="To",
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    amount = fields.Monetary(
        string="Target", required=True, help="What is to be won, without taxes."
    )
    won_amount = fields.Monetary(
        string="Won",
        compute="_compute_attainment",
        compute_sudo=True,
        help="Value of the deals won in the period.",
    )
    committed_amount = fields.Monetary(
        string="Committed",
        compute="_compute_attainment",
        compute_sudo=True,
        help="Value of the open deals of the category Commit that are expected to "
        "close in the period.",
    )
    weighted_amount = fields.Monetary(
        string="Weighted",
        compute="_compute_attainment",
        compute_sudo=True,
        help="Value times probability of all open deals that are expected to close in "
        "the period.",
    )
    gap_amount = fields.Monetary(
        string="Gap",
        compute="_compute_attainment",
        compute_sudo=True,
        help="What is left to win: the target less what was won; negative when more "
        "was won than asked for.",
    )
    attainment = fields.Float(
        string="Attainment (%)",
        compute="_compute_attainment",
        compute_sudo=True,
        aggregator=None,
        help="What was won, of the target.",
    )

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "A target is an amount to reach: make it more than zero."
    )
    _period = models.Constraint(
        "CHECK(date_from <= date_to)", "The period ends before it begins."
    )
    _who = models.Constraint(
        "CHECK(num_nonnulls(user_id, team_id) = 1)",
        "A target belongs to a salesperson or a sales team: choose one of the two.",
    )
    _user_uniq = models.UniqueIndex(
        "(user_id, company_id, date_from, date_to) WHERE user_id IS NOT NULL",
        "This salesperson has a target for this period already: change that one.",
    )
    _team_uniq = models.UniqueIndex(
        "(team_id, company_id, date_from, date_to) WHERE team_id IS NOT NULL",
        "This sales team has a target for this period already: change that one.",
    )

    def _default_date_from(self):
        return date_utils.start_of(fields.Date.context_today(self), "month")

    @api.depends("date_from")
    def _compute_date_to(self):
        """Choose the end of the month, unless the period ends later by choice."""
        for target in self:
            start, end = target.date_from, target.date_to
            if start and (not end or end < start):
                target.date_to = start + relativedelta(day=31)

    @api.depends_context("lang")
    @api.depends("user_id", "team_id", "date_from", "date_to")
    def _compute_display_name(self):
        for target in self:
            who = target.user_id.name or target.team_id.name
            parts = (who, target._get_period_name())
            target.display_name = ", ".join(part for part in parts if part)

    @api.depends("amount", "date_from", "date_to", "user_id", "team_id", "company_id")
    def _compute_attainment(self):
        rows = self._origin._get_attainment_rows()
        for target in self:
            row = rows.get(target._origin.id, dict.fromkeys(ATTAINMENT, 0))
            target.update(row)
            target.gap_amount = target.amount - target.won_amount
            target.attainment = (
                100 * target.won_amount / target.amount if target.amount else 0
            )

    def _get_attainment_rows(self):
        """Return what counts towards the targets, in one query.

        :return: dict of id: dict of amounts
        """
        if not self:
            return {}
        query = self._as_query(ordered=False)
        names = ["id", *ATTAINMENT]
        columns = [self._field_to_sql(query.table, name, query) for name in names]
        rows = self.env.execute_query(query.select(*columns))
        return {
            row_id: dict(zip(ATTAINMENT, amounts, strict=True))
            for row_id, *amounts in rows
        }

    def _field_to_sql(self, alias, fname, query=None):
        """Know the amounts that count towards a target, for pivots as well."""
        if fname == "gap_amount":
            amount, won = (
                self._field_to_sql(alias, name, query)
                for name in ("amount", "won_amount")
            )
            return SQL("(%s - %s)", amount, won)
        if fname not in ATTAINMENT:
            return super()._field_to_sql(alias, fname, query)
        self._check_field_access(self._fields[fname], "read")
        for model in ("billinator.opportunity", "res.company", "res.partner"):
            self.env[model].flush_model()
        self.flush_model(["user_id", "team_id", "company_id", "date_from", "date_to"])
        column, condition = ATTAINMENT[fname]
        return SQL(
            """
            (SELECT COALESCE(SUM(deal.%(column)s), 0)
               FROM (SELECT %(alias)s.date_from, %(alias)s.date_to,
                            COALESCE(partner.tz, 'UTC') AS timezone
                       FROM res_company company
                       JOIN res_partner partner ON partner.id = company.partner_id
                      WHERE company.id = %(alias)s.company_id) AS target
               JOIN billinator_opportunity deal ON %(condition)s
              WHERE deal.company_id = %(alias)s.company_id
                AND deal.active
                AND (deal.user_id = %(alias)s.user_id
                     OR deal.team_id = %(alias)s.team_id))
            """,
            alias=SQL.identifier(alias),
            column=SQL.identifier(column),
            condition=condition,
        )

    def _get_period_name(self):
        """Return the month, quarter or year, or the first and the last day."""
        self.ensure_one()
        start, end = self.date_from, self.date_to
        if not start or not end:
            return ""
        for unit, pattern in PERIODS.items():
            first, last = (
                date_utils.start_of(start, unit),
                date_utils.end_of(start, unit),
            )
            if (start, end) == (first, last):
                return format_date(self.env, start, date_format=pattern)
        return f"{format_date(self.env, start)} - {format_date(self.env, end)}"

    @api.readonly
    @one_record
    def action_view_deals(self):
        """List the deals that count: won, and expected to close, in the period.

        :return: a window action; it shows those that the user may read
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "billinator.opportunity",
            "views": [(False, "list"), (False, "form")],
            "domain": list(self._get_deals_domain()),
            "context": {"search_default_group_status": 1},
        }

    def _get_deals_domain(self):
        """Return the domain of the deals that count, days and moments as strings."""
        who = "user_id" if self.user_id else "team_id"
        zone = self.with_context(tz=self.company_id.partner_id.tz or "UTC")
        start, end = (
            fields.Datetime.to_string(begin_of_day(zone.env, day))
            for day in (self.date_from, self.date_to + relativedelta(days=1))
        )
        won = (
            Domain("status", "=", "won")
            & Domain("date_closed", ">=", start)
            & Domain("date_closed", "<", end)
        )
        expected = (
            Domain("status", "=", "open")
            & Domain("date_deadline", ">=", self.date_from.isoformat())
            & Domain("date_deadline", "<=", self.date_to.isoformat())
        )
        return (
            Domain(who, "=", self[who].id)
            & Domain("company_id", "=", self.company_id.id)
            & (won | expected)
        )
