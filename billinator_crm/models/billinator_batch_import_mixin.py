from odoo import api, models
from odoo.exceptions import UserError

from ..arguments import arguments, as_rows, as_texts

NUMBERS = {"float", "integer", "monetary"}
# Of these, rows have contents to decode, and commands.
UNCOMPARED = {"binary", "one2many"}


class BatchError(Exception):
    """A batch is refused, because of one of its rows."""


class FoundNames:
    """What an import has found, by model, type of field and what a cell names.

    It travels in the context, where no RPC caller can put one.
    """

    def __init__(self):
        self.values = {}


class BillinatorBatchImportMixin(models.AbstractModel):
    """Imports look for each name once, and write what a file has changed.

    A file of deals says five thousand times which of ten people has them; finding them
    took as long as making the deals. Whoever exports a list and changes one column
    means that column.
    """

    _name = "billinator.batch.import.mixin"
    _description = "Import in Batches"

    @api.model
    @api.readonly
    def get_import_templates(self):
        """Offer the spreadsheet to fill in and import.

        :return: list of dicts with ``label`` and ``template`` (a path)
        """
        return [
            {"label": label, "template": f"/billinator_crm/static/xls/{file}"}
            for file, label in self._get_import_templates().items()
        ]

    @api.model
    def _get_import_templates(self):
        """Return the labels of spreadsheets to fill in, by the names of their files."""
        return {}

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

    def _load_records(self, data_list, update=False):
        """Let each row tell itself why it is refused.

        Of a batch that is refused, Odoo blames the first row, and then tries them all.
        """
        try:
            return super()._load_records(data_list, update)
        except UserError as error:
            if len(data_list) > 1:
                raise BatchError(str(error)) from error
            raise

    def _load_records_create(self, vals_list):
        """Let blank cells of required columns be what is usual."""
        return super()._load_records_create(
            [
                {
                    name: value
                    for name, value in vals.items()
                    if not (self._is_blank(name, value) and self._fields[name].required)
                }
                for vals in vals_list
            ]
        )

    def _load_records_write(self, values):
        """Write what differs: what stays as it is violates nothing.

        With it, what would follow from that and is to stay: what is written wins, as
        always. Blank cells do not.
        """
        self.check_access("write")
        changed = {
            name: value
            for name, value in values.items()
            if not self._has_value(name, value)
        }
        following = self._get_following(changed)
        kept = {
            name: value
            for name, value in values.items()
            if name in following and not self._is_blank(name, value)
        }
        return changed and super()._load_records_write({**kept, **changed})

    @api.model
    def _get_following(self, names):
        """Return the names of the fields that may follow from others."""
        return {
            field.name
            for name in names
            for field in self.pool.get_dependent_fields(self._fields[name])
            if field.model_name == self._name and field.compute and not field.readonly
        }

    def _has_value(self, name, value):
        """Return whether the record has a row's value already."""
        field = self._fields[name]
        is_blank_number = field.type in NUMBERS and self._is_blank(name, value)
        if field.type in UNCOMPARED or is_blank_number:
            return False
        given, present = (
            field.convert_to_cache(side, self) for side in (value, self[name])
        )
        if field.type == "datetime":
            # Files have no microseconds.
            present = present and present.replace(microsecond=0)
        if field.type == "many2many":
            # Files have them in another order than forms.
            given, present = set(given), set(present)
        return given == present

    @api.model
    def _is_blank(self, name, value):
        return value is False and self._fields[name].type != "boolean"
