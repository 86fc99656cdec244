from datetime import timedelta

from odoo import fields, models

from ..arguments import get_active_ids, one_record

DEFAULT_DAYS = 30


class BillinatorQuoteExtend(models.TransientModel):
    _name = "billinator.quote.extend"
    _description = "Extend Quotes"
    _inherit = ["billinator.dialog.mixin"]

    quote_ids = fields.Many2many(
        "billinator.quote",
        required=True,
        default=get_active_ids,
    )
    validity_date = fields.Date(
        string="Valid Until",
        required=True,
        default=lambda self: self._default_validity_date(),
    )

    def _default_validity_date(self):
        """Propose as long as new quotes of the company hold."""
        company = self.env.company
        days = company.billinator_quote_validity_days or DEFAULT_DAYS
        return company._get_billinator_day() + timedelta(days=days)

    @one_record
    def action_extend(self):
        """Extend the wizard's quotes.

        :return: an action that closes the dialog
        """
        self.quote_ids.action_extend(self.validity_date)
        return {"type": "ir.actions.act_window_close"}
