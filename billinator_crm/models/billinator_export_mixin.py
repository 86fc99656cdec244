from odoo import api, models


class BillinatorExportMixin(models.AbstractModel):
    """Offers to export what the user may read: all columns at once are no error."""

    _name = "billinator.export.mixin"
    _description = "Columns to Export"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe the fields, and which of them the user can export.

        :param list allfields: names of the fields; all of them, without it
        :param list attributes: what to say of each; everything, without it
        :return: dict of dicts by the fields' names
        """
        described = super().fields_get(allfields, attributes)
        for name, description in described.items():
            comodel = self._fields[name].comodel_name
            if description.get("exportable") and comodel:
                description["exportable"] = self.env[comodel].has_access("read")
        return described
