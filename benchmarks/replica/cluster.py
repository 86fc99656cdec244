"""PostgreSQL servers in a temporary folder: a primary, and its standbys."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

SUPERUSER, USER = "postgres", "odoo"
SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "512MB",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",
    # BEGIN and COMMIT are no statements that anybody wants counted.
    "pg_stat_statements.track_utility": "off",
    "pg_stat_statements.max": "10000",
    # A query on the standby is not cancelled because its rows are vacuumed away.
    "hot_standby_feedback": "on",
}
COUNT = """
    SELECT query, sum(calls)::int FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid JOIN pg_roles ON pg_roles.oid = userid
    WHERE datname = %s AND rolname = %s GROUP BY query
"""


@dataclass
class Cluster:
    """A server in a folder of its own, which has its socket and its log too.

    :param owner: the options of ``subprocess.run`` for the user it runs as
    """

    programs: Path
    folder: Path
    owner: dict

    @property
    def host(self):
        return str(self.folder)

    def create(self):
        """Create an empty primary, start it, and give Odoo its user."""
        self._make_folder()
        self._run(
            *("initdb", "-D", self._data, "-U", SUPERUSER, "-A", "trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        self.start()
        self.execute("CREATE EXTENSION pg_stat_statements")
        self.execute(f"CREATE ROLE {USER} LOGIN CREATEDB")

    def follow(self, primary):
        """Become the standby of ``primary``, by a slot of its own, and start."""
        self._make_folder()
        self._run(
            *("pg_basebackup", "-h", primary.host, "-U", SUPERUSER, "-D", self._data),
            *("--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf"),
            *("--create-slot", f"--slot={self.folder.name}"),
        )
        self.start()

    def start(self):
        settings = {**SETTINGS, "unix_socket_directories": f"'{self.folder}'"}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self.folder / "server.log"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self):
        if self.is_running:
            self._run("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")

    def configure(self, **settings):
        """Change settings of the running server; ``None`` gives one up."""
        for name, value in settings.items():
            change = "RESET {0}" if value is None else "SET {0} = '{1}'"
            self.execute(f"ALTER SYSTEM {change.format(name, value)}")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement, values=(), database="postgres"):
        """Run a statement as superuser, in a transaction of its own."""
        connection = psycopg2.connect(host=self.host, user=SUPERUSER, dbname=database)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def forget_statements(self):
        self.execute("SELECT pg_stat_statements_reset()")

    def count_statements(self, database):
        """Return how often Odoo ran each statement since the last forgetting."""
        return dict(self.execute(COUNT, (database, USER)))

    @property
    def is_running(self):
        return (self._data / "postmaster.pid").exists()

    @property
    def pid(self):
        return int((self._data / "postmaster.pid").read_text().split("\n")[0])

    @property
    def _data(self):
        return self.folder / "data"

    def _make_folder(self):
        self.folder.mkdir()
        os.chown(self.folder, self.owner.get("user", -1), -1)

    def _run(self, program, *arguments):
        subprocess.run(
            [self.programs / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self.owner,
        )


def get_cpu_seconds(pid):
    """Return what a process and all that it started have used so far."""
    seconds = 0.0
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            used = one.cpu_times()
            seconds += used.user + used.system
            seconds += used.children_user + used.children_system
    return seconds
