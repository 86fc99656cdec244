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
        planned = self._get_planned_rows_of_series() if is_series else None
        result = super().write(vals)
        if "active" in vals:
            # Of a series, too: each date has an activity of its own.
            self._follow_with_activities(vals["active"])
        if planned:
            # Other dates stand in for these, which nobody has called off.
            planned.exists()._drop_cancelled()
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

    def _get_planned_rows_of_series(self):
        rows = (self | self.recurrence_id.calendar_event_ids)._get_activity_rows()
        return rows.filtered(lambda row: row.status == "pending")

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
