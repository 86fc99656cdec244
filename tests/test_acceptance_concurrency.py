"""A quote is accepted once, as its customer saw it, whatever comes at that moment.

The customer's browser is several tabs, each with a session of its own, which post to
the quote's page at once; the salesperson works over the API. What has to meet is held
up by a lock of the database, and not by luck.
"""

import base64
import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from clients import SECONDS, Company, Refused, XmlRpc
from database import connecting
from PIL import Image

TABS = 4
QUOTE = "billinator.quote"
CONTENT_HASH = re.compile(r'data-content-hash="(\w+)"')
CSRF_TOKEN = re.compile(r'csrf_token: "(\w+)"')
WAITING_TO_LOG = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND query LIKE 'INSERT INTO "mail_message"%%'
"""
WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
# What tabs of several quotes number at the same moment.
QUOTES = 3
INVOICES = """
    SELECT quote.id, move.state, count(*) OVER (PARTITION BY quote.id),
           count(*) OVER (PARTITION BY move.name), move.amount_total
      FROM account_move move
      JOIN billinator_quote quote ON quote.id = move.billinator_quote_id
     WHERE quote.id IN %s
     ORDER BY quote.id
"""
# A message of the customer's for each acceptance, and its PDF.
ANSWERS = """
    SELECT count(DISTINCT message.id), count(attachment.id)
      FROM mail_message message
      JOIN message_attachment_rel link ON link.message_id = message.id
      JOIN ir_attachment attachment ON attachment.id = link.attachment_id
     WHERE message.model = 'billinator.quote' AND message.res_id = %s
       AND message.message_type = 'email'
       AND attachment.mimetype = 'application/pdf'
"""
# The mails that confirm it, with the same PDF.
CONFIRMATIONS = """
    SELECT count(DISTINCT message.id)
      FROM mail_message message
      JOIN message_attachment_rel link ON link.message_id = message.id
      JOIN billinator_quote quote ON quote.signed_pdf_id = link.attachment_id
     WHERE quote.id = %s AND message.message_type = 'notification'
"""


def _draw_signature():
    image = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(image, "PNG")
    return base64.b64encode(image.getvalue()).decode()


class Tab:
    """A page of a quote, as the customer's browser has it after a GET."""

    def __init__(self, server, url):
        self._http = httpx.Client(base_url=server.url, timeout=SECONDS)
        self._url = urlsplit(url)
        page = self._http.get(url, follow_redirects=True)
        assert page.status_code == 200, page.text
        [self._csrf_token] = set(CSRF_TOKEN.findall(page.text))
        [self._content_hash] = CONTENT_HASH.findall(page.text)

    def accept(self, name):
        """Sign what the page shows."""
        [token] = parse_qs(self._url.query)["access_token"]
        return self._http.post(
            f"{self._url.path}/accept",
            data={
                "access_token": token,
                "csrf_token": self._csrf_token,
                "content_hash": self._content_hash,
                "name": name,
                "signature": _draw_signature(),
            },
        )


@dataclass
class Shop:
    """A server with a quote that was sent."""

    server: object
    admin: XmlRpc
    quote: int

    def open_page(self):
        return Tab(self.server, self.admin.call(QUOTE, "get_portal_url", [self.quote]))

    def change_price(self):
        """Do what a salesperson does in the form: True, or why that is refused."""
        [line] = self.admin.read(QUOTE, self.quote, "line_ids")["line_ids"]
        values = {"line_ids": [(1, line, {"price_unit": 1.0})]}
        try:
            self.admin.call(QUOTE, "write", [self.quote], vals=values)
        except Refused as refusal:
            return refusal.message
        return True

    def read_quote(self):
        names = ("state", "signed_by", "signed_hash", "content_hash", "amount_total")
        return self.admin.read(QUOTE, self.quote, *names)

    def query(self, statement, *values):
        with connecting(self.server.database) as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    @contextmanager
    def nobody_logs(self):
        """Keep transactions from ending: each logs on the quote what it did."""
        with connecting(self.server.database) as cursor:
            cursor.execute("LOCK TABLE mail_message IN SHARE MODE")
            yield

    def wait_for(self, statement, count):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if self.query(statement) == [(count,)]:
                return
            time.sleep(0.02)
        pytest.fail("The transactions did not get as far as they should.")


