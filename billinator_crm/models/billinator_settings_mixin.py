from odoo import api, models

from ..caches import forget_settings, get_settings_version


class BillinatorSettingsMixin(models.AbstractModel):
    """Empties the caches of settings whenever a record of them changes."""

    _name = "billinator.settings.mixin"
    _description = "Settings Kept in Memory"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        forget_settings(self.env)
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._changes_settings(vals):
            forget_settings(self.env)
        return result

    def unlink(self):
        result = super().unlink()
        forget_settings(self.env)
        return result

    @api.model
    def _changes_settings(self, vals):
        """Tell whether the caches know anything of what is written."""
        return True

    @api.model
    def _get_settings_version(self):
        """Return what tells the settings that the transaction sees from others."""
        return get_settings_version(self.env)
