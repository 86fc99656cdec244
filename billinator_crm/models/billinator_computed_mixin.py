from odoo import api, models

from ..arguments import check_not_computed, is_computed


class BillinatorComputedMixin(models.AbstractModel):
    """Records of which nobody fills in what follows from other fields.

    Rights, and where a record is shown, hang on that.
    """

    _name = "billinator.computed.mixin"
    _description = "Computed Fields"

    @api.model
    def default_get(self, fields):
        """Let no context, which any caller may set, fill in what is computed."""
        defaults = super().default_get(fields)
        return {
            name: value
            for name, value in defaults.items()
            if not is_computed(self, name)
        }

    @api.model_create_multi
    def create(self, vals_list):
        check_not_computed(self, set().union(*vals_list))
        return super().create(vals_list)

    def write(self, vals):
        check_not_computed(self, vals)
        return super().write(vals)
