"""No unexpected warning or error in Odoo's log: in a file, or during a test.

As a pytest plugin it fails the test during which the line was logged. Lines that a test
expects never get here: it catches them with ``assertLogs`` or ``mute_logger``.

A test that is skipped without a mark fails, too: Odoo skips its tours, whatever they
have logged, when the browser does not start.
"""

import logging
import re

import pytest

# What is expected everywhere, each with its reason.
EXPECTED = (
    # Odoo 20 will be without XML-RPC; until then its clients are tested too.
    r"The /xmlrpc, /xmlrpc/2 and /jsonrpc endpoints are deprecated",
)
# Those that skip a test which is not to run, or has no parameters.
MARKS = {"skip", "skipif"}
LINE = re.compile(r"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) ")


def check_file(log, also_expected=()):
    """Fail for a warning or an error in a log file."""
    lines = log.read_text(errors="replace").splitlines()
    _fail_for(
        line
        for line in lines
        if LINE.match(line) and not _is_expected(line, also_expected)
    )


def _fail_for(lines):
    text = "\n".join(lines)
    if text:
        pytest.fail(f"Unexpected in the log:\n{text}", pytrace=False)


def _is_expected(line, also_expected=()):
    return any(re.search(pattern, line) for pattern in (*EXPECTED, *also_expected))


class _Collector(logging.Handler):
    """Keeps the unexpected lines until somebody asks."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self._lines = []

    def emit(self, record):
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if not _is_expected(line):
            self._lines.append(line)

    def take(self):
        """The lines since last asked."""
        lines, self._lines = self._lines, []
        return lines


_collector = _Collector()


def pytest_sessionstart():
    logging.getLogger().addHandler(_collector)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Include what was logged while the test's class was set up."""
    result = yield
    _fail_for(_collector.take())
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    report = yield
    if report.skipped and MARKS.isdisjoint(report.keywords):
        _path, _line, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Not to be skipped. {reason}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """What came after the last test belongs to none, and still fails the run."""
    if lines := _collector.take():
        print("\nUnexpected in the log after the last test:", *lines, sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
