"""Customers on their quotes' pages."""

import base64
import io
import re
from urllib.parse import parse_qs, urlsplit

import httpx
from clients import SECONDS
from people import Person
from PIL import Image
from sales import LINE, QUOTE

CONTENT_HASH = re.compile(r'data-content-hash="(\w+)"')
CSRF_TOKEN = re.compile(r'csrf_token: "(\w+)"')


def _draw_signature():
    image = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(image, "PNG")
    return base64.b64encode(image.getvalue()).decode()


def _find(pattern, text):
    found = pattern.search(text)
    return found and found.group(1)


class Buyer(Person):
    """Opens a quote by its link, chooses, and signs or declines."""

    WORK = {"look": 3, "choose": 5, "sign": 4, "decline": 1}
    PAUSE = (0.2, 1.0)

    def __init__(self, world, random, name):
        super().__init__(world, random)
        self.name = name

    def _open_page(self):
        """Open the page of some quote; None where the customer could do nothing."""
        quote = self.world.quotes.pick(self.random)
        if not (quote and quote.url):
            return None
        page = Page(self, quote)
        self.attempt("open_page", page.open)
        return page if page.is_open else None

    def look(self):
        if page := self._open_page():
            page.post("view_page", "view")

    def choose(self):
        if page := self._open_page():
            page.choose(self.random.random() < 0.5)

    def sign(self):
        """Sign, sometimes after a choice, sometimes by a double click."""
        if not (page := self._open_page()):
            return
        if self.random.random() < 0.3:
            page.choose(True)
        for _click in range(self.random.choice((1, 1, 2))):
            page.sign(self.name)

    def decline(self):
        if page := self._open_page():
            page.decline("Too expensive.")


class Page:
    """A quote's page, as the browser has it after a GET."""

    def __init__(self, buyer, quote):
        self._buyer = buyer
        self._quote = quote
        self._http = httpx.Client(base_url=buyer.world.server.url, timeout=SECONDS)
        self._url = urlsplit(quote.url)
        self._content_hash = None

    @property
    def is_open(self):
        return bool(self._content_hash)

    def open(self):
        page = self._http.get(self._quote.url, follow_redirects=True)
        # Drafts are not there for customers.
        page.raise_for_status()
        self._csrf_token = _find(CSRF_TOKEN, page.text)
        self._content_hash = _find(CONTENT_HASH, page.text)

    def post(self, kind, path, learn=None, claims=None, **values):
        [token] = parse_qs(self._url.query)["access_token"]
        values.update(access_token=token, csrf_token=self._csrf_token)

        def send():
            answer = self._http.post(f"{self._url.path}/{path}", data=values)
            return answer.raise_for_status().json()

        return self._buyer.attempt(kind, send, learn, **(claims or {}))

    def choose(self, is_selected):
        line = self._quote.option
        chosen = self.post(
            "choose_option",
            "choose",
            claims={"sets": [[LINE, line, "is_selected", is_selected]]},
            content_hash=self._content_hash,
            line_id=line,
            is_selected=str(is_selected).lower(),
        )
        if chosen.is_done:
            self._content_hash = chosen.answer["content_hash"]

    def sign(self, name):
        quote = self._quote.id
        claims = {
            "sets": [[QUOTE, quote, "state", "accepted"]],
            "may_set": self._buyer.world.expect_deal_to_follow(self._quote),
        }

        def learn(call, answer):
            [message] = parse_qs(urlsplit(answer["redirect"]).query)["message"]
            if message == "accepted":
                call.sets.append([QUOTE, quote, "signed_by", name])

        self.post(
            "sign",
            "accept",
            learn,
            claims,
            content_hash=self._content_hash,
            name=name,
            signature=_draw_signature(),
        )

    def decline(self, reason):
        claims = {"sets": [[QUOTE, self._quote.id, "state", "rejected"]]}
        self.post("decline", "decline", claims=claims, reason=reason)
