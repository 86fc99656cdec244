from odoo import models


class BillinatorActivity(models.Model):
    _inherit = "billinator.activity"

    _write_date_idx = models.Index("(write_date, id)")
