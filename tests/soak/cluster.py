"""A PostgreSQL server of the soak's own, which may crash without harm to others."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from dev_tool.databases import FILESTORES, link_files
from dev_tool.odoo import Odoo
from dev_tool.postgres import SETTINGS, Postgres


class Cluster(Postgres):
    """A server in a folder for temporary files."""

    # What it has answered as committed survives a crash, and it cleans up as others do.
    settings = {
        **SETTINGS,
        "synchronous_commit": "on",
        "autovacuum_naptime": "1min",
    }

    def __init__(self, packages):
        super().__init__(packages)
        self.is_ours = True

    def provide(self):
        self._copy_programs()
        self._create_cluster()
        self._start()

    def crash(self):
        """End the server at once; the next start recovers from its log."""
        self._run_as_owner("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def restart(self):
        self._start()

    def _home(self):
        return Path(tempfile.gettempdir()) / f"billinator-soak-{os.getpid()}"

    def copy_from(self, source, database, target):
        """Copy a database of another server to this one."""
        dump = subprocess.Popen(
            [source.programs / "pg_dump", "--no-owner", database],
            env={**os.environ, **source.variables},
            stdout=subprocess.PIPE,
        )
        with dump:
            self.client("createdb", target)
            subprocess.run(
                [self.programs / "psql", "-qXo", os.devnull, target],
                env={**os.environ, **self.variables},
                stdin=dump.stdout,
                check=True,
            )


@contextmanager
def own_odoo(database, target):
    """An Odoo on a server of its own, with a copy of a database; gone at the end."""
    shared = Odoo.as_set_up()
    cluster = Cluster(shared.postgres.packages)
    try:
        cluster.provide()
        cluster.copy_from(shared.postgres, database, target)
        odoo = Odoo(shared.tree, cluster)
        link_files(database, target)
        yield odoo
    finally:
        cluster.remove()
        shutil.rmtree(FILESTORES / target, ignore_errors=True)
