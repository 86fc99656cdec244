from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    billinator_deducted_line_id = fields.Many2one(
        "account.move.line",
        string="Deducted Line",
        copy=False,
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        check_company=True,
        help="The line of a down payment's invoice that this line of the final invoice "
        "undoes. Empty where something of the down payment was credited.",
    )

    def _register_hook(self):
        """Tell electronic invoices of down payments; see ``account.move``."""
        super()._register_hook()
        Line = self.env.registry[self._name]
        Line._get_downpayment_lines = lambda lines: (
            super(Line, lines)._get_downpayment_lines()
            | lines._get_billinator_down_payment_lines()
        )

    def _copy_data_extend_business_fields(self, values):
        """Let credit notes, and what replaces an invoice, know of the same lines."""
        values["billinator_deducted_line_id"] = self.billinator_deducted_line_id.id
        return super()._copy_data_extend_business_fields(values)

    def _get_billinator_down_payment_lines(self):
        """Return the lines that these undo, and those that ask for a down payment."""
        asking = self.filtered(
            lambda line: (
                line.display_type == "product"
                and line.move_id._is_of_billinator_installment()
            )
        )
        # A draft has no number and no date to tell.
        return asking | self.billinator_deducted_line_id.filtered(
            lambda line: line.parent_state == "posted"
        )

    def _get_billinator_deductions(self):
        """Return the lines of final invoices that undo these."""
        if not self:
            return self
        return self.search(
            [
                ("billinator_deducted_line_id", "in", self.ids),
                ("parent_state", "!=", "cancel"),
            ]
        )

    def _check_billinator_deductions(self):
        """Let posted invoices take off what posted down payments come to."""
        for line in self.filtered("billinator_deducted_line_id"):
            deducted = line.billinator_deducted_line_id
            moves = line.move_id | deducted.move_id
            is_posted = set(moves.mapped("state")) == {"posted"}
            amounts = (line.price_total, -deducted.price_total)
            if is_posted and line.currency_id.compare_amounts(*amounts):
                # As sudo, for whoever handles the invoice may not see the quote.
                quote_sudo = line.move_id.billinator_quote_id.sudo()
                raise line.move_id._get_deducted_error(quote_sudo)

    def _say_billinator_number(self):
        """Say in a draft the number of the invoice that it takes off.

        Unless somebody has let it say otherwise.
        """
        line = self.billinator_deducted_line_id
        if self.parent_state == "draft" and self.name == line.name:
            # As sudo, for whoever handles the invoice may not see the quote.
            quote_sudo = self.move_id.billinator_quote_id.sudo()
            lang = quote_sudo._get_customers_language()
            self.name = quote_sudo.with_context(lang=lang)._get_deduction_label(line)
