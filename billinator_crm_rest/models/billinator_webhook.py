import json
import secrets
import uuid
from contextlib import contextmanager
from datetime import timedelta

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, str2bool
from odoo.tools.translate import LazyGettext

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG
from odoo.addons.billinator_crm.arguments import one_record
from odoo.addons.billinator_crm.caches import settings_cache
from odoo.addons.billinator_crm.markers import BROUGHT_OVER

from ..changes import TAKEN_ALONG
from ..guarded_http import is_plainly_private
from ..webhook_resources import read_names, read_records

TEST_EVENT = "webhook.test"
ALLOW_PRIVATE = "billinator_crm_rest.allow_private_webhooks"
# Which event tells of a deletion, by model.
DELETED_EVENTS = {
    "billinator.opportunity": "opportunity.deleted",
    "billinator.quote": "quote.deleted",
    "billinator.activity": "activity.deleted",
    "billinator.note": "note.deleted",
    "billinator.contact": "contact.deleted",
    "res.partner": "customer.deleted",
}
PORTS = {"http": 80, "https": 443}
# What subscriptions are made of: a change of these is known to all processes.
SUBSCRIPTION_FIELDS = {"active", "company_id", "event_ids", "user_id"}
RECENT_DELIVERIES = 20
# Where a transaction keeps what is to be told later.
WAITING_EVENTS = "billinator_webhook_events"
# How long a receiver that fails is left alone: doubled with each failure in a row.
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def _make_secret():
    return f"whsec_{secrets.token_urlsafe(32)}"


