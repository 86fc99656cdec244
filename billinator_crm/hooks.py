from .demo import create_sales_history


def post_init_hook(env):
    """Number the quotes of every company that exists, and fill the demo company."""
    env["res.company"].search([])._create_quote_sequences()
    if env.ref("base.module_billinator_crm").demo:
        create_sales_history(env)
