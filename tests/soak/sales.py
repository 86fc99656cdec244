"""Salespeople, over each of Odoo's APIs, and the bookkeeper."""

import itertools
from datetime import datetime, timedelta

from clients import Refused
from journal import Call
from people import Person
from world import EXPIRY, STAGES, Quote

DEAL = "billinator.opportunity"
QUOTE = "billinator.quote"
LINE = "billinator.quote.line"
INSTALLMENT = "billinator.quote.installment"
ACTIVITY = "billinator.activity"
NOTE = "billinator.note"
CONTACT = "billinator.contact"
PARTNER = "res.partner"
INVOICE = "account.move"
DATETIME = "%Y-%m-%d %H:%M:%S"


class User(Person):
    """Somebody with a login and a client."""

    def __init__(self, world, random, client, login):
        super().__init__(world, random)
        self.client = client
        self.name = f"{login} {type(client).__name__}"
        self._numbers = itertools.count(1)

    def _name(self, what):
        """Return a name that nothing else in the database has."""
        return f"Soak {what} {self.name} {next(self._numbers)}"

    def call(self, kind, model, method, ids, learn=None, claims=None, **arguments):
        """Call a method of a model; see ``attempt``."""
        return self.attempt(
            kind,
            lambda: self.client.call(model, method, ids, **arguments),
            learn,
            **(claims or {}),
        )

    def make(self, kind, model, label, name, /, keep=(), **values):
        """Create a record that is called ``name`` in its field ``label``.

        :param keep: names of the values that the record has from then on
        :return: its id, or None
        """
        values[label] = name

        def learn(call, record_id):
            call.made = (model, record_id)
            call.sets = [[model, record_id, field, values[field]] for field in keep]

        return self.attempt(
            kind,
            lambda: self.client.create(model, **values),
            learn,
            named=(model, label, name),
        ).answer

    def change(self, kind, model, record_id, **values):
        """Write values on a record."""
        sets = [[model, record_id, name, value] for name, value in values.items()]
        return self.call(
            kind, model, "write", [record_id], claims={"sets": sets}, vals=values
        )


