"""A running Odoo server."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass

from .odoo import HOST, Odoo
from .terminal import Problem

# It takes about ten when nothing else is going on.
START_SECONDS = 180
STOP_SECONDS = 30


@dataclass
class Server:
    """A server process for one database, on an address of this machine alone."""

    database: str
    port: int
    process: subprocess.Popen

    @property
    def url(self):
        return f"http://{HOST}:{self.port}"

    def wait_until_healthy(self):
        """Wait until the server answers, or say that it never will."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            status = self.process.poll()
            if status is not None:
                raise Problem(f"Odoo ended with status {status} at its start.")
            try:
                with urllib.request.urlopen(f"{self.url}/web/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise Problem(f"Odoo did not answer at {self.url} in {START_SECONDS} s.")

    def stop(self):
        """Have the server finish what it is doing; end it if that takes too long."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serving(odoo: Odoo, database, port, *options):
    """A server that answers, and that is stopped at the end.

    It gets a session of its own: the terminal's Ctrl-C would reach it besides ours, and
    the second one makes it drop everything.
    """
    command = odoo.command(
        *("-d", database, f"--http-port={port}", f"--gevent-port={free_port()}"),
        *options,
    )
    process = subprocess.Popen(command, env=odoo.variables, start_new_session=True)
    server = Server(database, port, process)
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()


def check_port(port):
    """Say that a port is taken before anything slow happens."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Problem(
                f"Port {port} cannot be used ({error.strerror}): "
                "choose another one with --port."
            ) from error


def free_port():
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
