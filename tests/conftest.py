"""Real servers for the black-box tests.

Each serves a fresh copy of the database with the addons and demo data. A test fails
when its server logs a warning or an error that it did not announce.
"""

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from clients import Company, XmlRpc
from database import get_odoo, name_copy
from passlib.hash import pbkdf2_sha512
from server_log import (
    BEING_SENT,
    CONFLICT,
    FOLLOWED,
    FUZZ_LOG,
    MAIL_REFUSED,
    PRINTER,
    REFUSAL_LOG,
    REST_LOG,
    TOO_LATE,
    TOO_MUCH,
    check_only_conflicts,
)

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.places import LOGS
from dev_tool.server import Server, free_port, serving

# Everybody's first call would have Odoo replace a hash of before.
WITHOUT_OLD_HASH = "UPDATE res_users SET password = '{}' WHERE login = 'admin'".format(
    pbkdf2_sha512.using(rounds=1).hash("admin")
)


@dataclass
class CrmServer:
    """A server with what a test needs to know about it."""

    server: Server
    log: Path
    login: str = "admin"
    password: str = "admin"

    @property
    def url(self):
        return self.server.url

    @property
    def port(self):
        return self.server.port

    @property
    def database(self):
        return self.server.database

    @property
    def pid(self):
        """The process that was started, which with workers only watches over them."""
        return self.server.process.pid

    def worker_pids(self):
        """The processes that answer requests at this moment, when there are workers."""
        children = psutil.Process(self.pid).children()
        return [child.pid for child in children if "gevent" not in child.cmdline()]


@contextmanager
def _serving_a_copy(workers=0, options=(), expected_log=()):
    """A server on a fresh copy of the database, stopped at the end."""
    odoo = get_odoo()
    databases = Databases(odoo)
    database = name_copy()
    log = LOGS / f"{database}.log"
    databases.copy(os.environ["UNOPENED_DATABASE"], database)
    odoo.postgres.query(WITHOUT_OLD_HASH, database)
    settings = [f"--workers={workers}", "--max-cron-threads=0", f"--logfile={log}"]
    with serving(odoo, database, free_port(), *settings, *options) as server:
        yield CrmServer(server, log)
    check_file(log, expected_log)
    log.unlink()


@pytest.fixture(scope="session")
def crm_server():
    """The server that tests share when they do not harm it."""
    with _serving_a_copy(workers=2) as server:
        yield server


@pytest.fixture(scope="module")
def admin(crm_server):
    """Who may do everything on that server."""
    return XmlRpc(crm_server, crm_server.login, crm_server.password)


@pytest.fixture(scope="module")
def company(admin):
    """What the tests on that server sell."""
    return Company.set_up(admin)


@pytest.fixture(scope="session")
def refusing_server():
    """The server of the tests with bad input, who judge what it answers."""
    with _serving_a_copy(expected_log=REFUSAL_LOG) as server:
        yield server


@pytest.fixture(scope="session")
def rest_server():
    """The server of the REST tests, on which reading cannot write."""
    with _serving_a_copy(
        workers=2, options=["--dev=replica"], expected_log=REST_LOG
    ) as server:
        yield server
        check_only_conflicts(server.log)


@pytest.fixture(scope="session")
def rest_company(rest_server):
    """What the tests on that server sell."""
    admin = XmlRpc(rest_server, rest_server.login, rest_server.password)
    return Company.set_up(admin)


@pytest.fixture(scope="session")
def mailing_server():
    """The server of the tests with mails, some of which are refused."""
    with _serving_a_copy(
        expected_log=[MAIL_REFUSED, BEING_SENT, FOLLOWED, PRINTER]
    ) as server:
        yield server


@pytest.fixture(scope="session")
def accepting_server():
    """The server of the tests in which customers and salespersons meet."""
    with _serving_a_copy(
        workers=4, expected_log=[CONFLICT, PRINTER, TOO_LATE]
    ) as server:
        yield server
        check_only_conflicts(server.log)


@pytest.fixture(scope="module")
def converting_server():
    """The server of the tests in which quotes are converted at the same moment."""
    with _serving_a_copy(workers=4, expected_log=[TOO_MUCH]) as server:
        yield server


@pytest.fixture(scope="session")
def fuzzed_server():
    """The server of the fuzz tests, which judge each of its failures."""
    with _serving_a_copy(workers=2, expected_log=FUZZ_LOG) as server:
        yield server


@pytest.fixture(scope="module")
def start_server():
    """Start a server of the test's own, or of its module's.

    Call it with ``workers``, with ``options`` for Odoo's command line and with patterns
    of the warnings that ``expected_log`` will show.
    """
    with ExitStack() as servers:
        yield lambda **wishes: servers.enter_context(_serving_a_copy(**wishes))
