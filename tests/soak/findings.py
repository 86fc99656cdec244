"""What came of a check, and how it is told."""

from dataclasses import dataclass, field

SHOWN_BREACHES = 20


@dataclass
class Finding:
    """An invariant, how many things it was checked on, and what breaks it."""

    name: str
    count: int = 0
    breaches: list = field(default_factory=list)


class Checks:
    """Checks by the invariant that each is about."""

    def get_checks(self):
        """Return functions that fill in a ``Finding``, by its name."""
        raise NotImplementedError

    def check(self, name):
        """Return the finding of one check."""
        finding = Finding(name)
        self.get_checks()[name](finding)
        return finding

    def run(self):
        """Return the findings of all."""
        return [self.check(name) for name in self.get_checks()]


def report(findings):
    """Print a line for each invariant, and what breaks it.

    :return: 1 if something does, else 0
    """
    for finding in findings:
        verdict = f"BROKEN {len(finding.breaches)} times" if finding.breaches else "ok"
        print(f"{verdict.ljust(8)} {finding.name} ({finding.count:,})")
        for breach in finding.breaches[:SHOWN_BREACHES]:
            print(f"         {breach}")
    return 1 if any(finding.breaches for finding in findings) else 0
