"""What reads runs on a database replica, and needs no primary that can be written to.

On a server with ``--dev=replica`` reading cannot write; its log tells which cursor each
request had: ``ro``, ``rw``, or ``ro->rw`` for one that was repeated because it wrote.
"""

import re

import pytest
from clients import Rest, WebClient
from readings import RestReadings, WebReadings, prepare

REQUEST = re.compile(
    r'"(?:GET|POST) (?P<path>[^ #]+)\S* HTTP/1\.\d" 200 .* (?P<cursor>\S+)$'
)
READ_ONLY = "ro"


@pytest.fixture(scope="module")
def web(rest_server):
    web = WebClient(rest_server, rest_server.login, rest_server.password)
    prepare(web)
    return web


def _read_all(server, readings):
    """Do the readings.

    :return: the paths that had another cursor than a read-only one, with what they had
    """
    seen = server.log.stat().st_size
    for read in readings.get_all().values():
        read()
    with server.log.open() as log:
        log.seek(seen)
        requests = [match.groupdict() for match in map(REQUEST.search, log) if match]
    cursors = {
        path: {one["cursor"] for one in requests if one["path"] == path}
        for path in readings.paths
    }
    return {path: used for path, used in cursors.items() if used != {READ_ONLY}}


def test_the_pages_of_the_app_are_read_on_the_replica(rest_server, web):
    assert not _read_all(rest_server, WebReadings(web))


def test_every_get_of_the_rest_api_is_read_on_the_replica(rest_server, web):
    api = Rest(rest_server, web.create_api_key())
    assert not _read_all(rest_server, RestReadings(api, web))
