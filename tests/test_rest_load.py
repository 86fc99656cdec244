"""Many clients at once on few workers: every call is answered, and once.

``REST_LOAD_CALLS`` is how many calls they make together.
"""

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from clients import Company, Rest, WebClient, XmlRpc, running_at_once
from server_log import CONFLICT, check_only_conflicts

CALLS = int(os.environ.get("REST_LOAD_CALLS", "240"))
CLIENTS = 16
WORKERS = 2
# How often each kind of call is made, of a hundred.
MIX = {
    "list": 20,
    "get": 20,
    "create": 20,
    "repeat": 10,
    "upsert": 10,
    "change": 15,
    "convert": 5,
}


@dataclass
class Task:
    """What one client does; it crosses into the client's process."""

    url: str
    key: str
    number: int
    calls: list
    customer: int
    deals: list
    quotes: list


@dataclass
class Outcome:
    """What one client got."""

    statuses: Counter = field(default_factory=Counter)
    created: list = field(default_factory=list)
    upserted: dict = field(default_factory=dict)
    invoices: dict = field(default_factory=dict)
    seconds: list = field(default_factory=list)


class Load:
    """A client that makes calls of all kinds, some on what others work on too."""

    def __init__(self, task):
        self.task = task
        self.api = Rest(task, task.key)
        self.outcome = Outcome()
        self.random = random.Random(task.number)

    def run(self):
        for number, kind in enumerate(self.task.calls):
            started = time.monotonic()
            getattr(self, f"_{kind}")(f"{self.task.number}-{number}")
            self.outcome.seconds.append((kind, time.monotonic() - started))
        return self.outcome

    def _answer(self, kind, method, path, **options):
        answer = self.api.request(method, path, **options)
        self.outcome.statuses[kind, answer.status_code] += 1
        return answer.json() if answer.is_success else {}

    def _prepare(self, name):
        return {"customer_id": self.task.customer, "title": f"Load {name}", "value": 5}

    def _list(self, name):
        params = {"customer_id": self.task.customer, "limit": 20, "sort": "-id"}
        self._answer("list", "GET", "/opportunities", params=params)

    def _get(self, name):
        deal = self.random.choice(self.task.deals)
        self._answer("get", "GET", f"/opportunities/{deal}")

    def _create(self, name):
        deal = self._answer(
            "create", "POST", "/opportunities", json=self._prepare(name)
        )
        self.outcome.created.append((f"Load {name}", deal.get("id")))

    def _repeat(self, name):
        """Send the same call twice, as a client does that got no answer."""
        headers = {"Idempotency-Key": f"load-{name}"}
        ids = {
            self._answer(
                "repeat",
                "POST",
                "/opportunities",
                json=self._prepare(name),
                headers=headers,
            ).get("id")
            for _time in range(2)
        }
        [deal] = ids
        self.outcome.created.append((f"Load {name}", deal))

    def _upsert(self, name):
        """Several clients send the same few references."""
        reference = f"load-{self.random.randrange(CALLS // 25 + 1)}"
        deal = self._answer(
            "upsert",
            "POST",
            "/opportunities",
            json={**self._prepare(name), "external_ref": reference},
        )
        self.outcome.upserted.setdefault(reference, set()).add(deal.get("id"))

    def _change(self, name):
        """Several clients change the same few deals."""
        deal = self.random.choice(self.task.deals)
        values = {"value": self.random.randrange(1000), "title": f"Changed {name}"}
        self._answer("change", "PUT", f"/opportunities/{deal}", json=values)

    def _convert(self, name):
        quote = self.random.choice(self.task.quotes)
        invoice = self._answer("convert", "POST", f"/quotes/{quote}/convert")
        self.outcome.invoices.setdefault(quote, set()).add(invoice.get("invoice_id"))


def _run(task):
    return Load(task).run()


@pytest.fixture
def shop(start_server):
    """A server, its administrator and a key, and what there is to work on."""
    server = start_server(workers=WORKERS, expected_log=[CONFLICT])
    admin = XmlRpc(server, server.login, server.password)
    company = Company.set_up(admin)
    key = WebClient(server, server.login, server.password).create_api_key()
    api = Rest(server, key)
    deal = {"customer_id": company.customer, "title": "Shared", "value": 1}
    made = api.post("/opportunities/bulk", json={"items": [deal] * 20}).json()
    deals = [result["item"]["id"] for result in made["results"]]
    quotes = admin.create_all(
        "billinator.quote", [company.prepare_quote() for _number in range(20)]
    )
    return admin, key, server, company, deals, quotes


def test_nothing_fails_is_lost_or_is_done_twice(shop):
    admin, key, server, company, deals, quotes = shop
    kinds = random.Random(4).choices(list(MIX), list(MIX.values()), k=CALLS)
    tasks = [
        Task(
            server.url,
            key,
            number,
            kinds[number::CLIENTS],
            company.customer,
            deals,
            quotes,
        )
        for number in range(CLIENTS)
    ]
    started = time.monotonic()
    with running_at_once(_run, tasks) as futures:
        outcomes = [future.result() for future in futures]
    seconds = time.monotonic() - started
    statuses = sum((outcome.statuses for outcome in outcomes), Counter())
    _report(seconds, statuses, outcomes)
    assert not [status for _kind, status in statuses if status >= 400], statuses
    _check_created_once(admin, outcomes)
    _check_upserted_once(admin, outcomes)
    _check_converted_once(admin, outcomes)
    check_only_conflicts(server.log)


def _report(seconds, statuses, outcomes):
    """Print the numbers: pytest shows them with ``-s``."""
    times = sorted(time for outcome in outcomes for _kind, time in outcome.seconds)
    print(
        f"\n{sum(statuses.values())} calls in {seconds:.1f} s,"
        f" median {times[len(times) // 2] * 1000:.0f} ms,"
        f" 95% below {times[len(times) * 95 // 100] * 1000:.0f} ms,"
        f" longest {times[-1]:.1f} s: {dict(sorted(statuses.items()))}"
    )


def _check_created_once(admin, outcomes):
    sent = dict(created for outcome in outcomes for created in outcome.created)
    rows = admin.call(
        "billinator.opportunity",
        "search_read",
        domain=[("name", "in", list(sent))],
        fields=["name"],
    )
    assert len(rows) == len(sent)
    assert {row["name"]: row["id"] for row in rows} == sent


def _check_upserted_once(admin, outcomes):
    found = {}
    for outcome in outcomes:
        for reference, ids in outcome.upserted.items():
            found.setdefault(reference, set()).update(ids)
    rows = admin.call(
        "billinator.external.reference",
        "search_read",
        domain=[("ref", "in", list(found))],
        fields=["ref", "res_id"],
    )
    assert {row["ref"]: {row["res_id"]} for row in rows} == found


def _check_converted_once(admin, outcomes):
    found = {}
    for outcome in outcomes:
        for quote, ids in outcome.invoices.items():
            found.setdefault(quote, set()).update(ids)
    rows = admin.call(
        "account.move",
        "search_read",
        domain=[("billinator_quote_id", "in", list(found))],
        fields=["billinator_quote_id"],
    )
    assert {row["billinator_quote_id"][0]: {row["id"]} for row in rows} == found
    assert len(rows) == len(found)
