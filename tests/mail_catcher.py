"""A mail server of the tests' own: it keeps what it is given, or refuses it."""

import email
import email.policy
import socketserver
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass
class Catcher:
    """What came in, and what is to be said and done about it."""

    port: int = 0
    refused: set = field(default_factory=set)
    mails: list = field(default_factory=list)
    # Called with each mail before the server says that it has taken it.
    before_taking: callable = None

    def mails_to(self, address):
        return [mail for mail in self.mails if address in mail.recipients]


class _Session(socketserver.StreamRequestHandler):
    """One client's conversation: as much of RFC 5321 as Odoo speaks."""

    def handle(self):
        # A client that was killed says no good-bye.
        with suppress(ConnectionError):
            self._converse()

    def _converse(self):
        self._say("220 catcher")
        recipients = []
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command.split(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT":
                address = command.partition("<")[2].rstrip(">")
                self._say(self._get_answer(address))
                recipients.append(address)
            elif verb == "DATA":
                self._take(recipients)
                recipients = []
            else:
                self._say("250 fine")

    def _say(self, answer):
        self.wfile.write(f"{answer}\r\n".encode())

    def _get_answer(self, address):
        is_refused = address in self.server.catcher.refused
        return "550 no such mailbox" if is_refused else "250 fine"

    def _take(self, recipients):
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        # Those of the envelope; the header may name others.
        mail.recipients = recipients
        catcher = self.server.catcher
        if catcher.before_taking:
            catcher.before_taking(mail)
        catcher.mails.append(mail)
        self._say("250 taken")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def catching_mail():
    """A mail server on a free port of this machine."""
    with _Server((HOST, 0), _Session) as server:
        server.catcher = Catcher(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.catcher
        finally:
            server.shutdown()
            thread.join()
