from odoo.tests import TransactionCase, new_test_user, tagged

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

    def test_fingerprints_and_keys_are_not_offered(self):
        fields = self.env["billinator.quote"].fields_get()
        for name in ("access_token", "approval_hash", "signed_ip", "reminded_for"):
            for attribute in ("groupable", "searchable"):
                self.assertFalse(fields[name][attribute], name)
        self.assertFalse(fields["access_token"]["exportable"])
        self.assertTrue(fields["user_id"]["groupable"])

    def test_imports_offer_nothing_that_is_kept(self):
        groups = "sales_team.group_sale_manager,base.group_system"
        importer = new_test_user(self.env, "importer", groups)
        Import = self.env["base_import.import"].with_user(importer)
        for name, Model in self.registry.items():
            if hasattr(Model, "_get_kept_fields") and not Model._abstract:
                columns = {column["name"] for column in Import.get_fields_tree(name)}
                kept = Import.env[name]._get_kept_fields()
                self.assertFalse(columns & kept, name)
