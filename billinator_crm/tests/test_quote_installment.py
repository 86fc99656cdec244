from runpy import run_path
from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path, formatLang, mute_logger

from odoo.addons.account.models.account_move import AccountMove

from .common import BillinatorInvoicingCommon


class InstallmentCase(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote = cls._create_quote(user_id=cls.salesperson.id)

    def _plan(self, percentage=30, **values):
        if "fixed_amount" not in values:
            values["percentage"] = percentage
        return self.env["billinator.quote.installment"].create(
            {"quote_id": self.quote.id, **values}
        )

    def _invoice(self, record):
        """Convert a quote or an instalment, and return its invoice."""
        action = record.action_convert_to_invoice()
        return self.env["account.move"].browse(action["res_id"])

    def _credit(self, move):
        """Post what takes back a move, and return it."""
        reversal = self._reverse_invoice(move, is_modify=False)
        reversal.filtered(lambda move: move.state == "draft").action_post()
        return reversal

    def _get_sum(self, name="amount_total"):
        live = self.quote.invoice_ids.filtered(lambda i: i.state != "cancel")
        return sum(live.mapped(name))


@tagged("post_install", "-at_install")
class TestInstallmentOnce(InstallmentCase):
    def test_same_invoice_forever(self):
        row = self._plan()
        invoice = self._invoice(row)
        self.assertEqual(self._invoice(row), invoice)
        invoice.action_post()
        self.assertEqual(self._invoice(row), invoice)
        (row + row)._convert_to_invoices()
        self._invoice(self.quote)
        self.assertEqual(self._invoice(row), invoice)
        self.assertEqual(row.invoice_ids, invoice)
        self.assertEqual(len(self.quote.invoice_ids), 2)

    def test_cancelled_or_deleted_invoice_frees_it(self):
        row = self._plan()
        cancelled = self._invoice(row)
        cancelled.button_cancel()
        self.assertEqual(row.invoice_status, "no")
        invoice = self._invoice(row)
        self.assertNotEqual(invoice, cancelled)
        invoice.unlink()
        self.assertNotEqual(self._invoice(row), invoice)

    def test_database_holds_one_invoice(self):
        row = self._plan()
        values = row._prepare_invoice_values()
        self._invoice(row)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self.env["account.move"].create(values)

    def test_wizard_clicked_twice(self):
        wizard = self.env["billinator.quote.invoice"].create(
            {"quote_id": self.quote.id, "method": "amount", "amount": 100}
        )
        first = wizard.action_create_invoice()
        self.assertEqual(wizard.action_create_invoice()["res_id"], first["res_id"])
        self.assertEqual(len(self.quote.installment_ids), 1)
        self.assertEqual(self.quote.amount_invoiced, 100)

    def test_wizard_takes_the_rest(self):
        self.quote.action_invoice_down_payment(percentage=25)
        wizard = self.env["billinator.quote.invoice"].create(
            {"quote_id": self.quote.id, "method": "final"}
        )
        wizard.action_create_invoice()
        self.assertEqual(self._get_sum(), self.quote.amount_total)

    def test_rest_waits_for_what_is_planned(self):
        row = self._plan()
        with self.assertRaisesRegex(UserError, "30 %"):
            self.quote.action_convert_to_invoice()
        row.unlink()
        self.assertEqual(self._invoice(self.quote).amount_total, self._get_sum())


@tagged("post_install", "-at_install")
class TestInstallmentTotal(InstallmentCase):
    def test_parts_make_the_whole(self):
        self.quote.action_invoice_down_payment(percentage=30)
        self.quote.action_invoice_down_payment(amount=123.45)
        rest = self._invoice(self.quote)
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertAlmostEqual(self._get_sum(name), self.quote[name], 2)
        self.assertEqual(len(rest.billinator_deducted_ids), 2)
        self.assertRecordValues(
            self.quote,
            [
                {
                    "amount_invoiced": self.quote.amount_total,
                    "amount_to_invoice": 0,
                    "has_final_invoice": True,
                    "invoice_count": 3,
                }
            ],
        )

    def test_never_more_than_the_quote(self):
        self._plan(60)
        for values in ({"percentage": 41}, {"fixed_amount": self.quote.amount_total}):
            with (
                self.assertRaisesRegex(ValidationError, "more than its total"),
                self.env.cr.savepoint(),
            ):
                self._plan(**values)
        row = self._plan(40)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            row.percentage = 41
        with self.assertRaises(ValidationError):
            self.quote.action_invoice_down_payment(percentage=1)

    def test_label_names_what_is_asked_for(self):
        row = self._plan(fixed_amount=self.quote.amount_total)
        self.quote.line_ids.price_unit /= 2
        invoice = row._convert_to_invoices()
        amount = formatLang(
            self.env, invoice.amount_total, currency_obj=invoice.currency_id
        )
        self.assertIn(amount, invoice.invoice_line_ids[0].name)

    def test_names_taxes_in_the_customers_language(self):
        quotes = self._create_quotes_in_two_languages(
            *(
                {"name": "Work", "price_unit": 100, "tax_ids": [Command.set(tax.ids)]}
                for tax in (self.tax_sale_a, self.tax_sale_b)
            )
        )
        for quote, label in quotes.items():
            quote.action_invoice_down_payment(percentage=30)
            names = "".join(quote.invoice_ids.invoice_line_ids.mapped("name"))
            self.assertIn(f"({label})", names)

    def test_taxes_without_a_label(self):
        both = self.tax_sale_a + self.tax_sale_b
        self.quote = self._create_quote(
            *(
                {"name": "Work", "price_unit": 100, "tax_ids": [Command.set(taxes.ids)]}
                for taxes in (both, self.tax_sale_b)
            )
        )
        with self._without_label(self.tax_sale_b):
            lines = self._invoice(self._plan()).invoice_line_ids
        names = {line.tax_ids: line.name for line in lines}
        self.assertIn(f"({self.tax_sale_a.tax_label})", names[both])
        self.assertNotIn("(", names[self.tax_sale_b])

    def test_fixed_amounts_shrink_with_the_quote(self):
        row = self._plan(fixed_amount=self.quote.amount_total)
        self.quote.line_ids.quantity = 1
        self.assertEqual(row.amount, self.quote.amount_total)
        self.assertEqual(self.quote.amount_planned, self.quote.amount_total)

    def test_thirds(self):
        """What rounding leaves over is not invoiced on top."""
        self.quote.line_ids.write({"price_unit": 0.05, "quantity": 1, "tax_ids": False})
        for percentage in (50, 50):
            self._plan(percentage)
        self.quote.installment_ids.action_convert_to_invoice()
        self.assertAlmostEqual(self._get_sum(), 0.05, 2)

    def test_odd_halves_and_quarters(self):
        for total, parts in ((100.01, 2), (100.02, 4)):
            self.quote = self._create_quote(
                {"name": "Work", "price_unit": total, "tax_ids": False}
            )
            for _part in range(parts):
                self.quote.action_invoice_down_payment(percentage=100 / parts)
            with self.subTest(total=total):
                self.assertAlmostEqual(self._get_sum(), total, 2)
                self.assertEqual(len(self.quote.invoice_ids), parts)

    def test_invoice_raised_by_an_accountant(self):
        """The other half is planned, but there is no half left."""
        first, second = self._plan(50), self._plan(50)
        self._invoice(first).invoice_line_ids = [
            Command.create({"name": "More", "price_unit": self.quote.amount_total})
        ]
        with self.assertRaisesRegex(UserError, "left to invoice"):
            second.action_convert_to_invoice()
        second.unlink()
        with self.assertRaisesRegex(UserError, "left to invoice"):
            self.quote.action_convert_to_invoice()

    def test_values(self):
        for values in ({}, {"percentage": 10, "fixed_amount": 5}, {"percentage": 101}):
            with (
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env["billinator.quote.installment"].create(
                    {"quote_id": self.quote.id, **values}
                )
        for arguments in ({}, {"percentage": 5, "amount": 5}):
            with self.assertRaises(UserError):
                self.quote.action_invoice_down_payment(**arguments)
        for arguments in ({"percentage": -1}, {"percentage": 101}, {"amount": -1}):
            with (
                self.subTest(arguments),
                self.assertNoLogs("odoo.sql_db"),
                self.assertRaisesRegex(ValidationError, "from 0 to 100, or an amount"),
            ):
                self.quote.action_invoice_down_payment(**arguments)

    def test_down_payment_account(self):
        account = self.company_data["default_account_revenue"].copy()
        self.company.billinator_downpayment_account_id = account
        first = self._invoice(self._plan())
        rest = self._invoice(self.quote)
        self.assertEqual(first.invoice_line_ids.account_id, account)
        deduction = rest.invoice_line_ids.filtered(lambda line: line.quantity < 0)
        self.assertEqual(deduction.account_id, account)
        moves = first + rest
        booked = moves.line_ids.filtered(lambda line: line.account_id == account)
        self.assertAlmostEqual(sum(booked.mapped("balance")), 0, 2)

    def test_without_one_it_is_the_products_account(self):
        other = self.company_data["default_account_revenue"].copy()
        self.product_a.property_account_income_id = other
        self.assertEqual(self._invoice(self._plan()).invoice_line_ids.account_id, other)

    def test_mixed_early_payment(self):
        self.quote.payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "Mixed",
                "early_discount": True,
                "discount_percentage": 2,
                "early_pay_discount_computation": "mixed",
            }
        )
        with self.assertRaisesRegex(UserError, "Mixed"):
            self._plan()


