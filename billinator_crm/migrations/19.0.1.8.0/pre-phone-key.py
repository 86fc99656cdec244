# Computed by the ORM, every partner would have been changed by the upgrade.
ADD = "ALTER TABLE res_partner ADD COLUMN IF NOT EXISTS phone_key varchar"
FILL = r"""
    UPDATE res_partner
       SET phone_key = RIGHT(regexp_replace(phone, '\D', '', 'g'), 9)
     WHERE LENGTH(regexp_replace(phone, '\D', '', 'g')) >= 6
"""


def migrate(cr, version):
    """Note what partners are found by, however their phone number is written."""
    cr.execute(ADD)
    cr.execute(FILL)
