from .demo import create_sales_history


def post_init_hook(env):
    """Fit the CRM to what the database has already, and fill the demo company."""
    env["res.company"].search([])._create_quote_sequences()
    env["billinator.contact"]._create_missing_rows()
    env["billinator.activity"]._create_missing_rows()
    if env.ref("base.module_billinator_crm").demo:
        create_sales_history(env)
