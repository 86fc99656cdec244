"""Expires 100,000 quotes, killed in the middle, and counts what came of it.

See README.md beside this file. Usage: python run.py DATABASE [-c odoo.conf]
"""

import argparse
import multiprocessing
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

NAME = "Expiry benchmark"
COPY = """
    INSERT INTO billinator_quote (name, state, validity_date, %(columns)s)
    SELECT %(name)s || ' ' || number, 'sent', date_quote, %(columns)s
      FROM billinator_quote, generate_series(1, %(count)s) number
     WHERE id = %(id)s
"""
COUNT = """
    SELECT count(*) FILTER (WHERE state = 'expired'), count(*)
      FROM billinator_quote WHERE name LIKE %s
"""
LOGGED = """
    SELECT count(*), count(DISTINCT message.res_id)
      FROM mail_message message
      JOIN billinator_quote quote ON quote.id = message.res_id
     WHERE message.model = 'billinator.quote' AND quote.name LIKE %s
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="an own database, with the addon installed")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--quotes", type=int, default=100_000)
    return parser.parse_args()


def expire(options):
    """Run the job to its end, in a process of its own."""
    config.parse_config(["-c", options.config] if options.config else [])
    with Registry(options.database).cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["billinator.quote"]._cron_expire()


def generate(env, count):
    """Make sent quotes whose day has passed, and nothing else that could expire."""
    quote = env["billinator.quote"].search([], limit=1) or env[
        "billinator.quote"
    ].create({"partner_id": env["res.partner"].create({"name": NAME}).id})
    env["billinator.quote"].search([("state", "=", "sent")]).state = "draft"
    env.flush_all()
    columns = SQL(", ").join(
        SQL.identifier(name)
        for name, field in quote._fields.items()
        if field.store
        and field.column_type
        and name not in ("id", "name", "state", "validity_date", "access_token")
    )
    copy = SQL(COPY, columns=columns, name=NAME, count=count, id=quote.id)
    env.cr.execute(copy)
    env.cr.commit()


def query(env, statement):
    """Return the one row of a statement about the benchmark's quotes, as of now."""
    env.cr.rollback()
    env.cr.execute(statement, [f"{NAME} %"])
    return env.cr.fetchone()


def kill_in_the_middle(env, options):
    """Kill the job when half of the quotes have expired; return the seconds."""
    process = multiprocessing.get_context("spawn").Process(
        target=expire, args=(options,)
    )
    start = time.perf_counter()
    process.start()
    while query(env, COUNT)[0] < options.quotes / 2:
        process.join(0.2)
        if process.exitcode is not None:
            raise SystemExit("The job ended before it could be killed.")
    process.kill()
    process.join()
    return time.perf_counter() - start


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        generate(env, options.quotes)
        seconds = kill_in_the_middle(env, options)
        expired, _all = query(env, COUNT)
        print(f"Killed after {seconds:.1f} s: {expired:,} expired,", end=" ")
        print("{:,} messages on {:,} quotes".format(*query(env, LOGGED)))
        start = time.perf_counter()
        expire(options)
        print(f"The rest took {time.perf_counter() - start:.1f} s")
        counts = (*query(env, COUNT), *query(env, LOGGED))
        print("{:,} of {:,} expired, {:,} messages on {:,} quotes".format(*counts))
        start = time.perf_counter()
        expire(options)
        print(
            f"A run with nothing to do: {(time.perf_counter() - start) * 1000:.0f} ms"
        )
    return 0 if set(counts) == {options.quotes} else 1


if __name__ == "__main__":
    raise SystemExit(main())
