from psycopg2.errors import CheckViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MarginCase


@tagged("post_install", "-at_install")
class TestApprovalOfMargins(MarginCase):
    """A margin from 35 % is free; the quote has 40 %."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["billinator.approval.rule"].create(
            {"name": "House Rule", "company_id": cls.company.id, "min_margin": 35}
        )

    def _as(self, user):
        return self.quote.with_user(user)

    def _approve(self):
        self._as(self.salesperson).action_request_approval()
        self._as(self.manager).action_approve()

    def _assert_state(self, state):
        self.assertEqual(self.quote.approval_state, state)

    def _add_line(self, **values):
        line = {"product_id": self.product_a.id, "tax_ids": [], **values}
        self.quote.line_ids = [Command.create(line)]
        return self.quote.line_ids[-1]

    def test_margin_below_the_rule(self):
        self._assert_state("no")
        self.line.purchase_price = 65
        self._assert_state("no")
        self.line.purchase_price = 65.01
        self._assert_state("needed")
        self.assertIn("35.00%", self.quote.approval_reasons)
        # Accountants may read that.
        self.assertNotIn("34.99", self.quote.approval_reasons)
        with self.assertRaisesRegex(UserError, "35.00%"):
            self._as(self.salesperson).action_mark_sent()
        self.line.price_unit = 200
        self._assert_state("no")

    def test_discounts_take_from_the_margin(self):
        self.quote.action_apply_discount(percentage=7)
        self._assert_state("no")
        self.quote.action_apply_discount(percentage=8)
        self._assert_state("needed")
        self.quote.action_apply_discount(amount=17)
        self._assert_state("needed")
        self.quote.action_remove_discount()
        self._add_line(product_id=False, name="Rebate", price_unit=-20)
        self._assert_state("needed")

    def test_whatever_the_customer_chooses(self):
        option = self._add_line(is_optional=True, purchase_price=80)
        self._assert_state("needed")
        option.purchase_price = 10
        self._assert_state("no")
        self.line.purchase_price = 70
        option.is_selected = True
        self.assertGreater(self.quote.margin_percent, 35)
        self._assert_state("needed")

    def test_without_what_the_customer_may_trade_in(self):
        self.line.purchase_price = 70
        old = {"quantity": -1, "price_unit": 50, "purchase_price": 50}
        self._add_line(**old, is_optional=True, is_selected=True)
        self.assertGreater(self.quote.margin_percent, 35)
        self._assert_state("needed")

    def test_whatever_the_customer_takes_that_is_given_away(self):
        """Also without what else there is to choose, and is worth it."""
        self._add_line(is_optional=True, price_unit=1000, purchase_price=10)
        gift = self._add_line(is_optional=True, price_unit=0, purchase_price=20)
        self._assert_state("needed")
        gift.purchase_price = 5
        self._assert_state("no")

    def test_rules_go_by_the_margin_that_is_shown(self):
        self.rule.min_margin = 33.33
        self.line.purchase_price = 66.674
        self.assertEqual(self.quote.margin_percent, 33.33)
        self._assert_state("no")
        self.line.purchase_price = 66.676
        self._assert_state("needed")

    def test_order_of_the_lines_is_nothing_to_approve(self):
        self.line.purchase_price = 70
        other = self._add_line(purchase_price=75)
        self._approve()
        self.line.sequence = other.sequence + 1
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.quote.line_ids[0], other)
        self.quote.action_mark_sent()
        self._assert_state("approved")

    def test_costs_of_today_settle_a_request(self):
        self.line.purchase_price = 70
        self._as(self.salesperson).action_request_approval()
        self.assertTrue(self.quote.activity_ids)
        self._as(self.salesperson).action_update_prices()
        self._assert_state("no")
        self.assertFalse(self.quote.approval_decision)
        self.assertFalse(self.quote.activity_ids)

    def test_given_away(self):
        self.line.price_unit = 0
        self._assert_state("needed")
        self.line.purchase_price = 0
        self._assert_state("no")

    def test_rules_without_a_margin_ask_for_none(self):
        self.rule.write({"max_discount": 50, "min_margin": 0})
        self.line.purchase_price = 1000
        self._assert_state("no")

    def test_drafts_follow_the_rule(self):
        self.rule.min_margin = 50
        self._assert_state("needed")
        self.rule.active = False
        self._assert_state("no")

    def test_higher_costs_start_it_again(self):
        self.line.purchase_price = 70
        self._approve()
        self._assert_state("approved")
        self.line.purchase_price = 75
        self._assert_state("needed")
        self.line.purchase_price = 70
        self._assert_state("approved")
        self.quote.action_mark_sent()
        self.assertEqual(self.quote.state, "sent")

    def test_costs_that_leave_enough_change_no_approval(self):
        self.rule.max_discount = 10
        self.line.write({"discount": 12, "purchase_price": 50})
        self._approve()
        self.line.purchase_price = 40
        self._assert_state("approved")
        self.line.purchase_price = 80
        self._assert_state("needed")

    def test_reasons_follow_the_costs(self):
        self.rule.max_discount = 10
        self.line.write({"discount": 12, "purchase_price": 50})
        self.assertNotIn("margin", self.quote.approval_reasons)
        seen = self.quote.hash_to_approve
        self.line.purchase_price = 80
        self.assertIn("margin", self.quote.approval_reasons)
        self.assertNotEqual(self.quote.hash_to_approve, seen)

    def test_update_of_prices_starts_it_again(self):
        self.line.purchase_price = 70
        self._approve()
        self.product_a.standard_price = 90
        self.quote.action_update_prices()
        self._assert_state("needed")

    def test_request_is_withdrawn_with_its_reason(self):
        self.line.purchase_price = 70
        self._as(self.salesperson).action_request_approval()
        self._assert_state("requested")
        self.line.purchase_price = 60
        self._assert_state("no")
        self.line.purchase_price = 70
        self._assert_state("needed")

    def test_approves_the_costs_that_were_read(self):
        self.line.purchase_price = 70
        self._as(self.salesperson).action_request_approval()
        seen = self.quote.hash_to_approve
        self.line.purchase_price = 75
        self._as(self.salesperson).action_request_approval()
        with self.assertRaisesRegex(UserError, "has changed since"):
            self._as(self.manager).action_approve(seen)
        self._as(self.manager).action_approve(self.quote.hash_to_approve)
        self._assert_state("approved")

    def test_sent_quotes_do_not_slip_below_the_rule(self):
        self.quote.action_mark_sent()
        with self.assertRaises(ValidationError):
            self.line.purchase_price = 90
            self.env.flush_all()

    def test_customers_choice_needs_no_other_approval(self):
        self.line.write({"purchase_price": 80, "is_quantity_editable": True})
        self._add_line(is_optional=True, purchase_price=10)
        self._approve()
        self.quote.action_mark_sent()
        for line, choice in (
            (self.line, {"quantity": 5}),
            (self.quote.line_ids[-1], {"is_selected": True}),
        ):
            self.quote._choose_line(line.id, self.quote.content_hash, **choice)
            self._assert_state("approved")

    def test_customers_get_another_answer(self):
        self.line.purchase_price = 90
        portal = self.env.ref("base.public_user")
        message = self.quote.with_user(portal).sudo()._get_approval_message()
        self.assertNotIn("margin", message.lower())

    def test_next_version_takes_the_approval_along(self):
        self.line.purchase_price = 70
        self._approve()
        self.quote.action_mark_sent()
        revision = self.quote.browse(self.quote.action_revise()["res_id"])
        self.assertEqual(revision.approval_state, "approved")
        revision.line_ids.purchase_price = 80
        self.assertEqual(revision.approval_state, "needed")

    def test_approvals_from_before(self):
        """They hold for the price, and not for a margin that is too small."""
        self.rule.write({"max_discount": 10, "min_margin": 0})
        self.line.discount = 12
        self._approve()
        self.quote.sudo().approval_cost_hash = False
        self.rule.min_margin = 30
        self._assert_state("approved")
        self.rule.min_margin = 50
        self._assert_state("needed")

    def test_nobody_writes_what_an_approval_is_about(self):
        for user in (self.salesperson, self.manager):
            with self.assertRaisesRegex(UserError, "kept by its actions"):
                self._as(user).write({"approval_cost_hash": self.quote.cost_hash})

    def test_limits(self):
        with self.assertRaisesRegex(ValidationError, "Set a limit"):
            self.rule.min_margin = 0
        for values in ({"min_margin": -1}, {"min_margin": 101}):
            with (
                self.subTest(values=values),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.rule.write(values)