@tagged("post_install", "-at_install")
class TestInstallmentLife(InstallmentCase):
    def test_invoice_status(self):
        first = self._invoice(self._plan(40))
        self.assertEqual(self.quote.invoice_status, "draft")
        first.action_post()
        self.assertEqual(self.quote.invoice_status, "posted")
        self._register_payment(first)
        self.assertEqual(self.quote.invoice_status, "partial")
        rest = self._invoice(self.quote)
        self.assertEqual(self.quote.invoice_status, "partial")
        rest.action_post()
        self._register_payment(rest)
        self.assertEqual(self.quote.invoice_status, "paid")

    def test_full_down_payment_pays_the_quote(self):
        invoice = self._invoice(self._plan(100))
        invoice.action_post()
        self._register_payment(invoice)
        self.assertEqual(self.quote.invoice_status, "paid")
        rest = self._invoice(self.quote)
        self.assertEqual(rest.amount_total, 0)
        self.assertEqual(self.quote.invoice_status, "paid")
        rest.action_post()
        self.assertEqual(self.quote.invoice_status, "paid")
        self._credit(invoice)
        self.assertEqual(self.quote.invoice_status, "posted")

    def test_deducted_invoice_is_not_cancelled(self):
        first = self._invoice(self._plan())
        rest = self._invoice(self.quote)
        for method in ("button_cancel", "unlink"):
            with (
                self.assertRaisesRegex(ValidationError, "takes off"),
                self.env.cr.savepoint(),
            ):
                getattr(first, method)()
        rest.button_cancel()
        first.button_cancel()
        with self.assertRaisesRegex(ValidationError, "takes off"):
            rest.button_draft()

    def test_down_payment_that_changes_after_the_rest(self):
        """The rest takes off what it is, whichever of the two is posted first."""
        first = self._invoice(self._plan())
        rest = self._invoice(self.quote)
        price = first.invoice_line_ids.price_unit
        first.invoice_line_ids.price_unit = price / 2
        first.action_post()
        with (
            self.assertRaisesRegex(ValidationError, "takes off"),
            self.env.cr.savepoint(),
        ):
            rest.action_post()
        first.button_draft()
        first.invoice_line_ids.price_unit = price
        (first + rest).action_post()
        first.button_draft()
        first.invoice_line_ids.price_unit = price / 2
        with self.assertRaisesRegex(ValidationError, "takes off"):
            first.action_post()

    def test_cancelled_one_does_not_come_back_after_the_rest(self):
        first = self._invoice(self._plan())
        first.button_cancel()
        self.quote.installment_ids.percentage = 10
        self._invoice(self.quote.installment_ids)
        self._invoice(self.quote)
        with self.assertRaisesRegex(ValidationError, "takes off"):
            first.button_draft()

    def test_all_cancelled_together(self):
        self._invoice(self._plan())
        self._invoice(self.quote)
        self.quote.invoice_ids.button_cancel()
        self.assertEqual(self.quote.invoice_status, "no")
        self.quote.action_reset_to_draft()

    def test_credited_down_payment_is_in_the_rest(self):
        first = self._invoice(self._plan())
        first.action_post()
        self._credit(first)
        self.assertEqual(self.quote.amount_invoiced, 0)
        rest = self._invoice(self.quote)
        self.assertAlmostEqual(rest.amount_total, self.quote.amount_total, 2)
        self.assertAlmostEqual(rest.amount_tax, self.quote.amount_tax, 2)

    def test_replaced_down_payment_is_taken_off(self):
        row = self._plan()
        first = self._invoice(row)
        first.action_post()
        second = self._reverse_invoice(first, is_modify=True)
        self.assertFalse(first.billinator_quote_id)
        self.assertEqual(second.billinator_installment_id, row)
        self.assertEqual(self.quote.invoice_ids, second)
        self.assertEqual(self.quote.amount_invoiced, second.amount_total)
        rest = self._invoice(self.quote)
        left = self.quote.amount_total - second.amount_total
        self.assertAlmostEqual(rest.amount_total, left, 2)
        second.action_post()
        with self.assertRaisesRegex(ValidationError, "takes off"):
            self._reverse_invoice(second, is_modify=True)

    def test_not_paid_when_the_rest_was_credited(self):
        first = self._invoice(self._plan())
        first.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=first.ids
        ).create({})._create_payments()
        rest = self._invoice(self.quote)
        rest.action_post()
        rest._reverse_moves(cancel=True)
        self.assertEqual(rest.payment_state, "reversed")
        self.assertEqual(self.quote.invoice_status, "partial")

    def test_credited_and_asked_for_again(self):
        """What reverses a credit note stands for the invoice that it took back."""
        row = self._plan(40)
        first = self._invoice(row)
        first.action_post()
        again = self._credit(self._credit(first))
        self.assertEqual(self.quote.amount_invoiced, first.amount_total)
        self.assertEqual(row.amount_invoiced, first.amount_total)
        self.assertEqual(self.quote.invoice_status, "posted")
        rest = self._invoice(self.quote)
        left = self.quote.amount_total - first.amount_total
        self.assertAlmostEqual(rest.amount_total, left, 2)
        rest.action_post()
        self._register_payment(rest)
        self.assertEqual(self.quote.invoice_status, "partial")
        self._register_payment(again)
        self.assertEqual(row.invoice_status, "paid")
        self.assertEqual(self.quote.invoice_status, "paid")

    def test_rest_credited_and_asked_for_again(self):
        rest = self._invoice(self.quote)
        rest.action_post()
        credit = self._credit(rest)
        self.assertEqual(self.quote.invoice_status, "credited")
        # It can be asked for by another invoice, or by what reverses the credit note.
        self.assertEqual(self.quote.amount_to_invoice, self.quote.amount_total)
        again = self._credit(credit)
        self.assertEqual(self.quote.amount_to_invoice, 0)
        self.assertEqual(self.quote.invoice_status, "posted")
        self.assertEqual(self.quote.amount_invoiced, self.quote.amount_total)
        self._register_payment(again)
        self.assertEqual(self.quote.invoice_status, "paid")

    def test_rest_credited_and_invoiced_again(self):
        first = self._invoice(self._plan(30))
        first.action_post()
        rest = self._invoice(self.quote)
        rest.action_post()
        self._credit(rest)
        self.assertEqual(self.quote.amount_to_invoice, rest.amount_total)
        self.quote.action_invoice_again()
        second = self.quote._get_final_invoices()
        self.assertEqual(self.quote.invoice_ids, first + rest + second)
        self.assertEqual(second.billinator_deducted_ids, first)
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertEqual(second[name], rest[name])
        self.assertEqual(self.quote.amount_invoiced, self.quote.amount_total)
        second.action_post()
        self._register_payment(first)
        self._register_payment(second)
        self.assertEqual(self.quote.invoice_status, "paid")

    def test_a_credited_rest_takes_off_what_was_invoiced_before(self):
        first = self._invoice(self._plan(30))
        rest = self._invoice(self.quote)
        rest.action_post()
        credit = self._credit(rest)
        self.quote.action_invoice_again()
        self.quote._get_final_invoices().button_cancel()
        first.button_cancel()
        with self.assertRaisesRegex(ValidationError, "takes off"):
            credit.button_draft()
            self.env.flush_all()

    def test_credited_once_more(self):
        """However often it goes back and forth."""
        row = self._plan(40)
        first = self._invoice(row)
        first.action_post()
        move = first
        for amount in (0, first.amount_total) * 2:
            move = self._credit(move)
            self.assertEqual(self.quote.amount_invoiced, amount)
            self.assertEqual(row.amount_invoiced, amount)
            self.assertEqual(
                self.quote.amount_to_invoice, self.quote.amount_total - amount
            )
        self._register_payment(move)
        self.assertEqual(row.invoice_status, "paid")

    def test_invoice_in_another_currency(self):
        """It counts at the rate of its own day."""
        currency = self.setup_other_currency(
            "CHF", rates=[("2020-01-01", 2.0), ("2021-01-01", 4.0)]
        )
        invoice = self._invoice(self.quote)
        invoice.write({"currency_id": currency.id, "invoice_date": "2020-06-01"})
        self.assertAlmostEqual(self.quote.amount_invoiced, invoice.amount_total / 2, 2)

    def test_nothing_first_after_the_rest(self):
        self._invoice(self.quote)
        with self.assertRaisesRegex(UserError, "invoiced in full"):
            self._plan()

    def test_invoiced_row_is_kept(self):
        row = self._plan()
        self._invoice(row)
        for change in (row.unlink, lambda: row.write({"percentage": 5})):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_cancelled_invoice_does_not_keep_its_row(self):
        row = self._plan()
        cancelled = self._invoice(row)
        cancelled.button_cancel()
        quote = self.quote.with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "30 %"):
            quote.action_convert_to_invoice()
        row.with_user(self.salesperson).unlink()
        quote.action_convert_to_invoice()
        cancelled.button_draft()
        self.assertEqual(self.quote._get_final_invoices(), self.quote.invoice_ids)
        self.assertEqual(self._get_sum(), self.quote.amount_total)

    def test_who_may_not_delete_a_row_takes_no_invoice_off_it(self):
        row = self._plan()
        cancelled = self._invoice(row)
        cancelled.button_cancel()
        with self.assertRaises(AccessError):
            row.with_user(self.accountant).unlink()
        self.assertEqual(cancelled.billinator_installment_id, row)

    def test_down_payment_keeps_quote_and_currency(self):
        invoice = self._invoice(self._plan())
        with self.assertRaises(ValidationError):
            invoice.currency_id = self.setup_other_currency("CHF")

    def test_rejected_and_expired(self):
        row = self._plan()
        for state in ("expired", "rejected"):
            self.quote.state = state
            with self.assertRaisesRegex(UserError, "nothing to invoice"):
                row.action_convert_to_invoice()

    def test_foreign_currency_at_another_rate(self):
        currency = self.setup_other_currency(
            "CHF", rates=[("2020-01-01", 2.0), ("2021-01-01", 4.0)]
        )
        self.quote = self._create_quote(
            date_quote="2020-06-01", currency_id=currency.id
        )
        first = self._invoice(self._plan(33.33))
        first.invoice_date = "2021-06-01"
        first.action_post()
        rest = self._invoice(self.quote)
        rest.invoice_date = "2020-07-01"
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertAlmostEqual(self._get_sum(name), self.quote[name], 2)

    def _invoice_in_parts(self, code, rate, parts, *lines):
        """Invoice all of a quote in a foreign currency, and return the empty rest."""
        currency = self.setup_other_currency(code, rates=[("2020-01-01", rate)])
        self.quote = self._create_quote(
            *({"name": "Work", **line} for line in lines), currency_id=currency.id
        )
        for percentage in parts:
            self._plan(percentage)
        self.quote.installment_ids.action_convert_to_invoice()
        return self._invoice(self.quote)

    def _assert_no_item_of_two_signs(self, move):
        self.env.flush_all()
        for line in move.line_ids:
            with self.subTest(move=move.move_type, line=line.display_type):
                self.assertGreaterEqual(line.amount_currency * line.balance, 0)
        if move.currency_id.is_zero(move.amount_total):
            self.assertAlmostEqual(move.amount_total_signed, 0, 2)

    def test_tax_left_by_rounding_in_two_currencies(self):
        """Less than nothing is left of it in one, and more than nothing in another."""
        tax = Command.set(self.tax_sale_a.ids)
        rest = self._invoice_in_parts(
            "JPY",
            150.0,
            (33.3333, 33.3333, 33.3334),
            {"quantity": 3, "price_unit": 99999.999, "tax_ids": [tax]},
            {
                "quantity": 0.7,
                "price_unit": 99999.999,
                "discount": 12.5,
                "tax_ids": [tax],
            },
        )
        self._assert_no_item_of_two_signs(rest)
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            self.assertAlmostEqual(self._get_sum(name), self.quote[name], 2)
        rest.invoice_date = "2021-06-01"
        rest.action_post()
        self.assertEqual(rest.payment_state, "paid")
        self._assert_no_item_of_two_signs(self._credit(rest))

    def test_total_left_by_rounding_at_another_rate(self):
        rest = self._invoice_in_parts(
            "CLP",
            950.3,
            (20,) * 5,
            {
                "quantity": 2.5,
                "price_unit": 747.78,
                "discount": 5,
                "tax_ids": [Command.set(self.tax_sale_a.ids)],
            },
        )
        self._assert_no_item_of_two_signs(rest)
        rest.currency_id.rate_ids.rate = 963.31911
        rest.invoice_date = "2021-06-01"
        rest.action_post()
        self._assert_no_item_of_two_signs(rest)
        self.assertAlmostEqual(self._get_sum(), self.quote.amount_total, 2)

    def test_dialogs_show_nothing_of_quotes_that_one_may_not_read(self):
        for model, name in (
            ("billinator.quote.invoice", "amount_total"),
            ("billinator.quote.discount", "percentage"),
        ):
            Dialog = self.env[model].with_user(self.stranger)
            with self.subTest(model), self.assertRaises(AccessError):
                Dialog.create({"quote_id": self.quote.id}).read([name])

    def test_planned_for_the_next_version(self):
        self._plan(fixed_amount=self.quote.amount_total * 0.6)
        self._plan(percentage=30)
        self._invoice(self._plan(percentage=10)).button_cancel()
        self.quote.action_reset_to_draft()
        self.quote.line_ids.quantity = 1
        planned = self.quote.installment_ids.filtered("amount").mapped("amount")
        self.quote.action_mark_sent()
        self.quote.with_user(self.salesperson).action_revise()
        revision = self.quote.next_version_id
        self.assertEqual(revision.installment_ids.mapped("amount"), planned)
        self.assertFalse(revision.installment_ids.invoice_ids)
        with self.assertRaisesRegex(UserError, "was superseded"):
            self._plan(percentage=1)
        revision.line_ids.quantity = 2
        self.assertTrue(self._invoice(revision.installment_ids[0]))

    def test_salesperson(self):
        quote = self.quote.with_user(self.salesperson)
        action = quote.action_invoice_down_payment(percentage=30)
        invoice = self.quote.invoice_ids
        self.assertEqual(action["params"]["invoice_ids"], invoice.ids)
        row = quote.installment_ids
        again = row.action_convert_to_invoice()
        self.assertEqual(again["params"]["invoice_ids"], invoice.ids)
        quote.action_convert_to_invoice()
        self.assertEqual(self._get_sum(), self.quote.amount_total)
        self.assertEqual(quote.amount_invoiced, self.quote.amount_total)
        with self.assertRaises(AccessError):
            row.read(["invoice_ids"])


