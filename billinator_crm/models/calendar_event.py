from odoo import models

from ..markers import DEADLINE_IS_RIGHT


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals:
            # Of a series, too: each date has an activity of its own.
            self._follow_with_activities(vals["active"])
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
