from odoo import api, models


class BillinatorDialogMixin(models.AbstractModel):
    """Dialogs about records that their user may read.

    What a dialog shows of them, and what it proposes, is partly read as superuser, and
    nobody asks for rights to what was read before.
    """

    _name = "billinator.dialog.mixin"
    _description = "Dialog about Records"

    @api.model_create_multi
    def create(self, vals_list):
        dialogs = super().create(vals_list)
        dialogs._check_linked_readable(self._fields)
        return dialogs

    def write(self, vals):
        result = super().write(vals)
        self._check_linked_readable(vals)
        return result

    def _update_cache(self, values, validate=True):
        """Check what a form has, its defaults included, before it computes the rest."""
        result = super()._update_cache(values, validate=validate)
        self._check_linked_readable(values)
        return result

    def _check_linked_readable(self, names):
        """Refuse links to what the user may not read.

        :param names: of fields of the dialogs
        :raises AccessError: where there is one
        """
        for name in names:
            field = self._fields[name]
            if field.relational and field.store:
                self[name]._origin.check_access("read")
