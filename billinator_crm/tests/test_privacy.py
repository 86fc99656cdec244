from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestPrivacyLookup(BillinatorCommon):
    """Odoo's tool for those who want to know, or to delete, what is kept of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Grace Hopper",
                "email": "grace@ada.example",
                "parent_id": cls.customer.id,
            }
        )
        cls.contact = cls.env["billinator.contact"].search(
            [("person_id", "=", cls.person.id)]
        )
        cls.deal = cls._create_opportunity(contact_ids=[Command.set(cls.contact.ids)])
        cls.quote = cls._create_quote(opportunity_id=cls.deal.id)
        cls.note = cls.env["billinator.note"].create(
            {"body": "Her Wishes", "partner_id": cls.customer.id}
        )
        cls.activity = cls.env["billinator.activity"].create(
            {
                "summary": "Call her",
                "type": "call",
                "due_date": "2026-01-02 10:00:00",
                "partner_id": cls.customer.id,
            }
        )

    def _look_up(self, partner):
        """Return the lines of what the tool finds of a partner."""
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": partner.name, "email": partner.email}
        )
        wizard.action_lookup()
        return wizard.line_ids

    def test_documents_of_a_customer_are_found(self):
        found = {(line.res_model, line.res_id) for line in self._look_up(self.customer)}
        for record in (self.customer, self.deal, self.quote, self.note):
            self.assertIn((record._name, record.id), found)

    def test_people_are_found(self):
        found = {(line.res_model, line.res_id) for line in self._look_up(self.person)}
        self.assertIn(("res.partner", self.person.id), found)

    def test_all_is_archived(self):
        lines = self._look_up(self.customer)
        lines.action_archive_all()
        self.assertFalse(
            lines.filtered(lambda line: line.has_active and line.is_active)
        )
        for record in (self.customer, self.deal, self.quote, self.note):
            if "active" in record:
                self.assertFalse(record.active, record)

    def test_all_is_deleted(self):
        self.quote.action_mark_sent()
        self.quote.action_reject()
        version = self.quote.revise()
        records = (self.activity, self.note, version, self.quote, self.deal)
        # The customer is found first, and its documents keep it.
        self._look_up(self.customer).action_unlink_all()
        for record in (*records, self.customer):
            self.assertFalse(record.exists(), record)

    def test_accepted_quotes_stay_with_all_they_are_about(self):
        self.quote.action_accept()
        lines = self._look_up(self.customer)
        message = f"Quote {self.quote.name} was accepted and is kept"
        with self.assertRaisesRegex(UserError, message):
            lines.action_unlink_all()
