from contextlib import suppress

from odoo import models
from odoo.exceptions import MissingError

LISTS = {"many2many", "one2many"}
# The types whose values are in memory nearly as they are read.
READ_TOGETHER = LISTS | {
    *("boolean", "char", "date", "datetime", "float", "integer"),
    *("many2one", "monetary", "selection", "text"),
}


class BillinatorReadingMixin(models.AbstractModel):
    """Records that the web client reads many of, with many fields.

    The ORM asks for each value anew whether the user may read the field and whether it
    is to be computed, and makes records of ids to read the ids. Here that is done once
    for each field.
    """

    _name = "billinator.reading.mixin"
    _description = "Records Read Together"

    def _read_format(self, fnames, load="_classic_read"):
        # With the names of what is referred to, the web client reads nothing.
        columns = {} if load else self._get_columns(fnames)
        others = [name for name in fnames if name not in columns]
        rows = super()._read_format(others, load)
        for name, values in columns.items():
            for row in rows:
                row[name] = values[row["id"]]
        return rows

    def _get_columns(self, names):
        """Return the values of fields by id, where all of them can be read together."""
        columns = {}
        # New records refer to others that are new, too, and one alone gains nothing.
        for name in names if len(self) > 1 and all(self._ids) else ():
            # Of what is missing, the ORM tells why.
            with suppress(KeyError, MissingError):
                columns[name] = self._get_column(self._fields[name])
        return columns

    def _get_column(self, field):
        """Return the values of a field by id, as they are read.

        :raises KeyError: where it takes more than what is in memory
        """
        if field.translate or field.type not in READ_TOGETHER:
            raise KeyError(field.name)
        if field.compute and field.store:
            field.recompute(self)
        # Asks for the user's rights, and computes or reads it for all.
        next(iter(self)).mapped(field.name)
        cached = field._get_cache(self.env)
        values = {one: cached[one] for one in self._ids}
        if field.type in LISTS:
            # Without what is archived.
            shown = set(self.mapped(field.name)._ids)
            return {
                one: [other for other in others if other in shown]
                for one, others in values.items()
            }
        if field.type == "many2one":
            return {one: other or False for one, other in values.items()}
        convert = field.convert_to_record
        return {one: convert(value, self) for one, value in values.items()}
