from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorCommon, BillinatorInvoicingCommon


class PriceCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.setup_other_currency(
            "CHF", rounding=0.01, rates=[("2020-01-01", 2.0), ("2024-01-01", 4.0)]
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Desk",
                "list_price": 100,
                "standard_price": 60,
                "uom_ids": [Command.set(cls.uom_dozen.ids)],
                "taxes_id": [Command.clear()],
            }
        )

    @classmethod
    def _create_pricelist(cls, *rules, **values):
        return cls.env["product.pricelist"].create(
            {
                "name": "Special",
                "item_ids": [Command.create(rule) for rule in rules],
                **values,
            }
        )

    def _create_line(self, pricelist=None, quote_values=None, **line_values):
        quote = self._create_quote(
            {"product_id": self.product.id, **line_values},
            pricelist_id=pricelist and pricelist.id,
            **(quote_values or {}),
        )
        return quote.line_ids


@tagged("post_install", "-at_install")
class TestQuotePrice(PriceCase):
    def test_without_pricelist(self):
        line = self._create_line(quantity=3)
        self.assertEqual(line.price_unit, 100)
        self.assertEqual(line.discount, 0)
        self.assertEqual(line.price_subtotal, 300)

    def test_pricelist_of_the_customer(self):
        pricelist = self._create_pricelist(
            {"compute_price": "fixed", "fixed_price": 80, "applied_on": "3_global"}
        )
        self.customer.property_product_pricelist = pricelist
        quote = self._create_quote({"product_id": self.product.id})
        self.assertEqual(quote.pricelist_id, pricelist)
        self.assertEqual(quote.line_ids.price_unit, 80)

    def test_minimum_quantity(self):
        line = self._create_line(
            self._create_pricelist(
                {"compute_price": "fixed", "fixed_price": 90, "min_quantity": 5},
                {"compute_price": "fixed", "fixed_price": 75, "min_quantity": 12},
            ),
            quantity=4,
        )
        prices = {4: 100, 5: 90, 11: 90, 12: 75, 2: 100}
        for quantity, price in prices.items():
            line.quantity = quantity
            self.assertEqual(line.price_unit, price)

    def test_minimum_quantity_counts_in_the_products_unit(self):
        line = self._create_line(
            self._create_pricelist(
                {"compute_price": "fixed", "fixed_price": 75, "min_quantity": 12}
            )
        )
        self.assertEqual(line.price_unit, 100)
        line.product_uom_id = self.uom_dozen
        self.assertEqual(line.price_unit, 75 * 12)

    def test_empty_unit_is_the_products(self):
        self.product.uom_id = self.uom_dozen
        pricelist = self._create_pricelist(
            {"compute_price": "percentage", "percent_price": 10, "min_quantity": 2}
        )
        for nothing in (False, None):
            line = self._create_line(pricelist, quantity=2, product_uom_id=nothing)
            self.assertEqual(line.product_uom_id, self.uom_dozen)
            self.assertEqual((line.price_unit, line.discount), (100, 10))
            line.write({"product_uom_id": nothing, "quantity": 1})
            self.assertEqual(line.product_uom_id, self.uom_dozen)
            self.assertEqual((line.price_unit, line.discount), (100, 0))
        line.write({"product_uom_id": False, "product_id": self.product_b.id})
        self.assertEqual(line.product_uom_id, self.product_b.uom_id)
        line.write({"product_uom_id": False, "product_id": False})
        self.assertFalse(line.product_uom_id)

    def test_unit_is_cleared_in_the_form(self):
        self.env.user.group_ids += self.env.ref("uom.group_uom")
        pricelist = self._create_pricelist(
            {"compute_price": "percentage", "percent_price": 10}
        )
        quote = self._create_line(pricelist, quantity=5).quote_id
        with Form(quote) as form, form.line_ids.edit(0) as line:
            line.product_uom_id = self.env["uom.uom"]
            line.quantity = 3
            self.assertEqual((line.price_unit, line.discount), (100, 10))
        self.assertEqual(quote.line_ids.product_uom_id, self.uom_unit)
        self.assertEqual(quote.amount_untaxed, 270)

    def test_percentage_shows_its_discount(self):
        line = self._create_line(
            self._create_pricelist({"compute_price": "percentage", "percent_price": 15})
        )
        self.assertEqual((line.price_unit, line.discount), (100, 15))
        self.assertEqual(line.price_subtotal, 85)

    def test_surcharge_is_part_of_the_price(self):
        line = self._create_line(
            self._create_pricelist({"compute_price": "percentage", "percent_price": -8})
        )
        self.assertEqual((line.price_unit, line.discount), (108, 0))

    def test_discount_goes_with_its_rule(self):
        line = self._create_line(
            self._create_pricelist(
                {
                    "compute_price": "percentage",
                    "percent_price": 10,
                    "min_quantity": 10,
                }
            ),
            quantity=10,
        )
        self.assertEqual(line.discount, 10)
        line.quantity = 9
        self.assertEqual((line.price_unit, line.discount), (100, 0))

    def test_formula_hides_its_discount(self):
        line = self._create_line(
            self._create_pricelist(
                {
                    "compute_price": "formula",
                    "base": "standard_price",
                    "price_discount": -50,
                    "price_surcharge": 3,
                }
            )
        )
        self.assertEqual((line.price_unit, line.discount), (93, 0))

    def test_pricelist_on_a_pricelist(self):
        base = self._create_pricelist({"compute_price": "fixed", "fixed_price": 200})
        line = self._create_line(
            self._create_pricelist(
                {
                    "compute_price": "percentage",
                    "percent_price": 25,
                    "base": "pricelist",
                    "base_pricelist_id": base.id,
                }
            )
        )
        self.assertEqual((line.price_unit, line.discount), (200, 25))

    def test_currency_at_the_quotes_date(self):
        pricelist = self._create_pricelist(currency_id=self.currency.id)
        line = self._create_line(pricelist, {"date_quote": "2022-05-01"})
        self.assertEqual(line.currency_id, self.currency)
        self.assertEqual(line.price_unit, 200)
        self.assertEqual(line.quote_id.amount_untaxed_company, 100)
        line = self._create_line(pricelist, {"date_quote": "2025-05-01"})
        self.assertEqual(line.price_unit, 400)

    def test_currency_of_the_quotes_company(self):
        """Whichever of the user's companies is the current one."""
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.currency.id,
                "company_id": self.company_b.id,
                "name": "2020-01-01",
                "rate": 5.0,
            }
        )
        companies = [self.company.id, self.company_b.id]
        self.env.user.company_ids = [Command.set(companies)]
        pricelist = self._create_pricelist(
            {"compute_price": "percentage", "percent_price": 10},
            currency_id=self.currency.id,
            company_id=False,
        )
        line = self._create_line(
            pricelist, {"company_id": self.company_b.id, "date_quote": "2023-06-01"}
        )
        both = line.with_context(allowed_company_ids=companies)
        self.assertEqual(both.env.company, self.company)
        self.assertEqual(line.price_unit, 500)
        both.quantity = 7
        self.assertEqual(line.price_unit, 500)
        self.assertEqual(line.discount, 10)
        data = both.quote_id._get_product_catalog_order_data(self.product)
        self.assertEqual(data[self.product.id]["price"], 450)

    def test_fixed_price_in_another_currency(self):
        pricelist = self._create_pricelist(
            {"compute_price": "fixed", "fixed_price": 80, "applied_on": "3_global"}
        )
        line = self._create_line(
            pricelist, {"currency_id": self.currency.id, "date_quote": "2023-06-01"}
        )
        quote = line.quote_id
        self.assertEqual(line.price_unit, 160)
        other = self.env["product.product"].create({"name": "Chair"})
        data = quote._get_product_catalog_order_data(other)
        self.assertEqual(data[other.id]["price"], 160)
        self.assertEqual(quote._update_order_line_info(other.id, 0), 160)

    def test_rule_ends(self):
        pricelist = self._create_pricelist(
            {
                "compute_price": "fixed",
                "fixed_price": 50,
                "date_start": "2024-01-01 00:00:00",
                "date_end": "2024-01-31 12:00:00",
            }
        )
        line = self._create_line(pricelist, {"date_quote": "2024-01-31"})
        self.assertEqual(line.price_unit, 50)
        line = self._create_line(pricelist, {"date_quote": "2024-02-01"})
        self.assertEqual(line.price_unit, 100)


