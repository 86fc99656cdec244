from odoo.tools import SQL

COMPUTED = (
    "recurring_revenue_monthly",
    "recurring_revenue_monthly_company",
    "recurring_revenue_monthly_weighted",
)


def pre_init_hook(env):
    """Say of the deals that are there that nothing of them recurs.

    With a column that is there already, Odoo does not compute a field record by record;
    one that comes with a default is not even written.
    """
    for name in COMPUTED:
        env.cr.execute(
            SQL(
                """
                ALTER TABLE billinator_opportunity
                    ADD COLUMN IF NOT EXISTS %(name)s numeric DEFAULT 0;
                ALTER TABLE billinator_opportunity
                    ALTER COLUMN %(name)s DROP DEFAULT;
                """,
                name=SQL.identifier(name),
            )
        )


def uninstall_hook(env):
    """Leave the plans to their table.

    Odoo would delete them one by one first, and log an error for each that deals have.
    """
    env["ir.model.data"].search(
        [
            ("module", "=", "billinator_crm_recurring"),
            ("model", "=", "billinator.recurring.plan"),
        ]
    ).unlink()
