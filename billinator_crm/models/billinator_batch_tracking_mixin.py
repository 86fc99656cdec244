from odoo import models

COLLECTED = "billinator.tracking.messages"


class BillinatorBatchTrackingMixin(models.AbstractModel):
    """Logs the tracked changes of many records in one go.

    Odoo's own tracking writes message after message, so that moving fifty
    opportunities would take fifty times the queries of moving one, and an import mails
    people once for each record that is theirs.
    """

    _name = "billinator.batch.tracking.mixin"
    _description = "Tracking in Batches"
    _inherit = ["mail.thread"]

    def _message_track(self, fields_iter, initial_values_dict):
        """Create the messages together that tracking logs one by one."""
        messages = self.env.cr.precommit.data[COLLECTED] = []
        tracking = super(
            BillinatorBatchTrackingMixin, self.with_context(billinator_tracking=True)
        )._message_track(fields_iter, initial_values_dict)
        del self.env.cr.precommit.data[COLLECTED]
        if messages:
            # As sudo like any log: what is logged was allowed when it was changed.
            self.sudo()._message_create(messages)
        return tracking

    def _message_log_batch(self, bodies, *args, **kwargs):
        # Only logs can wait: who posts a message needs it at once, to notify others.
        collect = bool(self.env.context.get("billinator_tracking"))
        return super(
            BillinatorBatchTrackingMixin, self.with_context(billinator_collect=collect)
        )._message_log_batch(bodies, *args, **kwargs)

    def _message_create(self, values_list):
        if not self.env.context.get("billinator_collect"):
            return super()._message_create(values_list)
        self.env.cr.precommit.data[COLLECTED].extend(values_list)
        return self.env["mail.message"]

    def _message_auto_subscribe_notify(self, partner_ids, template):
        """Let people follow what an import assigns to them, without a mail for each."""
        if self.env.context.get("import_file"):
            return None
        return super()._message_auto_subscribe_notify(partner_ids, template)
