from odoo import models

from ..changes import mark_referring


class BillinatorContact(models.Model):
    _inherit = "billinator.contact"

    def unlink(self):
        mark_referring(self)
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()
