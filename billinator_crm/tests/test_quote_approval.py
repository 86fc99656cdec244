from runpy import run_path

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import file_path, mute_logger

from .common import BillinatorCommon, BillinatorInvoicingCommon
from .view_specification import get_specification

ACTIVITY = "billinator_crm.mail_activity_type_approval"


class ApprovalCase(BillinatorCommon):
    """Discounts up to 10 % are free; the quote is the salesperson's, 20 % off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Approval Team",
                "user_id": cls.senior.id,
                "company_id": cls.company.id,
                "member_ids": [Command.set(cls.salesperson.ids)],
            }
        )
        cls.rule = cls._create_rule(max_discount=10)
        cls.product_a.list_price = 100
        cls.quote = cls._create_quote(
            {"product_id": cls.product_a.id, "quantity": 2, "discount": 20}
        )
        cls.quote.write({"user_id": cls.salesperson.id, "team_id": cls.team.id})
        cls.line = cls.quote.line_ids

    @classmethod
    def _create_rule(cls, **values):
        return cls.env["billinator.approval.rule"].create(
            {"name": "House Rule", "company_id": cls.company.id, **values}
        )

    def _as(self, user, quote=None):
        return (quote or self.quote).with_user(user)

    def _approve(self, quote=None):
        self._as(self.salesperson, quote).action_request_approval()
        self._as(self.manager, quote).action_approve()

    def _assert_refused(self, method, *arguments, message="needs? approval"):
        with (
            self.subTest(method=getattr(method, "__name__", method)),
            self.assertRaisesRegex(UserError, message),
            self.env.cr.savepoint(),
        ):
            method(*arguments)
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestApprovalRule(ApprovalCase):
    def _assert_state(self, state, **values):
        self.line.write(
            {"price_unit": 100, "discount": 0, "quantity": 1, "is_optional": False}
        )
        self.line.write(values)
        with self.subTest(values=values):
            self.assertEqual(self.quote.approval_state, state)
            self.assertEqual(bool(self.quote.approval_reasons), state != "no")

    def test_effective_discount(self):
        self._assert_state("no")
        self._assert_state("no", discount=10)
        self._assert_state("needed", discount=10.01)
        self._assert_state("no", price_unit=90)
        self._assert_state("needed", price_unit=89.98)
        self._assert_state("needed", price_unit=95, discount=6)
        self._assert_state("no", price_unit=120, discount=20)
        self._assert_state("needed", price_unit=0)
        self._assert_state("needed", discount=100)
        self._assert_state("needed", discount=11, is_optional=True)

    def test_rules_go_by_the_discount_that_is_shown(self):
        self.rule.max_discount = 33.33
        self.product_a.list_price = 3
        self._assert_state("no", price_unit=2)
        self._assert_state("needed", price_unit=1.99)

    def test_negative_lines_are_a_discount(self):
        self.line.discount = 0
        line = {"name": "Discount", "price_unit": -30, "tax_ids": [Command.clear()]}
        self.quote.line_ids = [Command.create(line)]
        self.assertEqual(self.quote.approval_state, "needed")
        self.assertIn("The whole quote", self.quote.approval_reasons)
        self.quote.line_ids[1].price_unit = -20
        self.assertEqual(self.quote.approval_state, "no")

    def test_options_do_not_hide_a_discount(self):
        """The customer may leave the option, and then it is a quarter off."""
        self.line.write({"discount": 0, "quantity": 1})
        self.quote.line_ids = [
            Command.create({"product_id": self.product_a.id, "is_optional": True}),
            Command.create({"name": "Discount", "price_unit": -15, "tax_ids": False}),
        ]
        self.assertEqual(self.quote.approval_state, "needed")

    def test_discount_on_all_whatever_the_customer_chooses(self):
        self.line.discount = 0
        self.quote.line_ids = [
            Command.create(
                {"product_id": self.product_a.id, "quantity": 8, "is_optional": True}
            )
        ]
        option = self.quote.line_ids[-1]
        self.quote.action_apply_discount(percentage=10)
        self.assertEqual(self.quote.approval_state, "no")
        self.quote.action_apply_discount(percentage=11)
        self.assertEqual(self.quote.approval_state, "needed")
        self._approve()
        self.quote.action_mark_sent()
        for chosen in (True, False):
            self.quote._choose_line(
                option.id, self.quote.content_hash, is_selected=chosen
            )
            self.assertEqual(self.quote.approval_state, "approved")
        self._assert_refused(self.quote.action_apply_discount, 12)

    def test_discount_of_the_pricelist_is_none(self):
        gold = self.env["product.pricelist"].create(
            {
                "name": "Gold",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 15})
                ],
            }
        )
        quote = self._create_quote(
            {"product_id": self.product_a.id}, pricelist_id=gold.id
        )
        line = quote.line_ids
        self.assertEqual(line.discount, 15)
        self.assertEqual(quote.approval_state, "no")
        line.discount = 23.5  # 10 % of the 85 %
        self.assertEqual(quote.approval_state, "no")
        line.discount = 24
        self.assertEqual(quote.approval_state, "needed")
        line.discount = 100
        self.assertIn("100.00%", quote.approval_reasons)

    def test_prices_that_rise_are_no_discount(self):
        self.line.write({"discount": 5, "is_quantity_editable": True})
        quote = self.quote
        quote.action_mark_sent()
        self.product_a.list_price = 200

        def choose(quantity):
            quote._choose_line(self.line.id, quote.content_hash, quantity=quantity)

        choose(3)
        self.assertEqual(self.line.price_unit, 100)
        self.assertEqual(quote.approval_state, "no")
        # What it comes to is another matter, and so is another discount.
        self.rule.max_total = quote.amount_total
        self._assert_refused(choose, 4, message="needs? approval")
        self._assert_refused(self.line.write, {"discount": 6})
        self.rule.max_total = 0
        quote.action_reset_to_draft()
        self._assert_refused(quote.action_mark_sent)

    def test_quantities_of_the_customer_lead_no_further_than_the_approval(self):
        self.line.is_quantity_editable = True
        quote = self.quote
        self.rule.max_total = quote.amount_total * 2
        self._approve()
        quote.action_mark_sent()
        self.product_a.list_price = 200

        def choose(quantity):
            quote._choose_line(self.line.id, quote.content_hash, quantity=quantity)

        choose(4)
        self.assertEqual(quote.approval_state, "approved")
        self._assert_refused(choose, 5, message="The total")
        self.assertEqual(self.line.quantity, 4)

    def test_prices_that_rise_after_a_change_of_what_was_sent(self):
        """Whatever was judged last is what the customer was offered."""
        line = {"product_id": self.product_a.id, "is_quantity_editable": True}
        option = {"product_id": self.product_b.id, "is_optional": True}
        changed, direct, deleted = (
            self._create_quote(dict(line), dict(option), state=state)
            for state in ("draft", "sent", "draft")
        )
        (changed + deleted).action_mark_sent()
        changed.line_ids[0].discount = 5
        deleted.line_ids[1].unlink()
        self.env.flush_all()
        self.product_a.list_price = 200
        for quote in (changed, direct, deleted):
            quote._choose_line(quote.line_ids[0].id, quote.content_hash, quantity=3)
            self.assertEqual(quote.line_ids[0].price_unit, 100)
            self.assertEqual(quote.approval_state, "no")
            self._assert_refused(quote.line_ids[0].write, {"discount": 6})

    def test_prices_of_a_choice_follow_the_pricelist_by_quantity(self):
        """What is noted with each step is no way to leave the pricelist behind."""
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Dozens",
                "item_ids": [
                    Command.create({"min_quantity": quantity, "fixed_price": price})
                    for quantity, price in ((10, 80), (1, 100))
                ],
            }
        )
        quote = self._create_quote(
            {"product_id": self.product_a.id, "is_quantity_editable": True},
            {"product_id": self.product_b.id},
            pricelist_id=pricelist.id,
            state="sent",
        )
        line = quote.line_ids[0]

        def choose(quantity):
            quote._choose_line(line.id, quote.content_hash, quantity=quantity)

        choose(10)
        self.assertEqual(line.price_unit, 80)
        pricelist.item_ids[0].fixed_price = 160
        choose(11)
        self.assertEqual(line.price_unit, 80)
        # Another price, and the other line is not what the pricelist says any more.
        pricelist.item_ids[1].fixed_price = 200
        self._assert_refused(choose, 2)
        choose(12)

    def test_nothing_is_judged_by_a_price_for_a_moment(self):
        self.line.write({"discount": 0, "is_quantity_editable": True})
        self.rule.max_total = self.quote.amount_total * 2
        self.quote.action_mark_sent()
        self.product_a.list_price = 1000
        self.quote._choose_line(self.line.id, self.quote.content_hash, quantity=3)
        self.assertEqual(self.line.price_unit, 100)

    def test_less_of_a_quote_with_an_amount_off(self):
        self.line.write({"discount": 0, "quantity": 10, "is_quantity_editable": True})
        quote = self.quote
        quote.action_apply_discount(amount=quote.amount_total / 10)
        quote.action_mark_sent()
        self.assertEqual(quote.approval_state, "no")

        def choose(quantity):
            quote._choose_line(self.line.id, quote.content_hash, quantity=quantity)

        choose(11)
        for quantity in (9.99, 5):
            self._assert_refused(choose, quantity)

    def test_customers_give_themselves_no_discount(self):
        rebate = {
            "name": "Rebate",
            "quantity": 120,
            "price_unit": -1,
            "tax_ids": False,
            "is_quantity_editable": True,
        }
        quote = self._create_quote({"name": "Work", "price_unit": 1000}, rebate)
        quote.write({"user_id": self.salesperson.id, "team_id": self.team.id})
        self._approve(quote)
        quote.line_ids[1].quantity = 121
        self.assertEqual(quote.approval_state, "needed")
        quote.line_ids[1].quantity = 120
        quote.action_mark_sent()
        with self.assertRaisesRegex(UserError, "This line is fixed"):
            quote._choose_line(quote.line_ids[1].id, quote.content_hash, quantity=1)

    def test_amount_off_all_where_the_customer_takes_no_option(self):
        self.line.discount = 0
        self.quote.line_ids = [
            Command.create(
                {"product_id": self.product_a.id, "quantity": 8, "is_optional": True}
            )
        ]
        self.quote.action_apply_discount(amount=self.quote.amount_total * 0.11)
        self.assertIn("11.00%", self.quote.approval_reasons)
        self.quote.action_apply_discount(amount=self.line.price_total * 0.1)
        self.assertEqual(self.quote.approval_state, "no")

    def _create_priced_quote(self, *lines):
        """Create a quote of lines given by price and, perhaps, other values."""
        return self._create_quote(
            *(
                {"name": "Work", "price_unit": price, "tax_ids": False, **values}
                for price, values in lines
            )
        )

    def test_optional_rebates_are_judged_without_other_options(self):
        optional = {"is_optional": True}
        quote = self._create_priced_quote(
            (1000, {}), (9000, optional), (-500, {**optional, "is_selected": True})
        )
        self.assertIn("50.00%", quote.approval_reasons)
        quote.line_ids[2].is_selected = False
        quote._review_approval()
        self.assertEqual(quote.approval_state, "needed")
        quote.line_ids[2].price_unit = -100
        self.assertEqual(quote.approval_state, "no")

    def test_amount_off_the_smallest_of_optional_packages(self):
        optional = {"is_optional": True}
        quote = self._create_priced_quote(
            (1000, {**optional, "is_selected": True}), (10000, optional)
        )
        quote.action_apply_discount(amount=500)
        self.assertIn("50.00%", quote.approval_reasons)
        quote.action_apply_discount(amount=100)
        self.assertEqual(quote.approval_state, "no")

    def test_full_priced_options_do_not_hide_discounted_ones(self):
        self.rule.max_discount = 11
        optional = {"is_optional": True}
        quote = self._create_priced_quote((100, {}), (900, optional), (9000, optional))
        product = {"product_id": self.product_a.id, "quantity": 9, "discount": 10}
        quote.line_ids[1].write({**product, "price_unit": 100, "tax_ids": False})
        quote.action_apply_discount(percentage=10)
        self.assertIn("18.1", quote.approval_reasons)
        quote.action_apply_discount(percentage=2)
        self.assertEqual(quote.approval_state, "no")

    def test_optional_rebates_do_not_hide_the_total(self):
        self.rule.write({"max_discount": 0, "max_total": 6000})
        quote = self._create_priced_quote((10000, {}), (-5000, {"is_optional": True}))
        self.assertIn("10,000.00", quote.approval_reasons)
        quote.line_ids[1].is_optional = False
        self.assertEqual(quote.approval_state, "no")

    def test_discount_on_all_counts_for_the_total(self):
        self.rule.write({"max_discount": 0, "max_total": 1000})
        quote = self._create_quote(
            {"name": "Work", "price_unit": 600, "tax_ids": False},
            {"name": "More", "price_unit": 500, "tax_ids": False, "is_optional": True},
        )
        self.assertEqual(quote.approval_state, "needed")
        quote.action_apply_discount(percentage=10)
        self.assertEqual(quote.approval_state, "no")
        quote.action_apply_discount(percentage=9)
        self.assertEqual(quote.approval_state, "needed")

    def test_remembered_pricelist_price_is_no_way_around(self):
        self.line.write({"discount": 0, "price_unit": 50})
        with self.assertRaisesRegex(UserError, "cannot be set"):
            self.line.pricelist_price_unit = 50
        self.line.sudo().pricelist_price_unit = 50
        self.assertEqual(self.quote.approval_state, "needed")
        self.assertIn("50.00%", self.quote.approval_reasons)

    def test_total_with_options_and_currency(self):
        self.rule.write({"max_discount": 0, "max_total": 1000})
        quote = self._create_quote(
            {"name": "Work", "price_unit": 900, "tax_ids": False},
            {"name": "More", "price_unit": 100, "tax_ids": False, "is_optional": True},
        )
        self.assertEqual(quote.approval_state, "no")
        quote.line_ids[1].price_unit = 100.01
        self.assertEqual(quote.approval_state, "needed")
        self.assertIn("1,000.01", quote.approval_reasons)
        currency = self.setup_other_currency("HRK", rates=[("2016-01-01", 2)])
        quote.currency_id = currency
        self.assertEqual(quote.approval_state, "no")

    def test_rules_of_teams_and_companies(self):
        self.rule.team_ids = self.team
        self.assertEqual(self.quote.approval_state, "needed")
        self.quote.write({"user_id": self.colleague.id, "team_id": False})
        self.assertEqual(self.quote.approval_state, "no")
        self.rule.write({"team_ids": False})
        self.assertEqual(self.quote.approval_state, "needed")
        self.rule.company_id = self.company_b
        self.assertEqual(self.quote.approval_state, "no")

    def test_rules_of_a_company_hold_for_its_branches(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        line = {"product_id": self.product_a.id, "price_unit": 80}
        quote = self._create_quote(line, company_id=branch.id)
        self.assertEqual(quote.approval_state, "needed")
        self.rule.max_discount = 50
        self.assertEqual(quote.approval_state, "no")
        own = self._create_rule(company_id=branch.id, max_discount=10)
        self.assertEqual(quote.approval_state, "needed")
        self.assertEqual(own._get_company_rules_sudo(self.company), self.rule)

    def test_rules_of_teams_bind_members_and_leaders_without_the_team(self):
        self.rule.team_ids = self.team
        quote = self._as(self.salesperson)
        quote.team_id = False
        self._assert_refused(quote.action_mark_sent)
        for user, state in (
            (self.senior, "needed"),
            (self.colleague, "no"),
            (self.salesperson, "needed"),
        ):
            self.quote.write({"user_id": user.id, "team_id": False})
            with self.subTest(user=user.login):
                self.assertEqual(self.quote.approval_state, state)
        self.team.member_ids -= self.salesperson
        self.quote._review_approval()
        self.assertEqual(self.quote.approval_state, "no")

    def test_rules_of_teams_bind_who_made_what_nobody_has(self):
        self.rule.team_ids = self.team
        quote = (
            self.env["billinator.quote"]
            .with_user(self.salesperson)
            .create(self.quote.copy_data({"user_id": False, "team_id": False}))
        )
        self.assertFalse(quote.user_id)
        self._assert_refused(quote.action_mark_sent)

    def test_drafts_follow_the_rules(self):
        self.rule.active = False
        self.assertEqual(self.quote.approval_state, "no")
        self.rule.active = True
        self.assertEqual(self.quote.approval_state, "needed")
        self.rule.max_discount = 20
        self.assertEqual(self.quote.approval_state, "no")
        self.rule.max_discount = 5
        self.rule.unlink()
        self.assertEqual(self.quote.approval_state, "no")

    def test_archived_rules_bind_nobody_whatever_the_context(self):
        """What one caller finds is kept for all of them."""
        self.rule.active = False
        self.env.registry.clear_cache()
        quote = self.quote.with_context(active_test=False)
        quote._review_approval()
        self.assertEqual(quote.approval_state, "no")

    def test_rules_of_archived_teams_do_not_bind_others(self):
        other = self.env["crm.team"].create({"name": "Other Team"})
        self.rule.team_ids = other
        other.active = False
        self.quote._review_approval()
        self.assertEqual(self.quote.approval_state, "no")

    def test_sent_quotes_change_hands_by_the_rules_they_went_out_by(self):
        self.line.discount = 5
        self.quote.action_mark_sent()
        self.rule.max_discount = 1
        self.quote.write({"user_id": self.colleague.id, "team_id": False})
        self.env.flush_all()
        self.assertEqual(self.quote.approval_state, "no")

    def test_sent_quotes_keep_the_rules_they_went_out_by(self):
        self.line.discount = 5
        self.quote.action_mark_sent()
        self.rule.max_discount = 1
        self.quote.note = "<p>New text</p>"
        self.quote.action_accept()
        self.assertEqual(self.quote.approval_state, "no")

    def test_rules_limit_something(self):
        with self.assertRaisesRegex(ValidationError, "Set a limit"):
            self._create_rule()
        with self.assertRaisesRegex(ValidationError, "Set a limit"):
            self.rule.max_discount = 0
        for values in ({"max_discount": 101}, {"max_total": -1, "max_discount": 1}):
            with (
                self.subTest(values),
                self.assertRaises(CheckViolation) as caught,
                self.env.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                self._create_rule(**values)
            self.assertIn("_limits_", str(caught.exception))


@tagged("post_install", "-at_install")
class TestApprovalOfTaxes(ApprovalCase, BillinatorInvoicingCommon):
    def test_taxes_in_the_price_are_a_discount(self):
        """What the company gets is what it sells for, without the taxes."""
        excluded, included = self.env["account.tax"].create(
            [
                {"name": kind, "amount": 25, "price_include_override": kind}
                for kind in ("tax_excluded", "tax_included")
            ]
        )
        self.product_a.taxes_id = excluded
        for taxes, price, state in (
            (excluded, 100, "no"),
            (included, 100, "needed"),
            (included, 113, "no"),
            (excluded.browse(), 100, "no"),
        ):
            self._assert_state(taxes, price, state)
        self.product_a.taxes_id = included
        for taxes, price, state in (
            (included, 100, "no"),
            (excluded, 80, "no"),
            (excluded, 71, "needed"),
        ):
            self._assert_state(taxes, price, state)

    def _assert_state(self, taxes, price, state):
        self.line.write(
            {"tax_ids": [Command.set(taxes.ids)], "price_unit": price, "discount": 0}
        )
        with self.subTest(taxes=taxes.name, price=price):
            self.assertEqual(self.quote.approval_state, state)


@tagged("post_install", "-at_install")
class TestApproval(ApprovalCase, BillinatorInvoicingCommon):
    def test_nothing_goes_out_unapproved(self):
        quote = self._as(self.salesperson)
        Report = self.env["ir.actions.report"].with_user(self.salesperson)
        report = "billinator_crm.billinator_quote_report"
        Share = self.env["portal.share"].with_user(self.salesperson)
        share = {"active_model": quote._name, "active_id": quote.id}
        target = {"res_model": quote._name, "res_id": quote.id}
        for method, *arguments in (
            (quote.action_mark_sent,),
            (quote.action_accept,),
            (quote.action_convert_to_invoice,),
            (quote.write, {"state": "sent"}),
            (quote.sudo().write, {"state": "accepted"}),
            (Report._render_qweb_pdf, report, quote.ids),
            (Report._render_qweb_html, report, quote.ids),
            (Report.sudo()._render_qweb_pdf, report, quote.ids),
            (Share.with_context(**share).default_get, ["res_id"]),
            (Share.sudo().create, {**target, "partner_ids": self.customer.ids}),
        ):
            self._assert_refused(method, *arguments)
        self.assertEqual(self.quote.state, "draft")
        self.assertFalse(self.quote.sudo().invoice_ids)

    def test_not_even_created_as_sent(self):
        line = {"product_id": self.product_a.id, "discount": 50}
        self._assert_refused(lambda: self._create_quote(line, state="sent"))

    def test_approved_goes_out(self):
        self._approve()
        self.assertEqual(self.quote.approval_state, "approved")
        self.assertEqual(self.quote.approved_by, self.manager)
        self.assertTrue(self.quote.approved_on)
        quote = self._as(self.salesperson)
        report = self.env["ir.actions.report"].with_user(self.salesperson)
        html, _kind = report._render_qweb_html(
            "billinator_crm.billinator_quote_report", quote.ids
        )
        self.assertIn(self.quote.name.encode(), html)
        share = {"active_model": quote._name, "active_id": quote.id}
        Share = self.env["portal.share"].with_context(**share)
        self.assertTrue(Share.default_get(["share_link"])["share_link"])
        quote.action_mark_sent()
        quote.action_convert_to_invoice()
        self.assertEqual(self.quote.state, "accepted")
        # The customer has not signed anything by it.
        signed = [name for name in self.quote._fields if name.startswith("signed_")]
        self.assertFalse(any(self.quote[name] for name in signed))

    def test_what_it_costs_starts_it_again(self):
        tax = self.percent_tax(7)
        line = {"product_id": self.product_b.id}
        currency = self.setup_other_currency("HRK")
        for record, values in (
            (self.line, {"discount": 21}),
            (self.line, {"price_unit": 99}),
            (self.line, {"quantity": 3}),
            (self.line, {"tax_ids": [Command.set(tax.ids)]}),
            (self.line, {"is_optional": True}),
            (self.quote, {"line_ids": [Command.create(line)]}),
            (self.quote, {"currency_id": currency.id}),
            (self.quote, {"partner_id": self.partner_a.id}),
            (self.quote, {"payment_term_id": self.pay_terms_b.id}),
        ):
            self._approve()
            record.write(values)
            with self.subTest(values):
                self.assertEqual(self.quote.approval_state, "needed")
                self.assertFalse(self.quote.approved_by)
                self._assert_refused(self.quote.action_mark_sent)

    def test_words_do_not(self):
        self._approve()
        self.line.name = "A desk"
        self.quote.write({"note": "<p>x</p>", "validity_date": "2099-01-01"})
        self.quote.line_ids = [
            Command.create({"display_type": "line_note", "name": "Note"})
        ]
        self.line.sequence = 99
        self.assertEqual(self.quote.approval_state, "approved")

    def test_back_to_what_was_approved(self):
        self._approve()
        self.line.discount = 30
        self.line.discount = 20
        self.assertEqual(self.quote.approval_state, "approved")

    def test_sent_quotes_do_not_slip_over_a_rule(self):
        self._approve()
        self.quote.action_mark_sent()
        for values in ({"discount": 30}, {"price_unit": 1}, {"quantity": 1}):
            self._assert_refused(self.line.write, values)
        self.line.discount = 5
        self.assertEqual(self.quote.approval_state, "no")

    def test_refusal_of_a_sent_quote_says_what_can_be_done(self):
        """Sent ones are not reset, and the approver reads the same."""
        self._approve()
        self.quote.action_mark_sent()
        values = {"line_ids": [Command.update(self.line.id, {"discount": 40})]}
        for user in (self.salesperson, self.manager):
            quote = self._as(user)
            specification = get_specification(quote, "form")
            with self.assertRaises(UserError) as refused, self.env.cr.savepoint():
                quote.web_save(values, specification)
                self.env.flush_all()
            text = str(refused.exception)
            self.assertIn("40.00%", text)
            self.assertIn("new version", text)
            self.assertNotIn("False", text)
            self.assertNotIn("draft", text)

    def test_sent_quotes_come_to_no_team_that_has_to_be_asked(self):
        self.rule.team_ids = self.team
        quote = self._as(self.manager)
        quote.write({"user_id": self.colleague.id, "team_id": False})
        quote.action_mark_sent()
        for values in ({"team_id": self.team.id}, {"user_id": self.salesperson.id}):
            self._assert_refused(quote.write, values)
        self.assertFalse(quote.team_id)
        self.line.discount = 5
        quote.team_id = self.team
        self.assertEqual(quote.approval_state, "no")

    def test_draft_comes_to_a_team_and_the_customer_at_once(self):
        self.rule.team_ids = self.team
        self.quote.team_id = False
        values = {"state": "sent", "team_id": self.team.id}
        self._assert_refused(self._as(self.salesperson).write, values)

    def test_approved_quotes_come_back_to_their_team(self):
        self.rule.team_ids = self.team
        self._approve()
        self.quote.action_mark_sent()
        self.quote.team_id = False
        self.quote.team_id = self.team
        self.assertEqual(self.quote.approval_state, "approved")

    def test_sent_quotes_come_to_no_company_that_has_to_be_asked(self):
        quote = self.quote.sudo()
        quote.write({"user_id": False, "team_id": False})
        quote.line_ids = [
            Command.clear(),
            Command.create({"name": "Work", "price_unit": 90, "tax_ids": False}),
            Command.create({"name": "Less", "price_unit": -30, "tax_ids": False}),
        ]
        self.rule.company_id = self.company_b
        quote.action_mark_sent()
        self._assert_refused(quote.write, {"company_id": self.company_b.id})

    def test_customers_get_another_answer(self):
        self.line.discount = 5
        self.quote.action_mark_sent()
        self.rule.write({"max_discount": 0, "max_total": 100})
        line = self.line.with_user(self.env.ref("base.public_user")).sudo()
        with self.assertRaisesRegex(UserError, "our confirmation"):
            line.quantity = 9
            line.env.flush_all()

    def test_customers_choice_needs_no_other_approval(self):
        self.quote.line_ids = [
            Command.create({"product_id": self.product_a.id, "is_optional": True})
        ]
        self._approve()
        self.quote.action_mark_sent()
        self.quote.line_ids[1].is_selected = True
        self.assertEqual(self.quote.approval_state, "approved")
        self.quote.action_accept()

    def test_who_approves(self):
        self._as(self.salesperson).action_request_approval()
        for user in (self.salesperson, self.colleague):
            with self.assertRaises(AccessError):
                self._as(user).action_approve()
        self._as(self.senior).action_approve()
        self.assertEqual(self.quote.approved_by, self.senior)
        self.quote.team_id = False
        self.line.discount = 30
        with self.assertRaises(AccessError):
            self._as(self.senior).action_approve()

    def test_authors_do_not_approve_themselves(self):
        self.quote.user_id = self.senior
        self.quote.team_id = self.team
        with self.assertRaises(AccessError):
            self._as(self.senior).action_approve()
        self.quote.user_id = self.salesperson
        self.quote.team_id = self.team
        self._as(self.senior).action_request_approval()
        with self.assertRaises(AccessError):
            self._as(self.senior).action_approve()
        self._as(self.manager).action_request_approval()
        self._as(self.manager).action_approve()
        self.assertEqual(self.quote.approved_by, self.manager)

    def test_leaders_do_not_approve_prices_of_their_own(self):
        self._as(self.salesperson).action_request_approval()
        leader = self._as(self.senior)
        self.assertTrue(leader.can_approve)
        leader.line_ids.discount = 40
        self.assertFalse(leader.can_approve)
        for method, *reason in (
            (leader.action_approve,),
            (leader.action_refuse_approval, "Too much"),
        ):
            with self.assertRaises(AccessError):
                method(*reason)
        self._as(self.salesperson).action_request_approval()
        leader.action_approve()
        self.assertEqual(self.quote.approved_by, self.senior)

    def test_leaders_take_back_what_they_have_decided(self):
        self._as(self.salesperson).action_request_approval()
        leader = self._as(self.senior)
        leader.action_refuse_approval("15 % at most")
        leader.action_approve()
        leader.action_refuse_approval("15 % at most")
        self.assertEqual(self.quote.approval_state, "refused")
        self._as(self.manager).action_refuse_approval("10 % at most")
        with self.assertRaises(AccessError):
            leader.action_approve()

    def test_nobody_writes_an_approval(self):
        content = self.quote.commercial_hash
        values = {
            "approval_decision": "approved",
            "approval_hash": content,
            "approval_decided_by": self.manager.id,
            "approval_state": "approved",
        }
        for user in (self.salesperson, self.manager):
            for name, value in values.items():
                self._assert_refused(
                    self._as(user).write, {name: value}, message="cannot be set"
                )
        context = {f"default_{name}": value for name, value in values.items()}
        copy = self._as(self.salesperson).with_context(**context).copy()
        self.assertEqual(copy.approval_state, "needed")
        for name in ("approved_by", "approved_on"):
            self._as(self.salesperson).write({name: False})
        self.assertEqual(self.quote.approval_state, "needed")

    def test_refusal(self):
        quote = self._as(self.salesperson)
        quote.action_request_approval()
        context = {"active_model": quote._name, "active_ids": quote.ids}
        Dialog = self.env["billinator.approval.refuse"].with_user(self.senior)
        with Form(Dialog.with_context(**context)) as dialog:
            dialog.reason = "15 % at most"
        dialog.record.action_refuse()
        self.assertEqual(self.quote.approval_state, "refused")
        self._assert_refused(quote.action_mark_sent, message="15 % at most")
        self.assertIn("15 % at most", self.quote.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "Say why"):
            self._as(self.manager).action_refuse_approval(" ")
        self.line.discount = 15
        self.assertEqual(self.quote.approval_state, "needed")
        quote.action_request_approval()
        self.assertEqual(self.quote.approval_state, "requested")

    def test_approval_takes_the_refusal_back(self):
        manager = self._as(self.manager)
        manager.action_refuse_approval("15 % at most")
        self.assertEqual(self.quote.approval_feedback, "15 % at most")
        manager.action_approve()
        self.assertFalse(self.quote.approval_feedback)

    def test_who_asked_is_told(self):
        self._as(self.senior).action_request_approval()
        self._as(self.manager).action_approve()
        self.assertIn("Approved", self._get_notification(self.senior).subject)
        self.assertFalse(self._get_notification(self.salesperson))

    def test_activity_and_messages(self):
        quote = self._as(self.salesperson)
        quote.action_request_approval()
        quote.action_request_approval()
        [activity] = self.quote.activity_ids
        self.assertEqual(activity.activity_type_id, self.env.ref(ACTIVITY))
        self.assertEqual(activity.user_id, self.senior)
        message = self._get_notification(self.senior)
        self.assertIn("Approval requested", message.subject)
        self._as(self.senior).action_approve()
        self.assertFalse(self.quote.activity_ids)
        self.assertIn("Approved", self._get_notification(self.salesperson).subject)

    def test_everybody_is_told_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.salesperson.lang = "de_DE"
        quote = self._as(self.salesperson).with_context(lang="de_DE")
        quote.action_request_approval()
        message = self._get_notification(self.senior)
        self.assertIn("Approval requested", message.subject)
        self.assertIn("Approval requested", message.body)
        self._as(self.senior).action_refuse_approval("15 % at most")
        message = self._get_notification(self.salesperson)
        self.assertIn("Genehmigung verweigert: 15 % at most", message.subject)
        self.assertIn("Genehmigung verweigert: 15 % at most", message.body)

    def _get_notification(self, user):
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("res_id", "=", self.quote.id),
                    ("model", "=", self.quote._name),
                    ("partner_ids", "in", user.partner_id.ids),
                ],
                limit=1,
            )
        )

    def test_managers_are_asked_where_no_leader_may(self):
        self.quote.team_id = False
        self._as(self.salesperson).action_request_approval()
        users = self.quote.activity_ids.user_id
        self.assertIn(self.manager, users)
        self.assertNotIn(self.stranger, users)
        self.assertNotIn(self.senior, users)

    def test_managers_are_asked_where_the_leader_cannot_act(self):
        elsewhere = self._create_user("elsewhere", "sale_manager")
        elsewhere.write(
            {
                "company_ids": [Command.set(self.company_b.ids)],
                "company_id": self.company_b.id,
            }
        )
        away = self._create_user("away", "sale_salesman_all_leads")
        away.active = False
        self.team.company_id = False
        # The colleague reads own quotes only.
        for leader in (elsewhere, away, self.colleague):
            self.team.user_id = leader
            self.line.price_unit -= 1
            self._as(self.salesperson).action_request_approval()
            users = self.quote.activity_ids.user_id
            with self.subTest(leader=leader.name):
                self.assertIn(self.manager, users)
                self.assertNotIn(leader, users)

    def test_leader_in_several_companies_is_asked(self):
        self.senior.company_ids += self.company_b
        self._as(self.salesperson).action_request_approval()
        self.assertEqual(self.quote.activity_ids.user_id, self.senior)

    def test_nobody_is_asked_when_no_approval_is_needed_any_more(self):
        self.rule.team_ids = self.team
        elsewhere = {"user_id": self.colleague.id, "team_id": False}
        other = self._create_quote()
        for name, change in (
            ("line", lambda: self.line.write({"discount": 5})),
            ("quote", lambda: self._write_line({"discount": 5})),
            ("deleted", lambda: self.line.unlink()),
            ("moved", lambda: self.line.write({"quote_id": other.id})),
            ("prices", lambda: self.quote.action_update_prices()),
            ("rule", lambda: self.rule.write({"active": False})),
            ("team", lambda: self.quote.write(elsewhere)),
            ("rejected", lambda: self._as(self.salesperson).action_reject()),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self._as(self.salesperson).action_request_approval()
                self.assertTrue(self.quote.activity_ids)
                change()
                self.assertFalse(self.quote.activity_ids)
                savepoint.rollback()
                self.env.invalidate_all()
                self.env.registry.clear_cache()

    def test_request_is_not_revived(self):
        """What was asked for before nobody is asked about any more."""
        quote = self._as(self.salesperson)
        for change in (lambda: self.line.write({"discount": 5}), quote.action_reject):
            quote.action_request_approval()
            change()
            self.env.flush_all()
            quote.action_reset_to_draft()
            self.line.discount = 20
            self.assertEqual(self.quote.approval_state, "needed")
        quote.action_request_approval()
        self.assertEqual(self.quote.activity_ids.user_id, self.senior)

    def test_changed_quote_is_still_to_be_approved(self):
        self._as(self.salesperson).action_request_approval()
        self._write_line({"discount": 30})
        self.assertEqual(self.quote.approval_state, "needed")
        self.assertEqual(self.quote.activity_ids.user_id, self.senior)
        self._as(self.salesperson).action_request_approval()
        self.assertEqual(len(self.quote.activity_ids), 1)

    def _write_line(self, values):
        self.quote.write({"line_ids": [Command.update(self.line.id, values)]})

    def test_approves_what_was_read(self):
        seen = self.quote.commercial_hash
        self.line.discount = 90
        quote = self._as(self.manager)
        with self.assertRaisesRegex(UserError, "has changed since"):
            quote.action_approve(seen)
        with self.assertRaisesRegex(UserError, "has changed since"):
            quote.with_context(approved_hash=seen).action_approve()
        quote.action_approve(quote.commercial_hash)
        self.assertEqual(self.quote.approval_state, "approved")

    def test_tells_what_there_is_to_approve(self):
        quote = self._as(self.salesperson)
        self.assertEqual(quote.hash_to_approve, self.quote.commercial_hash)
        self._as(self.manager).action_approve(quote.hash_to_approve)
        self.assertFalse(quote.hash_to_approve)
        self.line.discount = 0
        self.assertEqual(quote.approval_state, "no")
        self.assertFalse(quote.hash_to_approve)

    def test_nothing_to_decide(self):
        self.line.discount = 0
        for action in (
            self._as(self.salesperson).action_request_approval,
            self._as(self.manager).action_approve,
        ):
            self._assert_refused(action, message="needs no approval")
        self.line.discount = 20
        self._approve()
        self.quote.action_mark_sent()
        self._assert_refused(
            self._as(self.manager).action_refuse_approval,
            "Too late",
            message="needs no approval",
        )

    def test_next_version_takes_approval_along(self):
        self._approve()
        self.quote.action_mark_sent()
        action = self._as(self.salesperson).action_revise()
        second = self.quote.browse(action["res_id"])
        self.assertEqual(second.approval_state, "approved")
        self.assertEqual(second.approved_by, self.manager)
        second.line_ids.discount = 40
        self.assertEqual(second.approval_state, "needed")
        self.assertEqual(self.quote.approval_state, "approved")

    def test_customers_company_is_nothing_to_approve(self):
        """Whoever keeps the contacts need not know of any quote."""
        clerk = new_test_user(self.env, "clerk", "base.group_partner_manager")
        person = self.env["res.partner"].create({"name": "Grace"})
        self.quote.partner_id = person
        self._approve()
        self.quote.action_mark_sent()
        person.with_user(clerk).parent_id = self.customer
        self.env.flush_all()
        self.assertEqual(self.quote.commercial_partner_id, self.customer)
        self.assertEqual(self.quote.approval_state, "approved")

    def test_superseded_quotes_are_not_judged(self):
        other_team = self.env["crm.team"].create({"name": "Strict"})
        self._create_rule(max_discount=1, team_ids=[Command.set(other_team.ids)])
        self.line.discount = 5
        self.quote.action_mark_sent()
        self.quote.action_revise()
        self.quote.team_id = other_team
        self.env.flush_all()
        self.assertEqual(self.quote.approval_state, "no")

    def _create_judged_quotes(self):
        """Return one that was approved, and one that went out without."""
        free = self._create_quote({"product_id": self.product_a.id, "discount": 5})
        free.action_mark_sent()
        self._approve()
        self.quote.action_mark_sent()
        self.env.flush_all()
        return self.quote + free

    def test_a_merge_of_customers_keeps_approvals(self):
        approved, free = self._create_judged_quotes()
        other = self.env["res.partner"].create({"name": "Other"})
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer + other).ids, other
        )
        self.assertEqual((approved + free).partner_id, other)
        self._assert_still_judged(approved, free)

    def test_an_upgrade_keeps_approvals(self):
        approved, free = self._create_judged_quotes()
        for quote, name in ((approved, "approval_hash"), (free, "free_hash")):
            values, rows = quote._get_commercial_content()
            del values["partner_id"]
            values["commercial_partner_id"] = quote.commercial_partner_id.id
            noted = [quote._fields[each] for each in ("approval_state", "free_hash")]
            with self.env.protecting(noted, quote):
                quote.sudo()[name] = quote._get_hash([values, rows])
        path = file_path("billinator_crm/migrations/19.0.1.4.0/post-approval.py")
        run_path(path)["migrate"](self.env.cr, "19.0.1.3.0")
        self._assert_still_judged(approved, free)

    def _assert_still_judged(self, approved, free):
        self.assertEqual(approved.approval_hash, approved.commercial_hash)
        self.assertEqual(free.free_hash, free.commercial_hash)
        self.product_a.list_price = 200
        for quote, state in ((approved, "approved"), (free, "no")):
            self.env.add_to_compute(quote._fields["approval_state"], quote)
            self.assertEqual(quote.approval_state, state)

    def test_higher_pricelist_is_seen_when_sending(self):
        self.line.discount = 0
        self.assertEqual(self.quote.approval_state, "no")
        self.product_a.list_price = 200
        self._assert_refused(self._as(self.salesperson).action_mark_sent)

    def test_many(self):
        other = self.quote.copy({"user_id": self.salesperson.id})
        other.team_id = self.team
        quotes = self.quote + other
        self._as(self.salesperson, quotes).action_request_approval()
        self.assertEqual(quotes.mapped("approval_state"), ["requested"] * 2)
        found = quotes.search([("approval_state", "=", "requested")])
        self.assertLessEqual(quotes, found)
        self._as(self.manager, quotes).action_approve()
        self.assertEqual(quotes.mapped("approval_state"), ["approved"] * 2)
        self._as(self.salesperson, quotes).action_mark_sent()

    def test_form(self):
        """What a form shows before it is saved."""
        with Form(self._as(self.salesperson)) as form:
            with form.line_ids.edit(0) as line:
                line.discount = 0
            self.assertEqual(form.approval_state, "no")
        self.assertEqual(self.quote.approval_state, "no")

    def test_form_judges_lines_without_a_text_yet(self):
        values = {"company_id": self.company.id, "partner_id": self.customer.id}
        line = {"price_unit": 10, "quantity": 1}
        quote = self.quote.new({**values, "line_ids": [Command.create(line)]})
        self.assertEqual(quote.approval_state, "no")

    def test_constraint_stands_behind_write(self):
        with self.assertRaises(ValidationError):
            self.quote._write({"state": "sent"})
            self.quote.invalidate_recordset()
            self.quote._check_approved_for_customer()