@tagged("post_install", "-at_install")
class TestQuotePriceByHand(PriceCase, BillinatorInvoicingCommon):
    def test_kept_when_the_quantity_changes(self):
        line = self._create_line(price_unit=70, discount=5)
        line.quantity = 8
        self.assertEqual((line.price_unit, line.discount), (70, 5))
        self.assertEqual(line.price_subtotal, 532)

    def test_free_of_charge_is_kept(self):
        line = self._create_line(price_unit=0)
        line.quantity = 8
        self.assertEqual(line.price_unit, 0)

    def test_given_away_from_the_start(self):
        rule = {"compute_price": "percentage", "percent_price": 10}
        free = self._create_line(price_unit=0)
        full = self._create_line(self._create_pricelist(rule), discount=0)
        for line, amount in ((free, 0), (full, 100)):
            self.assertEqual(
                (line.price_subtotal, line.price_total, line.quote_id.amount_total),
                (amount, amount, amount),
            )

    def test_given_away_in_the_form(self):
        with Form(self._create_quote()) as form, form.line_ids.new() as line:
            line.product_id = self.product
            line.price_unit = 0
        free = form.record.line_ids[-1]
        self.assertEqual((free.product_id, free.price_total), (self.product, 0))

    def test_written_with_the_quantity(self):
        line = self._create_line()
        line.write({"price_unit": 55, "quantity": 4})
        self.assertEqual(line.price_unit, 55)
        line.quantity = 5
        self.assertEqual(line.price_unit, 55)

    def test_discount_by_hand_is_kept(self):
        line = self._create_line(
            self._create_pricelist({"compute_price": "percentage", "percent_price": 10})
        )
        line.discount = 30
        line.quantity = 8
        self.assertEqual((line.price_unit, line.discount), (100, 30))

    def test_another_product_brings_its_own(self):
        other = self._create_product(list_price=55)
        pricelist = self._create_pricelist(
            {
                "compute_price": "percentage",
                "percent_price": 10,
                "applied_on": "0_product_variant",
                "product_id": other.id,
            }
        )
        same, line, priced = (
            self._create_line(pricelist, price_unit=77, discount=5) for _ in range(3)
        )
        same.product_id = self.product
        self.assertEqual((same.price_unit, same.discount), (77, 5))
        (line + same).write({"product_id": other.id})
        for changed in line + same:
            self.assertEqual((changed.price_unit, changed.discount), (55, 10))
        priced.write({"product_id": other.id, "price_unit": 66})
        self.assertEqual((priced.price_unit, priced.discount), (66, 10))
        priced.quantity = 3
        self.assertEqual((priced.price_unit, priced.discount), (66, 10))

    def test_update_prices(self):
        line = self._create_line(price_unit=70, discount=5)
        tax = self.percent_tax(10)
        self.product.taxes_id = tax
        quote = line.quote_id
        quote.pricelist_id = self._create_pricelist(
            {"compute_price": "percentage", "percent_price": 20},
            currency_id=self.currency.id,
        )
        self.assertEqual((line.price_unit, line.discount), (70, 5))
        quote.action_update_prices()
        self.assertEqual((line.price_unit, line.discount), (400, 20))
        self.assertEqual(line.tax_ids, tax)
        self.assertEqual(quote.amount_total, 352)

    def test_update_prices_keeps_lines_without_product(self):
        quote = self._create_quote(
            {"name": "Something", "price_unit": 12, "discount": 3},
            {"display_type": "line_note", "name": "As agreed"},
        )
        quote.action_update_prices()
        line, note = quote.line_ids
        self.assertEqual((line.price_unit, line.discount), (12, 3))
        self.assertEqual(note.price_unit, 0)

    def test_update_prices_of_an_accepted_quote(self):
        quote = self._create_line(price_unit=70).quote_id
        quote.action_accept()
        with self.assertRaisesRegex(Exception, "Accepted and cannot be changed"):
            quote.action_update_prices()


