from datetime import time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..arguments import MAX_ID, arguments, as_id, as_texts, as_whole_between
from .billinator_activity import to_utc

# By the viewer's day: Odoo's domains count "today" in the zone of the context.
PERIODS = {
    "overdue": Domain("due_date", "<", "today"),
    "today": Domain("due_date", ">=", "today") & Domain("due_date", "<", "today +1d"),
    "upcoming": (
        Domain("due_date", ">=", "today +1d") & Domain("due_date", "<", "today +8d")
    ),
}
LATER = Domain("due_date", ">=", "today +8d")
SECTION_LIMIT = 40
# Counting ends here, so that years of leftovers cost no more than a busy week.
COUNT_LIMIT = 1000
NAME = {"fields": {"display_name": {}}}
DAY_SPECIFICATION = {
    "type": {},
    "icon": {},
    "display_name": {},
    "due_date": {},
    "is_day": {},
    "priority": {},
    "user_id": NAME,
    "partner_id": NAME,
    "opportunity_id": NAME,
    "quote_id": NAME,
}
PERSON_FIELDS = ["name", "phone", "email"]
# As far as anybody looks ahead.
MAX_DAYS = 36500
as_limit = as_whole_between(0, MAX_ID)
# What get_pending and get_upcoming tell of an activity.
OVERVIEW_FIELDS = [
    "type",
    "activity_type_id",
    "summary",
    "due_date",
    "state",
    "priority",
    "user_id",
    "partner_id",
    "opportunity_id",
    "quote_id",
    "contact_id",
]