class Salesperson(User):
    """Sells."""

    WORK = {
        "create_deal": 8,
        "move_deal": 6,
        "reprice_deal": 5,
        "win_deal": 3,
        "lose_deal": 3,
        "reopen_deal": 4,
        "merge_deals": 2,
        "create_quote": 10,
        "create_stale_quote": 1,
        "edit_line": 5,
        "send_quote": 4,
        "mark_sent": 4,
        "revise_quote": 4,
        "accept_quote": 3,
        "reject_quote": 1,
        "convert_quote": 5,
        "take_down_payment": 3,
        "log_note": 4,
        "plan_activity": 5,
        "plan_meeting": 2,
        "complete_activity": 4,
        "reopen_activity": 3,
        "reschedule_activity": 4,
        "create_contact": 3,
        "set_primary": 3,
    }

    def _read(self, kind, model, record_id, *fields):
        return self.attempt(kind, lambda: self._find(model, record_id, fields)).answer

    def _find(self, model, record_id, fields):
        rows = self.client.call(model, "read", [record_id], fields=fields, load="ids")
        if not rows:
            raise Refused(404, "It is gone: somebody else merged or deleted it.")
        return rows[0]

    # === Deals === #

    def create_deal(self):
        customer = self.world.customers.pick(self.random)
        foreign = {"currency_id": self.world.euro} if self.random.random() < 0.3 else {}
        deal = self.make(
            "create_deal",
            DEAL,
            "name",
            self._name("deal"),
            keep=("partner_id", "expected_revenue", "stage_id"),
            partner_id=customer,
            expected_revenue=self.random.randrange(100, 999999) / 100,
            stage_id=self.world.stages[self.random.choice(STAGES)],
            **foreign,
        )
        if deal:
            self.world.deals.add(deal)

    def _change_deal(self, kind, **values):
        if deal := self.world.deals.pick(self.random):
            self.change(kind, DEAL, deal, **values)

    def move_deal(self):
        stage = self.world.stages[self.random.choice(STAGES)]
        self._change_deal("move_deal", stage_id=stage)

    def reprice_deal(self):
        revenue = self.random.randrange(100, 999999) / 100
        self._change_deal("reprice_deal", expected_revenue=revenue)

    def win_deal(self):
        self._close_deal("win_deal", "action_set_won", "WON")

    def lose_deal(self):
        reason = self.world.lost_reason
        self._close_deal("lose_deal", "action_set_lost", "LOST", lost_reason_id=reason)

    def _close_deal(self, kind, method, code, **arguments):
        if deal := self.world.deals.pick(self.random):
            sets = [[DEAL, deal, "stage_id", self.world.stages[code]]]
            self.call(kind, DEAL, method, [deal], claims={"sets": sets}, **arguments)

    def reopen_deal(self):
        """It goes back to where it was open last, which others may have changed."""
        if deal := self.world.deals.pick(self.random):
            may_set = [
                [DEAL, deal, "stage_id", self.world.stages[code]] for code in STAGES
            ]
            claims = {"may_set": may_set}
            self.call("reopen_deal", DEAL, "action_reopen", [deal], claims=claims)

    def merge_deals(self):
        """Merge two deals of one customer, as the dialog does."""
        if not (deals := self.world.deals.pick_two(self.random)):
            return
        kept, gone = deals
        wanted = {"domain": [("id", "in", deals)], "fields": ["partner_id"]}
        rows = self.call("read_deals", DEAL, "search_read", None, load="", **wanted)
        rows = rows.answer
        if not rows or len({row["partner_id"] for row in rows}) > 1:
            return
        claims = {"gone": [[DEAL, gone, kept]]}
        merged = self.call(
            "merge_deals",
            DEAL,
            "merge_opportunities",
            [kept],
            claims=claims,
            opportunity_ids=[gone],
        )
        if merged.is_done:
            self.world.deals.drop(gone)

    # === Quotes === #

    def _prepare_lines(self):
        world, random = self.world, self.random
        return [
            (
                0,
                0,
                {
                    "product_id": random.choice(world.products),
                    "quantity": random.randrange(1, 30),
                    "price_unit": random.randrange(1, 99999) / 100,
                    "discount": random.choice((0, 0, 5, 12.5)),
                    "tax_ids": [(6, 0, [tax])],
                    "is_optional": is_optional,
                },
            )
            for tax, is_optional in (
                (world.company.tax, False),
                (world.taxes[0], False),
                (world.taxes[1], True),
            )
        ]

    def create_quote(self):
        """Make a quote of a deal, for its customer of this moment."""
        if not (deal := self.world.deals.pick(self.random)):
            return
        row = self._read("read_deal", DEAL, deal, "partner_id")
        if not row:
            return
        quote = self.make(
            "create_quote",
            QUOTE,
            "client_order_ref",
            self._name("quote"),
            keep=("opportunity_id", "partner_id"),
            partner_id=row["partner_id"],
            opportunity_id=deal,
            line_ids=self._prepare_lines(),
        )
        if quote:
            self._share_quote(quote, deal)
            if self.random.random() < 0.5:
                self.mark_sent()

    def _share_quote(self, quote, deal):
        row = self._read("read_quote", QUOTE, quote, "line_ids")
        url = self.call("get_url", QUOTE, "get_portal_url", [quote]).answer
        if row and url:
            line, _other, option = row["line_ids"][:3]
            self.world.quotes.add(Quote(quote, deal, line, option, url))

    def create_stale_quote(self):
        """Make a sent quote whose last day has passed: the job makes it expire."""
        quote = self.make(
            "create_stale_quote",
            QUOTE,
            "client_order_ref",
            self._name("stale quote"),
            partner_id=self.world.company.customer,
            date_quote="2024-01-15",
            validity_date="2024-02-15",
            line_ids=self._prepare_lines(),
        )
        if quote:
            claims = {"sets": [[QUOTE, quote, "state", "sent"]]}
            claims["may_set"] = [[QUOTE, quote, "state", "expired"]]
            sent = self.call(
                "mark_stale_sent", QUOTE, "action_mark_sent", [quote], claims=claims
            )
            if sent.is_done:
                self.world.stale_quotes.append(quote)

    def edit_line(self):
        quote = self.world.quotes.pick(self.random)
        if quote and quote.line:
            values = {
                "price_unit": self.random.randrange(1, 99999) / 100,
                "quantity": float(self.random.randrange(1, 30)),
            }
            sets = [[LINE, quote.line, name, value] for name, value in values.items()]
            self.call(
                "edit_line",
                QUOTE,
                "write",
                [quote.id],
                claims={"sets": sets},
                vals={"line_ids": [(1, quote.line, values)]},
            )

    def _act_on_quote(self, kind, method, state, learn=None, certain=True, **arguments):
        """Call an action that brings a quote into a state."""
        if quote := self.world.quotes.pick(self.random):
            claims = {"sets": [], "may_set": []}
            claims["sets" if certain else "may_set"].append(
                [QUOTE, quote.id, "state", state]
            )
            if state == "accepted":
                claims["may_set"] += self.world.expect_deal_to_follow(quote)
            self.call(kind, QUOTE, method, [quote.id], learn, claims, **arguments)

    def send_quote(self):
        """The mail makes drafts sent, and leaves other quotes as they are."""
        self._act_on_quote("send_quote", "action_send_by_email", "sent", certain=False)

    def mark_sent(self):
        self._act_on_quote("mark_sent", "action_mark_sent", "sent")

    def accept_quote(self):
        self._act_on_quote("accept_quote", "action_accept", "accepted")

    def reject_quote(self):
        self._act_on_quote("reject_quote", "action_reject", "rejected", reason="No.")

    def revise_quote(self):
        """Make the next version, or open the latest one."""
        if not (quote := self.world.quotes.pick(self.random)):
            return

        def learn(call, action):
            if version := action.get("res_id"):
                call.made = (QUOTE, version)

        revised = self.call("revise_quote", QUOTE, "action_revise", [quote.id], learn)
        action = revised.answer
        if action and action.get("res_id"):
            self.world.quotes.drop(quote)
            self._share_quote(action["res_id"], quote.deal)

    def convert_quote(self):
        quote = self.world.quotes.pick(self.random)
        if quote:
            self._convert("convert_quote", QUOTE, quote.id, quote)

    def take_down_payment(self):
        """Plan a down payment, and invoice it, the second time for nothing."""
        if not (quote := self.world.quotes.pick(self.random)):
            return
        row = self.make(
            "plan_down_payment",
            INSTALLMENT,
            "name",
            self._name("down payment"),
            keep=("quote_id",),
            quote_id=quote.id,
            percentage=self.random.choice((10, 25, 33.3)),
        )
        if row:
            for _time in range(self.random.choice((1, 2))):
                self._convert("invoice_down_payment", INSTALLMENT, row, quote)

    def _convert(self, kind, model, record_id, quote):
        def learn(call, action):
            [invoice] = action.get("params", {}).get("invoice_ids") or [
                action["res_id"]
            ]
            self._learn_invoice(call, invoice, quote)

        self.call(kind, model, "action_convert_to_invoice", [record_id], learn)

    def _learn_invoice(self, call: Call, invoice, quote):
        call.made = (INVOICE, invoice)
        call.sets = [
            [INVOICE, invoice, "billinator_quote_id", quote.id],
            [QUOTE, quote.id, "state", "accepted"],
        ]
        call.may_set = self.world.expect_deal_to_follow(quote)
        self.world.invoices.add(invoice)

    # === Notes, activities, people === #

    def log_note(self):
        if deal := self.world.deals.pick(self.random):
            self.make(
                "log_note",
                NOTE,
                "subject",
                self._name("note"),
                keep=("opportunity_id", "subject"),
                note_type=self.random.choice(("note", "call", "email")),
                body="<p>What they said.</p>",
                opportunity_id=deal,
            )

    def plan_activity(self):
        kind = self.random.choice(("call", "email", "task"))
        self._plan("plan_activity", type=kind)

    def plan_meeting(self):
        self._plan("plan_meeting", type="meeting", duration=1.5)

    def _plan(self, kind, **values):
        about = self._choose_document()
        if not about:
            return
        activity = self.make(
            kind,
            ACTIVITY,
            "summary",
            self._name("activity"),
            keep=("due_date", "status", *about),
            due_date=self._choose_time(),
            status="pending",
            **about,
            **values,
        )
        if activity:
            self.world.activities.add(activity)

    def _choose_document(self):
        """Return what an activity is about: a field and an id."""
        world, random = self.world, self.random
        if random.random() < 0.3:
            return {"partner_id": world.customers.pick(random)}
        if random.random() < 0.5 and (quote := world.quotes.pick(random)):
            return {"quote_id": quote.id}
        deal = world.deals.pick(random)
        return deal and {"opportunity_id": deal}

    def _choose_time(self):
        hours = timedelta(hours=self.random.randrange(1, 2000))
        return (datetime.now().replace(microsecond=0) + hours).strftime(DATETIME)

    def _act_on_activity(self, kind, method, name, value, **arguments):
        if activity := self.world.activities.pick(self.random):
            claims = {"sets": [[ACTIVITY, activity, name, value]]}
            self.call(kind, ACTIVITY, method, [activity], claims=claims, **arguments)

    def complete_activity(self):
        self._act_on_activity(
            "complete_activity", "action_complete", "status", "done", outcome="Talked."
        )

    def reopen_activity(self):
        self._act_on_activity("reopen_activity", "action_reopen", "status", "pending")

    def reschedule_activity(self):
        due = self._choose_time()
        self._act_on_activity(
            "reschedule_activity",
            "action_reschedule",
            "due_date",
            due,
            due_date=due,
        )

    def create_contact(self):
        name = self._name("contact")
        contact = self.make(
            "create_contact",
            CONTACT,
            "department",
            name,
            keep=("customer_id",),
            name=name,
            email=f"{name.replace(' ', '.').lower()}@abc.example",
            customer_id=self.world.customers.pick(self.random),
        )
        if contact:
            self.world.contacts.add(contact)

    def set_primary(self):
        if contact := self.world.contacts.pick(self.random):
            self.call("set_primary", CONTACT, "action_set_primary", [contact])


