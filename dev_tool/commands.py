"""The command line: what each command does, in order."""

import argparse
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress

from . import linters, odoo_source, programs, python_env
from .databases import BENCHMARK as PEERS
from .databases import Databases, check_name
from .odoo import CONFIGURATION, ENVIRONMENT, Odoo
from .places import DEV, LOGS, setup_lock
from .postgres import Postgres
from .pytest_run import get_runs, start, wait_for
from .python_env import Environment
from .server import check_port, free_port, serving
from .terminal import Problem, running_in_foreground, step

LINTERS = Environment("lint", ("requirements-lint.txt",))


def main():
    """Run the command that the command line names."""
    arguments, rest = _parser().parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(arguments.command(arguments, rest))
    except Problem as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next run goes on from here.")


def _parser():
    parser = argparse.ArgumentParser(prog="dev", description="Develop these addons.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command, description):
        name = command.__name__
        added = commands.add_parser(name, help=description, description=description)
        added.set_defaults(command=command)
        return added

    database = {"default": "billinator", "help": "its name (%(default)s)"}
    serve = add(run, "Serve the addons, with all it takes set up first.")
    serve.add_argument("--port", type=int, default=8069, help="(%(default)s)")
    serve.add_argument("--database", **database)
    serve.add_argument("--no-demo", action="store_true", help="make an empty company")
    serve.add_argument("--workers", type=int, default=0, help="processes (%(default)s)")
    add(test, "Run the tests; further arguments go to pytest.")
    measure = add(bench, "Measure the same work on this addon and on Odoo's own.")
    measure.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[1_000, 100_000],
        help="numbers of deals, comma-separated (1000,100000)",
    )
    add(lint, "Check the code: ruff, pylint-odoo and OCA's module checks.")
    add(shell, "Odoo's shell on a database.").add_argument("--database", **database)
    remove = add(reset, "Stop what was started and delete all that was set up.")
    remove.add_argument("--database", help="drop this one database instead")
    return parser


def run(arguments, rest):
    """Serve one database until Ctrl-C."""
    _refuse(rest)
    check_port(arguments.port)
    with setup_lock():
        odoo = _set_up()
        Databases(odoo).provide(arguments.database, demo=not arguments.no_demo)
    workers = f"--workers={arguments.workers}"
    with serving(odoo, arguments.database, arguments.port, workers) as server:
        login = "login admin, password admin"
        print(f"\n{server.url}   {login}   (Ctrl-C stops)\n", flush=True)
        with suppress(KeyboardInterrupt):
            return server.process.wait()


def test(arguments, rest):
    """Run pytest on fresh copies of a database with the addons."""
    programs.check_browser()
    with ExitStack() as stack:
        with setup_lock():
            databases = Databases(_set_up())
            programs.check_pdf_printer()
            databases.drop_abandoned_copies()
            started = start(get_runs(rest), databases, rest, stack)
        status = wait_for(started, rest)
    with setup_lock():
        databases.drop_abandoned_copies()
    return status


def bench(arguments, rest):
    """Measure in a database of each size, and write the table of the results."""
    programs.check_browser()
    with setup_lock():
        odoo = _set_up()
        databases = Databases(odoo)
        names = {size: databases.for_benchmark(size) for size in arguments.sizes}
    results = [_measure(odoo, name, rest) for name in names.values()]
    report = [ENVIRONMENT.python, PEERS / "report.py", *results]
    return subprocess.run(report, env=odoo.variables).returncode


def _measure(odoo, database, rest):
    """Run the benchmark on one database; return the file of its results."""
    results = LOGS / f"{database}.json"
    quiet = ("--max-cron-threads=0", "--log-level=warn")
    with serving(odoo, database, free_port(), *quiet) as server:
        command = [ENVIRONMENT.python, PEERS / "run.py", database, server.url]
        command += ["-c", CONFIGURATION, "-o", results, *rest]
        with running_in_foreground(command, odoo.variables) as program:
            if program.wait():
                raise Problem("The benchmark stopped.")
    return results


def lint(arguments, rest):
    """Run every linter, also after one has found something."""
    _refuse(rest)
    python_env.check_python()
    with setup_lock("lint"):
        LINTERS.provide()
    return linters.check(LINTERS)


def shell(arguments, rest):
    """Odoo's own shell."""
    with setup_lock():
        odoo = _set_up()
        Databases(odoo).provide(arguments.database, demo=True)
    command = odoo.command("shell", "-d", arguments.database, "--no-http", *rest)
    with running_in_foreground(command, odoo.variables) as program:
        return program.wait()


def reset(arguments, rest):
    """Delete one database, or everything."""
    _refuse(rest)
    if arguments.database:
        check_name(arguments.database)
    with setup_lock(), setup_lock("lint"):
        if arguments.database:
            Databases(_set_up()).drop(arguments.database)
            return
        with step("Deleting all that was set up"):
            Postgres(ENVIRONMENT.packages).remove()
            shutil.rmtree(DEV)


def _set_up():
    """An Odoo that can be started."""
    python_env.check_python()
    tree = odoo_source.provide()
    ENVIRONMENT.provide()
    ENVIRONMENT.make_importable(tree.root)
    programs.provide_pdf_printer(ENVIRONMENT)
    odoo = Odoo.as_set_up()
    odoo.postgres.provide()
    odoo.configure()
    return odoo


def _refuse(arguments):
    """Only pytest and the shell take arguments this tool does not know."""
    if arguments:
        raise Problem(f"Unknown arguments: {' '.join(arguments)}")
