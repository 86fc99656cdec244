from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import format_date

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestHealth(BillinatorCommon):
    """What speaks against a deal, on the deal and in the filters alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)
        cls.deal = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.activity = cls._plan(cls.deal)

    @classmethod
    def _plan(cls, deal):
        return cls.env["billinator.activity"].create(
            {"opportunity_id": deal.id, "type": "call", "summary": "Next step"}
        )

    def _age(self, record, field="create_date", days=20):
        """Move a moment back, as only time can."""
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {record._table}"
            f" SET {field} = now() AT TIME ZONE 'UTC' - %s * interval '1 day'"
            f" WHERE id IN %s",
            [days, tuple(record.ids)],
        )
        self.env.invalidate_all()

    def _write_deal(self, **values):
        """Write and flush, as a request does; one counts as one change."""
        self.deal.write(values)
        self.env.flush_all()

    def assertHealth(self, health, *reasons, deal=None):
        deal = (deal or self.deal).with_user(self.salesperson)
        self.assertEqual((deal.health_reasons or "").split("\n"), [*reasons] or [""])
        self.assertEqual(deal.health, health)
        # The filters find just the same.
        for level in ("good", "attention", "at_risk"):
            found = deal.search(
                Domain("health", "=", level) & Domain("id", "=", deal.id)
            )
            self.assertEqual(bool(found), level == health, level)

    def test_good(self):
        self.assertHealth("good")
        self.assertEqual(self.deal.idle_days, 0)

    def test_nothing_planned(self):
        self.activity.action_complete("Done")
        self.assertHealth("attention", "Nothing is planned next.")

    def test_idle(self):
        self._age(self.deal)
        self.assertHealth(
            "attention", "No contact for 20 days: no mail, note, meeting or activity."
        )
        self.company.billinator_idle_days = 21
        self.assertHealth("good")
        self.company.billinator_idle_days = 0
        self.assertHealth("good")

    def test_every_contact_counts(self):
        quote = self._create_quote(opportunity_id=self.deal.id)
        contacts = {
            "note": lambda: self.env["billinator.note"].create(
                {"opportunity_id": self.deal.id, "body": "Called"}
            ),
            "mail": lambda: self.deal.message_post(
                body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
            ),
            "mail on the quote": lambda: quote.message_post(
                body="Hello", message_type="email", subtype_xmlid="mail.mt_comment"
            ),
            "a look at the quote's page": lambda: quote.sudo().write(
                {"last_viewed_on": fields.Datetime.now()}
            ),
            "activity": lambda: self._plan(self.deal).action_complete("Spoke"),
        }
        self._age(self.deal)
        for name, make in contacts.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.assertEqual(self.deal.idle_days, 20)
                make()
                self.env.invalidate_all()
                self.assertEqual(self.deal.idle_days, 0)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_internal_notes_are_no_contact(self):
        self._age(self.deal)
        self.deal.message_post(body="For us", subtype_xmlid="mail.mt_note")
        self.assertEqual(self.deal.idle_days, 20)

    def test_meeting_counts_once_it_is_over(self):
        start = fields.Datetime.now() + relativedelta(days=1)
        meeting = self.env["billinator.activity"].create(
            {
                "opportunity_id": self.deal.id,
                "type": "meeting",
                "summary": "Workshop",
                "due_date": start,
                "duration": 1,
            }
        )
        self._age(self.deal)
        self.assertEqual(self.deal.idle_days, 20)
        self._age(meeting.calendar_event_id, "stop", days=3)
        self.assertEqual(self.deal.idle_days, 3)

    def test_called_off_meeting_is_no_contact(self):
        start = fields.Datetime.now() + relativedelta(days=1)
        meetings = self.env["billinator.activity"].create(
            [
                {
                    "opportunity_id": self.deal.id,
                    "type": "meeting",
                    "summary": name,
                    "due_date": start,
                }
                for name in ("Called off here", "Archived in the calendar")
            ]
        )
        events = meetings.calendar_event_id
        meetings[0].action_cancel()
        meetings[1].action_complete("Did not take place")
        long_ago = relativedelta(days=15, hours=1)
        meetings[1].completed_at = fields.Datetime.now() - long_ago
        events[1].active = False
        self._age(self.deal)
        self._age(events[0], "stop", days=3)
        self._age(events[1], "stop", days=3)
        self.assertEqual(self.deal.idle_days, 15)

    def test_closing_passed(self):
        self.deal.date_deadline = self.today - relativedelta(days=1)
        day = format_date(self.env, self.deal.date_deadline)
        self.assertHealth("attention", f"The expected closing, {day}, has passed.")
        self.deal.date_deadline = self.today
        self.assertHealth("good")

    def test_closing_pushed(self):
        for days in (1, 2, 3, 2, 3):
            self._write_deal(date_deadline=self.today + relativedelta(days=days))
        self.assertEqual(self.deal.deadline_push_count, 3)
        self.assertHealth("attention", "The expected closing was pushed 3 times.")

    def test_closing_emptied_in_between(self):
        for days in (1, None, 2):
            day = days and self.today + relativedelta(days=days)
            self._write_deal(date_deadline=day)
        self.assertEqual(self.deal.deadline_push_count, 1)

    def test_moved_back(self):
        self._write_deal(stage_id=self.stages["NEGOTIATION"].id)
        self._write_deal(stage_id=self.stages["QUALIFIED"].id)
        self.assertHealth("attention", "It moved back from Negotiation to Qualified.")
        self.deal.stage_id = self.stages["NEGOTIATION"]
        self.assertHealth("good")

    def test_lost_and_reopened_did_not_move_back(self):
        self.deal.stage_id = self.stages["PROPOSAL"]
        self.deal.action_set_lost(self.lost_reason.id)
        self.assertFalse(self.deal.health)
        self.deal.action_reopen()
        self.assertHealth("good")

    def test_quote_expired(self):
        quote = self._create_quote(opportunity_id=self.deal.id, state="sent")
        quote.state = "expired"
        self.assertHealth("attention", "Its quote expired, and there is no other.")
        self._create_quote(opportunity_id=self.deal.id)
        self.assertHealth("good")

    def test_last_version_expired(self):
        quote = self._create_quote(opportunity_id=self.deal.id, state="sent")
        second = quote.browse(quote.action_revise()["res_id"])
        second.action_mark_sent()
        self.assertHealth("good")
        second.state = "expired"
        self.assertHealth("attention", "Its quote expired, and there is no other.")

    def test_two_reasons_are_a_risk(self):
        self.activity.action_complete("Done")
        self._age(self.deal, days=30)
        self._age(self.activity, "completed_at", days=16)
        self.assertHealth(
            "at_risk",
            "No contact for 16 days: no mail, note, meeting or activity.",
            "Nothing is planned next.",
        )

    def test_idle_days_are_found(self):
        self._age(self.deal)
        for operator, value, found in (
            (">=", 20, True),
            (">", 20, False),
            ("<=", 20, True),
            ("<", 20, False),
            ("=", 20, True),
            ("!=", 20, False),
            ("in", [3, 20], True),
        ):
            domain = Domain("idle_days", operator, value) & Domain(
                "id", "=", self.deal.id
            )
            self.assertEqual(bool(self.deal.search(domain)), found, (operator, value))

    def test_closed_have_no_health(self):
        self.deal.action_set_won()
        self.assertFalse(self.deal.health)
        domain = [("id", "=", self.deal.id)]
        Deal = self.env["billinator.opportunity"]
        self.assertFalse(Deal.search([*domain, ("health", "!=", False)]))
        self.assertTrue(Deal.search([*domain, ("health", "=", False)]))
