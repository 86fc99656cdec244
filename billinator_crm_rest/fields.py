"""The fields of the API: each says which field of Odoo it is, and in which form."""

from datetime import date, datetime

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ConcurrencyError
from odoo.fields import Command, Domain
from odoo.tools import escape_psql

from .texts import to_html, to_text


class UnknownValueError(ValueError):
    """The client's value stands for nothing that there is, or that the user may see."""


def named(name, field="name"):
    """Return the domain of the records of a name, whatever the case of its letters."""
    # The name is no pattern, and a backslash at its end would be an error.
    return Domain(field, "=ilike", escape_psql(name))


def find_named(env, model, names):
    """Return the ids of records by their names in lower case, found in one search."""
    Model = env[model]
    domain = Domain.OR(named(name) for name in names)
    ids = {}
    # Setting a many2many asks which of its records are active, for each set by itself.
    fetched = [name for name in ("name", Model._active_name) if name]
    for record in Model.search_fetch(domain, fetched):
        ids.setdefault(record.name.lower(), record.id)
    return ids


def find_visible(Model, ids):
    """Return those of the ids whose records the user may see, as a set."""
    return set(Model.search([("id", "in", {*ids} - {None})], order="id").ids)


def check_visible(env, model, ids, found):
    """Refuse ids that are not among those ``found``."""
    for record_id in ids:
        if record_id not in found:
            raise UnknownValueError(
                env._(
                    "There is no %(model)s %(id)s.",
                    model=describe_model(env, model),
                    id=record_id,
                )
            )


def describe_model(env, model):
    """Return what the user calls a record of the model."""
    return env["ir.model"]._get(model).name


class Field:
    """A field that has the same value in the API as in Odoo.

    :param is_readonly: what clients send for it changes the field by no plain write
    """

    def __init__(self, name, *, is_readonly=False):
        self.name = name
        self.is_readonly = is_readonly

    def find(self, env, values):
        """Look up what the values of many clients' data stand for, at once.

        :return: what :meth:`to_values` takes as ``found``
        """

    def add_present(self, record, found):
        """Have the value that a record has be one that is ``found``."""

    def to_values(self, env, value, found):
        """Return the model's values.

        :raise UnknownValueError: if the value stands for nothing
        """
        return {self.name: value}

    def show(self, row, labels):
        """Return the API's value.

        :param row: dict of the ORM's ``read``
        :param labels: what ``read_labels`` returned for all rows
        """
        return to_json(self.from_row(row))

    def from_row(self, row):
        value = row[self.name]
        return None if value is False or value == "" else value


class Boolean(Field):
    def from_row(self, row):
        return row[self.name]


class PlainText(Field):
    """A text that Odoo keeps as HTML, and the API gives and takes without."""

    def to_values(self, env, value, found):
        return {self.name: value and to_html(value)}

    def from_row(self, row):
        return to_text(row[self.name]) if row[self.name] else None


class Code(Field):
    """A selection, in upper case in the API."""

    def to_values(self, env, value, found):
        return {self.name: value and value.lower()}

    def from_row(self, row):
        return row[self.name].upper() if row[self.name] else None


class Choice(Field):
    """A selection under names of the API's own.

    :param codes: dict of the API's codes and Odoo's values
    """

    def __init__(self, name, codes):
        super().__init__(name)
        self.codes = codes
        self.names = {value: code for code, value in codes.items()}

    def to_values(self, env, value, found):
        return {self.name: self.codes.get(value)}

    def from_row(self, row):
        return self.names.get(row[self.name])


class Lines(Field):
    """A text, as the list of its lines."""

    def from_row(self, row):
        return (row[self.name] or "").splitlines()


class Reference(Field):
    """A many2one, as the id of a record that the user may see.

    :param active_test: whether what is archived cannot be chosen
    """

    def __init__(self, name, model, *, active_test=False):
        super().__init__(name)
        self.model = model
        self.active_test = active_test

    def find(self, env, values):
        Model = env[self.model].with_context(active_test=self.active_test)
        return find_visible(Model, values)

    def to_values(self, env, value, found):
        check_visible(env, self.model, [value] if value else [], found)
        return {self.name: value}

    def add_present(self, record, found):
        found.add(record[self.name].id)

    def find_foreign(self, env, ids, company):
        """Return those of the records that are of another company."""
        Model = env[self.model].with_context(active_test=False)
        theirs = Domain(Model._check_company_domain(company))
        return Model.browse(ids) - Model.search(Domain("id", "in", ids) & theirs)

    def from_row(self, row):
        return row[self.name] or None