class Manager(Salesperson):
    """Sells, and does what only managers may."""

    WORK = {
        **Salesperson.WORK,
        "take_snapshot": 3,
        "delete_quote": 2,
        "delete_deal": 2,
        "create_customer": 4,
    }

    def take_snapshot(self):
        self.call(
            "take_snapshot",
            "billinator.pipeline.snapshot",
            "action_take_snapshot",
            None,
        )

    def delete_quote(self):
        if quote := self.world.quotes.pick(self.random):
            self._delete("delete_quote", QUOTE, quote.id, quote, self.world.quotes)

    def delete_deal(self):
        if deal := self.world.deals.pick(self.random):
            self._delete("delete_deal", DEAL, deal, deal, self.world.deals)

    def _delete(self, kind, model, record_id, item, pool):
        claims = {"gone": [[model, record_id, None]]}
        if self.call(kind, model, "unlink", [record_id], claims=claims).is_done:
            pool.drop(item)

    def create_customer(self):
        name = self._name("customer")
        customer = self.make(
            "create_customer",
            PARTNER,
            "name",
            name,
            is_company=True,
            email="buyer@abc.example",
        )
        if customer:
            self.world.customers.add(customer)


class Bookkeeper(User):
    """Posts and cancels invoices."""

    PAUSE = (0.5, 2.0)
    WORK = {"post_invoice": 3, "cancel_invoice": 1}

    def post_invoice(self):
        self._act_on_invoice("post_invoice", "action_post", "posted")

    def cancel_invoice(self):
        self._act_on_invoice("cancel_invoice", "button_cancel", "cancel")

    def _act_on_invoice(self, kind, method, state):
        if invoice := self.world.invoices.pick(self.random):
            claims = {"sets": [[INVOICE, invoice, "state", state]]}
            self.call(kind, INVOICE, method, [invoice], claims=claims)


