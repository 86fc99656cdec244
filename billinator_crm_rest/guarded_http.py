"""HTTP to addresses that users choose: it reaches the internet, and nothing inside.

A host name is looked up once; what it stands for is checked, and that very address is
connected to, so that no second look-up can answer differently.
"""

import ipaddress
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from odoo.tools.translate import LazyGettext, LazyTranslate

# Nobody's language is known here: whoever shows an explanation translates it.
_lt = LazyTranslate(__name__)
CONNECT_SECONDS = 3
READ_SECONDS = 10
# An exchange ends after this time, even if the receiver keeps sending byte by byte.
TOTAL_SECONDS = 15
MAX_ADDRESSES = 3
SNIPPET_LENGTH = 500
# IPv6 that stands for IPv4, as networks without IPv4 make it.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenTargetError(ValueError):
    """The address is not one of the internet at large."""

    def __init__(self, address):
        super().__init__(address)
        self.explanation = _lt("%s is not a public address.", address)


class BadNameError(OSError):
    """No host can have such a name."""

    explanation = _lt("This is no host name.")


@dataclass
class Answer:
    """How an exchange ended.

    :param status_code: the receiver's, 0 when it did not answer
    :param text: the start of what it said
    :param error: why there is no answer, in words that may be to translate
    :param seconds: how long it took
    """

    status_code: int = 0
    text: str = ""
    error: str | LazyGettext = ""
    seconds: float = 0.0

    @property
    def is_success(self):
        return 200 <= self.status_code < 300


def post(url, body, headers, *, allow_private=False):
    """Send ``body`` to a receiver and return its :class:`Answer`; never raises.

    Redirects are not followed, and neither proxies nor passwords are taken from the
    server's environment.

    :param bytes body: what to send
    :param allow_private: whether addresses of the own network may be reached
    """
    started = time.monotonic()
    adapter = _GuardedAdapter(allow_private)
    try:
        with _make_session(adapter) as session:
            answer = _exchange(session, url, body, headers)
    except Exception as error:
        # Whatever a receiver sends fails its own delivery, and no other's.
        answer = Answer(error=adapter.explain(error))
    answer.seconds = time.monotonic() - started
    return answer


def find_addresses(host, port, *, allow_private=False):
    """Look up a host and return what ``socket`` needs to connect to it.

    :raise ForbiddenTargetError: when one of its addresses is not public
    :raise OSError: when it has none
    """
    try:
        found = socket.getaddrinfo(_get_name(host), port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise BadNameError from error
    for *_kind, address in found:
        if not allow_private and not is_public(address[0]):
            raise ForbiddenTargetError(address[0])
    return found[:MAX_ADDRESSES]


def is_plainly_private(host):
    """Tell whether a host is inside the own network, as far as its name tells.

    Nobody is asked; what a name stands for is looked up when it is connected to.
    """
    name = _get_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        [(*_kind, address), *_more] = socket.getaddrinfo(
            name, None, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError):
        return False
    return not is_public(address[0])


def _get_name(host):
    return host.strip("[]").rstrip(".").lower()


def is_public(address):
    """Tell whether an IP address is one of the internet at large."""
    address = ipaddress.ip_address(address)
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _make_session(adapter):
    session = requests.Session()
    session.trust_env = False
    # Also where redirects are not followed, their bodies would be read to the end.
    session.get_redirect_target = lambda _response: None
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _exchange(session, url, body, headers):
    with session.post(
        url,
        data=body,
        headers=headers,
        timeout=READ_SECONDS,
        allow_redirects=False,
        stream=True,
    ) as response:
        return Answer(response.status_code, _read_start(response))


def _read_start(response):
    # Who sent a status has decided, whatever becomes of the rest.
    with suppress(requests.RequestException, OSError):
        start = next(response.iter_content(SNIPPET_LENGTH), b"")
        return _quote(start.decode(errors="replace"))
    return ""


def _quote(text):
    """Return the start of what somebody else says, as PostgreSQL can keep it."""
    return text.replace("\0", "")[:SNIPPET_LENGTH]


class _GuardedAdapter(HTTPAdapter):
    """Connects to checked addresses, and for a limited time."""

    def __init__(self, allow_private):
        self._allow_private = allow_private
        self._is_expired = False
        self._watched = []
        super().__init__()
        self.poolmanager.pool_classes_by_scheme = self._make_pool_classes()

    def _make_pool_classes(self):
        adapter = self

        class Connection(HTTPConnection):
            def _new_conn(self):
                return adapter.connect(self.host, self.port)

        class SecureConnection(HTTPSConnection):
            def _new_conn(self):
                return adapter.connect(self.host, self.port)

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = SecureConnection

        return {"http": Pool, "https": SecurePool}

    def connect(self, host, port):
        """Return a socket that is connected to the host's first address that answers.

        The host's name stays what the request and the certificate are about.
        """
        problem = None
        addresses = find_addresses(host, port, allow_private=self._allow_private)
        for *kind, _name, address in addresses:
            connection = socket.socket(*kind)
            try:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(address)
            except OSError as error:
                connection.close()
                problem = error
            else:
                connection.settimeout(READ_SECONDS)
                self._watch(connection)
                return connection
        raise problem

    def _watch(self, connection):
        """End the connection when its time is over."""
        # The same connection under a number of its own: TLS takes the other one over.
        watched = connection.dup()
        timer = threading.Timer(TOTAL_SECONDS, self._expire, [watched])
        timer.daemon = True
        timer.start()
        self._watched.append((timer, watched))

    def _expire(self, watched):
        self._is_expired = True
        with suppress(OSError):
            watched.shutdown(socket.SHUT_RDWR)

    def close(self):
        for timer, watched in self._watched:
            timer.cancel()
            timer.join()
            watched.close()
        self._watched.clear()
        return super().close()

    def explain(self, error):
        """Say in a few words why there is no answer; the system's own are English."""
        if self._is_expired:
            return _lt("No complete answer within %s seconds", TOTAL_SECONDS)
        while error.__context__ and not hasattr(error, "explanation"):
            error = error.__context__
        if explanation := getattr(error, "explanation", None):
            return explanation
        # It may quote the receiver.
        message = getattr(error, "strerror", None) or str(error)
        return _quote(message) or type(error).__name__
