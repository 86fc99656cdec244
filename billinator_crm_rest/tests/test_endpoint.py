from odoo.tests import HttpCase, tagged
from odoo.tools import convert_file

ENDPOINT = "billinator_crm_rest.fastapi_endpoint_api"


@tagged("post_install", "-at_install")
class TestEndpoint(HttpCase):
    """Where the API is found is the administrator's, upgrades or not."""

    def setUp(self):
        super().setUp()
        self.endpoint = self.env.ref(ENDPOINT)

    def _get_status(self, path="/api/openapi.json"):
        # The description of the API takes a while to be made.
        return self.url_open(path, timeout=60).status_code

    def _upgrade(self):
        """Load the endpoint's file as an upgrade of an earlier version does."""
        name = self.env["ir.model.data"].search(
            [("model", "=", self.endpoint._name), ("res_id", "=", self.endpoint.id)]
        )
        name.noupdate = False
        name.flush_recordset()
        path = "data/fastapi_endpoint_data.xml"
        convert_file(self.env, "billinator_crm_rest", path, {}, mode="update")

    def test_an_archived_endpoint_answers_nothing(self):
        self.assertEqual(self._get_status(), 200)
        self.endpoint.active = False
        self.assertEqual(self._get_status(), 404)
        self.endpoint.active = True
        self.assertEqual(self._get_status(), 200)

    def test_an_upgrade_brings_no_deleted_endpoint_back(self):
        self.endpoint.unlink()
        path = "data/fastapi_endpoint_data.xml"
        convert_file(self.env, "billinator_crm_rest", path, {}, mode="update")
        self.assertFalse(self.env.ref(ENDPOINT, raise_if_not_found=False))
        convert_file(self.env, "billinator_crm_rest", path, {}, mode="init")
        self.assertTrue(self.env.ref(ENDPOINT))

    def test_an_upgrade_opens_no_archived_endpoint(self):
        self.endpoint.active = False
        self.endpoint._handle_registry_sync()
        self._upgrade()
        self.assertFalse(self.endpoint.active)
        keys = self.endpoint._registered_endpoint_rule_keys()
        self.assertFalse(list(self.endpoint._endpoint_registry.get_rules(keys)))
        self.assertEqual(self._get_status(), 404)

    def test_an_upgrade_keeps_the_path_and_registers_its_routes(self):
        self.endpoint.root_path = "/crm/api"
        self.endpoint._unregister_controllers()
        self._upgrade()
        self.assertEqual(self.endpoint.root_path, "/crm/api")
        self.assertEqual(self._get_status("/crm/api/openapi.json"), 200)
