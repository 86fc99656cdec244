"""A database with years of sales on a primary, its standbys, and servers of it."""

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster import USER, Cluster

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks" / "dashboard")]

from clients import Rest, WebClient  # noqa: E402
from generate import generate  # noqa: E402
from readings import prepare  # noqa: E402

from odoo import api  # noqa: E402
from odoo.modules.registry import Registry  # noqa: E402
from odoo.tools import config  # noqa: E402

from dev_tool.databases import FILESTORES, Databases  # noqa: E402
from dev_tool.odoo import CONFIGURATION, Odoo  # noqa: E402
from dev_tool.postgres import get_owner  # noqa: E402
from dev_tool.server import Server, free_port, serving  # noqa: E402

DATABASE = "replicated"
LOGIN = "admin"
OPEN_SHARE = 0.04
STANDBYS = 2
# Has libpq open each connection to any of several hosts, not to the first one.
os.environ["PGLOADBALANCEHOSTS"] = "random"


@dataclass
class Scene:
    """Where everything is."""

    odoo: Odoo
    folder: Path
    primary: Cluster
    standbys: list[Cluster]

    @property
    def standby(self):
        """The only one, where one is enough."""
        return self.standbys[0]

    @contextmanager
    def serve(self, workers, replicas, *options):
        """Run an Odoo that reads from some standbys, and give an ``Opened`` of it."""
        hosts = ",".join(standby.host for standby in self.standbys[:replicas])
        replica = [f"--db_replica_host={hosts}"] if replicas else []
        log = self.folder / f"odoo-{free_port()}.log"
        with serving(
            self.odoo,
            *(DATABASE, free_port(), *self.get_options(), *replica, *options),
            *(f"--workers={workers}", "--max-cron-threads=0", f"--logfile={log}"),
        ) as server:
            yield Opened(server, log)

    def get_options(self):
        return [
            f"--db_host={self.primary.host}",
            f"--db_user={USER}",
            f"--data-dir={self.folder / 'files'}",
        ]


class Opened:
    """A server with its clients."""

    def __init__(self, server: Server, log: Path):
        self.server = server
        self.log = log
        self.url = server.url
        self.database = server.database
        self.web = WebClient(self, LOGIN, LOGIN)
        self.key = self.web.create_api_key()
        self.api = Rest(self, self.key)


@contextmanager
def prepared_scene(deals):
    """Make it all in a temporary folder, and remove it at the end."""
    odoo = Odoo.as_set_up()
    source = Databases(odoo).prepared()
    owner = get_owner()
    with tempfile.TemporaryDirectory(prefix="replica-") as name, ExitStack() as ending:
        folder = Path(name)
        os.chown(folder, owner.get("user", -1), -1)
        primary, *standbys = clusters = [
            Cluster(odoo.postgres.programs, folder / name, owner)
            for name in ("primary", *(f"standby{n + 1}" for n in range(STANDBYS)))
        ]
        for cluster in clusters:
            ending.callback(cluster.stop)
        scene = Scene(odoo, folder, primary, standbys)
        primary.create()
        _copy(scene, source)
        _fill(scene, deals)
        for standby in standbys:
            standby.follow(primary)
        yield scene


def _copy(scene, source):
    """Copy a database of the developer's server, and its files."""
    postgres = scene.odoo.postgres
    dump = postgres.client("pg_dump", "--no-owner", source)
    scene.primary.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
    host = ("-h", scene.primary.host, "-U", USER)
    postgres.client("psql", *host, "-XqAtd", DATABASE, input=dump)
    files = scene.folder / "files" / "filestore" / DATABASE
    shutil.copytree(FILESTORES / source, files)


def _fill(scene, deals):
    config.parse_config(["-c", str(CONFIGURATION), *scene.get_options()])
    with Registry(DATABASE).cursor() as cr:
        generate(api.Environment(cr, api.SUPERUSER_ID, {}), deals, OPEN_SHARE)
    with scene.serve(0, 0) as opened:
        prepare(opened.web)
