"""What Odoo logs during a soak, and what of it nothing explains."""

import re
from datetime import datetime, timezone
from typing import NamedTuple

from server_log import SOAK_FAULT_LOG, SOAK_LOG

from dev_tool.log_check import EXPECTED

# A connection that was idle when it was cut is missed at its next use.
NOTICED_SECONDS = 60
RECORD = re.compile(r"(?m)^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ [A-Z]+ )")
LEVELS = re.compile(r"\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) ")


class Record(NamedTuple):
    """A record of the log, with all its lines."""

    text: str

    @property
    def time(self):
        """When it was logged, as of ``time.time``."""
        moment = datetime.strptime(self.text[:23], "%Y-%m-%d %H:%M:%S,%f")
        return moment.replace(tzinfo=timezone.utc).timestamp()

    def matches(self, *patterns):
        return any(re.search(pattern, self.text, re.DOTALL) for pattern in patterns)


def find_unexpected(log, faults):
    """Return the warnings and errors that neither a rule nor a fault explains."""
    records = map(Record, RECORD.split(log.read_text(errors="replace")))
    return [
        record.text
        for record in records
        if LEVELS.match(record.text)
        and not record.matches(*EXPECTED, *SOAK_LOG)
        and not (
            record.matches(*SOAK_FAULT_LOG)
            and any(
                fault.explains(record.time - NOTICED_SECONDS, record.time)
                for fault in faults
            )
        )
    ]
