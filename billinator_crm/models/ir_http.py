from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """Give the quote's page the words of its scripts."""
        return [*super()._get_translation_frontend_modules_name(), "billinator_crm"]
