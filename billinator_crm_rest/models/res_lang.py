from odoo import api, models


class ResLang(models.Model):
    _inherit = "res.lang"

    @api.model
    def _get_lang_from_accept_language(self, accept_language):
        """Take a header that is none as if it were not there."""
        try:
            return super()._get_lang_from_accept_language(accept_language)
        except ValueError:
            return None
