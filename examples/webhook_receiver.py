#!/usr/bin/env python3
"""Receive webhooks: check that each comes from your CRM, and take each once.

Usage: BILLINATOR_SECRET=whsec_... webhook_receiver.py [PORT]
"""

import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def verify(secret, signature, body, tolerance=300):
    """Tell whether a request comes from the owner of the secret, and is fresh.

    :param str secret: the webhook's
    :param str signature: the header X-Billinator-Signature
    :param bytes body: the body as it was received, not parsed and written again
    :param int tolerance: how old it may be, in seconds
    """
    try:
        parts = dict(part.split("=", 1) for part in signature.split(","))
        age = abs(time.time() - int(parts["t"]))
        given = parts["v1"].encode()
    except (KeyError, ValueError):
        return False
    signed = parts["t"].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return age <= tolerance and hmac.compare_digest(expected.encode(), given)


class Handler(BaseHTTPRequestHandler):
    secret = os.environ.get("BILLINATOR_SECRET", "")
    # A real receiver keeps them in its database, with what it makes of the events.
    known = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = self.headers.get("X-Billinator-Signature", "")
        if not verify(self.secret, signature, body):
            self.send_error(401, "Wrong signature")
            return
        event = json.loads(body)
        if event["id"] not in self.known:
            self.known.add(event["id"])
            print(event["event"], event["data"], flush=True)
        self.send_response(204)
        self.end_headers()


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    with ThreadingHTTPServer(("", port), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
