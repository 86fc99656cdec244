from ast import literal_eval
from functools import partial
from runpy import run_path

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from ..markers import CONTACT_ROW_FOLLOWS
from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestContact(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer = cls.env["res.partner"].create(
            {"name": "Babbage Ltd", "is_company": True}
        )
        cls.person = cls._create_person("Grace", function="Head of Purchasing")
        cls.contact = cls._get_rows(cls.person)

    @classmethod
    def _create_person(cls, name, customer=None, **values):
        return cls.env["res.partner"].create(
            {"name": name, "parent_id": (customer or cls.customer).id, **values}
        )

    @classmethod
    def _get_rows(cls, person):
        return cls.env["billinator.contact"].search([("person_id", "=", person.id)])

    def _create_contact(self, **values):
        return self.env["billinator.contact"].create(
            {"customer_id": self.customer.id, **values}
        )

    # === Rows === #

    def test_child_gets_its_row(self):
        self.assertEqual(self.contact.customer_id, self.customer)
        self.assertEqual(self.contact.designation, "Head of Purchasing")
        self.assertEqual(self.contact.display_name, "Grace (Ada Industries)")

    def test_found_by_what_it_is_shown_as(self):
        """And told apart from the same person at other customers."""
        elsewhere = self._create_contact(
            customer_id=self.other_customer.id, person_id=self.person.id
        )
        bracketed = self._get_rows(
            self._create_person("Hopper (Prof.)", self.other_customer)
        )
        self.other_customer.name = "Babbage, Ltd"
        Contact = self.env["billinator.contact"]
        for contact in (self.contact, elsewhere, bracketed):
            names = f"{contact.customer_id.name}, {contact.name}"
            for text in (contact.display_name, names, contact.display_name.upper()):
                operator = "ilike" if text.isupper() else "="
                with self.subTest(text=text, operator=operator):
                    found = Contact.name_search(text, operator=operator)
                    self.assertEqual(found, [(contact.id, contact.display_name)])
            others = Contact.search([("display_name", "!=", contact.display_name)])
            self.assertNotIn(contact, others)
            self.assertIn((self.contact + elsewhere - contact)[:1], others)
        self.assertEqual(
            Contact.search([("display_name", "in", ["Grace"])], order="id"),
            self.contact + elsewhere,
        )
        self.assertFalse(Contact.name_search("Grace (Nobody)", operator="="))

    def test_only_people_at_companies_get_rows(self):
        invoice_address = self._create_person("Invoices", type="invoice")
        subsidiary = self._create_person("Ada Labs", is_company=True)
        nobody = self.env["res.partner"].create({"name": "Somebody"})
        for partner in invoice_address + subsidiary + nobody:
            self.assertFalse(self._get_rows(partner), partner.name)

    def test_new_contact_makes_one_person_and_one_row(self):
        contact = self._create_contact(
            name="Joan", email="joan@ada.example", designation="CTO", role="technical"
        )
        person = contact.person_id
        self.assertEqual(person.parent_id, self.customer)
        self.assertEqual(person.email, "joan@ada.example")
        self.assertEqual(person.function, "CTO")
        self.assertEqual(self._get_rows(person), contact)

    def test_a_new_person_is_seen_where_the_customer_is(self):
        self.customer.company_id = self.company_b
        person = self._create_contact(name="Ada").person_id
        self.assertEqual(person.company_id, self.company_b)
        self.assertFalse(person.with_user(self.salesperson).has_access("read"))

    def test_one_person_at_two_customers(self):
        second = self._create_contact(
            person_id=self.person.id,
            customer_id=self.other_customer.id,
            designation="Advisor",
            role="influencer",
        )
        self.assertEqual(self.contact.designation, "Head of Purchasing")
        self.contact.designation = "Head of Sales"
        self.assertEqual(self.person.function, "Head of Sales")
        self.assertEqual(second.designation, "Advisor")
        self.assertEqual(second.email, self.contact.email)

    def test_an_address_stands_for_its_company(self):
        branch = self._create_person("Branch", type="other")
        contact = self._create_contact(name="Joan", customer_id=branch.id)
        self.assertEqual(contact.customer_id, self.customer)
        self.assertEqual(contact.person_id.parent_id, branch)
        contact.customer_id = self.other_customer
        contact.customer_id = branch
        self.assertEqual(contact.customer_id, self.customer)

    def test_same_row_twice_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._create_contact(person_id=self.person.id)

    def test_nobody_is_contact_of_itself(self):
        with self.assertRaisesRegex(ValidationError, "its own contact"):
            self._create_contact(person_id=self.person.id, customer_id=self.person.id)
        with self.assertRaisesRegex(ValidationError, "its own contact"):
            self.contact.customer_id = self.person

    def test_company_is_no_contact(self):
        with self.assertRaises(ValidationError):
            self._create_contact(person_id=self.other_customer.id)

    def test_hidden_people_are_no_contacts(self):
        """Not even an error tells who they are."""
        hidden = self.env["res.partner"].create(
            {
                "name": "Hidden Ltd",
                "is_company": True,
                "company_id": self.company_b.id,
                "email": "hidden@b.example",
            }
        )
        contact = self.contact.with_user(self.salesperson)
        spec = {"name": {}, "email": {}, "display_name": {}}
        values = {"person_id": hidden.id}
        for way in (
            partial(contact.write, values),
            partial(contact.create, {**values, "customer_id": self.customer.id}),
            partial(contact.browse().onchange, values, ["person_id"], spec),
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError) as refusal:
                way()
            self.assertNotIn("Hidden", str(refusal.exception))

    def test_imported_contact_without_a_name(self):
        result = self.env["billinator.contact"].load(
            ["customer_id", "name"], [["No Such Customer", ""]]
        )
        self.assertFalse(result["ids"])
        messages = " ".join(message["message"] for message in result["messages"])
        self.assertNotIn("res_partner", messages)
        with self.assertRaisesRegex(ValidationError, "enter a name"):
            self._create_contact()

    def test_person_changes_company(self):
        self.contact.action_set_primary()
        self.contact.department = "Purchasing"
        self.person.parent_id = self.other_customer
        self.assertEqual(self.contact.customer_id, self.other_customer)
        self.assertEqual(self.contact.department, "Purchasing")
        self.assertFalse(self.contact.is_primary)
        self.person.parent_id = False
        self.assertFalse(self.contact.exists())
        self.assertTrue(self.person.exists())

    def test_people_who_come_with_their_company(self):
        company, other = self.env["res.partner"].create(
            [
                {
                    "name": "New Ltd",
                    "is_company": True,
                    "child_ids": [
                        Command.create({"name": "Jo"}),
                        Command.create(
                            {
                                "name": "Branch",
                                "type": "other",
                                "child_ids": [Command.create({"name": "Herb"})],
                            }
                        ),
                    ],
                },
                {
                    "name": "Takes over",
                    "is_company": True,
                    "child_ids": [Command.link(self.person.id)],
                },
            ]
        )
        branch = company.child_ids.filtered(lambda child: child.type == "other")
        people = company.child_ids - branch + branch.child_ids
        self.assertEqual(people.mapped("name"), ["Jo", "Herb"])
        self.assertEqual(company.contact_ids.person_id, people)
        self.assertEqual(other.contact_ids, self.contact)
        self.assertFalse(self.customer.contact_ids)

    def test_imported_people_of_a_new_company(self):
        result = self.env["res.partner"].load(
            ["name", "is_company", "child_ids/name"],
            [["Imported Ltd", "1", "Ann"], ["", "", "Ben"]],
        )
        company = self.env["res.partner"].browse(result["ids"])
        self.assertCountEqual(company.contact_ids.mapped("name"), ["Ann", "Ben"])

    def test_people_below_who_changes_company(self):
        boss = self.person
        assistant = self._create_person("Assistant", boss)
        row = self._get_rows(assistant)
        row.role = "influencer"
        self.assertEqual(row.customer_id, self.customer)
        boss.is_company = True
        self.assertEqual(row.customer_id, boss)
        self.assertFalse(self.contact.exists())
        boss.is_company = False
        self.assertEqual(row.customer_id, self.customer)
        self.assertEqual(self._get_rows(boss).customer_id, self.customer)
        boss.parent_id = self.other_customer
        self.assertEqual(row.customer_id, self.other_customer)
        boss.parent_id = False
        self.assertEqual(row.customer_id, boss)
        boss.company_name = "Own Ltd"
        boss.create_company()
        self.assertEqual(row.customer_id.name, "Own Ltd")
        self.assertEqual(row.role, "influencer")
        self.assertEqual(row.customer_id.contact_ids.person_id, boss + assistant)

    def test_who_leaves_a_customer_leaves_what_is_under_way(self):
        open_deal, won_deal = (
            self._create_opportunity(contact_ids=self.contact.ids) for _deal in range(2)
        )
        won_deal.action_set_won()
        values = {
            "opportunity_id": open_deal.id,
            "contact_id": self.contact.id,
            "type": "meeting",
            "due_date": "2030-01-20 10:00:00",
        }
        pending, done = self.env["billinator.activity"].create([values, values])
        done.action_complete()
        own = self.env["billinator.activity"].create(
            {**values, "opportunity_id": False, "partner_id": self.person.id}
        )
        self.assertIn(self.person, pending.calendar_event_id.partner_ids)
        self.person.parent_id = self.other_customer
        self.assertFalse(pending.contact_id)
        self.assertNotIn(self.person, pending.calendar_event_id.partner_ids)
        self.assertEqual(done.contact_id, self.contact)
        self.assertIn(self.person, done.calendar_event_id.partner_ids)
        self.assertEqual(own.contact_id, self.contact)
        self.assertFalse(open_deal.contact_ids)
        self.assertEqual(won_deal.contact_ids, self.contact)
        pending.write({"partner_id": self.person.id, "opportunity_id": False})
        pending.contact_id = self.contact
        self.person.parent_id = False
        self.assertFalse(self.contact.exists())
        self.assertFalse(pending.contact_id)

    def test_row_of_another_customer_stays_when_the_person_moves(self):
        second = self._create_contact(
            person_id=self.person.id, customer_id=self.other_customer.id
        )
        self.person.parent_id = self.other_customer
        self.assertEqual(self._get_rows(self.person), second)

    def test_archiving_follows_the_person(self):
        self.contact.action_set_primary()
        self.person.active = False
        self.assertFalse(self.contact.active)
        self.assertFalse(self.contact.is_primary)
        self.assertFalse(self.customer.primary_contact_id)

    def test_filter_of_archived_contacts(self):
        view = self.env.ref("billinator_crm.billinator_contact_view_search")
        node = etree.fromstring(view.arch).find(".//filter[@name='inactive']")
        domain = literal_eval(node.get("domain"))
        self.assertNotIn(self.contact, self.contact.search(domain))
        self.person.active = False
        self.assertIn(self.contact, self.contact.search(domain))

    def test_who_is_archived_is_nobodys_primary_contact(self):
        consultant = self.env["billinator.contact"].create(
            {"person_id": self.person.id, "customer_id": self.other_customer.id}
        )
        (self.contact + consultant).is_primary = True
        self.person.active = False
        self.assertFalse(self.contact.is_primary or consultant.is_primary)
        theirs = self._get_rows(self._create_person("Charles", self.other_customer))
        theirs.is_primary = True
        self.assertEqual(self.other_customer.primary_contact_id, theirs)

    def test_deleting_the_person_deletes_the_row(self):
        self.person.unlink()
        self.assertFalse(self.contact.exists())

    def test_missing_rows(self):
        """What the installation does with the people it finds."""
        self.contact.unlink()
        self.env["billinator.contact"]._create_missing_rows()
        row = self._get_rows(self.person)
        self.assertEqual(row.customer_id, self.customer)
        self.assertEqual(row.designation, "Head of Purchasing")
        self.env["billinator.contact"]._create_missing_rows()
        self.assertEqual(self._get_rows(self.person), row)

    def test_upgrade_leaves_out_whose_row_was_taken_away(self):
        """People who came with their company, at one moment, had got none."""
        company = self.env["res.partner"].create(
            {
                "name": "Came Together",
                "is_company": True,
                "child_ids": [Command.create({"name": "Came Along"})],
            }
        )
        self._get_rows(company.child_ids).unlink()
        self.contact.unlink()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date - interval '1 day'"
            " WHERE id = %s",
            [self.customer.id],
        )
        path = file_path("billinator_crm/migrations/19.0.1.3.0/post-migrate.py")
        run_path(path)["migrate"](self.env.cr, "19.0.1.2.0")
        self.assertEqual(self._get_rows(company.child_ids).customer_id, company)
        self.assertFalse(self._get_rows(self.person))

    def test_rows_cost_a_constant_number_of_queries(self):
        def count_queries(number):
            people = (
                CONTACT_ROW_FOLLOWS.on(self.env["res.partner"])
                .create(
                    [
                        {"name": f"P{index}", "parent_id": self.customer.id}
                        for index in range(number)
                    ]
                )
                .with_env(self.env)
            )
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            people._sync_contact_rows()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count_queries(1)
        self.assertEqual(count_queries(1), count_queries(50))

    # === Primary contact === #

    def test_primary_contact(self):
        second = self._create_contact(name="Joan")
        self.contact.action_set_primary()
        self.assertEqual(self.customer.primary_contact_id, self.contact)
        second.with_user(self.salesperson).action_set_primary()
        self.assertEqual(self.customer.primary_contact_id, second)
        self.assertFalse(self.contact.is_primary)

    def test_primary_contact_by_hand(self):
        """As an import, or another program, sets it."""
        second = self._create_contact(name="Joan")
        customer = self.customer.with_user(self.salesperson)
        self.salesperson.group_ids += self.env.ref("base.group_partner_manager")
        for contact in (self.contact, second, second):
            customer.primary_contact_id = contact
            self.assertEqual(self.customer.primary_contact_id, contact)
            self.assertEqual(self.customer.contact_ids.filtered("is_primary"), contact)
        theirs = self._get_rows(self._create_person("Charles", self.other_customer))
        self.other_customer.primary_contact_id = theirs
        (self.customer + self.other_customer).primary_contact_id = False
        self.assertFalse((second + theirs).filtered("is_primary"))
        self.assertFalse(self.customer.primary_contact_id)

    def test_primary_contact_in_a_file(self):
        result = self.env["res.partner"].load(
            [".id", "primary_contact_id/.id"],
            [[str(self.customer.id), str(self.contact.id)]],
        )
        self.assertFalse(result["messages"])
        self.assertTrue(self.contact.is_primary)

    def test_primary_contact_of_somebody_else(self):
        branch = self._create_person("Branch", type="other")
        self.contact.action_set_primary()
        for partners in (
            self.other_customer,
            branch,
            self.customer + self.other_customer,
        ):
            with self.assertRaisesRegex(ValidationError, "Grace is not a contact"):
                partners.primary_contact_id = self.contact
        with self.assertRaisesRegex(ValidationError, "Grace is not a contact"):
            self.env["res.partner"].create(
                {"name": "New", "primary_contact_id": self.contact.id}
            )
        self.assertEqual(self.customer.primary_contact_id, self.contact)

    def test_primary_contact_by_who_may_not_change_contacts(self):
        self.accountant.group_ids += self.env.ref("base.group_partner_manager")
        customer = self.customer.with_user(self.accountant)
        with self.assertRaises(AccessError):
            customer.primary_contact_id = self.contact
        self.contact.action_set_primary()
        with self.assertRaises(AccessError):
            customer.primary_contact_id = False
        self.assertTrue(self.contact.is_primary)

    def test_second_primary_is_refused_by_the_database(self):
        self.contact.action_set_primary()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._create_contact(name="Joan", is_primary=True)

    def test_search_by_primary_contact(self):
        Partner = self.env["res.partner"]
        both = [("id", "in", (self.customer + self.other_customer).ids)]
        self.contact.action_set_primary()
        self.assertEqual(
            Partner.search([*both, ("primary_contact_id", "!=", False)]), self.customer
        )
        self.assertEqual(
            Partner.search([*both, ("primary_contact_id", "=", False)]),
            self.other_customer,
        )
        self.assertEqual(
            Partner.search([*both, ("primary_contact_id.name", "=", "Grace")]),
            self.customer,
        )

    def test_quote_proposes_a_contact(self):
        self.contact.action_set_primary()
        self.assertEqual(self._create_quote().contact_id, self.contact)
        joan = self._create_person("Joan")
        quote = self._create_quote(partner_id=joan.id)
        self.assertEqual(quote.contact_id, self._get_rows(joan))

    # === Rights === #

    def test_rights(self):
        reader = self.accountant
        self.assertEqual(self.contact.with_user(reader).name, "Grace")
        with self.assertRaises(AccessError):
            self.contact.with_user(reader).role = "billing"
        with self.assertRaises(AccessError):
            self.contact.with_user(reader).action_set_primary()
        self.customer.company_id = self.company_b
        with self.assertRaises(AccessError):
            self.contact.with_user(self.salesperson).read(["role"])

    # === Odoo's partner merge === #

    def _merge(self, *partners, into):
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [into.id, *(partner.id for partner in partners)], into
        )

    def test_merge_customers(self):
        ours = self._create_person("Joan")
        theirs = self._create_person("Charles", self.other_customer)
        self.contact.action_set_primary()
        self._get_rows(theirs).action_set_primary()
        self._merge(self.other_customer, into=self.customer)
        self.assertEqual(
            self.customer.contact_ids.person_id, self.person + ours + theirs
        )
        self.assertEqual(self.customer.primary_contact_id, self.contact)

    def test_what_a_merge_changes_is_written_before_doubles_are_deleted(self):
        """Odoo takes what the database refuses then for a double."""
        Wizard = self.env.registry["base.partner.merge.automatic.wizard"]
        delete_doubles = Wizard._update_reference_fields_generic
        pending = []

        def look(wizard, *arguments, **options):
            transaction = wizard.env.transaction
            pending.append([*transaction.field_dirty, *transaction.tocompute])
            return delete_doubles(wizard, *arguments, **options)

        self.patch(Wizard, "_update_reference_fields_generic", look)
        self._create_opportunity(partner_id=self.other_customer.id)
        self._merge(self.other_customer, into=self.customer)
        self.assertEqual(pending, [[]])

    def test_merge_customers_with_meetings(self):
        meetings = self.env["billinator.activity"].create(
            [
                {
                    "type": "meeting",
                    "partner_id": self.other_customer.id,
                    "due_date": "2030-01-01 10:00:00",
                }
                for _number in range(2)
            ]
        )
        meetings[1].action_cancel()
        self._merge(self.other_customer, into=self.customer)
        events = meetings.with_context(active_test=False).calendar_event_id
        self.assertEqual(meetings.partner_id, self.customer)
        self.assertEqual(events.mapped("res_id"), [self.customer.id] * 2)

    def test_merge_customers_who_share_an_archived_person(self):
        theirs = self._create_person("Charles", self.other_customer)
        self.env["billinator.contact"].create(
            {"person_id": self.person.id, "customer_id": self.other_customer.id}
        )
        self.person.active = False
        self._merge(self.other_customer, into=self.customer)
        self.env.invalidate_all()
        people = self.customer.with_context(active_test=False).contact_ids.person_id
        self.assertEqual(people, self.person + theirs)

    def test_merge_persons_of_one_customer(self):
        double = self._create_person("Grace H.")
        row = self._get_rows(double)
        row.write({"role": "decision_maker", "department": "IT"})
        row.action_set_primary()
        deal = self._create_opportunity(contact_ids=row.ids)
        quote = self._create_quote(contact_id=row.id)
        self._merge(double, into=self.person)
        self.assertEqual(self._get_rows(self.person), self.contact)
        self.assertEqual(self.contact.role, "decision_maker")
        self.assertTrue(self.contact.is_primary)
        self.assertEqual(deal.contact_ids, self.contact)
        self.assertEqual(quote.contact_id, self.contact)
