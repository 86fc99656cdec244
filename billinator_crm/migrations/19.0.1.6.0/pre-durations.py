def migrate(cr, version):
    """Bound the durations, as the constraints do from now on."""
    for table in ("billinator_activity", "billinator_note"):
        cr.execute(
            f"""
            UPDATE {table}
               SET duration = CASE WHEN duration = 'NaN' THEN 0 ELSE 1000 END
             WHERE NOT duration BETWEEN 0 AND 1000
            """
        )
