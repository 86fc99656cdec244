"""A resource of the API: a model of Odoo under the API's names."""

from collections import defaultdict
from contextlib import contextmanager
from datetime import date, datetime

from fastapi import HTTPException
from psycopg2.errors import UniqueViolation

from odoo.exceptions import ConcurrencyError, MissingError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import escape_psql, is_html_empty

from .naming import get_named_field, naming
from .texts import to_html, to_text

BODY = ("body",)
QUERY = ("query",)
# Of what is only shown, that by which a client could mean to change something.
WISHES = frozenset(
    {"id", "quote_number", "status", "company_id", "customer_id", "external_ref"}
)


class UnknownValueError(ValueError):
    """The client's value stands for nothing that there is, or that the user may see."""


def refuse(field, message, *, place=BODY):
    """Return the exception for a wrong value, in the form of pydantic's own.

    :param place: the way to the field: part of the call, names, positions in lists
    """
    return HTTPException(
        422, [{"loc": [*place, field], "msg": message, "type": "value_error"}]
    )


def by_code(coded):
    """Return the filter by a ``Coded`` field, which tells the codes there are."""

    def get_domain(env, value):
        # Parameters are taken in any case; the codes are upper case.
        value = value.upper()
        values = coded.to_values(env, value, coded.find(env, [value]))
        return [(coded.name, "=", values[coded.name])]

    return get_domain


def by_segment(tags):
    """Return the filter by a customer's segment.

    :param tags: the way to the customer's tags
    """

    def get_domain(env, value):
        Tag = env["billinator.tag"]
        segments = Tag.search([("is_segment", "=", True), ("name", "=", value)])
        if not segments:
            known = Tag.search([("is_segment", "=", True)], limit=50).mapped("name")
            raise UnknownValueError(
                env._(
                    "There is no segment “%(name)s”. Those there are: %(known)s.",
                    name=value,
                    known=", ".join(known) or env._("none"),
                )
            )
        return [(tags, "in", segments.ids)]

    return get_domain


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


def check_name(env, values_list, partner):
    """Refuse to take the name from a partner who has one."""
    for values in values_list:
        if partner.name and not values.get("name", True):
            raise refuse("name", env._("A name cannot be taken away."))


def browse_by_id(model, ids):
    """Return records by their ids, and none for no id; they are read together."""
    records = model.browse({one for one in ids if one})
    return defaultdict(model.browse, {record.id: record for record in records})


def describe_model(env, model):
    """Return what the user calls a record of the model."""
    return env["ir.model"]._get(model).name


def write_changes(record, values):
    """Write those of ``values`` that say something else than the record does.

    What is written is computed and checked anew, also where it stays the same: the
    customer whom a client repeats would bring back the terms that somebody has changed.
    """
    changed = {name for name in values if not is_same(record, name, values[name])}
    if not changed:
        record.check_access("write")
        return
    # What a single change makes wrong is wrong by that.
    with naming(*changed):
        record.write(_get_changes(record, values, changed))


def _get_changes(record, values, changed):
    """Return the values to write: what changes, and what would follow from that."""
    fields = record._fields
    following = {
        field
        for name in changed
        for field in record.pool.get_dependent_fields(fields[name])
    }
    return {
        name: value
        for name, value in values.items()
        if name in changed or fields[name] in following
    }


def is_same(record, name, value):
    """Tell whether the record has this value of ``write`` already.

    :param value: of a many2many, the command that sets its records
    """
    field, current = record._fields[name], record[name]
    if field.type == "many2many":
        [(_command, _id, ids)] = value
        if name == "crm_tag_ids":
            # Customers keep their segments, whatever tags they are given.
            current -= record._get_segments()
        return set(current.ids) == set(ids)
    if field.type == "html":
        if not value:
            return is_html_empty(current)
        # Clients see it without its form, which stays as long as the text does.
        return to_text(current) == to_text(value)
    cached, asked = (
        field.convert_to_cache(one, record, validate=False) for one in (current, value)
    )
    # An empty text is none.
    return (cached or None) == (asked or None)


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
        return None if value is False else value


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


