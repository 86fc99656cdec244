from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase

from odoo.addons.billinator_crm.tests.common import BillinatorCommon


class ApiCase(BillinatorCommon, HttpCase):
    """Calls of the API, as the salesperson makes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._let_call(cls.salesperson)

    @classmethod
    def _let_call(cls, users):
        group = cls.env.ref("billinator_crm_rest.group_api_user")
        users.group_ids = [Command.link(group.id)]

    def _call(self, path, user=None, method="GET", json=None, headers=None):
        Key = self.env(user=user or self.salesperson)["res.users.apikeys"].sudo()
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        key = Key._generate("rpc", "Test", tomorrow)
        return self.url_open(
            f"/api{path}",
            method=method,
            json=json,
            headers={"Authorization": f"Bearer {key}", **(headers or {})},
        )

    def _fetch(self, path, **options):
        answer = self._call(path, **options)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def _get_ids(self, path, **options):
        return [item["id"] for item in self._fetch(path, **options)["items"]]
