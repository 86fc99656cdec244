from datetime import date, datetime

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .test_opportunity import OpportunityCase

BAR = {"field": "activity_state", "colors": dict.fromkeys(("overdue", "today"), "")}


@tagged("post_install", "-at_install")
# In Berlin it is the sixth already.
@freeze_time("2031-05-05 23:30:00")
class TestOpportunityAgenda(OpportunityCase):
    """What is to do next is kept with the deals, whatever becomes of activities."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.tz = "Europe/Berlin"
        cls.colleague.tz = "UTC"
        cls.deal, cls.other = (cls._create_opportunity() for _number in range(2))
        cls.first = cls._schedule("2031-05-06")
        cls.later = cls._schedule("2031-05-09")

    @classmethod
    def _schedule(cls, day, deal=None, user=None):
        return (deal or cls.deal).activity_schedule(
            "mail.mail_activity_data_todo", day, user_id=(user or cls.salesperson).id
        )

    def assertKept(self, deal, due, overdue=None):
        """Assert since when a deal's activities are due, and what the bar says."""
        self.env.flush_all()
        self.env.invalidate_all()
        deal_sudo = deal.sudo()
        self.assertEqual(deal_sudo.date_activity_due, due and datetime(*due))
        if overdue:
            self.assertEqual(deal_sudo.date_activity_overdue, datetime(*overdue))
        counts = self.env["billinator.opportunity"].read_progress_bar(
            [("id", "=", deal.id)], "stage_id", BAR
        )
        self.assertEqual(bool(counts), bool(due))
        state = deal.activity_state
        for count in counts.values():
            expected = {name: int(name == state) for name in BAR["colors"]}
            self.assertEqual(count, expected)

    def test_created(self):
        self.assertKept(self.deal, (2031, 5, 5, 22), (2031, 5, 6, 22))
        self.assertEqual(self.deal.activity_state, "today")
        self.assertKept(self.other, False)

    def test_the_day_where_the_assignee_is(self):
        self._schedule("2031-05-06", self.other, self.colleague)
        self.assertKept(self.other, (2031, 5, 6, 0))
        self.assertEqual(self.other.activity_state, "planned")

    def test_a_day_of_twenty_three_hours(self):
        """Summer begins in Berlin."""
        self._schedule("2031-03-30", self.other)
        self.assertKept(self.other, (2031, 3, 29, 23), (2031, 3, 30, 22))

    def test_moved(self):
        self.first.date_deadline = date(2031, 5, 20)
        self.assertKept(self.deal, (2031, 5, 8, 22))
        self.later.date_deadline = date(2031, 5, 1)
        self.assertKept(self.deal, (2031, 4, 30, 22))
        self.assertEqual(self.deal.activity_state, "overdue")

    def test_handed_over(self):
        self.first.user_id = self.colleague
        self.assertKept(self.deal, (2031, 5, 6, 0))

    def test_the_assignee_moves_away(self):
        self.salesperson.tz = "America/New_York"
        self.assertKept(self.deal, (2031, 5, 6, 4))

    def test_done_and_reopened(self):
        self.first.action_feedback()
        self.assertKept(self.deal, (2031, 5, 8, 22))
        self.later.unlink()
        self.assertKept(self.deal, False)
        self.first.active = True
        self.assertKept(self.deal, (2031, 5, 5, 22))

    def test_moved_to_another_deal(self):
        self.first.res_id = self.other.id
        self.assertKept(self.deal, (2031, 5, 8, 22))
        self.assertKept(self.other, (2031, 5, 5, 22))

    def test_moved_to_a_customer(self):
        self.first.write(
            {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.customer.id,
            }
        )
        self.assertKept(self.deal, (2031, 5, 8, 22))

    def test_deleted_by_the_database(self):
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM mail_activity WHERE id = %s", [self.first.id])
        self.assertKept(self.deal, (2031, 5, 8, 22))

    def test_counted_anew(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_opportunity SET date_activity_due = NULL WHERE id = %s",
            [self.deal.id],
        )
        self.assertKept(self.deal, False)
        self.deal._plan_all()
        self.assertKept(self.deal, (2031, 5, 5, 22))

    def test_nobody_writes_it(self):
        deal = self.deal.with_user(self.manager)
        for name in ("date_activity_due", "date_activity_overdue"):
            with self.assertRaises(AccessError):
                deal.write({name: False})
            with self.assertRaises(AccessError):
                deal.read([name])
            self.assertFalse(self.deal.sudo().copy()[name])