@pytest.fixture(scope="module")
def company(accepting_server):
    server = accepting_server
    admin = XmlRpc(server, server.login, server.password)
    company = Company.set_up(admin)
    values = {"email": "abc@customer.example"}
    admin.call("res.partner", "write", [company.customer], vals=values)
    return company


@pytest.fixture
def open_shop(accepting_server, company):
    """Send another quote, with values of its own."""
    server = accepting_server
    admin = XmlRpc(server, server.login, server.password)

    def open_shop(**own_values):
        values = {**company.prepare_quote(), **own_values}
        del values["date_quote"], values["validity_date"]
        quote = admin.create(QUOTE, **values)
        admin.call(QUOTE, "action_mark_sent", [quote])
        return Shop(server, admin, quote)

    return open_shop


@pytest.fixture
def shop(open_shop):
    return open_shop()


def test_tabs_that_sign_at_once_accept_once(shop):
    tabs = {f"Tab {number}": shop.open_page() for number in range(TABS)}
    together = Barrier(TABS)

    def accept(name):
        together.wait(SECONDS)
        return tabs[name].accept(name)

    with ThreadPoolExecutor(TABS) as threads:
        answers = dict(zip(tabs, threads.map(accept, tabs), strict=True))
    messages = {
        name: parse_qs(urlsplit(answer.json()["redirect"]).query)["message"]
        for name, answer in answers.items()
    }
    assert {answer.status_code for answer in answers.values()} == {200}
    [signer] = [name for name, said in messages.items() if said == ["accepted"]]
    assert sorted(messages.values())[1:] == [["accepted_before"]] * (TABS - 1)
    quote = shop.read_quote()
    assert (quote["state"], quote["signed_by"]) == ("accepted", signer)
    assert quote["signed_hash"] == quote["content_hash"]
    assert shop.query(ANSWERS, shop.quote) == [(1, 1)]
    assert shop.query(CONFIRMATIONS, shop.quote) == [(1,)]


def test_who_edits_during_a_signature_comes_too_late(shop):
    before, tab = shop.read_quote(), shop.open_page()
    with ThreadPoolExecutor() as threads:
        with shop.nobody_logs():
            signing = threads.submit(tab.accept, "Ada")
            shop.wait_for(WAITING_TO_LOG, 1)
            editing = threads.submit(shop.change_price)
            shop.wait_for(WAITING, 2)
        assert signing.result().status_code == 200
        assert "signed by Ada" in editing.result()
    quote = shop.read_quote()
    assert quote["amount_total"] == before["amount_total"]
    assert quote["signed_hash"] == quote["content_hash"] == before["content_hash"]
    assert shop.query(ANSWERS, shop.quote) == [(1, 1)]


def test_who_signs_during_an_edit_is_asked_to_read_again(shop):
    tab = shop.open_page()
    with ThreadPoolExecutor() as threads:
        with shop.nobody_logs():
            editing = threads.submit(shop.change_price)
            shop.wait_for(WAITING_TO_LOG, 1)
            signing = threads.submit(tab.accept, "Ada")
            shop.wait_for(WAITING, 2)
        assert editing.result() is True
        assert signing.result().status_code == 409
        assert "has changed" in signing.result().json()["error"]
    quote = shop.read_quote()
    assert (quote["state"], quote["signed_by"]) == ("sent", False)
    assert shop.query(ANSWERS, shop.quote) == [(0, 0)]
    # Having read it again, the customer can sign it.
    assert shop.open_page().accept("Ada").status_code == 200
    assert shop.read_quote()["signed_hash"] == quote["content_hash"]


def test_tabs_that_sign_at_once_post_one_invoice(open_shop):
    """Of each quote one, whose number no other one has, whoever comes between."""
    installments = [(0, 0, {"percentage": 30})]
    shops = [
        open_shop(online_invoice="post", installment_ids=installments)
        for _number in range(QUOTES)
    ]
    tabs = [shop.open_page() for shop in shops for _tab in range(2)]
    together = Barrier(len(tabs))

    def accept(tab):
        together.wait(SECONDS)
        return tab.accept("Ada").status_code

    with ThreadPoolExecutor(len(tabs)) as threads:
        assert set(threads.map(accept, tabs)) == {200}
    quotes = tuple(shop.quote for shop in shops)
    posted = shops[0].query(INVOICES, quotes)
    assert [(*row[:4], float(row[4])) for row in posted] == [
        (quote, "posted", 1, 1, 3540.0) for quote in quotes
    ]
