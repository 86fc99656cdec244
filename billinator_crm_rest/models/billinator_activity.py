from odoo import api, models

from ..naming import naming


class BillinatorActivity(models.Model):
    _inherit = "billinator.activity"

    _write_date_idx = models.Index("(write_date, id)")

    def unlink(self):
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()

    @api.model
    def _check_assignees(self, user_ids):
        with naming("user_id"):
            return super()._check_assignees(user_ids)
