def migrate(cr, version):
    """Leave the new column empty, which Odoo would compute for one deal after another.

    No team has defined a property yet.
    """
    cr.execute(
        "ALTER TABLE billinator_opportunity"
        " ADD COLUMN IF NOT EXISTS opportunity_properties jsonb"
    )
