"""Odoo's configuration and command line."""

import configparser
import os
import socket
import tempfile
import time
import urllib.request
from dataclasses import dataclass

from .odoo_source import OdooTree
from .places import DEV, LOGS, ROOT
from .postgres import Postgres
from .programs import FOLDER as PROGRAMS
from .python_env import Environment
from .terminal import Problem, run_logged

HOST = "127.0.0.1"
CONFIGURATION = DEV / "odoo.conf"
DATA = DEV / "data"


@dataclass
class Odoo:
    """An Odoo that is ready to be started."""

    tree: OdooTree
    environment: Environment
    postgres: Postgres

    def configure(self):
        """Write the configuration that every start below shares."""
        from_pip = self.environment.packages / "odoo" / "addons"
        folders = [*self.tree.addons_paths(), ROOT]
        if from_pip.is_dir():
            folders.append(from_pip)
        configuration = configparser.RawConfigParser()
        configuration["options"] = {
            "addons_path": ",".join(map(str, folders)),
            "bin_path": PROGRAMS,
            "data_dir": DATA,
            "db_host": self.postgres.variables.get("PGHOST", ""),
            "db_user": self.postgres.variables.get("PGUSER", ""),
            "http_interface": HOST,
            "list_db": False,
            "pg_path": self.postgres.programs,
            "screenshots": DEV / "screenshots",
        }
        with CONFIGURATION.open("w") as file:
            configuration.write(file)

    def command(self, *arguments):
        """The command line of Odoo with ``arguments``."""
        name, *options = arguments
        return [
            *(self.environment.python, "-m", "odoo", name, "-c", CONFIGURATION),
            *options,
        ]

    @property
    def variables(self):
        """The process environment for Odoo and what runs it."""
        path = os.pathsep.join((str(PROGRAMS), os.environ["PATH"]))
        return {**os.environ, **self.postgres.variables, "PATH": path}

    def run(self, log_name, *arguments, **options):
        """Run Odoo to its end; what it says goes to a log."""
        run_logged(
            self.command(*arguments),
            LOGS / f"{log_name}.log",
            env=self.variables,
            cwd=ROOT,
            **options,
        )

    def run_script(self, log_name, database, code):
        """Run ``code`` in Odoo's shell."""
        with tempfile.TemporaryFile("w+") as script:
            script.write(code)
            script.seek(0)
            self.run(log_name, "shell", "-d", database, "--no-http", stdin=script)


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


def wait_until_healthy(process, url, seconds=60):
    """Wait until the server answers, or say that it never will."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Problem(f"Odoo ended with status {process.returncode} at its start.")
        try:
            with urllib.request.urlopen(f"{url}/web/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise Problem(f"Odoo does not answer at {url} after {seconds} s.")
