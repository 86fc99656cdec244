from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import formatLang

from ..formatting import format_number
from ..locks import wait_and_lock
from .billinator_quote_invoicing import INVOICE_STATUSES


class BillinatorQuoteInstallment(models.Model):
    """A part of a quote's total that is invoiced before the rest, exactly once."""

    _name = "billinator.quote.installment"
    _description = "Down Payment"
    _inherit = ["billinator.computed.mixin", "billinator.numbers.mixin"]
    _order = "quote_id, sequence, id"
    _check_company_auto = True

    # === Fields === #

    quote_id = fields.Many2one(
        "billinator.quote", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        related="quote_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="quote_id.currency_id", store=True, precompute=True
    )
    name = fields.Char(
        string="Description",
        help="What the invoice says. Empty: “Down payment” and the percentage, in the "
        "customer's language.",
    )
    percentage = fields.Float(digits=(16, 4), help="Of the quote's total.")
    fixed_amount = fields.Monetary(help="Taxes included, in the quote's currency.")
    amount = fields.Monetary(
        string="Down Payment",
        compute="_compute_amount",
        store=True,
        help="What is invoiced, taxes included: never more than the quote's total.",
    )
    invoice_ids = fields.One2many(
        "account.move",
        "billinator_installment_id",
        string="Invoices",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    invoice_status = fields.Selection(
        INVOICE_STATUSES, compute="_compute_invoice_status", store=True
    )
    amount_invoiced = fields.Monetary(
        string="Invoiced",
        compute="_compute_invoice_status",
        store=True,
        help="What its invoice, less credit notes, comes to; drafts included.",
    )

    # === Constraints === #

    _percentage_or_amount = models.Constraint(
        "CHECK(COALESCE(percentage, 0) BETWEEN 0 AND 100"
        " AND COALESCE(fixed_amount, 0) >= 0"
        " AND (COALESCE(percentage, 0) > 0) <> (COALESCE(fixed_amount, 0) > 0))",
        "A down payment is either a percentage, from 0 to 100, or an amount.",
    )

    # === Computes === #

    @api.depends(
        "percentage",
        "fixed_amount",
        "sequence",
        "quote_id.amount_total",
        "quote_id.installment_ids.percentage",
        "quote_id.installment_ids.fixed_amount",
        "quote_id.installment_ids.sequence",
    )
    def _compute_amount(self):
        for quote in self.quote_id:
            left = quote.amount_total
            for installment in quote.installment_ids.sorted():
                wanted = quote.currency_id.round(installment._get_wanted_amount())
                installment.amount = max(0.0, min(wanted, left))
                left -= installment.amount

    @api.depends(
        "invoice_ids",
        "quote_id.move_ids.amount_total",
        "quote_id.move_ids.payment_state",
        "quote_id.move_ids.state",
    )
    def _compute_invoice_status(self):
        for installment in self:
            quote = installment.quote_id
            invoices = installment._get_live_invoices()
            installment.invoice_status = quote._get_status_of_invoices(invoices)
            installment.amount_invoiced = quote._get_amount_of_invoices(invoices)

    @api.depends("name", "percentage", "fixed_amount", "amount", "quote_id")
    def _compute_display_name(self):
        for installment in self:
            label = installment._get_label()
            installment.display_name = f"{installment.quote_id.name} - {label}"

    # === Checks === #

    @api.constrains("quote_id", "percentage", "fixed_amount")
    def _check_within_quote(self):
        """Never invoice more than the quote, whoever plans at the same moment.

        The amounts planned are kept on the quote's row: of two transactions at once,
        the second is told of a serialization failure, repeated by Odoo, and counts
        what the first has planned.
        """
        quotes = self.quote_id
        wait_and_lock(quotes)
        for quote in quotes.sudo():
            quote._check_open_for_down_payments()
            planned = sum(row._get_claim() for row in quote.installment_ids)
            if quote.currency_id.compare_amounts(planned, quote.amount_total) > 0:
                raise ValidationError(
                    self.env._(
                        "The down payments of quote %(quote)s come to %(planned)s, "
                        "which is more than its total of %(total)s: reduce them.",
                        quote=quote.name,
                        planned=quote._format_amount(planned),
                        total=quote._format_amount(quote.amount_total),
                    )
                )

    @api.constrains("quote_id", "percentage", "fixed_amount")
    def _check_not_invoiced(self):
        for installment in self.sudo():
            if installment._get_live_invoices():
                raise ValidationError(
                    self.env._(
                        "“%s” is invoiced and stays as it is. Cancel or delete its "
                        "invoice first.",
                        installment.display_name,
                    )
                )

    @api.constrains("name", "sequence")
    def _check_read_by_signer(self):
        """Make whoever signs at this moment read the quote again."""
        self.quote_id._touch_content()

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        # Who plans at the same moment waits here, before anything is written.
        quote_ids = {vals["quote_id"] for vals in vals_list if vals.get("quote_id")}
        wait_and_lock(self.env["billinator.quote"].browse(quote_ids))
        return super().create(vals_list)

    def write(self, vals):
        if "quote_id" in vals:
            # The ORM has no eye on the quote that it comes to, and the constraints see
            # that one only.
            self.quote_id.browse(vals["quote_id"]).check_access("write")
            self._check_not_invoiced()
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        self._release_cancelled_invoices()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invoiced(self):
        for installment in self:
            # As sudo, for who plans down payments may not see invoices.
            if installment.sudo()._get_live_invoices():
                raise UserError(
                    self.env._(
                        "“%s” has an invoice and is kept. Cancel or delete the invoice "
                        "first.",
                        installment.display_name,
                    )
                )

    # === Actions === #

    def action_convert_to_invoice(self):
        """Make one draft customer invoice of each down payment, exactly once.

        Its quote becomes accepted by it. A down payment that has an invoice already,
        made before or at this moment by somebody else, answers with that one, so that
        the call is safe to repeat; a cancelled or deleted invoice does not count.
        Users who may edit the quote need no accounting rights for this.

        :return: as ``action_convert_to_invoice`` of ``billinator.quote``
        :raises UserError: for quotes that are rejected, expired or invoiced in full
        """
        invoices = self._convert_to_invoices()
        return self.quote_id._get_converted_action(invoices)

    # === Business === #

    @api.model
    def _get_content_fields(self):
        """Return the names of the fields that say something to the customer."""
        return ["name", "percentage", "fixed_amount", "amount"]

    def _get_wanted_amount(self):
        """Return percentage or amount in the quote's currency, not rounded."""
        return self.fixed_amount or self.quote_id.amount_total * self.percentage / 100

    def _get_claim(self):
        """Return what it takes of the quote: its invoice, or what is planned."""
        wanted = self._get_wanted_amount()
        if not self._get_live_invoices():
            return wanted
        # What rounding adds to one invoice is missing in another, and is no part of it.
        invoiced = self.amount_invoiced
        is_rounded = self.currency_id.compare_amounts(invoiced, wanted) == 0
        return wanted if is_rounded else invoiced

    def _get_label(self):
        """Return what the invoice calls it."""
        if self.name:
            return self.name
        if self.percentage:
            percentage = format_number(self.env, self.percentage)
            return self.env._("Down payment of %s %%", percentage)
        # What is left of the quote may be less than was wanted.
        amount = self.amount or self.fixed_amount
        return self.env._(
            "Down payment of %s",
            formatLang(self.env, amount, currency_obj=self.currency_id),
        )

    def _release_cancelled_invoices(self):
        """Take them off the quotes, too, lest one comes back as the final invoice."""
        # As sudo, for who plans down payments may not see invoices.
        rows_sudo = self.sudo()
        (rows_sudo.invoice_ids - rows_sudo._get_live_invoices()).write(
            {"billinator_installment_id": False, "billinator_quote_id": False}
        )

    def _get_live_invoices(self):
        return self.invoice_ids.filtered(lambda invoice: invoice.state != "cancel")

    def _convert_to_invoices(self):
        """Make the missing invoices of the rows and return all of them, as sudo."""
        self.check_access("write")
        self.quote_id._begin_conversion()
        missing = self.union().filtered(lambda row: not row.sudo()._get_live_invoices())
        for quote, rows in missing.grouped("quote_id").items():
            quote._check_open_for_down_payments()
            quote._check_enough_left(sum(rows.mapped("amount")))
        missing.quote_id._create_invoices(
            [row._prepare_invoice_values() for row in missing]
        )
        return self.sudo()._get_live_invoices()

    def _prepare_revision_values(self):
        """Return the values of the same in the next version of the quote."""
        [values] = self.copy_data()
        wanted = self.currency_id.round(self._get_wanted_amount())
        if self.currency_id.compare_amounts(self.amount, wanted) < 0:
            # The quote costs less than when this was planned.
            values.update(percentage=0.0, fixed_amount=self.amount)
        return values

    def _prepare_invoice_values(self):
        """Return the values of the down payment's invoice."""
        self.ensure_one()
        lang = self.quote_id._get_customers_language()
        base_lines = self.quote_id._prepare_down_payment_base_lines(self)
        label = self.with_context(lang=lang)._get_label()
        return {
            **self.quote_id._prepare_invoice_header_values(),
            "billinator_installment_id": self.id,
            "billinator_is_down_payment": True,
            "invoice_line_ids": [
                Command.create(
                    self._prepare_invoice_line_values(
                        base_line, label, several=len(base_lines) > 1
                    )
                )
                for base_line in base_lines
            ],
        }

    def _prepare_invoice_line_values(self, base_line, label, several):
        taxes = base_line["tax_ids"]
        lang = self.quote_id._get_customers_language()
        labels = taxes.with_context(lang=lang).mapped("tax_label")
        names = ", ".join(filter(None, labels))
        account = base_line["account_id"]
        return {
            # Without one of its own, the line has the journal's.
            **({"account_id": account.id} if account else {}),
            "display_type": "product",
            "name": f"{label} ({names})" if several and names else label,
            "quantity": base_line["quantity"],
            "price_unit": base_line["price_unit"],
            "tax_ids": [Command.set(taxes.ids)],
            "analytic_distribution": base_line["analytic_distribution"],
            "extra_tax_data": self.env["account.tax"]._export_base_line_extra_tax_data(
                base_line
            ),
        }
