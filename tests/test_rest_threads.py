"""The REST API of a server with threads: calls that wait for each other come to an end.

What has to meet is held up by a lock of the database, and not by luck.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import SECONDS, Json2, Rest, WebClient
from database import connecting

# Calls that wait to log what they did, and those that wait for another's key.
WAITING_TO_LOG = 'INSERT INTO "mail_message"%'
WAITING_FOR_KEY = "INSERT INTO billinator_idempotency_key%"
EVENTS_OF_WEBHOOKS = "billinator_webhook_billinator_webhook_event_rel"
WAITING = """
    SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s
"""


def _wait_for(database, statement):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with connecting(database) as cursor:
            cursor.execute(WAITING, [statement])
            if cursor.fetchone():
                return
        time.sleep(0.02)
    pytest.fail("The call did not get as far as it should.")


@pytest.fixture(scope="module")
def threaded(start_server):
    """A server whose threads share a cache, an administrator's key and her client."""
    server = start_server()
    key = WebClient(server, server.login, server.password).create_api_key()
    return server, key, Json2(server, key)


def test_who_repeats_a_call_too_early_gets_its_answer(threaded):
    server, key, _admin = threaded
    body = {"title": "Repeated Deal", "company_name": "ABC Corp"}

    def create():
        api = Rest(server, key, **{"Idempotency-Key": "impatient"})
        return api.make("/opportunities", **body)

    with ThreadPoolExecutor() as threads:
        with connecting(server.database) as cursor:
            cursor.execute("LOCK TABLE mail_message IN SHARE MODE")
            first = threads.submit(create)
            _wait_for(server.database, WAITING_TO_LOG)
            second = threads.submit(create)
            _wait_for(server.database, WAITING_FOR_KEY)
        assert first.result() == second.result()
    assert Rest(server, key).fetch("/opportunities", q="Repeated Deal")["total"] == 1


@pytest.fixture
def create_webhook(threaded):
    """Create a webhook, which is the only one there is."""
    _server, _key, admin = threaded
    yield lambda: _create_webhook(admin)
    admin.call("billinator.webhook", "unlink", admin.search("billinator.webhook"))


def _create_webhook(admin):
    return admin.create(
        "billinator.webhook",
        name="Receiver",
        url="https://example.com/",
        event_ids=admin.search(
            "billinator.webhook.event", ["code", "=", "opportunity.created"]
        ),
    )


def _is_told_of_deals(admin, api, webhook):
    api.make("/opportunities", title="Next Deal", company_name="ABC Corp")
    return bool(
        admin.search("billinator.webhook.delivery", ["webhook_id", "=", webhook])
    )


def test_a_webhook_is_told_of_what_comes_after_it(threaded, create_webhook):
    server, key, admin = threaded
    api = Rest(server, key)
    with ThreadPoolExecutor() as threads:
        with connecting(server.database) as cursor:
            cursor.execute(f"LOCK TABLE {EVENTS_OF_WEBHOOKS} IN SHARE MODE")
            webhook = threads.submit(create_webhook)
            _wait_for(server.database, f'INSERT INTO "{EVENTS_OF_WEBHOOKS}"%')
            # Here the webhook is none yet.
            api.make("/opportunities", title="New Deal", company_name="ABC Corp")
        assert _is_told_of_deals(admin, api, webhook.result())


def test_who_began_before_a_webhook_hides_it_from_nobody(threaded, create_webhook):
    server, key, admin = threaded
    api = Rest(server, key)
    body = {"title": "New Deal", "company_name": "ABC Corp"}
    with ThreadPoolExecutor() as threads:
        with connecting(server.database) as cursor:
            cursor.execute("LOCK TABLE billinator_opportunity IN SHARE MODE")
            early = threads.submit(api.make, "/opportunities", **body)
            _wait_for(server.database, 'INSERT INTO "billinator_opportunity"%')
            webhook = create_webhook()
        early.result()
        assert _is_told_of_deals(admin, api, webhook)
