from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import clean_context, format_date

from ..arguments import arguments, as_number, one_record
from ..exceptions import StateError
from ..quote_states import CONVERTIBLE_STATES

# In this order: the further down, the nearer to the money.
INVOICE_STATUSES = [
    ("no", "Not Invoiced"),
    ("credited", "Credited"),
    ("draft", "Draft Invoice"),
    ("posted", "Invoiced"),
    ("partial", "Partially Paid"),
    ("paid", "Paid"),
]
PAID = ("in_payment", "paid")


class BillinatorQuote(models.Model):
    """Down payments before the rest, and what all invoices of a quote come to.

    A quote has at most one invoice for each of its instalments and one *final* invoice,
    which belongs to none: all of the quote, less what the instalments took.
    """

    _inherit = "billinator.quote"

    invoice_ids = fields.One2many(
        "account.move",
        "billinator_quote_id",
        string="Invoices",
        copy=False,
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    move_ids = fields.One2many(
        "account.move",
        "billinator_origin_quote_id",
        string="Invoices and Credit Notes",
        copy=False,
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
        help="Its invoices, what credits these, and what reverses that.",
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count", compute_sudo=True)
    invoice_status = fields.Selection(
        INVOICE_STATUSES,
        compute="_compute_invoice_status",
        store=True,
        index=True,
        tracking=True,
    )
    installment_ids = fields.One2many(
        "billinator.quote.installment", "quote_id", string="Down Payments", copy=False
    )
    amount_planned = fields.Monetary(
        string="Down Payments Planned",
        compute="_compute_amount_planned",
        store=True,
        help="What all down payments, invoiced or not, come to; taxes included.",
    )
    amount_invoiced = fields.Monetary(
        string="Invoiced",
        compute="_compute_invoiced",
        store=True,
        help="What the quote's invoices, less credit notes, come to; drafts and taxes "
        "included.",
    )
    amount_to_invoice = fields.Monetary(
        string="To Invoice",
        compute="_compute_invoiced",
        store=True,
        help="What the final invoice will come to, taxes included.",
    )
    has_final_invoice = fields.Boolean(
        string="Invoiced in Full", compute="_compute_invoiced", store=True
    )
    is_credited = fields.Boolean(
        string="Invoice Credited",
        compute="_compute_invoiced",
        store=True,
        help="The final invoice was credited in full: nothing is asked for by it, and "
        "the quote can be invoiced again.",
    )
    partner_credit_warning = fields.Text(
        compute="_compute_partner_credit_warning", compute_sudo=True, exportable=False
    )

    # === Computes === #

    @api.depends("invoice_ids", "move_ids.state")
    def _compute_invoice_count(self):
        for quote in self:
            quote.invoice_count = len(quote._get_live_invoices())

    @api.depends("installment_ids.amount")
    def _compute_amount_planned(self):
        for quote in self:
            quote.amount_planned = sum(quote.installment_ids.mapped("amount"))

    @api.depends(
        "amount_total",
        "invoice_ids.billinator_installment_id",
        "invoice_ids.billinator_is_released",
        "move_ids.amount_total",
        "move_ids.payment_state",
        "move_ids.state",
    )
    def _compute_invoiced(self):
        for quote in self:
            final = quote._get_final_invoices()
            down_payments = quote._get_down_payment_invoices()
            in_advance = quote._get_amount_of_invoices(down_payments)
            others = quote._get_live_invoices() - down_payments
            quote.amount_invoiced = in_advance + quote._get_amount_of_invoices(
                others.filtered(lambda invoice: not self._is_set_off(invoice))
            )
            quote.has_final_invoice = bool(final)
            quote.is_credited = bool(final) and all(map(quote._is_credited, final))
            # A form may have no currency for a while, and no company to have one.
            currency = quote.currency_id or self.env.company.currency_id
            is_done = final and not quote.is_credited
            left = currency.round(quote.amount_total - in_advance)
            quote.amount_to_invoice = 0.0 if is_done else left

    @api.depends(
        "amount_invoiced",
        "amount_to_invoice",
        "invoice_ids.billinator_is_released",
        "move_ids.payment_state",
        "move_ids.state",
    )
    def _compute_invoice_status(self):
        for quote in self:
            status = quote._get_status_of_invoices(quote._get_standing_invoices())
            # Paid is the quote, and not the down payment alone.
            if status == "paid" and not quote._is_fully_payable():
                status = "partial"
            quote.invoice_status = status

    @api.depends_context("lang")
    @api.depends("company_id", "partner_id", "amount_to_invoice", "state")
    def _compute_partner_credit_warning(self):
        """Warn where the rest of the quote would exceed the customer's credit limit."""
        Move = self.env["account.move"]
        for quote in self:
            quote.partner_credit_warning = (
                quote.company_id.account_use_credit_limit
                and quote.state in CONVERTIBLE_STATES
                and (quote.is_credited or not quote.has_final_invoice)
                and Move._build_credit_warning_message(
                    quote.with_company(quote.company_id),
                    current_amount=quote.amount_to_invoice / (quote.currency_rate or 1),
                )
            )

    # === Constraints === #

    @api.constrains("state")
    def _check_invoiced_is_accepted(self):
        for quote in self:
            if quote.state != "accepted" and quote.sudo()._get_live_invoices():
                raise StateError(
                    self.env._(
                        "Quote %s has an invoice and stays accepted. Cancel or delete "
                        "the invoice first.",
                        quote.name,
                    )
                )

    # === CRUD === #

    def write(self, vals):
        """Remember what cancelled invoices were made of, once the quote can change."""
        if vals.get("state", "accepted") != "accepted":
            accepted = self.filtered(lambda quote: quote.state == "accepted")
            accepted.check_access("write")
            # As sudo: salespeople need not see invoices.
            for quote_sudo in accepted.sudo():
                quote_sudo.invoice_ids.filtered(
                    lambda move: (
                        move.state == "cancel" and not move.billinator_quote_hash
                    )
                ).billinator_quote_hash = quote_sudo.content_hash
        return super().write(vals)

    # === Actions === #

    @arguments(percentage=as_number, amount=as_number)
    @one_record
    def action_invoice_down_payment(self, percentage=None, amount=None):
        """Plan a down payment and make its draft invoice.

        Each call asks for another down payment. To be able to repeat a call that got
        lost, create the ``billinator.quote.installment`` first and convert that one
        with its ``action_convert_to_invoice``, which invoices it exactly once.

        :param float percentage: of the quote's total, more than 0 to 100
        :param float amount: in the quote's currency, taxes included; alternatively
        :return: as ``action_convert_to_invoice``
        :raises UserError: if it is less than nothing, or more than the quote has left
            to invoice
        """
        installment = self._create_installment(percentage, amount)
        return installment.action_convert_to_invoice()

    # === Business === #

    def _create_installment(self, percentage=None, amount=None):
        self.check_access("write")
        if bool(percentage) == bool(amount):
            raise UserError(
                self.env._("Give either a percentage or an amount to invoice first.")
            )
        # The database would refuse it, too, and log a bad query.
        if not 0 <= (percentage or 0) <= 100 or (amount or 0) < 0:
            raise ValidationError(
                self.env._(
                    "A down payment is either a percentage, from 0 to 100, or an "
                    "amount."
                )
            )
        sequence = max(self.installment_ids.mapped("sequence"), default=0) + 1
        # No default of a dialog is meant for it.
        context = clean_context(self.env.context)
        Installment = self.env(context=context)["billinator.quote.installment"]
        return Installment.create(
            {
                "quote_id": self.id,
                "sequence": sequence,
                "percentage": percentage or 0.0,
                "fixed_amount": amount or 0.0,
            }
        )

    def _get_live_invoices(self):
        """Return the invoices made of the quotes, without the cancelled ones."""
        return self.invoice_ids.filtered(lambda invoice: invoice.state != "cancel")

    def _get_standing_invoices(self):
        """Return the live invoices, without those that made room for another one.

        These were credited in full, and count again if the credit is taken back.
        """
        return self._get_live_invoices().filtered(
            lambda invoice: (
                not invoice.billinator_is_released
                or not invoice.billinator_quote_id._is_credited(invoice)
            )
        )

    def _get_final_invoices(self):
        """Return the invoices of the whole quotes, or of their rests."""
        return self._get_standing_invoices().filtered(
            lambda invoice: not invoice.billinator_installment_id
        )

    def _get_down_payment_invoices(self):
        return self._get_live_invoices().filtered("billinator_installment_id")

    def _get_status_of_invoices(self, invoices):
        """Return how near to the money some of the quote's invoices are."""
        payable = self._get_payable_invoices(invoices)
        # “Reversed” is, of these, what another invoice's credit note has paid.
        paid = (*PAID, "reversed")
        if payable and all(invoice.payment_state in paid for invoice in payable):
            return "paid"
        if any(invoice.payment_state in (*paid, "partial") for invoice in payable):
            return "partial"
        standing = invoices.filtered(lambda invoice: not self._is_credited(invoice))
        if "posted" in standing.mapped("state"):
            return "posted"
        if standing:
            return "draft"
        return "credited" if invoices else "no"

    def _get_payable_invoices(self, invoices):
        """Return those of which something is or was to be paid.

        A credit note that is itself reversed asks for the money again.
        """
        asking = [moves for moves, sign in self._follow_reversals(invoices) if sign > 0]
        return invoices.union(*asking).filtered(
            lambda invoice: (
                invoice.payment_state != "reversed"
                or self._is_paid_with_credit(invoice)
            )
            and not self._is_credited(invoice)
            and not self._is_empty_rest(invoice)
        )

    def _is_credited(self, invoice):
        """Whether an invoice was credited in full, paid before or not."""
        if not self._get_reversals(invoice):
            return self._is_set_off(invoice)
        amount = self._get_amount_of_invoices(invoice)
        return self.currency_id.compare_amounts(amount, 0) <= 0

    def _is_set_off(self, invoice):
        """Whether all of it was set off against credit notes that are of no invoice."""
        is_reversed = invoice.payment_state == "reversed"
        return (
            is_reversed
            and not self._get_reversals(invoice)
            and not self._is_paid_with_credit(invoice)
        )

    def _is_paid_with_credit(self, invoice):
        """Whether credit notes of other invoices, and none of its own, have paid it."""
        return (
            invoice.payment_state == "reversed"
            and not self._get_reversals(invoice)
            and bool(invoice._get_reconciled_invoices().reversed_entry_id)
        )

    def _is_empty_rest(self, invoice):
        """Whether other invoices ask for all that the quote is worth."""
        is_zero = self.currency_id.is_zero
        return is_zero(invoice.amount_total) and not is_zero(self.amount_total)

    def _get_amount_of_invoices(self, invoices):
        """Return what invoices, less credit notes, come to in the quote's currency."""
        return sum(
            sign * self._get_amount_of(move)
            for moves, sign in self._follow_reversals(invoices)
            for move in moves
        )

    def _follow_reversals(self, invoices):
        """Yield invoices, their credit notes, what reverses these, and so on.

        With each comes its sign: 1 for what asks for money, -1 for what gives it back.
        """
        seen, sign = invoices.browse(), 1
        while invoices:
            yield invoices, sign
            # Scripts may let moves reverse one another.
            seen |= invoices
            invoices, sign = self._get_reversals(invoices) - seen, -sign

    def _get_reversals(self, moves):
        return moves.reversal_move_ids.filtered(lambda move: move.state == "posted")

    def _get_amount_of(self, move):
        return move.currency_id._convert(
            move.amount_total,
            self.currency_id,
            move.company_id,
            move.invoice_date or move.date or fields.Date.context_today(self),
        )

    def _is_fully_payable(self):
        """Whether the invoices ask for all of it, and the last was not taken back."""
        return self._is_fully_invoiced() and not any(
            map(self._is_credited, self._get_final_invoices())
        )

    def _is_fully_invoiced(self):
        return self.has_final_invoice or (
            self.currency_id.compare_amounts(self.amount_to_invoice, 0) <= 0
        )

    def _check_down_payments_invoiced(self):
        """Refuse to invoice a rest that planned down payments are part of."""
        for quote in self:
            quote_sudo = quote.sudo()  # Looks at invoices; see _convert_to_invoices.
            planned = quote_sudo.installment_ids.filtered(
                lambda row: not row._get_live_invoices()
            )
            if planned:
                raise UserError(
                    self.env._(
                        "Quote %(quote)s plans down payments that have no invoice yet: "
                        "%(planned)s. Invoice or delete them first.",
                        quote=quote.name,
                        planned=", ".join(row._get_label() for row in planned),
                    )
                )
            if quote_sudo._get_down_payment_invoices():
                quote._check_enough_left(0.0)

    def _check_open_for_down_payments(self):
        """Refuse quotes of which nothing can be invoiced before the rest."""
        self.ensure_one()
        self._check_current()
        if self.has_final_invoice:
            raise UserError(
                self.env._(
                    "Quote %s is invoiced in full. Cancel or delete the final invoice "
                    "first, to ask for a down payment.",
                    self.name,
                )
            )
        if self.state not in CONVERTIBLE_STATES:
            raise UserError(
                self.env._(
                    "Quote %(quote)s is %(state)s: there is nothing to invoice.",
                    quote=self.name,
                    state=self._get_state_label(),
                )
            )
        term = self.payment_term_id
        if term.early_discount and term.early_pay_discount_computation == "mixed":
            raise UserError(
                self.env._(
                    "The payment terms “%s” tax the amount after an early payment "
                    "discount, which cannot be computed for a part: choose other "
                    "terms for quotes with down payments.",
                    term.name,
                )
            )

    def _check_enough_left(self, amount):
        """Refuse to invoice more than the quote, whatever its invoices say by now."""
        left = self.amount_total - self.amount_invoiced
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._(
                    "Quote %(quote)s has %(left)s left to invoice, less than "
                    "%(amount)s. Correct its other invoices first.",
                    quote=self.name,
                    left=self._format_amount(left),
                    amount=self._format_amount(amount),
                )
            )

    def _prepare_revision_values(self):
        """Take along the down payments planned, none of which has an invoice."""
        planned = self.installment_ids.filtered("amount")
        return {
            **super()._prepare_revision_values(),
            "installment_ids": [
                Command.create(row._prepare_revision_values()) for row in planned
            ],
        }

    # === Taxes and accounts === #

    def _prepare_down_payment_base_lines(self, installment):
        """Let ``account.tax`` take a share of the lines, taxes and all."""
        if self.currency_id.compare_amounts(installment.amount, 0) <= 0:
            raise UserError(
                self.env._(
                    "There is nothing to invoice for “%s”.", installment.display_name
                )
            )
        base_lines = self._get_base_lines(
            self._get_priced_lines(), with_early_payment=False
        )
        account = self._get_down_payment_account()
        for base_line in base_lines:
            line = base_line["record"]
            base_line["account_id"] = account or line._get_income_account()
        down_payment = self.env["account.tax"]._prepare_down_payment_lines(
            base_lines=base_lines,
            company=self.company_id,
            amount_type="fixed",
            amount=installment.amount,
            computation_key=f"down_payment,{installment.id}",
            grouping_function=self._get_down_payment_line_key,
        )
        return self._unite_tax_bases(
            self._complete_base_lines(down_payment, installment.amount)
        )

    def _complete_base_lines(self, base_lines, amount):
        """Make the lines come to ``amount`` to the cent, also on an invoice.

        Where many taxes meet, the helpers of ``account.tax`` miss it by some cents,
        and find nothing to share where all of the total is fixed taxes.
        """
        Tax = self.env["account.tax"]
        copies = [self._copy_base_line(base_line) for base_line in base_lines]
        Tax._add_tax_details_in_base_lines(copies, self.company_id)
        Tax._round_base_lines_tax_details(copies, self.company_id)
        missing = amount - self._get_total_of_base_lines(copies)
        if self.currency_id.is_zero(missing):
            return base_lines
        if not base_lines:
            base_lines = [self._prepare_untaxed_base_line()]
        largest = max(base_lines, key=lambda base_line: abs(base_line["price_unit"]))
        largest["price_unit"] += missing
        if largest["manual_tax_amounts"]:
            rate = self.currency_rate or 1.0
            largest["manual_total_excluded_currency"] += missing
            largest["manual_total_excluded"] += missing / rate
        return base_lines

    def _copy_base_line(self, base_line):
        """Return the line as an invoice will read it from what is stored of it."""
        Tax = self.env["account.tax"]
        return Tax._prepare_base_line_for_taxes_computation(
            {
                "price_unit": base_line["price_unit"],
                "quantity": base_line["quantity"],
                "tax_ids": base_line["tax_ids"],
                "currency_id": base_line["currency_id"],
                "rate": base_line["rate"],
                "extra_tax_data": Tax._export_base_line_extra_tax_data(base_line),
            }
        )

    def _prepare_untaxed_base_line(self):
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            {},
            quantity=1.0,
            currency_id=self.currency_id,
            rate=self.currency_rate,
            account_id=self._get_down_payment_account(),
        )

    @api.model
    def _get_down_payment_line_key(self, base_line):
        """Make one line for each combination of taxes and account, of no product."""
        return {
            **self._get_discount_line_key(base_line),
            "account_id": base_line["account_id"],
        }

    def _get_down_payment_account(self):
        """Return the account for money that was not earned yet, if there is one."""
        # Salespeople do not see accounts; this one only goes on the invoice.
        company_sudo = self.company_id.sudo()
        account = company_sudo.billinator_downpayment_account_id
        if not account and "downpayment_account_id" in company_sudo._fields:
            # Where Odoo's own sales are installed, theirs is the same.
            account = company_sudo.downpayment_account_id
        return self.fiscal_position_id.map_account(account) if account else account

    def _prepare_invoice_values(self):
        """Take off the final invoice what was invoiced before."""
        values = super()._prepare_invoice_values()
        # Whoever converts the quote, which is checked there, needs not see invoices.
        down_payments = self.sudo()._get_down_payment_invoices()
        if down_payments:
            values["billinator_deducted_ids"] = [Command.set(down_payments.ids)]
            values["invoice_line_ids"] += self._prepare_deduction_commands(
                down_payments
            )
        return values

    def _prepare_deduction_commands(self, down_payments):
        """Return lines that undo down payments, and again what was credited of them."""
        lang = self._get_customers_language()
        localized = self.with_context(lang=lang)
        title = localized.env._("Down Payments")
        sequence = max(self.line_ids.mapped("sequence"), default=0) + 1
        header = {"display_type": "line_section", "name": title}
        values = [header] + [
            localized._prepare_deduction_values(line, -sign)
            for moves, sign in self._follow_reversals(down_payments)
            for line in moves.invoice_line_ids.sorted()
            if line.display_type == "product"
        ]
        return [Command.create({**each, "sequence": sequence}) for each in values]

    def _prepare_deduction_values(self, line, sign):
        """Return ``line`` of a down payment's invoice or credit note for the rest."""
        Tax = self.env["account.tax"]
        data = line.extra_tax_data
        if sign < 0:
            data = Tax._reverse_quantity_base_line_extra_tax_data(data)
        return {
            "display_type": "product",
            "name": self._get_deduction_label(line),
            "billinator_deducted_line_id": self._is_prepaid(line) and line.id,
            "quantity": sign * line.quantity,
            "price_unit": line.price_unit,
            "discount": line.discount,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "account_id": line.account_id.id,
            "analytic_distribution": line.analytic_distribution,
            "extra_tax_data": data,
        }

    def _is_prepaid(self, line):
        """Whether ``line`` asks for a down payment of which nothing was credited.

        Electronic invoices count down payments in full, and know no credit notes.
        """
        move = line.move_id
        return bool(move.billinator_installment_id) and not self._get_reversals(move)

    def _get_deduction_label(self, line):
        """Return what ``line`` says, and which invoice or credit note it is from."""
        move = line.move_id
        # A draft has no number yet.
        if move.state != "posted":
            return line.name
        label = self.env._(
            "%(description)s (%(invoice)s of %(date)s)",
            description=line.name or "",
            invoice=move.name,
            date=format_date(self.env, move.invoice_date),
        )
        return label.strip()
