from odoo.tests import tagged

from odoo.addons.billinator_crm.models.billinator_opportunity_pipeline import AGGREGATES

from .common import RecurringCase

SUMS = ("recurring_revenue_monthly", "recurring_revenue_monthly_weighted")


@tagged("post_install", "-at_install")
class TestPipeline(RecurringCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_b.currency_id = cls.euro
        cls.manager.company_ids += cls.company_b
        own = {"user_id": cls.salesperson.id}
        cls.deals = (
            cls.deal
            + cls._create_recurring(
                50, cls.monthly, stage_id=cls.stages["PROPOSAL"].id, **own
            )
            + cls._create_recurring(70, cls.monthly, user_id=cls.colleague.id)
            + cls._create_recurring(
                40, cls.monthly, currency_id=cls.euro.id, active=False, **own
            )
            + cls._create_recurring(
                80, cls.monthly, company_id=cls.company_b.id, user_id=cls.stranger.id
            )
            + cls._create_opportunity(
                expected_revenue=9, stage_id=cls.stages["QUALIFIED"].id, **own
            )
        )

    def _get_deals(self, user=None):
        return self.deals.with_user(user or self.manager).with_context(
            allowed_company_ids=(self.company + self.company_b).ids
            if not user
            else self.company.ids
        )

    # === Statistics === #

    def _get_statistics(self, user=None):
        """Return the sums of each stage by its code, and of all, without a name."""
        statistics = self._get_deals(user).get_pipeline_statistics(
            [("id", "in", self.deals.ids)]
        )
        return {
            row.get("code"): tuple(round(row[name], 2) for name in SUMS)
            for row in (*statistics["stages"], statistics["overall"])
        }

    def test_statistics(self):
        self.assertEqual(
            self._get_statistics(),
            {
                # 80 euro are 40 in the currency of the first company.
                "LEAD": (100 + 70 + 40, 21),
                "QUALIFIED": (0, 0),
                "PROPOSAL": (50, 25),
                None: (260, 46),
            },
        )

    def test_statistics_of_own_deals(self):
        self.assertEqual(
            self._get_statistics(self.salesperson),
            {
                "LEAD": (100, 10),
                "QUALIFIED": (0, 0),
                "PROPOSAL": (50, 25),
                None: (150, 35),
            },
        )

    def test_statistics_of_nothing(self):
        statistics = self.deals.get_pipeline_statistics([("id", "=", 0)])
        self.assertEqual([statistics["overall"][name] for name in SUMS], [0, 0])

    # === Columns === #

    def _read_columns(self, domain, user=None, **options):
        name = "recurring_revenue_monthly_company"
        aggregates = [f"{name}:sum", *sorted(AGGREGATES), f"{name}:sum_currency"]
        groups = self._get_deals(user)._read_group(
            domain, ["stage_id"], aggregates, **options
        )
        return [
            [round(value, 2) if isinstance(value, float) else value for value in group]
            for group in groups
        ]

    def test_columns(self):
        for user in (None, self.salesperson, self.senior):
            for domain in (
                [],
                [("user_id", "=", self.salesperson.id)],
                [("active", "in", (True, False))],
                [("name", "ilike", "a")],
                [("id", "in", self.deals.ids)],
            ):
                with self.subTest(user=user, domain=domain):
                    columns = self._read_columns(domain, user, order="stage_id")
                    self.assertEqual(columns, self._read_columns(domain, user))
                    self.assertTrue(columns)

    def test_all_else_comes_from_what_is_added_up(self):
        self.env.cr.execute("DELETE FROM billinator_opportunity_summary")
        self.assertEqual(self._read_columns([], order="stage_id"), [])
        self.assertTrue(self._read_columns([]))

    def test_columns_in_part(self):
        for options in ({"limit": 1}, {"offset": 1}, {"having": [("__count", ">", 1)]}):
            expected = self._read_columns([], **options)
            self.assertEqual(
                self._read_columns([], order="stage_id", **options), expected
            )

    def test_no_sum_of_several_periods(self):
        name = "recurring_revenue"
        self.assertNotIn("aggregator", self.deals.fields_get([name])[name])
