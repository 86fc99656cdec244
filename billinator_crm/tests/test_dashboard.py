import json
import random
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date, Datetime, Domain
from odoo.tests import freeze_time, tagged

from .common import BillinatorInvoicingCommon
from .test_opportunity import OpportunityCase

# Units of each currency for a dollar, which is the main company's currency.
RATES = {"USD": 1.0, "EUR": 0.8}
ZONE = "Pacific/Auckland"
DEALS, QUOTES, ACTIVITIES = 160, 60, 90
PERIODS = (
    {},
    {"period": "quarter"},
    {"period": "year"},
    {"period": "last_30_days"},
    {"period": "custom", "date_from": "2026-02-10", "date_to": "2026-08-03"},
)
COLUMNS = {
    "opportunity": "expected_revenue_company",
    "quote": "amount_untaxed_company",
    "activity": "0",
    "target": "0",
}
# Moments on the next day already, month or year, in that zone
AFTER_MIDNIGHT = ("2025-12-31 11:30", "2026-09-30 11:30", "2026-10-31 11:30")
# What a figure counts, in plain SQL; the days are those of the user's zone.
IN_PERIOD = (
    "({0} AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date BETWEEN %({1})s AND %({2})s"
)
NOW, BEFORE = ("start", "end"), ("before_start", "before_end")
CLOSED = IN_PERIOD.format("date_closed", *NOW)
CLOSED_BEFORE = IN_PERIOD.format("date_closed", *BEFORE)
CREATED = IN_PERIOD.format("create_date", *NOW)
SENT = (
    "(state IN ('sent', 'accepted')"
    " OR state IN ('rejected', 'expired') AND date_sent IS NOT NULL)"
)
QUOTED = f"date_quote BETWEEN %(start)s AND %(end)s AND {SENT}"
QUOTED_BEFORE = f"date_quote BETWEEN %(before_start)s AND %(before_end)s AND {SENT}"
DUE_DAY = "(due_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date"


