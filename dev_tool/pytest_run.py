"""Runs of pytest, each on a database of its own, so that several can go on at once."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from .databases import Databases
from .odoo import CONFIGURATION, ENVIRONMENT
from .places import LOGS, ROOT, core_addons
from .terminal import Problem, running_in_foreground

PASSED, NO_TESTS = 0, 5
# They keep two cores busy; with more of them, what a test waits for comes too late.
AT_ONCE = 5
# The addons whose tests need more of Odoo, which changes what the others see; and what
# makes their databases.
SOURCES = {
    ROOT / "billinator_crm_migration": Databases.with_migration,
    ROOT / "billinator_crm_website": Databases.with_website,
}
# Of the tests beside the addons, the one with test cases of Odoo's; these end every
# process that the others started: their servers.
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
    """A process of pytest, and the database that ``provide`` gives it."""

    name: str
    paths: list
    provide: Callable

    @property
    def output(self):
        """The file for what it prints while others run."""
        return LOGS / f"pytest_{self.name}.txt"

    def _start(self, options, variables, stdout):
        command = (ENVIRONMENT.python, "-m", "pytest", "-p", "dev_tool.log_check")
        command = [*command, *options, *self.paths]
        return running_in_foreground(command, variables, stdout)


@dataclass
class OdooTests(PytestRun):
    """Tests of Odoo's own kind, in a copy of the database."""

    provide: Callable = Databases.with_company

    @contextmanager
    def running(self, databases, options, stdout=None):
        """Give its process; that has ended, and the copy is gone, at the end."""
        database = f"billinator_test_{os.getpid()}_{self.name}"
        log = LOGS / f"test_{self.name}.log"
        log.unlink(missing_ok=True)
        settings = (
            *(f"--odoo-config={CONFIGURATION}", f"--odoo-database={database}"),
            *("--odoo-http", "--odoo-log-level=info", f"--odoo-extra=logfile={log}"),
            # They use unittest's assertions, which tell what they saw themselves.
            "--assert=plain",
        )
        try:
            databases.copy(self.provide(databases), database)
            variables = databases.odoo.variables
            with self._start((*settings, *options), variables, stdout) as process:
                yield process
        finally:
            databases.drop(database)


@dataclass
class BlackBoxTests(PytestRun):
    """Tests that start servers and other programs, and copy the database for them."""

    provide: Callable = Databases.prepared

    @contextmanager
    def running(self, databases, options, stdout=None):
        """Give its process; that has ended at the end."""
        source = {"UNOPENED_DATABASE": self.provide(databases)}
        variables = {**databases.odoo.variables, **source}
        settings = ("-p", "no:odoo", *_ignoring([AUDIT]))
        with self._start((*settings, *options), variables, stdout) as process:
            yield process


def get_runs(options):
    """Return the runs for what pytest is asked to do.

    The first one works while databases are prepared for the others. Those that wait
    for a browser or for other processes come early, so that there is always one that
    has work for a core; those whose databases take long come last.
    """
    chosen = [path for path in map(_get_path, options) if path.exists()]
    if chosen:
        return [_get_chosen_run(chosen)]
    crm, *others = (addon.name for addon in core_addons())
    core = [crm, AUDIT, *_ignoring([*BROWSER, *DEALS, *QUOTES])]
    return [
        BlackBoxTests("install", [INSTALL], Databases.with_dependencies),
        OdooTests("browser", [*BROWSER]),
        OdooTests("crm", core),
        OdooTests("quotes", [*QUOTES]),
        BlackBoxTests("serving", [*SERVING]),
        BlackBoxTests("blackbox", ["tests", *_ignoring([INSTALL, *SERVING])]),
        OdooTests("addons", [*others, *DEALS]),
        *(
            OdooTests(folder.name.removeprefix(f"{crm}_"), [folder.name], provide)
            for folder, provide in SOURCES.items()
        ),
    ]


def _get_path(option):
    return ROOT / option.partition("::")[0]


def _get_chosen_run(paths):
    black_box = [path for path in paths if _is_black_box(path)]
    if not black_box:
        return OdooTests("chosen", [], _provider(paths))
    if black_box == paths:
        return BlackBoxTests("chosen", [])
    raise Problem(
        "Test cases of Odoo's end all processes that other tests have started: run the "
        "addons' tests and the black-box tests one after the other."
    )


def _is_black_box(path):
    return ROOT / "tests" in (path, *path.parents) and path != ROOT / AUDIT


def _provider(paths):
    """Which databases the tests need that are in ``paths``."""
    folders = {folder for path in paths for folder in (path, *path.parents)}
    return next(
        (SOURCES[folder] for folder in SOURCES if folder in folders),
        Databases.with_company,
    )


def _ignoring(paths):
    return [f"--ignore={path}" for path in paths]


def start(runs, databases, options, stack):
    """Start each run once its database is there and others have made room.

    ``stack`` ends what is left of them.

    :return: pairs of a process and the open file of its output; a single one has the
        terminal, and None
    """
    if len(runs) == 1:
        return [(stack.enter_context(runs[0].running(databases, options)), None)]
    started = []
    for run in runs:
        while sum(process.poll() is None for process, _output in started) >= AT_ONCE:
            time.sleep(1)
        output = stack.enter_context(run.output.open("w+"))
        process = stack.enter_context(run.running(databases, options, output))
        started.append((process, output))
    return started


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
