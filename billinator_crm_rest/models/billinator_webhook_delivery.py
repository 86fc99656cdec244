import hashlib
import hmac
import random
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.service.model import retrying
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from .. import guarded_http

_lt = LazyTranslate(__name__)

STATES = [
    ("pending", "Pending"),
    ("delivered", "Delivered"),
    ("failed", "Failed"),
]
# How long to wait after each attempt that fails; the last one has nothing after it.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
MAX_ATTEMPTS = len(RETRY_MINUTES) + 1
# So often an event that fails keeps its place; after that, others may overtake it.
ATTEMPTS_IN_ORDER = 2
# Longer than any exchange takes: after a crash, what was under way is sent once more.
LEASE = timedelta(minutes=5)
# How many receivers are served at the same time.
LANES = 8
KEEP_DELIVERED = timedelta(days=30)
KEEP_FAILED = timedelta(days=90)
# What a receiver that is down for so long was to be told is told no more.
GIVE_UP = timedelta(days=7)
DOWN = _lt("The receiver was down for days.")
VACUUM_BATCH = 10_000
USER_AGENT = "Billinator-CRM-Webhooks/1.0"


def sign(secret, timestamp, body):
    """Return the signature of a body, in hexadecimal digits.

    :param str secret: the webhook's
    :param int timestamp: seconds since 1970, when it is sent
    :param bytes body: what is sent
    """
    signed = b"%d.%s" % (timestamp, body)
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class BillinatorWebhookDelivery(models.Model):
    """An event for a receiver: first in the queue, then in the log."""

    _name = "billinator.webhook.delivery"
    _description = "Webhook Delivery"
    _order = "id desc"
    _rec_name = "event"

    # === Fields === #

    webhook_id = fields.Many2one(
        "billinator.webhook", required=True, readonly=True, ondelete="cascade"
    )
    event = fields.Char(required=True, readonly=True)
    event_uuid = fields.Char(
        string="Event ID",
        required=True,
        readonly=True,
        help="The same in every attempt, so that the receiver recognizes repeats.",
    )
    payload = fields.Text(required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="pending")
    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    status_code = fields.Integer(string="HTTP Status", readonly=True)
    error = fields.Char(readonly=True)
    response = fields.Text(
        readonly=True, help="The start of what the receiver answered."
    )
    duration = fields.Float(
        string="Duration (Seconds)", readonly=True, aggregator="avg", digits=(16, 3)
    )
    delivered_on = fields.Datetime(readonly=True)

    _event_uuid_uniq = models.UniqueIndex("(event_uuid)")
    _webhook_idx = models.Index("(webhook_id, id)")
    _queue_idx = models.Index("(webhook_id, id) WHERE state = 'pending'")
    _state_idx = models.Index("(state, id)")
    _age_idx = models.Index("(state, create_date)")

    # === Actions === #

    def action_resend(self):
        """Queue the deliveries once more, under the ids that they had before.

        :return: True
        """
        self.check_access("read")
        self.webhook_id._resume()
        # The log is nobody's to write; the right to the webhooks was checked.
        self.sudo().write(
            {
                "state": "pending",
                "attempts": 0,
                "next_attempt": fields.Datetime.now(),
                "error": False,
                "delivered_on": False,
            }
        )
        self._wake_up()
        return True

    # === The queue === #

    @api.model
    def _enqueue(self, vals_list):
        deliveries = self.create(vals_list)
        self._wake_up()
        return deliveries

    @api.model
    def _wake_up(self):
        """Have the queue sent after the commit, once for all that a call queues."""
        precommit = self.env.cr.precommit
        if self._name not in precommit.data:
            precommit.data[self._name] = True
            precommit.add(self._get_cron()._trigger)

    @api.model
    def _get_cron(self):
        # Whoever queues something wakes the queue up.
        return self.env.ref("billinator_crm_rest.ir_cron_deliver_webhooks").sudo()

    @api.model
    def _cron_deliver(self):
        """Send what is due, to several receivers at once, to each in its order.

        A receiver that is slow keeps its own events waiting and no others, and one
        that fails is left alone for a while. Nothing is locked while it is sent.
        """
        cron = self.env["ir.cron"]
        due_count = self.search_count(self._get_due_domain())
        seconds_left = cron._commit_progress(remaining=due_count)
        running = {}
        with ThreadPoolExecutor(LANES) as executor:
            while True:
                if seconds_left:
                    running |= self._start_due(executor, list(running.values()))
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    delivery = self.browse(running.pop(future))
                    self._save(partial(delivery._record, future.result()))
                    seconds_left = cron._commit_progress(1)
        if seconds_left:
            cron._commit_progress(remaining=0)

    @api.model
    def _start_due(self, executor, running):
        """Start sending what is due to receivers that nothing is sent to at present.

        :param list running: ids of the deliveries that are under way
        :return: ids of the deliveries that were started, by their futures
        """
        # What is sent is known to be, also when this process ends before the answer.
        requests = self._save(partial(self._prepare_due, running))
        return {
            executor.submit(guarded_http.post, **request): delivery_id
            for delivery_id, request in requests.items()
        }

    @api.model
    def _prepare_due(self, running):
        """Reserve what is due next and return what to send, by the deliveries' ids."""
        return {
            delivery.id: delivery._prepare_request()
            for delivery in self._take_due(running)
        }

    @api.model
    def _save(self, step):
        """Do and commit a step of the run; once more if somebody changed its rows.

        :param step: a function of no arguments, which writes to the database alone
        :return: what it returned
        """
        return retrying(step, self.env)

    @api.model
    def _get_due_domain(self):
        now = fields.Datetime.now()
        return [
            ("state", "=", "pending"),
            ("next_attempt", "<=", now),
            ("webhook_id.active", "=", True),
            "|",
            ("webhook_id.paused_until", "=", False),
            ("webhook_id.paused_until", "<=", now),
        ]

    @api.model
    def _take_due(self, running):
        """Reserve the next delivery of each webhook that has none under way.

        :param list running: ids of the deliveries that are under way
        """
        now = fields.Datetime.now()
        deliveries = self.browse(self._select_due(running, now)).try_lock_for_update()
        for delivery in deliveries:
            delivery.attempts += 1
        deliveries.next_attempt = now + LEASE
        return deliveries

    @api.model
    def _select_due(self, running, now):
        """Return the ids of what to send next, of the webhook that waits longest first.

        An index has each webhook's queue in its order: it takes no longer when many
        are waiting in it.
        """
        self.env["billinator.webhook"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT next.id
                  FROM billinator_webhook webhook
            CROSS JOIN LATERAL (
                       SELECT id
                         FROM billinator_webhook_delivery
                        WHERE webhook_id = webhook.id
                          AND state = 'pending'
                          AND next_attempt <= %(now)s
                     ORDER BY id
                        LIMIT 1
                       ) next
                 WHERE webhook.active
                   AND COALESCE(webhook.paused_until, %(now)s) <= %(now)s
                   AND webhook.id NOT IN (
                       SELECT webhook_id
                         FROM billinator_webhook_delivery
                        WHERE id = ANY(%(running)s)
                       )
              ORDER BY webhook.last_attempt_on NULLS FIRST, next.id
                 LIMIT %(free)s
                """,
                now=now,
                running=running,
                free=LANES - len(running),
            )
        )
        return [delivery_id for (delivery_id,) in rows]

    def _prepare_request(self):
        """Return what to send, signed for this attempt."""
        body = self.payload.encode()
        timestamp = int(time.time())
        signature = sign(self.webhook_id.secret, timestamp, body)
        return {
            "url": self.webhook_id.url,
            "body": body,
            "headers": {
                "Content-Type": "application/json",
                "User-Agent": USER_AGENT,
                "X-Billinator-Event": self.event,
                "X-Billinator-Delivery": self.event_uuid,
                "X-Billinator-Signature": f"t={timestamp},v1={signature}",
            },
            "allow_private": self.webhook_id._is_private_allowed(),
        }

    def _record(self, answer):
        """Write down how an attempt ended, and plan the next one after a failure."""
        delivery = self.exists()
        if not delivery:
            return
        webhook = delivery.webhook_id
        webhook._wait_for_lock()
        answer = replace(answer, error=webhook._in_words(answer.error))
        webhook._note_answer(answer)
        delivery.write(
            {
                "status_code": answer.status_code,
                "error": answer.error,
                "response": answer.text,
                "duration": answer.seconds,
                **delivery._prepare_outcome(answer),
            }
        )
        if delivery.state == "pending" and delivery.attempts <= ATTEMPTS_IN_ORDER:
            webhook._pause_until(delivery.next_attempt)
        if not answer.is_success:
            self._get_cron()._trigger([webhook.paused_until, delivery.next_attempt])

    def _prepare_outcome(self, answer):
        now = fields.Datetime.now()
        if answer.is_success:
            return {"state": "delivered", "delivered_on": now}
        if self.attempts >= MAX_ATTEMPTS:
            return {"state": "failed"}
        # Nothing was attempted where it was to be sent anew during the attempt.
        minutes = RETRY_MINUTES[max(self.attempts, 1) - 1] * random.uniform(1, 1.2)
        return {
            "state": "pending",
            "next_attempt": now + timedelta(minutes=minutes),
        }

    # === Tidying up === #

    @api.autovacuum
    def _gc_old_deliveries(self):
        """Forget what was told long ago."""
        now = fields.Datetime.now()
        old = self.search(
            [
                "|",
                *("&", ("state", "=", "delivered")),
                ("create_date", "<", now - KEEP_DELIVERED),
                *("&", ("state", "=", "failed")),
                ("create_date", "<", now - KEEP_FAILED),
            ],
            limit=VACUUM_BATCH,
        )
        old.unlink()
        return len(old), len(old) == VACUUM_BATCH

    @api.autovacuum
    def _gc_waiting_deliveries(self):
        """Give up what has not had its turn for days, since its receiver is down."""
        waiting = self.search(
            [
                ("state", "=", "pending"),
                ("next_attempt", "<", fields.Datetime.now() - GIVE_UP),
            ],
            limit=VACUUM_BATCH,
        )
        for webhook, lost in waiting.grouped("webhook_id").items():
            lost.write({"state": "failed", "error": webhook._in_words(DOWN)})
        return len(waiting), len(waiting) == VACUUM_BATCH
