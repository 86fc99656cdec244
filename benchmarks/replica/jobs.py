"""How long the scheduled jobs take, and what the tables and their indexes weigh."""

import time

from scene import DATABASE

from odoo import api
from odoo.modules.registry import Registry

DEAL = "billinator.opportunity"
JOBS = {
    "convert open deals at today's rates": (DEAL, "_cron_refresh_company_revenues"),
    "learn the chances from history": ("billinator.stage.conversion", "_cron_refresh"),
    "take the snapshot": ("billinator.pipeline.snapshot", "_cron_take_snapshot"),
    "refresh the segments": ("billinator.tag", "_cron_refresh_segments"),
    "remind of activities": ("billinator.activity", "_cron_remind"),
    "remind customers of quotes": ("billinator.quote", "_cron_remind_customers"),
    "expire quotes": ("billinator.quote", "_cron_expire"),
}
WEIGHTS = """
    SELECT relname, reltuples::int, pg_table_size(oid) / 1048576.0,
           pg_indexes_size(oid) / 1048576.0
      FROM pg_class WHERE relkind = 'r' AND reltuples > 1000
       AND relname LIKE 'billinator%%' ORDER BY 3 DESC
"""


def report(scene):
    """Print seconds and megabytes."""
    with Registry(DATABASE).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        make_foreign(env)
        print(f"\n{'deals: all, open, and sent quotes that are overdue:'.ljust(40)}")
        print(*get_counts(env))
        for title, (model, method) in JOBS.items():
            start = time.perf_counter()
            getattr(env[model], method)()
            env.flush_all()
            cr.commit()
            print(f"{title.ljust(40)} {time.perf_counter() - start:8.2f} s", flush=True)
    print("\ntable".ljust(41), "    rows       MB   indexes")
    scene.primary.execute("ANALYZE", database=DATABASE)
    for name, rows, table, indexes in scene.primary.execute(WEIGHTS, (), DATABASE):
        print(f"{name.ljust(40)} {rows:8,} {table:8.1f} {indexes:8.1f}")
    return []


def make_foreign(env):
    """Have the open deals in a currency that is not the company's."""
    currency = env.ref("base.EUR")
    if currency == env.company.currency_id:
        currency = env.ref("base.USD")
    currency.active = True
    env[DEAL].flush_model()
    env.cr.execute(
        "UPDATE billinator_opportunity SET currency_id = %s WHERE status = 'open'",
        (currency.id,),
    )
    env.cr.commit()


def get_counts(env):
    return (
        env[DEAL].search_count([]),
        env[DEAL].search_count([("status", "=", "open")]),
        env["billinator.quote"].search_count(
            env["billinator.quote"]._get_past_validity_domain()
        ),
    )
