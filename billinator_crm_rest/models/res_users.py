from odoo import models, tools


class ResUsers(models.Model):
    _inherit = "res.users"

    # Every call asks for it. A user's change of companies empties the cache.
    @tools.ormcache("self.id")
    def _get_api_company_ids(self):
        """Return the ids of the user's companies, the main one first."""
        main = self.company_id.id
        return main, *(other for other in self._get_company_ids() if other != main)
