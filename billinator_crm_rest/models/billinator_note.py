from odoo import models

from ..naming import naming


class BillinatorNote(models.Model):
    _inherit = "billinator.note"

    def unlink(self):
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()

    def _check_about_somebody(self, subject):
        with naming("partner_id"):
            return super()._check_about_somebody(subject)
