"""Starts Odoo again when it ends, as a system's service manager does.

Odoo's main process ends when it has a worker to replace while the database is down.
"""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress

from faults import Fault

from dev_tool.terminal import Problem

PAUSE = 0.2


class Supervisor:
    """Watches over the process of a server."""

    def __init__(self, server, variables):
        """``variables`` are the environment that the server is started with."""
        self._server = server
        self._variables = variables
        self._over = threading.Event()
        self.faults = []

    def run(self):
        """Go on until ``stop``; the server is up then."""
        is_over = False
        while not is_over:
            is_over = self._over.wait(PAUSE)
            if self._server.process.poll() is not None:
                began = time.time()
                self._start_again()
                self.faults.append(Fault("started Odoo again", began, time.time()))

    def stop(self):
        self._over.set()

    def _start_again(self):
        command = self._server.process.args
        while True:
            # Workers without their main process keep its port for a while.
            with suppress(ProcessLookupError):
                os.killpg(self._server.process.pid, signal.SIGKILL)
            self._server.process = subprocess.Popen(
                command, env=self._variables, start_new_session=True
            )
            with suppress(Problem):
                self._server.wait_until_healthy()
                return
