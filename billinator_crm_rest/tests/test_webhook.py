import gzip
import json
import socket
import threading
import time
import tracemalloc
from contextlib import contextmanager
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import RecordCapturer, tagged
from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from odoo.addons.billinator_crm.tests.common import (
    BillinatorCommon,
    BillinatorInvoicingCommon,
)

from ..changes import TAKEN_ALONG
from ..guarded_http import find_addresses, is_public, post
from ..models import billinator_webhook_delivery as delivery_module
from ..models.billinator_webhook import ALLOW_PRIVATE, DELETED_EVENTS
from ..models.billinator_webhook_delivery import MAX_ATTEMPTS, RETRY_MINUTES, sign
from ..routers.activities import ACTIVITIES
from ..routers.bulk import create_each
from ..routers.opportunities import OPPORTUNITIES
from ..routers.quotes import QUOTES
from ..schemas.activity import Activity, ActivityCreate
from ..schemas.opportunity import Opportunity, OpportunityCreate
from ..schemas.quote import Quote, QuoteCreate
from .receiver import receiving, respond

ALL_EVENTS = [
    "opportunity.created",
    "opportunity.moved",
    "opportunity.won",
    "opportunity.lost",
    "quote.sent",
    "quote.accepted",
    "quote.rejected",
    "quote.expired",
    "quote.converted",
    "activity.done",
]
DELETIONS = [
    "opportunity.deleted",
    "quote.deleted",
    "activity.deleted",
    "note.deleted",
    "contact.deleted",
    "customer.deleted",
]


class WebhookCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._allow_private("1")
        cls.env["billinator.webhook"].search([]).active = False

    def setUp(self):
        super().setUp()
        self.receiver = self.enterContext(receiving())

    @classmethod
    def _allow_private(cls, value):
        cls.env["ir.config_parameter"].set_param(ALLOW_PRIVATE, value)

    def _create_webhook(self, *events, **values):
        codes = events or ALL_EVENTS
        found = self.env["billinator.webhook.event"].search([("code", "in", codes)])
        return self.env["billinator.webhook"].create(
            {
                "name": "Data Warehouse",
                "url": self.receiver.url,
                "user_id": self.manager.id,
                "event_ids": [Command.set(found.ids)],
                **values,
            }
        )

    def _deliver(self):
        """Do what the cron does after a commit."""
        cron = self.env.ref("billinator_crm_rest.ir_cron_deliver_webhooks")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()

    def _let_time_pass(self):
        """Make everything that waits due."""
        past = fields.Datetime.now() - timedelta(seconds=1)
        self._get_deliveries().filtered(
            lambda delivery: delivery.state == "pending"
        ).next_attempt = past
        webhooks = self.env["billinator.webhook"].search([])
        webhooks.filtered("paused_until").paused_until = past

    def _get_deliveries(self, *domain):
        # Nobody but the queue itself may change it, as some tests do.
        Delivery = self.env["billinator.webhook.delivery"].sudo()
        return Delivery.search(domain, order="id")

    def _get_events(self):
        return self._get_deliveries().mapped("event")


