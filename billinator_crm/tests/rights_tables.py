"""Compares what each role may do, as it is tried, with tables of it."""

import inspect

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Command
from odoo.service.model import get_public_method

from .common import BillinatorInvoicingCommon
from .rights import COLLEAGUES, OTHERS, RightsCase

OPERATIONS = {"create": "c", "read": "r", "write": "w", "unlink": "u"}
# What the table of operations has; rows are loaded, and forms saved, by the first two,
# and to archive is to write.
CRUD = {"create", "write", "unlink", "load", "web_save", "action_archive"}
# A harmless value for each type of field.
CHANGES = {
    "boolean": True,
    "char": "Changed",
    "date": "2099-01-01",
    "float": 7,
    "many2many": [Command.set([])],
    "monetary": 7,
    "text": "Changed",
}


def is_on_model(model, method):
    """Whether the method takes no records."""
    return getattr(getattr(type(model), method), "_api_model", False)


class RightsTablesCase(RightsCase, BillinatorInvoicingCommon):
    # Further exceptions that say no, by model.
    REFUSALS = {
        # Events that one may not see are not there.
        "billinator.timeline": (MissingError,),
    }

    def _try(self, act, refusals=(AccessError,)):
        """Return whether the user may act, and undo it.

        :param act: a function
        :param refusals: exceptions that say no; others nobody is to see
        """
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint() as savepoint:
                act()
                self.env.flush_all()
                savepoint.rollback()
        except refusals:
            return False
        return True

    def _get_refusals(self, model):
        return AccessError, *self.REFUSALS.get(model._name, ())

    # === Models === #

    def assert_rights(self, addon, table):
        """Compare a table with what happens to the records of an addon's models.

        A line without indentation names a model. Each below it tells what users of
        each role may do with their own record, a colleague's, an unassigned one, and
        one of another company: the first letters of create, read, write and unlink.
        Where it does not matter whose a record is, the line says ``any``; dialogs are
        one's own, or were made by a colleague.
        """
        places = self._read_places(table)
        for model, places_of_model in places.items():
            needed = self._get_needed_places(self.env[model])
            self.assertLessEqual(needed, set(places_of_model), model)
        models = self._get_models(addon)
        concrete = {name for name, model in models.items() if not model._abstract}
        self.assertEqual(set(places), concrete, "a model without a line in the table")
        happens = self._render(places)
        self.assertEqual(
            [line.split() for line in table.strip().splitlines()],
            [line.split() for line in happens.strip().splitlines()],
            f"What happens is:\n{happens}",
        )

    def _read_places(self, table):
        """Return the lines' names by model."""
        places, names = {}, []
        for line in table.strip("\n").splitlines()[1:]:
            if line.startswith(" "):
                words = line.split()
                names.append(" ".join(words[: -len(self.users)]))
            else:
                names = places[line] = []
        return places

    def _get_needed_places(self, model):
        """Return for which records there have to be lines, by the model's fields."""
        if model._transient:
            return {"own", "colleague"}
        own = {name for name, field in model._fields.items() if not field.inherited}
        if own & {"user_id", "opportunity_id", "quote_id"}:
            return {"own", "colleague", "unassigned", "other company"}
        if {"company_id", "tag_id", "template_id"} & set(model._fields):
            return {"any", "other company"}
        return set()

    def _render(self, places):
        """Return the table of what happens."""
        lines = [" " * 16 + "".join(f"{role:9}" for role in self.users)]
        for model, places_of_model in places.items():
            lines.append(model)
            for place in places_of_model:
                rights = self._get_line(model, place)
                lines.append(f"  {place:14}" + "".join(f"{each:9}" for each in rights))
        return "\n".join(line.rstrip() for line in lines)

    def _get_line(self, model, place_name):
        """Return what each role may do with a record of the place."""
        made = {}
        for user in self.users.values():
            place = self._get_place(place_name, user)
            author = None
            if self.env[model]._transient:
                author = user if place_name == "own" else self.colleague
            if (place, author) not in made:
                made[place, author] = self._make(model, place, author)
            values = self._prepare(model, place)
            self.env.flush_all()
            record = made[place, author].with_env(self.env(user=user, su=False))
            yield self._get_rights(record, values) or "-"

    def _get_rights(self, record, values):
        """Return the letters of what the record's user may do.

        :param dict values: to create another one
        """
        acts = {
            "create": lambda: record.create(dict(values)),
            "read": lambda: self._read(record),
            "write": lambda: record.write(self._get_change(record)),
            "unlink": record.unlink,
        }
        refusals = self._get_refusals(record)
        rights = ""
        for operation, letter in OPERATIONS.items():
            try:
                rights += letter if self._try(acts[operation], refusals) else ""
            except Exception as error:
                # In its place in the table, to see all of them at once.
                rights += f"!{operation}: {error!r}"
        return rights

    def _read(self, record):
        record.read(["display_name"])
        self.assertTrue(record.display_name)
        records = record.with_context(active_test=False)
        self.assertEqual(records.search([("id", "=", record.id)]), record)

    def _get_change(self, record):
        """Return a harmless change of a record."""
        fields = [
            field
            for name, field in sorted(record._fields.items())
            if field.store and not field.inherited
            if field.type in CHANGES or field.type == "many2one"
        ]
        # A name before others, and links after them.
        field = min(
            fields,
            key=lambda field: (
                field.name != "name",
                ("many2one", "many2many").index(field.type) + 1
                if field.relational
                else bool(field.compute),
            ),
        )
        if field.type == "many2one":
            return {field.name: record.sudo()[field.name].id}
        return {field.name: CHANGES[field.type]}

    # === Exports === #

    def assert_exports(self, addon):
        """Export all columns that the dialog offers, of each model, as every role.

        With those of each relation to another of our models.
        """
        allowed = self.env.ref("base.group_allow_export")
        for role, user in self.users.items():
            if user.sudo().share:
                continue
            user.group_ids += allowed
            for model in self._get_exported_models(addon):
                place = self._get_place("own", user)
                env = self.env(user=user, su=False)
                record = self._make(model, place).with_env(env)
                if not record.has_access("read"):
                    continue
                with self.subTest(model, role=role):
                    self.assertEqual(self._get_refused_columns(record), [])

    def _get_exported_models(self, addon):
        for name, model in self._get_models(addon).items():
            if not model._abstract and not model._transient:
                yield name

    def _get_refused_columns(self, record):
        """Return which of the offered columns one cannot export."""
        columns = list(self._get_offered_columns(record))
        if self._try(lambda: record.export_data(columns)):
            return []
        return [
            column
            for column in columns
            if not self._try(lambda column=column: record.export_data([column]))
        ]

    def _get_offered_columns(self, record):
        """Return the paths of what the dialog offers, one relation of ours deep."""
        for name in self._get_exportable_fields(record):
            yield name
            field = record._fields[name]
            if field.relational and field.comodel_name.startswith("billinator."):
                for other in self._get_exportable_fields(record[name]):
                    yield f"{name}/{other}"

    def _get_exportable_fields(self, model):
        described = model.fields_get(attributes=["exportable"])
        if not model._is_an_ordinary_table():
            del described["id"]
        return [name for name, field in described.items() if field["exportable"]]

    # === Methods === #

    def assert_methods(self, addon, on_records, on_models, openers=()):
        """Compare tables with an addon's public methods, and try these.

        :param str on_records: models with their methods; nobody gets an answer for
            what may not be read
        :param dict on_models: who gets an answer, which tells no secret, by model and
            method
        :param openers: methods that answer also for what may be read, and not changed
        """
        table = self._read_methods(on_records)
        found = self._get_methods(addon)
        free = {each for each in found if is_on_model(self.env[each[0]], each[1])}
        self.assertEqual(free, set(on_models), "other methods than the table has")
        self.assertEqual(
            found - free,
            {(model, name) for model, names in table.items() for name in names},
            "other methods than the table has",
        )
        for model, names in table.items():
            self._assert_refused(model, names, openers)
        for (model, name), roles in on_models.items():
            self._assert_answers(self.env[model], name, roles.split())

    def _read_methods(self, table):
        """Return the methods' names by model."""
        lines = table.replace("\n    ", " ").strip().splitlines()
        by_model = dict(line.split(":") for line in lines)
        return {model: names.split() for model, names in by_model.items()}

    def _get_methods(self, addon):
        """Return models and names of the methods of an addon that RPC reaches."""
        return {
            (model, method)
            for model in self.env.registry
            for method in self._get_methods_of(model, f"odoo.addons.{addon}.")
        }

    def _get_methods_of(self, model, addon):
        """Return what an addon's classes, or mixins of ours, give a model.

        Not to models of an addon on top of it: the core's tables do not know them.
        """
        home = f"odoo.addons.{self.env[model]._original_module}."
        is_on_top = home != addon and home.startswith("odoo.addons.billinator_crm_")
        mixins = () if is_on_top else "billinator."
        return {
            name
            for definition in type(self.env[model]).mro()
            if definition.__module__.startswith(addon)
            if definition._name == model or definition._name.startswith(mixins)
            for name, value in vars(definition).items()
            if inspect.isfunction(value) and name not in CRUD
            if self._is_public(model, name)
        }

    def _is_public(self, model, method):
        try:
            get_public_method(self.env[model], method)
        except AccessError:
            return False
        return True

    def _assert_refused(self, model, names, openers):
        """Try methods on records that may not be read, or not be changed."""
        records = self._get_foreign_records(model)
        self.env.flush_all()
        for role, user in self.users.items():
            env = self.env(user=user, su=False)
            seen = [record.with_env(env) for record in records]
            hidden = [record for record in seen if not record.has_access("read")]
            self.assertTrue(hidden, f"{role} may read each {model} of this test")
            kept = [
                record
                for record in seen
                if record not in hidden and not record.has_access("write")
            ]
            for record in hidden + kept:
                for name in names:
                    if record in hidden or name not in openers:
                        with self.subTest(model=model, method=name, role=role):
                            self.assertFalse(self._try_method(record, name))

    def _try_method(self, record, name):
        arguments = self._get_arguments(record._name, name)
        # As the client says which quote it is about, and that we show the teams.
        quote = self._get_document("billinator.quote", self._get_hidden_place())
        context = {"active_model": quote._name, "active_ids": quote.ids}
        record = record.with_context(**context, order_id=quote.id, billinator_team=True)
        return self._try(lambda: getattr(record, name)(*arguments))

    def _get_hidden_place(self):
        return self._get_place("other company", self.users["own"])

    def _assert_answers(self, model, name, roles):
        """Try a method that takes no records, and look for secrets in its answer."""
        for role, user in self.users.items():
            secrets = (OTHERS, COLLEAGUES) if role == "own" else (OTHERS,)
            with self.subTest(model=model._name, method=name, role=role):
                answer = self._get_answer(model.with_user(user), name)
                self.assertEqual(answer is not None, role in roles)
                for secret in secrets:
                    self.assertNotIn(secret, answer or "")

    def _get_answer(self, model, name):
        arguments = self._get_arguments(model._name, name)
        answers = []
        self._try(
            lambda: answers.append(str(getattr(model, name)(*arguments))),
            self._get_refusals(model),
        )
        return answers[0] if answers else None

    def _get_arguments(self, model, name):
        """Return what a method is to be called with."""
        return []

    def _get_foreign_records(self, model):
        """Return a colleague's record, and one of another company's."""
        Model = self.env[model]
        if Model._abstract:
            return [Model.browse(1)]
        author = self.other_colleague if Model._transient else None
        return [
            self._make(model, self._get_place(place, self.users["own"]), author)
            for place in ("colleague", "other company")
        ]
