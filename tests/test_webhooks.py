"""Webhooks, from a call over the API to a receiver, by the cron of a real server."""

import hashlib
import hmac
import importlib.util
import inspect
import queue
import re
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psycopg2
import pytest
from clients import Json2, WebClient

ROOT = Path(__file__).parent.parent
SECONDS = 60
PRIVATE = "billinator_crm_rest.allow_private_webhooks"


def _load_example():
    path = ROOT / "examples" / "webhook_receiver.py"
    specification = importlib.util.spec_from_file_location("webhook_receiver", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


verify = _load_example().verify


@contextmanager
def _receiving(statuses=(), before_answer=lambda: None):
    """Give a receiver's address, and the queue of what arrives there."""
    statuses = list(statuses)
    arrived = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            before_answer()
            arrived.put((self.headers, body))
            self.send_response(statuses.pop(0) if statuses else 204)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", arrived
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(start_server):
    """A server whose crons run."""
    return start_server(options=["--max-cron-threads=1"])


@pytest.fixture(scope="module")
def key(server):
    return WebClient(server, server.login, server.password).create_api_key()


@pytest.fixture(scope="module")
def admin(server, key):
    admin = Json2(server, key)
    admin.call("ir.config_parameter", "set_param", key=PRIVATE, value="True")
    return admin


def _create_webhook(admin, url, *events):
    return admin.create(
        "billinator.webhook",
        name="Receiver",
        url=url,
        event_ids=admin.search("billinator.webhook.event", ["code", "in", events]),
    )


def test_from_the_api_to_the_receiver(server, admin, key):
    api = httpx.Client(
        base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {key}"}
    )
    with _receiving() as (url, arrived):
        webhook = _create_webhook(admin, url, "opportunity.created")
        created = api.post(
            "/opportunities", json={"title": "New Deal", "company_name": "ABC Corp"}
        )
        assert created.status_code == 201
        headers, body = arrived.get(timeout=SECONDS)
        secret = admin.read("billinator.webhook", webhook, "secret")["secret"]
        assert verify(secret, headers["X-Billinator-Signature"], body)
        payload = httpx.Response(200, content=body).json()
        assert payload["event"] == headers["X-Billinator-Event"]
        assert payload["id"] == headers["X-Billinator-Delivery"]
        assert payload["data"] == created.json()
        admin.call("billinator.webhook", "action_send_test", [webhook])
        headers, _body = arrived.get(timeout=SECONDS)
        assert headers["X-Billinator-Event"] == "webhook.test"


def test_a_failure_is_sent_again_on_demand(admin):
    with _receiving([500]) as (url, arrived):
        webhook = _create_webhook(admin, url, "quote.sent")
        admin.call("billinator.webhook", "action_send_test", [webhook])
        first, body = arrived.get(timeout=SECONDS)
        [delivery] = admin.search(
            "billinator.webhook.delivery", ["webhook_id", "=", webhook]
        )
        _wait_for(admin, delivery, attempts=1, status_code=500)
        admin.call("billinator.webhook.delivery", "action_resend", [delivery])
        second, again = arrived.get(timeout=SECONDS)
        assert again == body
        assert first["X-Billinator-Delivery"] == second["X-Billinator-Delivery"]
        _wait_for(admin, delivery, state="delivered", status_code=204)


def test_a_webhook_that_is_saved_meanwhile_gets_its_answer(server, admin):
    with _connected(server) as somebody, _connected(server) as observer:

        def rename():
            somebody.execute("UPDATE billinator_webhook SET name = 'Renamed'")

        with _receiving(before_answer=rename) as (url, arrived):
            webhook = _create_webhook(admin, url, "quote.sent")
            admin.call("billinator.webhook", "action_send_test", [webhook])
            arrived.get(timeout=SECONDS)
            _wait_until(lambda: _is_anybody_waiting(observer))
            somebody.connection.commit()
            [delivery] = admin.search(
                "billinator.webhook.delivery", ["webhook_id", "=", webhook]
            )
            _wait_for(admin, delivery, state="delivered", attempts=1)
    read = admin.read("billinator.webhook", webhook, "name", "last_status")
    assert read == {"id": webhook, "name": "Renamed", "last_status": "204"}


@contextmanager
def _connected(server):
    """A cursor of a program that works in the server's database, too."""
    with (
        closing(psycopg2.connect(dbname=server.database)) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def _is_anybody_waiting(observer):
    """Tell whether a transaction waits for another one's end."""
    observer.execute(
        "SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    observer.connection.rollback()
    return observer.rowcount


def _wait_until(is_there):
    deadline = time.monotonic() + SECONDS
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _wait_for(admin, delivery, **expected):
    """Ask until the delivery is as expected, and fail when it never is."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        values = admin.read("billinator.webhook.delivery", delivery, *expected)
        if expected.items() <= values.items():
            return
    raise AssertionError(f"{values} instead of {expected}")


def test_documented_check_of_the_signature():
    document = (ROOT / "docs" / "webhooks.md").read_text()
    [shown] = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    assert shown == inspect.getsource(verify)
    now, body, secret = int(time.time()), b'{"id": 1}', "whsec_1"

    def sign(timestamp, body=body, secret=secret):
        signed = str(timestamp).encode() + b"." + body
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return f"t={timestamp},v1={digest}"

    assert verify(secret, sign(now), body)
    assert verify(secret, sign(now - 290), body)
    for wrong in (
        sign(now - 310),
        sign(now + 310),
        sign(now, body=b'{"id": 2}'),
        sign(now, secret="whsec_2"),
        sign(now).replace(f"t={now}", f"t={now + 1}"),
        "t=x,v1=y",
        "t=1",
        "",
    ):
        assert not verify(secret, wrong, body), wrong
