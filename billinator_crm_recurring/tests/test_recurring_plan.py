from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RecurringCase


@tagged("post_install", "-at_install")
class TestRecurringPlan(RecurringCase):
    def test_shipped(self):
        plans = self.env["billinator.recurring.plan"].with_user(self.salesperson)
        self.assertEqual(
            plans.search([]).mapped("number_of_months"), [1, 3, 12, 36, 60]
        )

    def test_lasts_for_a_month_at_least(self):
        for months in (0, -1):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.monthly.number_of_months = months
                self.env.flush_all()

    def test_open_deals_follow(self):
        self.yearly.with_user(self.manager).number_of_months = 24
        self.assertMonthly(self.deal, 50, 50, 5)

    def test_closed_deals_keep_what_they_were_worth(self):
        self.deal.action_set_won()
        self.deal.active = False
        yearly = self.yearly.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "“Yearly” were won or lost"):
            yearly.number_of_months = 24
        yearly.write({"number_of_months": 12, "name": "Each Year"})
        self.assertMonthly(self.deal, 100, 100, 100)
        self.quarterly.with_user(self.manager).number_of_months = 4

    def test_used_ones_stay(self):
        self.deal.active = False
        plans = self.env["billinator.recurring.plan"]
        unused = plans.create({"name": "Every half-year", "number_of_months": 6})
        with self.assertRaisesRegex(UserError, "with the plan “Yearly”: archive it"):
            (unused + self.yearly).with_user(self.manager).unlink()
        unused.with_user(self.manager).unlink()
        self.yearly.with_user(self.manager).active = False
        self.assertMonthly(self.deal, 100, 100, 10)
