from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def _filter_mails_to_customers(self):
        """Leave out those in Odoo alone, and those of colleagues."""
        return self.filtered(
            lambda notice: (
                notice.notification_type == "email"
                and (not notice.res_partner_id or notice.res_partner_id.partner_share)
            )
        )
