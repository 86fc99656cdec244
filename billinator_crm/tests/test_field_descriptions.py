from odoo.tests import TransactionCase, tagged

# Properties are asked for by their own names; of JSON, Odoo says it of its own too.
LEFT_OUT = ("json", "properties")


@tagged("post_install", "-at_install")
class TestFieldDescriptions(TransactionCase):
    """What ``fields_get`` says can be done with a field can be done."""

    def _get_descriptions(self):
        """Return (model, field name, its description) of all of our models' fields."""
        for name in sorted(self.registry):
            Model = self.env[name]
            if name.startswith("billinator.") and not (
                Model._abstract or Model._transient
            ):
                for field, description in Model.fields_get().items():
                    yield Model, field, description

    def _check_all(self, attribute, do):
        for Model, name, description in self._get_descriptions():
            if description.get(attribute) and description["type"] not in LEFT_OUT:
                with (
                    self.subTest(model=Model._name, field=name),
                    self.cr.savepoint(),
                ):
                    do(Model, name, description)

    def test_grouping(self):
        def group(Model, name, description):
            is_day = description["type"] in ("date", "datetime")
            Model.formatted_read_group(
                [], [f"{name}:month" if is_day else name], ["__count"]
            )

        self._check_all("groupable", group)

    def test_sorting(self):
        self._check_all(
            "sortable", lambda Model, name, _: Model.search([], order=name, limit=1)
        )

    def test_searching(self):
        def search(Model, name, _description):
            # Some of our records have no name that one can search by.
            if name != "display_name":
                Model.search([(name, "!=", False)], limit=1)

        self._check_all("searchable", search)
