import random
from collections import defaultdict
from datetime import timedelta

from odoo.fields import Command, Domain
from odoo.tests import tagged

from .common import BillinatorInvoicingCommon
from .test_opportunity import OpportunityCase

# Units of each currency for one of the main company's, which is the dollar.
RATES = {"USD": 1.0, "EUR": 0.8, "JPY": 150.0}


@tagged("post_install", "-at_install")
class TestPipelineStatistics(OpportunityCase, BillinatorInvoicingCommon):
    """The statistics agree with a plain computation over generated deals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["billinator.opportunity"].search([]).active = False
        cls.currencies = {
            code: cls.setup_other_currency(code, rates=[]) for code in ("EUR", "JPY")
        } | {"USD": cls.company.currency_id}
        cls.company_b.currency_id = cls.currencies["EUR"]
        cls._set_rates(cls.company, "USD")
        cls._set_rates(cls.company_b, "EUR")
        cls.manager.company_ids += cls.company_b
        cls.now = cls.env.cr.now()
        cls.deals = list(cls._generate_deals(random.Random(19), 120))
        for deal in cls.deals:
            deal["record"] = cls._create_deal(deal)
        cls.env.flush_all()

    @classmethod
    def _set_rates(cls, company, base):
        for code, currency in cls.currencies.items():
            rate = {
                "name": "2000-01-01",
                "rate": RATES[code] / RATES[base],
                "company_id": company.id,
            }
            currency.rate_ids = [Command.create(rate)]

    @classmethod
    def _generate_deals(cls, rng, count):
        for _number in range(count):
            company = rng.choice([cls.company, cls.company, cls.company_b])
            users = [cls.stranger, cls.manager]
            if company == cls.company:
                users = [cls.salesperson, cls.colleague, cls.senior]
            stage = rng.choice(list(cls.stages.values()))
            created = cls.now - timedelta(seconds=rng.randrange(90 * 86400))
            yield {
                "company": company,
                "user": rng.choice([*users, cls.env["res.users"]]),
                "stage": stage,
                "currency": rng.choice(sorted(RATES)),
                "value": rng.choice([0, 99.99, 1234.56, rng.randrange(10**6)]),
                "probability": rng.choice([stage.probability, rng.randrange(101)])
                if stage.status == "open"
                else stage.probability,
                "created": created,
                "closed": stage.status != "open"
                # Past deals were closed before they were created.
                and created + (cls.now - created) * rng.uniform(-0.2, 1),
            }

    @classmethod
    def _create_deal(cls, deal):
        record = cls._create_opportunity(
            company_id=deal["company"].id,
            user_id=deal["user"].id,
            stage_id=deal["stage"].id,
            currency_id=cls.currencies[deal["currency"]].id,
            expected_revenue=deal["value"],
            probability=deal["probability"],
            lost_reason_id=deal["stage"].status == "lost" and cls.lost_reason.id,
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE billinator_opportunity SET create_date = %s, date_closed = %s"
            " WHERE id = %s",
            [deal["created"], deal["closed"] or None, record.id],
        )
        record.invalidate_recordset()
        return record

    # The plain computation

    def _value(self, deal, code, weight=1.0):
        """Return a deal's value as its company keeps it, in currency ``code``."""
        base = deal["company"].currency_id
        value = deal["value"] * RATES[base.name] / RATES[deal["currency"]]
        value = base.round(base.round(value) * weight)
        return value * RATES[code] / RATES[base.name]

    def _summarize(self, deals, code):
        ages = [(self.now - deal["created"]).total_seconds() for deal in deals]
        return {
            "count": len(deals),
            "value": sum(self._value(deal, code) for deal in deals),
            "weighted_value": sum(
                self._value(deal, code, deal["probability"] / 100) for deal in deals
            ),
            "average_age_days": sum(ages) / len(ages) / 86400 if ages else False,
        }

    def _compute_expected(self, deals, code):
        by_stage = defaultdict(list)
        for deal in deals:
            by_stage[deal["stage"]].append(deal)
        won = [deal for deal in deals if deal["stage"].status == "won"]
        lost = [deal for deal in deals if deal["stage"].status == "lost"]
        cycles = [
            (deal["closed"] - deal["created"]).total_seconds()
            for deal in won
            if deal["closed"] >= deal["created"]
        ]
        return {
            "currency": code,
            "stages": {
                stage.code: self._summarize(deals, code)
                for stage, deals in by_stage.items()
            },
            "overall": self._summarize(deals, code),
            "win_rate": 100 * len(won) / len(won + lost),
            "average_deal": sum(self._value(deal, code) for deal in won) / len(won),
            "cycle_time_days": bool(cycles) and sum(cycles) / len(cycles) / 86400,
        }

    # The comparison

    def assertSummary(self, actual, expected, rounding):
        self.assertEqual(actual["count"], expected["count"])
        for name in ("value", "weighted_value"):
            self.assertAlmostEqual(actual[name], expected[name], delta=rounding)
        self.assertAlmostEqual(
            actual["average_age_days"], expected["average_age_days"], places=6
        )

    def assertStatistics(self, user, companies, deals, domain=None):
        company = companies[0]
        statistics = (
            self.env["billinator.opportunity"]
            .with_user(user)
            .with_context(allowed_company_ids=companies.ids)
            .get_pipeline_statistics(domain)
        )
        self.assertTrue(deals)
        code = company.currency_id.name
        expected = self._compute_expected(deals, code)
        # Each stage of each company is rounded once more by being converted.
        rounding = company.currency_id.rounding * 12
        self.assertEqual(statistics["currency"], code)
        stages = {stage["code"]: stage for stage in statistics["stages"]}
        self.assertEqual(set(stages), set(expected["stages"]))
        self.assertEqual(
            list(stages), [code for code in self.stages if code in stages], "order"
        )
        for name, summary in expected["stages"].items():
            self.assertSummary(stages[name], summary, rounding)
        self.assertSummary(statistics["overall"], expected["overall"], rounding)
        self.assertAlmostEqual(statistics["win_rate"], expected["win_rate"])
        self.assertAlmostEqual(
            statistics["average_deal"], expected["average_deal"], delta=rounding
        )
        self.assertAlmostEqual(
            statistics["cycle_time_days"], expected["cycle_time_days"], places=6
        )

    def _select(self, *companies, users=None):
        return [
            deal
            for deal in self.deals
            if deal["company"] in companies
            and (users is None or not deal["user"] or deal["user"] in users)
        ]

    def test_own_documents(self):
        for user in (self.salesperson, self.colleague):
            self.assertStatistics(
                user, self.company, self._select(self.company, users=user)
            )

    def test_all_documents(self):
        self.assertStatistics(self.senior, self.company, self._select(self.company))

    def test_other_company(self):
        self.assertStatistics(
            self.stranger, self.company_b, self._select(self.company_b)
        )

    def test_several_companies(self):
        for companies in (
            self.company + self.company_b,
            self.company_b + self.company,
        ):
            self.assertStatistics(self.manager, companies, self._select(*companies))

    def test_rates_are_those_of_the_reading_company(self):
        rates = self.env["res.currency.rate"]
        rates.search([("company_id", "=", self.company_b.id)]).unlink()
        companies = self.company + self.company_b
        self.assertStatistics(self.manager, companies, self._select(*companies))

    def test_domain(self):
        deals = [
            deal
            for deal in self._select(self.company, self.company_b)
            if deal["currency"] == "JPY" and deal["value"] > 1000
        ]
        domain = [("currency_id.name", "=", "JPY"), ("expected_revenue", ">", 1000)]
        companies = self.company + self.company_b
        self.assertStatistics(self.manager, companies, deals, domain)
        self.assertStatistics(self.manager, companies, deals, Domain(domain))

    def test_nothing(self):
        statistics = self.env["billinator.opportunity"].get_pipeline_statistics(
            [("name", "=", "There is none")]
        )
        self.assertEqual(statistics["stages"], [])
        self.assertEqual(statistics["overall"]["count"], 0)
        self.assertIs(statistics["overall"]["average_age_days"], False)
        for name in ("win_rate", "average_deal", "cycle_time_days"):
            self.assertIs(statistics[name], False, name)

    def test_unsaved_changes_count(self):
        deal = self._create_opportunity(name="Only this", expected_revenue=10)
        deal.expected_revenue = 20
        statistics = self.env["billinator.opportunity"].get_pipeline_statistics(
            [("name", "=", "Only this")]
        )
        self.assertEqual(statistics["overall"]["value"], 20)