class Administrator(User):
    """Merges customers, and has the expiry's job run."""

    PAUSE = (2.0, 5.0)
    WORK = {"merge_customers": 2, "expire_quotes": 1}

    def merge_customers(self):
        if not (pair := self.world.customers.pick_two(self.random)):
            return
        kept, gone = pair
        model = "base.partner.merge.automatic.wizard"
        values = {"partner_ids": [(6, 0, pair)], "dst_partner_id": kept}
        wizard = self.make_wizard(model, **values)
        if wizard:
            self.world.customers.drop(gone)
            claims = {"gone": [[PARTNER, gone, kept]]}
            self.call("merge_customers", model, "action_merge", [wizard], claims=claims)

    def make_wizard(self, model, **values):
        """Open a dialog with its values."""
        opened = self.attempt(
            "open_dialog", lambda: self.client.create(model, **values)
        )
        return opened.answer

    def expire_quotes(self):
        """Have the job run that expires quotes."""
        stale = self.world.stale_quotes
        may_set = [[QUOTE, quote, "state", "expired"] for quote in stale]
        self.run_job("expire_quotes", EXPIRY, may_set=may_set)

    def run_job(self, kind, name, **claims):
        """Run one of Odoo's scheduled actions."""
        job = self.world.jobs[name]
        return self.call(kind, "ir.cron", "method_direct_trigger", [job], claims=claims)
