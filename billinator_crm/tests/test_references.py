from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestReferences(BillinatorCommon):
    """What one is told who deletes what is still in use."""

    def _get_refusal(self, record, user, model):
        """Return what Odoo tells a user, with the model of the refusing table."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError) as caught,
            self.env.cr.savepoint(),
        ):
            record.unlink()
        self.assertEqual(caught.exception.diag.table_name, self.env[model]._table)
        return self.env[model].with_user(user)._sql_error_to_message(caught.exception)

    def test_what_is_in_use_is_to_be_archived(self):
        unit = self.env["uom.uom"].create({"name": "Day of Work"})
        deal = self._create_opportunity(name="Secret", user_id=self.colleague.id)
        quote = self._create_quote(
            {"name": "Secret", "product_uom_id": unit.id},
            {"product_id": self.product_a.id},
            partner_id=self._create_customer("Used by a quote").id,
            user_id=self.colleague.id,
        )
        note = self.env["billinator.note"].create(
            {"subject": "Secret", "partner_id": self._create_customer("Noted").id}
        )
        self.env["billinator.quote.template"].create(
            {
                "name": "Secret",
                "line_ids": [Command.create({"product_id": self.product_b.id})],
            }
        )
        for record, model, use in (
            (deal.partner_id, "billinator.opportunity", "Opportunity: Customer"),
            (quote.partner_id, "billinator.quote", "Quote: Customer"),
            (note.partner_id, "billinator.note", "Communication Note: Customer"),
            (self.product_a, "billinator.quote.line", "Quote Line: Product"),
            (unit, "billinator.quote.line", "Quote Line: Unit"),
            (
                self.product_b,
                "billinator.quote.template.line",
                "Quote Template Line: Product",
            ),
        ):
            with self.subTest(use, record=record.name):
                told = self._get_refusal(record, self.salesperson, model)
                self.assertIn(f"“{record.display_name}” is in use ({use})", told)
                self.assertIn("Archive it instead", told)
                for secret in ("Secret", quote.name):
                    self.assertNotIn(secret, told)

    def test_its_name_is_for_those_who_may_read_it(self):
        customer = self._create_customer("Not for all")
        customer.company_id = self.company
        self._create_opportunity(partner_id=customer.id)
        told = self._get_refusal(customer, self.stranger, "billinator.opportunity")
        self.assertIn(f"“{customer.id}” is in use (Opportunity: Customer)", told)

    def _create_customer(self, name):
        return self.env["res.partner"].create({"name": name, "is_company": True})
