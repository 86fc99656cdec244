"""Opens the timeline of customers with ten events and with a million, and compares.

See README.md beside this file. Usage: python run.py DATABASE [-c odoo.conf]
"""

import argparse
import statistics
import time

from generate import SIZES, generate

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

PAGES = {
    "first page": {},
    "page in the middle": {"before": True},
    "messages only": {"kinds": ["message"]},
    "a common kind, in the middle": {"kinds": ["stage"], "before": True},
    "a rare kind": {"kinds": ["meeting"]},
    "of one person": {"user_id": True},
    "of somebody who did nothing": {"user_id": "idle"},
}
BOUND = 2.0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="an own database, with the addon installed")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--runs", type=int, default=21, help="of which the median is")
    parser.add_argument("--explain", metavar="PAGE", help="show a page's query plans")
    return parser.parse_args()


def complete(page, customer, users, user):
    """Return the arguments of ``get_timeline`` for a page of a customer."""
    page = dict(page)
    if page.get("before"):
        page["before"] = customer["middle"]
    if page.get("user_id"):
        page["user_id"] = (users["idle"] if page["user_id"] == "idle" else user).id
    return {"partner_id": customer["id"], **page}


def measure(timeline, arguments, runs):
    """Return the median seconds of a page, and how many events it has."""
    seconds = []
    for _number in range(runs + 2):
        timeline.env.invalidate_all()
        start = time.perf_counter()
        page = timeline.get_timeline(**arguments)
        seconds.append(time.perf_counter() - start)
    # The first two fill the caches that a running server has filled.
    return statistics.median(seconds[2:]), len(page["events"])


def explain(timeline, arguments):
    """Print the plan of the query of a page."""
    execute = type(timeline.env).execute_query_dict

    def execute_explained(env, query):
        if "UNION ALL" in query.code:
            env.cr.execute("EXPLAIN (ANALYZE, BUFFERS) " + query.code, query.params)
            print(*(line for (line,) in env.cr.fetchall()), sep="\n")
        return execute(env, query)

    type(timeline.env).execute_query_dict = execute_explained
    timeline.get_timeline(**arguments)
    type(timeline.env).execute_query_dict = execute


def report(env, customers, users, options):
    """Print a line for each page and user; return the worst ratio of first pages."""
    small, *_rest = SIZES
    worst = 0.0
    print("user, page".ljust(44), *(f"{size:>18,}" for size in SIZES), "    ratio")
    for role in ("manager", "salesperson"):
        timeline = env["billinator.timeline"].with_user(users[role])
        for label, page in PAGES.items():
            cells, medians = [], {}
            for size in SIZES:
                arguments = complete(page, customers[size], users, users[role])
                medians[size], count = measure(timeline, arguments, options.runs)
                cells.append(f"{medians[size] * 1000:8.1f} ms ({count:>3})")
                if options.explain == label:
                    explain(timeline, arguments)
            ratio = medians[SIZES[-1]] / medians[small]
            if label == "first page":
                worst = max(worst, ratio)
            print(f"{role}, {label}".ljust(44), *cells, f"{ratio:7.2f}x")
    return worst


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        customers, users = generate(env)
        worst = report(env, customers, users, options)
    print(f"\nFirst page, the largest customer against the smallest: {worst:.2f}x")
    return 0 if worst <= BOUND else 1


if __name__ == "__main__":
    raise SystemExit(main())
