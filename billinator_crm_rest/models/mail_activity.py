from odoo import models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def write(self, vals):
        """Tell of activities of the CRM that are done, whoever completes them."""
        Webhook = self.env["billinator.webhook"]
        if vals.get("active", True) or not Webhook._has_listeners("activity.done"):
            return super().write(vals)
        pending = self.filtered("active")
        result = super().write(vals)
        rows = pending._get_rows()
        Webhook._tell({"activity.done": rows.filtered(lambda a: a.status == "done")})
        return result

    def _action_done(self, feedback=False, attachment_ids=None):
        """Note the feedback first: Odoo does it last, when the event has been told."""
        if feedback:
            self.feedback = feedback
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
