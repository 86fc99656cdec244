import random
from collections import Counter
from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from ..models.billinator_dashboard import CYCLE_NUMBERS
from ..models.billinator_opportunity_summary import CUTS, DIMENSIONS, read_rows
from .test_opportunity import OpportunityCase

SUMMARY = "billinator.opportunity.summary"
# True of every deal, and nothing that the summary knows
COUNTED = Domain("id", ">", 0)
SUMS = (
    "expected_revenue_company",
    "weighted_revenue",
    "days_to_close",
    "created_seconds",
    "cycle_seconds",
    "cycle_count",
)


class SummaryCase(OpportunityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.summary = cls.env[SUMMARY]
        cls.source = cls.env["utm.source"].create({"name": "Fair"})
        cls.deals = cls._create_opportunity()
        for number, code in enumerate(("LEAD", "PROPOSAL", "WON", "LOST", "WON")):
            cls.deals += cls._create_opportunity(
                stage_id=cls.stages[code].id,
                lost_reason_id=code == "LOST" and cls.lost_reason.id,
                user_id=(cls.salesperson + cls.colleague)[number % 2].id,
                source_id=number % 2 and cls.source.id,
                expected_revenue=100.10 + number,
                date_deadline=f"2026-0{number + 1}-15",
            )
        cls.opened, cls.won, cls.lost = (
            cls.deals.filtered(lambda deal, status=status: deal.status == status)[0]
            for status in ("open", "won", "lost")
        )

    # What the rows are to add up to, counted one by one

    def _count(self):
        """Return the figures of each cut's groups, of the deals themselves."""
        self.env.cr.execute("SELECT * FROM billinator_opportunity")
        totals = {}
        for deal in self.env.cr.dictfetchall():
            for cut, (moment, own) in CUTS.items():
                month = moment and deal[moment]
                if moment and not month:
                    continue
                closing = deal["status"] == "open" and deal["date_deadline"]
                deal["date_deadline"] = closing.replace(day=1) if closing else None
                key = (
                    cut,
                    month and month.date().replace(day=1),
                    *(deal[name] for name in DIMENSIONS),
                    *(deal[name] for name in own),
                )
                totals.setdefault(key, Counter()).update(self._measure(deal))
        return totals

    def _measure(self, deal):
        created, closed = deal["create_date"], deal["date_closed"]
        has_cycle = bool(closed) and closed >= created
        return {
            "count": 1,
            "expected_revenue_company": deal["expected_revenue_company"] or 0,
            "weighted_revenue": deal["weighted_revenue"] or 0,
            "days_to_close": deal["days_to_close"] or 0 if has_cycle else 0,
            "created_seconds": (created - datetime(1970, 1, 1)).total_seconds(),
            "cycle_seconds": (closed - created).total_seconds() if has_cycle else 0,
            "cycle_count": has_cycle,
        }

    def _read(self):
        """Return the same of the summary's rows."""
        self.env.cr.execute(
            SQL("SELECT * FROM %s", SQL.identifier(self.summary._table))
        )
        totals = {}
        for row in self.env.cr.dictfetchall():
            own = CUTS[row["cut"]][1]
            key = tuple(row[name] for name in ("cut", "month", *DIMENSIONS, *own))
            total = totals.setdefault(key, Counter())
            total.update({name: row[name] for name in ("count", *SUMS)})
        return {key: total for key, total in totals.items() if total["count"]}

    def assertExact(self):
        self.env.flush_all()
        actual, expected = self._read(), self._count()
        self.assertEqual(set(actual), set(expected))
        for key, total in expected.items():
            for name, value in total.items():
                self.assertAlmostEqual(actual[key][name], value, 4, (key, name))

    def assertExactAlways(self):
        """Assert that the rows are right now and after the nightly recount."""
        self.assertExact()
        self.summary._cron_recount()
        self.assertExact()

    def _get_statistics(self, domain=Domain.TRUE, user=None):
        deals = self.env["billinator.opportunity"].with_user(user or self.manager)
        return deals.get_pipeline_statistics(domain)


@tagged("post_install", "-at_install")
class TestSummaryRows(SummaryCase):
    """Whatever happens to deals, the rows add up to what there is."""

    def test_create(self):
        self.assertExactAlways()

    def test_change_of_an_open_deal(self):
        self.opened.expected_revenue = 4711.47
        self.opened.date_deadline = "2030-05-31"
        self.assertExact()
        self.opened.probability = 33
        self.assertExactAlways()

    def test_close_and_reopen(self):
        self.opened.action_set_won()
        self.assertExact()
        self.opened.action_reopen()
        self.assertExact()
        self.opened.action_set_lost(self.lost_reason.id)
        self.assertExactAlways()

    def test_move_of_a_closed_deal(self):
        for values in (
            {"date_closed": "2024-02-29 23:59:59"},
            {"user_id": self.senior.id},
            {"user_id": False},
            {"team_id": self.other_team.id},
            {"source_id": self.source.id},
            {"active": False},
        ):
            with self.subTest(values=values):
                (self.won + self.lost).write(values)
                self.assertExact()
        reason = self.env["billinator.lost.reason"].create({"name": "Another"})
        self.lost.lost_reason_id = reason
        self.assertExactAlways()

    def test_move_to_another_company(self):
        self.won.write(
            {"company_id": self.company_b.id, "user_id": False, "team_id": False}
        )
        self.assertExactAlways()

    def test_delete(self):
        (self.won + self.opened).unlink()
        self.assertExactAlways()

    def test_merge(self):
        self.opened.merge_opportunities((self.won + self.lost).ids)
        self.assertExactAlways()

    def test_what_deals_refer_to_is_deleted(self):
        """PostgreSQL empties the deals' columns then, and the ORM does not know."""
        self.deals.team_id = self.other_team
        self.env.flush_all()
        self.other_team.unlink()
        self.source.unlink()
        self.assertExact()
        self.assertTrue(self._get_statistics()["overall"]["count"])
        self.assertExactAlways()

    def test_another_status_of_a_stage(self):
        self.stages["PROPOSAL"].status = "won"
        self.assertExactAlways()

    def test_plain_sql(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_opportunity SET date_closed = '2020-02-02',"
            " create_date = create_date - interval '1 year', days_to_close = 5"
            " WHERE id IN %s",
            [tuple((self.won + self.opened).ids)],
        )
        self.assertExactAlways()

    def test_rollback(self):
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            self.won.expected_revenue = 1
            self.env.flush_all()
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertExact()

    def test_recount_keeps_one_row_of_a_group(self):
        for amount in range(5):
            self.opened.expected_revenue = amount
            self.env.flush_all()
        many = self.summary.sudo().search_count([])
        self.summary._cron_recount()
        groups = len(self._count())
        self.assertEqual(self.summary.sudo().search_count([]), groups)
        self.assertLess(groups, many)

    def test_other_columns_append_nothing(self):
        self.env.flush_all()
        before = self.summary.sudo().search_count([])
        self.deals.write({"description": "Nothing that counts", "priority": "2"})
        self.env.flush_all()
        self.assertEqual(self.summary.sudo().search_count([]), before)


@tagged("post_install", "-at_install")
class TestSummaryAnswers(SummaryCase):
    """What is read from the summary is what counting the deals gives."""

    def assertSameStatistics(self, actual, expected):
        self.assertEqual(actual["overall"]["count"], expected["overall"]["count"])
        for one, other in zip(
            [actual["overall"], *actual.pop("stages")],
            [expected["overall"], *expected.pop("stages")],
            strict=True,
        ):
            age, other_age = one.pop("average_age_days"), other.pop("average_age_days")
            self.assertAlmostEqual(age, other_age, places=5)
            self.assertEqual(one, other)
        cycles = (actual.pop("cycle_time_days"), expected.pop("cycle_time_days"))
        self.assertAlmostEqual(*cycles, places=5)
        self.assertEqual(actual, expected)

    def assertAnswers(self, domain, user=None):
        """Assert that the summary answers, and as counting does."""
        domain = Domain(domain)
        self.assertIsNotNone(
            self.summary.with_user(user or self.manager)._read_pipeline(domain)
        )
        self.assertSameStatistics(
            self._get_statistics(domain, user),
            self._get_statistics(domain & COUNTED, user),
        )

    def assertCounts(self, domain, user=None):
        """Assert that the deals themselves are counted."""
        summary = self.summary.with_user(user or self.manager)
        self.assertIsNone(summary._read_pipeline(Domain(domain)))

    def test_domains(self):
        for domain in (
            [],
            [("status", "=", "open")],
            [("status", "!=", "open")],
            [("user_id", "=", False)],
            [("user_id", "not in", self.salesperson.ids)],
            ["!", ("user_id", "=", self.salesperson.id), ("status", "=", "won")],
            ["|", ("team_id", "=", False), ("team_id", "in", self.team.ids)],
            [("stage_id", "in", [self.stages["WON"].id])],
            [("active", "in", [True, False])],
            [("active", "=", False)],
            [(0, "=", 1)],
        ):
            for user in (self.manager, self.salesperson):
                with self.subTest(domain=domain, user=user.login):
                    self.deals[0].active = False
                    self.assertAnswers(domain, user)

    def test_domains_it_cannot_know(self):
        for domain in (
            COUNTED,
            [("user_id", "=", "Billinator Manager")],
            [("user_id", "in", ["Billinator Manager"])],
            [("user_id.login", "=", "x")],
            [("team_id", "any", [("name", "=", "Hardware")])],
            [("company_id", "child_of", self.company.ids)],
            [("date_deadline", "=", False)],
            [("status", "=", "open"), ("partner_id", "=", self.customer.id)],
            [("status", "like", "o")],
            Domain.custom(to_sql=lambda model, alias, query: SQL("TRUE")),
        ):
            with self.subTest(domain=domain):
                self.assertCounts(domain)

    def test_it_is_read(self):
        """What is answered without counting are the rows, and not the deals."""
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM billinator_opportunity_summary")
        self.assertFalse(self._get_statistics()["overall"]["count"])
        self.assertTrue(self._get_statistics(COUNTED)["overall"]["count"])

    def test_archived_deals_as_the_search_has_it(self):
        self.won.active = False
        deals = self.env["billinator.opportunity"].with_user(self.manager)
        everything = deals.with_context(active_test=False)
        self.assertEqual(
            everything.get_pipeline_statistics()["overall"]["count"],
            everything.search_count([]),
        )
        both = ["|", ("active", "=", True), ("active", "=", False)]
        for domain in ([], both):
            self.assertEqual(
                deals.get_pipeline_statistics(domain)["overall"]["count"],
                deals.search_count(domain),
            )

    # Rights

    def _add_rule(self, domain):
        self.env["ir.rule"].create(
            {
                "name": "Of an administrator",
                "model_id": self.env["ir.model"]._get_id("billinator.opportunity"),
                "domain_force": domain,
            }
        )

    def test_rule_about_what_is_kept(self):
        self.won.team_id = self.other_team
        self._add_rule(f"[('team_id', '!=', {self.other_team.id})]")
        self.assertAnswers([])
        self.assertAnswers([], self.salesperson)
        counts = [
            self._get_statistics()["overall"]["count"],
            self.env["billinator.opportunity"]
            .with_user(self.manager)
            .search_count([("team_id", "!=", self.other_team.id)]),
        ]
        self.assertEqual(*counts)

    def test_rule_about_anything_else(self):
        self.won.name = "Secret"
        self._add_rule("[('name', '!=', 'Secret')]")
        deals = self.env["billinator.opportunity"].with_user(self.manager)
        self.assertCounts([])
        self.assertEqual(
            self._get_statistics()["overall"]["count"], deals.search_count([])
        )
        self.assertNotIn(self.won, deals.search([]))
        data = self.env["billinator.dashboard"].with_user(self.manager).get_dashboard()
        self.assertEqual(
            data["won"]["count"], deals.search_count(data["won"]["domain"])
        )

    def test_field_for_some_only(self):
        field = self.env["billinator.opportunity"]._fields["weighted_revenue"]
        self.patch(field, "groups", "base.group_system")
        self.assertCounts([])

    def test_nobody_reads_it(self):
        for user in (self.manager, self.env.ref("base.user_admin")):
            for operation in ("read", "write", "create", "unlink"):
                with self.subTest(user=user.login, operation=operation):
                    self.assertFalse(self.summary.with_user(user).has_access(operation))
        with self.assertRaises(AccessError):
            self._get_statistics(user=self.accountant)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-18 13:30:00")
class TestSummaryPeriods(SummaryCase):
    """Periods of any length, and with any begin, are what counting gives."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rng = random.Random(3)
        closed = [("status", "!=", "open")]
        cls.env["billinator.opportunity"].search(closed).active = False
        created = datetime(2026, 1, 1)
        values = {"stage_id": cls.stages["WON"].id}
        deals = cls.env["billinator.opportunity"].create(
            [
                {
                    "name": "Won",
                    "partner_id": cls.customer.id,
                    "source_id": cls.rng.choice([cls.source.id, False]),
                    "expected_revenue": cls.rng.randrange(10**6) / 100,
                    **values,
                }
                for _number in range(200)
            ]
        )
        cls.env.flush_all()
        for deal in deals:
            created = cls._choose_moment()
            cls.env.cr.execute(
                "UPDATE billinator_opportunity SET create_date = %s, date_closed = %s,"
                " days_to_close = %s WHERE id = %s",
                [created, cls._choose_moment(), cls.rng.randrange(99), deal.id],
            )
        cls.env.invalidate_all()

    @classmethod
    def _choose_moment(cls):
        """Return a moment of half a year, often the first or the last of a month."""
        month = cls.rng.choice([datetime(2026, number, 1) for number in range(6, 12)])
        if cls.rng.random() < 0.4:
            return month - timedelta(microseconds=cls.rng.randrange(2))
        return month - timedelta(seconds=cls.rng.randrange(30 * 86400))

    def test_periods(self):
        deals = self.env["billinator.opportunity"].with_user(self.manager)
        sums = {"value": "expected_revenue_company", **CYCLE_NUMBERS}
        for number in range(60):
            start, end = sorted(
                self._choose_moment().replace(microsecond=0) for _side in range(2)
            )
            cut, name = self.rng.choice(
                [("created", "create_date"), ("source", "date_closed")]
            )
            keys = ["status", *(["source_id"] if cut == "source" else [])]
            domain = Domain(name, ">=", start) & Domain(name, "<", end)
            with self.subTest(number=number, start=start, end=end):
                actual = self.summary.with_user(self.manager)._add_up_between(
                    start, end, cut, Domain.TRUE, keys, sums
                )
                expected = read_rows(deals, domain, keys, sums)
                self.assertRows(actual, expected, keys)

    def assertRows(self, actual, expected, keys):
        def index(rows):
            return {
                tuple(row[key] for key in keys): (
                    row["count"],
                    round(row["value"], 2),
                    *(row[name] for name in CYCLE_NUMBERS),
                )
                for row in rows
            }

        self.assertEqual(index(actual), index(expected))
