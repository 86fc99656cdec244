def post_init_hook(env):
    """Fit the CRM to what the database has already."""
    env["res.company"].search([])._create_quote_sequences()
    env["billinator.contact"]._create_missing_rows()