@tagged("post_install", "-at_install")
class TestWebhookEvents(WebhookCase, BillinatorInvoicingCommon):
    """What happens is queued, for those who may see it."""

    def test_opportunities(self):
        self._create_webhook()
        opportunity = self._create_opportunity()
        self.assertEqual(self._get_events(), ["opportunity.created"])
        opportunity.name = "Same stage"
        opportunity.stage_id = opportunity.stage_id
        self.assertEqual(len(self._get_events()), 1)
        opportunity.stage_id = self.stages["PROPOSAL"]
        opportunity.action_set_won()
        opportunity.action_reopen()
        opportunity.action_set_lost(self.lost_reason.id)
        self.assertEqual(
            self._get_events()[1:],
            [
                "opportunity.moved",
                *("opportunity.moved", "opportunity.won"),
                "opportunity.moved",
                *("opportunity.moved", "opportunity.lost"),
            ],
        )
        self._create_opportunity(stage_id=self.stages["WON"].id)
        self.assertEqual(
            self._get_events()[-2:], ["opportunity.created", "opportunity.won"]
        )

    def test_another_team_moves_to_another_stage(self):
        team = self.env["crm.team"].create({"name": "Abroad"})
        other = self.env["crm.team"].create({"name": "At Home"})
        opportunity = self._create_opportunity(team_id=other.id)
        opportunity.stage_id.team_ids = other
        self._create_webhook("opportunity.moved")
        opportunity.team_id = team
        self.assertEqual(self._get_events(), ["opportunity.moved"])

    def test_quotes(self):
        self._create_webhook()
        quote = self._create_quote()
        self.assertFalse(self._get_events())
        quote.action_mark_sent()
        quote.action_mark_sent()
        quote.action_reject("Too dear")
        quote.action_reset_to_draft()
        quote.action_mark_sent()
        quote.state = "expired"
        quote.action_reset_to_draft()
        quote.action_convert_to_invoice()
        quote.action_convert_to_invoice()
        self.assertEqual(
            self._get_events(),
            [
                "quote.sent",
                "quote.rejected",
                "quote.sent",
                "quote.expired",
                "quote.accepted",
                "quote.converted",
            ],
        )

    def test_quotes_made_in_a_state(self):
        self._create_webhook()
        line = Command.create({"product_id": self.product_a.id})
        values = {"partner_id": self.customer.id, "line_ids": [line]}
        quotes = self.env["billinator.quote"].create(
            [values, {**values, "state": "sent"}, {**values, "state": "accepted"}]
        )
        told = {each.event: each.payload for each in self._get_deliveries()}
        self.assertEqual(len(self._get_deliveries()), 2)
        self.assertIn(f'"id": {quotes[1].id}', told["quote.sent"])
        self.assertIn(f'"id": {quotes[2].id}', told["quote.accepted"])

    def test_only_the_final_invoice_converts(self):
        self._create_webhook("quote.converted")
        quote = self._create_quote()
        quote.action_invoice_down_payment(percentage=30)
        down_payment = quote.invoice_ids
        down_payment.action_post()
        replaced = self._reverse_invoice(down_payment, is_modify=True)
        self.assertEqual(replaced.billinator_quote_id, quote)
        self.assertFalse(self._get_events())
        quote.action_convert_to_invoice()
        self.assertEqual(self._get_events(), ["quote.converted"])
        final = quote._get_final_invoices()
        (replaced + final).action_post()
        replacement = self._reverse_invoice(final, is_modify=True)
        self.assertEqual(quote._get_final_invoices(), replacement)
        self.assertEqual(self._get_events(), ["quote.converted"])

    def test_salesperson_converts(self):
        quote = self._create_quote(user_id=self.salesperson.id)
        self._create_webhook("quote.converted")
        quote.with_user(self.salesperson).action_convert_to_invoice()
        self.assertEqual(self._get_events(), ["quote.converted"])

    def test_activities(self):
        self._create_webhook()
        Activity = self.env["billinator.activity"]
        values = {"partner_id": self.customer.id, "due_date": "2024-01-20 10:00:00"}
        first, second, third, cancelled = Activity.create(
            [{**values, "type": kind} for kind in ("call", "task", "meeting", "call")]
        )
        first.action_complete("Reached")
        second.activity_id.action_feedback(feedback="From the chatter")
        Activity.create({**values, "status": "done"})
        cancelled.action_cancel()
        self.assertEqual(self._get_events(), ["activity.done"] * 3)
        third.action_complete()
        third.action_complete("More is known")
        third.activity_id.active = False
        self.assertEqual(self._get_events(), ["activity.done"] * 4)
        third.action_reopen()
        third.action_complete()
        self.assertEqual(self._get_events(), ["activity.done"] * 5)

    def test_batches(self):
        opportunities = self.env["billinator.opportunity"].union(
            *(self._create_opportunity(name=f"Deal {n}") for n in range(3))
        )
        opportunities[0].stage_id = self.stages["PROPOSAL"]
        self._create_webhook("opportunity.moved")
        opportunities.write({"stage_id": self.stages["PROPOSAL"].id})
        self._deliver()
        self.assertEqual(
            [request.data["id"] for request in self.receiver.requests],
            opportunities[1:].ids,
        )

    def test_payload_is_what_the_user_sees_at_that_moment(self):
        webhook = self._create_webhook("opportunity.created")
        opportunity = self._create_opportunity(name="First", expected_revenue=50)
        opportunity.name = "Second"
        self._deliver()
        [request] = self.receiver.requests
        delivery = self._get_deliveries()
        created_at = datetime.fromisoformat(request.payload["created_at"].strip("Z"))
        self.assertLess(abs(created_at - fields.Datetime.now()), timedelta(minutes=1))
        self.assertEqual(request.payload["id"], delivery.event_uuid)
        self.assertEqual(request.payload["event"], "opportunity.created")
        self.assertEqual(request.data["id"], opportunity.id)
        self.assertEqual(request.data["title"], "First")
        self.assertEqual(request.data["value"], 50)
        self.assertEqual(request.data["stage"], opportunity.stage_id.code)
        self.assertEqual(webhook.last_status, "200")

    def test_payload_of_a_quote(self):
        self._create_webhook("quote.sent")
        quotes = self._create_quote() + self._create_quote(
            {"product_id": self.product_b.id}, {"product_id": self.product_a.id}
        )
        quotes.action_mark_sent()
        self._deliver()
        for quote, request in zip(quotes, self.receiver.requests, strict=True):
            self.assertEqual(request.data["quote_number"], quote.name)
            self.assertEqual(request.data["status"], "SENT")
            self.assertEqual(
                [item["product_id"] for item in request.data["items"]],
                [line.product_id.id for line in quote.line_ids],
            )

    def test_payload_has_the_reference_that_a_record_is_made_with(self):
        self._create_webhook()
        about = {"customer_id": self.customer.id, "external_source": "shop"}
        item = {"product_id": self.product_a.id, "unit_price": 5.0}
        for resource, shown_as, schema, data in (
            (OPPORTUNITIES, Opportunity, OpportunityCreate, {"title": "Deal"}),
            (
                OPPORTUNITIES,
                Opportunity,
                OpportunityCreate,
                {"title": "Deal", "stage": "WON"},
            ),
            (QUOTES, Quote, QuoteCreate, {"status": "SENT", "items": [item]}),
            (ACTIVITIES, Activity, ActivityCreate, {"type": "CALL", "status": "DONE"}),
        ):
            items = [{**data, **about, "external_ref": ref} for ref in "AB"]
            with self.subTest(data):
                before = self._get_deliveries()
                # The webhook tells what its own user would be answered.
                env = self.env(user=self.manager)
                one, _is_new = resource.upsert(env, schema(**items[0]))
                [many] = create_each(env, resource, schema, items[1:])
                for delivery in self._get_deliveries() - before:
                    told = json.loads(delivery.payload)["data"]
                    [answer] = [a for a in (one, many["item"]) if a["id"] == told["id"]]
                    answer = shown_as.model_validate(answer).model_dump(mode="json")
                    self.assertEqual(told, answer)
                    self.assertIn(told["external_ref"], "AB")
                told = (self._get_deliveries() - before).mapped("event")
                self.assertEqual(told[: len(told) // 2] * 2, told)
                self.assertTrue(told)

    def test_what_is_refused_is_told_to_nobody(self):
        self._create_webhook("opportunity.created")
        data = {"title": "Deal", "external_ref": "A"}
        for values in ({}, {"company_name": "Known"}):
            items = [{**data, **values}]
            with mute_logger("odoo.sql_db"):
                create_each(self.env, OPPORTUNITIES, OpportunityCreate, items)
        self._create_opportunity()
        self.assertEqual(self._get_events(), ["opportunity.created"] * 2)

    def test_payload_of_an_activity(self):
        self._create_webhook("activity.done")
        activity = self.env["billinator.activity"].create(
            {
                "partner_id": self.customer.id,
                "type": "call",
                "due_date": "2024-01-20 10:00:00",
            }
        )
        activity.action_complete("Reached", duration=0.5)
        self._deliver()
        [request] = self.receiver.requests
        expected = {
            "id": activity.id,
            "customer_id": self.customer.id,
            "type": "CALL",
            "status": "DONE",
            "due_date": "2024-01-20T10:00:00Z",
            "outcome": "Reached",
            "duration": 0.5,
            "completed_by": self.env.uid,
        }
        self.assertEqual({**request.data, **expected}, request.data)
        self.assertTrue(request.data["completed_at"])

    def test_payload_of_an_activity_done_in_the_chatter(self):
        self._create_webhook("activity.done")
        activity = self.env["billinator.activity"].create(
            {"partner_id": self.customer.id, "type": "call"}
        )
        activity.activity_id.action_feedback(feedback="Reached")
        self._deliver()
        [request] = self.receiver.requests
        self.assertEqual(request.data["outcome"], "Reached")
        self.assertEqual(request.data["status"], "DONE")

    def test_only_what_the_user_may_see(self):
        self._create_webhook("opportunity.created", user_id=self.salesperson.id)
        self._create_webhook("opportunity.created", user_id=self.stranger.id)
        self._create_opportunity(user_id=self.colleague.id)
        self.assertFalse(self._get_deliveries())
        own = self._create_opportunity(user_id=self.salesperson.id)
        abroad = self._create_opportunity(
            company_id=self.company_b.id, user_id=self.stranger.id
        )
        self._deliver()
        self.assertEqual(
            sorted(request.data["id"] for request in self.receiver.requests),
            [own.id, abroad.id],
        )

    def test_only_of_its_company(self):
        self.manager.company_ids += self.company_b
        both = self._create_webhook("opportunity.created")
        one = self._create_webhook("opportunity.created", company_id=self.company_b.id)
        here = self._create_opportunity()
        there = self._create_opportunity(
            company_id=self.company_b.id, user_id=self.stranger.id
        )
        count = {
            webhook: len(self._get_deliveries(("webhook_id", "=", webhook.id)))
            for webhook in both + one
        }
        self.assertEqual(count, {both: 2, one: 1})
        [told] = self._get_deliveries(("webhook_id", "=", one.id))
        self.assertIn(f'"id": {there.id}', told.payload)
        self.assertNotIn(f'"id": {here.id}', told.payload)

    def test_who_gives_a_deal_away_and_moves_it(self):
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self._create_webhook("opportunity.moved")
        self.env.invalidate_all()
        opportunity.with_user(self.salesperson).write(
            {"user_id": self.colleague.id, "stage_id": self.stages["PROPOSAL"].id}
        )
        self.assertEqual(self._get_events(), ["opportunity.moved"])

    def test_subscriptions_change(self):
        webhook = self._create_webhook("opportunity.created")
        changes = (
            {"active": False},
            {"active": True},
            {"event_ids": [Command.clear()]},
            {"event_ids": webhook.event_ids.ids},
        )
        for is_told, change in zip((0, 1, 0, 1), changes, strict=True):
            webhook.write(change)
            before = len(self._get_deliveries())
            self._create_opportunity()
            self.assertEqual(len(self._get_deliveries()), before + is_told, change)
        self.manager.active = False
        before = len(self._get_deliveries())
        self._create_opportunity()
        self.assertEqual(len(self._get_deliveries()), before)
        self.manager.active = True
        webhook.unlink()
        self._create_opportunity()
        self.assertFalse(self._get_deliveries())

    def test_archived_webhooks_are_not_told_whatever_the_context(self):
        """Whom one caller would tell is kept for all of them."""
        self._create_webhook("opportunity.created").active = False
        Opportunity = self.env["billinator.opportunity"]
        Opportunity.with_context(active_test=False).create(
            {"name": "New Deal", "partner_id": self.customer.id}
        )
        self.assertFalse(self._get_deliveries())

    def test_users_who_became_customers_are_told_nothing(self):
        """And nobody is stopped by what they may not read any more."""
        user = self._create_user("leaver", "sale_manager")
        self._create_webhook("quote.sent", user_id=user.id)
        quotes = self._create_quote() + self._create_quote(
            partner_id=user.partner_id.id
        )
        quotes[0].action_mark_sent()
        self.assertEqual(len(self._get_deliveries()), 1)
        user.group_ids = self.env.ref("base.group_portal")
        quotes[1].action_mark_sent()
        self.assertEqual(quotes[1].state, "sent")
        self.assertEqual(len(self._get_deliveries()), 1)

    def _get_deletions(self):
        """Return the events and the ids of what was told to be deleted, since last."""
        deliveries = self._get_deliveries()
        told = [
            (one.event, json.loads(one.payload)["data"]["id"]) for one in deliveries
        ]
        deliveries.unlink()
        return sorted(told)

    def _create_one_of_each(self):
        """Return records of a customer, the later ones about the earlier ones."""
        env, customer = self.env, self.customer.copy({"name": "Gone"})
        about = {"partner_id": customer.id}
        deal = self._create_opportunity(**about)
        quote = self._create_quote(**about)
        activity = env["billinator.activity"].create({**about, "type": "call"})
        note = env["billinator.note"].create({**about, "body": "Hello"})
        contact = env["billinator.contact"].create(
            {"customer_id": customer.id, "name": "Ann"}
        )
        return deal, quote, activity, note, contact, customer

    def test_deletions(self):
        self._create_webhook(*DELETIONS)
        for event, record in zip(DELETIONS, self._create_one_of_each(), strict=True):
            with self.subTest(event):
                gone = record.id
                record.unlink()
                self.assertEqual(self._get_deletions(), [(event, gone)])

    def test_deletion_names_what_was_known_elsewhere(self):
        self._create_webhook("opportunity.deleted")
        data = OpportunityCreate(
            title="Deal", phone="1", external_source="shop", external_ref="S-1"
        )
        deal, _is_new = OPPORTUNITIES.upsert(self.env, data)
        self.env["billinator.opportunity"].browse(deal["id"]).unlink()
        [told] = self._get_deliveries()
        self.assertEqual(
            json.loads(told.payload)["data"],
            {
                "id": deal["id"],
                "external_ref": "S-1",
                "external_source": "shop",
                "external_references": [{"source": "shop", "ref": "S-1"}],
            },
        )

    def test_deletions_take_others_along(self):
        self._create_webhook(*DELETIONS)
        contact = self._create_one_of_each()[4]
        deal = self._create_opportunity()
        lead = self._create_opportunity(partner_id=False, phone="1")
        lone = self.env["billinator.note"].create(
            {"opportunity_id": lead.id, "body": "Hello"}
        )
        quote = self._create_quote()
        activities = self.env["billinator.activity"].create(
            [
                {name: record.id, "type": "call"}
                for name, record in (
                    ("opportunity_id", deal),
                    ("quote_id", quote),
                    ("partner_id", self.customer),
                )
            ]
        )
        employee = contact.person_id
        for gone, expected in (
            (deal, [("activity.deleted", activities[0].id)]),
            (quote, [("activity.deleted", activities[1].id)]),
            (lead, [("note.deleted", lone.id)]),
            (employee, [("contact.deleted", contact.id)]),
        ):
            with self.subTest(gone._name):
                kind = {"res.partner": "customer"}.get(
                    gone._name, gone._name.removeprefix("billinator.")
                )
                expected = sorted([*expected, (f"{kind}.deleted", gone.id)])
                gone.unlink()
                self.env.flush_all()
                self.assertEqual(self._get_deletions(), expected)
        activity_id = activities[2].id
        activities[2].activity_id.unlink()
        self.assertEqual(self._get_deletions(), [("activity.deleted", activity_id)])

    def test_all_that_deletions_take_along_is_known(self):
        models = DELETED_EVENTS.keys()
        for model in (*models, "mail.activity"):
            taken = {
                (other, name)
                for other in models
                for name, field in self.env[other]._fields.items()
                if field.comodel_name == model
                and field.type == "many2one"
                and field.store
                and field.ondelete == "cascade"
            }
            known = {
                (other, name)
                for other, names in TAKEN_ALONG.get(model, {}).items()
                for name in names
            }
            self.assertEqual(taken, known, model)

    def test_merged_records_are_deleted(self):
        self._create_webhook(*DELETIONS)
        kept, merged = self._create_opportunity(), self._create_opportunity()
        self.env.flush_all()
        merged_id = merged.id
        kept.with_user(self.senior).merge_opportunities(merged.ids)
        self.assertEqual(self._get_deletions(), [("opportunity.deleted", merged_id)])
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((other + self.customer).ids, self.customer)
        self.assertEqual(self._get_deletions(), [("customer.deleted", other.id)])

    def test_deletions_that_only_others_may_see(self):
        self._create_webhook("opportunity.deleted", user_id=self.salesperson.id)
        self._create_webhook("opportunity.deleted", company_id=self.company_b.id)
        own = self._create_opportunity(user_id=self.salesperson.id)
        (own + self._create_opportunity(user_id=self.colleague.id)).unlink()
        self.assertEqual(self._get_deletions(), [("opportunity.deleted", own.id)])

    def test_what_is_not_deleted_is_not_told(self):
        self._create_webhook(*DELETIONS)
        deal, quote = self._create_opportunity(), self._create_quote()
        with self.assertRaises(AccessError):
            deal.with_user(self.salesperson).unlink()
        quote.action_accept()
        with self.assertRaises(UserError):
            quote.unlink()
        self.assertFalse(self._get_deliveries())

    def test_query_counts_of_deletions(self):
        self._create_webhook(*DELETIONS)

        def count(number):
            deals = self.env["billinator.opportunity"].create(
                [
                    {"name": "Deal", "partner_id": self.customer.id}
                    for _one in range(number)
                ]
            )
            self.env["billinator.activity"].create(
                [{"opportunity_id": deal.id, "type": "call"} for deal in deals]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            deals.unlink()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertAlmostEqual(count(40), count(2), delta=5)

    def test_user_and_company_are_deleted(self):
        """Nobody is stopped by what a webhook that went with them would be told."""
        company = self.env["res.company"].create({"name": "Short-Lived"})
        user = self._create_user("leaver", "sale_manager")
        self._create_webhook("opportunity.created", user_id=user.id)
        self._create_webhook("opportunity.created", company_id=company.id)
        self._create_opportunity()
        user.unlink()
        company.unlink()
        self._create_opportunity()
        self.assertFalse(self._get_deliveries())

    def test_rolled_back_call_tells_nobody(self):
        self._create_webhook("opportunity.created")
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._create_opportunity()
            raise ZeroDivisionError
        self._create_opportunity(name="Stays")
        self._deliver()
        self.assertEqual(
            [request.data["title"] for request in self.receiver.requests], ["Stays"]
        )

    def test_commit_wakes_the_queue_once(self):
        self._create_webhook("opportunity.created")
        cron = self.env.ref("billinator_crm_rest.ir_cron_deliver_webhooks")
        triggers = self.env["ir.cron.trigger"].sudo()
        with RecordCapturer(triggers, [("cron_id", "=", cron.id)]) as capture:
            self._create_opportunity()
            self._create_opportunity()
            self.assertFalse(capture.records)
            self.env.cr.flush()
            self.assertEqual(len(capture.records), 1)
            self._create_opportunity()
            self.env.cr.flush()
            self.assertEqual(len(capture.records), 2)

    def test_query_counts(self):
        """Nobody listening costs nothing; listening, the same for 1 and 50 records."""
        silent = self._count_queries(1), self._count_queries(50)
        self._create_webhook("quote.sent")
        unconcerned = self._count_queries(1), self._count_queries(50)
        self.assertEqual(unconcerned, silent)
        self._create_webhook("opportunity.created", "opportunity.moved")
        told = self._count_queries(1), self._count_queries(50)
        self.assertEqual(told[0], told[1])
        # For each event the stage, its code outside, the deal's health and the
        # delivery; the cron.
        self.assertLessEqual(told[0] - silent[0], 11)

    def test_query_counts_of_quotes_and_activities(self):
        self._create_webhook()
        quotes = self.env["billinator.quote"].union(
            *(self._create_quote() for _number in range(20))
        )
        activities = self.env["billinator.activity"].create(
            [
                {"quote_id": quote.id, "due_date": "2024-01-20 10:00:00"}
                for quote in quotes
            ]
        )
        for event, records in {
            "quote.sent": quotes,
            "activity.done": activities,
        }.items():
            one = self._count_queries_to_tell(event, records[0])
            self.assertEqual(self._count_queries_to_tell(event, records), one, event)

    def _count_queries_to_tell(self, event, records):
        for _twice in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["billinator.webhook"]._tell({event: records})
            self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def _count_queries(self, count):
        """Create and move ``count`` deals, for the third time.

        The first time reads the stages into memory; only after that the rules to read
        them by are asked for.
        """
        for _thrice in range(3):
            self.env.invalidate_all()
            self.env["billinator.webhook"]._get_subscriptions()
            # Environments remember it themselves, and are forgotten at any time.
            self.env.user._get_company_ids()
            before = self.env.cr.sql_log_count
            opportunities = self.env["billinator.opportunity"].create(
                [
                    {"name": f"Deal {number}", "partner_id": self.customer.id}
                    for number in range(count)
                ]
            )
            opportunities.stage_id = self.stages["PROPOSAL"]
            self.env.cr.flush()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestWebhookDelivery(WebhookCase):
    """What is queued arrives: signed, in order, and again after a failure."""

    def test_signed_request(self):
        webhook = self._create_webhook("opportunity.created")
        self._create_opportunity(name="Übernahme")
        self._deliver()
        [request] = self.receiver.requests
        self.assertEqual(request.path, "/events")
        self.assertEqual(request.headers["Content-Type"], "application/json")
        self.assertIn("Billinator", request.headers["User-Agent"])
        timestamp, signature = request.headers["X-Billinator-Signature"].split(",")
        timestamp = int(timestamp.removeprefix("t="))
        self.assertLess(abs(timestamp - time.time()), 60)
        self.assertEqual(
            signature, "v1=" + sign(webhook.secret, timestamp, request.body)
        )
        self.assertNotEqual(
            signature, "v1=" + sign(webhook.secret, timestamp + 1, request.body)
        )
        delivery = self._get_deliveries()
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(delivery.status_code, 200)
        self.assertEqual(delivery.response, "Thank you")
        self.assertEqual(delivery.attempts, 1)
        self.assertTrue(delivery.delivered_on)
        self.assertGreater(delivery.duration, 0)
        self._deliver()
        self.assertEqual(len(self.receiver), 1)

    def test_secrets_are_long_and_different(self):
        first, second = self._create_webhook() + self._create_webhook()
        copied = first.copy()
        self.assertEqual(len({first.secret, second.secret, copied.secret}), 3)
        self.assertGreaterEqual(len(first.secret), 40)
        old = first.secret
        first.action_renew_secret()
        self.assertNotEqual(first.secret, old)

    def test_failure_is_repeated(self):
        webhook = self._create_webhook("opportunity.created")
        self._create_opportunity()
        delivery = self._get_deliveries()
        self.receiver.answers = [500]
        self._deliver()
        self.assertEqual(delivery.state, "pending")
        self.assertEqual(delivery.status_code, 500)
        self.assertEqual(webhook.failure_count, 1)
        self.assertGreater(webhook.paused_until, fields.Datetime.now())
        self._deliver()
        self.assertEqual(len(self.receiver), 1, "repeated too early")
        self._let_time_pass()
        self._deliver()
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(delivery.attempts, 2)
        self.assertEqual(webhook.failure_count, 0)
        self.assertFalse(webhook.paused_until)
        first, second = self.receiver.requests
        self.assertEqual(
            first.headers["X-Billinator-Delivery"],
            second.headers["X-Billinator-Delivery"],
        )
        self.assertEqual(first.body, second.body)

    def test_attempts_end(self):
        self._create_webhook("opportunity.created")
        self._create_opportunity()
        delivery = self._get_deliveries()
        self.receiver.answers = [503] * (MAX_ATTEMPTS + 1)
        for minutes in RETRY_MINUTES:
            self._deliver()
            self.assertEqual(delivery.state, "pending")
            waiting = (delivery.next_attempt - fields.Datetime.now()).total_seconds()
            self.assertGreater(waiting, minutes * 60 - 30)
            self.assertLess(waiting, minutes * 60 * 1.2 + 1)
            self._let_time_pass()
        self._deliver()
        self.assertEqual(delivery.state, "failed")
        self._let_time_pass()
        self._deliver()
        self.assertEqual(len(self.receiver), MAX_ATTEMPTS)

    def test_failure_wakes_the_queue_later(self):
        webhook = self._create_webhook("opportunity.created")
        self._create_opportunity()
        self.receiver.answers = [500]
        cron = self.env.ref("billinator_crm_rest.ir_cron_deliver_webhooks")
        self._deliver()
        times = (
            self.env["ir.cron.trigger"]
            .search([("cron_id", "=", cron.id)])
            .mapped("call_at")
        )
        self.assertIn(webhook.paused_until, times)
        self.assertIn(self._get_deliveries().next_attempt, times)

    def test_resend(self):
        webhook = self._create_webhook("opportunity.created")
        self._create_opportunity()
        self._deliver()
        delivery = self._get_deliveries().with_user(self.manager)
        delivery.action_resend()
        self.assertEqual(delivery.state, "pending")
        self._deliver()
        self.assertEqual(delivery.state, "delivered")
        first, second = self.receiver.requests
        self.assertEqual(
            first.headers["X-Billinator-Delivery"],
            second.headers["X-Billinator-Delivery"],
        )
        self.receiver.answers = [500]
        delivery.action_resend()
        self._deliver()
        self.assertTrue(webhook.paused_until)
        delivery.action_resend()
        self._deliver()
        self.assertEqual(delivery.state, "delivered")

    def test_test_event(self):
        webhook = self._create_webhook("quote.sent")
        webhook.with_user(self.manager).action_send_test()
        self._deliver()
        [request] = self.receiver.requests
        self.assertEqual(request.event, "webhook.test")
        self.assertEqual(request.data, {"id": webhook.id})

    def test_order_is_kept(self):
        self._create_webhook("opportunity.created")
        names = [f"Deal {number}" for number in range(5)]
        for name in names:
            self._create_opportunity(name=name)
        self.receiver.answers = [500]
        self._deliver()
        self.assertEqual(len(self.receiver), 1)
        self._let_time_pass()
        self._deliver()
        titles = [request.data["title"] for request in self.receiver.requests]
        self.assertEqual(titles, names[:1] + names)

    def test_what_failed_is_not_overtaken_at_first(self):
        """Not before, nor in the time by which its next attempt is spread."""
        self.patch(delivery_module.random, "uniform", lambda low, high: high)
        self._create_webhook("opportunity.created")
        names = ["First", "Second"]
        for name in names:
            self._create_opportunity(name=name)
        self.receiver.answers = [500, 500]
        for seconds in (71, 1, 359, 1):
            self._deliver()
            self._turn_back(seconds)
        self._deliver()
        titles = [request.data["title"] for request in self.receiver.requests]
        self.assertEqual(titles, ["First", "First", *names])

    def _turn_back(self, seconds):
        """Make everything due earlier, as if time had passed."""
        passed = timedelta(seconds=seconds)
        for delivery in self._get_deliveries():
            delivery.next_attempt -= passed
        for webhook in self.env["billinator.webhook"].search([]):
            if webhook.paused_until:
                webhook.paused_until -= passed

    def test_resent_during_an_attempt(self):
        """An attempt that fails then is the first one, and not the last."""
        self._create_webhook("opportunity.created")
        self._create_opportunity()
        delivery = self._get_deliveries()
        delivery._take_due([])
        delivery.action_resend()
        delivery._record(delivery_module.guarded_http.Answer(status_code=500))
        waiting = delivery.next_attempt - fields.Datetime.now()
        self.assertLess(waiting, timedelta(minutes=2))

    def test_one_bad_event_does_not_hold_up_the_others(self):
        webhook = self._create_webhook("opportunity.created")
        for name in ("Bad", "Good", "Better"):
            self._create_opportunity(name=name)
        self.receiver.answers = [500]
        self._deliver()
        webhook.paused_until = fields.Datetime.now() - timedelta(seconds=1)
        self._deliver()
        self.assertEqual(
            self._get_deliveries().mapped("state"),
            ["pending", "delivered", "delivered"],
        )

    def test_dead_receiver_does_not_block_others(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            dead_port = unused.getsockname()[1]
        dead = self._create_webhook(
            "opportunity.created", url=f"http://127.0.0.1:{dead_port}"
        )
        self._create_webhook("opportunity.created")
        for _number in range(3):
            self._create_opportunity()
        self._deliver()
        self.assertEqual(len(self.receiver), 3)
        waiting = self._get_deliveries(("webhook_id", "=", dead.id))
        self.assertEqual(waiting.mapped("attempts"), [1, 0, 0])
        self.assertEqual(waiting[0].error, "Connection refused")
        self.assertEqual(dead.last_status, "Connection refused")

    def test_slow_receiver_does_not_block_others(self):
        """It answers only when the other one has got all of its events."""
        is_other_done = threading.Event()

        def wait_for_the_other(handler):
            respond(handler, 200 if is_other_done.wait(8) else 500)

        def finish(handler):
            is_other_done.set()
            respond(handler, 200)

        slow = self.enterContext(receiving())
        slow.answers = [wait_for_the_other]
        self.receiver.answers = [200, 200, finish]
        self._create_webhook("opportunity.created", url=slow.url)
        self._create_webhook("opportunity.created")
        for _number in range(3):
            self._create_opportunity()
        self._deliver()
        self.assertEqual(set(self._get_deliveries().mapped("state")), {"delivered"})
        self.assertEqual((len(slow), len(self.receiver)), (3, 3))

    def test_redirects_are_not_followed(self):
        other = self.enterContext(receiving())
        self.receiver.answers = [
            lambda handler: respond(handler, 307, Location=other.url)
        ]
        self._create_webhook("opportunity.created")
        self._create_opportunity()
        self._deliver()
        self.assertEqual((len(self.receiver), len(other)), (1, 0))
        self.assertEqual(self._get_deliveries().state, "pending")
        self.assertEqual(self._get_deliveries().status_code, 307)

    def test_redirects_are_not_read(self):
        """Neither where they lead to, nor what comes with them."""
        packed = {"Location": "/elsewhere", "Content-Encoding": "gzip"}
        for body, headers in (
            (b"", {"Location": "http://["}),
            (b"Not packed, and no end", {**packed, "Content-Length": 99}),
            (gzip.compress(bytes(50_000_000)), packed),
        ):
            self.receiver.answers = [
                lambda handler, body=body, headers=headers: respond(
                    handler, 307, body, **headers
                )
            ]
            with self.subTest(**headers), self._assert_little_memory():
                answer = post(self.receiver.url, b"{}", {}, allow_private=True)
                self.assertEqual(answer.status_code, 307, answer)

    @contextmanager
    def _assert_little_memory(self):
        tracemalloc.start()
        try:
            yield
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 5_000_000)

    def test_nonsense_is_a_failure_like_others(self):
        """PostgreSQL keeps no zero bytes, and nobody reads 60,000 letters."""
        nonsense = self.enterContext(receiving())
        nonsense.answers = [
            lambda handler: handler.wfile.write(b"\0Nonsense" * 7000 + b"\r\n\r\n")
        ]
        webhook = self._create_webhook("opportunity.created", url=nonsense.url)
        self._create_webhook("opportunity.created")
        self._create_opportunity()
        self._deliver()
        bad, good = self._get_deliveries()
        self.assertEqual((bad.state, bad.status_code), ("pending", 0))
        self.assertTrue(bad.error.startswith("NonsenseNonsense"), bad.error)
        self.assertLessEqual(len(bad.error), 500)
        self.assertTrue(webhook.paused_until)
        self.assertEqual(good.state, "delivered")

    def test_whatever_goes_wrong_is_a_failure(self):
        self.patch(
            delivery_module.guarded_http,
            "find_addresses",
            lambda *_arguments, **_options: 1 / 0,
        )
        answer = post(self.receiver.url, b"{}", {}, allow_private=True)
        self.assertEqual((answer.status_code, answer.error), (0, "division by zero"))

    def test_endless_answer(self):
        """A receiver that never stops talking has answered by its status."""
        self.patch(delivery_module.guarded_http, "TOTAL_SECONDS", 1)
        is_over = threading.Event()
        self.addCleanup(is_over.set)

        def talk(handler):
            handler.send_response(200)
            handler.end_headers()
            while not is_over.wait(0.05):
                handler.wfile.write(b"\0")
                handler.wfile.flush()

        self.receiver.answers = [_tolerant(talk)]
        started = time.monotonic()
        answer = post(self.receiver.url, b"{}", {}, allow_private=True)
        self.assertEqual((answer.status_code, answer.text), (200, ""))
        self.assertLess(time.monotonic() - started, 5)

    def test_endless_headers(self):
        """A receiver that never comes to the point has not answered."""
        self.patch(delivery_module.guarded_http, "TOTAL_SECONDS", 1)
        is_over = threading.Event()
        self.addCleanup(is_over.set)

        def stutter(handler):
            while not is_over.wait(0.05):
                handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                handler.wfile.flush()

        self.receiver.answers = [_tolerant(stutter)]
        answer = post(self.receiver.url, b"{}", {}, allow_private=True)
        self.assertEqual(answer.status_code, 0)
        webhook = self._create_webhook()
        self.assertEqual(
            webhook._in_words(answer.error), "No complete answer within 1 seconds"
        )

    def test_what_was_under_way_at_a_crash_is_sent_again(self):
        self._create_webhook("opportunity.created")
        self._create_opportunity()
        delivery = self._get_deliveries()
        taken = delivery._take_due([])
        self.assertEqual(taken, delivery)
        self.assertFalse(delivery._take_due([]), "taken twice")
        self._deliver()
        self.assertFalse(self.receiver.requests)
        self._let_time_pass()
        self._deliver()
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(delivery.attempts, 2)

    def test_one_at_a_time_for_each_receiver(self):
        webhooks = self._create_webhook("quote.sent") + self._create_webhook()
        for webhook in (*webhooks, *webhooks):
            webhook.action_send_test()
        deliveries = self._get_deliveries()
        taken = deliveries._take_due([])
        self.assertEqual(taken, deliveries[:2])
        self.assertFalse(deliveries._take_due(taken.ids))
        self.assertEqual(deliveries._take_due(taken[0].ids), deliveries[3])

    def test_deleted_and_archived_webhooks(self):
        webhook = self._create_webhook("opportunity.created")
        self._create_opportunity()
        webhook.active = False
        self._deliver()
        self.assertFalse(self.receiver.requests)
        webhook.unlink()
        self.assertFalse(self._get_deliveries())

    def test_vacuum(self):
        webhook = self._create_webhook("opportunity.created")
        kept, pending, old, failed, older, waiting = self._get_deliveries().create(
            [
                webhook._prepare_delivery_values("opportunity.created", webhook.id, {})
                for _number in range(6)
            ]
        )
        (kept + old).state = "delivered"
        (failed + older).state = "failed"
        now = fields.Datetime.now()
        self._age(old + failed + pending, now - timedelta(days=31))
        self._age(kept, now - timedelta(days=29))
        self._age(older, now - timedelta(days=91))
        waiting.next_attempt = now - timedelta(days=8)
        self._get_deliveries()._gc_old_deliveries()
        self._get_deliveries()._gc_waiting_deliveries()
        self.assertEqual(self._get_deliveries(), kept + pending + failed + waiting)
        self.assertEqual(pending.state, "pending")
        self.assertEqual(waiting.state, "failed")
        self.assertEqual(waiting.error, "The receiver was down for days.")

    def test_explanations_are_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.manager.lang = "de_DE"
        source = "The receiver was down for days."
        messages = code_translations.get_python_translations(
            "billinator_crm_rest", "de_DE"
        )
        self.addCleanup(code_translations.python_translations.clear)
        code_translations.python_translations["billinator_crm_rest", "de_DE"] = {
            **messages,
            source: "Der Empfänger war tagelang nicht da.",
        }
        webhook = self._create_webhook()
        self.assertEqual(
            webhook._in_words(delivery_module.DOWN),
            "Der Empfänger war tagelang nicht da.",
        )

    def _age(self, deliveries, create_date):
        deliveries.flush_recordset()
        self.env.cr.execute(
            "UPDATE billinator_webhook_delivery SET create_date = %s WHERE id IN %s",
            (create_date, deliveries._ids),
        )
        deliveries.invalidate_recordset(["create_date"])


def _tolerant(talk):
    """Let a receiver talk until nobody listens any more."""

    def answer(handler):
        try:
            talk(handler)
        except OSError:
            handler.close_connection = True

    return answer


@tagged("post_install", "-at_install")
class TestWebhookTargets(WebhookCase):
    """Webhooks reach the internet, and nothing inside."""

    def test_refused_addresses(self):
        self._allow_private("")
        for url in (
            "ftp://receiver.example/",
            "file:///etc/passwd",
            "receiver.example",
            "http://",
            "http://user:password@receiver.example/",
            "http://user@receiver.example/",
            "http://localhost/",
            "http://localhost.:8069/",
            "http://127.0.0.1:8069/web",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0/",
            "http://10.0.0.1/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[ff02::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[64:ff9b::7f00:1]/",
        ):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self._create_webhook(url=url)

    def test_public_addresses(self):
        self._allow_private("")
        for url in (
            "https://93.184.215.14/events?key=1",
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/",
            "https://not-there-yet.invalid/",
            "https://localhost.example/",
        ):
            with self.subTest(url=url):
                self.assertEqual(self._create_webhook(url=url).url, url)
        self.assertTrue(is_public("64:ff9b::5db8:d70e"))

    def test_setting_allows_private_addresses(self):
        self._allow_private("")
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.billinator_allow_private_webhooks)
        settings.billinator_allow_private_webhooks = True
        settings.execute()
        self._create_webhook(url="http://10.0.0.1/")

    def test_private_address_is_refused_at_delivery(self):
        """Also one that was allowed, or public, when the webhook was made."""
        for url in (
            self.receiver.url,
            self.receiver.url.replace("127.0.0.1", "localhost"),
        ):
            self._create_webhook("opportunity.created", url=url)
        self._create_opportunity()
        self._allow_private("")
        self._deliver()
        self.assertFalse(self.receiver.requests)
        deliveries = self._get_deliveries()
        self.assertEqual(deliveries.mapped("state"), ["pending"] * 2)
        for delivery in deliveries:
            self.assertRegex(delivery.error, r"^(127.0.0.1|::1) is not a public")
        self._allow_private("1")
        deliveries.action_resend()
        self._deliver()
        self.assertEqual(len(self.receiver), 2)

    def test_name_reaches_the_receiver(self):
        """The address is what is connected to, the name what is asked for."""
        url = self.receiver.url.replace("127.0.0.1", "localhost")
        answer = post(url, b"{}", {}, allow_private=True)
        self.assertTrue(answer.is_success, answer)
        host = self.receiver.requests[0].headers["Host"]
        self.assertEqual(host.split(":")[0], "localhost")

    def test_name_that_is_none(self):
        with self.assertRaises(OSError):
            find_addresses("a" * 64 + ".example", 80)
        answer = post("http://not-there.invalid/", b"{}", {}, allow_private=True)
        self.assertEqual(answer.status_code, 0)
        self.assertTrue(answer.error)


@tagged("post_install", "-at_install")
class TestWebhookAccess(WebhookCase):
    def test_who_may_configure(self):
        values = {"name": "Mine", "url": "https://93.184.215.14/"}
        Webhook = self.env["billinator.webhook"]
        for user in (self.manager, self.stranger, self.env.ref("base.user_admin")):
            webhook = Webhook.with_user(user).create(values)
            self.assertEqual(webhook.user_id, user)
            webhook.read(["secret"])
            webhook.unlink()
        webhook = self._create_webhook()
        webhook.action_send_test()
        for user in (self.salesperson, self.senior, self.accountant):
            for model in ("", ".delivery", ".event"):
                records = self.env[f"billinator.webhook{model}"].search([], limit=1)
                with self.assertRaises(AccessError):
                    records.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                webhook.with_user(user).action_send_test()
            with self.assertRaises(AccessError):
                Webhook.with_user(user).create(values)

    def test_managers_see_with_no_other_eyes(self):
        mine = self._create_webhook()
        admins = self._create_webhook(user_id=self.env.ref("base.user_admin").id)
        (mine + admins).mapped(lambda webhook: webhook.action_send_test())
        Webhook = self.env["billinator.webhook"].with_user(self.manager)
        Delivery = self.env["billinator.webhook.delivery"].with_user(self.manager)
        self.assertEqual(Webhook.search([]), mine)
        self.assertEqual(Delivery.search([]).webhook_id, mine)
        for theirs in (
            admins,
            self._get_deliveries(("webhook_id", "=", admins.id)),
        ):
            with self.assertRaises(AccessError):
                theirs.with_user(self.manager).read(["display_name"])
        with self.assertRaises(AccessError):
            self._get_deliveries().with_user(self.manager).action_resend()
        with self.assertRaises(ValidationError):
            mine.with_user(self.manager).user_id = self.env.ref("base.user_admin")
        with self.assertRaises(ValidationError):
            Webhook.create(
                {
                    "name": "Spy",
                    "url": self.receiver.url,
                    "user_id": self.env.ref("base.user_admin").id,
                }
            )

    def test_log_cannot_be_changed(self):
        self._create_webhook().action_send_test()
        delivery = self._get_deliveries()
        for user in (self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                delivery.with_user(user).payload = "{}"
            with self.assertRaises(AccessError):
                delivery.with_user(user).unlink()

    def test_views_show_the_log(self):
        webhook = self._create_webhook()
        webhook.action_send_test()
        self.assertEqual(webhook.recent_delivery_ids, self._get_deliveries())
        action = webhook.with_user(self.manager).action_view_deliveries()
        self.assertEqual(
            self.env[action["res_model"]].search(action["domain"]),
            self._get_deliveries(),
        )
