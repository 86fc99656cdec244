"""A pytest plugin that fails a test during which Odoo logged a warning or an error."""

import logging
import re

import pytest

# What is expected, with the reason.
EXPECTED = ()


class _Collector(logging.Handler):
    """Keeps the records that nobody expected."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if not any(re.search(pattern, line) for pattern in EXPECTED):
            self.lines.append(line)

    def take(self):
        """The lines since last asked."""
        lines, self.lines = self.lines, []
        return lines


_collector = _Collector()


def pytest_sessionstart():
    logging.getLogger().addHandler(_collector)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Include what was logged while the test's class was set up."""
    result = yield
    if lines := _collector.take():
        pytest.fail("Unexpected in the log:\n" + "\n".join(lines), pytrace=False)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """What came after the last test belongs to none, and still fails the run."""
    if lines := _collector.take():
        print("\nUnexpected in the log after the last test:", *lines, sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