def describe_references(references, asked=None):
    """Return what the API tells of a record's names in other systems.

    :param references: dicts of ``source`` and ``ref``, the oldest first
    :param asked: the one that the call is about; the oldest, if it is about none
    """
    shown = asked or next(iter(references), {"source": None, "ref": None})
    return {
        "external_ref": shown["ref"],
        "external_source": shown["source"],
        "external_references": list(references),
    }


class Resource:
    """A model of Odoo under the names of the API.

    :param model: the model's name
    :param fields: dict of the API's names and the fields they stand for
    :param search_fields: what ``q`` searches
    :param filters: dict of query parameters and functions of (env, value) that return
        a domain
    :param old_names: dict of names that older clients know, and the API's of now
    """

    def __init__(self, model, fields, search_fields=(), filters=None, old_names=None):
        self.model = model
        self.fields = fields
        self.search_fields = search_fields
        self.filters = filters or {}
        self.old_names = old_names or {}

    # Reading

    def to_dicts(self, records):
        """Return the API's dicts of ``records``, in their order."""
        rows = records.read(self._get_readable(records), load="")
        labels = self._read_labels(records, rows)
        references = self._read_references(records)
        items = [
            {
                "id": row["id"],
                **references[row["id"]],
                **{
                    name: field.show(row, labels.get(name))
                    for name, field in self.fields.items()
                },
            }
            for row in rows
        ]
        for item in items:
            item.update({old: item[name] for old, name in self.old_names.items()})
        return items

    def _get_readable(self, records):
        """Return the names of those of the model's fields that the user may read."""
        fields = {records._fields[field.name] for field in self.fields.values()}
        return [
            field.name
            for field in fields
            # What was given away is read as sudo, but not more of it.
            if records.sudo(False)._has_field_access(field, "read")
        ]

    def _read_references(self, records):
        """Return under which names other systems know the records, by their ids."""
        # That is no secret of who sees a record.
        Reference = records.env["billinator.external.reference"].sudo()
        known = Reference._get_references(records)
        return {
            record_id: describe_references(known.get(record_id, ()))
            for record_id in records.ids
        }

    def _read_labels(self, records, rows):
        """Return what the fields need of other records, read once for all rows."""
        # Whoever is told of a record is not told of all that it has to do with.
        env = records.env(su=False)
        return {
            name: field.read_labels(env, rows)
            for name, field in self.fields.items()
            if hasattr(field, "read_labels")
        }

    def get(self, env, record_id):
        """Return the record, if the user may see it.

        :raise MissingError: if it is not there, or not visible
        """
        record = (
            env[self.model]
            .with_context(active_test=False)
            .search([("id", "=", record_id)])
        )
        if not record:
            raise MissingError(
                env._(
                    "There is no %(model)s %(id)s.",
                    model=describe_model(env, self.model),
                    id=record_id,
                )
            )
        return record.with_env(env)

    def list(self, env, query, domain=Domain.TRUE):
        """Return a page.

        :param query: an instance of ``ListQuery``, with the resource's filters
        :param domain: what the list is of
        """
        query = query.model_dump()
        domain = Domain(domain) & self._get_domain(env, query)
        Model = env[self.model]
        total = Model.search_count(domain)
        limit, offset = query["limit"], query["offset"]
        if query.get("cursor") is not None:
            domain &= Domain("id", ">", int(query["cursor"] or 0))
            records = Model.search(domain, order="id", limit=limit + 1)
            page = records[:limit]
            cursor = str(page[-1].id) if len(records) > limit else None
        else:
            order = self._get_order(env, query.get("sort"))
            page = Model.search(domain, order=order, limit=limit, offset=offset)
            cursor = None
        return {
            "items": self.to_dicts(page),
            "total": total,
            "limit": limit,
            "offset": offset,
            "next_cursor": cursor,
        }

    def _get_domain(self, env, query):
        domain = Domain.TRUE
        for name, get_domain in self.filters.items():
            if query.get(name) is not None:
                try:
                    domain &= Domain(get_domain(env, query[name]))
                except UnknownValueError as exc:
                    raise refuse(name, str(exc), place=QUERY) from exc
        if since := query.get("updated_since"):
            # Both are to the second, as it is shown: what was seen last comes again.
            domain &= Domain(self.fields["updated_at"].name, ">=", since)
        if q := query.get("q"):
            domain &= Domain.OR([(field, "ilike", q)] for field in self.search_fields)
        return domain

    def _get_order(self, env, sort):
        """Return the ORM's order of ``name,-other``."""
        if not sort:
            return None
        columns = self._get_columns(env)
        terms = {}
        for term in sort.split(","):
            name = term.strip().removeprefix("-")
            if name not in columns:
                known = ", ".join(sorted(columns))
                raise refuse("sort", env._("Sort by one of: %s.", known), place=QUERY)
            direction = "desc" if term.strip().startswith("-") else "asc"
            terms.setdefault(columns[name], direction)
        terms.setdefault("id", "asc")
        return ", ".join(f"{column} {direction}" for column, direction in terms.items())

    def _get_columns(self, env):
        """Return what a list can be sorted by: a dict of the names and the fields."""
        fields = env[self.model]._fields
        columns = {"id": "id"} | {
            name: field.name
            for name, field in self.fields.items()
            if fields[field.name].base_field.column_type
            and fields[field.name].base_field.store
        }
        return columns | {
            old: columns[name]
            for old, name in self.old_names.items()
            if name in columns
        }

    def show(self, env, record_id):
        """Return the API's dict of a record that the user may see."""
        return self.represent(self.get(env, record_id))

    # Writing

    def upsert(self, env, data):
        """Create a record of the client's ``data``.

        Where ``data`` names an external reference that is known, its record is changed.

        :return: the record's dict, and whether it was created
        """
        with self._naming_as_sent(data):
            return self._upsert(env, data)

    def _upsert(self, env, data):
        self.check_create(env)
        if data.external_ref is None:
            return self.represent(self.create_many(env, [data])), True
        asked = {"source": data.external_source or "", "ref": data.external_ref}
        # Users have no access to the references; each is a company's.
        Reference = env["billinator.external.reference"].sudo()
        company_id = getattr(data, "company_id", None)
        if company_id in env.companies.ids:
            Reference = Reference.with_company(company_id)
        reference_sudo = Reference._claim(self.model, **asked)
        known = reference_sudo._get_record()
        if known:
            record = self._get_visible(env, known)
            item = self._change_and_show(record, data)
        else:
            # What is told of the record names the reference, too.
            with env["billinator.webhook"]._telling_at_the_end():
                record = self.create_many(env, [data])
                reference_sudo.res_id = record.id
            item = self._represent_written(record)
        # A record may have a name in other systems, too.
        names = describe_references(item["external_references"], asked)
        return {**item, **names}, not known

    def check_create(self, env):
        """Refuse who may create none at all, whatever else is wrong with the call."""
        env[self.model].check_access("create")

    def create_many(self, env, data_list):
        """Create records of many clients' data at once."""
        # Whoever tries again, one by one, sends the same.
        data_list = [data.model_copy() for data in data_list]
        for data in data_list:
            self._settle_old_names(env, data)
            self._check_new(env, data)
        values_list = self.to_values_list(env, data_list)
        self._check_values_list(env, values_list)
        return env[self.model].create(values_list)

    def _check_new(self, env, data):
        """Refuse what can make no new record, by the name of the field."""

    def _check_values_list(self, env, values_list, record=None):
        """Refuse values that do not go together, by the name of the field.

        :param values_list: of new records, or the one for ``record``
        """
        self._check_companies(env, values_list, record)
        self._check_together(env, values_list, record)

    def _check_together(self, env, values_list, record):
        """Refuse what this resource knows of values that do not go together."""

    def _check_companies(self, env, values_list, record):
        """Refuse references to what is another company's."""
        model_fields = env[self.model]._fields
        default = record.company_id if record else env.company
        for name, field in self.fields.items():
            is_checked = getattr(model_fields[field.name], "check_company", False)
            if not (is_checked and isinstance(field, Reference)):
                continue
            # Of other companies than the user's, only the colleagues can be seen.
            if len(env.companies) == 1 and field.model != "res.users":
                continue
            ids = defaultdict(set)
            for values in values_list:
                value = values.get(field.name)
                if value and not (record and is_same(record, field.name, value)):
                    ids[values.get("company_id") or default.id].add(value)
            for company_id, wanted in ids.items():
                company = default.browse(company_id)
                if foreign := field.find_foreign(env, wanted, company):
                    message = env._(
                        "%(record)s does not belong to the company %(company)s.",
                        record=foreign[0].display_name,
                        company=company.name,
                    )
                    raise refuse(name, message)

    def read_many(self, records):
        """Return what :meth:`represent` returns of each record."""
        return self.to_dicts(records)

    def _get_visible(self, env, known):
        try:
            return self.get(env, known.id)
        except MissingError:
            message = env._("This external reference is another record's.")
            raise HTTPException(409, message) from None

    def change(self, env, record_id, data):
        """Change what ``data`` names, and return the record's dict."""
        with self._naming_as_sent(data):
            return self._change_and_show(self.get(env, record_id), data)

    def _change_and_show(self, record, data):
        """Change what ``data`` names, and return the record's dict.

        What is only shown is left alone: much of it moves by itself, and the client's
        copy is older. What a client could mean to change by it is refused, where it is
        as it was neither before nor afterwards.
        """
        # Whoever tries again sends the same.
        data = data.model_copy()
        shown = data.fixed & data.model_fields_set
        data.model_fields_set.difference_update(shown)
        self._settle_old_names(record.env, data, record)
        wishes = shown & WISHES
        before = self.represent(record) if wishes else {}
        item = self._represent_written(self._change(record, data))
        for name in wishes:
            if getattr(data, name) not in (
                *_get_all(before, name),
                *_get_all(item, name),
            ):
                raise refuse(name, record.env._("This cannot be changed."))
        return item

    @contextmanager
    def _naming_as_sent(self, data):
        """Have refusals name the field, by the name that the client has sent."""
        sent = frozenset(data.model_fields_set)
        try:
            yield
        except HTTPException as exc:
            for problem in exc.detail if isinstance(exc.detail, list) else ():
                part, *names = problem["loc"]
                if (part,) == BODY and len(names) == 1:
                    problem["loc"] = [part, self._get_sent_name(names[0], sent)]
            raise
        except ValidationError as error:
            wrong = get_named_field(error)
            names = [
                self._get_sent_name(name, sent)
                for name, field in self.fields.items()
                if field.name == wrong
            ]
            name = next((name for name in names if name in sent), None)
            if name is None:
                raise
            raise refuse(name, str(error)) from error

    def _get_sent_name(self, name, sent):
        """Return which of a field's names was sent; the one of now, if none was."""
        if name in sent:
            return name
        old_names = (old for old, new in self.old_names.items() if new == name)
        return next((old for old in old_names if old in sent), name)

    def _settle_old_names(self, env, data, record=None):
        """Have ``data`` say by the names of now what it says by old ones.

        :param record: the one to change
        """
        for old, name in self.old_names.items():
            if old in data.model_fields_set:
                chosen = self._choose_name(env, data, old, name, record)
                setattr(data, name, getattr(data, chosen))

    def _choose_name(self, env, data, old, name, record):
        """Return which of two names of a field says what the client wants.

        Who sends back all that was answered has changed one of them alone.
        """
        value, wished = getattr(data, old), getattr(data, name)
        if name not in data.model_fields_set or value == wished:
            return old
        if record:
            shown = self.to_dicts(record)[0][name]
            if shown in (value, wished):
                return name if shown == value else old
        message = env._("This is the old name of %s, which says something else.", name)
        raise refuse(old, message)

    def represent(self, record):
        """Return the dict of one record, with all that the API shows of it."""
        return self.to_dicts(record)[0]

    def _represent_written(self, record):
        """Return the dict of a record that the user has just written."""
        if record.has_access("read"):
            return self.represent(record)
        # Who may give a record to somebody else is told how that went.
        record_sudo = record.sudo()
        return self.represent(record_sudo)

    def _change(self, record, data):
        """Write what ``data`` names, and return the record."""
        values = self.to_new_values(record, data)
        write_changes(record, values)
        return record

    def to_new_values(self, record, data):
        """Return the model's values of what a client named to change in a record."""
        env = record.env
        found = self._find(env, [data])
        for name in found:
            # Also what the user could not choose, or nobody can any more.
            self.fields[name].add_present(record, found[name])
        values = self._to_values(env, data, found, BODY, record)
        self._check_values_list(env, [values], record)
        return values

    def delete(self, env, record_id):
        self.get(env, record_id).unlink()

    def to_values_list(self, env, data_list, places=None):
        """Return the model's values of what clients named, looked up for all at once.

        :param data_list: instances of the resource's input schema
        :param places: the way to each of them in the call; the body by default
        """
        places = places or [BODY] * len(data_list)
        found = self._find(env, data_list)
        return [
            self._to_values(env, data, found, place)
            for data, place in zip(data_list, places, strict=True)
        ]

    def _find(self, env, data_list):
        """Return what the fields' values stand for, by the fields' names."""
        values = {}
        for data in data_list:
            for name in self._get_named(data):
                values.setdefault(name, []).append(getattr(data, name))
        return {name: self.fields[name].find(env, values[name]) for name in values}

    def _to_values(self, env, data, found, place, record=None):
        values, names = {}, {}
        for name in self._get_named(data):
            field, value = self.fields[name], getattr(data, name)
            try:
                said = field.to_values(env, value, found[name])
            except UnknownValueError as exc:
                raise refuse(name, str(exc), place=place) from exc
            if other := names.get(field.name):
                said = self._choose_form(field.name, values, said, record)
                if said is None:
                    message = env._("%s says something else.", other)
                    raise refuse(name, message, place=place)
            values |= said
            names[field.name] = name
        return values

    def _choose_form(self, name, values, said, record):
        """Return which of two values of a field counts, or None if they contradict.

        The API has some fields in two forms, by id and by name or code. Who sends back
        all that was answered has changed one of them alone.

        :param values: by the form named first
        :param said: by the other one
        """
        if _is_alike(values[name], said[name]):
            return values
        if record and is_same(record, name, said[name]):
            return values
        if record and is_same(record, name, values[name]):
            return said
        return None

    def _get_named(self, data):
        """Return the names of the fields to write that the client named, in order."""
        return [
            name
            for name, field in self.fields.items()
            if name in data.model_fields_set and not field.is_readonly
        ]


def _is_alike(one, other):
    """Tell whether two values of ``write`` say the same."""
    if isinstance(one, list):
        [(_command, _id, ids)], [(_command, _id, other_ids)] = one, other
        return set(ids) == set(other_ids)
    return (one or None) == (other or None)


def _get_all(item, name):
    """Return the values of a field; a record may have names in many other systems."""
    if name == "external_ref":
        return [reference["ref"] for reference in item["external_references"]] or [None]
    return [item[name]]


def none_for_false(figures):
    """Return a dict of the ORM with None where it says False for nothing."""
    return {name: None if value is False else value for name, value in figures.items()}


def to_json(value):
    """Return a value as the API shows it: dates and times as text, times in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return value