class TwoCurrenciesCase(OpportunityCase, BillinatorInvoicingCommon):
    """A manager of two companies, each with a currency of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_b.currency_id = cls.setup_other_currency("EUR", rates=[])
        for company in cls.company + cls.company_b:
            cls._set_rates(company)
        cls.manager.company_ids += cls.company_b

    @classmethod
    def _set_rates(cls, company):
        for currency in cls.company.currency_id + cls.company_b.currency_id:
            rate = {
                "name": "2000-01-01",
                "rate": RATES[currency.name] / RATES[company.currency_id.name],
                "company_id": company.id,
            }
            currency.rate_ids = [Command.create(rate)]


@freeze_time("2026-11-18 13:30:00")
class DashboardCase(TwoCurrenciesCase):
    """Deals, quotes and activities of two companies, made by chance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billinator.opportunity"].search([]).active = False
        cls.users = cls.salesperson + cls.colleague + cls.senior + cls.stranger
        (cls.users + cls.manager).tz = ZONE
        cls.teams = cls.env["crm.team"].create(
            [{"name": f"Team {number}"} for number in range(2)]
        )
        cls.sources = cls.env["utm.source"].create(
            [{"name": f"Source {number}"} for number in range(15)]
        )
        cls.reasons = cls.env["billinator.lost.reason"].search([])
        cls.today = Date.to_date("2026-11-19")  # In Auckland, it is tomorrow.
        cls.rng = random.Random(6)
        cls._generate_deals()
        cls._generate_quotes()
        cls._generate_activities()
        cls.env.invalidate_all()

    @classmethod
    def _create_rows(cls, model, count, **values):
        """Create records of either company; what is of interest is written by SQL."""
        companies = [cls.company, cls.company, cls.company_b]
        records = cls.env[model].create(
            [
                {
                    "partner_id": cls.customer.id,
                    "company_id": companies[number % 3].id,
                    **values,
                }
                for number in range(count)
            ]
        )
        cls.env.flush_all()
        return records

    @classmethod
    def _update(cls, record, **values):
        columns = ", ".join(f"{name} = %s" for name in values)
        cls.env.cr.execute(
            f"UPDATE {record._table} SET {columns} WHERE id = %s",
            [*values.values(), record.id],
        )

    @classmethod
    def _choose_owner(cls, company):
        """Return the ids of a person and of a team, or nothing."""
        ours = [cls.salesperson, cls.colleague, cls.senior]
        users = ours if company == cls.company else [cls.stranger, cls.manager]
        return {
            "user_id": cls.rng.choice([*users, cls.env["res.users"]]).id or None,
            "team_id": cls.rng.choice([*cls.teams, cls.env["crm.team"]]).id or None,
        }

    @classmethod
    def _generate_deals(cls):
        deals = cls._create_rows(
            "billinator.opportunity", DEALS, name="Generated", user_id=False
        )
        for deal in deals:
            cls._update(
                deal, **cls._choose_owner(deal.company_id), **cls._choose_fate()
            )
        cls._update(deals[0], active=False)

    @classmethod
    def _choose_fate(cls):
        rng = cls.rng
        stage = rng.choice(list(cls.stages.values()))
        opened = [stage for stage in cls.stages.values() if stage.status == "open"]
        created = cls._choose_moment(600)
        # Past deals were closed before they were created.
        closed = cls._choose_moment(300)
        is_closed = stage.status != "open"
        value = rng.choice([0, 99.99, 1234.56, rng.randrange(10**8) / 100])
        last_open = rng.choice(opened) if is_closed else stage
        day = cls.today + timedelta(days=rng.randrange(-60, 500))
        return {
            "stage_id": stage.id,
            "status": stage.status,
            "last_open_stage_id": last_open.id,
            "lost_reason_id": rng.choice(cls.reasons).id
            if stage.status == "lost"
            else None,
            "source_id": rng.choice([*cls.sources, cls.env["utm.source"]]).id or None,
            "create_date": created,
            "date_closed": closed if is_closed else None,
            "days_to_close": (closed - created).days if is_closed else None,
            "date_deadline": rng.choice([day, day, None]),
            "expected_revenue_company": value,
            "weighted_revenue": round(value * rng.randrange(101) / 100, 2),
        }

    @classmethod
    def _choose_moment(cls, days):
        """Return a moment of the last days, often one that is close to midnight."""
        if cls.rng.random() < 0.2:
            return datetime.fromisoformat(cls.rng.choice(AFTER_MIDNIGHT))
        return Datetime.now() - timedelta(seconds=cls.rng.randrange(days * 86400))

    @classmethod
    def _generate_quotes(cls):
        states = ("draft", "sent", "accepted", "rejected", "expired")
        for quote in cls._create_rows("billinator.quote", QUOTES, user_id=False):
            day = cls.today - timedelta(days=cls.rng.randrange(500))
            cls._update(
                quote,
                **cls._choose_owner(quote.company_id),
                state=cls.rng.choice(states),
                date_quote=day,
                date_sent=cls.rng.choice([None, day]),
                validity_date=day + timedelta(days=30),
                is_superseded=cls.rng.choice([True, False, False, None]),
                amount_untaxed_company=cls.rng.randrange(10**7) / 100,
            )

    @classmethod
    def _generate_activities(cls):
        deals = cls.env["billinator.opportunity"].search([("name", "=", "Generated")])
        activities = cls.env["billinator.activity"].create(
            [
                {"opportunity_id": cls.rng.choice(deals).id, "type": "task"}
                for _number in range(ACTIVITIES)
            ]
        )
        cls.env.flush_all()
        for activity in activities:
            status = cls.rng.choice(["pending", "pending", "done", "cancelled"])
            moment = cls._choose_moment(400)
            cls._update(
                activity,
                **cls._choose_owner(activity.company_id),
                status=status,
                due_date=moment + timedelta(days=100 * (status == "pending")),
                completed_at=None if status == "pending" else moment,
            )

    def _get_dashboard(self, user, companies, filters=None):
        return (
            self.env["billinator.dashboard"]
            .with_user(user)
            .with_context(allowed_company_ids=companies.ids)
            .get_dashboard(filters)
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-11-18 13:30:00")
class TestDashboardFigures(DashboardCase):
    """Each figure is what plain SQL says, with the rules written by hand."""

    def _get_viewers(self):
        both, reverse = self.company + self.company_b, self.company_b + self.company
        return (
            (self.salesperson, self.company),
            (self.colleague, self.company),
            (self.senior, self.company),
            (self.stranger, self.company_b),
            (self.manager, both),
            (self.manager, reverse),
        )

    # Plain SQL

    def _ask(self, user, companies, filters):
        """Remember who looks at what, for :meth:`_count`."""
        self.viewer, self.viewed = user, companies
        self.data = self._get_dashboard(user, companies, filters)
        days, before = self.data["filters"], self.data["before"]
        self.params = {
            "uid": user.id,
            "zone": ZONE,
            "today": self.today,
            "start": days["date_from"],
            "end": days["date_to"],
            "before_start": before["date_from"],
            "before_end": before["date_to"],
            "companies": filters.get("company_ids") or companies.ids,
            "teams": filters.get("team_ids"),
            "users": filters.get("user_ids"),
        }

    def _get_rule(self, kind):
        rules = ["company_id = ANY(%(companies)s)"]
        if kind == "opportunity":
            rules.append("active")
        if kind == "quote":
            rules.append("is_superseded IS NOT TRUE")
        if kind == "activity":
            rules = ["(company_id = ANY(%(companies)s) OR company_id IS NULL)"]
        if self.viewer in (self.salesperson, self.colleague):
            alone = "user_id = %(uid)s"
            rules.append(
                alone if kind == "activity" else f"({alone} OR user_id IS NULL)"
            )
        return rules

    def _count(self, kind, *conditions, value=None, scoped=True):
        """Return the count and the value of rows, in the viewer's currency."""
        rules = self._get_rule(kind)
        for column, name in (("team_id", "teams"), ("user_id", "users")):
            if scoped and self.params[name]:
                rules.append(f"{column} = ANY(%({name})s)")
        where = " AND ".join(f"({rule})" for rule in [*rules, *conditions])
        rates = ", ".join(
            f"({company.id}, {self._get_rate(company)})" for company in self.viewed
        )
        self.env.cr.execute(
            f"""
            SELECT COALESCE(SUM(number), 0)::int,
                   COALESCE(SUM(ROUND(value * COALESCE(rate, 1), 2)), 0)::float
              FROM (SELECT company_id, COUNT(*) AS number,
                           SUM({value or COLUMNS[kind]}) AS value
                      FROM billinator_{kind}
                     WHERE {where}
                  GROUP BY company_id) AS sums
         LEFT JOIN (VALUES {rates}) AS rates (company_id, rate) USING (company_id)
            """,
            self.params,
        )
        return self.env.cr.fetchone()

    def _get_rate(self, company):
        current = self.viewed[0].currency_id.name
        return RATES[current] / RATES[company.currency_id.name]

    # The comparison

    def assertFigure(self, figure, kind, *conditions, scoped=True):
        count, value = self._count(kind, *conditions, scoped=scoped)
        self.assertEqual(figure["count"], count)
        self.assertEqual(figure["model"], f"billinator.{kind}")
        if kind != "activity":
            self.assertAlmostEqual(figure["value"], value, places=2)
        return count

    def _check_all(self):
        self._check_pipeline()
        self._check_closed()
        self._check_created()
        self._check_rankings()
        self._check_quotes()
        self._check_activities()
        self._check_top_deals()
        self._check_overdue()

    def _check_pipeline(self):
        opened = "status = 'open'"
        self.assertOpenFigure(self.data["open"], opened)
        stages = [f"stage_id = {stage['id']}" for stage in self.data["stages"]]
        for stage, condition in zip(self.data["stages"], stages, strict=True):
            self.assertTrue(self.assertOpenFigure(stage, opened, condition))
        self.assertEqual(
            sum(stage["count"] for stage in self.data["stages"]),
            self.data["open"]["count"],
        )
        month = "to_char(date_deadline, 'YYYY-MM')"
        conditions = {
            "earlier": f"{month} < '2026-11'",
            "later": f"{month} >= '2027-11'",
            "none": "date_deadline IS NULL",
        }
        for figure in self.data["months"]:
            name = figure["month"]
            condition = conditions.get(name, f"{month} = '{name}'")
            self.assertOpenFigure(figure, opened, condition)
        self.assertEqual(
            sum(month["count"] for month in self.data["months"]),
            self.data["open"]["count"],
        )

    def assertOpenFigure(self, figure, *conditions):
        weighted = self._count("opportunity", *conditions, value="weighted_revenue")[1]
        self.assertAlmostEqual(figure["weighted_value"], weighted, places=2)
        return self.assertFigure(figure, "opportunity", *conditions)

    def _check_closed(self):
        data = self.data
        for status in ("won", "lost"):
            condition = f"status = '{status}'"
            self.assertFigure(data[status], "opportunity", condition, CLOSED)
            self.assertFigure(
                data[status]["before"], "opportunity", condition, CLOSED_BEFORE
            )
        for key, closed in (("result", CLOSED), ("result_before", CLOSED_BEFORE)):
            won, value = self._count("opportunity", "status = 'won'", closed)
            total, _value = self._count("opportunity", "status <> 'open'", closed)
            days, cycles = self._count_days(closed)
            self.assertResult(data["win_rate"][key], total and 100 * won / total, total)
            self.assertResult(data["average_deal"][key], won and value / won, won)
            self.assertResult(data["cycle"][key], cycles and days / cycles, cycles)
        self.assertFigure(data["win_rate"], "opportunity", "status <> 'open'", CLOSED)
        for name in ("average_deal", "cycle"):
            self.assertFigure(data[name], "opportunity", "status = 'won'", CLOSED)

    def _count_days(self, closed):
        """Return the days it took to win, which have no currency, and how often."""
        where = " AND ".join(self._get_rule("opportunity"))
        for column, name in (("team_id", "teams"), ("user_id", "users")):
            if self.params[name]:
                where += f" AND {column} = ANY(%({name})s)"
        self.env.cr.execute(
            "SELECT COALESCE(SUM(floor(EXTRACT(EPOCH FROM date_closed - create_date)"
            " / 86400)), 0)::float, COUNT(*) FROM billinator_opportunity"
            f" WHERE {where} AND status = 'won' AND {closed}"
            " AND date_closed >= create_date",
            self.params,
        )
        return self.env.cr.fetchone()

    def assertResult(self, result, expected, sample):
        if sample:
            self.assertAlmostEqual(result, expected, delta=0.0051)
        else:
            self.assertIs(result, False)

    def _check_created(self):
        data = self.data
        self.assertFigure(data["created"], "opportunity", CREATED)
        before = IN_PERIOD.format("create_date", *BEFORE)
        self.assertFigure(data["created"]["before"], "opportunity", before)
        stages = [stage for stage in self.stages.values() if stage.status == "open"]
        conditions = ["TRUE"]
        for number in range(1, len(stages)):
            ids = ", ".join(str(stage.id) for stage in stages[number:])
            conditions.append(f"status = 'won' OR last_open_stage_id IN ({ids})")
        conditions.append("status = 'won'")
        last = 0
        for step, condition in zip(data["funnel"], conditions, strict=True):
            count = self.assertFigure(step, "opportunity", CREATED, condition)
            self.assertResult(step["conversion"], last and 100 * count / last, last)
            last = count

    def _check_rankings(self):
        for name, column, status in (
            ("lost_reasons", "lost_reason_id", "lost"),
            ("sources", "source_id", "won"),
        ):
            rows, told = self.data[name], []
            for row in rows:
                condition = self._get_row_condition(row, column, told)
                count = self.assertFigure(
                    row, "opportunity", CLOSED, f"status = '{status}'", condition
                )
                if name == "sources":
                    total = self._count("opportunity", CLOSED, condition)[0]
                    self.assertResult(row["win_rate"], 100 * count / total, total)
            self.assertEqual(
                sum(row["count"] for row in rows), self.data[status]["count"]
            )

    def _get_row_condition(self, row, column, told):
        if row["id"] == "others":
            ids = ", ".join(str(value) for value in told if value)
            is_other = f"{column} NOT IN ({ids})"
            return is_other if False in told else f"{is_other} OR {column} IS NULL"
        told.append(row["id"])
        return f"{column} = {row['id']}" if row["id"] else f"{column} IS NULL"

    def _check_quotes(self):
        quotes = self.data["quotes"]
        accepted = "state = 'accepted'"
        for figures, dated in (
            (quotes, QUOTED),
            (
                {name: quotes[name]["before"] for name in ("sent", "accepted")},
                QUOTED_BEFORE,
            ),
        ):
            self.assertFigure(figures["sent"], "quote", dated)
            self.assertFigure(figures["accepted"], "quote", dated, accepted)
        sent = quotes["sent"]["count"]
        rate = sent and 100 * quotes["accepted"]["count"] / sent
        self.assertResult(quotes["acceptance_rate"], rate, sent)

    def _check_activities(self):
        done = IN_PERIOD.format("completed_at", *NOW)
        conditions = {
            "done": ("status = 'done'", done),
            "planned": ("status = 'pending'", f"{DUE_DAY} >= %(today)s"),
            "overdue": ("status = 'pending'", f"{DUE_DAY} < %(today)s"),
        }
        for person in self.data["activities"]:
            owner = f"user_id = {person['id']}" if person["id"] else "user_id IS NULL"
            for kind, terms in conditions.items():
                self.assertFigure(person[kind], "activity", owner, *terms)
        for kind, terms in conditions.items():
            self.assertEqual(
                sum(person[kind]["count"] for person in self.data["activities"]),
                self._count("activity", *terms)[0],
            )

    def _check_top_deals(self):
        values = [deal["value"] for deal in self.data["top_deals"]]
        self.assertEqual(len(values), min(10, self.data["open"]["count"]))
        self.assertEqual(values, sorted(values, reverse=True))
        for deal in self.data["top_deals"]:
            count, value = self._count("opportunity", f"id = {deal['id']}")
            self.assertEqual(count, 1)
            self.assertAlmostEqual(deal["value"], value, places=2)
        lowest = min(values, default=0)
        rates = " ".join(
            f"WHEN {company.id} THEN {self._get_rate(company)}"
            for company in self.viewed
        )
        better, _value = self._count(
            "opportunity",
            "status = 'open'",
            f"(CASE company_id {rates} END) * expected_revenue_company"
            f" > {lowest + 0.01}",
        )
        self.assertLess(better, 10)

    def _check_overdue(self):
        overdue = self.data["overdue"]
        owned = f"user_id = {'ANY(%(users)s)' if self.params['users'] else '%(uid)s'}"
        for name, kind, conditions in (
            (
                "activities",
                "activity",
                ("status = 'pending'", f"{DUE_DAY} < %(today)s"),
            ),
            ("deals", "opportunity", ("status = 'open'", "date_deadline < %(today)s")),
            (
                "quotes",
                "quote",
                ("state IN ('draft', 'sent')", "validity_date < %(today)s"),
            ),
        ):
            self.assertFigure(overdue[name], kind, owned, *conditions, scoped=False)

    # The tests

    def test_every_period_and_rights_level(self):
        for user, companies in self._get_viewers():
            for filters in PERIODS:
                with self.subTest(
                    user=user.login, company=companies[0].name, filters=filters
                ):
                    self._ask(user, companies, filters)
                    self._check_all()
        self.assertTrue(self.data["open"]["count"])

    def test_filters(self):
        both = self.company + self.company_b
        for filters in (
            {"company_ids": self.company_b.ids},
            {"team_ids": self.teams[:1].ids},
            {"user_ids": (self.senior + self.stranger).ids},
            {"team_ids": self.teams.ids, "user_ids": self.colleague.ids},
        ):
            with self.subTest(filters=filters):
                self._ask(self.manager, both, {"period": "year", **filters})
                self._check_all()
                self.assertTrue(self.data["open"]["count"])

    def test_others_are_summed_up(self):
        both = self.company + self.company_b
        self._ask(self.manager, both, {"period": "year"})
        self._check_rankings()
        self.assertEqual(len(self.data["sources"]), 13)
        self.assertEqual(self.data["sources"][-1]["id"], "others")

    # The lists

    def _find_figures(self, value):
        """Return all figures in an answer."""
        if isinstance(value, list):
            return [figure for item in value for figure in self._find_figures(item)]
        if not isinstance(value, dict):
            return []
        inner = [
            figure for item in value.values() for figure in self._find_figures(item)
        ]
        return [*inner, *([value] if "domain" in value else [])]

    def test_lists_show_the_same(self):
        for user, companies in self._get_viewers():
            data = self._get_dashboard(user, companies, {"period": "year"})
            figures = self._find_figures(json.loads(json.dumps(data)))
            self.assertGreater(len(figures), 40)
            for figure in figures:
                with self.subTest(user=user.login, domain=figure["domain"]):
                    self._check_list(figure, user, companies)

    def _check_list(self, figure, user, companies):
        records = (
            self.env[figure["model"]]
            .with_user(user)
            .with_context(allowed_company_ids=companies.ids)
            .search(Domain(figure["domain"]))
        )
        self.assertEqual(len(records), figure["count"])
        for name, field in (
            ("value", COLUMNS[figure["model"].partition(".")[2]]),
            ("weighted_value", "weighted_revenue"),
        ):
            if name in figure:
                total = sum(
                    round(sum(group.mapped(field)), 2)
                    * RATES[companies[0].currency_id.name]
                    / RATES[company.currency_id.name]
                    for company, group in records.grouped("company_id").items()
                )
                self.assertAlmostEqual(figure[name], total, delta=0.011)


@tagged("post_install", "-at_install")
class TestDashboardCall(OpportunityCase):
    def _get_dashboard(self, filters=None, user=None):
        Dashboard = self.env["billinator.dashboard"].with_user(user or self.manager)
        return Dashboard.get_dashboard(filters)

    def test_longest_period(self):
        days = {"date_from": "1990-01-01", "date_to": "8990-01-01"}
        dashboard = self._get_dashboard({"period": "custom", **days})
        self.assertIn("funnel", dashboard)

    def test_funnel_has_no_stage_of_a_team_unseen(self):
        team = self.env["crm.team"].create(
            {"name": "Elsewhere", "company_id": self.company_b.id}
        )
        self.env["billinator.stage"].create(
            {
                "name": "Elsewhere Only",
                "code": "ELSEWHERE",
                "sequence": 25,
                "team_ids": [Command.set(team.ids)],
            }
        )
        # Who sees which teams is asked for as for any call.
        self.env.flush_all()
        self.env.invalidate_all()
        names = [step["name"] for step in self._get_dashboard()["funnel"]]
        self.assertNotIn("Elsewhere Only", names)

    def test_wrong_filters(self):
        for filters, message in (
            ({"period": "week"}, "month, quarter, year"),
            ({"period": ["month"]}, "month, quarter, year"),
            ({"since": "2026-01-01"}, "since"),
            ({"period": "custom"}, "date_from"),
            ({"period": "custom", "date_from": "x", "date_to": "y"}, "2026-01-31"),
            ({"period": "custom", "date_from": 1, "date_to": 2}, "2026-01-31"),
            ({"period": "custom", "date_from": {"a": 1}, "date_to": "x"}, "2026-01-31"),
            (
                {
                    "period": "custom",
                    "date_from": "1800-01-01",
                    "date_to": "2026-01-01",
                },
                "2026-01-31",
            ),
            (
                {
                    "period": "custom",
                    "date_from": "2026-02-01",
                    "date_to": "2026-01-01",
                },
                "01/01/2026, comes before its first, 02/01/2026",
            ),
            ({"team_ids": "1"}, "team_ids"),
            ({"user_ids": [True]}, "user_ids"),
            ({"user_ids": ["1"]}, "user_ids"),
            ({"user_ids": [2**31]}, "user_ids"),
            ({"company_ids": self.company_b.ids}, "company menu"),
            ([("period", "month")], "dictionary"),
        ):
            with (
                self.subTest(filters=filters),
                self.assertRaisesRegex(UserError, message),
            ):
                self._get_dashboard(filters)

    def test_periods(self):
        for now, period, days, before in (
            ("2026-03-31", "month", ("03-01", "03-31"), ("2026-02-01", "2026-02-28")),
            ("2026-05-02", "quarter", ("04-01", "06-30"), ("2026-01-01", "2026-03-31")),
            ("2026-05-02", "year", ("01-01", "12-31"), ("2025-01-01", "2025-12-31")),
            (
                "2026-05-02",
                "last_30_days",
                ("04-03", "05-02"),
                ("2026-03-04", "2026-04-02"),
            ),
        ):
            with self.subTest(period=period), freeze_time(f"{now} 10:00:00"):
                data = self._get_dashboard({"period": period})
                filters = data["filters"]
                self.assertEqual(
                    (filters["date_from"], filters["date_to"]),
                    tuple(f"2026-{day}" for day in days),
                )
                self.assertEqual(tuple(data["before"].values()), before)

    def test_nothing(self):
        data = self._get_dashboard({"user_ids": [self.accountant.id]})
        self.assertEqual(data["open"]["count"], 0)
        for name in ("win_rate", "average_deal", "cycle"):
            self.assertIs(data[name]["result"], False)
        self.assertEqual(data["top_deals"], [])

    def test_rights(self):
        with self.assertRaises(AccessError):
            self._get_dashboard(user=self.accountant)
        self.assertFalse(self._get_dashboard(user=self.salesperson)["choices"]["users"])
        people = self._get_dashboard(user=self.senior)["choices"]["users"]
        self.assertIn(self.colleague.id, [person["id"] for person in people])

    def test_people_with_own_documents_see_their_own_work_only(self):
        """Not the part of a colleague's that is about what they may read."""
        deal = self._create_opportunity(user_id=self.salesperson.id)
        for user in (self.salesperson, self.colleague):
            self.env["billinator.activity"].create(
                {
                    "opportunity_id": deal.id,
                    "type": "call",
                    "user_id": user.id,
                    "due_date": "2020-01-01",
                }
            )
        data = self._get_dashboard(user=self.salesperson)
        self.assertEqual(
            [person["id"] for person in data["activities"]], self.salesperson.ids
        )
        self.assertEqual(data["overdue"]["activities"]["count"], 1)
        theirs = self._get_dashboard({"user_ids": self.colleague.ids}, self.salesperson)
        self.assertEqual(theirs["overdue"]["activities"]["count"], 0)

    def test_plain_answer(self):
        self._create_opportunity(expected_revenue=100, date_deadline="2030-01-01")
        data = self._get_dashboard()
        self.assertEqual(json.loads(json.dumps(data)), data)


@tagged("post_install", "-at_install")
@freeze_time("2030-02-15 10:00:00")
class TestDashboardTargets(TwoCurrenciesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billinator.target"].search([]).unlink()
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Target Team",
                "company_id": cls.company.id,
                "member_ids": cls.salesperson.ids,
            }
        )
        cls.mine = cls._create_target(1000, user_id=cls.salesperson.id)
        cls.teams = cls._create_target(9000, team_id=cls.team.id)
        cls.theirs = cls._create_target(5000, user_id=cls.colleague.id)
        cls.foreign = cls._create_target(
            400, user_id=cls.stranger.id, company_id=cls.company_b.id
        )
        cls.quarter = cls._create_target(
            4000, user_id=cls.salesperson.id, days=("2030-01-01", "2030-03-31")
        )
        cls.january = cls._create_target(
            100, user_id=cls.salesperson.id, days=("2030-01-01", "2030-01-31")
        )

    @classmethod
    def _create_target(cls, amount, days=("2030-02-01", "2030-02-28"), **values):
        days = dict(zip(("date_from", "date_to"), days, strict=True))
        return cls.env["billinator.target"].create({"amount": amount, **days, **values})

    def _get_targets(self, user, filters=None, companies=None):
        companies = companies or user.company_id
        dashboard = self.env["billinator.dashboard"].with_user(user)
        dashboard = dashboard.with_context(allowed_company_ids=companies.ids)
        return dashboard.get_dashboard(filters)["targets"]

    def assertTargets(self, told, *targets):
        self.assertEqual(
            [row["id"] for row in told["rows"]], [target.id for target in targets]
        )
        self.assertEqual(told["count"], len(targets))

    def _create_deals(self):
        """Win and commit to something; another is in another month."""
        won = self._create_opportunity(
            user_id=self.salesperson.id, expected_revenue=300
        )
        values = {
            "user_id": self.salesperson.id,
            "stage_id": self.stages["PROPOSAL"].id,
            "forecast_category": "commit",
        }
        committed = self._create_opportunity(
            expected_revenue=400, date_deadline="2030-02-28", **values
        )
        self._create_opportunity(
            expected_revenue=800, date_deadline="2030-03-01", **values
        )
        theirs = self._create_opportunity(
            user_id=self.stranger.id,
            company_id=self.company_b.id,
            partner_id=False,
            contact_name="Somebody",
            expected_revenue=80,
        )
        (won + theirs).action_set_won()
        (won + theirs).date_closed = "2030-02-10"
        return won + committed

    def test_own_and_teams_and_all(self):
        """The largest gap first."""
        own = self.teams, self.quarter, self.mine
        self.assertTargets(self._get_targets(self.salesperson), *own)
        self.assertTargets(
            self._get_targets(self.senior),
            self.teams,
            self.theirs,
            self.quarter,
            self.mine,
        )
        told = self._get_targets(self.stranger)
        self.assertTargets(told, self.foreign)
        targets = self.env["billinator.target"].with_user(self.stranger)
        self.assertEqual(targets.search(Domain(told["domain"])), self.foreign)

    def test_periods(self):
        for days, targets in (
            (("2030-02-03", "2030-03-05"), (self.quarter,)),
            (("2030-02-01", "2030-03-05"), (self.quarter, self.mine)),
            (("2029-12-15", "2030-02-27"), (self.january,)),
            (("2029-12-15", "2030-04-05"), (self.quarter, self.mine, self.january)),
            (("2030-04-01", "2030-04-30"), ()),
        ):
            filters = {"period": "custom", "date_from": days[0], "date_to": days[1]}
            filters["user_ids"] = self.salesperson.ids
            with self.subTest(days=days):
                self.assertTargets(self._get_targets(self.senior, filters), *targets)
        rows = self._get_targets(self.senior, {"period": "quarter"})["rows"]
        self.assertIn("Q1 2030", [row["period"] for row in rows])

    def test_filters(self):
        both = self.company + self.company_b
        team = {"team_ids": self.team.ids}
        people = {"user_ids": (self.colleague + self.stranger).ids}
        for filters, targets in (
            (team, (self.teams,)),
            (people, (self.theirs, self.foreign)),
            ({**team, **people}, (self.teams, self.theirs, self.foreign)),
            ({"company_ids": self.company_b.ids}, (self.foreign,)),
        ):
            with self.subTest(filters=filters):
                told = self._get_targets(self.manager, filters, both)
                self.assertTargets(told, *targets)

    def test_amounts_in_two_currencies(self):
        """In the current company's; the list has the deals that count."""
        deals = self._create_deals()
        filters = {"user_ids": (self.salesperson + self.stranger).ids}
        both = self.company + self.company_b
        for companies, factor in ((both, 1), (both[::-1], 0.8)):
            told = self._get_targets(self.manager, filters, companies)
            rows = {row["id"]: row for row in told["rows"]}
            for target, amount, won, committed, attainment in (
                (self.mine, 1000, 300, 400, 30),
                (self.foreign, 500, 100, 0, 20),
            ):
                row = rows[target.id]
                self.assertAlmostEqual(row["amount"], factor * amount)
                self.assertAlmostEqual(row["won"], factor * won)
                self.assertAlmostEqual(row["committed"], factor * committed)
                self.assertAlmostEqual(row["gap"], factor * (amount - won))
                self.assertEqual(row["attainment"], attainment)
                self.assertEqual(row["company"], target.company_id.name)
        mine = rows[self.mine.id]["deals"]
        self.assertEqual(self.env[mine["model"]].search(Domain(mine["domain"])), deals)
        self.assertEqual(json.loads(json.dumps(told)), told)
