from datetime import date, timedelta
from functools import partial
from itertools import permutations
from runpy import run_path

from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation, NotNullViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import file_path

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from .common import BillinatorCommon, BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuote(BillinatorInvoicingCommon):
    def _assert_constraint(self, name, **values):
        with (
            self.assertRaisesRegex(CheckViolation, name),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_quote(**values)

    # Defaults

    def test_defaults(self):
        self.customer.write(
            {
                "property_payment_term_id": self.pay_terms_b.id,
                "property_account_position_id": self.fiscal_pos_a.id,
            }
        )
        person = self.env["res.partner"].create(
            {"name": "Ada", "parent_id": self.customer.id}
        )
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        quote = Quote.create({"partner_id": person.id})
        self.assertRecordValues(
            quote.sudo(),
            [
                {
                    "state": "draft",
                    "company_id": self.company.id,
                    "commercial_partner_id": self.customer.id,
                    "partner_invoice_id": person.address_get(["invoice"])["invoice"],
                    "partner_shipping_id": person.id,
                    "user_id": self.salesperson.id,
                    "payment_term_id": self.pay_terms_b.id,
                    "fiscal_position_id": self.fiscal_pos_a.id,
                    "currency_id": self.company.currency_id.id,
                    "currency_rate": 1,
                    "invoice_status": "no",
                    "access_url": f"/my/crm-quotes/{quote.id}",
                }
            ],
        )

    def test_new_customer_brings_their_terms(self):
        quote = self._create_quote()
        self.partner_b.user_id = self.colleague
        user = quote.user_id
        quote.partner_id = self.partner_b
        self.assertEqual(quote.payment_term_id, self.pay_terms_b)
        self.assertEqual(quote.fiscal_position_id, self.fiscal_pos_a)
        self.assertEqual(quote.partner_invoice_id, self.partner_b)
        self.assertEqual(quote.partner_shipping_id, self.partner_b)
        self.assertEqual(quote.user_id, user)

    def test_copy_for_another_customer(self):
        self.partner_b.property_account_position_id = self.fiscal_pos_a
        quote = self._create_quote()
        copy = quote.copy({"partner_id": self.partner_b.id})
        self.assertEqual(copy.partner_invoice_id, self.partner_b)
        self.assertEqual(copy.partner_shipping_id, self.partner_b)
        self.assertEqual(copy.fiscal_position_id, self.fiscal_pos_a)
        given = {
            "partner_id": self.partner_b.id,
            "partner_invoice_id": self.customer.id,
        }
        self.assertEqual(quote.copy(given).partner_invoice_id, self.customer)

    def test_delivery_address_of_the_customer(self):
        warehouse, other = self.env["res.partner"].create(
            [
                {"name": name, "type": "delivery", "parent_id": self.customer.id}
                for name in ("A Warehouse", "B Warehouse")
            ]
        )
        quote = self._create_quote()
        self.assertEqual(quote.partner_shipping_id, warehouse)
        quote.partner_shipping_id = other
        self.assertEqual(quote.copy().partner_shipping_id, other)
        quote.action_mark_sent()
        quote.action_revise()
        self.assertEqual(quote.next_version_id.partner_shipping_id, other)

    def test_fiscal_position_is_that_of_the_delivery_address(self):
        germany, france = self.env.ref("base.de"), self.env.ref("base.fr")
        abroad = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "sequence": -1,
                "auto_apply": True,
                "country_id": france.id,
            }
        )
        self.customer.country_id = germany
        quote = self._create_quote()
        self.assertNotEqual(quote.fiscal_position_id, abroad)
        quote.partner_shipping_id = self.env["res.partner"].create(
            {
                "name": "Warehouse",
                "type": "delivery",
                "parent_id": self.customer.id,
                "country_id": france.id,
            }
        )
        self.assertEqual(quote.fiscal_position_id, abroad)
        self.assertEqual(self._create_quote().fiscal_position_id, abroad)
        quote.partner_shipping_id = self.customer
        self.assertNotEqual(quote.fiscal_position_id, abroad)

    def test_an_upgrade_delivers_to_the_customer_as_before(self):
        quote = self._create_quote()
        content_hash, position = quote.content_hash, quote.fiscal_position_id
        self.env["res.partner"].create(
            {
                "name": "Warehouse",
                "type": "delivery",
                "parent_id": self.customer.id,
                "property_account_position_id": self.fiscal_pos_a.id,
            }
        )
        quote.action_accept()
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.execute("ALTER TABLE billinator_quote DROP partner_shipping_id")
        path = "billinator_crm/migrations/19.0.1.5.0/pre-delivery-address.py"
        migrate = run_path(file_path(path))["migrate"]
        migrate(self.env.cr, "19.0.1.4.0")
        self.assertEqual(quote.partner_shipping_id, self.customer)
        self.assertEqual(quote.fiscal_position_id, position)
        self.assertEqual(quote.content_hash, content_hash)
        # What is there already stays.
        self.env.cr.execute(
            "UPDATE billinator_quote SET partner_shipping_id = %s WHERE id = %s",
            [self.partner_b.id, quote.id],
        )
        quote.invalidate_recordset()
        migrate(self.env.cr, "19.0.1.4.0")
        self.assertEqual(quote.partner_shipping_id, self.partner_b)

    def test_salesperson_of_the_customer(self):
        self.customer.user_id = self.colleague
        self.assertEqual(self._create_quote().user_id, self.colleague)

    def test_own_documents_are_no_colleagues(self):
        """Who may not give quotes to others keeps those for others' customers."""
        self.customer.user_id = self.colleague
        Quote = self.env["billinator.quote"]
        values = {"partner_id": self.customer.id}
        for user, salesperson in (
            (self.salesperson, self.salesperson),
            (self.senior, self.colleague),
        ):
            quote = Quote.with_user(user).create(dict(values))
            self.assertEqual(quote.user_id, salesperson)
            form = Form(Quote.with_user(user))
            form.partner_id = self.customer
            self.assertEqual(form.user_id, salesperson)

    def test_salesperson_of_another_company(self):
        self.customer.user_id = self.stranger
        self.assertEqual(self._create_quote().user_id, self.env.user)

    def test_team_of_the_salesperson(self):
        team = self.env["crm.team"].create(
            {"name": "Team", "member_ids": [Command.set(self.colleague.ids)]}
        )
        quote = self._create_quote(user_id=self.colleague.id)
        self.assertEqual(quote.team_id, team)

    def test_terms_and_conditions_of_the_company(self):
        self.env["ir.config_parameter"].set_param("account.use_invoice_terms", True)
        self.company.invoice_terms = "<p>Pay soon</p>"
        self.assertEqual(self._create_quote().note, "<p>Pay soon</p>")

    # Dates

    @freeze_time("2026-02-03")
    def test_validity_from_the_settings(self):
        settings = self.env["res.config.settings"].create({})
        settings.billinator_quote_validity_days = 12
        settings.execute()
        self.assertEqual(self._create_quote().validity_date, date(2026, 2, 15))
        quote = self._create_quote(date_quote="2026-03-01")
        self.assertEqual(quote.validity_date, date(2026, 3, 13))

    def test_validity_without_end(self):
        self.company.billinator_quote_validity_days = 0
        self.assertFalse(self._create_quote().validity_date)

    def test_validity_cannot_be_negative(self):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.company.billinator_quote_validity_days = -1
            self.env.flush_all()

    def test_validity_by_hand(self):
        quote = self._create_quote(validity_date="2030-01-01")
        self.assertEqual(quote.validity_date, date(2030, 1, 1))

    def test_validity_stays_when_the_date_changes(self):
        quote = self._create_quote(date_quote="2026-01-02", validity_date="2026-02-20")
        quote.date_quote = "2026-01-05"
        self.assertEqual(quote.validity_date, date(2026, 2, 20))

    def test_terms_on_a_web_page(self):
        self.env["ir.config_parameter"].set_param("account.use_invoice_terms", "True")
        self.company.write({"terms_type": "html", "invoice_terms": "<p>Old</p>"})
        quote = self._create_quote()
        self.assertIn("/terms", quote.note)
        self.assertNotIn("Old", quote.note)

    def test_usual_validity_follows_the_date_in_the_form(self):
        days = self.company.billinator_quote_validity_days
        quote = self._create_quote(date_quote="2026-01-02")
        with Form(quote) as form:
            form.date_quote = "2026-01-05"
        self.assertEqual(quote.validity_date, date(2026, 1, 5) + timedelta(days=days))
        quote.validity_date = "2026-12-31"
        with Form(quote) as form:
            form.date_quote = "2026-01-08"
        self.assertEqual(quote.validity_date, date(2026, 12, 31))

    def test_cannot_expire_before_its_date(self):
        self._create_quote(date_quote="2026-01-02", validity_date="2026-01-02")
        self._assert_constraint(
            "validity_after_quote", date_quote="2026-01-02", validity_date="2026-01-01"
        )

    # Contents

    def test_customer_required(self):
        with self.assertRaises(NotNullViolation), mute_logger("odoo.sql_db"):
            self.env["billinator.quote"].create({})

    def test_text_lines_carry_no_product_price_or_quantity(self):
        for display_type in ("line_section", "line_subsection", "line_note"):
            text = {"display_type": display_type, "name": "Text"}
            quote = self._create_quote(text)
            self.assertEqual(quote.line_ids.quantity, 0)
            for values in (
                {"product_id": self.product_a.id},
                {"price_unit": 5},
                {"quantity": 1},
                {"product_uom_id": self.uom_unit.id},
            ):
                with (
                    self.subTest(type=display_type, values=values),
                    self.assertRaisesRegex(CheckViolation, "product_or_text"),
                    mute_logger("odoo.sql_db"),
                    self.env.cr.savepoint(),
                ):
                    self._create_quote({**text, **values})

    def test_line_needs_a_text(self):
        for name in ("", "  \n"):
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(ValidationError, "product or a text"),
                self.env.cr.savepoint(),
            ):
                self._create_quote({"name": name, "price_unit": 3})

    def test_line_needs_a_quote(self):
        with self.assertRaises(NotNullViolation), mute_logger("odoo.sql_db"):
            self.env["billinator.quote.line"].create({"name": "Alone"})

    def test_product_line_needs_a_quote(self):
        with self.assertRaises(NotNullViolation), mute_logger("odoo.sql_db"):
            self.env["billinator.quote.line"].create({"product_id": self.product_a.id})

    def test_company_or_currency_is_cleared_in_the_form(self):
        self.env.user.group_ids += self.env.ref("base.group_multi_company")
        self.env.user.group_ids += self.env.ref("base.group_multi_currency")
        quote = self._create_quote()
        for name in ("company_id", "currency_id"):
            with self.subTest(name=name), Form(quote) as form:
                value = form[name]
                form[name] = value.browse()
                with form.line_ids.edit(0) as line:
                    line.quantity += 1
                form[name] = value
        self.assertEqual(quote.amount_untaxed, 4000)
        quote.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "Early",
                "early_discount": True,
                "early_pay_discount_computation": "mixed",
            }
        )
        # A pricelist that has no company to fit is complained of first.
        errors = {"company_id": ValidationError, "currency_id": NotNullViolation}
        for name, error in errors.items():
            for nothing in (False, None):
                with (
                    self.subTest(name=name),
                    self.assertRaises(error),
                    mute_logger("odoo.sql_db"),
                    self.env.cr.savepoint(),
                ):
                    quote.write({name: nothing})
                    self.env.flush_all()
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(NotNullViolation, f'"{name}"'),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self._create_quote(**{name: False, "pricelist_id": False})

    def test_customer_is_the_deals(self):
        deal = self._create_opportunity().with_user(self.salesperson)
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        deal.sudo().user_id = self.salesperson
        other = self._create_opportunity(user_id=self.colleague.id)
        person = self.customer.create({"name": "Ann", "parent_id": self.customer.id})
        quotes = Quote.create(
            [
                {"opportunity_id": deal.id},
                {"opportunity_id": deal.id, "partner_id": False},
                {"opportunity_id": deal.id, "partner_id": person.id},
            ]
        )
        self.assertEqual(
            [quote.partner_id for quote in quotes], [self.customer] * 2 + [person]
        )
        self.assertTrue(quotes[0].partner_invoice_id)
        with Form(Quote) as form:
            form.opportunity_id = deal
            self.assertEqual(form.partner_id, self.customer)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            Quote.create({"opportunity_id": other.id})
        with self.assertRaises(AccessError):
            Quote.onchange({"opportunity_id": other.id}, [], {"partner_id": {}})
        result = Quote.load(["opportunity_id/.id", "partner_id"], [[str(deal.id), ""]])
        self.assertEqual(Quote.browse(result["ids"]).partner_id, self.customer)

    def test_copied_line_stays_on_the_quote(self):
        quote = self._create_quote()
        quote.line_ids.copy()
        self.assertEqual(len(quote.line_ids), 2)
        self.assertEqual(quote.amount_untaxed, 4000)

    def test_discount_above_all(self):
        with (
            self.assertRaisesRegex(CheckViolation, "discount_range"),
            mute_logger("odoo.sql_db"),
        ):
            self._create_quote({"product_id": self.product_a.id, "discount": 101})

    def test_description_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.product_a.with_context(lang="fr_FR").name = "Bureau"
        self.customer.lang = "fr_FR"
        self.assertEqual(self._create_quote().line_ids.name, "Bureau")
        contact = self.env["billinator.contact"].create(
            {"name": "Bea", "email": "bea@ada.example", "customer_id": self.customer.id}
        )
        contact.person_id.lang = "en_US"
        quote = self._create_quote(contact_id=contact.id)
        self.assertEqual(quote.line_ids.name, self.product_a.name)

    # Copies and deletions

    def test_copy_starts_anew(self):
        quote = self._create_quote(
            {"product_id": self.product_a.id, "price_unit": 5, "discount": 3},
            date_quote="2024-01-01",
            client_order_ref="PO",
        )
        quote.action_convert_to_invoice()
        copy = quote.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    "state": "draft",
                    "date_quote": date.today(),
                    "validity_date": date.today() + timedelta(days=30),
                    "client_order_ref": False,
                    "invoice_status": "no",
                    "invoice_ids": [],
                    "amount_total": quote.amount_total,
                }
            ],
        )
        self.assertNotEqual(copy.name, quote.name)
        self.assertEqual((copy.line_ids.price_unit, copy.line_ids.discount), (5, 3))
        copy.line_ids.quantity = 9
        self.assertEqual(copy.line_ids.price_unit, 5)

    def test_only_what_was_not_accepted_is_deleted(self):
        quotes = self._create_quote() + self._create_quote()
        lines = quotes.line_ids
        quotes[0].action_reject()
        quotes.unlink()
        self.assertFalse(lines.exists())
        accepted = self._create_quote()
        accepted.action_accept()
        with self.assertRaisesRegex(UserError, accepted.name):
            accepted.unlink()


