from odoo import models


class PrivacyLookupWizard(models.TransientModel):
    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        # Activities are deleted with their customers, deals and quotes, which are
        # found; and the column that tells whether they are archived is Odoo's.
        return [*super()._get_query_models_blacklist(), "billinator.activity"]
