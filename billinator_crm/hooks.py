def post_init_hook(env):
    """Give every company that exists already its own quote numbers."""
    env["res.company"].search([])._create_quote_sequences()
