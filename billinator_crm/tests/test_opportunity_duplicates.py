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