class Ids(Field):
    """Many records, as the ids of those that the user may see.

    It is None for who may not know of any.
    """

    def __init__(self, name, model, *, is_readonly=False):
        super().__init__(name, is_readonly=is_readonly)
        self.model = model

    def find(self, env, values):
        return find_visible(env[self.model], set().union(*values))

    def to_values(self, env, value, found):
        check_visible(env, self.model, value, found)
        return {self.name: [Command.set(value)]}

    def add_present(self, record, found):
        found.update(record[self.name].ids)

    def read_labels(self, env, rows):
        """Return the records that the user may see, by their ids."""
        ids = {record_id for row in rows for record_id in row.get(self.name, ())}
        # What is in memory may have been read for somebody who sees more.
        records = env[self.model].browse(ids)._filtered_access("read")
        return {record.id: record for record in records}

    def show(self, row, labels):
        if self.name not in row:
            return None
        return [self.show_one(labels[one]) for one in row[self.name] if one in labels]

    def show_one(self, record):
        return record.id


class People(Ids):
    """Contacts, with who each is and which part he or she has."""

    def __init__(self, name):
        super().__init__(name, "billinator.contact", is_readonly=True)

    def show_one(self, record):
        role = record.role and record.role.upper()
        return {"id": record.id, "name": record.name, "role": role or None}


class Names(Field):
    """A many2many, as the names of its records, which must be there already.

    Rows have the records' ids; the names of all rows are read at once.
    """

    def __init__(self, name, model):
        super().__init__(name)
        self.model = model

    def find(self, env, values):
        return find_named(env, self.model, set().union(*values))

    def to_values(self, env, value, found):
        for name in value:
            if name.lower() not in found:
                raise UnknownValueError(
                    env._(
                        "There is no %(model)s “%(name)s”.",
                        model=describe_model(env, self.model),
                        name=name,
                    )
                )
        return {self.name: [Command.set([found[name.lower()] for name in value])]}

    def read_labels(self, env, rows):
        ids = {record_id for row in rows for record_id in row[self.name]}
        # What is in memory may have been read for somebody who sees more.
        records = env[self.model].browse(ids)._filtered_access("read")
        return {record.id: record.name for record in records}

    def show(self, row, labels):
        return [labels[one] for one in row[self.name] if one in labels]


class Coded(Field):
    """A many2one, as the code of its record: ``code`` of ``model``."""

    def __init__(self, name, model, code="code"):
        super().__init__(name)
        self.model = model
        self.code = code

    def find(self, env, values):
        domain = [(self.code, "in", {value for value in values if value})]
        records = env[self.model].search_fetch(domain, [self.code])
        return {record[self.code]: record.id for record in records}

    def to_values(self, env, value, found):
        if not value:
            return {self.name: False}
        if value not in found:
            known = ", ".join(env[self.model].search([], limit=50).mapped(self.code))
            raise UnknownValueError(
                env._(
                    "There is no %(code)s. Choose one of: %(known)s.",
                    code=value,
                    known=known,
                )
            )
        return {self.name: found[value]}

    def add_present(self, record, found):
        present = record[self.name]
        found[present[self.code]] = present.id

    def read_labels(self, env, rows):
        ids = {row[self.name] for row in rows if row[self.name]}
        return {record.id: record[self.code] for record in env[self.model].browse(ids)}

    def show(self, row, labels):
        return labels.get(row[self.name])


class Source(Coded):
    """Where a deal comes from, by name; a name that is new makes a new source."""

    def find(self, env, values):
        names = {value.lower(): value for value in values if value}
        found = find_named(env, self.model, names.values())
        missing = {key: name for key, name in names.items() if key not in found}
        try:
            sources = self._create(env, list(missing.values()))
        except UniqueViolation as error:
            # Odoo repeats the call, which finds the source then.
            raise ConcurrencyError("A source was made meanwhile") from error
        return {**found, **dict(zip(missing, sources.ids, strict=True))}

    def _create(self, env, names):
        """Create sources of exactly these names."""
        # Salespeople may not make sources by themselves; integrations name their own.
        sources_sudo = env[self.model].sudo().create([{"name": n} for n in names])
        for source_sudo, name in zip(sources_sudo, names, strict=True):
            # Odoo takes a number in brackets at the end for its own counting.
            if source_sudo.name != name:
                source_sudo.name = name
                # One after the other: the next one's may be free from now on alone.
                source_sudo.flush_recordset()
        return sources_sudo

    def to_values(self, env, value, found):
        return {self.name: value and found[value.lower()]}


def to_json(value):
    """Return a value as the API shows it: dates and times as text, times in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return value
