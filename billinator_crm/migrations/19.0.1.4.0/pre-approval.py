def migrate(cr, version):
    """Keep the new column from judging anew what customers have already."""
    cr.execute(
        "ALTER TABLE billinator_quote ADD COLUMN IF NOT EXISTS free_hash varchar"
    )
