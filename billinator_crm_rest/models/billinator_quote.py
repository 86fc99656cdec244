from odoo import api, models

from ..changes import mark_referring
from ..naming import naming
from .billinator_quote_line import Repriced

STATE_EVENTS = {
    state: f"quote.{state}" for state in ("sent", "accepted", "rejected", "expired")
}


class BillinatorQuote(models.Model):
    _inherit = "billinator.quote"

    _write_date_idx = models.Index("(write_date, id)")

    @api.model_create_multi
    def create(self, vals_list):
        quotes = super().create(vals_list)
        Webhook = self.env["billinator.webhook"]
        if Webhook._has_listeners(*STATE_EVENTS.values()):
            # Writing their state has told of those that were made accepted.
            Webhook._tell(quotes.filtered("is_editable")._get_state_events())
        return quotes

    def write(self, vals):
        Webhook = self.env["billinator.webhook"]
        if "state" not in vals or not Webhook._has_listeners(*STATE_EVENTS.values()):
            return super().write(vals)
        changed = self.filtered(lambda quote: quote.state != vals["state"])
        result = super().write(vals)
        if event := STATE_EVENTS.get(vals["state"]):
            Webhook._tell({event: changed})
        return result

    def unlink(self):
        mark_referring(self)
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()

    @api.model
    def _check_salespeople(self, ids):
        with naming("user_id"):
            return super()._check_salespeople(ids)

    def _change_lines(self, commands):
        """Change the quote's lines, in as many queries for many as for one."""
        repriced = Repriced()
        self.with_context(billinator_repriced=repriced).line_ids = commands
        self.line_ids.filtered(lambda line: line.id in repriced.ids)._note_pricelist()

    def _get_state_events(self):
        """Return the quotes by the events that tell of their states."""
        return {
            STATE_EVENTS[state]: quotes
            for state, quotes in self.grouped("state").items()
            if state in STATE_EVENTS
        }

    def _create_invoices(self, vals_list):
        """Tell of final invoices: down payments and replacements convert no quote."""
        result = super()._create_invoices(vals_list)
        Webhook = self.env["billinator.webhook"]
        if Webhook._has_listeners("quote.converted"):
            converted = self.browse(
                vals["billinator_quote_id"]
                for vals in vals_list
                if not vals.get("billinator_installment_id")
            )
            Webhook._tell({"quote.converted": converted})
        return result
