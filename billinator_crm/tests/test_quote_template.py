from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuoteTemplate(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["billinator.quote.template"].create(
            {
                "name": "Standard",
                "validity_days": 12,
                "note": "<p>Pay soon</p>",
                "payment_term_id": cls.pay_terms_b.id,
                "line_ids": [
                    Command.create({"display_type": "line_section", "name": "Work"}),
                    Command.create({"product_id": cls.product_a.id, "quantity": 3}),
                    Command.create(
                        {
                            "product_id": cls.product_b.id,
                            "discount": 7,
                            "is_optional": True,
                        }
                    ),
                    Command.create({"name": "Travel", "price_unit": 50}),
                ],
            }
        )
        cls.other = cls.env["billinator.quote.template"].create(
            {
                "name": "Other",
                "line_ids": [Command.create({"product_id": cls.product_b.id})],
            }
        )

    def _get_lines(self, quote):
        return [
            (
                line.display_type,
                line.name.split("\n")[0],
                line.quantity,
                line.price_unit,
                line.discount,
                line.is_optional,
            )
            for line in quote.line_ids.sorted()
        ]

    def _get_expected(self):
        a, b = self.product_a, self.product_b
        return [
            ("line_section", "Work", 0, 0, 0, False),
            (False, a.name, 3, a.list_price, 0, False),
            (False, b.name, 1, b.list_price, 7, True),
            (False, "Travel", 1, 50, 0, False),
        ]

    def _create_empty(self, **values):
        return self.env["billinator.quote"].create(
            {"partner_id": self.customer.id, **values}
        )

    def test_what_customers_may_choose_and_see_comes_along(self):
        names = ("is_quantity_editable", "collapse_prices", "collapse_composition")
        quote = self._create_empty(template_id=self.template.id)
        quote.line_ids[0].write({"collapse_prices": True, "collapse_composition": True})
        quote.line_ids[1].is_quantity_editable = True
        action = quote.action_save_as_template()
        copy = self._create_empty(template_id=action["res_id"])
        for line, expected in zip(copy.line_ids, quote.line_ids, strict=True):
            for name in names:
                self.assertEqual(line[name], expected[name])

    def _assert_terms(self, quote):
        self.assertEqual(quote.note, "<p>Pay soon</p>")
        self.assertEqual((quote.validity_date - quote.date_quote).days, 12)
        self.assertEqual(quote.payment_term_id, self.pay_terms_b)
        self.assertEqual(quote.applied_template_id, self.template)

    def test_form_import_and_api_get_the_same(self):
        created = self._create_empty(template_id=self.template.id)
        written = self._create_empty()
        written.template_id = self.template
        called = self._create_empty()
        called.action_apply_template(self.template.id)
        form = Form(self.env["billinator.quote"])
        form.partner_id = self.customer
        form.template_id = self.template
        self.assertEqual(len(form.line_ids), 4)
        result = self.env["billinator.quote"].load(
            ["partner_id", "template_id"], [[self.customer.name, "Standard"]]
        )
        imported = self.env["billinator.quote"].browse(result["ids"])
        for quote in created + written + called + form.save() + imported:
            self.assertEqual(self._get_lines(quote), self._get_expected())
            self._assert_terms(quote)

    def test_what_was_written_stays(self):
        quote = self._create_quote(
            note="<p>Mine</p>",
            validity_date="2030-01-01",
            date_quote="2029-12-31",
            payment_term_id=self.pay_terms_a.id,
        )
        lines = self._get_lines(quote)
        quote.action_apply_template(self.template.id)
        self.assertEqual(self._get_lines(quote), lines + self._get_expected())
        self.assertEqual(quote.note, "<p>Mine</p>")
        self.assertEqual(str(quote.validity_date), "2030-01-01")
        self.assertEqual(quote.payment_term_id, self.pay_terms_a)

    def test_applied_twice_does_not_double(self):
        quote = self._create_empty(template_id=self.template.id)
        quote.action_apply_template(self.template.id)
        quote.template_id = self.template
        self.assertEqual(self._get_lines(quote), self._get_expected())
        quote.line_ids.filtered("is_optional").unlink()
        quote.client_order_ref = "PO"
        self.assertEqual(len(quote.line_ids), 3)
        quote.action_apply_template(self.template.id)
        self.assertEqual(len(quote.line_ids), 4)

    def test_copy_is_not_applied_again(self):
        quote = self._create_empty(template_id=self.template.id)
        quote.line_ids[-1].unlink()
        self.assertEqual(len(quote.copy().line_ids), 3)

    def test_other_template_takes_the_place(self):
        """Of the first one's lines, those that were changed stay."""
        quote = self._create_empty(template_id=self.template.id)
        quote.line_ids.filtered(
            lambda line: line.product_id == self.product_a
        ).quantity = 9
        quote.template_id = self.other
        self.assertEqual(
            quote.line_ids.sorted().mapped("product_id"),
            self.product_a + self.product_b,
        )
        self.assertEqual(len(quote.line_ids), 2)

    def test_negotiated_lines_stay(self):
        for values in (
            {"price_unit": 900},
            {"discount": 5},
            {"product_uom_id": self.uom_dozen.id},
            {"tax_ids": [Command.set(self.percent_tax(7).ids)]},
        ):
            quote = self._create_empty(template_id=self.template.id)
            line = self._get_line_of(quote, self.product_a)
            line.write(values)
            quote.template_id = self.other
            with self.subTest(values):
                self.assertEqual(
                    quote.line_ids.product_id, self.product_a + self.product_b
                )
                self.assertIn(line, quote.line_ids)
                self.assertEqual(len(quote.line_ids), 2)

    def test_negotiated_line_without_product_stays(self):
        quote = self._create_empty(template_id=self.template.id)
        travel = quote.line_ids[-1]
        travel.price_unit = 40
        quote.template_id = self.other
        self.assertEqual(len(quote.line_ids), 2)
        self.assertIn(travel, quote.line_ids)

    def test_discounts_of_the_pricelist_are_not_negotiated(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Ten Less",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 10})
                ],
            }
        )
        quotes = self._create_empty(
            pricelist_id=pricelist.id, template_id=self.template.id
        )
        quotes += quotes.copy()
        line = self._get_line_of(quotes[0], self.product_a)
        self.assertEqual(line.discount, 10)
        line.discount = 0
        for quote, count in zip(quotes, (2, 1), strict=True):
            quote.template_id = self.other
            self.assertEqual(len(quote.line_ids), count)

    def test_negotiated_lines_stay_in_the_form(self):
        form = Form(self.env["billinator.quote"])
        form.partner_id = self.customer
        form.template_id = self.template
        with form.line_ids.edit(1) as line:
            line.price_unit = 900
        form.template_id = self.other
        quote = form.save()
        self.assertEqual(quote.line_ids.sorted().mapped("price_unit"), [900, 200])
        self.assertEqual(quote.line_ids.product_id, self.product_a + self.product_b)

    def _get_line_of(self, quote, product):
        return quote.line_ids.filtered(lambda line: line.product_id == product)

    def test_prices_are_the_quotes(self):
        currency = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create(
            {"name": "Swiss", "currency_id": currency.id}
        )
        quote = self._create_empty(
            pricelist_id=pricelist.id, template_id=self.template.id
        )
        self.assertEqual(
            quote.line_ids.sorted().mapped("price_unit"),
            [0, self.product_a.list_price * 2, self.product_b.list_price * 2, 100],
        )

    def test_fiscal_position(self):
        quote = self._create_empty(
            fiscal_position_id=self.fiscal_pos_a.id, template_id=self.template.id
        )
        line = quote.line_ids.filtered(lambda line: line.product_id == self.product_a)
        own = self.product_a.taxes_id._filter_taxes_by_company(self.company)
        self.assertEqual(line.tax_ids, self.fiscal_pos_a.map_tax(own))

    def test_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").note = "<p>Payez vite</p>"
        self.template.line_ids[0].with_context(lang="fr_FR").name = "Travaux"
        self.customer.lang = "fr_FR"
        quote = self._create_empty(template_id=self.template.id)
        self.assertEqual(quote.note, "<p>Payez vite</p>")
        self.assertEqual(quote.line_ids.sorted()[0].name, "Travaux")

    def test_other_template_for_a_contact_of_another_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").note = "<p>Payez vite</p>"
        self.template.line_ids[0].with_context(lang="fr_FR").name = "Travaux"
        self.other.note = "<p>Pay later</p>"
        quote = self._create_empty(template_id=self.template.id)
        person = self.env["res.partner"].create(
            {
                "name": "Eve",
                "email": "eve@example.com",
                "lang": "fr_FR",
                "parent_id": self.customer.id,
            }
        )
        quote.contact_id = self.env["billinator.contact"].search(
            [("person_id", "=", person.id)]
        )
        self.assertEqual(quote._get_customers_language(), "fr_FR")
        quote.template_id = self.other
        self.assertEqual(quote.line_ids.product_id, self.product_b)
        self.assertEqual(len(quote.line_ids), 1)
        self.assertEqual(quote.note, "<p>Pay later</p>")

    def test_save_as_template(self):
        quote = self._create_empty(template_id=self.template.id)
        quote.action_apply_discount(percentage=10)
        action = quote.with_user(self.manager).action_save_as_template()
        template = self.env["billinator.quote.template"].browse(action["res_id"])
        self.assertFalse(template.line_ids.filtered("product_id").filtered("name"))
        copy = self._create_empty(template_id=template.id)
        self.assertEqual(self._get_lines(copy), self._get_expected())
        self.assertEqual(copy.note, quote.note)
        self.assertEqual(copy.validity_date, quote.validity_date)

    def test_salespeople_use_but_do_not_make_templates(self):
        quote = self._create_empty(user_id=self.salesperson.id)
        quote = quote.with_user(self.salesperson)
        quote.action_apply_template(self.template.id)
        self.assertEqual(len(quote.line_ids), 4)
        with self.assertRaises(AccessError):
            quote.action_save_as_template()

    def test_accepted_quotes_stay(self):
        quote = self._create_quote()
        quote.action_accept()
        with self.assertRaises(ValidationError):
            quote.action_apply_template(self.template.id)

    def test_template_of_another_company(self):
        self.template.company_id = self.company_b
        with self.assertRaises(UserError):
            self._create_empty(template_id=self.template.id)

    def test_line_needs_product_or_text(self):
        with self.assertRaisesRegex(ValidationError, "product or a text"):
            self.other.line_ids = [Command.create({"quantity": 1})]

    def test_before_the_customer_and_the_date(self):
        with Form(self.env["billinator.quote"]) as form:
            form.template_id = self.template
            form.partner_id = self.customer
            self.assertEqual(form.payment_term_id, self.pay_terms_b)
            self.assertEqual(form.note, self.template.note)
            form.date_quote = "2026-03-01"
            self.assertEqual(str(form.validity_date), "2026-03-13")
        self.customer.property_payment_term_id = self.pay_terms_a
        quote = self._create_quote(template_id=self.template.id)
        self.assertEqual(quote.payment_term_id, self.pay_terms_a)
        copy = quote.copy()
        self.assertEqual((copy.validity_date - copy.date_quote).days, 12)

    def test_chosen_while_there_is_no_date(self):
        form = Form(self.env["billinator.quote"])
        form.partner_id = self.customer
        form.date_quote = False
        form.template_id = self.template
        self.assertFalse(form.validity_date)
