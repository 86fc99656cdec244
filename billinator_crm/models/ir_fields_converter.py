from odoo import models

from .billinator_batch_import_mixin import FoundNames


class IrFieldsConverter(models.AbstractModel):
    _inherit = "ir.fields.converter"

    def _str_to_many2one(self, model, field, values, savepoint):
        """Remember what a name stands for, if that is sure."""
        [reference] = values
        found = self.env.context.get("billinator_found")
        made_by_name = self.env.context.get("name_create_enabled_fields") or {}
        is_kept = (
            isinstance(found, FoundNames)
            and None in reference
            # What the import makes itself can be taken back.
            and field.comodel_name != model._name
            and not made_by_name.get(field.name)
        )
        key = (field.comodel_name, reference.get(None))
        if is_kept and key in found.ids:
            return found.ids[key], []
        record_id, warnings = super()._str_to_many2one(model, field, values, savepoint)
        if is_kept and record_id and not warnings:
            found.ids[key] = record_id
        return record_id, warnings
