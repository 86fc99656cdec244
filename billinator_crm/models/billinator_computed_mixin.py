from odoo import api, models
from odoo.exceptions import UserError

# What the web client offers to do with a field
OFFERS = ("groupable", "searchable")


class BillinatorComputedMixin(models.AbstractModel):
    """Records of which nobody fills in what follows from other fields, or from actions.

    Rights, and where a record is shown, hang on that.
    """

    _name = "billinator.computed.mixin"
    _description = "Computed Fields"

    @api.model
    def default_get(self, fields):
        """Let no context, which any caller may set, fill in what nobody sets."""
        kept, settable = self._get_kept_fields(), self._get_settable_fields()
        return {
            name: value
            for name, value in super().default_get(fields).items()
            if name in settable or not (name in kept or is_computed(self, name))
        }

    def _fetch_field(self, field):
        """Read what the ORM reads beside a field, but for what is still to be computed.

        It would compute that before it reads it. Where the field is read in order to
        compute another one, that one still has its former value, which would stay in
        all that follows from it.
        """
        pending = self._get_pending_fields() - {field}
        if not pending or field.prefetch is not True:
            return super()._fetch_field(field)
        beside = [
            name
            for name, one in self._fields.items()
            if one.prefetch is True
            and one not in pending
            and self._has_field_access(one, "read")
        ]
        return self.fetch({field.name, *beside})

    def _get_pending_fields(self):
        """Return the fields that are still to be computed for some of the records."""
        return {
            field
            for field, ids in self.env.transaction.tocompute.items()
            if field.model_name == self._name and not ids.isdisjoint(self._ids)
        }

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe the fields; nothing technical is offered to group or filter by.

        :param list allfields: names of fields, all without any
        :param list attributes: what to tell of each, everything without any
        :return: dict of dicts, by the names of the fields
        """
        descriptions = super().fields_get(allfields, attributes)
        for name in self._get_technical_fields() & descriptions.keys():
            description = descriptions[name]
            description.update((one, False) for one in OFFERS if one in description)
        return descriptions

    @api.model
    def _get_technical_fields(self):
        """Return the names of fields of which each value is one record's alone.

        Nobody groups or filters by fingerprints and keys. Extensions add theirs.
        """
        return set()

    @api.model_create_multi
    def create(self, vals_list):
        self._check_settable(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_settable(vals)
        return super().write(vals)

    @api.model
    def _check_settable(self, *vals_list):
        """Refuse values for what follows from other fields, or from actions."""
        if not all(isinstance(vals, dict) for vals in vals_list):
            raise UserError(
                self.env._("Give the values by field name, as a dictionary.")
            )
        if self.env.su:
            return
        names = set().union(*vals_list)
        for name in self._get_kept_fields() & names:
            label = self._fields[name]._description_string(self.env)
            raise self._get_kept_error(label)
        for name in names - self._get_settable_fields():
            if is_computed(self, name):
                raise UserError(
                    self.env._(
                        "“%s” is computed and cannot be set.",
                        self._fields[name]._description_string(self.env),
                    )
                )

    @api.model
    def _get_settable_fields(self):
        """Return which of the computed fields the user may fill in for all that.

        Among them are those that methods of ours write as the user.
        """
        return set()

    @api.model
    def _get_kept_fields(self):
        """Return the names of the stored fields that only actions of ours fill in.

        Nobody else does, neither by values nor by defaults in the context. Extensions
        add theirs.
        """
        return set()

    @api.model
    def _get_kept_error(self, label):
        """Return the exception for a value of a kept field, where a model has some."""
        raise NotImplementedError


def is_computed(records, name):
    """Tell whether ``name`` is a stored field that follows from others."""
    field = records._fields.get(name)
    return bool(field and field.compute and field.store and field.readonly)
