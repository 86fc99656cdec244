"""What an integrator fetches again: that which changed, and all of it."""

from datetime import datetime, timedelta
from itertools import chain
from urllib.parse import urlencode

from odoo.tests import tagged

from ..changes import SHOWN_BY
from ..fields import to_json
from ..models.mail_activity import SHOWN_OF_ACTIVITY
from ..models.res_partner import SHOWN_OF_PERSON
from ..routers.activities import ACTIVITIES
from ..routers.contacts import CONTACTS
from ..routers.customers import CUSTOMERS
from ..routers.notes import NOTES
from ..routers.opportunities import OPPORTUNITIES
from ..routers.quotes import QUOTES
from .common import ApiCase

RESOURCES = (OPPORTUNITIES, QUOTES, ACTIVITIES, NOTES, CONTACTS, CUSTOMERS)
LONG_AGO = datetime(2024, 1, 15, 10, 30, 59, 999_999)


@tagged("post_install", "-at_install")
class TestSync(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = {"user_id": cls.salesperson.id}
        about = {"partner_id": cls.customer.id}
        cls.deal = cls._create_opportunity(**own)
        cls.quote = cls._create_quote(**own)
        cls.activity = cls.env["billinator.activity"].create(
            {**about, **own, "type": "call", "due_date": "2024-01-20 10:00:00"}
        )
        cls.note = cls.env["billinator.note"].create({**about, "body": "Agreed"})
        cls.contact = cls.env["billinator.contact"].create(
            {"customer_id": cls.customer.id, "name": "Ann"}
        )
        cls.lists = {
            "/opportunities": cls.deal,
            "/quotes": cls.quote,
            "/activities": cls.activity,
            "/customers": cls.customer,
            f"/notes/customer/{cls.customer.id}": cls.note,
            f"/contacts/customer/{cls.customer.id}": cls.contact,
        }

    def _age(self, *all_records, to=LONG_AGO):
        self.env.flush_all()
        for records in all_records:
            self.env.cr.execute(
                f"UPDATE {records._table} SET write_date = %s WHERE id IN %s",
                (to, tuple(records.ids)),
            )
        self.env.invalidate_all()

    def _get_changed(self, path, since, **params):
        query = urlencode({"updated_since": since, "limit": 500, **params})
        return self._get_ids(f"{path}?{query}")

    def test_every_list_tells_what_changed(self):
        self._age(*self.lists.values())
        today = to_json(self.env.cr.now() - timedelta(hours=1))
        for path, record in self.lists.items():
            with self.subTest(path):
                self.assertNotIn(record.id, self._get_changed(path, today))
                record.write({record._rec_name or "subject": "Changed"})
                self.assertIn(record.id, self._get_changed(path, today))
                self.assertIn(
                    record.id,
                    self._get_changed(path, today, sort="-updated_at"),
                )

    def test_what_was_seen_last_is_seen_again(self):
        self._age(*self.lists.values())
        for path, record in self.lists.items():
            query = urlencode({"updated_since": "2024-01-15T10:30:59Z", "cursor": ""})
            page = self._fetch(f"{path}?{query}&limit=500")
            [shown] = [item for item in page["items"] if item["id"] == record.id]
            self.assertEqual(shown["updated_at"], "2024-01-15T10:30:59Z")
            for since, is_told in (
                ("2024-01-15T10:30:59", True),
                ("2024-01-15T10:30:59.999999Z", True),
                ("2024-01-15T12:30:59+02:00", True),
                ("2024-01-15T10:31:00Z", False),
                ("2024-01-15T12:31:00+02:00", False),
            ):
                with self.subTest(f"{path} {since}"):
                    changed = self._get_changed(path, since)
                    self.assertEqual(record.id in changed, is_told)

    def test_what_is_no_time_is_refused(self):
        for path in self.lists:
            for since in ("yesterday", "2024-01-15", "1705312259", ""):
                with self.subTest(f"{path} {since}"):
                    answer = self._call(f"{path}?{urlencode({'updated_since': since})}")
                    self.assertEqual(answer.status_code, 422, answer.text)
                    [problem] = answer.json()["detail"]
                    self.assertEqual(problem["loc"], ["query", "updated_since"])

    def test_of_the_same_moment_the_older_comes_first(self):
        deals = self.env["billinator.opportunity"].create(
            [
                {"name": "Deal", "partner_id": self.customer.id, "user_id": user_id}
                for user_id in self.salesperson.ids * 3
            ]
        )
        first, second, third = deals.ids
        self._age(deals)
        self._age(self.deal, to=LONG_AGO - timedelta(days=1))
        self._age(deals[1], to=LONG_AGO + timedelta(days=1))
        path = f"/opportunities?customer_id={self.customer.id}"
        path += "&updated_since=2024-01-15T10:30:59Z&limit=1"
        for sort, expected in (
            ("updated_at", [first, third, second]),
            ("-updated_at", [second, first, third]),
        ):
            pages = (
                self._get_ids(f"{path}&sort={sort}&offset={offset}")
                for offset in range(4)
            )
            self.assertEqual([*chain.from_iterable(pages)], expected)
        walked, cursor = [], ""
        while cursor is not None:
            page = self._fetch(f"{path}&cursor={cursor}")
            walked += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(walked, [first, second, third])

    def test_a_change_underneath_is_one(self):
        native, person = self.activity.activity_id, self.contact.person_id
        for change, record in (
            (lambda: native.write({"summary": "Call again"}), self.activity),
            (lambda: native.write({"note": "About prices"}), self.activity),
            (lambda: native.write({"user_id": self.colleague.id}), self.activity),
            (lambda: native.write({"date_deadline": "2030-01-01"}), self.activity),
            (lambda: native.action_feedback(feedback="Done"), self.activity),
            (lambda: person.write({"name": "Anna"}), self.contact),
            (lambda: person.write({"email": "anna@ada.example"}), self.contact),
            (lambda: person.write({"phone": "1"}), self.contact),
            (lambda: person.write({"function": "CTO"}), self.contact),
        ):
            self._assert_counts(change, record)

    def test_a_change_of_an_item_is_one_of_its_quote(self):
        line = self.quote.line_ids
        for change in (
            lambda: line.write({"name": "Described otherwise"}),
            lambda: line.write({"quantity": 9}),
            lambda: line.create(
                {"quote_id": self.quote.id, "name": "Given away", "price_unit": 0.0}
            ),
            lambda: (self.quote.line_ids - line).unlink(),
        ):
            self._assert_counts(change, self.quote)

    def test_what_a_merge_moves_is_changed(self):
        other = self.env["res.partner"].create(
            {"name": "Ada Inc.", "is_company": True, "email": self.customer.email}
        )
        moved = [self.deal, self.quote, self.activity, self.note, self.contact]
        self._age(*moved)
        Wizard = self.env["base.partner.merge.automatic.wizard"]
        Wizard._merge([other.id, self.customer.id], other)
        self.env.flush_all()
        self.env.invalidate_all()
        for record in moved:
            with self.subTest(record._name):
                self.assertEqual(record.write_date, self.env.cr.now())

    def test_what_a_merge_of_people_moves_is_changed(self):
        twice = self.env["billinator.contact"].create(
            {"name": "Ann", "customer_id": self.customer.id}
        )
        kept = self.contact.person_id
        moved = [self.quote, self.activity, self.note]
        for record in moved:
            record.contact_id = twice
        self.deal.contact_ids = twice
        self._age(*moved, self.deal)
        Wizard = self.env["base.partner.merge.automatic.wizard"]
        Wizard._merge([kept.id, twice.person_id.id], kept)
        self.env.flush_all()
        self.env.invalidate_all()
        for record in moved:
            with self.subTest(record._name):
                self.assertEqual(record.contact_id, self.contact)
                self.assertEqual(record.write_date, self.env.cr.now())
        self.assertEqual(self.deal.contact_ids, self.contact)
        self.assertEqual(self.deal.write_date, self.env.cr.now())

    def test_what_nobody_is_shown_is_no_change(self):
        self._age(self.contact)
        before = self.contact.write_date
        self.contact.person_id.write({"street": "1 Main Street"})
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.contact.write_date, before)

    def test_what_a_deletion_empties_is_changed(self):
        other = self._create_opportunity()
        self.deal.contact_ids = self.contact
        for record in (self.quote, self.activity, self.note):
            record.contact_id = self.contact
        self.note.write({"opportunity_id": other.id, "quote_id": self.quote.id})
        shown_by_contact = (self.deal, self.quote, self.activity, self.note)
        for gone, emptied in (
            (other, [self.note]),
            (self.contact, shown_by_contact),
        ):
            with self.subTest(gone._name):
                self._age(*emptied)
                gone.unlink()
                self._assert_changed(*emptied)
        self.deal.contact_ids = self.contact.create(
            {"customer_id": self.customer.id, "name": "Bob"}
        )
        self._age(self.deal)
        self.deal.contact_ids.person_id.unlink()
        self.assertFalse(self.deal.contact_ids)
        self._assert_changed(self.deal)
        self._age(self.note)
        self.quote.unlink()
        self._assert_changed(self.note)

    def test_a_stranger_deletes_what_is_shown(self):
        """Who may delete a contact need not see the deals that show it."""
        self.deal.contact_ids = self.contact
        self._age(self.deal)
        self.contact.with_user(self.colleague).unlink()
        self._assert_changed(self.deal)

    def test_all_that_deletions_empty_is_known(self):
        """Of what salespeople delete: what managers set up goes without a word."""
        for model, shown_by in SHOWN_BY.items():
            fields = {
                (resource.model, name)
                for resource in RESOURCES
                for name in {field.name for field in resource.fields.values()}
                if self._is_emptied(resource.model, name, model)
            }
            self.assertEqual(fields, set(shown_by.items()))

    def _is_emptied(self, model, name, comodel):
        field = self.env[model]._fields[name]
        is_of_both = field.type == "many2many" and field.store
        return field.comodel_name == comodel and (
            is_of_both or getattr(field, "ondelete", None) == "set null"
        )

    def _assert_changed(self, *records):
        self.env.flush_all()
        self.env.invalidate_all()
        for record in records:
            with self.subTest(record._name):
                self.assertEqual(record.write_date, self.env.cr.now())

    def _assert_counts(self, change, record):
        self._age(record)
        change()
        self._assert_changed(record)

    def test_all_that_is_kept_underneath_counts(self):
        for resource, followed in (
            (ACTIVITIES, SHOWN_OF_ACTIVITY),
            (CONTACTS, SHOWN_OF_PERSON),
        ):
            fields = self.env[resource.model]._fields
            names = {field.name for field in resource.fields.values()}
            underneath = {name for name in names if not fields[name].store}
            self.assertEqual(underneath, followed)
