from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command

from ..markers import DEADLINE_IS_RIGHT

MEETING_HOURS = 1.0


class BillinatorActivity(models.Model):
    """Meetings: activities that have their event in the calendar."""

    # A room of its own: what the calendar adds to some activities.
    _inherit = "billinator.activity"

    is_day = fields.Boolean(
        related="activity_id.calendar_event_id.allday",
        string="All Day",
        help="It is due on a day, and at no time of it.",
    )

    def _create_calendar_events(self):
        """Put meetings that are not in the calendar yet there."""
        meetings = self.filtered(
            lambda activity: (
                activity.type == "meeting"
                and activity.status == "pending"
                and not activity.calendar_event_id
            )
        )
        if not meetings:
            return
        self.env["calendar.event"].with_context(
            # The meeting repeats what its activity says: nothing to add to either.
            skip_contact_description=True,
            # Who comes to the meetings of a file was invited long ago.
            no_mail_to_attendees=self.env.context.get("import_file"),
        ).create([meeting._prepare_calendar_event_values() for meeting in meetings])

    def _prepare_calendar_event_values(self):
        attendees = self.user_id.partner_id | self._get_attendee()
        hours = self.duration or MEETING_HOURS
        return {
            "name": self.display_name,
            "description": self.note,
            "start": self.due_date,
            "stop": self.due_date + timedelta(hours=hours),
            "duration": hours,
            "user_id": self.user_id.id,
            "partner_ids": [Command.set(attendees.ids)],
            "res_model_id": self.res_model_id.id,
            "res_id": self.res_id,
            "activity_ids": [Command.set(self.activity_id.ids)],
        }

    def _drop_cancelled(self):
        """Delete the activities of meetings that were only moved by their series.

        The events stay as they are: other calendars may have to hear of them.
        """
        cancelled = self.filtered(lambda activity: activity.status == "cancelled")
        cancelled.activity_id.unlink()

    def _release_calendar_events(self):
        """Take what is no meeting any more out of the calendar."""
        others = self.filtered(
            lambda activity: activity.calendar_event_id and activity.type != "meeting"
        )
        events = others.calendar_event_id
        # The activities are not called off with their meetings.
        others.activity_id.calendar_event_id = False
        # What else is planned by them goes on, whoever may see that.
        events.filtered(lambda event: not event.sudo().activity_ids).active = False

    def _hand_over_calendar_events(self, former_users):
        """Let the new assignees of meetings organize them instead of the former ones.

        :param dict former_users: whose the activities were, by ``mail.activity`` id
        """
        for meeting in self.filtered(
            lambda activity: activity.calendar_event_id and activity.status == "pending"
        ):
            event = meeting.calendar_event_id
            if event.user_id != meeting.user_id:
                former_user = former_users[meeting.activity_id.id]
                others = event.partner_ids - former_user.partner_id
                attendees = others | meeting.user_id.partner_id
                event.write(
                    {
                        "user_id": meeting.user_id.id,
                        "partner_ids": [Command.set(attendees.ids)],
                    }
                )

    def _get_repeated(self):
        """Return what the calendar repeats of pending meetings, by meeting."""
        return {
            meeting: {
                "name": meeting.display_name,
                "document": (meeting.res_model_id.id, meeting.res_id),
                "attendee": meeting._get_attendee(),
            }
            for meeting in self
            if meeting.calendar_event_id and meeting.status == "pending"
        }

    def _update_calendar_events(self, former):
        """Repeat in the calendar what changed of pending meetings.

        :param dict former: what ``_get_repeated`` returned before the change
        """
        for meeting, new in self._get_repeated().items():
            old = former.get(meeting, new)
            if values := meeting._prepare_event_changes(old, new):
                meeting.calendar_event_id.write(values)

    def _prepare_event_changes(self, old, new):
        """Return what to write to the event; what says something else there stays."""
        event, values = self.calendar_event_id, {}
        if event.name == old["name"] and old["name"] != new["name"]:
            values["name"] = new["name"]
        document = (event.res_model_id.id, event.res_id)
        if document == old["document"] and old["document"] != new["document"]:
            values["res_model_id"], values["res_id"] = new["document"]
        if old["attendee"] != new["attendee"]:
            others = event.partner_ids - (old["attendee"] - self.user_id.partner_id)
            values["partner_ids"] = [Command.set((others | new["attendee"]).ids)]
        return values

    def _get_attendee(self):
        """Return the customer's person who comes to a meeting."""
        # Before the person, who follows the customer and is checked against that one.
        customer = self.partner_id
        person = self.contact_id.person_id
        return person or customer.filtered(lambda partner: not partner.is_company)

    def _move_calendar_events(self):
        """Move the calendar's events of pending meetings to the due dates."""
        meetings = self.filtered(
            lambda activity: activity.calendar_event_id and activity.status == "pending"
        )
        for meeting in meetings:
            event = DEADLINE_IS_RIGHT.on(meeting.calendar_event_id)
            event.with_context(mail_activity_meeting_update=True).write(
                meeting._prepare_event_times()
            )
        # Those of what else is planned by the same meetings are not.
        meetings.calendar_event_id._move_activity_deadlines()

    def _prepare_event_times(self):
        """Return when the meeting's event takes place: days or times, as it has now."""
        event = self.calendar_event_id
        if event.allday:
            # Days are the same for everybody; in UTC it may be another one.
            days = event.stop_date - event.start_date
            return {
                "start_date": self.date_deadline,
                "stop_date": self.date_deadline + days,
            }
        hours = self.duration or event.duration
        return {"start": self.due_date, "stop": self.due_date + timedelta(hours=hours)}

    def _archive_calendar_events(self):
        """Take cancelled meetings out of the calendar, and put pending ones back.

        What is done leaves the calendar as it is.
        """
        for status, active in (("cancelled", False), ("pending", True)):
            activities = self.filtered(
                lambda activity, status=status: activity.status == status
            )
            events = activities.with_context(active_test=False).calendar_event_id
            events.filtered(
                lambda event, active=active: event.active != active
            ).active = active
