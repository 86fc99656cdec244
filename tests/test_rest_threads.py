"""The REST API of a server with threads: calls that wait for each other come to an end.

What has to meet is held up by a lock of the database, and not by luck.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import SECONDS, Rest, WebClient
from database import connecting

# Calls that wait to log what they did, and those that wait for another's key.
WAITING_TO_LOG = 'INSERT INTO "mail_message"%'
WAITING_FOR_KEY = "INSERT INTO billinator_idempotency_key%"
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


def test_who_repeats_a_call_too_early_gets_its_answer(start_server):
    server = start_server()
    key = WebClient(server, server.login, server.password).create_api_key()
    body = {"title": "New Deal", "company_name": "ABC Corp"}

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
    assert Rest(server, key).fetch("/opportunities", q="New Deal")["total"] == 1
