def migrate(cr, version):
    """Forget the negative days of deals that were closed before they were created."""
    cr.execute(
        "UPDATE billinator_opportunity SET days_to_close = 0 WHERE days_to_close < 0"
    )
