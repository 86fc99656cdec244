"""Everybody at once for some minutes, while things go wrong; see README.md."""

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import audit
from buyers import Buyer
from clients import Json2, Rest, WebClient
from cluster import own_odoo
from faults import Injector
from integrations import Integration
from journal import Writer
from mail_catcher import catching_mail
from people import SingleXmlRpc, WebUser
from sales import QUOTE, Administrator, Bookkeeper, Manager, Salesperson
from supervisor import Supervisor
from world import ADMIN, BOOKKEEPER, EXPIRY, REVENUES, VACUUM, set_up

from dev_tool.odoo import CONFIGURATION
from dev_tool.server import free_port, serving

BUYERS = ("Ida", "Joe")
INTEGRATIONS = 2
# The machine may be busy: nobody is to die of that.
OPTIONS = (
    "--workers=2",
    "--max-cron-threads=1",
    "--limit-time-real=900",
    "--limit-time-cpu=600",
)
# Seconds between two faults: the least and the most
PAUSE = (4, 12)
# How often to try to run a job: another worker may run it, or Odoo just come back.
TRIES = 60


@dataclass
class Result:
    """What came of a soak."""

    calls: list
    faults: list
    mails: int
    log: Path
    audit: subprocess.CompletedProcess

    def count_calls(self):
        """Return how many calls there were, by kind and outcome."""
        return Counter((call.kind, call.outcome) for call in self.calls)


def soak(database, folder, seconds, seed):
    """Let everybody work on a copy of a database, and audit that.

    :param database: on the server that the developer tool has set up
    :param folder: where journal and log go
    :return: ``Result``
    """
    target = f"{database}_soak"
    journal, log = folder / "journal.jsonl", folder / "odoo.log"
    with own_odoo(database, target) as odoo:
        connection = [
            f"--db_host={odoo.postgres.variables['PGHOST']}",
            f"--db_user={odoo.postgres.variables['PGUSER']}",
        ]
        options = [*OPTIONS, f"--logfile={log}"]
        port = free_port()
        with (
            catching_mail() as catcher,
            serving(odoo, target, port, *options, *connection) as server,
        ):
            world = set_up(server, catcher.port, Writer(journal))
            random = Random(seed)
            injector = Injector(server, odoo.postgres, random, PAUSE)
            supervisor = Supervisor(server, odoo.variables)
            people = _hire(world, random)
            _work(people, injector, supervisor, seconds)
            _tidy_up(world, administrator=people[-1])
        audited = _audit(odoo, target, journal, connection)
    faults = injector.faults + supervisor.faults
    return Result(world.journal.calls, faults, len(catcher.mails), log, audited)


def _hire(world, random):
    """Return everybody, the administrator last, each with a chance of their own."""
    server = world.server

    def rng():
        return Random(random.random())

    people = []
    for kind, login in (
        (Salesperson, "soak_ada"),
        (Salesperson, "soak_ben"),
        (Manager, "soak_cleo"),
    ):
        clients = (
            SingleXmlRpc(server, login, login),
            WebUser(server, login, login),
            Json2(server, WebClient(server, login, login).create_api_key()),
        )
        people += [kind(world, rng(), client, login) for client in clients]
    people += [
        Integration(world, rng(), Rest(server, world.key), f"program {number}")
        for number in range(INTEGRATIONS)
    ]
    people += [Buyer(world, rng(), name) for name in BUYERS]
    # Some of its calls answer nothing, which XML-RPC cannot.
    bookkeeper = WebUser(server, BOOKKEEPER, BOOKKEEPER)
    people.append(Bookkeeper(world, rng(), bookkeeper, BOOKKEEPER))
    client = SingleXmlRpc(server, ADMIN, ADMIN)
    people.append(Administrator(world, rng(), client, ADMIN))
    return people


def _work(people, injector, supervisor, seconds):
    """Let people work and things go wrong; what anybody stumbles over is raised."""
    end = time.time() + seconds
    with ThreadPoolExecutor(len(people) + 2) as threads:
        supervising = threads.submit(supervisor.run)
        failing = threads.submit(injector.run)
        working = [threads.submit(person.work_until, end) for person in people]
        try:
            for future in working:
                future.result()
            injector.stop()
            failing.result()
        finally:
            injector.stop()
            supervisor.stop()
        supervising.result()


def _tidy_up(world, administrator):
    """Have done what the jobs would do some time, now that all goes well."""
    expired = [[QUOTE, quote, "state", "expired"] for quote in world.stale_quotes]
    for job, sets in ((EXPIRY, expired), (REVENUES, []), (VACUUM, [])):
        for _try in range(TRIES):
            if administrator.run_job(f"at last: {job}", job, sets=sets).is_done:
                break
            time.sleep(1)


def _audit(odoo, database, journal, connection):
    return subprocess.run(
        [
            *(sys.executable, audit.__file__, database, "-c", CONFIGURATION),
            *("--journal", journal, *connection),
        ],
        env=odoo.variables,
        capture_output=True,
        text=True,
    )
