from odoo import fields, models
from odoo.exceptions import UserError

from ..arguments import one_record
from ..locks import wait_and_lock


class BillinatorQuoteInvoice(models.TransientModel):
    _name = "billinator.quote.invoice"
    _description = "Invoice a Quote"
    _inherit = ["billinator.dialog.mixin"]

    quote_id = fields.Many2one(
        "billinator.quote",
        required=True,
        default=lambda self: self.env.context.get("active_id"),
    )
    currency_id = fields.Many2one(related="quote_id.currency_id", related_sudo=False)
    # Who may not read the quote reads none of it here, either.
    amount_total = fields.Monetary(related="quote_id.amount_total", related_sudo=False)
    amount_invoiced = fields.Monetary(
        related="quote_id.amount_invoiced", related_sudo=False
    )
    amount_to_invoice = fields.Monetary(
        related="quote_id.amount_to_invoice", related_sudo=False
    )
    method = fields.Selection(
        [
            ("percentage", "Down payment, in percent"),
            ("amount", "Down payment, a fixed amount"),
            ("final", "Everything that is left"),
        ],
        string="Create",
        default="percentage",
        required=True,
    )
    percentage = fields.Float(default=30.0, digits=(16, 4))
    amount = fields.Monetary(help="Taxes included.")
    installment_id = fields.Many2one("billinator.quote.installment", readonly=True)

    @one_record
    def action_create_invoice(self):
        """Make the draft invoice that the dialog describes, once.

        Whoever clicks twice gets the same invoice twice.

        :return: as ``action_convert_to_invoice`` of ``billinator.quote``
        :raises UserError: if it is more than the quote has left to invoice
        """
        if self.method == "final":
            return self.quote_id.action_convert_to_invoice()
        self._lock()
        if not self.installment_id:
            self.installment_id = self._create_installment()
        return self.installment_id.action_convert_to_invoice()

    def _lock(self):
        """Let a second click wait for the first, and find its down payment."""
        self.flush_recordset()
        wait_and_lock(self)

    def _create_installment(self):
        value = self.percentage if self.method == "percentage" else self.amount
        if value <= 0:
            raise UserError(self.env._("Enter how much to invoice first."))
        if self.method == "percentage":
            return self.quote_id._create_installment(percentage=value)
        return self.quote_id._create_installment(amount=value)
