"""What clients see of a replica: that it lags, and that it goes down."""

import signal
import statistics
import time
from contextlib import contextmanager
from functools import partial

import psutil
from scene import DATABASE

DEAL = "billinator.opportunity"
ROUNDS = 100
WORKERS = 2
DELAY_SECONDS = 2
CALLS = 100


def report(scene):
    """Print what happens.

    :return: what should not have happened
    """
    with scene.serve(WORKERS, 1) as opened:
        failures = report_lag(scene, opened)
        failures += report_delay(scene, opened)
    with scene.serve(WORKERS, 1) as opened:
        failures += report_outage(scene, opened)
    return failures


# === Reading what was just written === #


def report_lag(scene, opened):
    """Print how often a client that writes and reads at once gets the old value."""
    print(f"\n{'a read right after a write'.ljust(44)} old values    a write takes")
    report_old_values(opened, "as PostgreSQL comes")
    with synchronous(scene):
        old = report_old_values(opened, "remote_apply")
    return ["old values in spite of remote_apply"] if old else []


def report_old_values(opened, title):
    """Return how many reads got an old value."""
    [deal] = opened.web.call(DEAL, "search", [], limit=1)
    clients = {
        "REST": (partial(_put, opened, deal), partial(_get, opened, deal)),
        "web client": (partial(_save, opened, deal), partial(_read, opened, deal)),
    }
    old_values = 0
    for name, (write, read) in clients.items():
        old, seconds = 0, []
        for number in range(ROUNDS):
            value = f"{title} {number}"
            start = time.perf_counter()
            write(value)
            seconds.append(time.perf_counter() - start)
            old += read() != value
        median = statistics.median(seconds) * 1000
        label = f"{title}, {name}".ljust(44)
        print(f"{label} {old:3} of {ROUNDS} {median:12.1f} ms", flush=True)
        old_values += old
    return old_values


def _put(opened, deal, title):
    content = {"title": title}
    opened.api.put(f"/opportunities/{deal}", json=content).raise_for_status()


def _get(opened, deal):
    return opened.api.fetch(f"/opportunities/{deal}")["title"]


def _save(opened, deal, title):
    opened.web.call(DEAL, "web_save", [deal], {"name": title}, {"name": {}})


def _read(opened, deal):
    [values] = opened.web.call(DEAL, "web_read", [deal], {"name": {}})
    return values["name"]


@contextmanager
def synchronous(scene):
    """Have a commit wait until all standbys show it."""
    names = f"{len(scene.standbys)} (*)"
    configure = scene.primary.configure
    configure(synchronous_standby_names=names, synchronous_commit="remote_apply")
    try:
        yield
    finally:
        configure(synchronous_standby_names=None, synchronous_commit=None)


def report_delay(scene, opened):
    """Print what a client meets on a replica that is some seconds behind."""
    domain = [["is_company", "=", True]]
    [customer] = opened.web.call("res.partner", "search", domain, limit=1)
    scene.standby.configure(recovery_min_apply_delay=f"{DELAY_SECONDS}s")
    try:
        created = opened.api.make("/opportunities", title="New", customer_id=customer)
        seen, start = [], time.monotonic()
        while not seen or seen[-1] != 200:
            seen.append(opened.api.get(f"/opportunities/{created['id']}").status_code)
        seconds = time.monotonic() - start
    finally:
        scene.standby.configure(recovery_min_apply_delay=None)
    print(
        f"\nOn a replica {DELAY_SECONDS} s behind, GET of what a POST has just created"
        f" answers {sorted(set(seen))}, and 200 after {seconds:.1f} s."
    )
    return [] if set(seen) <= {404, 200} else ["calls on a replica that lags"]


# === The replica goes down === #


def report_outage(scene, opened):
    """Print what clients notice when the replica stops and comes back."""
    print(f"\n{'while the replica …'.ljust(32)} failed calls   slowest   read from")
    read = partial(opened.api.get, "/opportunities", params={"limit": 5})
    report_calls(scene, "is there", read)
    scene.standby.stop()
    failures = report_calls(scene, "is stopped", read)
    scene.standby.start()
    failures += report_calls(scene, "is back", read)
    # Each worker ends after its call, and another one takes its place.
    for worker in psutil.Process(opened.server.process.pid).children():
        worker.send_signal(signal.SIGINT)
    failures += report_calls(scene, "is back, for new workers", read)
    return failures


def report_calls(scene, title, read):
    """Make calls, and print how they went and which database answered.

    :return: the title, in a list, if a call failed
    """
    running = [one for one in (scene.primary, scene.standby) if one.is_running]
    for cluster in running:
        cluster.forget_statements()
    failed, slowest = 0, 0.0
    for _number in range(CALLS):
        start = time.perf_counter()
        failed += read().is_error
        slowest = max(slowest, time.perf_counter() - start)
    busiest = max(running, key=lambda one: sum(one.count_statements(DATABASE).values()))
    line = f"{title.ljust(32)} {failed:5} of {CALLS} {slowest * 1000:6.0f} ms"
    print(line, busiest.folder.name, sep="   ", flush=True)
    return [f"calls while the replica {title}"] if failed else []
