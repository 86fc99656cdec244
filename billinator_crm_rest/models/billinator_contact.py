from odoo import models

from ..changes import mark_referring


class BillinatorContact(models.Model):
    _inherit = "billinator.contact"

    def unlink(self):
        mark_referring(self)
        return super().unlink()
