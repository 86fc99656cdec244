"""Runs of pytest, each on databases of its own, so that several can go on at once."""

import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from .databases import Databases
from .odoo import CONFIGURATION, ENVIRONMENT
from .places import LOGS, ROOT, core_addons
from .terminal import running_in_foreground

PASSED, NO_TESTS = 0, 5
# The addons whose tests need more of Odoo, which changes what the others see; and what
# makes their databases.
SOURCES = {
    ROOT / "billinator_crm_migration": Databases.with_migration,
    ROOT / "billinator_crm_website": Databases.with_website,
}
# It has test cases of Odoo's, which end every process that the others started: their
# servers.
AUDIT = "tests/test_audit.py"
# It installs the addons itself.
INSTALL = "tests/test_install.py"


def _find(*names):
    """Return the paths of the core addon's tests whose names are like these."""
    folder = ROOT / "billinator_crm" / "tests"
    paths = [path for name in names for path in folder.glob(f"test_{name}.py")]
    return sorted(str(path.relative_to(ROOT)) for path in paths)


# They wait for the browser or for a PDF half of the time.
BROWSER = _find(
    *("attachment", "click_everywhere", "dashboard_tours", "portal", "quote_report"),
    *("tours", "xss"),
)
# Of the others, some that make the runs about as long as each other.
DEALS = _find("opportunity*")
QUOTES = [
    path
    for path in _find("conversion", "online_invoice", "quote*", "tax_*")
    if path not in BROWSER
]
# Black-box tests of what is installed beside what, and of what serves it. Of the
# servers that tests share, they start one alone that the others start, too.
SERVING = tuple(
    f"tests/test_{name}.py"
    for name in (
        *("dev_tool", "examples", "localizations", "readme", "replica", "rest"),
        *("rest_load", "rest_rights", "rest_threads", "server", "side_by_side"),
        *("upgrade", "webhooks", "wheel"),
    )
)


@dataclass
class PytestRun:
    """A process of pytest and its two databases, copies of what ``provide`` gives."""

    name: str
    paths: list
    provide: Callable = Databases.prepared

    @property
    def database(self):
        """The database that the tests of Odoo's own kind work in."""
        return f"billinator_test_{os.getpid()}_{self.name}"

    @property
    def unopened(self):
        """A database that is there to be copied."""
        return f"{self.database}_unopened"

    @property
    def output(self):
        """The file for what it prints while others run."""
        return LOGS / f"pytest_{self.name}.txt"

    @contextmanager
    def running(self, databases, options, stdout=None):
        """Give its process; that has ended, and its databases are gone, at the end."""
        copies = (self.database, self.unopened)
        try:
            source = self.provide(databases)
            for copy in copies:
                databases.copy(source, copy)
            with self._process(databases.odoo, options, stdout) as process:
                yield process
        finally:
            for copy in copies:
                databases.drop(copy)

    def _process(self, odoo, options, stdout):
        log = LOGS / f"test_{self.name}.log"
        log.unlink(missing_ok=True)
        command = [
            *(ENVIRONMENT.python, "-m", "pytest", "-p", "dev_tool.log_check"),
            *(f"--odoo-config={CONFIGURATION}", f"--odoo-database={self.database}"),
            *("--odoo-http", "--odoo-log-level=info", f"--odoo-extra=logfile={log}"),
            *options,
            *self.paths,
        ]
        variables = {**odoo.variables, "UNOPENED_DATABASE": self.unopened}
        return running_in_foreground(command, variables, stdout)


def get_runs(options):
    """Return the runs for what pytest is asked to do.

    Each of them waits for a browser or for other processes now and then, so that
    together they keep two cores busy. Those that need least come first: they work
    while databases are prepared for the others.
    """
    paths = [ROOT / one.partition("::")[0] for one in options]
    if any(path.exists() for path in paths):
        return [PytestRun("chosen", [], _provider(paths))]
    crm, *others = (addon.name for addon in core_addons())
    core = [crm, AUDIT, *_ignoring([*BROWSER, *DEALS, *QUOTES])]
    black_box = ["tests", *_ignoring([AUDIT, INSTALL, *SERVING])]
    return [
        PytestRun("install", [INSTALL], Databases.with_dependencies),
        PytestRun("blackbox", black_box),
        PytestRun("crm", core, Databases.with_company),
        PytestRun("quotes", [*QUOTES], Databases.with_company),
        PytestRun("browser", [*BROWSER], Databases.with_company),
        PytestRun("addons", [*others, *DEALS], Databases.with_company),
        *(
            PytestRun(folder.name.removeprefix(f"{crm}_"), [folder.name], provide)
            for folder, provide in SOURCES.items()
        ),
        # Some of them work on a copy of what the migration's database is a copy of.
        PytestRun("serving", [*SERVING]),
    ]


def _provider(paths):
    """Which databases the tests need that are in ``paths``."""
    folders = {folder for path in paths for folder in (path, *path.parents)}
    for folder in SOURCES.keys() & folders:
        return SOURCES[folder]
    if folders.intersection(core_addons()):
        return Databases.with_company
    return Databases.prepared


def _ignoring(paths):
    return [f"--ignore={path}" for path in paths]


def start(runs, databases, options, stack):
    """Start each run as soon as its databases are there; ``stack`` ends them.

    :return: pairs of a process and the open file of its output; a single one has the
        terminal, and None
    """
    if len(runs) == 1:
        return [(stack.enter_context(runs[0].running(databases, options)), None)]
    outputs = [stack.enter_context(run.output.open("w+")) for run in runs]
    return [
        (stack.enter_context(run.running(databases, options, output)), output)
        for run, output in zip(runs, outputs, strict=True)
    ]


def wait_for(started, options):
    """Print what each of the started ones has printed, once it has ended.

    :return: the exit status: the first one that is not fine, if any
    """
    statuses = []
    for process, output in started:
        statuses.append(process.wait())
        if output:
            output.seek(0)
            sys.stdout.write(output.read())
            sys.stdout.flush()
    return _sum_up(statuses, options)


def _sum_up(statuses, options):
    """A run may have found no test of those chosen, as long as another one has."""
    tested = [status for status in statuses if status != NO_TESTS]
    if not tested or (not options and len(tested) < len(statuses)):
        return NO_TESTS
    return next((status for status in tested if status != PASSED), PASSED)
