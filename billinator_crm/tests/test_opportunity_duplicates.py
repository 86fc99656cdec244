from odoo.tests import tagged

from ..models.billinator_opportunity_merge import NAME_SIMILARITY
from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestDuplicates(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.opportunity = cls._create_opportunity(
            name="Solar roof for the Harbour school",
            partner_id=False,
            contact_name="Jo Harbour",
            email_from="Jo Harbour <Jo@Harbour.example>",
            phone="+49 (30) 555 01 42-7",
            user_id=cls.salesperson.id,
        )

    def _create_other(self, **values):
        return self._create_opportunity(
            **{
                "name": "Zzz",
                "partner_id": False,
                "contact_name": "Another",
                "user_id": self.salesperson.id,
                **values,
            }
        )

    def assertDuplicates(self, expected, user=None):
        opportunity = self.opportunity.with_user(user or self.salesperson)
        opportunity.invalidate_recordset()
        self.assertEqual(opportunity.duplicate_ids, expected)
        self.assertEqual(opportunity.duplicate_count, len(expected))

    def test_same_email(self):
        other = self._create_other(email_from="jo@harbour.example")
        self._create_other(email_from="jo@harbor.example")
        self.assertDuplicates(other)

    def test_same_phone_in_other_notation(self):
        self.assertFalse(self._create_other(phone="12-34").phone_key)
        other = self._create_other(phone="030/55501427")
        self._create_other(phone="030/55501428")
        self.assertDuplicates(other)

    def test_similar_name(self):
        other = self._create_other(name="Solar roof Harbour school")
        self._create_other(name="Solar panels, old church")
        self.assertDuplicates(other)

    def test_same_company_name(self):
        self.opportunity.partner_name = "Harbour School Ltd"
        other = self._create_other(partner_name="Harbour School Ltd.")
        self._create_other(partner_name="Harbour Bakery")
        self.assertDuplicates(other)

    def test_index_finds_only_names_that_count(self):
        """PostgreSQL's own threshold would have it look at many more names."""
        self.assertDuplicates(self.opportunity.browse())
        self.env.cr.execute("SHOW pg_trgm.similarity_threshold")
        self.assertEqual(self.env.cr.fetchone(), (str(NAME_SIMILARITY),))

    def test_same_customer_company(self):
        person = self.env["res.partner"].create(
            {"name": "Bo", "parent_id": self.customer.id}
        )
        self.opportunity.partner_id = person
        other = self._create_other(partner_id=self.customer.id)
        self.assertDuplicates(other)

    def test_nothing_in_common(self):
        self._create_other()
        self._create_other(phone="", email_from="")
        self.assertDuplicates(self.opportunity.browse())

    def test_unreadable_and_foreign_are_not_shown(self):
        email = "jo@harbour.example"
        unreadable = self._create_other(email_from=email, user_id=self.colleague.id)
        self._create_other(
            email_from=email, company_id=self.company_b.id, user_id=self.stranger.id
        )
        self.assertDuplicates(self.opportunity.browse())
        self.assertDuplicates(unreadable, self.senior)
        self.senior.company_ids += self.company_b
        self.assertDuplicates(unreadable, self.senior)

    def test_lists_them(self):
        other = self._create_other(email_from="jo@harbour.example")
        action = self.opportunity.with_user(self.salesperson).action_view_duplicates()
        listed = self.opportunity.search(action["domain"])
        self.assertEqual(listed, self.opportunity + other)

    def test_many_unreadable_ones_do_not_hide_ours(self):
        name = self.opportunity.name
        for user, company in (
            (self.colleague, self.company),
            (self.stranger, self.company_b),
        ):
            values = {
                "name": name,
                "contact_name": "Hidden",
                "company_id": company.id,
                "user_id": user.id,
            }
            self.env["billinator.opportunity"].create([values] * 60)
        other = self._create_other(name=name)
        self.assertDuplicates(other)


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

    def test_others_and_none(self):
        self.assertEqual(
            self._search("not ilike", "09876543210"), self.short + self.other
        )
        self.assertEqual(
            self._search("in", ["09876543210", "5550142"]), self.deal + self.short
        )
        self.assertEqual(self._search("=", False), self.other)
        self.assertEqual(self._search("!=", False), self.deal + self.short)

    def test_customers_number(self):
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
