"""What is kept in memory of settings is right in every transaction, whenever it began.

A quote is being created, and held up by a lock of the database, while a manager adds an
approval rule in another process. That quote knows nothing of the rule yet, and all
quotes after it do, in both processes.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import SECONDS, Company, XmlRpc
from database import connecting, get_odoo, wait_for_lock

from dev_tool.server import free_port, serving

QUOTE = "billinator.quote"
RULE = "billinator.approval.rule"


def _log_in(server):
    return XmlRpc(server, "admin", "admin")


@pytest.fixture(scope="module")
def clerk(refusing_server):
    """Who makes quotes, in a process that answers all requests."""
    return _log_in(refusing_server)


@pytest.fixture(scope="module")
def manager(refusing_server):
    """Who makes rules, in another process on the same database."""
    database, log = refusing_server.database, f"--logfile={refusing_server.log}"
    options = ("--workers=0", "--max-cron-threads=0", log)
    with serving(get_odoo(), database, free_port(), *options) as server:
        yield _log_in(server)


@pytest.fixture
def add_rule(manager):
    """Add the rule that large quotes are to be approved, until the test ends."""
    rules = []
    yield lambda: rules.append(manager.create(RULE, name="Large", max_total=10000))
    manager.call(RULE, "unlink", rules)


@pytest.mark.parametrize("meanwhile", ["quote", "look"])
def test_quote_from_before_a_rule(refusing_server, clerk, manager, add_rule, meanwhile):
    values = Company.set_up(clerk).prepare_quote()
    held_up = clerk.create("res.partner", name="Held Up Corp")

    def get_approval(quote):
        [row] = clerk.call(QUOTE, "read", [quote], fields=["approval_state"])
        return row["approval_state"]

    database = refusing_server.database
    with connecting(database) as cursor, ThreadPoolExecutor() as pool:
        cursor.execute("SELECT FROM res_partner WHERE id = %s FOR UPDATE", [held_up])
        former = pool.submit(
            _log_in(refusing_server).create, QUOTE, **{**values, "partner_id": held_up}
        )
        wait_for_lock(database, 'INSERT INTO "billinator_quote"')
        add_rule()
        if meanwhile == "quote":
            assert get_approval(clerk.create(QUOTE, **values)) == "needed"
        else:
            clerk.search("res.partner", ("id", "=", held_up))
        cursor.connection.rollback()
        assert get_approval(former.result(SECONDS)) == "no"
    for person in (clerk, manager):
        assert get_approval(person.create(QUOTE, **values)) == "needed"
