def migrate(cr, version):
    """Let numbers that nobody gave be zero, as those of later records are."""
    for table, names in (
        ("billinator_opportunity", ("expected_revenue",)),
        ("billinator_quote", ("discount_percentage", "discount_amount")),
        ("billinator_note", ("duration",)),
    ):
        zeros = ", ".join(f"{name} = COALESCE({name}, 0)" for name in names)
        missing = " OR ".join(f"{name} IS NULL" for name in names)
        cr.execute(f"UPDATE {table} SET {zeros} WHERE {missing}")
