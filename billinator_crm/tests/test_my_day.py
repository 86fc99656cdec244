from datetime import datetime, timedelta

from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools.safe_eval import safe_eval

from ..models import billinator_activity_day
from .common import BillinatorCommon

NOON = "2026-03-10 12:00:00"


@tagged("post_install", "-at_install")
class TestMyDay(BillinatorCommon):
    """The day in sections, as the one who looks at it sees it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.tz = "UTC"
        cls.deal = cls._create_opportunity(user_id=cls.salesperson.id)

    def _plan(self, *due_dates, user=None, **values):
        # Nobody is told of them, which takes longer than making them.
        Activity = self.env["billinator.activity"].with_context(
            mail_activity_quick_update=True
        )
        return Activity.create(
            [
                {
                    "opportunity_id": self.deal.id,
                    "user_id": (user or self.salesperson).id,
                    "type": "task",
                    "due_date": due_date,
                    **values,
                }
                for due_date in due_dates
            ]
        )

    def _get_overview(self, user=None, **kwargs):
        user = user or self.salesperson
        return (
            user.env["billinator.activity"].with_user(user).get_day_overview(**kwargs)
        )

    def _get_ids(self, overview):
        return {
            name: [activity["id"] for activity in section["activities"]]
            for name, section in overview["sections"].items()
        }

    def _get_all_ids(self, **kwargs):
        return {
            activity_id
            for ids in self._get_ids(self._get_overview(**kwargs)).values()
            for activity_id in ids
        }

    # === Sections === #

    @freeze_time(NOON)
    def test_sections(self):
        planned = self._plan(
            "2026-03-18 00:00:00",
            "2026-03-17 23:59:59",
            "2026-03-11 00:00:00",
            "2026-03-10 23:59:59",
            "2026-03-10 00:00:00",
            "2026-03-09 23:59:59",
            "2025-01-01 00:00:00",
        )
        later, next_week, tomorrow, tonight, dawn, yesterday, last_year = planned.ids
        overview = self._get_overview()
        self.assertEqual(
            self._get_ids(overview),
            {
                "overdue": [last_year, yesterday],
                "today": [dawn, tonight],
                "upcoming": [tomorrow, next_week],
            },
        )
        self.assertEqual(overview["later"], 1)
        self.assertNotIn(later, self._get_all_ids())

    @freeze_time(NOON)
    def test_whole_days_have_no_time(self):
        meeting, other = self._plan(NOON, NOON, type="meeting")
        meeting.calendar_event_id.write(
            {"allday": True, "start_date": NOON[:10], "stop_date": NOON[:10]}
        )
        activities = self._get_overview()["sections"]["today"]["activities"]
        self.assertEqual(
            {activity["id"]: activity["is_day"] for activity in activities},
            {meeting.id: True, other.id: False},
        )

    @freeze_time(NOON)
    def test_pending_only(self):
        done, cancelled, pending = self._plan(*[NOON] * 3)
        done.action_complete()
        cancelled.action_cancel()
        self.assertEqual(self._get_all_ids(), {pending.id})

    @freeze_time("2026-03-10 22:30:00")
    def test_zone_around_midnight(self):
        """In Tokyo it is tomorrow morning, in Honolulu the same noon."""
        before, after = self._plan("2026-03-10 14:59:59", "2026-03-10 15:00:00").ids
        for zone, overdue, today in (
            ("UTC", [], [before, after]),
            ("Asia/Tokyo", [before], [after]),
            ("Pacific/Honolulu", [], [before, after]),
        ):
            with self.subTest(zone=zone):
                viewer = self.salesperson.with_context(tz=zone)
                ids = self._get_ids(self._get_overview(viewer))
                self.assertEqual((ids["overdue"], ids["today"]), (overdue, today))

    @freeze_time("2026-03-10 22:30:00")
    def test_zone_of_the_viewer(self):
        """The day is that of who looks, and not of who does it."""
        self.salesperson.tz = "Asia/Tokyo"
        self.senior.tz = "UTC"
        self._plan("2026-03-10 14:59:59")
        overview = self._get_overview(self.senior, scope="everyone", types=["task"])
        assignees = {
            activity["user_id"]["id"]
            for activity in overview["sections"]["today"]["activities"]
        }
        self.assertIn(self.salesperson.id, assignees)
        self.assertEqual(self._get_overview()["sections"]["overdue"]["total"], 1)

    @freeze_time(NOON)
    def test_day_of_changing_clocks(self):
        """The last Sunday of March lasts 23 hours in Berlin."""
        self.salesperson.tz = "Europe/Berlin"
        with freeze_time("2026-03-29 06:00:00"):
            yesterday, dawn, tonight, tomorrow = self._plan(
                "2026-03-28 22:59:59",
                "2026-03-28 23:00:00",
                "2026-03-29 21:59:59",
                "2026-03-29 22:00:00",
            ).ids
            self.assertEqual(
                self._get_ids(self._get_overview()),
                {
                    "overdue": [yesterday],
                    "today": [dawn, tonight],
                    "upcoming": [tomorrow],
                },
            )

    # === Limits === #

    @freeze_time(NOON)
    def test_limit_and_total(self):
        first = datetime(2026, 1, 1)
        planned = self._plan(*(first + timedelta(hours=hour) for hour in range(45)))
        section = self._get_overview()["sections"]["overdue"]
        self.assertEqual(
            [activity["id"] for activity in section["activities"]], planned[:40].ids
        )
        self.assertEqual(section["total"], 45)

    @freeze_time(NOON)
    def test_count_ends(self):
        """Nobody waits for the counting of what nobody will do."""
        self.patch(billinator_activity_day, "COUNT_LIMIT", 3)
        self._plan(*["2026-03-09 12:00:00"] * 4)
        overview = self._get_overview()
        self.assertEqual(overview["count_limit"], 3)
        self.assertEqual(overview["sections"]["overdue"]["total"], 3)

    @freeze_time(NOON)
    def test_types(self):
        call = self._plan(NOON, type="call")
        email = self._plan(NOON, type="email")
        self._plan(NOON)
        self.assertEqual(self._get_all_ids(types=["call"]), {call.id})
        self.assertEqual(
            self._get_all_ids(types=["call", "email"]), {call.id, email.id}
        )
        self.assertEqual(len(self._get_all_ids(types=[])), 3)

    # === What is told === #

    @freeze_time(NOON)
    def test_person(self):
        """The contact's phone, else the customer's."""
        person = self.env["res.partner"].create(
            {"name": "Bea", "parent_id": self.customer.id, "phone": "+49 30 1"}
        )
        contact = self.env["billinator.contact"].search([("person_id", "=", person.id)])
        self._plan("2026-03-10 10:00:00", contact_id=contact.id)
        self._plan("2026-03-10 11:00:00")
        with_contact, without = self._get_overview()["sections"]["today"]["activities"]
        self.assertEqual(with_contact["person"]["name"], "Bea")
        self.assertEqual(with_contact["person"]["phone"], "+49 30 1")
        self.assertEqual(without["person"]["phone"], self.customer.phone)
        self.assertEqual(without["person"]["email"], "info@ada.example")
        self.assertEqual(without["opportunity_id"]["display_name"], "New Deal")

    @freeze_time(NOON)
    def test_person_of_another_company(self):
        """The activity is told, and nothing of whom the user may not see."""
        self._plan(NOON)
        self.customer.company_id = self.company
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            (self.company_b.id, self.customer.id),
        )
        self.env.invalidate_all()
        [activity] = self._get_overview()["sections"]["today"]["activities"]
        self.assertFalse(activity["person"])

    # === Whose === #

    @freeze_time(NOON)
    def test_scopes(self):
        team = self.env["crm.team"].create({"name": "T", "user_id": self.senior.id})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.colleague.id}
        )
        mine, mates, others = (
            self._plan(NOON, user=user).id
            for user in (self.senior, self.colleague, self.salesperson)
        )
        planned = {mine, mates, others}
        for scope, expected in (
            ("mine", {mine}),
            ("team", {mine, mates}),
            ("everyone", planned),
        ):
            with self.subTest(scope=scope):
                found = self._get_all_ids(user=self.senior, scope=scope)
                self.assertEqual(found & planned, expected)

    @freeze_time(NOON)
    def test_the_team_of_the_list_is_the_team_of_the_day(self):
        leader = self.stranger
        self.env["crm.team"].create(
            [
                {"name": "Led", "user_id": self.senior.id},
                {
                    "name": "Led by another one",
                    "user_id": leader.id,
                    "member_ids": [Command.link(self.senior.id)],
                },
            ]
        )
        mine, leaders, others = (
            self._plan(NOON, user=user)
            for user in (self.senior, leader, self.salesperson)
        )
        shown = self._get_all_ids(user=self.senior, scope="team")
        self.assertLessEqual({mine.id, leaders.id}, shown)
        listed = self._find_by_filter("my_team", self.senior)
        self.assertEqual(listed & (mine + leaders + others), mine + leaders)

    def _find_by_filter(self, name, user):
        """Return what a filter of the activities' search finds for a user."""
        Activity = self.env["billinator.activity"].with_user(user)
        arch = etree.fromstring(Activity.get_view(view_type="search")["arch"])
        [domain] = arch.xpath(f"//filter[@name='{name}']/@domain")
        return Activity.search(safe_eval(domain, {"uid": user.id}))

    def test_scopes_offered(self):
        self.assertEqual(self._get_overview()["scopes"], ["mine"])
        self.assertEqual(
            self._get_overview(self.senior)["scopes"], ["mine", "everyone"]
        )
        self.env["crm.team"].create(
            {
                "name": "T",
                "user_id": self.senior.id,
                "member_ids": [(4, self.colleague.id)],
            }
        )
        self.assertEqual(
            self._get_overview(self.senior)["scopes"], ["mine", "team", "everyone"]
        )
        with self.assertRaisesRegex(UserError, "everyone"):
            self._get_overview(scope="all")

    @freeze_time(NOON)
    def test_own_documents_only(self):
        """Everyone is everyone whose activities the user may read."""
        hidden = self._plan(NOON)
        found = self._get_all_ids(user=self.colleague, scope="everyone")
        self.assertNotIn(hidden.id, found)
        self.assertIn(hidden.id, self._get_all_ids(user=self.senior, scope="everyone"))
        self.assertNotIn(
            hidden.id, self._get_all_ids(user=self.stranger, scope="everyone")
        )

    # === Work === #

    @freeze_time(NOON)
    def test_constant_queries(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_overview()
            return self.env.cr.sql_log_count - before

        people = self.env["res.partner"].create(
            [
                {"name": f"P{number}", "parent_id": self.customer.id}
                for number in range(50)
            ]
        )
        contacts = self.env["billinator.contact"].search(
            [("person_id", "in", people.ids)]
        )
        self._plan("2026-03-09 12:00:00", NOON, contact_id=contacts[0].id)
        self._plan("2026-03-12 12:00:00")
        count()
        few = count()
        for contact in contacts:
            deal = self._create_opportunity(user_id=self.salesperson.id)
            self._plan(
                "2026-03-09 12:00:00",
                NOON,
                contact_id=contact.id,
                opportunity_id=deal.id,
            )
        self._plan(*["2026-03-12 12:00:00"] * 50)
        self.assertEqual(count(), few)