class BillinatorActivity(models.Model):
    """The day a salesperson starts with, and what comes after it."""

    _inherit = "billinator.activity"

    is_of_my_team = fields.Boolean(
        string="My Team",
        compute="_compute_is_of_my_team",
        search="_search_is_of_my_team",
    )

    # With what the rules and the sums by person read.
    _pending_idx = models.Index(
        "(due_date, id)"
        " INCLUDE (user_id, team_id, company_id, opportunity_id, quote_id)"
        " WHERE status = 'pending'"
    )
    _done_idx = models.Index(
        "(completed_at)"
        " INCLUDE (user_id, team_id, company_id, opportunity_id, quote_id)"
        " WHERE status = 'done'"
    )

    @api.depends_context("uid")
    @api.depends("user_id")
    def _compute_is_of_my_team(self):
        teammates = self._get_teammates()
        for activity in self:
            activity.is_of_my_team = activity.user_id in teammates

    def _search_is_of_my_team(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._get_scope_domain("team")

    @api.model
    @api.readonly
    @arguments(types=as_texts)
    def get_day_overview(self, scope="mine", types=None):
        """Tell what is overdue, due today, and due in the seven days after.

        Days are the viewer's: those of the ``tz`` in the context, else of the user.

        :param str scope: ``mine``, ``team`` (of those in the sales teams which the
            user leads or belongs to) or ``everyone``; always what the user may read
        :param list types: only these of ``call``, ``email``, ``meeting``, ``task`` and
            ``note``; without it, all
        :return: dict of ``scopes`` (worth offering to the user), ``sections`` (by
            ``overdue``, ``today`` and ``upcoming``: ``activities``, the 40 due first,
            and ``total``), ``later`` (how many are due after that) and
            ``count_limit`` (counts end there: it stands for as many or more). An
            activity has ``id``, ``type``, ``icon``, ``display_name``, ``due_date``
            (UTC), ``is_day`` (a meeting of the whole day), ``priority``, ``user_id``,
            ``partner_id``, ``opportunity_id``, ``quote_id`` (each with ``id`` and
            ``display_name``, or False) and
            ``person`` (``name``, ``phone`` and ``email`` of the contact, else of the
            customer; or False)
        :raise UserError: for another scope
        """
        pending = Domain("status", "=", "pending") & self._get_scope_domain(scope)
        if types:
            pending &= Domain("type", "in", types)
        return {
            "scopes": self._get_scopes(),
            "sections": self._get_day_sections(pending),
            "later": self._count_up_to_limit(pending & LATER),
            "count_limit": COUNT_LIMIT,
        }

    @api.model
    def _get_day_sections(self, pending):
        """Return the activities of each period that a domain finds, and their count."""
        found = {
            name: self.search_fetch(
                pending & period, list(DAY_SPECIFICATION), limit=SECTION_LIMIT
            )
            for name, period in PERIODS.items()
        }
        told = iter(self.union(*found.values())._tell_of_day())
        return {
            name: {
                "activities": [next(told) for _activity in activities],
                "total": self._count_up_to_limit(pending & PERIODS[name]),
            }
            for name, activities in found.items()
        }

    @api.model
    def _get_scopes(self):
        """Return the scopes that show the user more than each other."""
        if not self.env.user._sees_all_documents():
            return ["mine"]
        has_team = self._get_teammates() - self.env.user
        return ["mine", *(["team"] if has_team else []), "everyone"]

    @api.model
    def _get_scope_domain(self, scope):
        if scope == "mine":
            return Domain("user_id", "=", self.env.uid)
        if scope == "team":
            return Domain("user_id", "in", self._get_teammates().ids)
        if scope == "everyone":
            return Domain.TRUE
        raise UserError(
            self.env._("Show the activities of “mine”, “team” or “everyone”.")
        )

    @api.model
    def _get_teammates(self):
        """Return who is in the sales teams of the user, and the user."""
        led = self.env["crm.team"].search([("user_id", "=", self.env.uid)])
        teams = led | self.env.user.crm_team_ids
        return teams.member_ids | teams.user_id | self.env.user

    @api.model
    def _count_up_to_limit(self, domain):
        return self.search_count(domain, limit=COUNT_LIMIT)

    def _tell_of_day(self):
        """Return the dicts that :meth:`get_day_overview` tells, in the same order."""
        people = self._get_people()
        return [
            {**values, "person": people[activity.id]}
            for activity, values in zip(
                self, self.web_read(DAY_SPECIFICATION), strict=True
            )
        ]

    def _get_people(self):
        """Return whom to speak to, by activity: the contact, else the customer.

        Nothing is told of those whom the user may not see.
        """
        with_contact = self.filtered("contact_id")
        contacts, customers = (
            {
                values["id"]: values
                for values in people._filtered_access("read").read(PERSON_FIELDS)
            }
            for people in (with_contact.contact_id, (self - with_contact).partner_id)
        )
        return {
            activity.id: contacts.get(activity.contact_id.id, False)
            if activity in with_contact
            else customers.get(activity.partner_id.id, False)
            for activity in self
        }

    @api.model
    @api.readonly
    @arguments(user_id=as_id, limit=as_limit)
    def get_pending(self, user_id=None, limit=None):
        """Tell what there is to do: pending activities, the one due first, first.

        :param int user_id: whose activities; without it, the current user's
        :param int limit: how many at most; without it, all
        :return: list of dicts as of ``read``: ``id``, ``type``, ``summary``,
            ``due_date`` (UTC), ``state`` (overdue, today or planned, by the assignee's
            day), ``priority``, ``user_id``, ``partner_id``, ``opportunity_id``,
            ``quote_id`` and ``contact_id`` (pairs of id and name)
        """
        return self._get_overview(self._get_pending_domain(user_id), limit)

    @api.model
    @api.readonly
    @arguments(days=as_whole_between(0, MAX_DAYS), user_id=as_id, limit=as_limit)
    def get_upcoming(self, days=7, user_id=None, limit=None):
        """Tell what is due from now until the end of a day to come.

        :param int days: how many days after today, in the user's time zone
        :param int user_id: whose activities; without it, the current user's
        :param int limit: how many at most; without it, all
        :return: list of dicts as of :meth:`get_pending`
        :raise UserError: when ``days`` is no number of days
        """
        return self._get_overview(self._get_upcoming_domain(days, user_id), limit)

    @api.model
    def _get_pending_domain(self, user_id=None):
        return Domain("status", "=", "pending") & Domain(
            "user_id", "=", user_id or self.env.uid
        )

    @api.model
    def _get_upcoming_domain(self, days, user_id=None):
        zone = self.env.tz
        last_day = fields.Date.context_today(self) + timedelta(days=days)
        return (
            self._get_pending_domain(user_id)
            & Domain("due_date", ">=", fields.Datetime.now())
            & Domain("due_date", "<=", to_utc(last_day, time.max, zone))
        )

    @api.model
    def _get_overview(self, domain, limit):
        return self.search_fetch(domain, OVERVIEW_FIELDS, limit=limit).read(
            OVERVIEW_FIELDS
        )