@tagged("post_install", "-at_install")
class TestInstallmentForEInvoices(InstallmentCase):
    """What the countries' electronic invoices want to know of down payments."""

    def _get_deductions(self, final):
        return final.invoice_line_ids.filtered("billinator_deducted_line_id")

    def test_down_payment_is_known_as_one(self):
        first = self._invoice(self._plan())
        final = self._invoice(self.quote)
        by_hand = self.init_invoice("out_invoice", products=self.product_a)
        self.assertTrue(first._is_downpayment())
        self.assertIs(final._is_downpayment(), False)
        self.assertIs(by_hand._is_downpayment(), False)
        self.assertFalse(by_hand.line_ids._get_downpayment_lines())

    def test_final_invoice_names_the_lines_it_takes_off(self):
        first, second = map(self._invoice, (self._plan(30), self._plan(20)))
        (first + second).action_post()
        final = self._invoice(self.quote)
        asking = first.invoice_line_ids + second.invoice_line_ids
        for line in asking:
            self.assertEqual(line._get_downpayment_lines(), line)
        self.assertFalse(first.line_ids._get_downpayment_lines() - asking)
        deductions = self._get_deductions(final)
        self.assertEqual(deductions._get_downpayment_lines(), asking)
        for line in deductions:
            asked = line.billinator_deducted_line_id
            self.assertEqual(line._get_downpayment_lines(), asked)
        sold = final.invoice_line_ids - deductions
        self.assertFalse(sold._get_downpayment_lines())
        self.assertEqual(final.line_ids._get_downpayment_lines(), asking)

    def test_credit_notes(self):
        first, second = map(self._invoice, (self._plan(30), self._plan(20)))
        (first + second).action_post()
        credit = self._credit(first)
        again = self._credit(credit)
        for move in (credit, again):
            self.assertTrue(move._is_downpayment())
            line = move.invoice_line_ids
            self.assertEqual(line._get_downpayment_lines(), line)
        final = self._invoice(self.quote)
        final.action_post()
        credit_of_final = self._credit(final)
        self.assertFalse(credit_of_final._is_downpayment())
        for move in (final, credit_of_final):
            self.assertEqual(
                move.invoice_line_ids._get_downpayment_lines(), second.invoice_line_ids
            )

    def test_credited_down_payment_is_no_prepayment(self):
        """Its lines are a discount and its end: together they come to what is paid."""
        whole, part, kept = map(self._invoice, map(self._plan, (30, 20, 10)))
        (whole + part + kept).action_post()
        self._credit(whole)
        credit = self._reverse_invoice(part, is_modify=False)
        credit.invoice_line_ids.price_unit /= 2
        credit.action_post()
        final = self._invoice(self.quote)
        final.action_post()
        deduction = self._get_deductions(final)
        self.assertEqual(deduction.billinator_deducted_line_id, kept.invoice_line_ids)
        self.assertEqual(final.billinator_deducted_ids, whole + part + kept)
        before = sum(self.quote.installment_ids.mapped("amount_invoiced"))
        left = self.quote.amount_total - before
        self.assertAlmostEqual(final.amount_total, left, 2)

    def test_draft_is_no_prepayment_yet(self):
        first = self._invoice(self._plan())
        final = self._invoice(self.quote)
        self.assertFalse(final.line_ids._get_downpayment_lines())
        first.action_post()
        self.assertEqual(
            final.line_ids._get_downpayment_lines(), first.invoice_line_ids
        )

    def test_poland_names_the_invoices_taken_off(self):
        name = "_l10n_pl_edi_get_related_invoices"
        Move = self.registry["account.move"]
        posted, draft = map(self._invoice, (self._plan(30), self._plan(20)))
        posted.action_post()
        final = self._invoice(self.quote)
        with (
            patch.object(AccountMove, name, lambda move: ["FZ/1"], create=True),
            patch.object(Move, name, None, create=True),
        ):
            self.env["account.move"]._register_hook()
            for move, numbers in (
                (posted, ["FZ/1"]),
                (draft, ["FZ/1"]),
                (final, ["FZ/1", posted.name]),
            ):
                self.assertEqual(getattr(move, name)(), numbers)

    def test_moves_that_reverse_one_another(self):
        one, other = (
            self.init_invoice("out_invoice", products=self.product_a) for _i in range(2)
        )
        one.reversed_entry_id, other.reversed_entry_id = other, one
        self.assertFalse(one._is_downpayment())

    def test_replaced_invoices(self):
        row = self._plan()
        first = self._invoice(row)
        first.action_post()
        second = self._reverse_invoice(first, is_modify=True)
        for move in (first, first.reversal_move_ids, second):
            self.assertTrue(move._is_downpayment())
        self.assertFalse(first.copy()._is_downpayment())
        second.action_post()
        final = self._invoice(self.quote)
        final.action_post()
        asking = second.invoice_line_ids
        self.assertEqual(final.invoice_line_ids._get_downpayment_lines(), asking)
        instead = self._reverse_invoice(final, is_modify=True)
        self.assertEqual(instead.invoice_line_ids._get_downpayment_lines(), asking)

    def test_an_upgrade_knows_the_down_payments_there(self):
        first = self._invoice(self._plan())
        first.billinator_is_down_payment = False
        by_hand = self.init_invoice("out_invoice", products=self.product_a)
        self.env.flush_all()
        path = "billinator_crm/migrations/19.0.1.9.0/post-down-payments.py"
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.8.0")
        self.env.invalidate_all()
        self.assertTrue(first._is_downpayment())
        self.assertFalse(by_hand._is_downpayment())

    def test_cancelled_down_payment(self):
        row = self._plan()
        cancelled = self._invoice(row)
        cancelled.button_cancel()
        first = self._invoice(row)
        first.action_post()
        final = self._invoice(self.quote)
        self.assertEqual(final.line_ids._get_downpayment_lines().move_id, first)

    def test_copy_of_a_final_invoice_takes_off_nothing(self):
        self._invoice(self._plan()).action_post()
        copy = self._invoice(self.quote).copy()
        self.assertFalse(copy.line_ids._get_downpayment_lines())

    def test_final_invoice_says_number_and_date(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        first = self._invoice(self._plan(30, name="Start"))
        first.invoice_date = "2026-03-04"
        first.action_post()
        draft = self._invoice(self._plan(20, name="Mitte"))
        final = self._invoice(self.quote)
        names = {
            line.billinator_deducted_line_id.move_id: line.name
            for line in self._get_deductions(final)
        }
        self.assertTrue(names[first].startswith("Start ("))
        self.assertIn(first.name, names[first])
        self.assertIn("04.03.2026", names[first])
        self.assertEqual(names[draft], "Mitte")

    def test_final_draft_says_the_numbers_that_drafts_get(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        self.quote.user_id = self.salesperson
        first, second = map(self._invoice, (self._plan(30), self._plan(20)))
        final = self._invoice(self.quote)
        of_first, of_second = self._get_deductions(final)
        of_second.name = "What was paid in May"
        first.invoice_date = "2026-03-04"
        (first + second).with_user(self.accountant).action_post()
        self.assertIn(first.name, of_first.name)
        self.assertIn("04.03.2026", of_first.name)
        self.assertEqual(of_second.name, "What was paid in May")

    def test_final_invoice_says_the_number_of_what_is_posted_with_it(self):
        first = self._invoice(self._plan(30))
        final = self._invoice(self.quote)
        (final + first).action_post()
        self.assertIn(first.name, self._get_deductions(final).name)

    def test_line_without_a_text(self):
        first = self._invoice(self._plan())
        first.invoice_line_ids.name = False
        first.action_post()
        final = self._invoice(self.quote)
        self.assertTrue(self._get_deductions(final).name.startswith(f"({first.name}"))
