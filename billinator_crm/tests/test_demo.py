from datetime import timedelta
from unittest import SkipTest

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo data tell of a year in which every case there is occurred."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env.ref("base.module_billinator_crm").demo:
            raise SkipTest("This database has no demo data.")
        # Demo data are dated by the day of their installation, which may be long past.
        user = cls.env.ref("billinator_crm.user_senior_demo")
        cls.installed_on = user.create_date.date()
        customers = cls.env["ir.model.data"].search(
            [
                ("module", "=", "billinator_crm"),
                ("model", "=", "res.partner"),
                ("name", "=like", "customer_%_demo"),
            ]
        )
        domain = [("commercial_partner_id", "in", customers.mapped("res_id"))]
        cls.deals = cls.env["billinator.opportunity"].search(domain)
        cls.quotes = cls.env["billinator.quote"].search(domain)
        cls.notes = cls.env["billinator.note"].search(domain)

    def _months(self, dates):
        return {(date.year, date.month) for date in dates}

    def test_deals_in_every_stage(self):
        stages = self.env["billinator.stage"].search([("team_ids", "=", False)])
        self.assertEqual(self.deals.stage_id, stages)
        lost = self.deals.filtered(lambda deal: deal.status == "lost")
        self.assertGreater(len(lost.lost_reason_id), 2)
        self.assertGreater(len(self.deals.currency_id), 1)
        self.assertEqual(len(self.deals.user_id), 3)
        self.assertEqual(len(self.deals.team_id), 2)

    def test_deals_spread_over_a_year(self):
        won = self.deals.filtered(lambda deal: deal.status == "won")
        self.assertGreaterEqual(len(self._months(won.mapped("date_closed"))), 10)
        for deal in self.deals:
            with self.subTest(deal=deal.name):
                self.assertLess(deal.create_date, deal.date_closed or self.env.cr.now())
        middle = sorted(won.mapped("date_closed"))[0] + timedelta(days=160)
        later = won.filtered(lambda deal: deal.date_closed > middle)
        self.assertGreater(
            sum(later.mapped("expected_revenue_company")),
            sum((won - later).mapped("expected_revenue_company")),
        )

    def test_targets(self):
        targets = self.env["billinator.target"].search(
            [("user_id", "in", self.deals.user_id.ids)]
        )
        self.assertEqual(targets.user_id, self.deals.user_id)
        self.assertGreater(max(targets.mapped("attainment")), 50)
        self.assertLess(min(targets.mapped("attainment")), 50)

    def test_history_of_stages(self):
        open_deals = self.deals.filtered(lambda deal: deal.status == "open")
        self.assertGreater(min(open_deals.mapped("history_sample_size")), 0)

    def test_time_in_stages(self):
        """The chatter's dates are those by which the time per stage is told."""
        for deal in self.deals.filtered(lambda deal: deal.status == "won"):
            seconds = deal.duration_tracking.values()
            self.assertEqual(len(seconds), 5)
            self.assertGreater(min(seconds), 86400)

    def test_next_activities(self):
        open_deals = self.deals.filtered(lambda deal: deal.status == "open")
        activities = open_deals.activity_ids
        deadlines = [
            (activity.date_deadline - self.installed_on).days for activity in activities
        ]
        self.assertLess(min(deadlines), 0)
        self.assertIn(0, deadlines)
        self.assertGreater(max(deadlines), 0)
        self.assertTrue(open_deals.filtered(lambda deal: not deal.activity_ids))
        self.assertGreater(len(activities.activity_type_id), 2)
        self.assertFalse((self.deals - open_deals).activity_ids)

    def test_quotes_in_every_state(self):
        states = dict(self.quotes._fields["state"].selection)
        self.assertEqual(set(self.quotes.mapped("state")), set(states))
        lines = self.quotes.line_ids
        self.assertIn("line_section", lines.mapped("display_type"))
        self.assertTrue(lines.filtered("discount"))
        self.assertTrue(lines.filtered(lambda line: line.is_optional))
        self.assertTrue(lines.filtered(lambda line: line.is_selected))
        for quote in self.quotes.filtered(lambda quote: quote.state == "sent"):
            self.assertGreater(quote.validity_date, self.installed_on)

    def test_invoices_in_every_payment_state(self):
        statuses = dict(self.quotes._fields["invoice_status"].selection)
        journals = self.env["account.journal"].search(
            [("company_id", "in", self.quotes.company_id.ids)]
        )
        if not {"sale", "bank"} <= set(journals.mapped("type")):
            statuses = {"no": "The company had no accounting"}
        known = set(statuses) - {"credited"}
        self.assertEqual(set(self.quotes.mapped("invoice_status")), known)
        posted = self.quotes.invoice_ids.filtered(lambda move: move.state == "posted")
        paid = self.quotes.filtered(lambda quote: quote.invoice_status == "paid")
        self.assertGreaterEqual(len(paid) * 2, len(posted))
        for quote in posted.billinator_quote_id:
            invoice = quote.invoice_ids
            with self.subTest(quote=quote.name):
                self.assertGreater(invoice.invoice_date, quote.date_quote)
                self.assertLess(invoice.invoice_date, self.installed_on)
                self.assertEqual(invoice.amount_total, quote.amount_total)

    def test_all_invoices_go_back_to_draft(self):
        """As in Odoo's own tests.

        An invoice that then came to another amount would lose its payment, and with it
        a move that is about to go back as well.
        """
        invoices = self.quotes.invoice_ids
        amounts = invoices.mapped("amount_total_signed")
        self.env["account.move"].search([]).state = "draft"
        self.assertEqual(invoices.mapped("amount_total_signed"), amounts)

    def test_notes_of_every_kind(self):
        self.assertGreater(len(self.notes), 50)
        for name in ("note_type", "direction"):
            values = {value for value, _label in self.notes._fields[name].selection}
            self.assertLessEqual(values, set(self.notes.mapped(name)))
        self.assertTrue(self.notes.filtered("is_pinned"))
        self.assertTrue(self.notes.quote_id)
        self.assertGreater(len(self.notes.user_id), 2)
        self.assertGreaterEqual(len(self._months(self.notes.mapped("date"))), 10)
        self.assertLess(max(self.notes.mapped("date")), self.env.cr.now())
        for note in self.notes.filtered("contact_id"):
            self.assertEqual(note.contact_id.customer_id, note.commercial_partner_id)
