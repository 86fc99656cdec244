from odoo import models

STATE_EVENTS = {
    state: f"quote.{state}" for state in ("sent", "accepted", "rejected", "expired")
}


class BillinatorQuote(models.Model):
    _inherit = "billinator.quote"

    def write(self, vals):
        Webhook = self.env["billinator.webhook"]
        if "state" not in vals or not Webhook._has_listeners(*STATE_EVENTS.values()):
            return super().write(vals)
        changed = self.filtered(lambda quote: quote.state != vals["state"])
        result = super().write(vals)
        if event := STATE_EVENTS.get(vals["state"]):
            Webhook._tell({event: changed})
        return result
