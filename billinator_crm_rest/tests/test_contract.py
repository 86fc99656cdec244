"""What is more than a value: fields in two forms, and what is of other records."""

import base64

from fastapi import HTTPException, Response

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.billinator_crm.tests.common import BillinatorInvoicingCommon
from odoo.addons.billinator_crm.tests.test_portal import SIGNATURE

from ..routers.activities import ACTIVITIES
from ..routers.contacts import CONTACTS
from ..routers.customers import CUSTOMERS
from ..routers.opportunities import OPPORTUNITIES
from ..routers.quotes import QUOTES, convert_quote, invoice_quote_again
from ..schemas.activity import Activity, ActivityChange, ActivityCreate
from ..schemas.contact import Contact, ContactChange
from ..schemas.customer import Customer, CustomerChange
from ..schemas.note import Note, NoteChange
from ..schemas.opportunity import Opportunity, OpportunityChange
from ..schemas.quote import Quote, QuoteChange, QuoteItem, QuoteItemInput
from .test_names import NamesCase


@tagged("post_install", "-at_install")
class TestTwoForms(NamesCase):
    """What the API has by id and by name, or by code, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.company.currency_id
        cls.euro = cls.setup_other_currency("EUR")
        cls.tags = cls.env["billinator.tag"].create([{"name": "Hot"}, {"name": "Cold"}])

    def test_currency(self):
        new = {"title": "Deal", "partner_name": "ABC"}
        for sent in (
            {"currency": "EUR"},
            {"currency_id": self.euro.id},
            {"currency": "EUR", "currency_id": self.euro.id},
        ):
            deal = self._send("POST", "/opportunities", 201, **new, **sent)
            self.assertEqual(deal["currency"], "EUR")
            self.assertEqual(deal["currency_id"], self.euro.id)
        both = {"currency": self.dollar.name, "currency_id": self.euro.id}
        message = self._assert_named(
            "POST", "/opportunities", "currency_id", **new, **both
        )
        self.assertIn("currency", message)
        quote = self._fetch(f"/quotes/{self.quote.id}")
        self.assertEqual(quote["currency_id"], self.quote.currency_id.id)

    def test_currency_of_a_deal_that_is_put_back(self):
        path = f"/opportunities/{self.deal.id}"
        third = self.setup_other_currency("CHF")
        for sent in ({"currency": "EUR"}, {"currency_id": third.id}):
            shown = self._fetch(path)
            changed = self._send("PUT", path, 200, **{**shown, **sent})
            self.assertLessEqual(sent.items(), changed.items())
            self.assertNotEqual(changed["currency"], shown["currency"])
        both = {"currency": "EUR", "currency_id": self.dollar.id}
        self._assert_named("PUT", path, "currency_id", **both)
        self._assert_named("PUT", path, "currency_id", currency_id=2**30)
        third.active = False
        archived = {"title": "D", "phone": "1", "currency_id": third.id}
        self._assert_named("POST", "/opportunities", "currency_id", **archived)

    def test_labels(self):
        hot, cold = self.tags
        for path in (f"/opportunities/{self.deal.id}", f"/quotes/{self.quote.id}"):
            with self.subTest(path):
                shown = self._send("PUT", path, 200, tag_ids=[hot.id])
                self.assertEqual(shown["tags"], ["Hot"])
                shown = self._send("PUT", path, 200, **{**shown, "tags": ["Cold"]})
                self.assertEqual(shown["tag_ids"], [cold.id])
                both = {"tags": ["Cold", "Hot"], "tag_ids": [hot.id, cold.id]}
                shown = self._send("PUT", path, 200, **both)
                self.assertEqual(set(shown["tag_ids"]), set(self.tags.ids))
                both = {"tags": ["Cold"], "tag_ids": [hot.id]}
                self._assert_named("PUT", path, "tag_ids", **both)
                self._assert_named("PUT", path, "tag_ids", tag_ids=[2**30])


@tagged("post_install", "-at_install")
class TestDeal(NamesCase):
    def setUp(self):
        super().setUp()
        self.path = f"/opportunities/{self.deal.id}"
        self.other = self.env["res.partner"].create(
            {"name": "Other", "is_company": True}
        )
        self.ann, self.bob, self.stranger_contact = self.env[
            "billinator.contact"
        ].create(
            [
                {"customer_id": customer.id, "name": name, "role": role}
                for customer, name, role in (
                    (self.customer, "Ann", "decision_maker"),
                    (self.customer, "Bob", False),
                    (self.other, "Eve", "user"),
                )
            ]
        )

    def test_people(self):
        sent = {"contact_ids": [self.ann.id, self.bob.id]}
        new = {**self.about, "title": "Deal"}
        deal = self._send("POST", "/opportunities", 201, **new, **sent)
        self.assertEqual(set(deal["contact_ids"]), {self.ann.id, self.bob.id})
        self.assertIn(
            {"id": self.ann.id, "name": "Ann", "role": "DECISION_MAKER"},
            deal["contacts"],
        )
        self.assertIn(
            {"id": self.bob.id, "name": "Bob", "role": None}, deal["contacts"]
        )
        path = f"/opportunities/{deal['id']}"
        deal = self._send("PUT", path, 200, **{**deal, "contact_ids": [self.bob.id]})
        self.assertEqual([one["name"] for one in deal["contacts"]], ["Bob"])
        [listed] = [
            one
            for one in self._fetch("/opportunities")["items"]
            if one["id"] == deal["id"]
        ]
        self.assertEqual(listed["contacts"], deal["contacts"])

    def test_people_are_the_customers(self):
        stranger = {"contact_ids": [self.stranger_contact.id]}
        message = self._assert_named("PUT", self.path, "contact_ids", **stranger)
        self.assertIn("Eve", message)
        new = {"title": "Deal", **stranger}
        self._assert_named("POST", "/opportunities", "contact_ids", **new, **self.about)
        self._assert_named("POST", "/opportunities", "contact_ids", **new, phone="1")
        missing = {"contact_ids": [2**30]}
        self._assert_named("PUT", self.path, "contact_ids", **missing)

    def test_another_customer_has_other_people(self):
        self.deal.contact_ids = self.ann
        shown = self._fetch(self.path)
        address = self.env["res.partner"].create(
            {"name": "Branch", "type": "other", "parent_id": self.customer.id}
        )
        shown = self._send(
            "PUT", self.path, 200, **{**shown, "customer_id": address.id}
        )
        self.assertEqual(shown["contact_ids"], [self.ann.id])
        there = {**shown, "customer_id": self.other.id}
        shown = self._send("PUT", self.path, 200, **there)
        self.assertEqual(shown["contact_ids"], [])
        self._assert_named(
            "PUT",
            self.path,
            "contact_ids",
            customer_id=self.other.id,
            contact_ids=[self.ann.id],
        )

    def test_health(self):
        shown = self._fetch(self.path)
        self.assertEqual((shown["health"], shown["idle_days"]), ("ATTENTION", 0))
        self.assertEqual(shown["health_reasons"], ["Nothing is planned next."])
        self.deal.action_set_won()
        shown = self._fetch(self.path)
        self.assertIsNone(shown["health"])
        self.assertEqual((shown["health_reasons"], shown["idle_days"]), ([], 0))
        # It moves by itself, so that a copy may be older.
        old = {"health": "GOOD", "health_reasons": ["Old"], "idle_days": 9}
        self.assertEqual(self._send("PUT", self.path, 200, **old), shown)

    def test_what_is_said_and_offered(self):
        (self.quote + self._create_quote(user_id=self.colleague.id)).write(
            {"opportunity_id": self.deal.id}
        )
        note = self.env["billinator.note"].create(
            {
                "body": "B",
                "opportunity_id": self.deal.id,
                "attachment_ids": [Command.create({"name": "a.txt", "raw": b"A"})],
            }
        )
        shown = self._fetch(self.path)
        self.assertEqual(shown["quote_ids"], [self.quote.id])
        self.assertEqual(shown["note_ids"], [note.id])
        shown = self._fetch(f"/notes/{note.id}")
        self.assertEqual(shown["attachment_ids"], note.attachment_ids.ids)


@tagged("post_install", "-at_install")
class TestQuote(NamesCase):
    def setUp(self):
        super().setUp()
        self.path = f"/quotes/{self.quote.id}"

    def test_signature(self):
        self.assertIsNone(self._fetch(self.path)["signature"])
        self.assertEqual(self._call(f"{self.path}/signature").status_code, 404)
        self.quote.sudo().write(
            {
                "state": "accepted",
                "signed_by": "Ada",
                "signed_on": fields.Datetime.now(),
                "signature": SIGNATURE,
            }
        )
        shown = self._fetch(self.path)
        self.assertEqual(shown["signature"], f"{self.path}/signature")
        answer = self._call(shown["signature"])
        self.assertEqual(answer.headers["Content-Type"], "image/png")
        self.assertEqual(answer.content, base64.b64decode(self.quote.signature))
        self._let_call(self.colleague)
        answer = self._call(shown["signature"], user=self.colleague)
        self.assertEqual(answer.status_code, 404)

    def test_items_are_checked_by_all_that_they_add_up_to(self):
        [item] = self._fetch(self.path)["items"]
        self.assertEqual(item["price_subtotal"] + item["price_tax"], item["line_total"])
        self.assertEqual(item["product_uom_id"], self.product_a.uom_id.id)
        for name in ("price_subtotal", "price_tax"):
            wrong = {"id": item["id"], "quantity": 7, name: 1.5}
            answer = self._send("PUT", self.path, 422, items=[wrong])
            self.assertEqual(answer["detail"][0]["loc"], ["body", "items", 0, name])
        dozen = {**item, "product_uom_id": self.uom_dozen.id, "unit_price": 5.0}
        [item] = self._send("PUT", self.path, 200, items=[dozen])["items"]
        self.assertEqual(item["product_uom_id"], self.uom_dozen.id)
        new = {"product_id": self.product_a.id, "product_uom_id": None}
        [item] = self._send("PUT", self.path, 200, items=[new])["items"]
        self.assertEqual(item["product_uom_id"], self.product_a.uom_id.id)
        # Another product brings its own, where the client repeats that of before.
        other = {key: item[key] for key in ("id", "product_uom_id")}
        other["product_id"] = self.product_b.id
        [item] = self._send("PUT", self.path, 200, items=[other])["items"]
        self.assertEqual(item["product_uom_id"], self.product_b.uom_id.id)
        self.assertNotEqual(self.product_a.uom_id, self.product_b.uom_id)


@tagged("post_install", "-at_install")
class TestNames(NamesCase):
    def test_a_person_keeps_the_name(self):
        person = self.env["res.partner"].create(
            {"name": "Bob", "type": "other", "parent_id": self.customer.id}
        )
        body = {"customer_id": self.customer.id, "person_id": person.id, "name": None}
        self._send("POST", "/contacts", 201, **body)
        self.env.invalidate_all()
        self.assertEqual(person.name, "Bob")
        self._assert_named("PUT", f"/customers/{person.id}", "name", name=None)


@tagged("post_install", "-at_install")
class TestQuoteMoney(BillinatorInvoicingCommon):
    def test_totals_are_shown_by_tax(self):
        quote = self._create_quote({"product_id": self.product_a.id, "quantity": 3})
        shown = Quote.model_validate(QUOTES.show(self.env, quote.id)).model_dump()
        totals = shown["tax_totals"]
        [subtotal] = totals["subtotals"]
        [group] = subtotal["tax_groups"]
        self.assertEqual(group["id"], quote.line_ids.tax_ids.tax_group_id.id)
        for amounts in (totals, subtotal, group):
            self.assertEqual(amounts["base_amount_currency"], shown["subtotal"])
            self.assertEqual(amounts["tax_amount_currency"], shown["tax_total"])
        self.assertEqual(totals["total_amount_currency"], shown["total"])
        [summary] = QUOTES.to_dicts(quote)
        self.assertNotIn("tax_totals", summary)

    def test_invoices_are_named_to_who_sees_them(self):
        quote = self._create_quote(user_id=self.salesperson.id)
        both = new_test_user(
            self.env,
            "billinator_both",
            "sales_team.group_sale_salesman_all_leads,account.group_account_invoice",
            company_id=self.company.id,
        )

        def show(user):
            return QUOTES.show(self.env(user=user), quote.id)["invoice_ids"]

        self.assertEqual(show(both), [])
        quote.action_convert_to_invoice()
        self.env.invalidate_all()
        self.assertEqual(show(both), quote.invoice_ids.ids)
        self.assertIsNone(show(self.salesperson))

    def test_a_credited_quote_is_invoiced_again(self):
        quote = self._create_quote(user_id=self.salesperson.id)

        def act(route):
            response = Response()
            # As FastAPI gives it to the route, which may set another.
            response.status_code = None
            answer = route(self.env(user=self.salesperson), quote.id, response)
            return response.status_code or 201, answer

        _status, converted = act(convert_quote)
        self.assertEqual(act(invoice_quote_again), (200, converted))
        invoice = self.env["account.move"].browse(converted["invoice_id"])
        invoice.action_post()
        self._reverse_invoice(invoice, is_modify=False).action_post()
        shown = QUOTES.show(self.env(user=self.salesperson), quote.id)
        self.assertEqual(shown["invoice_status"], "CREDITED")
        status, again = act(invoice_quote_again)
        self.assertEqual(status, 201)
        self.assertNotEqual(again["invoice_id"], converted["invoice_id"])
        self.assertEqual(again["invoice_status"], "DRAFT")
        self.assertEqual(again["total"], converted["total"])
        for route in (invoice_quote_again, convert_quote):
            self.assertEqual(act(route), (200, again))


@tagged("post_install", "-at_install")
class TestSchemas(BillinatorInvoicingCommon):
    def test_what_can_be_null_can_be_sent_back(self):
        for shown, change in (
            (Activity, ActivityChange),
            (Contact, ContactChange),
            (Customer, CustomerChange),
            (Note, NoteChange),
            (Opportunity, OpportunityChange),
            (Quote, QuoteChange),
            (QuoteItem, QuoteItemInput),
        ):
            for name, field in shown.model_fields.items():
                if "None" in str(field.annotation):
                    with self.subTest(f"{shown.__name__}.{name}"):
                        change.model_validate({name: None})

    def test_a_nameless_address_is_put_back(self):
        address = self.env["res.partner"].create(
            {"type": "delivery", "parent_id": self.customer.id, "city": "Rome"}
        )
        shown = CUSTOMERS.show(self.env, address.id)
        self.assertIsNone(shown["name"])
        sent = CustomerChange.model_validate({**shown, "city": "Bath"})
        changed = CUSTOMERS.change(self.env, address.id, sent)
        self.assertEqual((changed["name"], changed["city"]), (None, "Bath"))

    def test_people_and_companies_have_names(self):
        contact = self.env["billinator.contact"].create(
            {"name": "Ann", "customer_id": self.customer.id}
        )
        for resource, change, record in (
            (CUSTOMERS, CustomerChange, self.customer),
            (CONTACTS, ContactChange, contact),
        ):
            with self.assertRaises(HTTPException) as refusal:
                resource.change(self.env, record.id, change(name=None))
            [problem] = refusal.exception.detail
            self.assertEqual(problem["loc"], ["body", "name"])

    def test_what_nobody_has_to_do_is_put_back(self):
        data = ActivityCreate(type="CALL", customer_id=self.customer.id)
        activity = ACTIVITIES.create_many(self.env, [data])
        activity.activity_id.user_id = False
        shown = ACTIVITIES.show(self.env, activity.id)
        self.assertIsNone(shown["assigned_to"])
        sent = ActivityChange.model_validate({**shown, "subject": "Call"})
        changed = ACTIVITIES.change(self.env, activity.id, sent)
        self.assertEqual((changed["assigned_to"], changed["subject"]), (None, "Call"))
        sent = ActivityChange(assigned_to=self.salesperson.id)
        ACTIVITIES.change(self.env, activity.id, sent)
        nobody = ActivityChange(assigned_to=None)
        changed = ACTIVITIES.change(self.env, activity.id, nobody)
        self.assertIsNone(changed["assigned_to"])

    def test_lists_take_as_many_queries_as_one(self):
        """Each deal and quote with people, tags, quotes and notes of its own."""
        for resource, records in (
            (OPPORTUNITIES, self._create_deals(9)),
            (QUOTES, self.env["billinator.quote"].search([], limit=9)),
        ):
            one, many = (self._count(resource, records[:n]) for n in (1, 9))
            self.assertLessEqual(many, one)

    def _create_deals(self, count):
        contacts = self.env["billinator.contact"].create(
            [
                {"customer_id": self.customer.id, "name": f"Ann {number}"}
                for number in range(count)
            ]
        )
        deals = self.env["billinator.opportunity"].create(
            [
                {
                    "name": contact.name,
                    "partner_id": self.customer.id,
                    "contact_ids": contact.ids,
                    "tag_ids": [Command.create({"name": contact.name})],
                    "note_ids": [Command.create({"body": contact.name})],
                }
                for contact in contacts
            ]
        )
        for deal in deals:
            self._create_quote(opportunity_id=deal.id, tag_ids=deal.tag_ids.ids)
        return deals

    def _count(self, resource, records):
        for _twice in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            resource.to_dicts(records)
        return self.env.cr.sql_log_count - before
