from odoo import api, models

from ..arguments import arguments, as_rows, as_texts


class FoundNames:
    """The ids that an import has found, by model and name.

    It travels in the context, where no RPC caller can put one.
    """

    def __init__(self):
        self.ids = {}


class BillinatorBatchImportMixin(models.AbstractModel):
    """Imports look for each name once, and not again in every row.

    A file of deals says five thousand times which of ten people has them; finding them
    took as long as making the deals.
    """

    _name = "billinator.batch.import.mixin"
    _description = "Import in Batches"

    @api.model
    @arguments(fields=as_texts, data=as_rows)
    def load(self, fields, data):
        """Import rows, as every model of Odoo does.

        :param list fields: field of each column, as ``partner_id/id``
        :param list data: rows, each a list of texts
        :return: dict with ``ids``, or False where there are errors, and ``messages``
        """
        return super(
            BillinatorBatchImportMixin, self.with_context(billinator_found=FoundNames())
        ).load(fields or [], data or [])
