import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, clean_context

from .billinator_activity import DOCUMENTS, DUE_TIME, TYPES
from .billinator_numbers_mixin import MAX_HOURS

# What a new row hands to the activity underneath, which is made as sudo: nothing that
# reaches other records.
NATIVE_FIELDS = {
    "active",
    "activity_type_id",
    "automated",
    "date_deadline",
    "date_done",
    "feedback",
    "note",
    "previous_activity_type_id",
    "recommended_activity_type_id",
    "summary",
}
# What says where the activity underneath belongs; it follows from the row's document.
REFERENCE_FIELDS = {"res_model", "res_model_id", "res_id"}


class BillinatorActivity(models.Model):
    """Odoo's activities underneath ours."""

    _inherit = "billinator.activity"

    @api.model
    def _create_natives(self, vals_list):
        """Create the activities underneath new rows, after a check of the right to."""
        documents = [self._find_document(vals) for vals in vals_list]
        self._check_may_plan(documents)
        self._check_assignees(vals.get("user_id") for vals in vals_list)
        kinds = {
            (vals["type"], model)
            for vals, (model, _id) in zip(vals_list, documents, strict=True)
            if vals.get("type")
        }
        types = {
            (kind, model): self._get_activity_types(kind, model)
            for kind, model in kinds
        }
        values_list = [
            self._prepare_native_values(vals, document, types)
            for vals, document in zip(vals_list, documents, strict=True)
        ]
        # Nobody is told of what is over already, or of each row of a file.
        is_import = bool(self.env.context.get("import_file"))
        natives_sudo = (
            self.env["mail.activity"]
            .sudo()
            .with_context(mail_activity_quick_update=True)
            .create(values_list)
            .with_env(self.sudo().env)
        )
        for native_sudo, vals in zip(natives_sudo, vals_list, strict=True):
            self._write_further_values(native_sudo, vals)
            is_news = vals.get("status", "pending") == "pending" and not is_import
            if is_news and native_sudo.user_id != self.env.user:
                native_sudo.action_notify()
        return natives_sudo

    @api.model
    def _prepare_native_values(self, vals, document, types):
        """Return the values of the ``mail.activity`` to make for a new row."""
        values = {name: vals[name] for name in NATIVE_FIELDS & set(vals)}
        values["user_id"] = vals.get("user_id") or self.env.uid
        values.update(self._prepare_document_values(*document))
        if fitting := types.get((vals.get("type"), document[0])):
            asked = fitting.browse(vals.get("activity_type_id"))
            values["activity_type_id"] = (asked & fitting or fitting[0]).id
        if vals.get("due_date"):
            user = self.env["res.users"].browse(values["user_id"])
            zone = user._get_working_zone()
            due_date = pytz.utc.localize(fields.Datetime.to_datetime(vals["due_date"]))
            values["date_deadline"] = due_date.astimezone(zone).date()
        return values

    def _write_further_values(self, native_sudo, vals):
        """Write what else there is to say of a new activity, with the user's rights."""
        further = {
            name: value
            for name, value in vals.items()
            if self._is_inherited(name) and name not in NATIVE_FIELDS | REFERENCE_FIELDS
        }
        if not further:
            return
        try:
            native_sudo.with_env(self.env).write(further)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("These values have the wrong type: %s.", ", ".join(further))
            ) from error

    @api.model
    def _prepare_row_values(self, vals):
        """Return what of ``vals`` is the row's own."""
        values = {
            name: value
            for name, value in vals.items()
            if not self._is_inherited(name)
            and name not in ("user_id", "type")
            and (value or name not in (*DOCUMENTS, "due_date"))
        }
        return {"is_reminder": bool(vals.get("due_date")), **values}

    @api.model
    def _is_inherited(self, name):
        """Return whether a field is that of the activity underneath."""
        # What is no field at all is for the ORM to refuse.
        field = self._fields.get(name)
        return bool(field and field.inherited)

    @api.model
    def _prepare_document_values(self, model, res_id):
        return {"res_model_id": self.env["ir.model"]._get_id(model), "res_id": res_id}

    @api.model
    def _get_activity_types(self, kind, model):
        """Return Odoo's activity types for one of ours, on documents of ``model``."""
        if kind not in dict(TYPES):
            raise UserError(
                self.env._(
                    "“%(type)s” is not an activity type. Choose one of these: "
                    "%(types)s.",
                    type=kind,
                    types=", ".join(dict(TYPES)),
                )
            )
        activity_types = self.env["mail.activity.type"].search(
            [("billinator_type", "=", kind), ("res_model", "in", (model, False))]
        )
        if not activity_types:
            raise UserError(
                self.env._(
                    "There is no activity type for “%s”. Ask an administrator to choose"
                    " one under Configuration, Activity Types.",
                    dict(self._fields["type"]._description_selection(self.env))[kind],
                )
            )
        return activity_types

    def _complete_native_activities(self):
        """Have Odoo tell in the chatter what was done, with its outcome.

        What comes with the time of its completion is history, and no news.
        """
        history = self.filtered("completed_at")
        history.activity_id.action_archive()
        for activity in history:
            activity.activity_id.date_done = activity.completed_at
        for outcome, activities in (self - history).grouped("outcome").items():
            activities.activity_id.filtered("active").action_feedback(feedback=outcome)

    def _move_deadlines(self):
        """Make Odoo's deadlines the due dates' days in the assignees' zones."""
        for day, activities in self.grouped(
            lambda activity: activity._get_local_due_date(activity._get_zone()).date()
        ).items():
            moved = activities.activity_id.filtered(
                lambda native, day=day: native.date_deadline != day
            )
            # A meeting is moved to its exact time, and not by whole days.
            moved.with_context(calendar_event_meeting_update=True).write(
                {"date_deadline": day}
            )

    # --- Rows for Odoo's own activities --- #

    @api.model
    def _create_rows(self, natives):
        """Make the rows of activities that were scheduled outside of the CRM."""
        documents = set(DOCUMENTS.values())
        # A row comes with its activity, whoever schedules that. The context's defaults
        # are for something else: an invoice's default_type, say.
        Activity = self.sudo().with_context(clean_context(self.env.context))
        rows = Activity.create(
            [
                {"activity_id": native.id}
                for native in natives
                if native.res_model in documents
            ]
        )
        rows.filtered(lambda row: not row.active)._keep_completion()

    @api.model
    def _follow_documents(self, natives):
        """Give rows to activities that came to the CRM, and take those that left it."""
        rows = natives._get_rows()
        followed = natives.filtered(
            lambda native: native.res_model in DOCUMENTS.values()
        )
        rows.filtered(lambda row: row.activity_id not in followed).unlink()
        self._create_rows(followed - rows.exists().activity_id)

    @api.model
    def _create_missing_rows(self):
        """Make the rows of the activities in the database, in one statement."""
        self.env["mail.activity"].flush_model()
        self.env["mail.activity.type"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billinator_activity
                    (activity_id, type, priority, partner_id, commercial_partner_id,
                     company_id, user_id, due_date, duration, status, completed_at,
                     completed_by, outcome, create_uid, write_uid, create_date,
                     write_date)
                SELECT native.id, COALESCE(kind.billinator_type, 'task'), 'medium',
                       partner.id, partner.commercial_partner_id, partner.company_id,
                       native.user_id,
                       CASE WHEN event.allday IS FALSE THEN event.start
                            ELSE (native.date_deadline + %(due_time)s)
                                 AT TIME ZONE COALESCE(zone.name, 'UTC')
                                 AT TIME ZONE 'UTC' END,
                       LEAST(COALESCE(event.duration, 0), %(max_hours)s),
                       CASE WHEN native.active THEN 'pending' ELSE 'done' END,
                       CASE WHEN NOT native.active
                            THEN COALESCE(native.date_done, native.write_date) END,
                       CASE WHEN NOT native.active THEN native.write_uid END,
                       native.feedback,
                       native.create_uid, native.write_uid,
                       native.create_date, native.write_date
                  FROM mail_activity native
                  JOIN res_partner partner ON partner.id = native.res_id
             LEFT JOIN mail_activity_type kind ON kind.id = native.activity_type_id
             LEFT JOIN pg_timezone_names zone ON zone.name = native.user_tz
             LEFT JOIN calendar_event event ON event.id = native.calendar_event_id
                 WHERE native.res_model = 'res.partner'
                    ON CONFLICT (activity_id) DO NOTHING
                """,
                due_time=DUE_TIME,
                max_hours=MAX_HOURS,
            )
        )
        self.invalidate_model()
