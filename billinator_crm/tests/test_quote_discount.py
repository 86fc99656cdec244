from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuoteDiscount(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        included = cls.tax_sale_b.copy(
            {"name": "7 % in", "amount": 7, "price_include_override": "tax_included"}
        )
        cls.quote = cls._create_quote(
            cls._prepare_line(100, cls.tax_sale_a),
            cls._prepare_line(33.33, included),
            cls._prepare_line(10, cls.env["account.tax"]),
            user_id=cls.salesperson.id,
        )
        cls.total = cls.quote.amount_total

    @classmethod
    def _prepare_line(cls, price, taxes):
        return {
            "name": "Something",
            "price_unit": price,
            "tax_ids": [Command.set(taxes.ids)],
        }

    def _get_discount_lines(self):
        return self.quote.line_ids.filtered("is_global_discount")

    def _assert_total(self, total):
        total = self.quote.currency_id.round(total)
        self.assertAlmostEqual(self.quote.amount_total, total, 2)

    def _assert_invoice_is_the_same(self):
        self.quote.action_convert_to_invoice()
        invoice = self.quote.invoice_ids
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertEqual(invoice[name], self.quote[name])

    def test_percentage(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            self.quote.action_apply_discount(percentage=10)
            self._assert_total(self.total * 0.9)
            self.assertEqual(len(self._get_discount_lines()), 3)
        self._assert_invoice_is_the_same()

    def test_names_taxes_in_the_customers_language(self):
        quotes = self._create_quotes_in_two_languages(
            self._prepare_line(100, self.tax_sale_a),
            self._prepare_line(10, self.tax_sale_b),
        )
        for quote, label in quotes.items():
            quote.action_apply_discount(percentage=10)
            lines = quote.line_ids.filtered("is_global_discount")
            self.assertIn(f"({label})", "".join(lines.mapped("name")))

    def test_taxes_without_a_label(self):
        both = self.tax_sale_a + self.tax_sale_b
        quote = self._create_quote(
            self._prepare_line(100, both), self._prepare_line(10, self.tax_sale_b)
        )
        with self._without_label(self.tax_sale_b):
            quote.action_apply_discount(percentage=10)
        lines = quote.line_ids.filtered("is_global_discount")
        names = {line.tax_ids: line.name for line in lines}
        self.assertIn(f"({self.tax_sale_a.tax_label})", names[both])
        self.assertNotIn("(", names[self.tax_sale_b])

    def test_follows_when_prices_are_updated(self):
        line = self.quote.line_ids[0]
        line.product_id = self.product_a
        self.product_a.list_price = 250
        for discount in ({"percentage": 10}, {"amount": 50}):
            self.quote.action_apply_discount(**discount)
            self.quote.action_update_prices()
            self.assertEqual(line.price_unit, 250)
            total = self.quote._get_discountable_total()
            self._assert_total(total - discount.get("amount", total / 10))

    def test_amount_includes_taxes(self):
        self.quote.action_apply_discount(amount=50)
        self._assert_total(self.total - 50)
        self._assert_invoice_is_the_same()

    def test_again_replaces(self):
        self.quote.action_apply_discount(percentage=10)
        self.quote.action_apply_discount(percentage=10)
        self._assert_total(self.total * 0.9)
        self.quote.action_apply_discount(amount=20)
        self._assert_total(self.total - 20)
        self.assertEqual(len(self._get_discount_lines()), 3)

    def test_removed(self):
        self.quote.action_apply_discount(percentage=10)
        self.quote.action_remove_discount()
        self._assert_total(self.total)
        self.assertFalse(self._get_discount_lines())

    def test_deleted_line_gives_up_the_discount(self):
        self.quote.action_apply_discount(percentage=10)
        self._get_discount_lines()[0].unlink()
        self._assert_total(self.total)
        self.assertFalse(self.quote.discount_percentage)

    def test_follows_the_lines(self):
        self.quote.action_apply_discount(percentage=10)
        first = self.quote.line_ids.sorted()[0]
        first.quantity = 2
        self._assert_total((self.total + 115) * 0.9)
        first.unlink()
        self._assert_total((self.total - 115) * 0.9)
        added = {**self._prepare_line(80, self.tax_sale_a), "is_optional": True}
        self.quote.line_ids = [Command.create(added)]
        self._assert_total((self.total - 115) * 0.9)
        self.quote.line_ids.filtered("is_optional").is_selected = True
        self._assert_total((self.total - 115 + 92) * 0.9)

    def test_lines_say_what_was_given(self):
        """No values and no context make them say anything else."""
        quote = self.quote.with_user(self.salesperson).with_context(
            billinator_refreshing_discount=True, billinator_discount=True
        )
        quote.action_apply_discount(percentage=10)
        quote.line_ids.filtered("is_global_discount")[0].price_unit = -99
        self._assert_total(self.total * 0.9)
        first = quote.line_ids.sorted()[0]
        for line in (first, quote.line_ids.filtered("is_global_discount")[0]):
            line.extra_tax_data = False
            self._assert_total(self.total * 0.9)
        quote.action_remove_discount()
        line = {**self._prepare_line(-50, self.tax_sale_a), "is_global_discount": True}
        quote.line_ids = [Command.create(line)]
        self._assert_total(self.total)

    def test_no_line_becomes_one_of_the_discount(self):
        """It would be rewritten, or deleted, with what it sells."""
        line = self.quote.with_user(self.salesperson).line_ids.sorted()[0]
        with self.assertRaisesRegex(UserError, "cannot be set"):
            line.is_global_discount = True

    def test_discount_deleted_with_other_changes(self):
        """As a form saves it."""
        self.quote.action_apply_discount(percentage=10)
        first = self.quote.line_ids.sorted()[0]
        self.quote.line_ids = [
            Command.update(first.id, {"quantity": 2}),
            Command.delete(self._get_discount_lines()[0].id),
        ]
        self.assertFalse(self.quote.discount_percentage)
        self._assert_total(self.total + 115)

    def test_amount_never_exceeds_what_is_left(self):
        self.quote.action_apply_discount(amount=120)
        self.quote.line_ids.sorted()[0].unlink()
        self._assert_total(0)

    def test_on_each_line(self):
        self.quote.action_apply_discount(percentage=10)
        self.quote.action_apply_discount(percentage=20, per_line=True)
        self.assertFalse(self._get_discount_lines())
        self.assertEqual(set(self.quote.line_ids.mapped("discount")), {20})
        self._assert_invoice_is_the_same()

    def test_copied(self):
        self.quote.action_apply_discount(percentage=10)
        copy = self.quote.copy()
        self.assertEqual(copy.amount_total, self.quote.amount_total)
        copy.line_ids.sorted()[0].quantity = 3
        self.assertAlmostEqual(copy.amount_total, (self.total + 230) * 0.9, 2)

    def test_below_sections_it_has_its_own(self):
        self.quote.line_ids = [
            Command.create(
                {"display_type": "line_section", "name": "Part", "sequence": 1}
            )
        ]
        self.quote.action_apply_discount(percentage=10)
        types = self.quote.line_ids.sorted().mapped("display_type")
        self.assertEqual(types[-4:], ["line_section", False, False, False])
        self._assert_total(self.total * 0.9)

    def test_by_form(self):
        with Form(
            self.env["billinator.quote.discount"].with_context(active_id=self.quote.id)
        ) as form:
            form.discount_type = "amount"
            form.amount = 30
        form.record.action_apply()
        self._assert_total(self.total - 30)
        wizard = self.env["billinator.quote.discount"].create(
            {"quote_id": self.quote.id}
        )
        self.assertEqual((wizard.discount_type, wizard.amount), ("amount", 30))
        wizard.action_remove()
        self._assert_total(self.total)

    def test_refused(self):
        for arguments in ({}, {"percentage": 5, "amount": 5}):
            with self.assertRaises(UserError):
                self.quote.action_apply_discount(**arguments)
        with self.assertRaisesRegex(ValidationError, "exceeds"):
            self.quote.action_apply_discount(amount=self.total + 0.01)
        for arguments, message in (
            ({"percentage": -5}, "from 0 to 100"),
            ({"percentage": 101}, "from 0 to 100"),
            ({"percentage": 101, "per_line": True}, "from 0 to 100"),
            ({"amount": -1}, "not negative"),
        ):
            with (
                self.subTest(arguments),
                self.assertNoLogs("odoo.sql_db"),
                self.assertRaisesRegex(ValidationError, message),
            ):
                self.quote.action_apply_discount(**arguments)
        self.quote.action_accept()
        with self.assertRaises(ValidationError):
            self.quote.action_apply_discount(percentage=10)

    def test_salesperson(self):
        quote = self.quote.with_user(self.salesperson)
        quote.action_apply_discount(percentage=10)
        self._assert_total(self.total * 0.9)
