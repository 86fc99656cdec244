"""Everybody works on the CRM at once, while workers, connections and database die.

``SOAK_SECONDS`` is how long, and ``SOAK_SEED`` what chance begins with; see
``soak/README.md``.
"""

import os
from collections import Counter

import pytest
from faults import find_unexplained
from odoo_log import find_unexpected
from soak import soak

SECONDS = int(os.environ.get("SOAK_SECONDS", "0"))
SEED = int(os.environ.get("SOAK_SEED", "19"))
FAULTS = {"killed a worker", "cut connections", "crashed PostgreSQL"}


@pytest.mark.skipif(
    "SOAK_SECONDS" not in os.environ,
    reason="takes minutes, and both cores: set SOAK_SECONDS to run it",
)
def test_nothing_is_lost_doubled_or_torn_whatever_fails(tmp_path):
    result = soak(os.environ["UNOPENED_DATABASE"], tmp_path, SECONDS, SEED)
    _tell(result)
    # All at once: it takes a quarter of an hour to hear of the next.
    broken = result.audit.returncode and result.audit.stdout + result.audit.stderr
    failed = find_unexplained(result.calls, result.faults)
    logged = find_unexpected(result.log, result.faults)
    _tell_problems(failed, logged)
    assert not (broken or failed or logged)
    assert {fault.kind for fault in result.faults} >= FAULTS
    # Those who only ever heard of failures would have tested nothing.
    done = sum(call.is_done for call in result.calls)
    assert done > len(result.calls) / 3


def _tell_problems(failed, logged):
    for call in failed:
        print(f"FAILED {call.kind} {call.began}: {call.detail}")
    for text in logged:
        print(f"LOGGED {text}")


def _tell(result):
    """Print the numbers: pytest shows them with ``-s``, or when the test fails."""
    faults = Counter(fault.kind for fault in result.faults)
    print(f"\nSeed {SEED}, {SECONDS} s: {len(result.calls)} calls, {dict(faults)},")
    print(f"{result.mails} mails")
    for (kind, outcome), count in sorted(result.count_calls().items()):
        print(f"{kind.ljust(24)} {outcome.ljust(8)} {count:6}")
    print(result.audit.stdout)
