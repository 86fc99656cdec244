from odoo import api, models

from ..naming import naming


class BillinatorActivity(models.Model):
    _inherit = "billinator.activity"

    _write_date_idx = models.Index("(write_date, id)")

    @api.model
    def _check_assignees(self, user_ids):
        with naming("user_id"):
            super()._check_assignees(user_ids)
