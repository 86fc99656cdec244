from odoo import models

from .billinator_batch_import_mixin import FoundNames


class IrFieldsConverter(models.AbstractModel):
    _inherit = "ir.fields.converter"

    def _str_to_many2one(self, model, field, values, savepoint):
        find = super()._str_to_many2one
        return self._find_once(find, model, field, values, savepoint)

    def _str_to_many2many(self, model, field, value, savepoint):
        find = super()._str_to_many2many
        return self._find_once(find, model, field, value, savepoint)

    def _find_once(self, find, model, field, values, savepoint):
        """Remember what names stand for, if that is sure."""
        [reference] = values
        found = self.env.context.get("billinator_found")
        made_by_name = self.env.context.get("name_create_enabled_fields") or {}
        set_empty = self.env.context.get("import_set_empty_fields") or []
        is_kept = (
            isinstance(found, FoundNames)
            and None in reference
            # What the import makes itself can be taken back.
            and field.comodel_name != model._name
            and not made_by_name.get(field.name)
            # There, it stands for what is known of it.
            and field.name not in set_empty
        )
        key = (field.comodel_name, field.type, reference.get(None))
        if is_kept and key in found.values:
            return found.values[key], []
        value, warnings = find(model, field, values, savepoint)
        if is_kept and value and not warnings:
            found.values[key] = value
        return value, warnings
