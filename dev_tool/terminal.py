"""What the person at the terminal sees: steps with their time, problems in words."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from .places import ROOT


class Problem(Exception):
    """Something the reader can act on, told without a traceback."""


@contextmanager
def step(title):
    """Print ``title`` while the block runs, and how long it took."""
    started = time.monotonic()
    done = threading.Event()
    print(f"  {title} ...", end="", flush=True)
    ticker = threading.Thread(target=_tick, args=(title, started, done))
    if sys.stdout.isatty():
        ticker.start()
    try:
        yield
        outcome = "done in"
    except BaseException:
        outcome = "stopped after"
        raise
    finally:
        done.set()
        if ticker.ident:
            ticker.join()
            print(f"\r  {title} ...", end="")
        print(f" {outcome} {time.monotonic() - started:.1f} s", flush=True)


def _tick(title, started, done):
    """Show the seconds passing, so that a long step does not look stuck."""
    while not done.wait(1):
        seconds = time.monotonic() - started
        print(f"\r  {title} ... {seconds:.0f} s ", end="", flush=True)


def run_logged(command, log, stdin=subprocess.DEVNULL, **options):
    """Run ``command`` with its output in ``log``; its last lines explain a failure."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        status = subprocess.run(
            [str(part) for part in command],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options,
        ).returncode
    if status:
        tail = "\n    ".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Problem(
            f"{log.stem} failed with status {status}. The end of {log}:\n    {tail}"
        )


@contextmanager
def running_in_foreground(command, variables, stdout=None):
    """A program that answers Ctrl-C itself, and that has ended when the block has."""
    program = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=stdout)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield program
    finally:
        if program.poll() is None:
            program.send_signal(signal.SIGINT)
            program.wait()
