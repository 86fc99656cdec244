from odoo import api, models


class ResCurrency(models.Model):
    """What amounts ask for is kept in memory; rates are not."""

    _name = "res.currency"
    _inherit = ["billinator.settings.mixin", "res.currency"]
    _remembered_fields = ("decimal_places", "name", "rounding")

    @api.model
    def _changes_settings(self, vals):
        return not vals.keys().isdisjoint(("active", *self._remembered_fields))
