"""Writes the results of some sizes, and of which machine, into benchmarks/README.md.

Usage: python report.py RESULTS.json ...
"""

import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
START, END = "<!-- results: ./dev bench -->", "<!-- end of results -->"


def main():
    """Replace what is between the marks."""
    results = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    text = README.read_text()
    before, rest = text.split(START)
    _old, after = rest.split(END)
    tables = "\n".join(map(format_table, results))
    README.write_text(
        f"{before}{START}\n\n{describe_machine(results[0])}\n{tables}\n{END}{after}"
    )
    print(tables)


def describe_machine(result):
    """Return a sentence on what the numbers come from."""
    return (
        f"{date.today():%d %B %Y}: {os.cpu_count()} cores of {get_cpu()}, "
        f"{get_memory():.0f} GB of memory, {platform.system()} {platform.release()}, "
        f"PostgreSQL {result['postgresql']}, Python {platform.python_version()}, "
        f"commit {get_commit()}.\n"
    )


def get_cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def get_memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def get_commit():
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(
        command, cwd=README.parent, capture_output=True, text=True, check=False
    ).stdout.strip()


def format_table(result):
    """Return the table of a size."""
    lines = [
        f"### {result['deals']:,} deals, {result['quotes']:,} quotes on each side",
        "",
        "| work | ours, ms | Odoo's, ms | ratio | goal | | bare SQL, ms "
        "| queries, ours / Odoo's |",
        "|---|--:|--:|--:|--:|---|--:|--:|",
    ]
    return "\n".join([*lines, *map(format_row, result["rows"]), ""])


def format_row(row):
    """Return the line of a work."""
    ours, *others = row["seconds"].values()
    reached = ours / others[0] if others else ours
    cells = [
        row["title"],
        format_time(ours),
        format_time(others[0]) if others else "",
        f"{reached:.2f}" if others else "",
        f"≤ {row['goal']} s" if row["alone"] else f"≤ {row['goal']}",
        "met" if row["goal"] and reached <= row["goal"] else "missed",
        format_time(row["floor"]) if row["floor"] else "",
        " / ".join(f"{count:,}" for count in row["queries"].values()),
    ]
    if not row["goal"]:
        cells[4:6] = ["", ""]
    return f"| {' | '.join(cells)} |"


def format_time(seconds):
    milliseconds = seconds * 1000
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.1f}"


if __name__ == "__main__":
    main()
