from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import RecurringCase


@tagged("post_install", "-at_install")
class TestRecurringRevenue(RecurringCase):
    def test_monthly(self):
        self.assertMonthly(self.deal, 100, 100, 10)
        self.deal.recurring_plan_id = self.quarterly
        self.assertMonthly(self.deal, 400, 400, 40)
        self.deal.recurring_revenue = 600
        self.assertMonthly(self.deal, 200, 200, 20)

    def test_weighted_by_probability(self):
        self.deal.probability = 33
        self.assertMonthly(self.deal, 100, 100, 33)
        self.deal.stage_id = self.stages["NEGOTIATION"]
        self.assertMonthly(self.deal, 100, 100, 33)

    def test_lost_deals_bring_nothing_weighted(self):
        self.deal.action_set_lost(self.lost_reason.id)
        self.assertMonthly(self.deal, 100, 100, 0)

    def test_past_deals_that_come_closed(self):
        won = self._create_recurring(
            100, self.monthly, stage_id=self.stages["WON"].id, probability=5
        )
        self.assertMonthly(won, 100, 100, 100)

    def test_rounded_to_the_currency(self):
        yen = self.setup_other_currency("JPY", rates=[("2000-01-01", 10)])
        self.deal.write({"recurring_revenue": 100, "currency_id": yen.id})
        self.assertMonthly(self.deal, 8, 0.8, 0.08)
        self.deal.currency_id = self.company.currency_id
        self.assertMonthly(self.deal, 8.33, 8.33, 0.83)

    def test_without_it(self):
        deal = self._create_opportunity(expected_revenue=5)
        self.assertMonthly(deal, 0, 0, 0)
        zero = [("id", "=", deal.id), ("recurring_revenue", "=", 0)]
        self.assertEqual(deal.search(zero), deal)
        self.deal.recurring_revenue = False
        self.assertMonthly(self.deal, 0, 0, 0)

    def test_foreign_currency(self):
        self.deal.currency_id = self.euro
        self.assertMonthly(self.deal, 100, 50, 5)

    def test_open_deals_follow_the_rate(self):
        self.deal.currency_id = self.euro
        self.env.flush_all()
        self.euro.rate_ids.rate = 4
        with self.enter_registry_test_mode():
            self.env.ref(
                "billinator_crm.ir_cron_refresh_company_revenues"
            ).method_direct_trigger()
        self.assertMonthly(self.deal, 100, 25, 2.5)

    def test_closed_deals_keep_the_rate_of_their_day(self):
        self.euro.rate_ids = [
            Command.create({"name": "2030-01-01", "rate": 4}),
            Command.create({"name": "2030-03-01", "rate": 8}),
        ]
        self.deal.currency_id = self.euro
        with self._at("2030-02-01 12:00:00"):
            self.deal.action_set_won()
        with self._at("2030-04-01 12:00:00"):
            self.deal.recurring_revenue = 2400
            self.assertMonthly(self.deal, 200, 50, 50)

    def test_currency_without_cents(self):
        self.deal.recurring_revenue = 100
        self.assertEqual(self.deal.recurring_revenue_monthly, 8.33)
        self.deal.currency_id = self.env.ref("base.JPY")
        self.assertEqual(self.deal.recurring_revenue_monthly, 8)
        self.deal.flush_recordset()
        self.deal.invalidate_recordset()
        self.assertEqual(self.deal.recurring_revenue_monthly, 8)

    def test_copies_bring_the_same(self):
        copy = self.deal.copy()
        self.assertEqual(copy.recurring_plan_id, self.yearly)
        self.assertMonthly(copy, 100, 100, 10)

    def test_changes_are_tracked(self):
        deal = self.deal.with_context(tracking_disable=False, mail_notrack=False)
        self.env.cr.flush()
        deal.write({"recurring_revenue": 50, "recurring_plan_id": self.monthly.id})
        self.env.cr.flush()
        changes = deal.message_ids.sudo().tracking_value_ids
        self.assertEqual(
            set(changes.field_id.mapped("name")),
            {"recurring_revenue", "recurring_plan_id"},
        )

    # === Refused === #

    def assertRefused(self, message, act):
        """Assert that the database refuses what is done, and says so."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation) as refusal,
            self.env.cr.savepoint(),
        ):
            act()
            self.env.flush_all()
        self.assertIn(message, self.deal._sql_error_to_message(refusal.exception))

    def test_needs_a_plan(self):
        message = "choose a recurring plan"
        nothing = self.monthly.browse()
        self.assertRefused(message, lambda: self._create_recurring(10, nothing))
        self.assertRefused(
            message, lambda: self.deal.write({"recurring_plan_id": False})
        )
        # What is not known yet may still be said to come every month.
        self.assertMonthly(self._create_recurring(0, self.monthly), 0, 0, 0)

    def test_is_not_negative(self):
        self.assertRefused(
            "cannot be negative", lambda: self.deal.write({"recurring_revenue": -1})
        )

    def test_is_a_number(self):
        for value in (float("nan"), float("inf"), 1e16):
            with self.assertRaisesRegex(ValidationError, "Recurring Revenue"):
                self.deal.recurring_revenue = value

    def test_monthly_is_not_to_be_set(self):
        for name in (
            "recurring_revenue_monthly",
            "recurring_revenue_monthly_company",
            "recurring_revenue_monthly_weighted",
        ):
            with self.assertRaisesRegex(UserError, "computed and cannot be set"):
                self.deal.write({name: 1})

    # === Ways in === #

    def test_form(self):
        form = Form(self.deal.with_user(self.salesperson))
        form.recurring_revenue = 2400
        self.assertEqual(form.recurring_revenue_monthly, 200)
        form.recurring_plan_id = self.monthly.browse()
        with self.assertRaisesRegex(AssertionError, "recurring_plan_id is a required"):
            form.save()
        form.recurring_plan_id = self.quarterly
        self.assertEqual(form.recurring_revenue_monthly, 800)
        form.save()
        self.assertMonthly(self.deal, 800, 800, 80)

    def test_quick_create(self):
        form = Form(
            self.env["billinator.opportunity"].with_user(self.salesperson),
            "billinator_crm.billinator_opportunity_view_form_quick_create",
        )
        form.name = "Quick"
        form.partner_id = self.customer
        form.recurring_revenue = 30
        form.recurring_plan_id = self.quarterly
        self.assertMonthly(form.save(), 10, 10, 1)

    def test_import(self):
        columns = ["name", "partner_name", "recurring_revenue", "recurring_plan_id"]
        result = (
            self.env["billinator.opportunity"]
            .with_user(self.salesperson)
            .load(columns, [["One", "Ada", "120", "Yearly"], ["Two", "Ada", "", ""]])
        )
        one, two = self.deal.browse(result["ids"])
        self.assertMonthly(one, 10, 10, 1)
        self.assertMonthly(two, 0, 0, 0)
        with mute_logger("odoo.sql_db"):
            result = self.deal.load(columns, [["Three", "Ada", "120", ""]])
        self.assertIn("choose a recurring plan", result["messages"][0]["message"])

    def test_gate(self):
        field = self.env["ir.model.fields"]._get(self.deal._name, "recurring_revenue")
        self.stages["PROPOSAL"].required_field_ids = field
        other = self._create_opportunity(expected_revenue=5)
        with self.assertRaisesRegex(ValidationError, "needs Recurring Revenue"):
            other.stage_id = self.stages["PROPOSAL"]
        self.deal.stage_id = self.stages["PROPOSAL"]
        self.assertMonthly(self.deal, 100, 100, 50)


@tagged("post_install", "-at_install")
class TestMerge(RecurringCase):
    def _merge(self, *others, **values):
        target = self._create_opportunity(name="Kept", **values)
        target.merge_opportunities([other.id for other in others])
        return target

    def test_comes_along_with_its_plan_and_currency(self):
        self.deal.currency_id = self.euro
        target = self._merge(self.deal, recurring_plan_id=self.monthly.id)
        self.assertEqual(target.recurring_plan_id, self.yearly)
        self.assertEqual(target.currency_id, self.euro)
        self.assertMonthly(target, 100, 50, 5)

    def test_is_converted_where_the_deal_has_a_currency(self):
        self.deal.currency_id = self.euro
        target = self._merge(self.deal, expected_revenue=10)
        self.assertEqual(target.currency_id, self.company.currency_id)
        self.assertEqual(target.recurring_revenue, 600)
        self.assertMonthly(target, 50, 50, 5)

    def test_is_converted_where_another_currency_comes(self):
        other = self._create_opportunity(expected_revenue=900, currency_id=self.euro.id)
        target = self._merge(
            other, recurring_revenue=60, recurring_plan_id=self.monthly.id
        )
        self.assertEqual(target.expected_revenue, 900)
        self.assertEqual(target.currency_id, self.euro)
        self.assertMonthly(target, 120, 60, 6)

    def test_own_stays(self):
        target = self._merge(
            self.deal, recurring_revenue=60, recurring_plan_id=self.monthly.id
        )
        self.assertEqual(target.recurring_plan_id, self.monthly)
        self.assertMonthly(target, 60, 60, 6)

    def test_first_of_several(self):
        only_plan = self._create_recurring(0, self.quarterly)
        later = self._create_recurring(5, self.monthly)
        target = self._merge(only_plan, self.deal, later)
        self.assertEqual(target.recurring_plan_id, self.yearly)
        self.assertMonthly(target, 100, 100, 10)

    def test_plan_alone(self):
        target = self._merge(self._create_recurring(0, self.quarterly))
        self.assertEqual(target.recurring_plan_id, self.quarterly)

    def test_without_it(self):
        other = self._create_opportunity(expected_revenue=900, currency_id=self.euro.id)
        target = self._merge(other)
        self.assertEqual(target.currency_id, self.euro)
        self.assertFalse(target.recurring_plan_id)
