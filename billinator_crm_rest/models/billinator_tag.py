from odoo import models

from ..changes import mark_referring


class BillinatorTag(models.Model):
    _inherit = "billinator.tag"

    def unlink(self):
        mark_referring(self)
        return super().unlink()
