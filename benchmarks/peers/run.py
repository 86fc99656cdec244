"""Does the same work on our addon and on Odoo's crm and sale, in turn.

See README.md beside this file. Usage: python run.py DATABASE URL [-c odoo.conf]
"""

import argparse
import gc
import json
import statistics
import time

from browser import open_browser
from generate import LOGIN, PARAMETER, vacuum
from sides import SIDES, Theirs
from work import WORKS, Bench

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

CONTEXT = {"lang": "en_US", "tz": "Europe/Berlin"}
LOADS = 7
BROWSER_GOAL = 0.9
# What has to be there before somebody can work with a page.
PAGES = {
    "pipeline": [".o_kanban_group .o_kanban_record", ".o_kanban_counter"],
    "list": [".o_list_view .o_data_row"],
    "deal": [".o_form_view .o_field_widget[name=name]", ".o-mail-Chatter"],
    "quote": [".o_form_view .o_data_row"],
}
LOADED = {"pipeline": "Pipeline", "deal": "Opportunity form", "quote": "Quote form"}
# A card, and where it is dropped. What was moved stays there, so that a small database
# has no card in its first column after some runs.
FIRST_CARD = ".o_kanban_group .o_kanban_record"
NEXT_COLUMN = ".o_kanban_group:has(.o_kanban_record) ~ .o_kanban_group .o_kanban_record"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="filled by generate.py")
    parser.add_argument("url", help="of a server of the database")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument(
        "-k", "--only", default="", help="works with this in their title"
    )
    parser.add_argument("-o", "--output", help="file for the results, as JSON")
    return parser.parse_args()


# === Pages === #


def get_addresses(side, data):
    """Return the paths of the pages of a side."""
    deal = data[side.name]["deal"] + data["deals"]
    return {
        "pipeline": f"/odoo/action-{side.pipeline}",
        "list": f"/odoo/action-{side.pipeline}?view_type=list",
        "deal": f"/odoo/action-{side.pipeline}/{deal}",
        "quote": f"/odoo/action-{side.quotes}/{data[side.name]['pool'][0]}",
    }


def visit(url, database, data):
    """Load the pages of both sides in turn.

    The first load of each fills the client's caches, and greets a new user.

    :return: the calls that each page makes, and the milliseconds of its loads
    """
    calls, loads = {}, {}
    with open_browser() as browser:
        browser.log_in(url, database, LOGIN)
        for page, selectors in PAGES.items():
            for number in range(LOADS + 2 if page in LOADED else 2):
                for side in SIDES:
                    address = url + get_addresses(side, data)[page]
                    milliseconds = browser.load(address, selectors)
                    if number == 1:
                        calls.setdefault(side.name, {})[page] = get_data_calls(browser)
                    elif number > 1:
                        loads.setdefault((page, side.name), []).append(milliseconds)
        for side in SIDES:
            browser.load(url + get_addresses(side, data)["pipeline"], PAGES["pipeline"])
            calls[side.name]["move"] = get_calls_of_move(browser)
    return calls, loads


def get_calls_of_move(browser):
    """Return what moving a card calls, when it is not the first one on the page."""
    for _number in range(2):
        # Nothing moves under the mouse any more.
        browser.get_calls()
        browser.drag(FIRST_CARD, NEXT_COLUMN)
    return get_data_calls(browser)


def get_data_calls(browser):
    """Return the calls but for those that the client keeps the answers of."""
    return [call for call in browser.get_calls() if call["method"] != "get_views"]


# === Work === #


