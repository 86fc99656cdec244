from odoo import api, fields, models


class BillinatorQuote(models.Model):
    """What the lines come to, as ``account.tax``'s helpers add them up."""

    _inherit = "billinator.quote"

    amount_untaxed = fields.Monetary(
        string="Untaxed Amount", compute="_compute_amounts", store=True
    )
    amount_tax = fields.Monetary(string="Taxes", compute="_compute_amounts", store=True)
    amount_total = fields.Monetary(
        string="Total", compute="_compute_amounts", store=True, tracking=True
    )
    amount_untaxed_company = fields.Monetary(
        string="Untaxed Amount (Company Currency)",
        currency_field="company_currency_id",
        compute="_compute_amounts",
        store=True,
    )
    tax_totals = fields.Binary(
        compute="_compute_tax_totals", compute_sudo=True, exportable=False
    )
    priced_base_lines = fields.Binary(
        compute="_compute_priced_base_lines",
        compute_sudo=True,
        exportable=False,
        groups=fields.NO_ACCESS,
        help="What account.tax makes of the lines that count: for the amounts, and for "
        "their summary.",
    )

    # === Computes === #

    # The summary, which names the taxes, is made of records in the reader's language.
    @api.depends_context("lang")
    @api.depends(
        "line_ids.price_subtotal",
        "line_ids.price_total",
        "line_ids.is_selected",
        "line_ids.is_optional",
        "currency_id",
        "currency_rate",
        "company_id.currency_id",
        "payment_term_id",
    )
    def _compute_priced_base_lines(self):
        for quote in self:
            quote.priced_base_lines = quote._get_base_lines(quote._get_priced_lines())

    @api.depends("priced_base_lines")
    def _compute_amounts(self):
        for quote in self:
            totals = quote._add_up_base_lines(quote.priced_base_lines)
            quote.amount_untaxed = totals["base_amount_currency"]
            quote.amount_tax = totals["tax_amount_currency"]
            quote.amount_total = totals["total_amount_currency"]
            quote.amount_untaxed_company = totals["base_amount"]

    @api.depends_context("lang")
    @api.depends("priced_base_lines")
    def _compute_tax_totals(self):
        for quote in self:
            company = quote._get_company()
            quote.tax_totals = self.env["account.tax"]._get_tax_totals_summary(
                base_lines=quote.priced_base_lines,
                currency=quote.currency_id or company.currency_id,
                company=company,
            )

    # === Business === #

    def _get_base_lines(self, lines, with_early_payment=True):
        """Return ``lines`` as ``account.tax`` has them, taxes computed and rounded.

        :param bool with_early_payment: for totals, with what its discount does to them
        """
        Tax = self.env["account.tax"]
        company = self._get_company()
        base_lines = [line._prepare_base_line_for_taxes_computation() for line in lines]
        if with_early_payment:
            base_lines += self._prepare_early_payment_base_lines(base_lines)
        Tax._add_tax_details_in_base_lines(base_lines, company)
        Tax._round_base_lines_tax_details(base_lines, company)
        return base_lines

    @api.model
    def _add_up_base_lines(self, base_lines):
        """Add up what ``account.tax`` has computed and rounded.

        The amounts are those of its totals summary, which takes several times as long
        since it sorts them by tax groups as well.

        :return: dict of ``base_amount``, ``tax_amount`` and ``total_amount``, in the
            company's currency, and with the suffix ``_currency`` in the quote's
        """
        totals = {}
        for suffix in ("", "_currency"):
            base = tax = 0.0
            for base_line in base_lines:
                details = base_line["tax_details"]
                base += details[f"total_excluded{suffix}"]
                base += details[f"delta_total_excluded{suffix}"]
                for tax_data in details["taxes_data"]:
                    tax += tax_data[f"tax_amount{suffix}"]
            totals[f"base_amount{suffix}"] = base
            totals[f"tax_amount{suffix}"] = tax
            totals[f"total_amount{suffix}"] = base + tax
        return totals

    @api.model
    def _unite_tax_bases(self, base_lines):
        """Let lines with one tax be taxed on what they come to, to the cent.

        The helpers of ``account.tax`` share the cents of both apart. Electronic
        invoices are refused where the lines of a tax differ from what it is of.
        """
        for base_line in base_lines:
            amounts_by_tax = base_line["manual_tax_amounts"] or {}
            if len(amounts_by_tax) == 1:
                [amounts] = amounts_by_tax.values()
                for suffix in ("", "_currency"):
                    total = base_line[f"manual_total_excluded{suffix}"]
                    amounts[f"base_amount{suffix}"] = total
        return base_lines

    def _prepare_early_payment_base_lines(self, base_lines):
        """Return what a “mixed” early payment discount does to the taxes.

        Such a payment term taxes the discounted amounts from the start. The invoice
        does it with pairs of lines per account and taxes; here are the same pairs.
        """
        term = self.payment_term_id
        if not term.early_discount or term.early_pay_discount_computation != "mixed":
            return []
        discounts = {}
        for base_line in base_lines:
            line, taxes = base_line["record"], base_line["tax_ids"]
            if not taxes:
                continue
            key = (
                line._get_income_account(),
                taxes.filtered(lambda tax: tax.amount_type != "fixed"),
                str(line.analytic_distribution),
            )
            discounts.setdefault(key, 0.0)
            discounts[key] += base_line["currency_id"].round(
                line.price_subtotal * term.discount_percentage / 100
            )
        no_tax = self.env["account.tax"]
        return [
            self.env["account.tax"]._prepare_base_line_for_taxes_computation(
                self,
                price_unit=sign * amount,
                quantity=1.0,
                tax_ids=pair_taxes,
                rate=self.currency_rate,
                special_mode="total_excluded",
                special_type="early_payment",
            )
            for (_account, taxes, _analytic), amount in discounts.items()
            for sign, pair_taxes in ((-1, taxes), (1, no_tax))
        ]
