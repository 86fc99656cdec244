from functools import partial

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.billinator_computed_mixin import is_computed
from .rights import COLLEAGUES, OTHERS
from .rights_tables import RightsTablesCase

# What a hidden quote says of itself, which is nowhere else.
NUMBER, PRICE = "HIDDEN-77", 7654321.0
TELLING = (COLLEAGUES, OTHERS, NUMBER, "7654321", "1234567")


@tagged("post_install", "-at_install")
class TestDialogs(RightsTablesCase):
    """What dialogs tell of records that their user may not read."""

    def test_dialogs_tell_nothing_of_hidden_records(self):
        for model, field in self._get_links():
            user, places = self._get_user(model)
            for place in places:
                hidden = self._get_hidden(field.comodel_name, place)
                for way, told in self._peek(model, field, hidden, user):
                    with self.subTest(model, link=field.name, place=place, way=way):
                        self.assertFalse([word for word in TELLING if word in told])

    def test_dialogs_tell_of_their_own_records(self):
        user = self.users["own"]
        field = self.env["billinator.quote.invoice"]._fields["quote_id"]
        quote = self._get_hidden("billinator.quote", "own")
        for way, told in self._peek(field.model_name, field, quote, user):
            # A form tells what it has not been told, and a change what it changes.
            if way.startswith("create"):
                with self.subTest(way=way):
                    self.assertIn(NUMBER, told)
                    self.assertIn("7654321", told)

    def _get_user(self, model):
        """Return who opens a dialog, and whose records are hidden from that one."""
        salesperson = self.users["own"]
        if self.env[model].with_user(salesperson).has_access("create"):
            return salesperson, ("colleague", "other company")
        return self.users["admin"], ("other company",)

    def _get_links(self):
        """Return the stored fields of dialogs that refer to what not all may read."""
        hidden = {"activity", "opportunity", "quote", "quote.installment"}
        models = {f"billinator.{name}" for name in hidden}
        for model, dialog in sorted(self._get_models("billinator_crm").items()):
            for field in dialog._fields.values():
                if dialog._transient and field.store and field.comodel_name in models:
                    yield model, field

    def _get_hidden(self, model, place):
        place = self._get_place(place, self.users["own"])
        record = self._get_document(model, place)
        if model == "billinator.quote":
            record.name = NUMBER
            record.line_ids.write({"price_unit": PRICE, "tax_ids": [Command.clear()]})
        return record

    def _peek(self, model, field, record, user):
        """Yield what the user is told who points a dialog at a record, by the way."""
        Dialog = self.env[model].with_user(user)
        spec = {
            name: {"fields": {"display_name": {}}} if other.relational else {}
            for name, other in Dialog._fields.items()
        }
        is_single = field.type == "many2one"
        link = record.id if is_single else [Command.set(record.ids)]
        default = {f"default_{field.name}": link}
        active = {
            "active_model": record._name,
            "active_id": record.id,
            "active_ids": record.ids,
        }
        mine = self._prepare(model, self._get_place("own", user))
        linked = {other.name for name, other in self._get_links() if name == model}
        bare = {name: value for name, value in mine.items() if name not in linked}
        for way, Context in (
            ("default", Dialog.with_context(**default)),
            ("active", Dialog.with_context(**active)),
        ):
            yield f"form, {way}", self._tell(Context.onchange, {}, [], spec)
            yield f"create, {way}", self._tell(self._save, Context, bare, spec)
        values = {field.name: link}
        yield "form", self._tell(Dialog.onchange, values, [field.name], spec)
        for given in (mine, bare):
            new = {**given, **values}
            yield "create", self._tell(self._save, Dialog, new, spec)
        dialog = Dialog.create(mine)
        yield "write", self._tell(dialog.web_save, values, spec)
        yield "change", self._tell(dialog.onchange, values, [field.name], spec)

    def _save(self, dialog, values, spec):
        saved = dialog.create(values)
        self.env.invalidate_all()
        return saved.web_read(spec)

    def _tell(self, method, *args):
        """Return what a call tells, be it by an error, and undo it."""
        self.env.invalidate_all()
        savepoint = self.env.cr.savepoint()
        try:
            with mute_logger("odoo.sql_db"):
                return str(method(*args))
        except (UserError, IntegrityError) as error:
            return str(error)
        finally:
            savepoint.rollback()
            savepoint.close()
            self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestComputed(RightsTablesCase):
    """Stored fields that follow from others are filled in by nobody."""

    def test_nobody_fills_in_what_is_computed(self):
        for role in ("own", "admin"):
            user = self.users[role]
            place = self._get_place("own", user)
            for model, field in self._get_computed(user):
                record = self._make(model, place).with_user(user)
                values = {field.name: self._get_other(record.sudo(), field)}
                new = {**self._prepare(model, place), **values}
                self.env.flush_all()
                for way, act in (
                    ("write", partial(record.write, values)),
                    ("create", partial(record.create, new)),
                ):
                    with self.subTest(model, field=field.name, role=role, way=way):
                        self.assertFalse(self._try(act, (UserError,)))

    def test_no_context_fills_in_what_is_computed(self):
        user = self.users["own"]
        place = self._get_place("own", user)
        for model, field in self._get_computed(user):
            record = self._make(model, place).with_user(user)
            value = self._get_other(record.sudo(), field)
            record = record.with_context(**{f"default_{field.name}": value})
            with self.subTest(model, field=field.name):
                self.assertNotIn(field.name, record.default_get([field.name]))

    def _get_computed(self, user):
        """Return the computed fields of what a user may change."""
        for model, records in sorted(self._get_models("billinator_crm").items()):
            records = records.with_user(user)
            if records._abstract or records._transient:
                continue
            try:
                may_write = records.has_access("write")
            except AccessError:
                may_write = False
            settable = getattr(records, "_get_settable_fields", set)()
            for name in records._fields.keys() - settable:
                if may_write and is_computed(records, name):
                    yield model, records._fields[name]

    def _get_other(self, record, field):
        """Return a value of the field that the record does not have."""
        if field.type == "many2one":
            others = self.env[field.comodel_name].sudo().search([], limit=2)
            return (others - record[field.name])[:1].id
        if field.type in ("one2many", "many2many"):
            return [Command.clear()]
        if field.type == "selection":
            codes = field.get_values(self.env)
            return next(code for code in codes if code != record[field.name])
        return {
            "boolean": not record[field.name],
            "date": "2020-01-01",
            "datetime": "2020-01-01 10:00:00",
            "integer": 4711,
            "float": 4711.0,
            "monetary": 4711.0,
        }.get(field.type, "Made up")
