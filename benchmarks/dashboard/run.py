"""Opens the dashboard of a small and of a large database, and compares.

See README.md beside this file. Usage: python run.py SMALL LARGE [-c odoo.conf]
"""

import argparse
import statistics
import time

from generate import generate, get_users

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

PERIODS = ("month", "quarter", "last_30_days", "year")
BOUND_SECONDS, BOUND_RATIO = 1.0, 3.0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="+", metavar="DATABASE")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--generate", type=int, metavar="DEALS", help="fill it first")
    parser.add_argument(
        "--open", type=float, default=0.04, help="the share of open deals"
    )
    parser.add_argument("--runs", type=int, default=11, help="of which the median is")
    parser.add_argument("--explain", metavar="CALL", help="show a call's query plans")
    return parser.parse_args()


def get_calls(env):
    """Return what is measured, by its name."""
    dashboard, deals = env["billinator.dashboard"], env["billinator.opportunity"]
    calls = {
        f"dashboard, {period}": lambda period=period: dashboard.get_dashboard(
            {"period": period}
        )
        for period in PERIODS
    }
    opened = [("status", "=", "open")]
    return {
        **calls,
        "statistics": deals.get_pipeline_statistics,
        "statistics, open deals": lambda: deals.get_pipeline_statistics(opened),
    }


def measure(env, call, runs):
    """Return the median seconds of a call."""
    seconds = []
    for _number in range(runs + 2):
        env.invalidate_all()
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    # The first two fill the caches that a running server has filled.
    return statistics.median(seconds[2:])


def explain(env, call):
    """Print the time and the plan of each query of a call."""
    execute = type(env.cr).execute

    def execute_explained(cr, query, params=None, log_exceptions=True):
        code = query.code if hasattr(query, "code") else query
        if code.lstrip().startswith("SELECT"):
            values = query.params if hasattr(query, "params") else params
            execute(cr, "EXPLAIN (ANALYZE, BUFFERS) " + code, values)
            print("\n" + code[:150], *(line for (line,) in cr.fetchall()), sep="\n")
        return execute(cr, query, params, log_exceptions)

    type(env.cr).execute = execute_explained
    call()
    type(env.cr).execute = execute


def measure_database(database, options):
    """Return the seconds of each call for each role, in one database."""
    results = {}
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        if options.generate:
            generate(env, options.generate, options.open)
        for role, user in get_users(env).items():
            own = env(user=user, context={"lang": "en_US", "tz": "Europe/Berlin"})
            for name, call in get_calls(own).items():
                label = f"{role}, {name}"
                results[label] = measure(own, call, options.runs)
                if options.explain == label:
                    explain(own, call)
    return results


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    results = [measure_database(name, options) for name in options.databases]
    print("user, call".ljust(40), *(f"{name:>16}" for name in options.databases))
    is_fine = True
    for label, seconds in results[-1].items():
        cells = [f"{result[label] * 1000:13.1f} ms" for result in results]
        ratio = seconds / results[0][label]
        is_fine &= seconds < BOUND_SECONDS and ratio < BOUND_RATIO
        print(label.ljust(40), *cells, f"{ratio:7.2f}x")
    return 0 if is_fine else 1


if __name__ == "__main__":
    raise SystemExit(main())