@tagged("post_install", "-at_install")
class TestQuoteStates(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote = cls._create_quote()

    def _refused(self):
        return self.assertRaisesRegex(UserError, self.quote.name)

    def test_sent_by_the_menu_of_the_list(self):
        quotes = self.quote + self.quote.copy()
        quotes.user_id = self.salesperson
        action = self.env.ref("billinator_crm.billinator_quote_action_mark_sent")
        bindings = self.env["ir.actions.actions"].with_user(self.salesperson)
        self.assertIn(
            action.id,
            {one["id"] for one in bindings.get_bindings(quotes._name)["action"]},
        )
        action.with_user(self.salesperson).with_context(
            active_model=quotes._name, active_ids=quotes.ids
        ).run()
        self.assertEqual(quotes.mapped("state"), ["sent", "sent"])

    def test_way_of_a_quote(self):
        quote = self.quote
        for method, state in (
            ("action_mark_sent", "sent"),
            ("action_mark_sent", "sent"),
            ("action_accept", "accepted"),
            ("action_accept", "accepted"),
            ("action_reset_to_draft", "draft"),
            ("action_accept", "accepted"),
        ):
            self.assertIs(getattr(quote, method)(), True)
            self.assertEqual(quote.state, state)

    def test_transitions_that_are_refused(self):
        refused = {
            "accepted": ("action_mark_sent", "action_reject"),
            "rejected": ("action_mark_sent", "action_accept", "action_reject"),
            "expired": ("action_mark_sent", "action_accept"),
        }
        for state, methods in refused.items():
            self._bring_to(state)
            for method in methods:
                with self.subTest(state=state, method=method), self._refused():
                    getattr(self.quote, method)()
                self.assertEqual(self.quote.state, state)

    def _bring_to(self, state):
        self.quote.state = "draft"
        self.quote.state = state

    def test_transitions_by_writing(self):
        """Imports and the API go the way of the buttons."""
        allowed = {
            ("draft", "sent"),
            ("draft", "accepted"),
            ("draft", "rejected"),
            ("draft", "expired"),
            ("sent", "draft"),
            ("sent", "accepted"),
            ("sent", "rejected"),
            ("sent", "expired"),
            ("accepted", "draft"),
            ("rejected", "draft"),
            ("expired", "draft"),
            ("expired", "rejected"),
        }
        states = dict(self.quote._fields["state"].selection)
        for old, new in permutations(states, 2):
            with self.subTest(old=old, new=new):
                self._bring_to(old)
                if (old, new) in allowed:
                    self.quote.state = new
                else:
                    with self._refused():
                        self.quote.write({"state": new})
                    self.assertEqual(self.quote.state, old)

    def test_created_in_any_state(self):
        for state in ("draft", "sent", "accepted", "rejected", "expired"):
            quote = self._create_quote(state=state)
            self.assertEqual((quote.state, quote.amount_untaxed), (state, 2000))
        result = self.env["billinator.quote"].load(
            ["partner_id", "state", "line_ids/product_id", "line_ids/quantity"],
            [
                [self.customer.name, "Accepted", self.product_a.name, "3"],
                ["", "", self.product_a.name, "1"],
                [self.customer.name, "Draft", self.product_a.name, "5"],
            ],
        )
        quotes = self.env["billinator.quote"].browse(result["ids"])
        self.assertEqual(quotes.mapped("state"), ["accepted", "draft"])
        self.assertEqual(quotes.mapped("amount_untaxed"), [4000, 5000])
        with self.assertRaisesRegex(UserError, "no product to sell"):
            self.env["billinator.quote"].create(
                {"partner_id": self.customer.id, "state": "accepted"}
            )

    def test_quotes_with_nothing_to_sell(self):
        self.quote.line_ids.unlink()
        ways = (
            self.quote.action_mark_sent,
            self.quote.action_accept,
            partial(self.quote.write, {"state": "sent"}),
            partial(self.quote.write, {"state": "accepted"}),
        )
        for way in ways:
            with (
                self.assertRaisesRegex(UserError, "no product to sell"),
                self.env.cr.savepoint(),
            ):
                way()
            self.assertEqual(self.quote.state, "draft")

    def test_derived_fields_are_not_written(self):
        for user in (self.salesperson, self.manager):
            self.quote.user_id = user
            Quote = self.env["billinator.quote"].with_user(user)
            for values in (
                {"invoice_status": "paid"},
                {"amount_total": 1},
                {"amount_untaxed_company": 1},
                {"currency_rate": 1},
                {"commercial_partner_id": self.partner_a.id},
            ):
                with (
                    self.subTest(values=values),
                    self.assertRaisesRegex(UserError, "computed and cannot be set"),
                ):
                    self.quote.with_user(user).write(values)
                with self.assertRaisesRegex(UserError, "computed and cannot be set"):
                    Quote.create({"partner_id": self.customer.id, **values})

    def test_amounts_of_lines_are_not_written(self):
        self.quote.user_id = self.salesperson
        line = self.quote.line_ids.with_user(self.salesperson)[0]
        installments = self.env["billinator.quote.installment"].with_user(
            self.salesperson
        )
        installment = installments.create(
            {"quote_id": self.quote.id, "fixed_amount": 5}
        )
        for records, values in (
            (line, {"price_subtotal": 1}),
            (line, {"price_total": 1}),
            (line, {"company_id": self.company_b.id}),
            (installment, {"amount_invoiced": 0}),
        ):
            refused = self.assertRaisesRegex(UserError, "computed and cannot be set")
            with self.subTest(values=values), refused:
                records.write(values)
            with refused:
                records.create({"quote_id": self.quote.id, **values})

    def test_lines_have_no_hidden_amounts(self):
        self.quote.user_id = self.salesperson
        line = self.quote.line_ids.with_user(self.salesperson)[0]
        hidden = {"extra_tax_data": {"manual_total_excluded_currency": 1}}
        with self.assertRaisesRegex(ValidationError, "amounts of their own"):
            line.write(hidden)
        with self.assertRaisesRegex(UserError, "is computed and cannot be set"):
            line.write({**hidden, "is_global_discount": True})

    def test_reject_and_reset(self):
        wizard = self.env["billinator.quote.reject"].with_context(
            active_ids=self.quote.ids, active_model=self.quote._name
        )
        wizard.create({"reason": "Too late"}).action_reject()
        self.assertRecordValues(
            self.quote, [{"state": "rejected", "reject_reason": "Too late"}]
        )
        self.quote.action_reset_to_draft()
        self.assertRecordValues(
            self.quote, [{"state": "draft", "reject_reason": False}]
        )

    def test_expired_quote_may_be_rejected(self):
        self.quote.state = "expired"
        self.quote.action_reject("No answer")
        self.assertEqual(self.quote.state, "rejected")

    def test_final_lines_do_not_change(self):
        line = self.quote.line_ids
        ways = {
            "write": lambda: line.write({"quantity": 5}),
            "price": lambda: line.write({"price_unit": 5}),
            "taxes": lambda: line.write({"tax_ids": [Command.clear()]}),
            "option": lambda: line.write({"is_optional": True}),
            "unlink": line.unlink,
            "copy": line.copy,
            "create": lambda: line.create(
                {"quote_id": self.quote.id, "product_id": self.product_a.id}
            ),
            "update command": lambda: self.quote.write(
                {"line_ids": [Command.update(line.id, {"name": "Else"})]}
            ),
            "delete command": lambda: self.quote.write(
                {"line_ids": [Command.delete(line.id)]}
            ),
            "create command": lambda: self.quote.write(
                {"line_ids": [Command.create({"name": "More"})]}
            ),
            "clear command": lambda: self.quote.write({"line_ids": [Command.clear()]}),
            "move away": lambda: line.write({"quote_id": self._create_quote().id}),
            "move in": lambda: self._create_quote().line_ids.write(
                {"quote_id": self.quote.id}
            ),
        }
        for state in ("accepted", "rejected", "expired"):
            self._bring_to(state)
            self._assert_all_refused(ways, state)

    def test_nothing_that_final_lines_say_changes(self):
        self.quote.line_ids = [
            Command.create({"display_type": "line_section", "name": "Work"})
        ]
        product = self.quote.line_ids.filtered("product_id")
        section = self.quote.line_ids - product
        values = {
            "display_type": (section, "line_subsection"),
            "product_id": (product, self.product_b.id),
            "name": (product, "Else"),
            "quantity": (product, 5),
            "product_uom_id": (product, self.uom_dozen.id),
            "price_unit": (product, 5),
            "discount": (product, 5),
            "tax_ids": (product, [Command.clear()]),
            "is_optional": (product, True),
            "is_selected": (product, True),
            "collapse_prices": (section, True),
            "collapse_composition": (section, True),
        }
        computed = {"price_subtotal", "price_total"}
        self.assertEqual(set(values), set(product._get_content_fields()) - computed)
        ways = {
            name: partial(line.write, {name: value})
            for name, (line, value) in values.items()
        }
        self.quote.action_accept()
        self._assert_all_refused(ways, "accepted")

    def test_final_terms_do_not_change(self):
        currency = self.setup_other_currency("CHF")
        values = {
            "name": f"{self.quote.name}-B",
            "partner_id": self.partner_b.id,
            "partner_invoice_id": self.partner_b.id,
            "partner_shipping_id": self.partner_b.id,
            "date_quote": "2020-01-01",
            "validity_date": "2040-01-01",
            "currency_id": currency.id,
            "fiscal_position_id": self.fiscal_pos_a.id,
            "payment_term_id": self.pay_terms_b.id,
            "note": "<p>Else</p>",
        }
        ways = {
            name: partial(self.quote.write, {name: value})
            for name, value in values.items()
        }
        self.quote.action_accept()
        self._assert_all_refused(ways, "accepted")

    def _assert_all_refused(self, ways, state):
        self.env.flush_all()
        before = self.quote.read() + self.quote.line_ids.read()
        for way, change in ways.items():
            with (
                self.subTest(state=state, way=way),
                self._refused(),
                self.env.cr.savepoint(),
            ):
                change()
                self.env.flush_all()
            self.env.invalidate_all()
        self.assertEqual(self.quote.read() + self.quote.line_ids.read(), before)

    def test_what_a_final_quote_lets_change(self):
        self.quote.action_accept()
        values = {"user_id": self.colleague.id, "client_order_ref": "PO 5"}
        self.quote.write(values)
        self.quote.opportunity_id = self._create_opportunity()
        self.quote.action_reset_to_draft()
        self.quote.line_ids.quantity = 7
        self.assertEqual(self.quote.amount_untaxed, 7000)

    def test_terms_of_quotes_are_not_deleted(self):
        term = self.env["account.payment.term"].create({"name": "Soon"})
        position = self.env["account.fiscal.position"].create({"name": "There"})
        tax = self.percent_tax(7)
        self.quote.write(
            {"payment_term_id": term.id, "fiscal_position_id": position.id}
        )
        self.quote.line_ids.tax_ids = tax
        self.quote.action_accept()
        for record, error in (
            (term, IntegrityError),
            (position, UserError),
            (tax, UserError),
        ):
            with (
                self.subTest(record.name),
                self.assertRaises(error),
                self.env.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                record.unlink()
        # As Odoo does when it loads another chart of accounts.
        for record in (position, tax):
            record.with_context(**{MODULE_UNINSTALL_FLAG: True}).unlink()
        self.env.invalidate_all()
        self.assertFalse(self.quote.line_ids.tax_ids)

    def test_products_and_taxes_change_without_accepted_quotes(self):
        line = self.quote.line_ids
        self.quote.action_accept()
        before = line.read() + self.quote.read(["amount_total", "amount_untaxed"])
        self.product_a.write({"list_price": 1, "taxes_id": [Command.clear()]})
        self.customer.property_payment_term_id = self.pay_terms_b
        self.env.invalidate_all()
        self.assertEqual(
            line.read() + self.quote.read(["amount_total", "amount_untaxed"]), before
        )


@tagged("post_install", "-at_install")
class TestQuoteNumber(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sequence = cls.company._get_quote_sequence_sudo()

    def _create_quotes(self, count, **values):
        return self.env["billinator.quote"].create(
            [{"partner_id": self.customer.id, **values} for _ in range(count)]
        )

    def _assert_in_a_row(self, quotes):
        numbers = [int(name.rpartition("/")[2]) for name in quotes.mapped("name")]
        first = numbers[0]
        self.assertEqual(numbers, list(range(first, first + len(quotes))))

    def test_in_a_row(self):
        quotes = self._create_quotes(3) + self._create_quotes(2)
        self._assert_in_a_row(quotes)
        year = date.today().year
        self.assertTrue(
            all(name.startswith(f"Q{year}/") for name in quotes.mapped("name"))
        )

    def test_without_gaps(self):
        self.sequence.implementation = "no_gap"
        quotes = self._create_quotes(3) + self._create_quotes(2)
        self._assert_in_a_row(quotes)

    def test_with_date_ranges(self):
        self.sequence.write(
            {"use_date_range": True, "prefix": "Q%(range_year)s/", "padding": 3}
        )
        quotes = self._create_quotes(3) + self._create_quotes(2)
        self._assert_in_a_row(quotes)
        self.assertEqual(quotes[0].name, f"Q{date.today().year}/001")

    def test_increment(self):
        self.sequence.write({"number_increment": 10, "number_next_actual": 500})
        names = self._create_quotes(2).mapped("name")
        self.assertEqual([name[-3:] for name in names], ["500", "510"])

    def test_companies_count_for_themselves(self):
        other = self.setup_other_company()["company"]
        ours, theirs = (
            self._create_quotes(1),
            self._create_quotes(1, company_id=other.id),
        )
        self.assertTrue(theirs.name.endswith("/00001"))
        self._assert_in_a_row(ours + self._create_quotes(2))
        mixed = self.env["billinator.quote"].create(
            [
                {"partner_id": self.customer.id, "company_id": company.id}
                for company in (self.company, other, self.company)
            ]
        )
        self._assert_in_a_row(theirs + mixed[1])
        self._assert_in_a_row(mixed[0] + mixed[2])

    def test_company_of_the_context(self):
        other = self.setup_other_company()["company"]
        Quote = self.env["billinator.quote"].with_context(default_company_id=other.id)
        quotes = Quote.create([{"partner_id": self.customer.id}])
        self.assertEqual(quotes.company_id, other)
        self._assert_in_a_row(quotes + self._create_quotes(1, company_id=other.id))

    def test_draft_that_changes_its_company(self):
        other = self.setup_other_company()["company"]
        theirs = self._create_quotes(1, company_id=other.id)
        quotes = self._create_quotes(2)
        quotes.write({"company_id": other.id, "team_id": False})
        last = self._create_quotes(1, company_id=other.id)
        self._assert_in_a_row(theirs + quotes + last)
        names = quotes.mapped("name")
        quotes.company_id = other
        self.assertEqual(quotes.mapped("name"), names)

    def test_blank_cells_of_an_import_are_numbered(self):
        names = (False, "", " ", "New")
        quotes = self.env["billinator.quote"].create(
            [{"partner_id": self.customer.id, "name": name} for name in names]
        )
        self._assert_in_a_row(quotes)

    def test_values_of_the_caller_stay(self):
        values = {"partner_id": self.customer.id}
        self.env["billinator.quote"].create([values])
        self.assertEqual(values, {"partner_id": self.customer.id})

    def test_lost_sequence_is_named(self):
        self.sequence.unlink()
        with self.assertRaisesRegex(UserError, f"sequence .*{self.company.name}"):
            self._create_quotes(1)

    def test_given_number_is_kept(self):
        self.assertEqual(self._create_quotes(1, name="OLD-17").name, "OLD-17")

    def test_unique_in_a_company(self):
        other = self.setup_other_company()["company"]
        self._create_quotes(1, name="OLD-17")
        self._create_quotes(1, name="OLD-17", company_id=other.id)
        with (
            self.assertRaisesRegex(UniqueViolation, "name_company_uniq"),
            mute_logger("odoo.sql_db"),
        ):
            self._create_quotes(1, name="OLD-17")


@tagged("post_install", "-at_install")
class TestQuoteCompanies(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.setup_other_company()
        cls.foreign = {"company_id": cls.other["company"].id}

    def _assert_foreign(self, **values):
        with (
            self.subTest(values=values),
            self.assertRaisesRegex(UserError, "ompan"),
            self.env.cr.savepoint(),
        ):
            self._create_quote(**{"company_id": self.company.id, **values})

    def test_foreign_records_are_refused(self):
        tax = self.other["default_tax_sale"]
        product = self.env["product.product"].create({"name": "There", **self.foreign})
        for line in (
            {"product_id": product.id},
            {"product_id": self.product_a.id, "tax_ids": [Command.set(tax.ids)]},
        ):
            self._assert_foreign(line_ids=[Command.create(line)])
        for name, model, values in (
            ("pricelist_id", "product.pricelist", {}),
            ("fiscal_position_id", "account.fiscal.position", {}),
            ("payment_term_id", "account.payment.term", {}),
            ("partner_id", "res.partner", {}),
            ("partner_invoice_id", "res.partner", {}),
            ("partner_shipping_id", "res.partner", {}),
            ("opportunity_id", "billinator.opportunity", {"contact_name": "Ada"}),
        ):
            record = self.env[model].create({"name": "There", **self.foreign, **values})
            self._assert_foreign(**{name: record.id})
        self._assert_foreign(user_id=self.stranger.id)

    def test_company_of_a_quote_with_lines_does_not_change(self):
        """Its products, taxes and prices are those of its company."""
        self.product_a.company_id = self.company
        quote = self._create_quote()
        with self.assertRaisesRegex(UserError, "ompan"):
            quote.company_id = self.foreign["company_id"]

    def test_lines_do_not_come_to_a_quote_of_another_company(self):
        self.product_a.company_id = self.company
        line = self._create_quote().line_ids
        other = self._create_quote({"name": "Work", "tax_ids": []}, **self.foreign)
        with self.assertRaisesRegex(UserError, "ompan"):
            line.quote_id = other


@tagged("post_install", "-at_install")
class TestQuoteOpportunity(BillinatorInvoicingCommon):
    def test_customer_of_the_opportunity(self):
        person = self.env["res.partner"].create(
            {"name": "Ada", "parent_id": self.customer.id}
        )
        opportunity = self._create_opportunity(partner_id=person.id)
        lead = self._create_opportunity(partner_id=False, contact_name="Ada")
        quote = self._create_quote(opportunity_id=opportunity.id)
        quote.opportunity_id = lead
        quote.opportunity_id = opportunity
        with (
            self.assertRaisesRegex(
                ValidationError, f"{self.partner_b.name}.*{opportunity.name}.*Ada"
            ),
            self.env.cr.savepoint(),
        ):
            quote.partner_id = self.partner_b
        quote = self._create_quote(partner_id=self.partner_b.id)
        with self.assertRaisesRegex(ValidationError, quote.name):
            quote.opportunity_id = opportunity


@tagged("post_install", "-at_install")
class TestQuoteMails(BillinatorCommon):
    def _get_buttons(self, quote):
        groups = quote._notify_get_recipients_groups(self.env["mail.message"], "Quote")
        buttons = {name: data["has_button_access"] for name, _is, data in groups}
        return buttons["portal_customer"], buttons["portal"]

    def test_customers_get_a_button_once_they_may_see_the_quote(self):
        quote = self._create_quote()
        self.assertEqual(self._get_buttons(quote), (False, False))
        quote.action_mark_sent()
        self.assertEqual(self._get_buttons(quote), (True, True))