@tagged("post_install", "-at_install")
class TestQuoteTaxes(PriceCase, BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.included = cls._create_tax(25, price_include_override="tax_included")
        cls.position = cls.env["account.fiscal.position"].create({"name": "Abroad"})
        cls.product.taxes_id = cls.included

    @classmethod
    def _create_tax(cls, amount, **values):
        return cls.env["account.tax"].create(
            {"name": f"Tax {amount} {values}", "amount": amount, **values}
        )

    def _map_to(self, tax):
        tax.fiscal_position_ids = self.position
        tax.original_tax_ids = self.included

    def test_of_the_product(self):
        line = self._create_line()
        self.assertEqual(line.tax_ids, self.included)
        self.assertEqual(line.price_subtotal, 80)
        self.assertEqual(line.price_tax, 20)
        self.assertEqual(line.price_total, 100)

    def test_of_the_company(self):
        self.company.account_sale_tax_id = self.tax_sale_b
        quote = self._create_quote({"name": "Something", "price_unit": 10})
        self.assertEqual(quote.line_ids.tax_ids, self.tax_sale_b)

    def test_of_another_company_stays_there(self):
        other = self.setup_other_company()["default_tax_sale"]
        self.product.taxes_id += other
        self.assertEqual(self._create_line().tax_ids, self.included)

    def test_mapped_and_taken_out_of_the_price(self):
        excluded = self._create_tax(10)
        self._map_to(excluded)
        line = self._create_line(quote_values={"fiscal_position_id": self.position.id})
        self.assertEqual(line.tax_ids, excluded)
        self.assertEqual(line.price_unit, 80)
        self.assertEqual(line.price_total, 88)

    def test_mapped_to_another_included(self):
        included = self._create_tax(10, price_include_override="tax_included")
        self._map_to(included)
        line = self._create_line(quote_values={"fiscal_position_id": self.position.id})
        self.assertEqual(line.price_unit, 88)
        self.assertEqual(line.price_subtotal, 80)

    def test_fiscal_position_of_the_customer(self):
        self._map_to(self._create_tax(10))
        self.customer.property_account_position_id = self.position
        quote = self._create_quote({"product_id": self.product.id})
        self.assertEqual(quote.fiscal_position_id, self.position)
        self.assertEqual(quote.amount_total, 88)

    def test_new_fiscal_position_waits_for_the_update(self):
        excluded = self._create_tax(10)
        self._map_to(excluded)
        line = self._create_line()
        line.quote_id.fiscal_position_id = self.position
        self.assertEqual(line.tax_ids, self.included)
        line.quote_id.action_update_prices()
        self.assertEqual(line.tax_ids, excluded)
        self.assertEqual(line.price_unit, 80)

    def test_old_taxes_keep_the_old_price(self):
        self._map_to(self._create_tax(10))
        line = self._create_line()
        line.quote_id.fiscal_position_id = self.position
        line.quantity = 2
        self.assertEqual(line.price_unit, 100)
        self.assertEqual(line.quote_id.amount_total, 200)

    def test_old_taxes_keep_the_old_price_in_the_form(self):
        self._map_to(self._create_tax(10))
        quote = self._create_line().quote_id
        quote.fiscal_position_id = self.position
        with Form(quote) as form, form.line_ids.edit(0) as row:
            row.quantity = 2
        self.assertEqual(quote.line_ids.price_unit, 100)
        self.assertEqual(quote.line_ids.pricelist_price_unit, 100)
        new = self._create_quote(
            {"product_id": self.product.id, "tax_ids": self.included.ids},
            fiscal_position_id=self.position.id,
        )
        self.assertEqual(new.line_ids.price_unit, 100)

    def test_update_of_lines_without_product(self):
        export = self._create_tax(0)
        quote = self._create_quote({"name": "Consulting", "price_unit": 1000})
        self.company.account_sale_tax_id.fiscal_position_ids = False
        export.write(
            {
                "original_tax_ids": [Command.set(self.company.account_sale_tax_id.ids)],
                "fiscal_position_ids": [Command.set(self.position.ids)],
            }
        )
        quote.action_apply_discount(percentage=10)
        quote.fiscal_position_id = self.position
        self.assertGreater(quote.amount_tax, 0)
        quote.action_update_prices()
        self.assertEqual(quote.line_ids.tax_ids, export)
        self.assertEqual(quote.amount_total, 900)

    def test_archived_tax_still_counts(self):
        line = self._create_line()
        quote = line.quote_id
        self.included.active = False
        line.quantity = 2
        self.assertEqual(quote.amount_total, 200)
        self.assertEqual(quote.amount_tax, 40)
        quote._convert_to_invoices()
        self.assertEqual(quote.invoice_ids.amount_tax, 40)


@tagged("post_install", "-at_install")
class TestQuoteTotals(PriceCase, BillinatorInvoicingCommon):
    def test_sections_and_notes_cost_nothing(self):
        quote = self._create_quote(
            {"display_type": "line_section", "name": "Furniture"},
            {"product_id": self.product.id},
            {"display_type": "line_note", "name": "Assembled"},
            {"product_id": self.product.id, "quantity": -0.5},
        )
        self.assertEqual(quote.amount_untaxed, 50)
        self.assertEqual(quote.line_ids.mapped("price_subtotal"), [0, 100, 0, -50])

    def test_options_count_when_selected(self):
        quote = self._create_quote(
            {"product_id": self.product.id},
            {"product_id": self.product.id, "is_optional": True, "price_unit": 7},
        )
        option = quote.line_ids[1]
        self.assertEqual(quote.amount_total, 100)
        self.assertEqual(quote.tax_totals["total_amount_currency"], 100)
        option.is_selected = True
        self.assertEqual(quote.amount_total, 107)
        self.assertEqual(quote.tax_totals["total_amount_currency"], 107)
        option.is_optional = False
        option.is_selected = False
        self.assertEqual(quote.amount_total, 107)

    def test_without_lines(self):
        quote = self.env["billinator.quote"].create({"partner_id": self.customer.id})
        self.assertEqual(quote.amount_total, 0)
        self.assertEqual(quote.tax_totals["total_amount_currency"], 0)

    def test_deleted_line_is_taken_off(self):
        quote = self._create_quote(
            {"product_id": self.product.id}, {"name": "More", "price_unit": 5}
        )
        quote.line_ids[0].unlink()
        self.assertEqual(quote.amount_untaxed, 5)

    def _create_mixed_term(self):
        return self.env["account.payment.term"].create(
            {
                "name": "10% in 5 days",
                "early_discount": True,
                "discount_percentage": 10,
                "early_pay_discount_computation": "mixed",
            }
        )

    def test_mixed_early_discount_lowers_the_tax(self):
        self.product.taxes_id = self.percent_tax(20) + self.fixed_tax(3)
        term = self._create_mixed_term()
        for currency in self.company.currency_id + self.currency:
            line = self._create_line(
                quote_values={"payment_term_id": term.id, "currency_id": currency.id},
                price_unit=100,
            )
            quote = line.quote_id
            self.assertEqual(quote.amount_untaxed, 100)
            self.assertEqual(quote.amount_tax, 21)
            quote._convert_to_invoices()
            self.assertEqual(quote.invoice_ids.amount_tax, 21)
        quote = quote.copy({"payment_term_id": False})
        self.assertEqual(quote.amount_tax, 23)

    def test_mixed_early_discount_is_taxed_per_account(self):
        """As the invoice's entry does, which rounds each account's tax."""
        self.company.tax_calculation_rounding_method = "round_per_line"
        self.product.taxes_id = self.percent_tax(25)
        account = self.copy_account(self.company_data["default_account_revenue"])
        products = self.product + self._create_product(
            property_account_income_id=account.id, taxes_id=self.product.taxes_id
        )
        quote = self._create_quote(
            *({"product_id": product.id, "price_unit": 0.2} for product in products),
            payment_term_id=self._create_mixed_term().id,
        )
        self.assertEqual(quote.amount_tax, 0.08)
        quote._convert_to_invoices()
        self.assertEqual(quote.invoice_ids.amount_tax, 0.08)

    def test_payment_terms_change_the_totals(self):
        self.product.taxes_id = self.percent_tax(20)
        quote = self._create_line().quote_id
        self.assertEqual(quote.amount_tax, 20)
        quote.payment_term_id = self._create_mixed_term()
        self.assertEqual(quote.tax_totals["tax_amount_currency"], 18)
        self.assertEqual(quote.amount_tax, 18)
        self.assertEqual(quote.amount_total, 118)
