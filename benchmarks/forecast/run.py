"""Compares the chances told by history with the truth, and measures their cost.

See README.md beside this file. Usage: python run.py DATABASE [-c odoo.conf]
"""

import argparse
import time
from bisect import bisect_right
from datetime import timedelta

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

SEEDS = (1, 2, 3)
PIPELINE = 20
TRUE_CHANCES = "stages set to the true rate of those that enter them"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="an own database, with the addon installed")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--deals", type=int, nargs="+", default=[500, 2000, 8000])
    parser.add_argument(
        "--held-back", type=int, metavar="DAYS", help="look at the database's own deals"
    )
    return parser.parse_args()


def forget_history(env):
    """Leave nothing but what is simulated; all is rolled back."""
    env.cr.execute("UPDATE billinator_opportunity SET active = FALSE")
    env.cr.execute(
        "UPDATE billinator_opportunity SET date_closed = '2000-01-01',"
        " date_deadline = '2000-01-01' WHERE status <> 'open'"
    )
    env.invalidate_all()


def score(brier, rows):
    """Return Brier scores of (history, stage, truth or None, won) rows, by name."""
    scores = {
        "history": brier((row[0], row[3]) for row in rows),
        "stage": brier((row[1], row[3]) for row in rows),
    }
    if rows[0][2] is not None:
        scores["the truth"] = brier((row[2], row[3]) for row in rows)
    return scores


def print_scores(label, scores, count):
    cells = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
    better = 1 - scores["history"] / scores["stage"]
    print(f"{label:<58} {count:>5} deals  {cells}  history better by {better:+.0%}")


def print_calibration(rows):
    """Print what was told against what came, for a fifth of the range each."""
    for low in range(0, 100, 20):
        chosen = [row for row in rows if low <= row[0] * 100 < low + 20 + (low == 80)]
        if chosen:
            told = sum(row[0] for row in chosen) / len(chosen)
            came = sum(row[3] for row in chosen) / len(chosen)
            known = [row[2] for row in chosen if row[2] is not None]
            truth = f"  true chance {sum(known) / len(known):4.0%}" if known else ""
            print(
                f"    told {told:4.0%}{truth}  came {came:4.0%}  ({len(chosen)} deals)"
            )


def simulate(env, count, seed, is_stage_true):
    """Compare what is told of a simulated pipeline with how it ends."""
    from odoo.addons.billinator_crm.tests import forecast_world as truth

    forget_history(env)
    chances = truth.get_chances()
    if is_stage_true:
        for stage in env["billinator.stage"].search([("status", "=", "open")]):
            stage.probability = 100 * chances[stage.code, 0]
    world = truth.create_world(env, count, seed)
    opening = {record: deal for record, deal in world.items() if deal.is_open}
    records = env["billinator.opportunity"].union(*opening)
    start = time.perf_counter()
    env["billinator.stage.conversion"]._refresh()
    refreshed = time.perf_counter()
    records._update_history_probabilities()
    updated = time.perf_counter()
    records.get_forecast([("id", "in", records.ids)])
    told = time.perf_counter()
    rows = [
        (
            record.history_probability / 100,
            record.stage_id.probability / 100,
            chances[deal.stage, deal.week],
            deal.is_won,
        )
        for record, deal in opening.items()
    ]
    seconds = (refreshed - start, updated - refreshed, told - updated)
    return rows, count_hits(opening), seconds


def count_hits(opening):
    """Forecast pipelines of twenty deals.

    :return: list of bools, whether what was won of each is in the range that was told
    """
    hits = []
    records = list(opening)
    for start in range(0, len(records), PIPELINE):
        chosen = records[0].union(*records[start : start + PIPELINE])
        forecast = chosen.get_forecast([("id", "in", chosen.ids)])
        won = sum(
            record.expected_revenue for record in chosen if opening[record].is_won
        )
        hits.append(forecast["low"] <= won <= forecast["high"])
    return hits


