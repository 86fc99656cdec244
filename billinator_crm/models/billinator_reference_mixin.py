import re

from psycopg2.errors import ForeignKeyViolation, RestrictViolation

from odoo import api, models


class BillinatorReferenceMixin(models.AbstractModel):
    """Records that say in plain words what is wrong with what they refer to."""

    _name = "billinator.reference.mixin"
    _description = "Record with References"

    @api.model
    def _sql_error_to_message_generic(self, exc):
        """Say what keeps a record, or that a value names none.

        Odoo takes both for a deletion; it passes on the database's words, or names a
        constraint.
        """
        message = None
        if isinstance(exc, (ForeignKeyViolation, RestrictViolation)):
            # Whatever the database's language, this is in its detail.
            key = re.search(r"\((\w+)\)=\((\d+)\)", exc.diag.message_detail or "")
            if key and key[1] == "id":
                message = self._describe_use(exc.diag.constraint_name, int(key[2]))
            elif key:
                message = self._describe_missing(*key.groups())
        return message or super()._sql_error_to_message_generic(exc)

    @api.model
    def _describe_missing(self, name, missing_id):
        if name not in self._fields:
            return None
        return self.env._(
            "“%(field)s”: there is no record with the id %(id)s.",
            field=self._fields[name]._description_string(self.env),
            id=missing_id,
        )

    @api.model
    def _describe_use(self, constraint, kept_id):
        """Return what to do with what cannot be deleted, where one can archive it.

        Of the records that use it nothing is told: not everybody sees them.
        """
        name = constraint.removeprefix(f"{self._table}_").removesuffix("_fkey")
        field = self._fields.get(name)
        if not field or "active" not in self.env[field.comodel_name]:
            return None
        kept = self.env[field.comodel_name].browse(kept_id)._filtered_access("read")
        return self.env._(
            "“%(record)s” is in use (%(model)s: %(field)s) and cannot be deleted. "
            "Archive it instead: it stays where it is used, and is not offered again.",
            record=kept.display_name or kept_id,
            model=self.env["ir.model"]._get(self._name).name,
            field=field._description_string(self.env),
        )
