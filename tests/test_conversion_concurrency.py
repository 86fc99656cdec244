"""A quote becomes one invoice, whoever converts it at the same moment.

The clients are processes of their own, which all start at once, and the server has
several workers. Nothing is simulated: a worker that dies is killed by the system.
"""

import os
import random
import signal
from dataclasses import dataclass, field

import pytest
from clients import Company, Refused, XmlRpc, create_user, running_at_once
from database import connecting, wait_for_lock

QUOTES = 8
# Those that each of the clients converts, one after the other.
IN_TURN = 4
# Those that are invoiced in parts, by twice as many calls.
IN_PARTS = 3
CLIENTS = 8
QUOTE = "billinator.quote"
INSTALLMENT = "billinator.quote.installment"
CONVERT = "action_convert_to_invoice"
INVOICE_AGAIN = "action_invoice_again"
SALES = "sales_team.group_sale_salesman_all_leads"
GROUPS = {"seller": (SALES,), "bookkeeper": (SALES, "account.group_account_invoice")}


@dataclass
class Task:
    """What one client has to do; it crosses into the client's process."""

    url: str
    database: str
    login: str
    calls: list = field(default_factory=list)
    model: str = QUOTE
    method: str = CONVERT


@dataclass
class Outcome:
    """What a client got: the invoices of each call's quotes."""

    calls: list
    lost_calls: int


@dataclass
class Shop:
    """A server with quotes, and with users who convert them."""

    server: object
    quotes: list

    def __post_init__(self):
        self.invoices_before = self.count_invoices()

    def query(self, statement):
        """The rows of a statement, in which ``%(quotes)s`` stands for the quotes."""
        with self.connect() as cursor:
            cursor.execute(statement, {"quotes": tuple(self.quotes)})
            return cursor.fetchall()

    def count_invoices(self):
        [(count,)] = self.query("SELECT count(*) FROM account_move")
        return count

    def connect(self):
        """A cursor of its own; leaving it ends its transaction."""
        return connecting(self.server.database)

    def invoices(self):
        """The invoice of each quote that has one: ``{quote: invoice}``."""
        rows = self.query(
            "SELECT billinator_quote_id, id FROM account_move"
            " WHERE billinator_quote_id IN %(quotes)s AND state <> 'cancel'"
            " AND billinator_is_released IS NOT TRUE"
        )
        invoices = dict(rows)
        assert len(invoices) == len(rows), "a quote has more than one invoice"
        return invoices

    def plan_down_payments(self, percentage):
        """Plan one on each quote and return their ids."""
        admin = XmlRpc(self.server, self.server.login, self.server.password)
        values = {"percentage": percentage}
        rows = [{"quote_id": quote, **values} for quote in self.quotes]
        return admin.create_all(INSTALLMENT, rows)

    def invoice_and_credit(self):
        """Have an invoice of each quote, credited in full."""
        admin = XmlRpc(self.server, self.server.login, self.server.password)
        invoices = _get_invoices(admin, QUOTE, CONVERT, self.quotes)
        admin.call("account.move", "action_post", invoices)
        values = admin.read("account.move", invoices[0], "journal_id", "company_id")
        wizard = admin.create(
            "account.move.reversal",
            move_ids=[(6, 0, invoices)],
            journal_id=values["journal_id"],
            company_id=values["company_id"],
        )
        admin.call("account.move.reversal", "refund_moves", [wizard])
        made = admin.read("account.move.reversal", wizard, "new_move_ids")
        admin.call("account.move", "action_post", made["new_move_ids"])
        self.invoices_before = self.count_invoices()

    def prepare_tasks(self, calls_of_clients, model=QUOTE, method=CONVERT):
        logins = [list(GROUPS)[number % 2] for number in range(len(calls_of_clients))]
        return [
            Task(self.server.url, self.server.database, login, calls, model, method)
            for login, calls in zip(logins, calls_of_clients, strict=True)
        ]

    def converting_at_once(self, calls_of_clients, model=QUOTE, method=CONVERT):
        """Run a client for each list of calls; a call is a list of quotes."""
        tasks = self.prepare_tasks(calls_of_clients, model, method)
        return running_at_once(_convert, tasks)


