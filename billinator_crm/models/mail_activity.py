from odoo import api, fields, models

from ..markers import ROW_FOLLOWS


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
        if self.env.context.get("billinator_activity_rows") is not ROW_FOLLOWS:
            self.env["billinator.activity"]._create_rows(activities)
        return activities

    def write(self, vals):
        is_repeated = not {"summary", "res_id", "res_model_id"}.isdisjoint(vals)
        former = self._get_rows()._get_repeated() if is_repeated else {}
        handed_over = "user_id" in vals and self.filtered(
            lambda activity: activity.user_id.id != vals["user_id"]
        )
        former_users = handed_over and {
            activity.id: activity.user_id for activity in handed_over
        }
        if "date_deadline" in vals and self.calendar_event_id:
            # Odoo counts by which days a meeting moves in the zone of the context.
            for zone, activities in self.grouped(
                lambda activity: activity.user_id._get_working_zone()
            ).items():
                zoned = activities.with_context(tz=zone.zone)
                super(MailActivity, zoned).write(vals)
        else:
            super().write(vals)
        if vals.get("calendar_event_id"):
            self._check_calendar_events()
        if "active" in vals:
            self._get_rows()._keep_completion()
        if handed_over:
            handed_over._get_rows()._hand_over_calendar_events(former_users)
        if handed_over and "date_deadline" not in vals:
            # The time stays; its day may be another one where the new assignee is.
            handed_over._get_rows()._move_deadlines()
        if former:
            self._get_rows()._update_calendar_events(former)
        if {"res_id", "res_model_id"} & set(vals):
            self.env["billinator.activity"]._follow_documents(self)
        return True

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
