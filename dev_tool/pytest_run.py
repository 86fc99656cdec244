"""Runs of pytest, each on databases of its own, so that several can go on at once."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from .databases import Databases
from .odoo import CONFIGURATION, ENVIRONMENT
from .places import LOGS, ROOT, core_addons
from .terminal import running_in_foreground

PASSED, NO_TESTS = 0, 5
# The addon whose tests need Odoo's website, which changes what the others see.
WEBSITE = ROOT / "billinator_crm_website"
# It has test cases of Odoo's, which end every process that the others started: their
# servers.
AUDIT = "tests/test_audit.py"


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
# Half of the others, so that two of the runs are about as long.
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
        *("dev_tool", "examples", "install", "readme", "replica", "rest", "rest_load"),
        *("rest_rights", "rest_threads", "server", "side_by_side", "upgrade"),
        *("webhooks", "wheel"),
    )
)


@dataclass
class PytestRun:
    """A process of pytest and its two databases, with Odoo's website or without."""

    name: str
    paths: list
    databases: Databases
    has_website: bool = False

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
        """The file for what it prints while another run has the terminal."""
        return LOGS / f"pytest_{self.name}.txt"

    def create_databases(self):
        databases = self.databases
        source = databases.with_website() if self.has_website else databases.prepared()
        for copy in (self.database, self.unopened):
            databases.copy(source, copy)

    def drop_databases(self):
        for copy in (self.database, self.unopened):
            self.databases.drop(copy)

    def start(self, options, stdout=None):
        """Give a context in which the process runs."""
        log = LOGS / f"test_{self.name}.log"
        log.unlink(missing_ok=True)
        odoo = self.databases.odoo
        command = [
            *(ENVIRONMENT.python, "-m", "pytest", "-p", "dev_tool.log_check"),
            *(f"--odoo-config={CONFIGURATION}", f"--odoo-database={self.database}"),
            *("--odoo-http", "--odoo-log-level=info", f"--odoo-extra=logfile={log}"),
            *options,
            *self.paths,
        ]
        variables = {**odoo.variables, "UNOPENED_DATABASE": self.unopened}
        return running_in_foreground(command, variables, stdout)


def get_runs(databases, options):
    """Return the runs for what pytest is asked to do.

    Each of them waits for a browser or for other processes now and then, so that
    together they keep two cores busy.
    """
    paths = [ROOT / one.partition("::")[0] for one in options]
    if any(path.exists() for path in paths):
        has_website = any(WEBSITE in (path, *path.parents) for path in paths)
        return [PytestRun("chosen", [], databases, has_website)]
    crm, *others = (addon.name for addon in core_addons())
    return [
        PytestRun("crm", [crm, AUDIT, *_ignoring([*BROWSER, *QUOTES])], databases),
        PytestRun("quotes", [*QUOTES], databases),
        PytestRun("browser", [*BROWSER], databases),
        PytestRun("addons", [*others], databases),
        PytestRun("blackbox", ["tests", *_ignoring([AUDIT, *SERVING])], databases),
        PytestRun("serving", [*SERVING], databases),
        PytestRun("website", [WEBSITE.name], databases, has_website=True),
    ]


def _ignoring(paths):
    return [f"--ignore={path}" for path in paths]


def run_side_by_side(runs, options):
    """Run all of them; what the others print follows what the first one prints.

    :return: the exit status: the first one that is not fine, if any
    """
    shown, *aside = runs
    with ExitStack() as stack:
        outputs = [stack.enter_context(run.output.open("w+")) for run in aside]
        processes = [
            stack.enter_context(run.start(options, output))
            for run, output in zip([shown, *aside], [None, *outputs], strict=True)
        ]
        statuses = []
        for process, output in zip(processes, [None, *outputs], strict=True):
            statuses.append(process.wait())
            if output:
                output.seek(0)
                sys.stdout.write(output.read())
    return _sum_up(statuses, options)


def _sum_up(statuses, options):
    """A run may have found no test of those chosen, as long as another one has."""
    tested = [status for status in statuses if status != NO_TESTS]
    if not tested or (not options and len(tested) < len(statuses)):
        return NO_TESTS
    return next((status for status in tested if status != PASSED), PASSED)
