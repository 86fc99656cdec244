from odoo import api, models

from ..caches import forget_settings, get_settings_version, settings_cache


class BillinatorSettingsMixin(models.AbstractModel):
    """Empties the caches of settings whenever a record of them changes."""

    _name = "billinator.settings.mixin"
    _description = "Settings Kept in Memory"
    # The fields that every page shows, or computes with, whoever reads it
    _remembered_fields = ()

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

    def _recall(self):
        """Read what is remembered of the records, without a query for those in use."""
        ids, columns = self._get_remembered()
        # Texts are those of one language.
        records = self.browse(ids).with_context(prefetch_langs=False)
        for name, values in columns.items():
            self._fields[name]._insert_cache(records, values)
        # Those that nobody uses any more.
        (self - records).fetch(columns)

    @api.model
    @settings_cache("self.env.lang")
    def _get_remembered(self):
        """Return the ids of all records, and their values by field, as cached ones."""
        # As sudo: shown with documents, to whoever may read these.
        records_sudo = self.sudo().with_context(active_test=True)
        records_sudo = records_sudo.search_fetch(
            [("id", "!=", False)], self._remembered_fields
        )
        return records_sudo.ids, {
            name: [
                self._fields[name].convert_to_cache(record_sudo[name], record_sudo)
                for record_sudo in records_sudo
            ]
            for name in self._remembered_fields
        }
