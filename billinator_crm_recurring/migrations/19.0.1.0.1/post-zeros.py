def migrate(cr, version):
    """Let a revenue that nobody gave be zero, as that of later opportunities is."""
    cr.execute(
        "UPDATE billinator_opportunity SET recurring_revenue = 0"
        " WHERE recurring_revenue IS NULL"
    )
