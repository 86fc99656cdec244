import uuid
from collections import defaultdict
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..arguments import one_record


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "utm.mixin"]

    billinator_quote_id = fields.Many2one(
        "billinator.quote",
        string="Quote",
        copy=False,
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        help="The quote that this invoice was made from.",
    )
    # Quotes follow their invoices, what credits these, and so on by this field alone: a
    # chain of reversals among their dependencies slows down each change of any move.
    billinator_origin_quote_id = fields.Many2one(
        "billinator.quote",
        string="Original Quote",
        compute="_compute_billinator_origin_quote_id",
        store=True,
        recursive=True,
        index="btree_not_null",
        help="The quote that it, or the invoice that it credits, was made from.",
    )
    billinator_installment_id = fields.Many2one(
        "billinator.quote.installment",
        string="Down Payment",
        copy=False,
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        help="The down payment of the quote that this invoice asks for.",
    )
    billinator_is_down_payment = fields.Boolean(
        string="Is Down Payment",
        copy=False,
        readonly=True,
        help="It was made to ask for a down payment of a quote. It stays one when "
        "another invoice replaces it.",
    )
    billinator_quote_hash = fields.Char(
        copy=False,
        readonly=True,
        exportable=False,
        help="What the quote said when it was reset, after the invoice was cancelled.",
    )
    billinator_is_released = fields.Boolean(
        string="Quote Invoiced Again",
        copy=False,
        readonly=True,
        help="It was credited in full, and its quote was invoiced again after that.",
    )
    billinator_deducted_ids = fields.Many2many(
        "account.move",
        "billinator_deducted_invoice_rel",
        "final_invoice_id",
        "invoice_id",
        string="Deducted Down Payments",
        copy=False,
        readonly=True,
        help="The invoices of down payments that this final invoice takes off.",
    )

    # What makes the conversion exactly-once, whatever the code above it does.
    _billinator_quote_uniq = models.UniqueIndex(
        "(billinator_quote_id, COALESCE(billinator_installment_id, 0))"
        " WHERE billinator_quote_id IS NOT NULL AND state <> 'cancel'"
        " AND billinator_is_released IS NOT TRUE",
        "This quote has another invoice already, or this down payment has one: cancel "
        "or delete that one first.",
    )
    # A customer's invoices, and the sums of them, without a look at everybody's.
    _billinator_customer_idx = models.Index(
        "(commercial_partner_id, invoice_date DESC, id DESC)"
        " WHERE move_type IN ('out_invoice', 'out_refund') AND state = 'posted'"
    )

    _billinator_timeline_idx = models.Index(
        "(commercial_partner_id,"
        " (COALESCE(invoice_date::timestamp, create_date)) DESC, id DESC)"
        " WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt')"
    )

    @api.depends("billinator_quote_id", "reversed_entry_id.billinator_origin_quote_id")
    def _compute_billinator_origin_quote_id(self):
        for move in self:
            move.billinator_origin_quote_id = move._get_billinator_origin_quote()

    def _get_billinator_origin_quote(self):
        return (
            self.billinator_quote_id
            or self.reversed_entry_id.billinator_origin_quote_id
        )

    def _register_hook(self):
        """Let electronic invoices, which have a type for these, know down payments.

        Not by an override: that of Odoo's own sales, where these are installed, comes
        later and asks no other.
        """
        super()._register_hook()
        Move = self.env.registry[self._name]
        Move._is_downpayment = lambda move: (
            super(Move, move)._is_downpayment() or move._is_of_billinator_installment()
        )
        # Poland's, where it is installed, looks at Odoo's own sales alone.
        if hasattr(Move, "_l10n_pl_edi_get_related_invoices"):
            Move._l10n_pl_edi_get_related_invoices = lambda move: [
                *super(Move, move)._l10n_pl_edi_get_related_invoices(),
                *move._get_billinator_down_payments().mapped("name"),
            ]

    @api.model_create_multi
    def create(self, vals_list):
        """Take the deals of the invoices' quotes along."""
        moves = super().create([self._add_billinator_token(vals) for vals in vals_list])
        moves.billinator_quote_id._move_deals("invoiced_stage_id")
        return moves

    def _add_billinator_token(self, vals):
        """Let the quote's page link to its invoices, and write nothing for it."""
        if not vals.get("billinator_quote_id"):
            return vals
        return {"access_token": str(uuid.uuid4()), **vals}

    @api.model
    def _cron_account_move_send(self, job_count=10):
        """Let the mails leave at once, as customers wait who have accepted online.

        Mails of jobs are queued, and the queue's next run may be an hour away.
        """
        result = super()._cron_account_move_send(job_count)
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return result

    @api.constrains("state", "billinator_quote_id", "move_type")
    def _check_billinator_quote_accepted(self):
        """Bill what was agreed: an invoice lives by its accepted quote."""
        live = self.filtered(lambda move: move.state != "cancel")
        # As sudo, for whoever handles the invoice may not see the quote.
        for quote in live.billinator_quote_id.sudo():
            if quote.is_superseded:
                raise ValidationError(quote._get_superseded_message())
            if quote.state != "accepted":
                raise ValidationError(
                    self.env._(
                        "The invoice of quote %(quote)s stays cancelled while the "
                        "quote is %(state)s. Convert the quote to a new invoice.",
                        quote=quote.name,
                        state=quote._get_state_label(),
                    )
                )
        for move in live:
            # As sudo, likewise.
            quote_sudo = move.billinator_quote_id.sudo()
            if move.billinator_quote_hash not in (False, quote_sudo.content_hash):
                raise ValidationError(
                    self.env._(
                        "Quote %(quote)s has changed since invoice %(invoice)s was "
                        "made of it, which stays cancelled. Convert the quote to a new "
                        "invoice.",
                        quote=quote_sudo.name,
                        invoice=move.display_name,
                    )
                )
            if move.billinator_quote_id and move.move_type != "out_invoice":
                raise ValidationError(
                    self.env._(
                        "Quotes can only become customer invoices: %s",
                        move.display_name,
                    )
                )

    @api.constrains("billinator_origin_quote_id")
    def _check_billinator_origin_quote(self):
        """Let nobody write what is worked out: the quote's status would be another."""
        # As sudo, for whoever handles the invoice may not see the quote.
        for move in self.sudo():
            if move.billinator_origin_quote_id != move._get_billinator_origin_quote():
                raise ValidationError(
                    self.env._(
                        "The original quote of %s follows from the quote or invoice "
                        "that it was made from, and is not entered.",
                        move.display_name,
                    )
                )

    @api.constrains("billinator_quote_id", "billinator_installment_id", "currency_id")
    def _check_billinator_installment(self):
        # As sudo, for whoever handles the invoice may not see the quote.
        for move in self.filtered("billinator_installment_id").sudo():
            quote = move.billinator_installment_id.quote_id
            if (
                move.billinator_quote_id != quote
                or move.currency_id != quote.currency_id
            ):
                raise ValidationError(
                    self.env._(
                        "A down payment of quote %s is invoiced for this quote, and in "
                        "its currency.",
                        quote.name,
                    )
                )

    @api.constrains(
        "state",
        "billinator_quote_id",
        "billinator_installment_id",
        "billinator_deducted_ids",
    )
    def _check_billinator_deducted(self):
        """Let a final invoice take off what is invoiced before, and nothing else."""
        # As sudo, for whoever handles the invoice may not see the quote.
        for quote in self.billinator_quote_id.sudo():
            final = quote._get_final_invoices()
            if final and final.billinator_deducted_ids != (
                quote._get_down_payment_invoices()
            ):
                raise self._get_deducted_error(quote)

    @api.constrains("state", "payment_state")
    def _check_billinator_released(self):
        """Let the invoice that was credited and the one made again not both stand."""
        # As sudo, for whoever handles the invoice may not see the quote.
        quotes_sudo = (
            self._with_reversed()
            .sudo()
            .billinator_quote_id.filtered(
                lambda quote: any(quote.invoice_ids.mapped("billinator_is_released"))
            )
        )
        for quote in quotes_sudo:
            final = quote._get_final_invoices()
            if len(final) > 1:
                raise ValidationError(
                    self.env._(
                        "Quote %(quote)s was invoiced again because %(invoice)s was "
                        "credited in full, which has to stay so. Cancel or delete the "
                        "new invoice first.",
                        quote=quote.name,
                        invoice=", ".join(
                            final.filtered("billinator_is_released").mapped(
                                "display_name"
                            )
                        ),
                    )
                )
        quotes_sudo.invoice_ids._check_billinator_deducted()

    def _get_deducted_error(self, quote):
        return ValidationError(
            self.env._(
                "The final invoice of quote %s takes off the down payments that were "
                "invoiced when it was made. Cancel or delete the final invoice before "
                "one of these, and convert the quote again then.",
                quote.name,
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billinator_deducted(self):
        # As sudo, for whoever handles the invoice may not see the quote.
        for quote in (
            self.filtered("billinator_installment_id").sudo().billinator_quote_id
        ):
            final = quote._get_final_invoices() - self
            if final.billinator_deducted_ids & self:
                raise self._get_deducted_error(quote)

    def _post(self, soft=True):
        """Let final invoices that wait as drafts say the numbers of down payments."""
        down_payments = self.filtered("billinator_installment_id")
        if not down_payments:
            posted = super()._post(soft)
            posted.invoice_line_ids._check_billinator_deductions()
            return posted
        # Before others: a final invoice may be posted together with them.
        posted = super(AccountMove, down_payments)._post(soft)
        deductions = posted.invoice_line_ids._get_billinator_deductions()
        for deduction in deductions:
            deduction._say_billinator_number()
        others = super(AccountMove, self - down_payments)._post(soft)
        (others.invoice_line_ids | deductions)._check_billinator_deductions()
        return posted | others

    def _is_of_billinator_installment(self):
        """Whether it asks for a down payment of a quote, or gives one back."""
        return any(self._with_reversed().mapped("billinator_is_down_payment"))

    def _with_reversed(self):
        """Return the moves, what they reverse, what that reverses, and so on."""
        moves = self
        while reversed_moves := moves.reversed_entry_id - moves:
            moves |= reversed_moves
        return moves

    def _get_billinator_down_payments(self):
        """Return the invoices of down payments that electronic invoices take off."""
        lines = self.invoice_line_ids._get_billinator_down_payment_lines()
        return lines.move_id - self

    def _get_billinator_quote_number(self):
        """Return the number of the quote that it, or what it credits, was made from."""
        # Not the quote's name: whoever handles the invoice may not see the quote.
        made = self.billinator_quote_id or self.reversed_entry_id.billinator_quote_id
        return self.invoice_origin if made else ""

    def _hand_over_quote(self):
        """Let go of the quote, and return the values of the invoice that gets it.

        The invoice was credited, and another one is made in its place.
        """
        self.ensure_one()
        links = {
            name: self[name].id
            for name in ("billinator_quote_id", "billinator_installment_id")
        }
        deducted = self.billinator_deducted_ids.ids
        self.write({**dict.fromkeys(links, False), "billinator_deducted_ids": False})
        # The index of the quotes' invoices is asked before the ORM would write it.
        self.flush_recordset(list(links))
        return {
            **links,
            "billinator_is_down_payment": self.billinator_is_down_payment,
            "billinator_deducted_ids": [Command.set(deducted)],
        }

    def _release_billinator_quote(self):
        """Make room for another invoice of the same quotes, and stay with these."""
        self.billinator_is_released = True
        # The index of the quotes' invoices is asked before the ORM would write it.
        self.flush_recordset(["billinator_is_released"])

    # What down payments leave of a quote is of one sign in both currencies. Each amount
    # is rounded in each currency: where hardly more than that is left, it may be owed
    # in one and given back in the other, which the database takes for an error.

    def _get_rounded_base_and_tax_lines(self, round_from_tax_lines=True):
        base_lines, tax_lines = super()._get_rounded_base_and_tax_lines(
            round_from_tax_lines
        )
        if self._has_billinator_rest_in_currency():
            self._align_billinator_taxes(base_lines)
        return base_lines, tax_lines

    @contextmanager
    def _sync_tax_lines(self, container):
        with super()._sync_tax_lines(container):
            yield
        for move in container["records"]:
            if move.state == "draft" and move._has_billinator_rest_in_currency():
                move._align_billinator_total()

    def _has_billinator_rest_in_currency(self):
        """Whether it asks for what down payments leave of a quote, or credits that."""
        invoice = self.reversed_entry_id or self
        is_foreign = self.currency_id != self.company_currency_id
        return is_foreign and bool(invoice.billinator_deducted_ids)

    def _align_billinator_taxes(self, base_lines):
        parts_of_taxes = defaultdict(list)
        for line in base_lines:
            for part in line["tax_details"]["taxes_data"]:
                parts_of_taxes[part["tax"], part["is_reverse_charge"]].append(part)
        for parts in parts_of_taxes.values():
            largest = max(parts, key=lambda part: abs(part["tax_amount"]))
            amount = sum(part["tax_amount_currency"] for part in parts)
            balance = sum(part["tax_amount"] for part in parts)
            if self.currency_id.compare_amounts(amount, 0) != (
                self.company_currency_id.compare_amounts(balance, 0)
            ):
                largest["tax_amount"] += self._get_billinator_missing_balance(
                    amount, balance
                )

    def _align_billinator_total(self):
        """Ask for what the total comes to, and let the largest line make up for it.

        It is what Odoo converts the customer's debt to when the rate changes.
        """
        lines = self.line_ids.filtered(lambda line: line.display_type != "payment_term")
        missing = self._get_billinator_missing_balance(
            sum(lines.mapped("amount_currency")), sum(lines.mapped("balance"))
        )
        if missing:
            products = lines.filtered(lambda line: line.display_type == "product")
            max(products, key=lambda line: abs(line.balance)).balance += missing

    def _get_billinator_missing_balance(self, amount, balance):
        """Return what ``balance`` lacks of ``amount`` at the invoice's rate."""
        rate = self.invoice_currency_rate or 1.0
        return self.company_currency_id.round(amount / rate - balance)

    @api.readonly
    @one_record
    def action_view_billinator_quote(self):
        """Open the quote that this invoice was made from.

        :return: a window action
        """
        return {
            "type": "ir.actions.act_window",
            "res_model": "billinator.quote",
            "res_id": self.billinator_quote_id.id,
            "views": [(False, "form")],
        }
