from odoo.tools import sql


def migrate(cr, version):
    """Drop indexes that unique ones make superfluous; Odoo keeps what it finds."""
    sql.drop_index(cr, "billinator_activity__activity_id_index", "billinator_activity")
    sql.drop_index(cr, "billinator_contact__person_id_index", "billinator_contact")
