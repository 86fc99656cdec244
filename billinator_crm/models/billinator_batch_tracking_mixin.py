from collections import defaultdict
from itertools import chain

from odoo import api, models


class Subscriptions:
    """Who is to follow records that are being created.

    It travels in the context, where no RPC caller can put one.
    """

    def __init__(self):
        self.pending = []
        self.is_open = True


class Collected:
    """Messages that wait to be created together; in the context, as above."""

    def __init__(self):
        self.values_list = []


class BillinatorBatchTrackingMixin(models.AbstractModel):
    """Logs the tracked changes of many records in one go, and has people follow them.

    Odoo's own tracking writes message after message, so that moving fifty
    opportunities would take fifty times the queries of moving one, and an import mails
    people once for each record that is theirs. New records are followed by their
    salespeople one after another, too.
    """

    _name = "billinator.batch.tracking.mixin"
    _description = "Tracking in Batches"
    _inherit = ["mail.thread"]

    @api.model_create_multi
    def create(self, vals_list):
        """Have each salesperson follow all new records at once."""
        subscriptions = Subscriptions()
        creating = self.with_context(billinator_subscriptions=subscriptions)
        records = super(BillinatorBatchTrackingMixin, creating).create(vals_list)
        # Whoever has this context still, as what waits for the commit, may go on.
        subscriptions.is_open = False
        # With the closed one: those of records that are created around these wait on.
        creating._subscribe_together(subscriptions.pending)
        return records.with_env(self.env)

    def _message_auto_subscribe(self, updated_values, followers_existing_policy="skip"):
        subscriptions = self.env.context.get("billinator_subscriptions")
        is_new = followers_existing_policy == "update"
        if (
            is_new
            and isinstance(subscriptions, Subscriptions)
            and subscriptions.is_open
        ):
            subscriptions.pending.append((self, updated_values))
            return True
        return super()._message_auto_subscribe(
            updated_values, followers_existing_policy
        )

    @api.model
    def _subscribe_together(self, pending):
        """Do what was put off, at once for the records of the same people.

        :param list pending: pairs of a record and the values it was created with
        """
        *_ids, relations = self.env[
            "mail.message.subtype"
        ]._get_auto_subscription_subtypes(self._name)
        names = ("user_id", *chain.from_iterable(relations.values()))
        groups = defaultdict(list)
        for record, values in pending:
            people = tuple((name, values.get(name) or False) for name in names)
            groups[people].append(record.id)
        for people, ids in groups.items():
            self.browse(ids)._message_auto_subscribe(dict(people), "update")

    def _message_track(self, fields_iter, initial_values_dict):
        """Create the messages together that tracking logs one by one."""
        collected = Collected()
        tracking = super(
            BillinatorBatchTrackingMixin,
            self.with_context(billinator_tracking=collected),
        )._message_track(fields_iter, initial_values_dict)
        if collected.values_list:
            self._log_changes(collected.values_list, initial_values_dict, tracking)
        return tracking

    def _log_changes(self, values_list, initial_values, tracking):
        """Create the messages that tell of tracked changes.

        :param list values_list: values of the messages, one for each record
        :param dict initial_values: the values before, by name, by the record's id
        :param dict tracking: what ``_message_track`` returns
        :return: the messages that were logged
        """
        # As sudo like any log: what is logged was allowed when it was changed.
        return self.sudo()._message_create(values_list)

    def _message_log_batch(self, bodies, *args, **kwargs):
        # Only logs can wait: who posts a message needs it at once, to notify others.
        collected = self.env.context.get("billinator_tracking")
        return super(
            BillinatorBatchTrackingMixin,
            self.with_context(billinator_collected=collected),
        )._message_log_batch(bodies, *args, **kwargs)

    def _message_create(self, values_list):
        collected = self.env.context.get("billinator_collected")
        if not isinstance(collected, Collected):
            return super()._message_create(values_list)
        collected.values_list += values_list
        return self.env["mail.message"]

    def _message_auto_subscribe_notify(self, partner_ids, template):
        """Let people follow what an import assigns to them, without a mail for each."""
        if self.env.context.get("import_file"):
            return None
        return super()._message_auto_subscribe_notify(partner_ids, template)
