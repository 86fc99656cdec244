import subprocess
import sys

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestQuoteContent(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote = cls._create_quote(
            {"display_type": "line_section", "name": "Office"},
            {"product_id": cls.product_a.id, "quantity": 2, "discount": 5},
            {"product_id": cls.product_b.id, "is_optional": True},
            currency_id=cls._enable_currency("CHF").id,
        )
        cls.section, cls.line, cls.option = cls.quote.line_ids

    @classmethod
    def _enable_currency(cls, name):
        currency = cls.env.ref(f"base.{name}")
        currency.active = True
        return currency

    def _read_hash(self):
        """Return the hash as another transaction would compute it."""
        self.env.flush_all()
        self.env.invalidate_all()
        return self.quote.content_hash

    def _assert_moves(self, moves, changes):
        """Assert that each write of ``changes`` changes the hash, or that none does."""
        for record, values in changes:
            before = self._read_hash()
            record.write(values)
            at_once = self.quote.content_hash
            with self.subTest(record=record._name, values=values):
                self.assertEqual(self._read_hash() != before, moves)
                self.assertEqual(self.quote.content_hash, at_once)

    def test_what_the_quote_says(self):
        self._assert_moves(
            True,
            [
                (self.quote, {"partner_id": self.partner_b.id}),
                (self.quote, {"partner_invoice_id": self.partner_a.id}),
                (self.quote, {"name": "Q-1-2"}),
                (self.quote, {"validity_date": "2099-01-01"}),
                (self.quote, {"date_quote": "2098-01-01"}),
                (self.quote, {"currency_id": self._enable_currency("JPY").id}),
                (self.quote, {"payment_term_id": self.pay_terms_a.id}),
                (self.quote, {"fiscal_position_id": False}),
                (self.quote, {"note": "<p>Paid in advance</p>"}),
                (self.quote, {"note": "<p>Paid in arrears</p>"}),
            ],
        )

    def test_what_the_lines_say(self):
        tax = self.percent_tax(7)
        self._assert_moves(
            True,
            [
                (self.line, {"quantity": 3}),
                (self.line, {"price_unit": 999.99}),
                (self.line, {"discount": 5.5}),
                (self.line, {"name": "A desk"}),
                (self.line, {"tax_ids": [Command.set(tax.ids)]}),
                (self.line, {"product_uom_id": self.env.ref("uom.product_uom_dozen")}),
                (self.line, {"product_id": self.product_b.id}),
                (self.line, {"is_optional": True}),
                (self.line, {"is_selected": True}),
                (self.option, {"quantity": 4}),
                (self.option, {"price_unit": 1}),
                (self.option, {"is_selected": True}),
                (self.section, {"name": "Home office"}),
                (self.section, {"display_type": "line_subsection"}),
                (self.section, {"collapse_prices": True}),
                (self.section, {"collapse_composition": True}),
                (self.section, {"sequence": 99}),
            ],
        )

    def test_lines_come_and_go(self):
        line = {"product_id": self.product_a.id}
        self._assert_moves(
            True,
            [
                (self.quote, {"line_ids": [Command.create(line)]}),
                (self.quote, {"line_ids": [Command.create(line)]}),
                (self.quote, {"line_ids": [Command.delete(self.option.id)]}),
            ],
        )

    def test_taxes_of_another_rate_make_another_total(self):
        before = self._read_hash()
        self.line.tax_ids.amount += 1
        self.assertNotEqual(self._read_hash(), before)

    def test_what_says_nothing_to_the_customer(self):
        tag = self.env["billinator.tag"].create({"name": "Urgent"})
        opportunity = self._create_opportunity()
        analytic = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create(
            {"name": "Account", "plan_id": analytic.id}
        )
        self._assert_moves(
            False,
            [
                (self.quote, {"tag_ids": [Command.set(tag.ids)]}),
                (tag, {"name": "Very urgent"}),
                (self.quote, {"user_id": self.colleague.id}),
                (self.quote, {"opportunity_id": opportunity.id}),
                (self.quote, {"client_order_ref": "PO 12"}),
                (self.quote, {"state": "sent"}),
                (self.quote, {"date_quote": self.quote.date_quote}),
                (self.product_a, {"name": "Renamed", "list_price": 1}),
                (self.customer, {"name": "Renamed", "email": "new@ada.example"}),
                (self.line, {"analytic_distribution": {str(account.id): 100}}),
                (self.line, {"quantity": 2.0, "discount": 5}),
                (self.section, {"sequence": self.section.sequence - 1}),
            ],
        )

    def test_same_for_every_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.line.tax_ids.active = False
        expected = self._read_hash()
        self.assertRegex(expected, "^[0-9a-f]{64}$")
        self.quote.user_id = self.salesperson
        for user in (self.salesperson, self.manager, self.accountant):
            for lang in ("en_US", "fr_FR"):
                self.env.invalidate_all()
                quote = self.quote.with_user(user).with_context(
                    lang=lang, tz="Asia/Tokyo"
                )
                self.assertEqual(quote.content_hash, expected)

    def test_same_in_another_process(self):
        """The text behind the hash has no order or number of this process."""
        code = "import hashlib,json;print(hashlib.sha256(json.dumps({},sort_keys=True"
        content = self.quote._get_content()
        code = code.replace("{}", repr(content)) + ",separators=(',',':')).encode())"
        result = subprocess.run(
            [sys.executable, "-c", code + ".hexdigest())"],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "1"},
        )
        self.assertEqual(result.stdout.strip(), self._read_hash())

    def test_new_quote_has_none(self):
        self.assertFalse(self.env["billinator.quote"].new({}).content_hash)
