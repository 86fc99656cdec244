import pytz

from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _filter_present_in(self, company):
        """Return those of the users who are active in a company."""
        return self.filtered(lambda user: user.active and company in user.company_ids)

    def _get_working_zone(self):
        """Return the user's time zone; for who makes this call, the call's."""
        if self == self.env.user:
            return self.env.tz
        # Everybody may know where a colleague is.
        return pytz.timezone(self.sudo().tz or "UTC")
