from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.billinator_crm.tests.rights_tables import RightsTablesCase

from .common import MarginCase

METHODS = """
billinator.quote.line: copy_data
"""
FIELDS = {
    "billinator.quote": ("margin", "margin_company", "margin_percent"),
    "billinator.quote.line": ("purchase_price", "margin", "margin_percent"),
}


@tagged("post_install", "-at_install")
class TestMethods(RightsTablesCase):
    def test_every_method(self):
        for name in ("own", "colleague", "other company"):
            place = self._get_place(name, self.users["own"])
            self._get_document("billinator.quote", place)
        self.assert_methods("billinator_crm_margin", METHODS, {}, {"copy_data"})


@tagged("post_install", "-at_install")
class TestWhoSeesCosts(MarginCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, "billinator_portal", "base.group_portal")
        cls.portal.partner_id.parent_id = cls.customer
        cls.quote.action_mark_sent()

    def _get_record(self, model, user):
        record = self.quote if model == "billinator.quote" else self.line
        record.invalidate_recordset()
        return record.with_user(user)

    def test_customers_see_none(self):
        for model, names in FIELDS.items():
            for name in names:
                self._assert_hidden(self._get_record(model, self.portal), name)
        quote = self._get_record("billinator.quote", self.portal)
        for name in ("approval_reasons", "approval_cost_hash", "cost_hash"):
            with self.assertRaises(AccessError):
                quote.read([name])

    def _assert_hidden(self, record, name):
        for read in (
            lambda: record.read([name]),
            lambda: record[name],
            lambda: record.search([(name, "!=", 0)]),
            lambda: record.search([], order=name),
            lambda: record.formatted_read_group([], [name], []),
            lambda: record.formatted_read_group([], [], [f"{name}:max"]),
            lambda: record.formatted_read_group([], [], [f"{name}:avg"]),
        ):
            with self.subTest(record=record, name=name), self.assertRaises(AccessError):
                read()

    def test_customers_can_read_their_quote(self):
        quote = self._get_record("billinator.quote", self.portal)
        self.assertEqual(quote.name, self.quote.name)
        self.assertTrue(set(quote.fields_get()).isdisjoint(FIELDS["billinator.quote"]))

    def test_colleagues_of_sales_see_them(self):
        for user in (self.salesperson, self.senior, self.manager):
            for model, names in FIELDS.items():
                [values] = self._get_record(model, user).read(names)
                self.assertTrue(all(values.values()), values)

    def test_accountants_see_none(self):
        for model, names in FIELDS.items():
            with self.assertRaises(AccessError):
                self._get_record(model, self.accountant).read(names)
        view = self.quote.with_user(self.accountant).get_view(view_type="form")
        self.assertNotIn("margin", view["arch"])

    def test_accountants_open_what_is_to_be_approved(self):
        rule = {"name": "House Rule", "company_id": self.company.id, "max_total": 1}
        self.env["billinator.approval.rule"].create({**rule, "min_margin": 90})
        draft = self.quote.copy().with_user(self.accountant)
        self.assertEqual(draft.approval_state, "needed")
        [values] = draft.read()
        self.assertIn("90.00%", values["approval_reasons"])
        hashes = {"approval_cost_hash", "cost_hash", "hash_to_approve"}
        self.assertTrue(hashes.isdisjoint(values))
        view = draft.get_view(view_type="form")
        self.assertNotIn("hash_to_approve", view["arch"])

    def test_who_may_edit_the_quote_sets_costs(self):
        self.line.with_user(self.salesperson).purchase_price = 50
        for user in (self.colleague, self.portal, self.accountant):
            with self.assertRaises(AccessError):
                self.line.with_user(user).write({"purchase_price": 1})

    def test_nobody_sets_margins(self):
        for record in (self.quote, self.line):
            with self.assertRaisesRegex(UserError, "is computed and cannot be set"):
                record.with_user(self.manager).write({"margin": 1})

    def test_documents_say_nothing(self):
        self.line.write({"purchase_price": 3.33, "price_unit": 1003.33})
        self.env.flush_all()
        report, _type = self.env["ir.actions.report"]._render_qweb_html(
            "billinator_crm.billinator_quote_report", self.quote.ids
        )
        self.authenticate("billinator_portal", "billinator_portal")
        pages = [
            self.url_open(path).text
            for path in ("/my/crm-quotes", self.quote.access_url)
        ]
        for text in (report.decode(), *pages):
            self.assertIn(self.quote.name, text)
            for secret in ("3.33</", "2,000.00", "99.67", "argin</"):
                self.assertNotIn(secret, text.replace("1,003.33", ""))
