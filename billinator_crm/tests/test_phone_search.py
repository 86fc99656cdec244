from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestPhoneSearch(BillinatorCommon):
    """Deals are found by a phone number, however either of them is written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal, cls.short, cls.other = [
            cls._create_opportunity(partner_id=False, contact_name="Jo", phone=phone)
            for phone in ("+91 98765-43210", "555-0142", False)
        ]
        cls.deals = cls.deal + cls.short + cls.other

    def _search(self, operator, value):
        domain = [("id", "in", self.deals.ids), ("phone_search", operator, value)]
        return self.deals.search(domain)

    def test_whole_numbers(self):
        for number in (
            "+91 98765-43210",
            "09876543210",
            "0 98 76 54 32 10",
            "(0091) 98765/43210",
            "9876543210",
            "876543210",
        ):
            with self.subTest(number):
                self.assertEqual(self._search("ilike", number), self.deal)
                self.assertEqual(self._search("=", number), self.deal)
        self.assertEqual(self._search("=", 9876543210), self.deal)
        self.assertFalse(self._search("ilike", "+91 98765-43211"))

    def test_parts_and_short_numbers(self):
        for part, found in (
            ("43210", self.deal),
            ("98765-4", self.deal),
            ("+91", self.deal),
            ("5550142", self.short),
            ("555 01 42", self.short),
            ("0142", self.short),
            ("no number", self.deal.browse()),
        ):
            with self.subTest(part):
                self.assertEqual(self._search("ilike", part), found)
        self.assertFalse(self._search("=", "43210"))
        self.assertEqual(self._search("=", "5550142"), self.short)

    def test_custom_filters(self):
        for operator, pattern, found in (
            ("=ilike", "+91%", self.deal),
            ("=like", "555%", self.short),
            ("not =ilike", "+91%", self.short + self.other),
            ("like", "98765-4", self.deal),
            ("not like", "98765-4", self.short + self.other),
        ):
            with self.subTest(operator):
                self.assertEqual(self._search(operator, pattern), found)

    def test_others_and_none(self):
        self.assertEqual(
            self._search("not ilike", "09876543210"), self.short + self.other
        )
        self.assertEqual(
            self._search("in", ["09876543210", "5550142"]), self.deal + self.short
        )
        self.assertEqual(self._search("=", False), self.other)
        self.assertEqual(self._search("!=", False), self.deal + self.short)

    def test_number_of_the_customer(self):
        self.customer.phone = "+49 30 901820-77"
        deal = self._create_opportunity(partner_id=self.customer.id)
        found = self.deals.search([("phone_search", "ilike", "030/90182077")])
        self.assertEqual(found, deal)

    def test_begin_of_a_long_number(self):
        self.deal.phone = "+49 30 901820-77 / 0170 1234567"
        for part in ("+49 30 901820", "901820-77", "0170/1234567"):
            with self.subTest(part):
                self.assertEqual(self._search("ilike", part), self.deal)

    def test_no_column_of_an_import(self):
        columns = self.env["base_import.import"].get_fields_tree(self.deals._name)
        self.assertNotIn("phone_search", {column["name"] for column in columns})

    def test_search_view_offers_it(self):
        arch = self.deals.get_views([(False, "search")])["views"]["search"]["arch"]
        self.assertIn('<field name="phone_search" string="Phone"', arch)

    def test_customers_and_their_people(self):
        company = self.customer
        company.phone = "+49 30 901820-77"
        person = self.env["res.partner"].create(
            {"name": "Jo", "parent_id": company.id, "phone": "+91 98765-43210"}
        )
        for number, found in (
            ("030/90182077", company),
            ("09876543210", person),
            ("98765-4", person),
            ("030/90182078", company.browse()),
        ):
            with self.subTest(number):
                domain = [
                    ("id", "in", (company + person).ids),
                    ("phone_search", "ilike", number),
                ]
                self.assertEqual(company.search(domain), found)
        [contact] = self.env["billinator.contact"].search(
            [("customer_id", "=", company.id), ("phone_search", "=", "09876543210")]
        )
        self.assertEqual(contact.person_id, person)

    def test_search_of_customers_finds_their_peoples_numbers(self):
        person = self.env["res.partner"].create(
            {"name": "Jo", "parent_id": self.customer.id, "phone": "+91 98765-43210"}
        )
        view = self.env.ref("billinator_crm.res_partner_view_search")
        arch = etree.fromstring(view.arch)
        for name in ("name", "phone_search"):
            with self.subTest(name):
                field = arch.find(f"field[@name='{name}']")
                domain = safe_eval(field.get("filter_domain"), {"self": "09876543210"})
                self.assertEqual(
                    self.customer.search(domain) & (self.customer + person),
                    self.customer + person,
                )
