from datetime import date, datetime

from odoo import fields
from odoo.tests import Form, freeze_time, tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestForecast(BillinatorCommon):
    """Categories, months, and what is told of a period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deals = cls.env["billinator.opportunity"].create(
            [
                {
                    "name": f"Deal {number}",
                    "partner_id": cls.customer.id,
                    "user_id": (cls.salesperson if number % 2 else cls.senior).id,
                    "expected_revenue": 100 + number,
                    "date_deadline": f"2030-0{1 + number % 3}-15",
                    "stage_id": cls.stages["PROPOSAL" if number % 5 else "LEAD"].id,
                    "forecast_category": "commit" if number % 7 else "pipeline",
                }
                for number in range(120)
            ]
        )
        cls.won = cls._create_opportunity(expected_revenue=5000)
        cls.won.action_set_won()
        cls.won.date_closed = datetime(2030, 2, 3)
        cls.domain = [("id", "in", (cls.deals + cls.won).ids)]

    # Categories

    def test_follows_the_stage(self):
        deal = self._create_opportunity()
        for stage, category in (
            ("LEAD", "pipeline"),
            ("PROPOSAL", "best_case"),
            ("NEGOTIATION", "commit"),
        ):
            deal.stage_id = self.stages[stage]
            self.assertEqual(deal.forecast_category, category)
            self.assertFalse(deal.is_forecast_category_manual)

    def test_by_hand_stays(self):
        deal = self._create_opportunity(forecast_category="commit")
        self.assertTrue(deal.is_forecast_category_manual)
        deal.stage_id = self.stages["PROPOSAL"]
        self.assertEqual(deal.forecast_category, "commit")
        deal.forecast_category = "best_case"
        self.assertFalse(deal.is_forecast_category_manual)
        deal.stage_id = self.stages["LEAD"]
        self.assertEqual(deal.forecast_category, "pipeline")

    def test_closing_forgets_the_hand(self):
        deal = self._create_opportunity(forecast_category="best_case")
        deal.action_set_won()
        self.assertEqual(deal.forecast_category, "commit")
        self.assertFalse(deal.is_forecast_category_manual)

    def test_in_the_form(self):
        with Form(self._create_opportunity()) as form:
            form.forecast_category = "best_case"
            form.stage_id = self.stages["NEGOTIATION"]
            self.assertEqual(form.forecast_category, "best_case")
        self.assertEqual(form.record.forecast_category, "best_case")

    def test_blank_is_the_stage_s(self):
        deal = self._create_opportunity(forecast_category=False)
        self.assertEqual(deal.forecast_category, "pipeline")
        deal.forecast_category = "commit"
        deal.write({"forecast_category": False})
        self.assertEqual(deal.forecast_category, "pipeline")
        self.assertFalse(deal.is_forecast_category_manual)

    def test_committed_revenue(self):
        deal = self._create_opportunity(expected_revenue=100)
        self.assertEqual(deal.committed_revenue, 0)
        deal.forecast_category = "commit"
        self.assertEqual(deal.committed_revenue, 100)
        deal.expected_revenue = 200
        self.assertEqual(deal.committed_revenue, 200)
        deal.action_set_won()
        self.assertEqual(deal.committed_revenue, 0)

    # Months

    def _move(self, day, month):
        deal = self._create_opportunity(date_deadline=day)
        deal.action_move_to_month(month)
        return deal.date_deadline

    @freeze_time("2026-11-22 12:00:00")
    def test_day_of_the_month(self):
        for day, month, moved in (
            ("2026-12-10", "2027-02-01", date(2027, 2, 10)),
            ("2026-12-31", "2027-02-01", date(2027, 2, 28)),
            (False, "2027-04-01", date(2027, 4, 30)),
            ("2026-12-10", date(2027, 1, 5), date(2027, 1, 10)),
            ("2026-12-10", False, False),
            # No day that has passed, where there is another.
            ("2026-12-10", "2026-11-01", date(2026, 11, 22)),
            ("2026-12-28", "2026-11-01", date(2026, 11, 28)),
            ("2026-12-10", "2026-10-01", date(2026, 10, 10)),
        ):
            with self.subTest(day=day, month=month):
                self.assertEqual(self._move(day, month), moved)

    def test_several(self):
        deals = self._create_opportunity(date_deadline="2030-01-05")
        deals += self._create_opportunity(date_deadline="2030-01-31")
        deals.action_move_to_month("2030-02-01")
        self.assertEqual(
            deals.mapped("date_deadline"), [date(2030, 2, 5), date(2030, 2, 28)]
        )

    # Periods

    def _get_forecast(self, user=None, **period):
        opportunities = self.env["billinator.opportunity"].with_user(
            user or self.manager
        )
        period = {"date_from": "2030-01-01", "date_to": "2030-03-31", **period}
        return opportunities.get_forecast(self.domain, **period)

    def assertSums(self, figures, deals, won=0):
        currency = self.company.currency_id
        expected = sum(
            deal.expected_revenue_company * deal.history_probability / 100
            for deal in deals
        )
        self.assertEqual(figures["count"], len(deals))
        for name, amount in (
            ("value", sum(deals.mapped("expected_revenue_company"))),
            ("weighted", sum(deals.mapped("weighted_revenue"))),
            ("committed", sum(deals.mapped("committed_revenue"))),
            ("won", won),
            ("expected", won + expected),
        ):
            self.assertEqual(currency.compare_amounts(figures[name], amount), 0, name)
        self.assertLess(won, figures["low"])
        self.assertLess(figures["low"], figures["expected"])
        self.assertLess(figures["expected"], figures["high"])
        self.assertLess(figures["high"], won + figures["value"])

    def test_an_unknown_time_zone_is_utc(self):
        deals = self.env["billinator.opportunity"]
        forecast, expected = (
            deals.with_context(tz=zone).get_forecast(self.domain)
            for zone in ("Mars/Olympus", "UTC")
        )
        self.assertEqual(forecast, expected)

    def test_sums(self):
        forecast = self._get_forecast()
        self.assertEqual(forecast["currency"], self.company.currency_id.name)
        self.assertSums(forecast, self.deals, won=5000)
        self.assertEqual(len(forecast["months"]), 3)
        for number, figures in enumerate(forecast["months"], 1):
            day = date(2030, number, 15)
            self.assertEqual(figures["month"], f"2030-0{number}-01")
            self.assertSums(
                figures,
                self.deals.filtered(lambda deal, day=day: deal.date_deadline == day),
                won=5000 if number == 2 else 0,
            )

    def test_period(self):
        forecast = self._get_forecast(date_from="2030-02-15", date_to="2030-02-15")
        february = self.deals.filtered(lambda deal: deal.date_deadline.month == 2)
        self.assertSums(forecast, february)

    def test_rights(self):
        own = self.deals.filtered(lambda deal: deal.user_id == self.salesperson)
        self.assertSums(self._get_forecast(self.salesperson), own)

    def test_same_pipeline_same_forecast(self):
        self.assertEqual(self._get_forecast(), self._get_forecast())

    def test_sample_widens_the_range(self):
        """The less is known of the chances, the wider is the range."""
        ranges = []
        for sample_size in (0, 1000):
            self.deals.sudo().history_sample_size = sample_size
            forecast = self._get_forecast()
            ranges.append(forecast["high"] - forecast["low"])
        self.assertGreater(ranges[0], 1.5 * ranges[1])

    def test_nothing_expected(self):
        forecast = self._get_forecast(date_from="2031-01-01", date_to="2031-12-31")
        self.assertEqual(forecast["months"], [])
        for name in ("count", "value", "expected", "low", "high"):
            self.assertEqual(forecast[name], 0)

    def test_currencies(self):
        """Another company's deals count at today's rate."""
        currency = self.env["res.currency"].create({"name": "XTF", "symbol": "F"})
        company = self.env["res.company"].create(
            {"name": "Foreign", "currency_id": currency.id}
        )
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": 4,
            }
        )
        self.manager.company_ids += company
        deal = self._create_opportunity(
            company_id=company.id,
            user_id=False,
            expected_revenue=1000,
            date_deadline="2030-01-10",
        )
        forecast = (
            deal.with_user(self.manager)
            .with_context(allowed_company_ids=[self.company.id, company.id])
            .get_forecast([("id", "=", deal.id)], "2030-01-01", "2030-01-31")
        )
        self.assertEqual(forecast["value"], 250)
        self.assertEqual(forecast["weighted"], 25)

    def test_won_month_is_the_users(self):
        """Also for a caller whose context says nothing of a time zone."""
        self.manager.tz = "Europe/Brussels"
        self.won.date_closed = datetime(2030, 1, 31, 23, 30)
        forecast = (
            self.won.with_user(self.manager)
            .with_context(tz=False)
            .get_forecast([("id", "=", self.won.id)], "2030-02-01", "2030-02-28")
        )
        self.assertEqual([row["month"] for row in forecast["months"]], ["2030-02-01"])

    def test_default_period_is_a_year(self):
        forecast = self.env["billinator.opportunity"].get_forecast([])
        today = fields.Date.context_today(self.env.user)
        self.assertEqual(forecast["date_from"], str(today.replace(day=1)))
        last = fields.Date.to_date(forecast["date_to"])
        self.assertEqual((last.year - today.year) * 12 + last.month - today.month, 11)
