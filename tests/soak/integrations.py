"""Programs that work over the REST API, and repeat what was not answered."""

import socket
from contextlib import suppress

from people import HungUp
from sales import ACTIVITY, CONTACT, DEAL, INVOICE, NOTE, QUOTE, User
from world import Quote

TRIES = 8
# Records that several programs know by the same names
SHARED_NAMES = 10


class Integration(User):
    """Sends each POST with a key of its own until it is answered."""

    PAUSE = (0.0, 0.3)
    WORK = {
        "create_deal": 6,
        "hang_up": 4,
        "sync_deal": 4,
        "change_deal": 5,
        "create_quote": 4,
        "convert_quote": 4,
        "log_note": 3,
        "plan_activity": 3,
        "finish_activity": 3,
        "create_contact": 3,
        "show": 4,
    }

    def _send(self, kind, method, path, content, learn=None, key=None, **claims):
        headers = {"Idempotency-Key": key} if key else {}

        def send():
            answer = self.client.request(method, path, json=content, headers=headers)
            return answer.raise_for_status().json()

        return self.attempt(kind, send, learn, **claims)

    def _post(self, kind, path, content, learn, key=None, **claims):
        """Repeat a call until it is answered, and now and then once more.

        :return: what was answered, or None
        """
        key = key or self._name("key")
        for _try in range(TRIES):
            call = self._send(kind, "POST", path, content, learn, key, **claims)
            if call.is_done and self.random.random() < 0.3:
                self._send(f"{kind}_again", "POST", path, content, learn, key)
            if call.is_done or call.is_refused:
                return call.answer
        return None

    def _make(self, kind, path, model, label, content, keep=None, key=None):
        """Create a record.

        :param label: the model's field and its value that no other record has
        :param keep: values that the record has from then on, by the model's fields
        :return: what was answered, or None
        """

        def learn(call, item):
            call.made = (model, item["id"])
            call.sets = [
                [model, item["id"], name, value] for name, value in (keep or {}).items()
            ]

        return self._post(kind, path, content, learn, key, named=(model, *label))

    # === Deals === #

    def _prepare_deal(self, name):
        return {
            "customer_id": self.world.customers.pick(self.random),
            "title": name,
            "value": self.random.randrange(100, 999999) / 100,
            "stage": "PROPOSAL",
            "source": "WEBSITE",
        }

    def create_deal(self):
        name = self._name("deal")
        self._create_deal("rest_create_deal", name, self._prepare_deal(name))

    def _create_deal(self, kind, name, content, key=None):
        keep = {
            "partner_id": content["customer_id"],
            "expected_revenue": content["value"],
            "stage_id": self.world.stages["PROPOSAL"],
        }
        deal = self._make(
            kind, "/opportunities", DEAL, ("name", name), content, keep, key
        )
        if deal:
            self.world.deals.add(deal["id"])

    def hang_up(self):
        """Close the connection before the answer, and ask again."""
        name, key = self._name("deal"), self._name("key")
        content = self._prepare_deal(name)
        self.attempt(
            "hang_up",
            lambda: self._send_and_hang_up("/opportunities", content, key),
            named=(DEAL, "name", name),
        )
        self._create_deal("repeat_after_hang_up", name, content, key)

    def _send_and_hang_up(self, path, content, key):
        headers = {"Idempotency-Key": key}
        request = self.client.build_request("POST", path, json=content, headers=headers)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join((f"POST {request.url.path} HTTP/1.1", *lines, "", ""))
        url = request.url
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(head.encode() + request.read())
            connection.settimeout(self.random.uniform(0.001, 0.15))
            with suppress(OSError):
                connection.recv(1)
        raise HungUp

    def sync_deal(self):
        """Several programs send the same few deals by their names elsewhere."""
        name = f"Soak synced deal {self.random.randrange(SHARED_NAMES)}"
        value = self.random.randrange(100, 999999) / 100
        content = {
            "customer_id": self.world.company.customer,
            "title": name,
            "value": value,
            "external_ref": name,
        }
        keep = {"expected_revenue": value}
        self._make("sync_deal", "/opportunities", DEAL, ("name", name), content, keep)

    def change_deal(self):
        if deal := self.world.deals.pick(self.random):
            value = self.random.randrange(100, 999999) / 100
            self._send(
                "rest_change_deal",
                "PUT",
                f"/opportunities/{deal}",
                {"value": value},
                sets=[[DEAL, deal, "expected_revenue", value]],
            )

    # === Quotes === #

    def create_quote(self):
        name = self._name("quote")
        customer = self.world.customers.pick(self.random)
        items = [
            {
                "product_id": self.random.choice(self.world.products),
                "description": "Soak item",
                "quantity": self.random.randrange(1, 30),
                "unit_price": self.random.randrange(1, 99999) / 100,
                "tax_rate": 18.0,
            }
            for _number in range(3)
        ]
        quote = self._make(
            "rest_create_quote",
            "/quotes",
            QUOTE,
            ("client_order_ref", name),
            {"customer_id": customer, "customer_reference": name, "items": items},
            {"partner_id": customer},
        )
        if quote:
            line = quote["items"][0]["id"]
            self.world.quotes.add(Quote(quote["id"], None, line))

    def convert_quote(self):
        if not (quote := self.world.quotes.pick(self.random)):
            return

        def learn(call, answer):
            invoice = answer["invoice_id"]
            call.made = (INVOICE, invoice)
            call.sets = [
                [INVOICE, invoice, "billinator_quote_id", quote.id],
                [QUOTE, quote.id, "state", "accepted"],
            ]
            call.may_set = self.world.expect_deal_to_follow(quote)
            self.world.invoices.add(invoice)

        self._post("rest_convert_quote", f"/quotes/{quote.id}/convert", None, learn)

    # === Notes, activities, people === #

    def log_note(self):
        if deal := self.world.deals.pick(self.random):
            name = self._name("note")
            content = {
                "opportunity_id": deal,
                "subject": name,
                "body": "What they said.",
                "type": "CALL",
            }
            keep = {"opportunity_id": deal}
            self._make(
                "rest_log_note", "/notes", NOTE, ("subject", name), content, keep
            )

    def plan_activity(self):
        if deal := self.world.deals.pick(self.random):
            name = self._name("activity")
            content = {
                "opportunity_id": deal,
                "type": self.random.choice(("CALL", "TASK", "MEETING")),
                "subject": name,
                "due_date": "2030-01-20T10:00:00",
                "priority": "HIGH",
            }
            activity = self._make(
                "rest_plan_activity",
                "/activities",
                ACTIVITY,
                ("summary", name),
                content,
                {"opportunity_id": deal, "status": "pending"},
            )
            if activity:
                self.world.activities.add(activity["id"])

    def finish_activity(self):
        if activity := self.world.activities.pick(self.random):
            self._send(
                "rest_finish_activity",
                "PUT",
                f"/activities/{activity}",
                {"status": "DONE", "outcome": "Done by a program."},
                sets=[[ACTIVITY, activity, "status", "done"]],
            )

    def create_contact(self):
        """Every other one is the customer's primary contact from then on."""
        name = self._name("contact")
        customer = self.world.customers.pick(self.random)
        content = {
            "customer_id": customer,
            "name": name,
            "department": name,
            "is_primary": self.random.random() < 0.5,
        }
        contact = self._make(
            "rest_create_contact",
            "/contacts",
            CONTACT,
            ("department", name),
            content,
            {"customer_id": customer},
        )
        if contact:
            self.world.contacts.add(contact["id"])

    def show(self):
        path = self.random.choice(
            (
                "/opportunities?limit=20&sort=-id",
                "/opportunities/pipeline",
                "/quotes?limit=20",
                "/activities/pending?limit=20",
            )
        )
        self._send("rest_show", "GET", path, None)
