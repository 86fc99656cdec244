"""Every quote past its day expires once, also when the job is killed in the middle.

The server's own cron worker does it. It is killed by the system while a batch waits for
a lock, after its quotes were changed and before that is kept; Odoo starts another one.
"""

import os
import signal
import time
from dataclasses import dataclass

import pytest
from clients import SECONDS, Company, XmlRpc
from database import connecting

QUOTES = 2000
QUOTE = "billinator.quote"
# The quote of which all the others are copies, but for the number.
COPY = """
    INSERT INTO billinator_quote (name, {columns})
    SELECT name || '/' || number, {columns}
      FROM billinator_quote, generate_series(2, %s) number
     WHERE id = %s
"""
ONLY_THIS_JOB = """
    UPDATE ir_cron
       SET active = (data.id IS NOT NULL), nextcall = now() at time zone 'UTC'
      FROM ir_cron cron
      LEFT JOIN ir_model_data data
             ON data.res_id = cron.id AND data.name = 'ir_cron_expire_quotes'
     WHERE cron.id = ir_cron.id
"""
LOGGED = """
    SELECT count(*), count(DISTINCT message.res_id)
      FROM mail_message message
      JOIN mail_tracking_value change ON change.mail_message_id = message.id
      JOIN billinator_quote quote ON quote.id = message.res_id
     WHERE message.model = 'billinator.quote' AND change.new_value_char = 'Expired'
       AND quote.state = 'expired'
"""
# Whoever waits to log what it did; that is the job, for nobody calls the server.
WAITING = """
    SELECT 1
      FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query LIKE 'INSERT INTO "mail_message"%%'
"""


@dataclass
class Job:
    """The server's job that expires quotes, seen from the database."""

    server: object

    @property
    def database(self):
        return self.server.database

    def query(self, statement, *values):
        with connecting(self.database) as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
            cursor.connection.commit()
            return rows

    def count_expired(self):
        [(count,)] = self.query(
            "SELECT count(*) FROM billinator_quote WHERE state = 'expired'"
        )
        return count

    def wait_for(self, what):
        """Wake the cron worker until there is something, and return that."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with connecting("postgres") as cursor:
                cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.database])
                cursor.connection.commit()
            if found := what():
                return found
            time.sleep(0.05)
        pytest.fail("The job did not get as far as it should.")

    def kill_in_a_batch(self):
        """Kill the job after some batches, in one of which nothing is kept.

        :return: how many quotes had expired by then
        """
        self.wait_for(self.count_expired)
        with connecting(self.database) as cursor:
            cursor.execute("LOCK TABLE mail_message IN SHARE MODE")
            self.wait_for(lambda: self.query(WAITING))
            # PostgreSQL does not know which one it is: the server starts all again.
            for worker in self.server.worker_pids():
                os.kill(worker, signal.SIGKILL)
            return self.count_expired()


@pytest.fixture
def job(start_server):
    """Quotes that are past their day, and no other job that the server could run."""
    server = start_server(workers=1, options=["--max-cron-threads=1"])
    admin = XmlRpc(server, server.login, server.password)
    job = Job(server)
    job.query("UPDATE billinator_quote SET state = 'draft' WHERE state <> 'accepted'")
    quote = admin.create(QUOTE, **Company.set_up(admin).prepare_quote())
    admin.call(QUOTE, "action_mark_sent", [quote])
    columns = ", ".join(
        name
        for (name,) in job.query(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'billinator_quote'"
            " AND column_name NOT IN ('id', 'name', 'access_token')"
        )
    )
    job.query(COPY.format(columns=columns), QUOTES, quote)
    job.query(ONLY_THIS_JOB)
    return job


def test_a_killed_job_loses_and_repeats_nothing(job):
    workers = set(job.server.worker_pids())
    kept = job.kill_in_a_batch()
    assert 0 < kept < QUOTES
    job.wait_for(lambda: job.count_expired() == QUOTES)
    assert workers.isdisjoint(job.server.worker_pids())
    assert job.query(LOGGED) == [(QUOTES, QUOTES)]
