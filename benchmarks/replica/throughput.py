"""How many pages a second there are, and on whose account: Odoo's or a database's."""

import statistics
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from pathlib import Path

import psutil
from cluster import get_cpu_seconds
from routes import get_readings

PAGES = (
    "dashboard",
    "My Day",
    "pipeline statistics",
    "timeline of a customer",
    "Sales / Opportunities: kanban",
    "Sales / Opportunities: form",
    "Sales / Quotes: list",
    "Sales / Customers: kanban",
    "GET /api/opportunities",
)
WORKERS = (1, 2, 4)
LIMITED_WORKERS, LIMITED_ROUNDS = 4, 3
SECONDS, WARM_UP_SECONDS = 15, 3
# How many pages are read for each deal that is written, in a mixed load.
PAGES_PER_WRITE = 4
# The part of a core that a limited server may use, and in which slices.
SHARE, PERIOD_US = 0.1, 10_000
CONTROL_GROUPS = Path("/sys/fs/cgroup/cpu")
HEAD = "workers replicas load  pages/s writes/s   CPU ms a call: Odoo primary replicas"


def report(scene):
    """Print a line for each combination, first without limits and then with them."""
    print(f"\n{HEAD}")
    for workers in WORKERS:
        for replicas in (0, 1):
            measure(scene, workers, replicas, "read")
    report_limited(scene)
    return []


def report_limited(scene):
    """Print what is possible when a database, and not Odoo, is short of CPU."""
    if not (CONTROL_GROUPS / "cpu.cfs_quota_us").exists():
        print("No control groups (version 1) for CPU: no database is limited.")
        return
    print(f"each database on at most {SHARE:.0%} of a core:")
    rates = defaultdict(list)
    with ExitStack() as limits:
        for cluster in (scene.primary, *scene.standbys):
            limits.enter_context(limited(cluster))
        for _number in range(LIMITED_ROUNDS):
            for load in ("read", "mixed"):
                for replicas in range(len(scene.standbys) + 1):
                    rate = measure(scene, LIMITED_WORKERS, replicas, load)
                    rates[load, replicas].append(rate)
    print("pages a second, the median of the rounds:")
    for (load, replicas), found in rates.items():
        median, alone = statistics.median(found), statistics.median(rates[load, 0])
        print(f"{load:5} {replicas} replicas {median:6.1f}, {median / alone:.2f} times")


def measure(scene, workers, replicas, kind):
    """Print what one combination achieves.

    :return: pages a second
    """
    with scene.serve(workers, replicas) as opened:
        load = Load(opened, workers * 2, kind == "mixed")
        load.run(WARM_UP_SECONDS)
        before = get_used_seconds(scene, opened)
        pages, writes, seconds = load.run(SECONDS)
        after = get_used_seconds(scene, opened)
    cells = (
        f"{1000 * (new - old) / (pages + writes):8.1f}"
        for old, new in zip(before, after, strict=True)
    )
    print(
        f"{workers:7} {replicas:8} {kind:5}"
        f"{pages / seconds:8.1f} {writes / seconds:8.1f}" + " " * 15,
        *cells,
        flush=True,
    )
    return pages / seconds


def get_used_seconds(scene, opened):
    """Return the CPU that Odoo, the primary and all replicas have used so far."""
    return (
        get_cpu_seconds(opened.server.process.pid),
        get_cpu_seconds(scene.primary.pid),
        sum(get_cpu_seconds(standby.pid) for standby in scene.standbys),
    )


class Load:
    """Clients that wait for each answer before they ask again."""

    def __init__(self, opened, clients, is_mixed):
        self.opened = opened
        self.clients = clients
        self.is_mixed = is_mixed
        readings = get_readings(opened)
        self.pages = [readings[name] for name in PAGES]
        domain = [["status", "=", "open"]]
        self.deals = opened.web.call(
            "billinator.opportunity", "search", domain, limit=500
        )

    def run(self, seconds):
        """Return how many pages were read, deals written, and seconds passed."""
        counts = {"pages": 0, "writes": 0}
        lock = threading.Lock()
        start = time.monotonic()

        def work(number):
            done = {"pages": 0, "writes": 0}
            for step in cycle(range(len(self.pages) * PAGES_PER_WRITE)):
                if time.monotonic() > start + seconds:
                    break
                self.pages[(number + step) % len(self.pages)]()
                done["pages"] += 1
                if self.is_mixed and step % PAGES_PER_WRITE == 0:
                    self._write(self.deals[number], step)
                    done["writes"] += 1
            with lock:
                for name, count in done.items():
                    counts[name] += count

        threads = [
            threading.Thread(target=work, args=(number,))
            for number in range(self.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return counts["pages"], counts["writes"], time.monotonic() - start

    def _write(self, deal, step):
        """Change a deal of the client's own."""
        content = {"value": 1000.0 + step}
        self.opened.api.put(f"/opportunities/{deal}", json=content).raise_for_status()


@contextmanager
def limited(cluster):
    """Bound what a server may use of the CPU."""
    group = CONTROL_GROUPS / f"replica-{cluster.folder.name}-{cluster.pid}"
    group.mkdir()
    (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD_US * SHARE)))
    _move(cluster.pid, group)
    try:
        yield
    finally:
        _move(cluster.pid, CONTROL_GROUPS)
        group.rmdir()


def _move(pid, group):
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(one.pid))
