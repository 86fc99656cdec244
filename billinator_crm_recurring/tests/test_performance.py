from odoo.tests import tagged

from .common import RecurringCase

FEW, MANY = 1, 50


@tagged("post_install", "-at_install")
class TestQueryCounts(RecurringCase):
    def _create(self, count, **values):
        """Create deals of which the core converts an amount as well."""
        return self.env["billinator.opportunity"].create(
            [
                {
                    "name": f"Deal {number} of {count}",
                    "partner_id": self.customer.id,
                    "currency_id": self.euro.id,
                    "expected_revenue": 10,
                    **values,
                }
                for number in range(count)
            ]
        )

    def _count(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_new_deals_read_their_plan(self):
        recurring = {"recurring_revenue": 12, "recurring_plan_id": self.yearly.id}
        self._create(FEW, **recurring)
        for count in (FEW, MANY):
            with_it = self._count(lambda count=count: self._create(count, **recurring))
            without = self._count(lambda count=count: self._create(count))
            self.assertEqual(with_it, without + 1)

    def test_many_change_with_as_many_as_one(self):
        recurring = {"recurring_revenue": 12, "recurring_plan_id": self.yearly.id}

        def change(count):
            deals = self._create(count, **recurring)
            return self._count(lambda: deals.write({"recurring_revenue": 24}))

        _first, few, many = map(change, (FEW, FEW, MANY))
        self.assertEqual(few, many)

    def test_statistics_take_one_more(self):
        deals = self.env["billinator.opportunity"].with_user(self.manager)
        self._create_recurring(12, self.yearly, stage_id=self.stages["PROPOSAL"].id)

        def count():
            return self._count(deals.get_pipeline_statistics)

        count()
        with_it = count()
        self.patch(type(deals), "_sum_up_recurring", lambda self, domain: {})
        self.assertEqual(with_it, count() + 1)
