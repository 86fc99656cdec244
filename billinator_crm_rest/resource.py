"""A resource of the API: a model of Odoo under the API's names."""

from collections import defaultdict
from contextlib import contextmanager

from fastapi import HTTPException

from odoo.exceptions import MissingError, ValidationError
from odoo.fields import Domain
from odoo.tools import is_html_empty

from .fields import Reference, UnknownValueError, describe_model
from .naming import get_named_field, naming
from .texts import to_text

BODY = ("body",)
QUERY = ("query",)
# Of what is only shown, that by which a client could mean to change something.
WISHES = frozenset(
    {"id", "quote_number", "status", "company_id", "customer_id", "external_ref"}
)


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


def check_name(env, values_list, partner):
    """Refuse to take the name from a partner who has one."""
    for values in values_list:
        if partner.name and not values.get("name", True):
            raise refuse("name", env._("A name cannot be removed."))


def browse_by_id(model, ids):
    """Return records by their ids, and none for no id; they are read together."""
    records = model.browse({one for one in ids if one})
    return defaultdict(model.browse, {record.id: record for record in records})


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
        message = env._(
            "This is the old name of %s, which has a different value.", name
        )
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
                    message = env._("%s has a different value.", other)
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
