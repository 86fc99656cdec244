from odoo import models

from ..changes import mark_changed

# What the API shows of an activity of the CRM, and is kept underneath alone.
SHOWN_OF_ACTIVITY = {"summary", "note"}


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def write(self, vals):
        """Tell of activities of the CRM that are done, whoever completes them."""
        Webhook = self.env["billinator.webhook"]
        is_ended = not vals.get("active", True)
        is_told = is_ended and Webhook._has_listeners("activity.done")
        pending = self.filtered("active") if is_told else self.browse()
        result = super().write(vals)
        if not SHOWN_OF_ACTIVITY.isdisjoint(vals):
            mark_changed(self._get_rows())
        if pending:
            done = pending._get_rows().filtered(lambda row: row.status == "done")
            Webhook._tell({"activity.done": done})
        return result

    def unlink(self):
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()

    def _action_done(self, feedback=False, attachment_ids=None):
        """Note the feedback first: Odoo does it last, when the event has been told."""
        if feedback:
            self.feedback = feedback
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
