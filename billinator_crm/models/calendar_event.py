import pytz

from odoo import api, models

from ..markers import DEADLINE_IS_RIGHT

# Who writes one of these can have Odoo make the dates of a series anew.
SERIES_FIELDS = {"recurrency", "recurrence_update"}


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    @api.model_create_multi
    def create(self, vals_list):
        events = super().create(vals_list)
        # A series leaves out its first day where the rule does.
        left_out = events.filtered(lambda event: event.recurrency and not event.active)
        if left_out:
            left_out._get_activity_rows()._drop_cancelled()
        return events

    def write(self, vals):
        is_series = "active" not in vals and not SERIES_FIELDS.isdisjoint(vals)
        rows = self._get_rows_of_series() if is_series else None
        by_status = rows.grouped("status") if rows else {}
        result = super().write(vals)
        if "active" in vals:
            # Of a series, too: each date has an activity of its own.
            self._follow_with_activities(vals["active"])
        if "pending" in by_status:
            # Other dates stand in for these, which nobody has called off.
            by_status["pending"].exists()._drop_cancelled()
        if "done" in by_status:
            self._drop_repeated(by_status["done"].calendar_event_id.exists())
        return result

    def unlink(self):
        self.check_access("unlink")
        # Odoo deletes the activities of a deleted meeting; the CRM's stay, cancelled.
        rows = self._get_activity_rows()
        rows.activity_id.calendar_event_id = False
        rows.filtered(lambda row: row.status == "pending").status = "cancelled"
        return super().unlink()

    def _follow_with_activities(self, active):
        """Cancel the activities of meetings that are called off, and take it back."""
        before, after = ("cancelled", "pending") if active else ("pending", "cancelled")
        rows = self._get_activity_rows()
        rows.filtered(lambda row: row.status == before).status = after

    def _get_rows_of_series(self):
        return (self | self.recurrence_id.calendar_event_ids)._get_activity_rows()

    def _drop_repeated(self, held):
        """Plan nothing anew on the days of meetings of the series that took place.

        Odoo has replaced them by others, and planned an activity for each of these.
        """
        replaced = held.filtered(lambda event: not event.active)
        days = {event._get_day() for event in replaced}
        events = self.recurrence_id.calendar_event_ids - held
        again = events.filtered(lambda event: event._get_day() in days)
        rows = again._get_activity_rows()
        rows.filtered(lambda row: row.status == "pending").activity_id.unlink()

    def _get_day(self):
        zone = pytz.timezone(self.event_tz or "UTC")
        return pytz.utc.localize(self.start).astimezone(zone).date()

    def _get_activity_rows(self):
        # Who may change a meeting changes its activities with it, as in Odoo.
        return (
            self.env["billinator.activity"]
            .sudo()
            .search([("calendar_event_id", "in", self.ids)])
        )

    def _sync_activities(self, fields):
        # The deadline is the meeting's day where the assignee is, which Odoo does not
        # know here. It must not move the meeting in turn.
        events = self.with_context(calendar_event_meeting_update=True)
        result = super(CalendarEvent, events)._sync_activities(fields)
        if "start" in fields and not DEADLINE_IS_RIGHT.is_on(self.env):
            self._move_activity_deadlines()
        return result

    def _move_activity_deadlines(self):
        # What took place stays where it was.
        rows = self._get_activity_rows()
        rows.filtered(lambda row: row.status == "pending")._move_deadlines()