def run_simulations(registry, options):
    from odoo.addons.billinator_crm.tests.forecast_world import brier

    is_better = True
    for label, is_stage_true in (
        ("stages as installed", False),
        (TRUE_CHANCES, True),
    ):
        for count in options.deals:
            rows, hits, seconds = [], [], ()
            for seed in SEEDS:
                with registry.cursor() as cr:
                    env = api.Environment(cr, api.SUPERUSER_ID, {})
                    result, ranges, seconds = simulate(env, count, seed, is_stage_true)
                    cr.rollback()
                registry.clear_all_caches()
                rows += result
                hits += ranges
            scores = score(brier, rows)
            print_scores(f"{label}, history of {count}", scores, len(rows))
            is_better &= is_stage_true or scores["history"] < scores["stage"]
        print_calibration(rows)
        print(f"    in the 80% range: {sum(hits)} of {len(hits)} totals of 20 deals")
        print(
            "    learn {:.3f} s, tell the deals {:.3f} s, forecast {:.3f} s".format(
                *seconds
            )
        )
    return is_better


def hold_back(env, days):
    """Foretell the deals that were open then from what had been closed before."""
    from odoo.addons.billinator_crm.tests.forecast_world import brier

    moment = env.cr.now() - timedelta(days=days)
    conversions = env["billinator.stage.conversion"]
    by_stage = {}
    for row in conversions._estimate(conversions._count(moment)):
        key = row["company_id"], row["stage_id"]
        by_stage.setdefault(key, []).append((row["age_from"], row["probability"] / 100))
    rows = []
    for company, stage, fixed, age, is_won in env.execute_query(
        get_open_sql(env, moment)
    ):
        ages = by_stage.get((company, stage), [(0, fixed / 100)])
        position = bisect_right([from_age for from_age, _chance in ages], age) - 1
        rows.append((ages[position][1], fixed / 100, None, is_won))
    scores = score(brier, rows)
    print_scores(f"held back: the last {days} days", scores, len(rows))
    print_calibration(rows)
    return scores["history"] < scores["stage"]


def get_open_sql(env, moment):
    """Return the deals open at a moment and closed since, as they stood then."""
    return SQL(
        """
        WITH stay AS (
            SELECT deal.company_id, deal.status, change.old_value_integer AS stage_id,
                   change.create_date AS left_at,
                   LAG(change.create_date, 1, deal.create_date)
                       OVER (PARTITION BY deal.id ORDER BY change.id) AS entered_at
              FROM billinator_opportunity deal
              JOIN mail_message message ON message.res_id = deal.id
               AND message.model = 'billinator.opportunity'
              JOIN mail_tracking_value change ON change.mail_message_id = message.id
               AND change.field_id = %(field)s
             WHERE deal.date_closed >= %(moment)s
        )
        SELECT stay.company_id, stay.stage_id, stage.probability,
               EXTRACT(EPOCH FROM %(moment)s - entered_at) / 86400,
               stay.status = 'won'
          FROM stay
          JOIN billinator_stage stage ON stage.id = stay.stage_id
           AND stage.status = 'open'
         WHERE entered_at <= %(moment)s AND left_at > %(moment)s
        """,
        field=env["ir.model.fields"]._get("billinator.opportunity", "stage_id").id,
        moment=moment,
    )


def run_held_back(registry, options):
    """Look at the database's own deals, or at simulated ones."""
    from odoo.addons.billinator_crm.tests.forecast_world import create_world

    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        if not options.held_back:
            forget_history(env)
            create_world(env, options.deals[-1], seed=SEEDS[-1] + 1)
        is_better = hold_back(env, options.held_back or 150)
        cr.rollback()
    return is_better


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    registry = Registry(options.database)
    is_better = options.held_back or run_simulations(registry, options)
    is_better &= run_held_back(registry, options)
    return 0 if is_better else 1


if __name__ == "__main__":
    raise SystemExit(main())
