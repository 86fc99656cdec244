from odoo import models


class MailScheduledMessage(models.Model):
    _inherit = "mail.scheduled.message"

    def _notification_parameters_whitelist(self):
        """Let a quote that is sent later become a sent one, as it was in its PDF."""
        return super()._notification_parameters_whitelist() | {
            "billinator_sends_quote",
            "billinator_quote_hash",
        }
