from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestOpportunityCustomer(BillinatorCommon):
    """Leads that become customers."""

    @classmethod
    def _create_lead(cls, **values):
        return cls._create_opportunity(
            **{
                "partner_id": False,
                "partner_name": "Easton Public Library",
                "contact_name": "Walter Finch",
                "email_from": "walter@easton.example",
                "phone": "+1 212 555 0142",
                "user_id": cls.salesperson.id,
                **values,
            }
        )

    def test_a_company_and_its_person(self):
        lead = self._create_lead().with_user(self.salesperson)
        context = lead.action_new_quote()["context"]
        company = lead.partner_id
        self.assertEqual(context["default_partner_id"], company.id)
        self.assertRecordValues(
            company,
            [
                {
                    "name": "Easton Public Library",
                    "is_company": True,
                    "email": False,
                    "phone": False,
                    "user_id": self.salesperson.id,
                }
            ],
        )
        self.assertRecordValues(
            lead.contact_ids,
            [
                {
                    "name": "Walter Finch",
                    "customer_id": company.id,
                    "email": "walter@easton.example",
                    "phone": "+1 212 555 0142",
                    "is_primary": True,
                    "is_company": False,
                }
            ],
        )
        self.assertEqual(lead.contact_ids.person_id.parent_id, company)
        self.assertEqual(lead.email_from, "walter@easton.example")
        lead.action_create_customer()
        self.assertEqual(lead.partner_id, company)

    def test_a_person_or_a_company_alone(self):
        person = self._create_lead(partner_name=False)
        company = self._create_lead(
            contact_name=False, email_from="info@easton.example"
        )
        address = self._create_lead(
            partner_name=False, contact_name=False, email_from="jo@new.example"
        )
        leads = person + company + address
        leads.action_create_customer()
        self.assertFalse(leads.contact_ids)
        self.assertEqual(
            [
                (one.name, one.is_company, one.email)
                for one in (lead.partner_id for lead in leads)
            ],
            [
                ("Walter Finch", False, "walter@easton.example"),
                ("Easton Public Library", True, "info@easton.example"),
                ("jo@new.example", False, "jo@new.example"),
            ],
        )

    def test_customers_who_are_there_already(self):
        by_name = self._create_lead(partner_name=f" {self.customer.name} ")
        by_address = self._create_lead(email_from="Walter <INFO@ada.example>")
        (by_name + by_address).action_create_customer()
        self.assertEqual((by_name + by_address).partner_id, self.customer)
        self.assertEqual(by_name.contact_ids, by_address.contact_ids)
        again = self._create_lead(partner_name="Another Name")
        again.action_create_customer()
        self.assertEqual(again.contact_ids, by_name.contact_ids)
        self.assertEqual(again.email_from, "walter@easton.example")
        self.assertEqual(self.customer.email, "info@ada.example")

    def test_many_at_once(self):
        def create(count):
            leads = self.env["billinator.opportunity"].union(
                *(
                    self._create_lead(
                        partner_name=f"Customer {count}",
                        contact_name=f"Person {number}",
                        email_from=f"{number}@{count}.example",
                    )
                    for number in range(count)
                )
            )
            leads.action_create_customer()
            self.assertEqual(len(leads.partner_id), 1)
            self.assertEqual(len(leads.contact_ids), count)
            self.assertEqual(len(leads.contact_ids.filtered("is_primary")), 1)

        create(3)
        with self.assertRaisesRegex(UserError, "A customer needs a name"):
            self._create_lead(
                partner_name=False, contact_name=False, email_from=False
            ).action_create_customer()
        reader = new_test_user(self.env, "reader", "base.group_user")
        with self.assertRaises(AccessError):
            self._create_lead().with_user(reader).action_create_customer()

    def test_who_asked_stays_when_a_form_names_the_customer(self):
        lead = self._create_lead().with_user(self.salesperson)
        company = self.env["res.partner"].create(
            {"name": "Easton", "is_company": True, "email": "info@easton.example"}
        )
        # An API names the people, too, where it means any.
        lead.partner_id = company
        self.assertFalse(lead.contact_ids)
        lead.write({"partner_id": False, "email_from": "walter@easton.example"})
        with Form(lead) as form:
            form.partner_id = company
        self.assertRecordValues(
            lead.contact_ids,
            [
                {
                    "name": "Walter Finch",
                    "email": "walter@easton.example",
                    "customer_id": company.id,
                    "is_primary": True,
                }
            ],
        )
