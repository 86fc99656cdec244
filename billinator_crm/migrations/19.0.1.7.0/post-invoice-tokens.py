def migrate(cr, version):
    """Let invoices of quotes have the token that the quotes' pages link to them with.

    Later ones have it from the beginning.
    """
    cr.execute(
        """
        UPDATE account_move
           SET access_token = gen_random_uuid()::text
         WHERE billinator_quote_id IS NOT NULL
           AND COALESCE(access_token, '') = ''
        """
    )
