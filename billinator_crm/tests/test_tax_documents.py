"""The documents that account's own tests build, as quotes and as their invoices.

Account's test classes have a generator for each kind of tax (``_test_…``) that yields
documents with the totals they must have; addons with documents of their own run them
through these. Modules are imported here instead of classes, which test runners would
take for tests of this addon.
"""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.account.tests import (
    test_taxes_downpayment,
    test_taxes_global_discount,
    test_taxes_tax_totals_summary,
)

DATE = "2020-01-01"


def _run_as_quotes(builder):
    def test(self):
        documents = getattr(self, builder)()
        if isinstance(documents, tuple):
            documents = [documents]
        for index, document in enumerate(documents):
            with self.subTest(builder=builder, index=index):
                self._check_document(*document)

    return test


def for_each_document(cls):
    """Replace the inherited tests by one for each of account's document builders."""
    for name in filter(lambda name: callable(getattr(cls, name)), dir(cls)):
        if name.startswith("_test_") and name not in cls.not_for_quotes:
            setattr(cls, f"{name[1:]}_quotes", _run_as_quotes(name))
        elif name.startswith("test_"):
            setattr(cls, name, None)
    return cls


class QuoteDocuments:
    """What turns account's documents into quotes and invoices, and checks them."""

    not_for_quotes = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")

    def _create_quote_of(self, document, base_lines):
        self._ensure_rate(document["currency"], DATE, document["rate"])
        # As sudo: only the CRM makes lines with the exact taxes of their share.
        quote_sudo = (
            self.env["billinator.quote"]
            .sudo()
            .create(
                {
                    "partner_id": self.partner_a.id,
                    "date_quote": DATE,
                    "currency_id": document["currency"].id,
                    "pricelist_id": False,
                    "line_ids": [
                        Command.create(self._prepare_line_values(base_line))
                        for base_line in base_lines
                    ],
                }
            )
        )
        return quote_sudo.with_env(self.env)

    def _prepare_line_values(self, base_line):
        Tax = self.env["account.tax"]
        return {
            "name": "Line",
            "product_id": base_line["product_id"].id,
            "product_uom_id": base_line["product_uom_id"].id,
            "quantity": base_line["quantity"],
            "price_unit": base_line["price_unit"],
            "discount": base_line["discount"],
            "tax_ids": [Command.set(base_line["tax_ids"].ids)],
            "extra_tax_data": Tax._export_base_line_extra_tax_data(base_line),
        }

    def _check_quote_and_invoice(self, quote, expected):
        quote._convert_to_invoices()
        quote.invoice_ids.invoice_date = DATE
        self._check_totals(quote, expected)
        self._check_totals(quote.invoice_ids, expected)

    def _check_totals(self, record, expected, only_named=False):
        self._assert_tax_totals_summary(record.tax_totals, expected, only_named)
        self.assert_invoice_totals(record, expected)


@tagged("post_install", "-at_install")
@for_each_document
class TestTaxTotalsDocuments(
    QuoteDocuments, test_taxes_tax_totals_summary.TestTaxesTaxTotalsSummary
):
    # Cash rounding is chosen on the invoice: quotes have none.
    not_for_quotes = ("_test_cash_rounding",)

    def _check_document(self, *document_and_expected):
        document, expected = document_and_expected[-2:]
        quote = self._create_quote_of(document, document["lines"])
        self._check_quote_and_invoice(quote, expected)


class QuoteDocumentsWithExtraLines(QuoteDocuments):
    """Documents that yield an amount to add to, or to take from, their lines."""

    def _check_document(self, *arguments):
        document = next(each for each in arguments if isinstance(each, dict))
        only_named = any(each is True for each in arguments)
        amount_type, amount, expected = arguments[-3:]
        base_lines = self._get_base_lines(document["lines"], amount_type, amount)
        quote = self._create_quote_of(document, base_lines)
        totals = expected.get("tax_totals", expected)
        if only_named:
            # One of many amounts tried on a document: its quote is enough.
            self._check_totals(quote, totals, only_named)
        else:
            self._check_quote_and_invoice(quote, totals)


@tagged("post_install", "-at_install")
@for_each_document
class TestTaxGlobalDiscountDocuments(
    QuoteDocumentsWithExtraLines, test_taxes_global_discount.TestTaxesGlobalDiscount
):
    def _get_base_lines(self, base_lines, amount_type, amount):
        return base_lines + self.env["account.tax"]._prepare_global_discount_lines(
            base_lines, self.env.company, amount_type, amount
        )


@tagged("post_install", "-at_install")
@for_each_document
class TestTaxDownPaymentDocuments(
    QuoteDocumentsWithExtraLines, test_taxes_downpayment.TestTaxesDownPayment
):
    def _get_base_lines(self, base_lines, amount_type, amount):
        return self.env["account.tax"]._prepare_down_payment_lines(
            base_lines, self.env.company, amount_type, amount
        )
