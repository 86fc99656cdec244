from odoo import api, fields, models

from ..arguments import one_record


class BillinatorQuoteDiscount(models.TransientModel):
    _name = "billinator.quote.discount"
    _description = "Discount on a Quote"
    _inherit = ["billinator.dialog.mixin"]

    quote_id = fields.Many2one(
        "billinator.quote",
        required=True,
        default=lambda self: self.env.context.get("active_id"),
    )
    currency_id = fields.Many2one(related="quote_id.currency_id", related_sudo=False)
    discount_type = fields.Selection(
        [
            ("percentage", "Percentage of the whole"),
            ("amount", "Amount, taxes included"),
            ("lines", "Percentage on each line"),
        ],
        string="Discount",
        compute="_compute_discount",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    percentage = fields.Float(
        compute="_compute_discount",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        digits="Discount",
    )
    amount = fields.Monetary(
        compute="_compute_discount",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    has_discount = fields.Boolean(compute="_compute_has_discount")

    @api.depends("quote_id")
    def _compute_discount(self):
        for wizard in self:
            quote = wizard.quote_id
            wizard.discount_type = "amount" if quote.discount_amount else "percentage"
            wizard.percentage = quote.discount_percentage
            wizard.amount = quote.discount_amount

    @api.depends("quote_id")
    def _compute_has_discount(self):
        for wizard in self:
            wizard.has_discount = bool(wizard.quote_id._get_discounted())

    @one_record
    def action_apply(self):
        """Give the quote this discount instead of the one it had.

        :return: an action that closes the dialog
        """
        if self.discount_type == "amount":
            self.quote_id.action_apply_discount(amount=self.amount)
        else:
            self.quote_id.action_apply_discount(
                percentage=self.percentage, per_line=self.discount_type == "lines"
            )
        return {"type": "ir.actions.act_window_close"}

    @one_record
    def action_remove(self):
        """Take the discount off the quote.

        :return: an action that closes the dialog
        """
        self.quote_id.action_remove_discount()
        return {"type": "ir.actions.act_window_close"}
