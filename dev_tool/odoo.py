"""Odoo's configuration and command line."""

import configparser
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source
from .odoo_source import OdooTree
from .places import DEV, LOGS, ROOT
from .postgres import Postgres
from .programs import FOLDER as PROGRAMS
from .python_env import Environment
from .terminal import run_logged

ENVIRONMENT = Environment("venv", ("requirements.txt", "requirements-test.txt"))
HOST = "127.0.0.1"
CONFIGURATION = DEV / "odoo.conf"
LAUNCHER = PROGRAMS / "odoo"
DATA = DEV / "data"
# With workers Odoo starts itself once more, by the path it was started from; this is a
# program for which that works, as it does not for ``python -m odoo``.
PROGRAM = "import odoo.cli\n\nodoo.cli.main()\n"


@dataclass
class Odoo:
    """An Odoo that is ready to be started."""

    tree: OdooTree
    postgres: Postgres
    program: Path = LAUNCHER

    @classmethod
    def as_set_up(cls):
        """The Odoo that an earlier step has set up."""
        return cls(odoo_source.provide(), Postgres(ENVIRONMENT.packages))

    def configure(self):
        """Write the program and the configuration that every start shares."""
        PROGRAMS.mkdir(exist_ok=True)
        LAUNCHER.write_text(f"#!{ENVIRONMENT.python}\n{PROGRAM}")
        LAUNCHER.chmod(0o755)
        from_pip = ENVIRONMENT.packages / "odoo" / "addons"
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
        """The command line of Odoo with ``arguments``; a subcommand comes first."""
        subcommand = [] if arguments[0].startswith("-") else [arguments[0]]
        options = arguments[len(subcommand) :]
        return [
            ENVIRONMENT.python,
            self.program,
            *subcommand,
            "-c",
            CONFIGURATION,
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

    def run_python(self, log_name, script, *arguments):
        """Run a Python script of ours, which gets Odoo's configuration with ``-c``."""
        run_logged(
            [ENVIRONMENT.python, script, *arguments, "-c", CONFIGURATION],
            LOGS / f"{log_name}.log",
            env=self.variables,
            cwd=ROOT,
        )