class BillinatorWebhook(models.Model):
    """A receiver that is told of events by HTTP, with what its user may see."""

    _name = "billinator.webhook"
    _description = "Webhook"
    _inherit = ["billinator.settings.mixin"]
    _order = "name, id"

    # === Fields === #

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    url = fields.Char(
        string="URL",
        required=True,
        help="Where events are sent to, by POST, as JSON.",
    )
    secret = fields.Char(
        required=True,
        copy=False,
        default=lambda self: _make_secret(),
        groups="sales_team.group_sale_manager,base.group_system",
        help="Signs what is sent, so that the receiver knows that it comes from here.",
    )
    user_id = fields.Many2one(
        "res.users",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        help="The receiver is told of the records that this user may read, in the way"
        " the API shows them to this user.",
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        index="btree_not_null",
        help="Only tell of this company's records. Without one, of all records that"
        " the user may read.",
    )
    event_ids = fields.Many2many(
        "billinator.webhook.event", string="Events", required=True
    )
    recent_delivery_ids = fields.Many2many(
        "billinator.webhook.delivery",
        string="Recent Deliveries",
        compute="_compute_recent_delivery_ids",
    )

    # How its receiver did
    last_status = fields.Char(readonly=True, copy=False)
    last_attempt_on = fields.Datetime(string="Last Attempt", readonly=True, copy=False)
    failure_count = fields.Integer(
        string="Failures in a Row", readonly=True, copy=False
    )
    paused_until = fields.Datetime(
        readonly=True,
        copy=False,
        help="The receiver failed and is left alone until then.",
    )

    # === Computes === #

    # Nothing to depend on: the deliveries are looked up whenever they are read, and one
    # webhook at a time, as they are shown in its form only.
    def _compute_recent_delivery_ids(self):
        Delivery = self.env["billinator.webhook.delivery"]
        for webhook in self:
            webhook.recent_delivery_ids = Delivery.search(
                [("webhook_id", "=", webhook._origin.id)], limit=RECENT_DELIVERIES
            )

    # === Constraints === #

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            webhook._check_address(webhook._parse_url())

    def _parse_url(self):
        try:
            parts = parse_url(self.url)
        except LocationParseError:
            parts = parse_url("")
        if parts.scheme not in PORTS or not parts.host:
            raise ValidationError(
                self.env._(
                    "“%s” is no address of the form https://receiver.example/path.",
                    self.url,
                )
            )
        if parts.auth:
            raise ValidationError(
                self.env._(
                    "Leave user and password out of the address: the receiver knows us"
                    " by the signature."
                )
            )
        return parts

    def _check_address(self, parts):
        """Refuse hosts that are plainly inside the own network.

        What other names stand for is checked at each delivery: a constraint does not
        wait for a name server, and the answer may change.
        """
        if self._is_private_allowed() or not is_plainly_private(parts.host):
            return
        raise ValidationError(
            self.env._(
                "%(host)s is inside a private network, where webhooks may not go."
                " An administrator can allow it in the settings.",
                host=parts.host,
            )
        )

    @api.constrains("user_id")
    def _check_user_id(self):
        """Let nobody but system administrators see with the eyes of others."""
        if self.env.user.has_group("base.group_system"):
            return
        if self.user_id - self.env.user:
            raise ValidationError(
                self.env._("Only a system administrator may choose another user.")
            )

    # === CRUD === #

    @api.model
    def _changes_settings(self, vals):
        """Tell what changes the subscriptions from how a receiver did."""
        return not SUBSCRIPTION_FIELDS.isdisjoint(vals)

    # === Actions === #

    @one_record
    def action_send_test(self):
        """Queue an event ``webhook.test``, so that the receiver can be tried.

        :return: an action that tells so
        """
        self._resume()
        # The queue is nobody's to write; the right to the webhook was checked.
        self.env["billinator.webhook.delivery"].sudo()._enqueue(
            [self._prepare_delivery_values(TEST_EVENT, self.id, {"id": self.id})]
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The test event is on its way."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_renew_secret(self):
        """Give the webhooks new secrets; what is sent from now on is signed by these.

        :return: True
        """
        for webhook in self:
            webhook.secret = _make_secret()
        return True

    @api.readonly
    @one_record
    def action_view_deliveries(self):
        """Open the log of the webhook.

        :return: a window action on ``billinator.webhook.delivery``
        """
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm_rest.billinator_webhook_delivery_action"
        )
        return {**action, "domain": [("webhook_id", "=", self.id)], "context": {}}

    # === Events === #

    @api.model
    @settings_cache()
    def _get_subscriptions(self):
        """Return who is told of what.

        :return: dict of tuples of (webhook, user, company or False) by event code, ids
            all of them
        """
        subscriptions = {}
        # Whoever causes an event, all of its webhooks are told; also where the caller's
        # context, which is not cached with them, wants archived records.
        domain = [
            ("active", "=", True),
            ("user_id.active", "=", True),
            # Customers may read their quotes, but not all that the API shows of them.
            ("user_id.share", "=", False),
        ]
        for webhook in self.sudo().search(domain):
            listener = (webhook.id, webhook.user_id.id, webhook.company_id.id)
            for code in webhook.event_ids.mapped("code"):
                subscriptions[code] = (*subscriptions.get(code, ()), listener)
        return subscriptions

    @api.model
    def _has_listeners(self, *codes):
        """Tell whether any of the events has a webhook; without a query, mostly."""
        return not self._get_subscriptions().keys().isdisjoint(codes)

    @api.model
    def _tell(self, events):
        """Queue events for the webhooks, in the transaction that they are part of.

        What is told is what each webhook's user sees at this moment. What is brought
        over from another system is nothing new.

        :param dict events: the records that it happened to, by event code
        """
        if BROUGHT_OVER.is_on(self.env):
            return
        waiting = self.env.cr.cache.get(WAITING_EVENTS)
        if waiting is not None:
            waiting.append(events)
            return
        self._enqueue(
            [
                delivery
                for code, records in events.items()
                for delivery in self._prepare_deliveries(code, records, read_records)
            ]
        )

    @api.model
    def _prepare_deliveries(self, event, records, read):
        """Return the values of what is to be sent: to each webhook what its user sees.

        :param read: function that returns what is told of each record
        """
        if not records:
            return []
        return [
            self._prepare_delivery_values(event, webhook_id, data)
            for webhook_id, user_id, company_id in self._get_subscriptions().get(
                event, ()
            )
            for data in self._read_as(user_id, company_id, records, read)
        ]

    @api.model
    def _enqueue(self, values_list):
        if values_list:
            # Who causes an event needs no right to the queue.
            self.env["billinator.webhook.delivery"].sudo()._enqueue(values_list)

    @api.model
    @contextmanager
    def _telling_of_deletions(self, records):
        """Tell of records that the block deletes, and of what goes with them.

        Who may see them is asked before, for afterwards nobody does.
        """
        deliveries = [
            delivery
            for gone in self._find_told(records)
            for delivery in self._prepare_deliveries(
                DELETED_EVENTS[gone._name], gone, read_names
            )
        ]
        yield
        self._enqueue(deliveries)

    @api.model
    def _find_told(self, records):
        """Yield what a webhook is told of when ``records`` are deleted, by model."""
        if not records or self.env.context.get(MODULE_UNINSTALL_FLAG):
            # While the addon is uninstalled, its webhooks may be gone already.
            return
        if self._has_listeners(DELETED_EVENTS.get(records._name)):
            yield records
        for model, names in TAKEN_ALONG.get(records._name, {}).items():
            if self._has_listeners(DELETED_EVENTS[model]):
                domain = Domain.OR(Domain(name, "in", records.ids) for name in names)
                # Of all of them, whoever may see them; receivers' rights are checked.
                Model = self.env[model].sudo().with_context(active_test=False)
                yield Model.search(domain)

    @api.model
    @contextmanager
    def _telling_at_the_end(self):
        """Tell of what happens in the block when it is over, as it is then."""
        cache = self.env.cr.cache
        if WAITING_EVENTS in cache:
            # A block around this one tells of it.
            yield
            return
        waiting = cache[WAITING_EVENTS] = []
        try:
            yield
        finally:
            del cache[WAITING_EVENTS]
        for events in waiting:
            self._tell(events)

    @api.model
    def _read_as(self, user_id, company_id, records, read):
        """Return what the user is told of those of the records that he or she may see.

        :param read: function that returns what is told of each record
        """
        # In the user's language and in all of his or her companies, as in the API.
        context = self.env["res.users"].with_user(user_id).context_get()
        seen = records.with_env(self.env(user=user_id, context=context, su=False))
        seen = seen._filtered_access("read")
        if company_id:
            companies = (False, company_id)
            seen = seen.filtered(lambda record: record.company_id.id in companies)
        return read(seen)

    @api.model
    def _prepare_delivery_values(self, event, webhook_id, data):
        event_uuid = str(uuid.uuid4())
        payload = {
            "id": event_uuid,
            "event": event,
            "created_at": fields.Datetime.now().isoformat() + "Z",
            "data": data,
        }
        return {
            "webhook_id": webhook_id,
            "event": event,
            "event_uuid": event_uuid,
            "payload": json.dumps(payload, ensure_ascii=False),
        }

    # === Delivering === #

    @api.model
    def _is_private_allowed(self):
        # The setting counts for everybody and may be read by nobody else.
        parameter = self.env["ir.config_parameter"].sudo().get_param(ALLOW_PRIVATE)
        return str2bool(parameter or "", False)

    def _resume(self):
        """Try receivers again that were left alone; they may have been repaired."""
        self.write({"failure_count": 0, "paused_until": False})

    def _wait_for_lock(self):
        """Let nobody save the webhook until the commit, and whoever does so now, first.

        Who changed it meanwhile causes a serialization failure: nothing to log, since
        :meth:`BillinatorWebhookDelivery._save` begins anew.
        """
        self.env.cr.execute(
            SQL(
                "SELECT FROM billinator_webhook WHERE id = %s FOR NO KEY UPDATE",
                self.id,
            ),
            log_exceptions=False,
        )

    def _in_words(self, explanation):
        """Return an explanation in the language of the webhook's user."""
        self.ensure_one()
        if not isinstance(explanation, LazyGettext):
            return explanation
        return explanation._translate(self.user_id.lang)

    def _note_answer(self, answer):
        """Remember how the receiver did, and leave one that fails alone for a while."""
        now = fields.Datetime.now()
        values = {
            "last_status": answer.error or str(answer.status_code),
            "last_attempt_on": now,
            "failure_count": 0,
            "paused_until": False,
        }
        if not answer.is_success:
            # No power of two beyond what the longest pause needs.
            pause = FIRST_PAUSE * 2 ** min(self.failure_count, 10)
            values["failure_count"] = self.failure_count + 1
            values["paused_until"] = now + min(pause, LONGEST_PAUSE)
        self.write(values)

    def _pause_until(self, moment):
        """Leave the receiver alone until then: nothing is to overtake what failed."""
        self.paused_until = max(self.paused_until, moment)
