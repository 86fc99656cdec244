"""What goes wrong during a soak, and which failures that explains."""

import itertools
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass

import psutil
import psycopg2
from journal import CUT, FAILED

# Killed and cut is one process, whose calls end at that moment; what comes after the
# end of a fault may be a call that was on its way.
GRACE_SECONDS = 2.0
POLL_SECONDS = 0.2
CUT_CONNECTIONS = """
    SELECT pg_terminate_backend(pid)
      FROM (SELECT pid FROM pg_stat_activity
             WHERE datname = %s AND pid <> pg_backend_pid()
             ORDER BY state = 'idle', random() LIMIT 2) chosen
"""


@dataclass(frozen=True)
class Fault:
    """Something that was done to the servers; times as of ``time.time``."""

    kind: str
    began: float
    ended: float

    def explains(self, began, ended):
        """Whether something in this time may have gone wrong by the fault."""
        return began <= self.ended + GRACE_SECONDS and ended >= self.began


class Injector:
    """Kills workers, cuts connections and lets the database crash, in turn."""

    def __init__(self, server, cluster, random, pause):
        """``pause`` is between two faults: the least and the most seconds."""
        self._server = server
        self._cluster = cluster
        self._random = random
        self._pause = pause
        self._over = threading.Event()
        self.faults = []

    def run(self):
        """Go on until ``stop``; after each fault, Odoo comes back first."""
        acts = (self._kill, self._cut, self._kill, self._cut, self._crash)
        for act in itertools.cycle(acts):
            if self._over.wait(self._random.uniform(*self._pause)):
                return
            began = time.time()
            kind = act()
            self.faults.append(Fault(kind, began, time.time()))
            self._wait_until_healthy()

    def stop(self):
        self._over.set()

    def _wait_until_healthy(self):
        address = f"{self._server.url}/web/health?db_server_status=1"
        while not self._over.wait(POLL_SECONDS):
            with suppress(OSError), urllib.request.urlopen(address, timeout=5):
                return

    def _kill(self):
        """Kill one of the workers, or the cron worker."""
        # One that has died in the meantime counts as killed, too.
        with suppress(psutil.NoSuchProcess):
            workers = psutil.Process(self._server.process.pid).children()
            workers = [one for one in workers if "gevent" not in one.cmdline()]
            if workers:
                self._random.choice(workers).kill()
        return "killed a worker"

    def _cut(self):
        """Cut connections to the database, rather those that are at work."""
        variables = self._cluster.variables
        connection = psycopg2.connect(
            dbname="postgres", host=variables["PGHOST"], user="postgres"
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(CUT_CONNECTIONS, [self._server.database])
        connection.close()
        return "cut connections"

    def _crash(self):
        self._cluster.crash()
        self._over.wait(self._random.uniform(0.5, 3))
        self._cluster.restart()
        return "crashed PostgreSQL"


def find_unexplained(calls, faults):
    """Return the calls that failed, or had no answer, without a fault."""
    return [
        call
        for call in calls
        if call.outcome in (FAILED, CUT)
        and not any(fault.explains(call.began, call.ended) for fault in faults)
    ]
