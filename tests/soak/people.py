"""Those who work on the CRM at once, and write down what they were answered."""

import time
from http.client import HTTPException
from json import JSONDecodeError, loads
from xmlrpc.client import ProtocolError, Transport

import httpx
from clients import REFUSALS, SECONDS, Client, Refused, WebClient, XmlRpc
from journal import CUT, FAILED, LEFT, REFUSED, Call

SERVER_ERROR = 500
XMLRPC_ERROR = 1
# What a server says of all pages, as not found, when it has lost its database.
NO_DATABASE = "use the X-Odoo-Database header"


class HungUp(Exception):
    """The client did not wait for an answer."""


class _ImpatientTransport(Transport):
    """Repeats nothing: who knows what came of the call?"""

    def request(self, *arguments, **options):
        return self.single_request(*arguments, **options)

    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = SECONDS
        return connection


class SingleXmlRpc(XmlRpc):
    """XML-RPC whose calls are made once."""

    def _make_transport(self):
        return _ImpatientTransport()

    def _execute(self, *call):
        try:
            return super()._execute(*call)
        except Refused as refusal:
            # An application's error has this code, what is refused others.
            code = SERVER_ERROR if refusal.code == XMLRPC_ERROR else 400
            raise Refused(code, refusal.message) from refusal


class WebUser(Client):
    """A browser, called like the other clients."""

    def __init__(self, server, login, password):
        self._web = WebClient(server, login, password)

    def call(self, model, method, ids=None, **arguments):
        positional = [] if ids is None else [ids]
        return self._call(model, method, *positional, **arguments)

    def create_all(self, model, values_list):
        return self._call(model, "create", values_list)

    def _call(self, *arguments, **options):
        try:
            return self._web.call(*arguments, **options)
        except Refused as refusal:
            error = loads(refusal.message)["data"]
            is_expected = error["name"].startswith(REFUSALS)
            code = 400 if is_expected else SERVER_ERROR
            raise Refused(code, f"{error['name']}: {error['message']}") from refusal


class Person:
    """Somebody who works until the time is up.

    A subclass names its kinds of work and how often they come, in ``WORK``; each is a
    method that makes calls by ``attempt``.
    """

    WORK = {}
    # Seconds between two of them
    PAUSE = (0.0, 0.2)
    PAUSE_AFTER_FAILURE = (0.5, 2.0)

    def __init__(self, world, random):
        self.world = world
        self.random = random

    def work_until(self, end):
        while time.time() < end:
            [kind] = self.random.choices(list(self.WORK), list(self.WORK.values()))
            getattr(self, kind)()
            time.sleep(self.random.uniform(*self.PAUSE))

    def attempt(self, kind, act, learn=None, **claims):
        """Make a call and write down what came of it.

        :param act: makes the call, and returns its answer
        :param learn: function of the ``Call`` and the answer, for claims that are known
            only then
        :param claims: see ``Call``
        :return: the call, with its ``answer``
        """
        call = Call(kind, time.time(), **claims)
        try:
            call.answer = act()
        except (Refused, HungUp, OSError, HTTPException, httpx.HTTPError) as error:
            call.outcome, call.detail = judge(error)
        except (ProtocolError, JSONDecodeError) as error:
            call.outcome, call.detail = FAILED, repr(error)
        call.ended = time.time()
        if learn and call.is_done:
            learn(call, call.answer)
        self.world.journal.write(call)
        if call.outcome in (FAILED, CUT):
            time.sleep(self.random.uniform(*self.PAUSE_AFTER_FAILURE))
        return call


def judge(error):
    """Return the outcome that an error stands for, and what it says."""
    if isinstance(error, Refused):
        return _judge_status(error.code, error.message[-600:])
    if isinstance(error, httpx.HTTPStatusError):
        return _judge_status(error.response.status_code, error.response.text[-600:])
    return LEFT if isinstance(error, HungUp) else CUT, repr(error)


def _judge_status(status, text):
    failed = status >= SERVER_ERROR or NO_DATABASE in text
    return FAILED if failed else REFUSED, f"{status} {text}"