class Measurement:
    """Runs works, each in a transaction that is rolled back."""

    def __init__(self, database, calls):
        self.registry = Registry(database)
        self.calls = calls
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            self.data = get_data(env)
            self.uid = env["res.users"].search([("login", "=", LOGIN)]).id
        # What stays is not looked at again each time that garbage is collected.
        gc.collect()
        gc.freeze()

    def compare(self, work):
        """Return a row of the table."""
        sides = SIDES[:1] if work.alone else SIDES
        seconds = {side: [] for side in sides}
        queries = {}
        # A first round fills the caches that a running server has filled; where a run
        # takes a minute, they are nothing.
        ignored = int(work.rounds > 1)
        for _number in range(ignored + work.rounds):
            for side in sides:
                spent, queries[side.name] = self._run(side, work)
                seconds[side].append(spent)
        medians = {
            side.name: statistics.median(spent[ignored:])
            for side, spent in seconds.items()
        }
        return {
            "title": work.title,
            "goal": work.goal,
            "alone": work.alone,
            "seconds": medians,
            "queries": queries,
            "floor": work.floor and self._run_floor(work),
        }

    def _run(self, side, work):
        with self.registry.cursor() as cr:
            bench = self._get_bench(cr, side)
            action = work.prepare(bench)
            cr.flush()
            bench.env.invalidate_all()
            gc.collect()
            before, start = cr.sql_log_count, time.perf_counter()
            action()
            cr.flush()
            spent = time.perf_counter() - start
            count = cr.sql_log_count - before
            cr.rollback()
        self.registry.reset_changes()
        return spent, count

    def _run_floor(self, work):
        return statistics.median([self._time_floor(work) for _number in range(3)])

    def _time_floor(self, work):
        with self.registry.cursor() as cr:
            bench = self._get_bench(cr, SIDES[0])
            queries = work.floor(bench)
            cr.flush()
            start = time.perf_counter()
            for query in queries:
                cr.execute(query)
                if cr.description:
                    cr.fetchall()
            spent = time.perf_counter() - start
            cr.rollback()
        return spent

    def _get_bench(self, cr, side):
        env = api.Environment(cr, self.uid, CONTEXT)
        return Bench(side(env), self.data, self.calls[side.name])


def get_data(env):
    return json.loads(env["ir.config_parameter"].get_param(PARAMETER))


def describe(database):
    """Return what was generated, and which PostgreSQL it is in."""
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        vacuum(env)
        data = get_data(env)
        cr.execute("SHOW server_version")
        return {**data, "postgresql": cr.fetchone()[0]}


def get_rows(options, data):
    """Yield a row for each work."""
    calls, loads = visit(options.url, options.database, data)
    measurement = Measurement(options.database, calls)
    for work in WORKS:
        if options.only.lower() in work.title.lower():
            yield measurement.compare(work)
    for page, title in LOADED.items():
        yield {
            "title": f"{title} in Chromium, until it can be used",
            "goal": BROWSER_GOAL,
            "alone": False,
            "seconds": {
                side.name: statistics.median(loads[page, side.name]) / 1000
                for side in SIDES
            },
            "queries": {},
            "floor": None,
        }


def main():
    options = parse_arguments()
    file = ["-c", options.config] if options.config else []
    config.parse_config(["--log-level=warn", *file])
    data = describe(options.database)
    rows = []
    for row in get_rows(options, data):
        rows.append(row)
        print(format_row(row), flush=True)
    if options.output:
        with open(options.output, "w") as file:
            names = ("deals", "quotes", "postgresql")
            json.dump({**{name: data[name] for name in names}, "rows": rows}, file)


def format_row(row):
    """Return a line for the terminal."""
    ours = row["seconds"][SIDES[0].name]
    theirs = row["seconds"].get(Theirs.name)
    cells = [
        row["title"].ljust(56),
        f"{ours * 1000:10.1f} ms",
        f"{theirs * 1000:10.1f} ms" if theirs else " " * 13,
        f"{ours / theirs if theirs else ours:6.2f}",
        f"goal {row['goal'] or '-'}".ljust(9),
        f"bare {row['floor'] * 1000:8.1f} ms" if row["floor"] else " " * 16,
        f"queries {row['queries']}" if row["queries"] else "",
    ]
    return "  ".join(cells)


if __name__ == "__main__":
    main()
