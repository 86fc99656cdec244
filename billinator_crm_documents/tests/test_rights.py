from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.billinator_crm.tests.rights_tables import RightsTablesCase

from .common import make_pdf

RIGHTS = """
                internal own      all      admin    account  portal   public
billinator.quote.document
  any           -        r        r        crwu     r        -        -
  other company -        -        -        -        -        -        -
"""
METHODS = """
billinator.quote: copy_data get_version_diff
billinator.quote.document: copy_data
"""


@tagged("post_install", "-at_install")
class TestRights(RightsTablesCase):
    def _prepare_quote_document(self, place):
        company = place.company if place.company == self.company_b else None
        return {
            "name": self._name(place),
            "file": make_pdf("Words"),
            "company_id": company and company.id,
        }

    def _get_arguments(self, model, name):
        return [1] if name == "get_version_diff" else []

    def test_every_model(self):
        self.assert_rights("billinator_crm_documents", RIGHTS)

    def test_what_the_export_offers_can_be_exported(self):
        self.assert_exports("billinator_crm_documents")

    def test_every_method(self):
        for name in ("own", "colleague", "other company"):
            place = self._get_place(name, self.users["own"])
            self._get_document("billinator.quote", place)
        self.assert_methods(
            "billinator_crm_documents",
            METHODS,
            {},
            {"copy_data", "get_version_diff"},
        )

    def _create_quote_with_document(self):
        document = self.env["billinator.quote.document"].create(
            {"name": "Terms", "file": make_pdf("Terms")}
        )
        return self._create_quote(
            document_ids=[Command.set(document.ids)], user_id=self.colleague.id
        )

    def test_accountants_see_what_quotes_have(self):
        quote = self._create_quote_with_document().with_user(self.accountant)
        [values] = quote.web_read({"document_ids": {"fields": {"display_name": {}}}})
        self.assertEqual(values["document_ids"][0]["display_name"], "Terms")

    def test_customers_read_none_over_rpc(self):
        quote = self._create_quote_with_document()
        self.portal.partner_id.parent_id = self.customer
        quote.action_mark_sent()
        with self.assertRaises(AccessError):
            quote.with_user(self.portal).read(["document_ids"])
        with self.assertRaises(AccessError):
            quote.document_ids.with_user(self.portal).read(["file"])

    def test_nobody_else_is_told_whether_a_document_is_used(self):
        document = self._create_quote_with_document().document_ids
        for act in (
            document.with_user(self.salesperson).unlink,
            lambda: document.with_user(self.salesperson).write({"name": "X"}),
        ):
            with self.assertRaises(AccessError):
                act()