@pytest.fixture(scope="module")
def company(converting_server):
    """What is sold, and who converts it."""
    server = converting_server
    admin = XmlRpc(server, server.login, server.password)
    for login, groups in GROUPS.items():
        create_user(admin, login, *groups)
    return Company.set_up(admin)


@pytest.fixture
def shop(converting_server, company):
    """Quotes made by one user to be converted by others."""
    server = converting_server
    admin = XmlRpc(server, server.login, server.password)
    values = [company.prepare_quote(quantity=number + 1) for number in range(QUOTES)]
    return Shop(server, admin.create_all(QUOTE, values))


def _convert(task):
    """What a client's process does."""
    client = XmlRpc(task, task.login, task.login)
    calls = [
        _get_invoices(client, task.model, task.method, records)
        for records in task.calls
    ]
    return Outcome(calls, client.lost_calls)


def _get_invoices(client, model, method, records):
    """Convert records with one call and return the ids of their invoices."""
    result = client.call(model, method, records)
    if "params" in result:
        return result["params"]["invoice_ids"]
    if result.get("res_id"):
        return [result["res_id"]]
    [(_field, _operator, invoices)] = result["domain"]
    return invoices


def _check_all_converted_once(shop, calls_of_clients, outcomes, messages_each=1):
    """Every call got its quotes' invoices, and there is nothing besides these."""
    invoices = shop.invoices()
    assert sorted(invoices) == sorted(shop.quotes)
    assert shop.count_invoices() == shop.invoices_before + len(shop.quotes)
    for calls, outcome in zip(calls_of_clients, outcomes, strict=True):
        expected = [sorted(invoices[quote] for quote in call) for call in calls]
        assert [sorted(got) for got in outcome.calls] == expected
    assert shop.query(
        "SELECT quote.state, quote.invoice_status, move.state, count(*)"
        " FROM billinator_quote quote"
        " JOIN account_move move ON move.billinator_quote_id = quote.id"
        " WHERE quote.id IN %(quotes)s"
        " AND move.amount_total = quote.amount_total AND quote.amount_total > 0"
        " AND move.invoice_origin = quote.name"
        " AND move.billinator_is_released IS NOT TRUE"
        " AND (SELECT count(*) FROM account_move_line line WHERE line.move_id = move.id"
        "      AND line.display_type = 'product') = 1"
        " GROUP BY quote.state, quote.invoice_status, move.state"
    ) == [("accepted", "draft", "draft", len(shop.quotes))]
    [(messages,)] = shop.query(
        "SELECT count(*) FROM mail_message WHERE model = 'billinator.quote'"
        " AND res_id IN %(quotes)s AND body LIKE '%%Converted to invoice%%'"
    )
    assert messages == len(shop.quotes) * messages_each


def test_clients_that_convert_the_same_quotes_get_the_same_invoices(shop):
    shop.quotes = shop.quotes[:IN_TURN]
    calls = [[[quote] for quote in shop.quotes]] * CLIENTS
    with shop.converting_at_once(calls) as futures:
        outcomes = [future.result() for future in futures]
    _check_all_converted_once(shop, calls, outcomes)
    assert [outcome.lost_calls for outcome in outcomes] == [0] * CLIENTS


def test_clients_that_invoice_the_same_quotes_again_get_the_same_invoices(shop):
    shop.quotes = shop.quotes[:IN_TURN]
    shop.invoice_and_credit()
    calls = [[[quote] for quote in shop.quotes]] * CLIENTS
    with shop.converting_at_once(calls, method=INVOICE_AGAIN) as futures:
        outcomes = [future.result() for future in futures]
    _check_all_converted_once(shop, calls, outcomes, messages_each=2)


