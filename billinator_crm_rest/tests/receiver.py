"""A receiver of webhooks: a real HTTP server in a thread of its own."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    """What the receiver was sent."""

    path: str
    headers: dict
    body: bytes

    @property
    def payload(self):
        return json.loads(self.body)

    @property
    def event(self):
        return self.headers["X-Billinator-Event"]

    @property
    def data(self):
        return self.payload["data"]


class Receiver:
    """Keeps what it is sent, and answers as it is told to.

    ``answers`` are statuses, or functions of the request's handler, one for each
    request to come; after them, all are answered 200.
    """

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/events"
        self.requests = []
        self.answers = []

    def __len__(self):
        return len(self.requests)

    @property
    def events(self):
        return [request.event for request in self.requests]

    def handle(self, handler):
        """Keep a request and answer it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.requests.append(Request(handler.path, dict(handler.headers), body))
        answer = self.answers.pop(0) if self.answers else 200
        if callable(answer):
            answer(handler)
        else:
            respond(handler, answer, b"Thank you")


def respond(handler, status, body=b"", **headers):
    """Answer a request."""
    handler.send_response(status)
    for name, value in {"Content-Length": len(body), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def receiving():
    """Give a receiver that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            receiver.handle(self)

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
