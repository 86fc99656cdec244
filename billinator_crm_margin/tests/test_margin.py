from psycopg2.errors import CheckViolation

from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.billinator_crm.exceptions import StateError

from .common import MarginCase


@tagged("post_install", "-at_install")
class TestMargin(MarginCase):
    def test_line_and_quote(self):
        self.assertEqual(self.line.purchase_price, 60)
        self._assert_margin(self.line, 80, 40)
        self._assert_margin(self.quote, 80, 40)
        self.assertAlmostEqual(self.quote.margin_company, 80)
        self.line.discount = 50
        self._assert_margin(self.line, -20, -20)
        self._assert_margin(self.quote, -20, -20)

    def test_set_by_hand_until_the_product_changes(self):
        self.line.purchase_price = 70
        self.line.quantity = 3
        self.line.write({"price_unit": 110, "product_id": self.product_a.id})
        self.assertEqual(self.line.purchase_price, 70)
        self._assert_margin(self.quote, 120, 36.36)
        self.line.product_uom_id = self.uom_dozen
        self.assertEqual(self.line.purchase_price, 720)
        self.line.purchase_price = 70
        self.line.product_id = self.product_b
        self.assertEqual(self.line.purchase_price, self.product_b.standard_price)

    def test_given_with_the_product(self):
        values = {"product_id": self.product_a.id, "purchase_price": 10}
        self.assertEqual(self._create_quote(values).line_ids.purchase_price, 10)
        self.line.write({"product_id": self.product_b.id, "purchase_price": 11})
        self.assertEqual(self.line.purchase_price, 11)

    def test_unit(self):
        quote = self._create_quote(
            {"product_id": self.product_a.id, "product_uom_id": self.uom_dozen.id}
        )
        self.assertEqual(quote.line_ids.purchase_price, 720)

    def test_given_away(self):
        line = {"product_id": self.product_a.id, "price_unit": 0.0}
        quote = self._create_quote(line)
        self._assert_margin(quote.line_ids, -60, 0)
        self._assert_margin(quote, -60, 0)
        self.assertEqual(quote.line_ids.price_subtotal, 0)

    def test_lines_without_product(self):
        self.quote.line_ids = [
            Command.create({"display_type": "line_section", "name": "Section"}),
            Command.create({"display_type": "line_note", "name": "Note"}),
            Command.create(
                {"name": "Work", "price_unit": 50, "purchase_price": 20, "tax_ids": []}
            ),
        ]
        _product, section, note, work = self.quote.line_ids
        for text in (section, note):
            self.assertEqual(text.purchase_price, 0)
            self._assert_margin(text, 0, 0)
        self._assert_margin(work, 30, 60)
        self._assert_margin(self.quote, 110, 44)
        self._assert_costs_nothing(note)

    def test_options(self):
        self.quote.line_ids = [
            Command.create(
                {"product_id": self.product_a.id, "tax_ids": [], "is_optional": True}
            )
        ]
        self._assert_margin(self.quote.line_ids[-1], 40, 40)
        self._assert_margin(self.quote, 80, 40)
        self.quote.line_ids[-1].is_selected = True
        self._assert_margin(self.quote, 120, 40)

    def test_taken_back_and_taken_off(self):
        self.quote.line_ids = [
            Command.create(
                {"product_id": self.product_a.id, "quantity": -1, "tax_ids": []}
            ),
            Command.create({"name": "Rebate", "price_unit": -10, "tax_ids": []}),
        ]
        _sold, back, rebate = self.quote.line_ids
        self._assert_margin(back, -40, 40)
        self._assert_margin(rebate, -10, 0)
        self._assert_margin(self.quote, 30, 33.33)

    def test_discount_on_the_whole(self):
        self.quote.action_apply_discount(percentage=10)
        discount = self.quote.line_ids - self.line
        self.assertEqual(discount.purchase_price, 0)
        self._assert_margin(discount, -20, 0)
        self._assert_margin(self.quote, 60, 33.33)
        self.line.quantity = 4
        self._assert_margin(self.quote, 120, 33.33)
        self._assert_costs_nothing(discount)

    def _assert_costs_nothing(self, line):
        with (
            self.assertRaisesRegex(CheckViolation, "_cost_of_something"),
            self.env.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            line.purchase_price = 1
            self.env.flush_all()

    def test_currency(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2020-01-01", 2), ("2024-06-01", 4)]
        )
        self.line.purchase_price = 70
        self.quote.currency_id = currency
        self.assertEqual(self.line.purchase_price, 240)
        self.quote.date_quote = "2024-01-01"
        self.assertEqual(self.line.purchase_price, 240)
        self.quote.action_update_prices()
        self.assertEqual(self.line.purchase_price, 120)
        self.assertEqual(self.line.price_unit, 200)
        self._assert_margin(self.quote, 160, 40)
        self.assertAlmostEqual(self.quote.margin_company, 80)

    def test_update_prices(self):
        self.line.purchase_price = 70
        self.product_a.standard_price = 80
        self.assertEqual(self.line.purchase_price, 70)
        self.quote.action_update_prices()
        self.assertEqual(self.line.purchase_price, 80)
        self._assert_margin(self.quote, 40, 20)

    def test_company(self):
        self.product_a.with_company(self.company_b).standard_price = 30
        quote = self._create_quote(
            {"product_id": self.product_a.id, "tax_ids": []},
            company_id=self.company_b.id,
            user_id=False,
        )
        self.assertEqual(quote.line_ids.purchase_price, 30)
        self.quote.write({"company_id": self.company_b.id, "user_id": False})
        self.assertEqual(self.line.purchase_price, 30)

    def test_copies_cost_what_things_cost_today(self):
        self.quote.line_ids = [
            Command.create({"name": "Work", "price_unit": 50, "purchase_price": 20})
        ]
        self.line.purchase_price = 10
        self.product_a.standard_price = 65
        copied = self.quote.copy()
        self.assertEqual(copied.line_ids.mapped("purchase_price"), [65, 20])
        again = copied.line_ids[1].copy({"purchase_price": 30})
        self.assertEqual(again.purchase_price, 30)

    def test_next_versions_keep_the_costs(self):
        self.line.purchase_price = 10
        self.quote.action_mark_sent()
        self.product_a.standard_price = 65
        revision = self.quote.browse(self.quote.action_revise()["res_id"])
        self.assertEqual(revision.line_ids.purchase_price, 10)
        self._assert_margin(revision, 180, 90)

    def test_template(self):
        template = self.env["billinator.quote.template"].create(
            {
                "name": "Usual",
                "line_ids": [
                    Command.create({"product_id": self.product_a.id, "quantity": 2})
                ],
            }
        )
        quote = self.env["billinator.quote"].create(
            {"partner_id": self.customer.id, "template_id": template.id}
        )
        self.assertEqual(quote.line_ids.purchase_price, 60)

    def test_catalog(self):
        self.quote._update_order_line_info(self.product_b.id, 1)
        self.assertEqual(
            self.quote.line_ids[-1].purchase_price, self.product_b.standard_price
        )

    def test_import(self):
        names = ["partner_id", "line_ids/product_id", "line_ids/purchase_price"]
        rows = [[self.customer.name, self.product_a.name, "12.5"]]
        result = self.env["billinator.quote"].load(names, rows)
        self.assertFalse(result["messages"])
        quote = self.env["billinator.quote"].browse(result["ids"])
        self.assertEqual(quote.line_ids.purchase_price, 12.5)

    def test_form(self):
        with Form(self.quote.with_user(self.salesperson)) as form:
            with form.line_ids.new() as line:
                line.product_id = self.product_b
                self.assertEqual(line.purchase_price, self.product_b.standard_price)
                line.purchase_price = 100
                line.quantity = 2
                self.assertEqual(line.purchase_price, 100)
                self.assertAlmostEqual(line.margin, line.price_subtotal - 200)
            self.assertAlmostEqual(form.margin, form.amount_untaxed - 120 - 200)
        self.assertEqual(self.quote.line_ids[-1].purchase_price, 100)

    def test_closed_quotes_keep_their_costs(self):
        self.quote.action_accept()
        with self.assertRaises(StateError):
            self.line.purchase_price = 1
        self.product_a.standard_price = 1
        self.assertEqual(self.line.purchase_price, 60)

    def test_customers_are_told_nothing_new(self):
        self.quote.action_mark_sent()
        before = self.quote.content_hash, self.quote.commercial_hash
        self.line.purchase_price = 99
        self.assertEqual((self.quote.content_hash, self.quote.commercial_hash), before)
        self.assertEqual(self.quote.version, 1)
        revision = self.quote.browse(self.quote.action_revise()["res_id"])
        revision.line_ids.purchase_price = 1
        difference = revision.get_version_diff(self.quote.id)
        self.assertFalse(difference["lines"]["changed"])
        self.assertNotIn("margin", str(difference))

    def test_signed_quotes_stay_signed(self):
        """A cost that changes meanwhile is nothing that the customer has not seen."""
        self.quote.action_mark_sent()
        seen = self.quote.content_hash
        self.line.purchase_price = 99
        self.quote._check_unchanged(seen)

    def test_margin_of_several_quotes(self):
        other = self.quote.copy()
        other.line_ids.write({"price_unit": 60, "quantity": 8})
        quotes = self.quote | other
        self.assertEqual(quotes.mapped("margin_percent"), [40, 0])
        Quote = self.env["billinator.quote"].with_user(self.manager)
        [[margin, percent, lowest]] = Quote._read_group(
            [("id", "in", quotes.ids)],
            aggregates=[
                "margin_company:sum",
                "margin_percent:avg",
                "margin_percent:min",
            ],
        )
        self.assertAlmostEqual(margin, 80)
        self.assertAlmostEqual(percent, 80 / 680 * 100)
        self.assertEqual(lowest, 0)
        groups = Quote.formatted_read_group(
            [("id", "in", quotes.ids)], ["margin_percent"], ["margin_percent:avg"]
        )
        self.assertEqual([group["margin_percent:avg"] for group in groups], [0, 40])

    def test_margin_of_quotes_in_several_currencies(self):
        currency = self.setup_other_currency("EUR", rates=[("2020-01-01", 4)])
        other = self.quote.copy({"currency_id": currency.id})
        # Sold for 50 each, and not for 100.
        other.line_ids.price_unit = 200
        self._assert_margin(other, -80, -20)
        quotes = self.quote | other
        [[margin, percent]] = quotes._read_group(
            [("id", "in", quotes.ids)],
            aggregates=["margin_company:sum", "margin_percent:avg"],
        )
        self.assertAlmostEqual(margin, 80 - 20)
        self.assertAlmostEqual(percent, 60 / 300 * 100)

    def test_nothing_has_no_margin(self):
        quote = self.env["billinator.quote"].create({"partner_id": self.customer.id})
        self._assert_margin(quote, 0, 0)
        [[percent]] = quote._read_group(
            [("id", "=", quote.id)], aggregates=["margin_percent:avg"]
        )
        self.assertFalse(percent)
