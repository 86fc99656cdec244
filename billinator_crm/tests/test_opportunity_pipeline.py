from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from ..models.billinator_opportunity_pipeline import AGGREGATES
from .test_opportunity_summary import SummaryCase


@tagged("post_install", "-at_install")
class TestOpportunityPipeline(SummaryCase):
    """What the pipeline shows is what counting its deals gives."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_b.currency_id = cls.euro
        cls.manager.company_ids += cls.company_b
        cls.foreign = cls._create_opportunity(
            company_id=cls.company_b.id, user_id=cls.stranger.id, expected_revenue=70
        )
        today = fields.Date.today()
        cls.env["mail.activity"].create(
            [
                {
                    "res_model_id": cls.env["ir.model"]._get_id(cls.deals._name),
                    "res_id": deal.id,
                    "date_deadline": today + timedelta(days=days),
                    "user_id": deal.user_id.id,
                }
                for deal, days in zip(cls.deals, (-1, 0, 3, -2, 1), strict=False)
            ]
        )

    def _get_deals(self):
        return self.deals.with_user(self.manager).with_context(
            allowed_company_ids=(self.company + self.company_b).ids
        )

    def _read_columns(self, domain, **options):
        groups = self._get_deals()._read_group(
            domain, ["stage_id"], sorted(AGGREGATES), **options
        )
        return [
            [round(value, 2) if isinstance(value, float) else value for value in group]
            for group in groups
        ]

    def assertColumnsCounted(self, domain):
        """Compare what is asked for like the pipeline does with what is counted."""
        added = self._read_columns(domain, order="stage_id")
        self.assertEqual(added, self._read_columns(domain))
        self.assertTrue(added)

    def test_columns(self):
        for domain in (
            [],
            [("user_id", "=", self.salesperson.id)],
            [("status", "=", "open")],
            [("active", "in", (True, False))],
            [("company_id", "=", self.company_b.id)],
            [("name", "ilike", "a")],
        ):
            with self.subTest(domain=domain):
                self.assertColumnsCounted(domain)

    def test_columns_do_not_read_the_deals(self):
        self.env.cr.execute("DELETE FROM billinator_opportunity_summary")
        self.assertEqual(self._read_columns([], order="stage_id"), [])
        self.assertTrue(self._read_columns([]))

    def test_columns_by_rates_that_are_shared(self):
        # Where companies share their rates, the current one's currency has one, too.
        self.company.currency_id.rate_ids = [
            Command.create(
                {"name": fields.Date.today(), "rate": 2, "company_id": False}
            )
        ]
        deals = self._get_deals()
        columns = deals._read_group(
            [],
            ["stage_id"],
            ["expected_revenue_company:sum_currency"],
            order="stage_id",
        )
        overall = deals.get_pipeline_statistics([])["overall"]
        self.assertAlmostEqual(
            sum(amount for _stage, amount in columns), overall["value"], 2
        )
        # And where the deals themselves are read.
        for groupby in ("stage_id", "user_id", "date_deadline:month"):
            with self.subTest(groupby=groupby):
                groups = deals._read_group(
                    [("name", "!=", "")],
                    [groupby],
                    ["expected_revenue_company:sum_currency"],
                )
                self.assertAlmostEqual(
                    sum(amount for _key, amount in groups), overall["value"], 2
                )

    def test_sums_by_rates_that_are_entered_ahead(self):
        currency = self.company.currency_id
        currency.rate_ids = [
            Command.create(
                {"name": fields.Date.today() + timedelta(days=days), "rate": rate}
            )
            for days, rate in ((-1, 4), (0, 2), (1, 3), (2, 5))
        ]
        deals = self.deals.filtered("expected_revenue_company")
        self.assertEqual(deals.company_currency_id, currency)
        ((amount, total),) = deals._read_group(
            [("id", "in", deals.ids)],
            [],
            [f"expected_revenue_company:{kind}" for kind in ("sum", "sum_currency")],
        )
        self.assertTrue(amount)
        self.assertAlmostEqual(total, amount, 2)
        # In another currency, which has a rate of the day after tomorrow only.
        self.euro.rate_ids = [
            Command.clear(),
            Command.create(
                {"name": fields.Date.today() + timedelta(days=2), "rate": 8}
            ),
        ]
        ((amount, total),) = self._get_deals()._read_group(
            [("id", "=", self.foreign.id)],
            [],
            [f"expected_revenue_company:{kind}" for kind in ("sum", "sum_currency")],
        )
        self.assertEqual(amount, 70)
        self.assertAlmostEqual(total, 70 * 2 / 8, 2)

    def test_progress_bar(self):
        deals = self._get_deals()
        bar = {
            "field": "activity_state",
            "colors": {"planned": "success", "today": "warning", "overdue": "danger"},
        }
        expected = {}
        groups = deals._read_group([], ["stage_id", "activity_state"], ["__count"])
        for stage, state, count in groups:
            if state:
                counts = expected.setdefault(
                    str(stage.id), dict.fromkeys(bar["colors"], 0)
                )
                counts[state] += count
        self.assertEqual(deals.read_progress_bar([], "stage_id", bar), expected)
        self.assertEqual(self._count(expected), 5)
        mine = deals.read_progress_bar(
            [("user_id", "=", self.colleague.id)], "stage_id", bar
        )
        self.assertEqual(self._count(mine), 2)
        # Those that Odoo counts
        self.assertEqual(
            deals.read_progress_bar([], "priority", bar),
            {"0": {"planned": 2, "today": 1, "overdue": 2}},
        )

    def _count(self, columns):
        return sum(sum(counts.values()) for counts in columns.values())
