from odoo import api, fields, models

from ..markers import ACTIVITY_ROW_FOLLOWS

DOCUMENT = {"res_id", "res_model_id"}
# What the meeting of an activity says as well.
SHOWN_IN_CALENDAR = {"summary", *DOCUMENT}


class MailActivity(models.Model):
    _inherit = "mail.activity"

    # Odoo's calendar writes the activities of its meetings one by one: their rows are
    # found at once for all, by the ORM, too. As sudo alone, which finds all of them.
    billinator_row_ids = fields.One2many(
        "billinator.activity",
        "activity_id",
        string="CRM Activity",
        context={"active_test": False},
        groups=fields.NO_ACCESS,
    )

    @api.model_create_multi
    def create(self, vals_list):
        activities = super().create(vals_list)
        activities.filtered("calendar_event_id")._check_calendar_events()
        if not ACTIVITY_ROW_FOLLOWS.is_on(self.env):
            self.env["billinator.activity"]._create_rows(activities)
        return activities

    def write(self, vals):
        is_shown_in_calendar = not SHOWN_IN_CALENDAR.isdisjoint(vals)
        former = self._get_rows()._get_repeated() if is_shown_in_calendar else {}
        former_users = self._get_former_users(vals)
        meetings = self._get_meetings_to_move(vals)
        if meetings:
            meetings = meetings.with_context(calendar_event_meeting_update=True)
            super(MailActivity, meetings).write(vals)
            meetings._move_meetings_to_deadlines()
        for activities in (self - meetings)._split_by_zones(vals):
            super(MailActivity, activities).write(vals)
        if vals.get("calendar_event_id"):
            self._check_calendar_events()
        if "active" in vals:
            self._get_rows()._keep_completion()
        if former_users:
            handed_over = self.browse(former_users)._get_rows()
            handed_over._hand_over_calendar_events(former_users)
            if "date_deadline" not in vals:
                # The time stays; its day may be another where the new assignee is.
                handed_over._move_deadlines()
        if former:
            self._get_rows()._update_calendar_events(former)
        if not DOCUMENT.isdisjoint(vals):
            self.env["billinator.activity"]._follow_documents(self)
        return True

    def _get_former_users(self, vals):
        """Return the users of the activities that are handed over, by their ids."""
        if "user_id" not in vals:
            return {}
        return {
            activity.id: activity.user_id
            for activity in self
            if activity.user_id.id != vals["user_id"]
        }

    def _get_meetings_to_move(self, vals):
        """Return the meetings at a time of day, which Odoo moves by whole days in UTC.

        Where clocks change in between, they would be at another time of day.
        """
        is_moved_exactly = self.env.context.get("calendar_event_meeting_update")
        if "date_deadline" not in vals or is_moved_exactly:
            return self.browse()
        rows = self.filtered("calendar_event_id")._get_rows()
        rows = rows.filtered(lambda row: row.status == "pending" and not row.is_day)
        return self & rows.activity_id

    def _move_meetings_to_deadlines(self):
        for meeting in self:
            event = meeting.calendar_event_id
            start = meeting._get_rows()._get_due_date_on_deadline()
            if event.start != start:
                event.with_context(mail_activity_meeting_update=True).start = start

    def _split_by_zones(self, vals):
        """Part them by their assignees' zones, by whose days Odoo moves meetings."""
        if "date_deadline" not in vals or not self.calendar_event_id:
            return [self]
        by_zone = self.grouped(lambda activity: activity.user_id._get_working_zone())
        return [
            activities.with_context(tz=zone.zone)
            for zone, activities in by_zone.items()
        ]

    def _convert_to_write(self, values):
        # A next activity, which Odoo makes out of a draft, gets a row of its own.
        own = {name: values[name] for name in values if name != "billinator_row_ids"}
        return super()._convert_to_write(own)

    def _check_calendar_events(self):
        """Refuse meetings that the user may not move: their activities move them."""
        self.calendar_event_id.check_access("write")

    def _get_rows(self):
        """Return the rows of the CRM that the activities have."""
        # Whoever may change an activity keeps its row right.
        return self.sudo().billinator_row_ids