def test_batches_in_any_order_get_in_nobodys_way(shop):
    """Each client converts all quotes at once, then some, each in its own order."""
    shuffled = random.Random(19)

    def shuffle(count):
        return shuffled.sample(shop.quotes, count)

    calls = [[shuffle(6), shuffle(QUOTES), shuffle(3)] for _client in range(CLIENTS)]
    with shop.converting_at_once(calls) as futures:
        outcomes = [future.result() for future in futures]
    _check_all_converted_once(shop, calls, outcomes)


@pytest.mark.parametrize("method", [CONVERT, INVOICE_AGAIN])
def test_a_killed_worker_leaves_nothing_half_done(shop, method):
    """The worker dies after its invoice went to the database, before it is kept."""
    is_again = method == INVOICE_AGAIN
    if is_again:
        shop.invoice_and_credit()
    # Each client begins with another quote, or they would wait for each other.
    calls = [
        [[quote] for quote in (*shop.quotes[start:], *shop.quotes[:start])]
        for start in range(CLIENTS)
    ]
    with shop.connect() as cursor:
        # Conversions stop where they log what they did, after the invoice.
        cursor.execute("LOCK TABLE mail_message IN SHARE MODE")
        with shop.converting_at_once(calls, method=method) as futures:
            try:
                workers = shop.server.worker_pids()
                wait_for_lock(
                    shop.server.database, 'INSERT INTO "mail_message"', len(workers)
                )
                os.kill(workers[0], signal.SIGKILL)
            finally:
                cursor.connection.rollback()
            outcomes = [future.result() for future in futures]
    assert sum(outcome.lost_calls for outcome in outcomes) == 1
    _check_all_converted_once(shop, calls, outcomes, messages_each=1 + is_again)


def test_clients_that_invoice_the_same_down_payment_get_the_same_invoice(shop):
    """One invoice for each instalment, and the rest once: together, the quote."""
    shop.quotes = shop.quotes[:IN_PARTS]
    rows = shop.plan_down_payments(percentage=30)
    first = [[[row] for row in rows]] * CLIENTS
    with shop.converting_at_once(first, INSTALLMENT) as futures:
        outcomes = [future.result() for future in futures]
    assert shop.count_invoices() == shop.invoices_before + IN_PARTS
    expected = outcomes[0].calls
    assert len({invoice for [invoice] in expected}) == IN_PARTS
    assert [outcome.calls for outcome in outcomes] == [expected] * CLIENTS
    rest = [[[quote] for quote in shop.quotes]] * CLIENTS
    with shop.converting_at_once(rest) as futures:
        assert len({repr(future.result().calls) for future in futures}) == 1
    assert shop.query(
        "SELECT invoices, count(*) FROM (SELECT count(*) AS invoices"
        "  FROM billinator_quote quote"
        "  JOIN account_move move ON move.billinator_quote_id = quote.id"
        "  WHERE quote.id IN %(quotes)s GROUP BY quote.id"
        "  HAVING sum(move.amount_total) = quote.amount_total) AS billed"
        " GROUP BY invoices"
    ) == [(2, IN_PARTS)]


def test_plans_at_once_never_exceed_the_quote(shop):
    """Eight times twenty percent: five fit, whoever comes first."""
    [quote] = shop.quotes[:1]
    calls = [quote] * CLIENTS
    tasks = shop.prepare_tasks(calls)
    with running_at_once(_plan, tasks) as futures:
        planned = [future.result() for future in futures]
    assert sorted(planned) == [False] * 3 + [True] * 5
    assert shop.query(
        "SELECT amount_planned = amount_total FROM billinator_quote"
        " WHERE id IN %(quotes)s AND amount_planned > 0"
    ) == [(True,)]


def _plan(task):
    """Ask for a down payment of a fifth; whether there was room for it."""
    client = XmlRpc(task, task.login, task.login)
    try:
        client.create(INSTALLMENT, quote_id=task.calls, percentage=20)
    except Refused:
        return False
    return True
