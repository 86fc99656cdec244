import random
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorCommon

FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 9)
MARCH, APRIL, MAY = "2026-03-31", "2026-04-30", "2026-05-31"
SPRING = {"closing_from": "2026-04-01", "closing_to": "2026-06-30"}


@tagged("post_install", "-at_install")
class TestPipelineSnapshot(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Snapshot = cls.env["billinator.pipeline.snapshot"]
        cls.env["billinator.opportunity"].search([]).active = False
        cls.deals = {
            name: cls._create_opportunity(
                name=name,
                user_id=cls.salesperson.id,
                expected_revenue=100.10,
                date_deadline=APRIL,
            )
            for name in ("stays", "raised", "lowered", "won", "lost", "slipped", "gone")
        }
        cls.deals["pulled"] = cls._create_opportunity(
            name="pulled", expected_revenue=40, date_deadline="2026-12-31"
        )
        cls.Snapshot._take(FIRST)
        cls._let_a_week_pass()

    @classmethod
    def _let_a_week_pass(cls):
        """Move what happened back, as a test is one moment for the database."""
        cls.env.flush_all()
        for table, column in (
            ("billinator_pipeline_snapshot", "taken_at"),
            ("billinator_opportunity", "date_closed"),
        ):
            cls.env.cr.execute(
                f"UPDATE {table} SET {column} = {column} - interval '7 days'"
            )
        cls.env.invalidate_all()

    def _live_on(self):
        """Do what happens in a week."""
        deals = self.deals
        deals["raised"].expected_revenue = 150.35
        deals["lowered"].expected_revenue = 60
        deals["won"].expected_revenue = 110
        deals["won"].action_set_won()
        deals["lost"].action_set_lost(self.lost_reason.id)
        deals["slipped"].date_deadline = "2026-07-01"
        deals["gone"].unlink()
        deals["pulled"].date_deadline = MAY
        deals["new"] = self._create_opportunity(
            name="new", expected_revenue=5.55, date_deadline=MAY
        )
        deals["quick"] = self._create_opportunity(
            name="quick", expected_revenue=20, date_deadline=MAY
        )
        deals["quick"].action_set_won()

    def _get_amounts(self, *dates, **options):
        bridge = self.Snapshot.get_bridge(*dates, **options)
        return {bar["bar"]: (bar["amount"], bar["count"]) for bar in bridge["bars"]}

    def assertBridge(self, *dates, **options):
        self.assertEqual(
            self._get_amounts(*dates, **options),
            {
                "opening": (700.70, 7),
                "new": (25.55, 2),
                "pulled_in": (40, 1),
                "raised": (60.15, 2),
                "lowered": (-40.10, 1),
                "slipped": (-100.10, 1),
                "won": (-130, 2),
                "lost": (-100.10, 1),
                "removed": (-100.10, 1),
                "closing": (356.00, 5),
            },
        )

    def test_bridge_to_now(self):
        self._live_on()
        self.assertBridge("2026-03-02", **SPRING)

    def test_bridge_between_two_days(self):
        self._live_on()
        self.Snapshot._take(SECOND)
        self._let_a_week_pass()
        self.deals["stays"].expected_revenue = 1
        self.deals["new"].action_set_lost(self.lost_reason.id)
        self.assertBridge("2026-03-02", "2026-03-09", **SPRING)
        self.assertBridge("2026-03-08", "2026-03-15", **SPRING)

    def test_bridge_over_several_snapshots(self):
        self._live_on()
        self.Snapshot._take(SECOND)
        self._let_a_week_pass()
        self.Snapshot._take(SECOND + timedelta(days=7))
        self.assertBridge("2026-03-02", "2026-03-16", **SPRING)

    def test_whole_pipeline_has_no_slips(self):
        self._live_on()
        amounts = self._get_amounts("2026-03-02")
        self.assertEqual(amounts["opening"], (740.70, 8))
        self.assertEqual(amounts["slipped"], (0, 0))
        self.assertEqual(amounts["pulled_in"], (0, 0))

    def test_every_bar_opens_its_deals(self):
        self._live_on()
        arguments = {"date_from": "2026-03-02", **SPRING}
        expected = {
            "opening": {"stays", "raised", "lowered", "won", "lost", "slipped"},
            "new": {"new", "quick"},
            "pulled_in": {"pulled"},
            "raised": {"raised", "won"},
            "lowered": {"lowered"},
            "slipped": {"slipped"},
            "won": {"won", "quick"},
            "lost": {"lost"},
            "removed": set(),
            "closing": {"stays", "raised", "lowered", "pulled", "new"},
        }
        for bar, names in expected.items():
            with self.subTest(bar):
                action = self.Snapshot.action_view_bar(bar, **arguments)
                deals = self.env["billinator.opportunity"].search(action["domain"])
                self.assertEqual(set(deals.mapped("name")), names)

    def _win_before_the_snapshot(self):
        deal = self.deals["won"]
        deal.action_set_won()
        deal.with_user(self.manager).date_closed = "2026-02-20 12:00:00"

    def test_won_before_the_last_snapshot_until_now(self):
        self._win_before_the_snapshot()
        amounts = self._get_amounts("2026-03-02")
        self.assertEqual(amounts["won"], (-100.10, 1))
        self.assertEqual(amounts["removed"], (0, 0))

    def test_won_before_the_last_snapshot_between_two_days(self):
        self._win_before_the_snapshot()
        self.Snapshot._take(SECOND)
        self._let_a_week_pass()
        self.Snapshot._take(SECOND + timedelta(days=7))
        for day in ("2026-03-09", "2026-03-16"):
            amounts = self._get_amounts("2026-03-02", day)
            self.assertEqual(amounts["won"], (-100.10, 1))
            self.assertEqual(amounts["removed"], (0, 0))
        amounts = self._get_amounts("2026-03-09", "2026-03-16")
        self.assertEqual(amounts["won"], (0, 0))

    def test_lost_and_reopened(self):
        self.deals["lost"].action_set_lost(self.lost_reason.id)
        self.Snapshot._take(SECOND)
        self._let_a_week_pass()
        self.deals["lost"].action_reopen()
        self.assertEqual(self._get_amounts("2026-03-02")["lost"], (0, 0))
        self.assertEqual(self._get_amounts("2026-03-09")["new"], (100.10, 1))

    def test_the_last_end_of_several_counts(self):
        deal = self.deals["lost"]
        deal.action_set_lost(self.lost_reason.id)
        self.Snapshot._take(SECOND)
        self._let_a_week_pass()
        deal.action_reopen()
        self.assertFalse(deal.date_closed)
        deal.action_set_won()
        last = SECOND + timedelta(days=7)
        self.Snapshot._take(last)
        amounts = self._get_amounts(FIRST, last)
        self.assertEqual(amounts["won"], (-100.10, 1))
        self.assertEqual(amounts["lost"], (0, 0))

    def test_lost_after_its_closing_was_put_off(self):
        deal = self.deals["lost"]
        deal.date_deadline = "2026-12-31"
        deal.action_set_lost(self.lost_reason.id)
        amounts = self._get_amounts("2026-03-02", **SPRING)
        self.assertEqual(amounts["lost"], (-100.10, 1))
        self.assertEqual((amounts["slipped"], amounts["removed"]), ((0, 0), (0, 0)))

    def test_came_to_another_company(self):
        """It leaves one pipeline for the other, each in its own currency."""
        self.company_b.currency_id = self.env.ref("base.JPY")
        deal = self.deals["stays"]
        deal.write({"company_id": self.company_b.id, "user_id": False})
        companies = (self.company + self.company_b).ids
        Snapshot = self.Snapshot.with_context(allowed_company_ids=companies)
        bars = {bar["bar"]: bar for bar in Snapshot.get_bridge(FIRST)["bars"]}
        self.assertEqual((bars["removed"]["count"], bars["new"]["count"]), (1, 1))
        self.assertAlmostEqual(bars["removed"]["amount"], -100.10)
        total = sum(bar["amount"] for name, bar in bars.items() if name != "closing")
        self.assertAlmostEqual(bars["closing"]["amount"], total, 2)

    def _change_currency(self, rates):
        """Let the company have euros.

        :param dict rates: what one of its currency was worth, by the first day
        """
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        euro.rate_ids = [
            Command.create({"name": day, "rate": rate, "company_id": self.company.id})
            for day, rate in rates.items()
        ]
        self.company.currency_id = euro

    def test_another_currency_of_the_company(self):
        before = self._get_amounts(FIRST)
        self._change_currency({"2000-01-01": 0.5})
        after = self._get_amounts(FIRST)
        self.assertEqual(after["lowered"], before["lowered"])
        self.assertEqual(after["opening"][1], before["opening"][1])
        self.assertAlmostEqual(after["opening"][0], before["opening"][0] / 2, 2)

    def test_another_currency_at_the_rates_of_each_day(self):
        self.Snapshot._take(SECOND)
        self._change_currency({"2000-01-01": 0.5, "2026-03-05": 0.2, "2026-04-01": 0.1})
        rows = self.Snapshot.search([("opportunity_name", "=", "stays")], order="date")
        self.assertEqual(rows.mapped("expected_revenue"), [50.05, 20.02])
        for row in rows:
            self.assertAlmostEqual(
                row.weighted_revenue, row.expected_revenue * row.probability / 100, 2
            )

    def test_same_day_again_replaces(self):
        self.deals["raised"].expected_revenue = 1000
        self.deals["lost"].active = False
        self.Snapshot._take(FIRST)
        rows = self.Snapshot.search([("date", "=", FIRST)])
        self.assertEqual(len(rows), 7)
        raised = rows.filtered(lambda row: row.opportunity_name == "raised")
        self.assertEqual(raised.expected_revenue, 1000)

    def test_an_earlier_day_again(self):
        """As by somebody in whose time zone it is still the day before."""
        self._live_on()
        self.Snapshot._take(SECOND)
        bars = self._get_amounts(FIRST, SECOND)
        self.assertEqual(bars["won"], (-130, 2))
        self.Snapshot._take(SECOND + timedelta(days=1))
        self.Snapshot._take(SECOND)
        self.assertEqual(self._get_amounts(FIRST, SECOND), bars)

    def test_weekly_job(self):
        """It takes what every company has, whoever runs it."""
        self._create_opportunity(company_id=self.company_b.id, user_id=False)
        job = self.env.ref("billinator_crm.ir_cron_take_pipeline_snapshot")
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        # It may be another day already where the test's own user is.
        today = fields.Date.context_today(self.Snapshot.with_user(job.user_id))
        rows = self.Snapshot.search([("date", "=", today)])
        self.assertEqual(rows.company_id, self.company + self.company_b)
        deals = self.env["billinator.opportunity"].search([])
        self.assertEqual(rows.opportunity_id, deals)

    def test_snapshot_is_one_statement(self):
        self.env.flush_all()
        # The day's earlier rows go, then all of today's come.
        with self.assertQueryCount(2):
            self.Snapshot._take(SECOND)

    def test_generated_histories_add_up(self):
        randomness = random.Random(19)
        deals = self.env["billinator.opportunity"].create(
            [
                {
                    "name": f"Deal {number}",
                    "partner_id": self.customer.id,
                    "expected_revenue": randomness.randrange(1, 10**7) / 100,
                    "date_deadline": randomness.choice([MARCH, APRIL, MAY, False]),
                }
                for number in range(60)
            ]
        )
        day = FIRST
        for _week in range(3):
            day += timedelta(days=7)
            self._change_at_random(randomness, deals)
            self.Snapshot._take(day)
            self._let_a_week_pass()
        for start in range(0, 21, 7):
            for end in (*range(start, 22, 7), None):
                self._check_adds_up(FIRST + timedelta(start), end)

    def _change_at_random(self, randomness, deals):
        for deal in deals:
            change = randomness.randrange(6)
            if deal.status != "open":
                if change == 0:
                    deal.action_reopen()
            elif change == 1:
                deal.expected_revenue = randomness.randrange(1, 10**7) / 100
            elif change == 2:
                deal.date_deadline = randomness.choice([MARCH, APRIL, MAY])
            elif change == 3:
                deal.action_set_won()
            elif change == 4:
                deal.action_set_lost(self.lost_reason.id)

    def _check_adds_up(self, start, end):
        date_to = end is not None and str(FIRST + timedelta(end))
        for options in ({}, SPRING, {"closing_to": MARCH}):
            amounts = self._get_amounts(str(start), date_to, **options)
            closing, count = amounts.pop("closing")
            self.assertAlmostEqual(
                sum(amount for amount, _count in amounts.values()), closing, 2
            )
            action = self.Snapshot.action_view_bar(
                "closing", str(start), date_to, **options
            )
            self.assertEqual(len(action["domain"][0][2]), count)
            # What is open, summed up without the bridge.
            rows = self._read_open(date_to, options)
            self.assertAlmostEqual(sum(rows), closing, 2)

    def _read_open(self, date_to, options):
        domain = [("status", "=", "open")]
        if "closing_from" in options:
            domain += [("date_deadline", ">=", options["closing_from"])]
        if "closing_to" in options:
            domain += [("date_deadline", "<=", options["closing_to"])]
        if date_to:
            rows = self.Snapshot.search([*domain, ("date", "=", date_to)])
            return rows.mapped("expected_revenue")
        deals = self.env["billinator.opportunity"].search(domain)
        return deals.mapped("expected_revenue_company")

    def test_rights(self):
        self._live_on()
        self.deals["won"].user_id = self.colleague
        as_salesperson = self.Snapshot.with_user(self.salesperson)
        bars = as_salesperson.get_bridge("2026-03-02", **SPRING)["bars"]
        counts = {bar["bar"]: bar["count"] for bar in bars}
        # Neither the colleague's deal nor the one that is deleted.
        self.assertEqual((counts["opening"], counts["won"]), (5, 0))
        as_colleague = self.Snapshot.with_user(self.colleague)
        bars = as_colleague.get_bridge("2026-03-02", **SPRING)["bars"]
        counts = {bar["bar"]: bar["count"] for bar in bars}
        self.assertEqual((counts["opening"], counts["won"]), (1, 1))
        stranger = self.Snapshot.with_user(self.stranger)
        bars = stranger.get_bridge("2026-03-02")["bars"]
        self.assertFalse(any(bar["count"] or bar["amount"] for bar in bars))
        accountant = self.Snapshot.with_user(self.accountant)
        self.assertRaises(AccessError, accountant.get_bridge, "2026-03-02")
        self.assertRaises(AccessError, accountant.get_dates)
        for user in (self.salesperson, self.senior):
            with self.assertRaises(AccessError):
                self.Snapshot.with_user(user).action_take_snapshot()
        self.Snapshot.with_user(self.manager).action_take_snapshot()

    def test_of_a_new_salesperson(self):
        """Whoever had no deal then begins with nothing, and has won since."""
        newcomer = self._create_user("newcomer", "sale_salesman")
        _open, won = (
            self._create_opportunity(user_id=newcomer.id, expected_revenue=30)
            for _number in range(2)
        )
        won.action_set_won()
        Snapshot = self.Snapshot.with_user(newcomer)
        self.assertEqual(Snapshot.get_dates(), self.Snapshot.get_dates())
        self.assertIn("2026-03-02", Snapshot.get_dates())
        bars = Snapshot.get_bridge("2026-03-08")["bars"]
        self.assertEqual(
            {bar["bar"]: bar["amount"] for bar in bars if bar["count"]},
            {"new": 60, "won": -30, "closing": 30},
        )
        with self.assertRaises(UserError):
            Snapshot.get_bridge("2020-01-01")

    def test_of_a_company_whose_deals_are_gone(self):
        deal = self._create_opportunity(
            company_id=self.company_b.id, user_id=False, expected_revenue=100
        )
        self.Snapshot._take(FIRST)
        self._let_a_week_pass()
        deal.active = False
        self.Snapshot._take(SECOND)
        Snapshot = self.Snapshot.with_user(self.stranger)
        for dates, expected in (
            ((FIRST, SECOND), (100, -100, 0)),
            ((FIRST,), (100, -100, 0)),
            ((SECOND,), (0, 0, 0)),
        ):
            with self.subTest(dates):
                bridge = Snapshot.get_bridge(*dates)
                self.assertEqual(bridge["date_from"], str(dates[0]))
                amounts = {bar["bar"]: bar["amount"] for bar in bridge["bars"]}
                told = tuple(amounts[bar] for bar in ("opening", "removed", "closing"))
                self.assertEqual(told, expected)

    def test_filtered(self):
        self._live_on()
        arguments = {"domain": [("name", "in", ("won", "raised", "quick"))], **SPRING}
        expected = {
            "opening": (200.20, 2),
            "new": (20, 1),
            "raised": (60.15, 2),
            "won": (-130, 2),
            "closing": (150.35, 1),
        }
        for dates in (("2026-03-02",), ("2026-03-02", "2026-03-09")):
            self.Snapshot._take(SECOND)
            amounts = self._get_amounts(*dates, **arguments)
            told = {bar: amount for bar, amount in amounts.items() if amount[1]}
            with self.subTest(dates):
                self.assertEqual(told, expected)
                action = self.Snapshot.action_view_bar("won", *dates, **arguments)
                deals = self.env["billinator.opportunity"].search(action["domain"])
                self.assertEqual(deals, self.deals["won"] + self.deals["quick"])

    def test_filtered_by_what_deals_are_today(self):
        self.deals["raised"].user_id = self.colleague
        for user, count in ((self.colleague, 1), (self.salesperson, 6)):
            amounts = self._get_amounts(FIRST, domain=[("user_id", "=", user.id)])
            self.assertEqual(amounts["opening"][1], count)

    def test_filtered_are_those_that_are_gone_since(self):
        """A bridge of a team begins with all that it had, as one of everything does."""
        team = self.env["crm.team"].create({"name": "Bridge"})
        deals = self.deals
        self.env["billinator.opportunity"].search([]).team_id = team
        other = self._create_opportunity(user_id=False, team_id=False)
        self.Snapshot._take(FIRST)
        self._let_a_week_pass()
        (deals["gone"] + other).unlink()
        deals["stays"].active = False
        deals["won"].write({"company_id": self.company_b.id, "user_id": False})
        Snapshot = self.Snapshot.with_user(self.manager)
        Snapshot = Snapshot.with_context(allowed_company_ids=self.company.ids)
        for dates in ((FIRST,), (FIRST, SECOND)):
            self.Snapshot._take(SECOND)
            for domain in (
                [("team_id", "=", team.id)],
                [("team_id.name", "=", "Bridge"), ("company_id", "!=", False)],
                [
                    ("team_id", "=", team.id),
                    ("date_deadline", ">", MARCH),
                    ("probability", ">=", 0),
                    ("stage_id", "!=", False),
                    ("status", "!=", False),
                    ("user_id", "!=", False),
                ],
            ):
                with self.subTest(dates=dates, domain=domain):
                    bridge = Snapshot.get_bridge(*dates, domain=domain)
                    counts = {bar["bar"]: bar["count"] for bar in bridge["bars"]}
                    self.assertEqual(counts["opening"], 8)
                    self.assertEqual(counts["removed"], 3)
                    self.assertEqual(counts["closing"], 5)
        # What a row does not tell is asked of the deals that there are.
        domain = [("name", "in", ("gone", "stays", "won"))]
        bars = Snapshot.get_bridge(FIRST, domain=domain)["bars"]
        self.assertEqual(bars[0]["count"], 1)

    def test_refused(self):
        for arguments in (
            {"date_from": "2026-03-01"},
            {"date_from": "2026-03-09", "date_to": "2026-03-02"},
            {"date_from": "yesterday"},
            {"date_from": "2026-03-02", "closing_from": [1]},
            {"date_from": None},
        ):
            with self.subTest(arguments), self.assertRaises(UserError):
                self.Snapshot._take(SECOND)
                self.Snapshot.get_bridge(**arguments)
        with self.assertRaises(UserError):
            self.Snapshot.action_view_bar("sideways", "2026-03-02")
