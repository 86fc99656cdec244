from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL

from ..arguments import (
    arguments,
    as_id,
    as_moment,
    as_number,
    as_text,
    one_record,
    parse,
)
from ..exceptions import StateError
from ..locks import wait_and_lock
from ..markers import ACTIVITY_ROW_FOLLOWS
from .billinator_numbers_mixin import MAX_HOURS

TYPES = [
    ("call", "Call"),
    ("email", "Email"),
    ("meeting", "Meeting"),
    ("task", "Task"),
    ("note", "Note"),
]
PRIORITIES = [
    ("low", "Low"),
    ("medium", "Medium"),
    ("high", "High"),
    ("urgent", "Urgent"),
]
STATUSES = [("pending", "Pending"), ("done", "Done"), ("cancelled", "Cancelled")]
# What an activity can be about, the nearest first.
DOCUMENTS = {
    "quote_id": "billinator.quote",
    "opportunity_id": "billinator.opportunity",
    "partner_id": "res.partner",
}
# What the calendar repeats of a meeting follows from these.
REPEATED_FIELDS = {"summary", "contact_id", *DOCUMENTS}
# Odoo's activities have a day and no time: they are due in the morning.
DUE_TIME = time(9)
# As ``date.weekday`` has it
FRIDAY = 4


def to_utc(day, at, zone):
    """Return the naive UTC datetime of a day's time in a zone."""
    local = zone.localize(datetime.combine(day, at.replace(microsecond=0, tzinfo=None)))
    return local.astimezone(pytz.utc).replace(tzinfo=None)


class BillinatorActivity(models.Model):
    """Something to do for a customer: Odoo's activity with what a CRM adds to it.

    The ``mail.activity`` underneath has the summary, the note, the assignee and the
    day; systray, chatter and activity views show it. The row here comes with it.
    """

    _name = "billinator.activity"
    _description = "CRM Activity"
    _inherit = [
        "billinator.batch.import.mixin",
        "billinator.computed.mixin",
        "billinator.export.mixin",
        "billinator.numbers.mixin",
        "billinator.subject.mixin",
    ]
    _inherits = {"mail.activity": "activity_id"}
    _order = "due_date, id"
    _rec_name = "summary"
    _number_limits = {"duration": MAX_HOURS}
    # Besides the assignee
    _people_fields = ("contact_id", "completed_by")

    # === Fields === #

    activity_id = fields.Many2one(
        "mail.activity",
        required=True,
        # No column of an import: Odoo's activities have their rows.
        readonly=True,
        ondelete="cascade",
    )
    type = fields.Selection(
        TYPES,
        compute="_compute_type",
        inverse="_inverse_type",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    priority = fields.Selection(PRIORITIES, required=True, default="medium")
    # A field of its own: of those underneath, Odoo says that one can group by them.
    mail_template_ids = fields.Many2many(
        related="activity_id.mail_template_ids", related_sudo=False
    )

    # What it is about: the document of the activity underneath
    quote_id = fields.Many2one(
        "billinator.quote",
        compute="_compute_quote_id",
        inverse="_inverse_document",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    opportunity_id = fields.Many2one(
        "billinator.opportunity",
        compute="_compute_opportunity_id",
        inverse="_inverse_document",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        compute="_compute_partner_id",
        inverse="_inverse_document",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
    )
    commercial_partner_id = fields.Many2one(index="btree_not_null")
    contact_id = fields.Many2one(help="The person to speak to.")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True
    )
    team_id = fields.Many2one(
        "crm.team", compute="_compute_team_id", store=True, precompute=True
    )

    # When it is due, and for whom
    user_id = fields.Many2one(
        related="activity_id.user_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('share', '=', False)]",
    )
    due_date = fields.Datetime(
        string="Due",
        compute="_compute_due_date",
        inverse="_inverse_due_date",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Its day, in the assignee's time zone, is the activity's deadline.",
    )
    duration = fields.Float(
        string="Duration (Hours)",
        compute="_compute_duration",
        inverse="_inverse_duration",
        store=True,
        readonly=False,
        precompute=True,
    )

    # How it ended
    status = fields.Selection(
        STATUSES,
        compute="_compute_status",
        inverse="_inverse_status",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        group_expand=True,
    )
    completed_at = fields.Datetime(string="Completed On", copy=False)
    completed_by = fields.Many2one("res.users", copy=False, ondelete="set null")
    outcome = fields.Char(
        compute="_compute_outcome",
        inverse="_inverse_outcome",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        help="What came of it: the feedback of the activity.",
    )
    asks_outcome = fields.Boolean(related="activity_type_id.billinator_asks_outcome")

    # === Constraints and indexes === #

    _duration_positive = models.Constraint(
        f"CHECK(duration BETWEEN 0 AND {MAX_HOURS})",
        "The duration of an activity cannot be negative.",
    )
    _activity_uniq = models.UniqueIndex("(activity_id)")
    _due_idx = models.Index("(due_date, id)")
    _pending_due_idx = models.Index("(user_id, due_date, id) WHERE status = 'pending'")
    _user_due_idx = models.Index("(user_id, due_date, id)")
    _pending_customer_idx = models.Index(
        "(commercial_partner_id, due_date) WHERE status = 'pending'"
    )
    _timeline_idx = models.Index(
        "(commercial_partner_id, (COALESCE(completed_at, due_date)) DESC, id DESC)"
    )

    # === Computes === #

    @api.depends("summary", "activity_type_id")
    def _compute_display_name(self):
        for activity in self:
            activity.display_name = (
                activity.summary or activity.activity_type_id.display_name
            )

    @api.depends("activity_id.activity_type_id.billinator_type")
    def _compute_type(self):
        for activity in self:
            activity.type = activity.activity_type_id.billinator_type or "task"

    def _inverse_type(self):
        for (kind, model), activities in self.grouped(
            lambda activity: (activity.type, activity.res_model)
        ).items():
            others = activities.filtered(
                lambda activity, kind=kind: (
                    activity.activity_type_id.billinator_type != kind
                )
            )
            if others:
                others.activity_id.activity_type_id = self._get_activity_types(
                    kind, model
                )[0]

    @api.depends("activity_id.res_model", "activity_id.res_id")
    def _compute_quote_id(self):
        for activity in self:
            activity.quote_id = activity._get_document("billinator.quote")

    @api.depends(
        "activity_id.res_model", "activity_id.res_id", "quote_id.opportunity_id"
    )
    def _compute_opportunity_id(self):
        for activity in self:
            activity.opportunity_id = (
                activity.quote_id.opportunity_id
                or activity._get_document("billinator.opportunity")
            )

    @api.depends(
        "activity_id.res_model",
        "activity_id.res_id",
        "quote_id.partner_id",
        "opportunity_id.partner_id",
    )
    def _compute_partner_id(self):
        for activity in self:
            document = activity.quote_id or activity.opportunity_id
            activity.partner_id = (
                document.partner_id
                if document
                # Without its deal or quote it is about the customer of that still.
                else activity._get_document("res.partner") or activity.partner_id
            )

    def _inverse_document(self):
        for (model, res_id), activities in self.grouped(
            lambda activity: activity._get_document_reference()
        ).items():
            others = activities.filtered(
                lambda activity, document=(model, res_id): (
                    (activity.res_model, activity.res_id) != document
                )
            )
            if others:
                others.activity_id.write(self._prepare_document_values(model, res_id))

    @api.depends(
        "quote_id.company_id", "opportunity_id.company_id", "partner_id.company_id"
    )
    def _compute_company_id(self):
        for activity in self:
            document = (
                activity.quote_id or activity.opportunity_id or activity.partner_id
            )
            activity.company_id = document.company_id

    @api.depends("quote_id.team_id", "opportunity_id.team_id")
    def _compute_team_id(self):
        for activity in self:
            activity.team_id = (activity.quote_id or activity.opportunity_id).team_id

    @api.depends(
        "activity_id.date_deadline",
        "activity_id.calendar_event_id.start",
        "activity_id.calendar_event_id.allday",
        "status",
    )
    def _compute_due_date(self):
        """Keep the time of day, and take the day from the deadline or the meeting.

        What took place does not move with its meeting any more.
        """
        for activity in self:
            event = activity.calendar_event_id
            is_movable = activity.status == "pending" or not activity.due_date
            if event and not event.allday and is_movable:
                activity.due_date = event.start
            elif activity.activity_id._origin:
                activity.due_date = activity._get_due_date_on_deadline()
            else:
                activity.due_date = activity.due_date

    def _get_due_date_on_deadline(self):
        zone = self._get_zone()
        local = self._get_local_due_date(zone)
        if local and local.date() == self.date_deadline:
            return self.due_date
        return to_utc(self.date_deadline, local.time() if local else DUE_TIME, zone)

    def _inverse_due_date(self):
        self._move_deadlines()
        self._move_calendar_events()

    @api.depends("activity_id.calendar_event_id.duration")
    def _compute_duration(self):
        """A meeting lasts as long as the calendar says, until it took place."""
        for activity in self:
            event = activity.calendar_event_id
            hours = activity.duration
            if event and (activity.status == "pending" or not hours):
                # The calendar may have it that somebody meets for months.
                hours = min(event.duration, MAX_HOURS)
            activity.duration = hours

    def _inverse_duration(self):
        self._move_calendar_events()

    @api.depends("activity_id.active")
    def _compute_status(self):
        """Odoo archives what is done; cancelled is what was archived as such."""
        for activity in self:
            ended = "cancelled" if activity.status == "cancelled" else "done"
            activity.status = "pending" if activity.active else ended

    def _inverse_status(self):
        for status, activities in self.grouped("status").items():
            native = activities.activity_id
            if status == "pending":
                native.action_unarchive()
            elif status == "cancelled":
                native.action_archive()
            else:
                activities._complete_native_activities()
        self._archive_calendar_events()

    @api.depends("activity_id.feedback")
    def _compute_outcome(self):
        for activity in self:
            activity.outcome = activity.feedback

    def _inverse_outcome(self):
        for outcome, activities in self.grouped("outcome").items():
            activities.activity_id.feedback = outcome

    # === Checks === #

    @api.constrains("quote_id", "opportunity_id", "partner_id", "contact_id")
    def _check_same_customer(self):
        for activity in self:
            # Before the customer, who follows from it: what is computed is checked,
            # too, and would be compared with the former customer.
            document = activity.quote_id or activity.opportunity_id
            if activity.quote_id and (
                activity.quote_id.opportunity_id != activity.opportunity_id
            ):
                raise ValidationError(
                    self.env._(
                        "The quote %(quote)s does not belong to the opportunity"
                        " %(opportunity)s.",
                        quote=activity.quote_id.display_name,
                        opportunity=activity.opportunity_id.display_name,
                    )
                )
            customer = activity.partner_id.commercial_partner_id
            if document and document.partner_id.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(document)s is not about the customer %(customer)s.",
                        document=document.display_name,
                        customer=activity.partner_id.display_name,
                    )
                )
            if activity.contact_id and activity.contact_id.customer_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is not a contact of %(customer)s.",
                        contact=activity.contact_id.name,
                        customer=customer.display_name or self.env._("no customer"),
                    )
                )

    # Without the status: reopening changes it before it forgets the completion.
    @api.constrains("completed_at", "completed_by")
    def _check_completed(self):
        for activity in self:
            is_completed = activity.completed_at or activity.completed_by
            if is_completed and activity.status == "pending":
                raise ValidationError(
                    self.env._(
                        "A pending activity is not completed yet: mark it as done, or "
                        "leave out when and by whom it was completed."
                    )
                )

    @api.onchange("quote_id")
    def _onchange_quote_id(self):
        """Keep the deal of a quote that the activity is taken off, as write() does."""
        if self._origin.quote_id and not self.quote_id:
            self.opportunity_id = self._origin.opportunity_id

    @api.onchange("activity_type_id")
    def _onchange_activity_type_id(self):
        """Propose what the type says: subject, note, assignee and date."""
        activity_type = self.activity_type_id
        self.summary = activity_type.summary or self.summary
        self.note = activity_type.default_note or self.note
        self.user_id = activity_type.default_user_id or self.user_id or self.env.user
        if activity_type and not self.due_date:
            self.due_date = self._propose_due_date(activity_type, self._get_zone())

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Create activities, each with Odoo's own underneath.

        Name what it is about by ``quote_id``, ``opportunity_id`` or ``partner_id``; the
        others follow. ``type`` is ``call``, ``email``, ``meeting``, ``task`` or
        ``note``; ``due_date`` is in UTC, and ``user_id`` is the current user unless
        given. A meeting gets its event in the calendar.

        :raise UserError: when nothing says what the activity is about
        """
        defaults = self._add_missing_default_values({})
        vals_list = [
            vals if vals.get("activity_id") else {**defaults, **vals}
            for vals in vals_list
        ]
        self._check_natives(vals.get("activity_id") for vals in vals_list)
        self._check_named(vals_list)
        self._check_people(vals_list)
        planned = [vals for vals in vals_list if not vals.get("activity_id")]
        Activity = ACTIVITY_ROW_FOLLOWS.on(self)
        natives_sudo = Activity._create_natives(planned)
        for vals, native in zip(planned, natives_sudo, strict=True):
            vals["activity_id"] = native.id
        activities = super(BillinatorActivity, Activity).create(
            [self._prepare_row_values(vals) for vals in vals_list]
        )
        activities.with_env(self.env).filtered(
            lambda activity: activity.activity_id.id in natives_sudo.ids
        )._create_calendar_events()
        return activities.with_env(self.env)

    def copy_data(self, default=None):
        # A copy is to be done still, and a meeting gets an event of its own.
        ended = {"active", "calendar_event_id", "date_done", "feedback"}
        return [
            {name: value for name, value in vals.items() if name not in ended}
            for vals in super().copy_data(default)
        ]

    def write(self, vals):
        is_taken_off = "quote_id" in vals and not vals["quote_id"]
        if is_taken_off and "opportunity_id" not in vals:
            # Without the quote, it is still about the deal.
            for deal, activities in self.grouped("opportunity_id").items():
                activities.write({**vals, "opportunity_id": deal.id})
            return True
        if "due_date" in vals and not vals["due_date"]:
            raise UserError(self.env._("Say when the activity is due."))
        if "status" in vals:
            self._lock_for_status()
            self._check_not_ended_otherwise(vals["status"])
            if vals["status"] == "pending" and "outcome" not in vals:
                self._forget_outcomes()
        self._check_links(vals)
        self._check_people([vals])
        is_repeated = not REPEATED_FIELDS.isdisjoint(vals)
        former = self._get_repeated() if is_repeated else {}
        result = super().write(vals)
        if not DOCUMENTS.keys().isdisjoint(vals):
            self._check_about_something()
        if {"type", "activity_type_id"} & set(vals):
            self._release_calendar_events()
        if {"type", "activity_type_id", "status"} & set(vals):
            self._create_calendar_events()
        if former:
            self._update_calendar_events(former)
        return result

    def unlink(self):
        # Activities that left the CRM for another document go on without their rows.
        gone = self.activity_id.filtered(
            lambda native: native.res_model in DOCUMENTS.values()
        )
        # By their ids, to read them at once when the rows are gone.
        natives = self.env["mail.activity"].browse(gone.ids)
        result = super().unlink()
        # Meetings leave the calendar with their activities.
        natives.unlink_w_meeting()
        return result

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        # What is done is archived underneath, and still to be found here.
        kwargs["active_test"] = False
        return super()._search(domain, offset, limit, order, **kwargs)

    def _check_access(self, operation):
        # The rules of mail.activity come along by delegation, and allow changes only to
        # the assignee; its own check adds who may change the document.
        if operation not in ("write", "unlink") or not self or self.env.su:
            return super()._check_access(operation)
        if refused := self.browse()._check_access(operation):
            return refused
        allowed = self._filtered_access("read").activity_id._filtered_access(operation)
        forbidden = self.filtered(
            lambda activity: activity.sudo().activity_id.sudo(False) not in allowed
        )
        if not forbidden:
            return None
        return forbidden, lambda: self.env["ir.rule"]._make_access_error(
            operation, forbidden
        )

    # === Actions === #

    @arguments(outcome=as_text, duration=as_number)
    def action_complete(self, outcome=None, duration=None):
        """Mark the activities done, and tell so in the chatter of their documents.

        What is done already keeps its time; only outcome and duration are changed, by
        whoever has done it.

        :param str outcome: what came of it, or nothing
        :param float duration: how long it took, in hours, or nothing
        :return: True
        :raise UserError: for cancelled activities, and for an outcome or a duration of
            what somebody else has done already
        """
        values = {"status": "done"}
        if outcome:
            values["outcome"] = outcome
        # No time at all is a duration, too.
        if duration is not None:
            values["duration"] = duration
        if len(values) > 1:
            self._lock_for_status()
            self._check_done_by_nobody_else()
        return self.write(values)

    def action_cancel(self):
        """Cancel pending activities; they stay in the history.

        :return: True
        :raise UserError: for activities that are done
        """
        return self.write({"status": "cancelled"})

    def action_reopen(self):
        """Make activities that are done or cancelled pending again.

        Outcome and completion are forgotten; the chatter keeps what it told.

        :return: True
        """
        return self.write({"status": "pending", "outcome": False})

    @arguments(due_date=as_moment)
    def action_reschedule(self, due_date):
        """Move pending activities, and their meetings, to another time.

        :param due_date: datetime, or its text ``YYYY-MM-DD HH:MM:SS``, in UTC
        :return: True
        :raise UserError: for activities that are not pending
        """
        if self.filtered(lambda activity: activity.status != "pending"):
            raise UserError(
                self.env._("Only a pending activity can be rescheduled. Reopen it.")
            )
        return self.write({"due_date": due_date})

    @api.readonly
    def action_open_complete(self):
        """Open the dialog that asks for the outcome.

        :return: a window action
        :raises AccessError: when the user may not change one of them
        """
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Complete"),
            "res_model": "billinator.activity.complete",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_activity_ids": [Command.set(self.ids)]},
        }

    def action_done(self):
        """Complete the activities, or return the dialog where a type wants an outcome.

        :return: a window action, or True
        """
        if any(self.mapped("asks_outcome")):
            return self.action_open_complete()
        return self.action_complete()

    @api.readonly
    @one_record
    def action_schedule_next(self):
        """Open a next activity, of the type that follows this one's.

        :return: a window action on an unsaved ``billinator.activity``
        """
        followed = self.activity_type_id
        proposed = (
            followed.triggered_next_type_id
            or followed.suggested_next_type_ids[:1]
            or followed
        ).with_context(activity_previous_deadline=self.date_deadline)
        day = max(self._propose_day(proposed), fields.Date.context_today(self))
        zone = self._get_zone()
        due_date = to_utc(day, self._get_local_due_date(zone).time(), zone)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Schedule Next"),
            "res_model": self._name,
            "view_mode": "form",
            "views": [
                (
                    self.env.ref(
                        "billinator_crm.billinator_activity_view_form_popup"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
            "context": {
                "default_activity_type_id": proposed.id,
                "default_summary": proposed.summary or self.summary,
                "default_due_date": due_date,
                "default_user_id": self.user_id.id,
                "default_contact_id": self.contact_id.id,
                **self._get_document_defaults(),
            },
        }

    @api.readonly
    @one_record
    def action_open_document(self):
        """Open what the activity is about.

        :return: a window action
        """
        return self.activity_id.action_open_document()

    # === Business === #

    @api.model
    def _propose_day(self, activity_type):
        """Return the day of a type's delay, the Monday after where it is a weekend."""
        day = activity_type._get_date_deadline()
        is_weekend = day.weekday() > FRIDAY
        # Without a delay it is the day that is meant, whichever that is.
        if activity_type.delay_count and is_weekend:
            day += timedelta(days=7 - day.weekday())
        return day

    @api.model
    def _propose_due_date(self, activity_type, zone):
        """Return when something of a type is due that is planned now."""
        day = self._propose_day(activity_type)
        next_hour = datetime.now(zone) + timedelta(hours=1)
        at = next_hour.time().replace(minute=0, second=0)
        return to_utc(day, at if day == next_hour.date() else DUE_TIME, zone)

    def _check_chosen(self, names):
        """Check the right to read an activity underneath, too."""
        if "activity_id" in names:
            self.activity_id._origin.check_access("read")
        return super()._check_chosen(names)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name != "priority":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        priority = self._field_to_sql(alias, field_name, query)
        return SQL("%s %s %s", self._get_urgency_sql(priority), direction, nulls)

    def _read_group_orderby(self, order, groupby_terms, query):
        if "priority" not in groupby_terms:
            return super()._read_group_orderby(order, groupby_terms, query)
        priority = groupby_terms["priority"]
        ordered = {**groupby_terms, "priority": self._get_urgency_sql(priority)}
        result = super()._read_group_orderby(order, ordered, query)
        # Odoo adds to the terms what it orders by.
        groupby_terms.update(ordered, priority=priority)
        return result

    @api.model
    def _get_urgency_sql(self, priority):
        """Return what orders priorities by urgency, and not by the alphabet."""
        codes = [code for code, _name in PRIORITIES]
        return SQL("array_position(%s::varchar[], %s)", codes, priority)

    # === Imports === #

    @api.model
    def _get_import_templates(self):
        return {"activities_import.xlsx": self.env._("Import Template for Activities")}

    # === Tooling === #

    @api.model
    def _check_links(self, vals):
        """Check the right to what ``vals`` would make activities be about, or link."""
        self._check_natives([vals.get("activity_id")])
        self._check_assignees([vals.get("user_id")])
        documents = [
            (model, vals[name]) for name, model in DOCUMENTS.items() if vals.get(name)
        ]
        if documents:
            self._check_may_plan(documents)

    @api.model
    def _check_natives(self, activity_ids):
        """Refuse ``mail.activity`` that the user may not both see and change.

        Their rows tell of them, to whoever may see the rows.
        """
        natives = self.env["mail.activity"].browse(
            self._parse_ids("activity_id", activity_ids)
        )
        for operation in ("read", "write"):
            natives.check_access(operation)

    @api.model
    def _parse_ids(self, name, values):
        """Return the ids that ``values`` of the field ``name`` are, without doubles."""
        ids = {parse(self.env, name, as_id, value) for value in values}
        return sorted(ids - {None})

    @api.model
    def _check_named(self, vals_list):
        """Check the right to read all that new activities name.

        They are planned on one of it, and errors name the rest.
        """
        for name, model in {**DOCUMENTS, "contact_id": "billinator.contact"}.items():
            named = [
                vals.get(name)
                for vals in vals_list
                if name != "opportunity_id" or not self._comes_with_quote(vals)
            ]
            ids = self._parse_ids(name, named)
            self.env[model].browse(ids).check_access("read")

    @api.model
    def _comes_with_quote(self, vals):
        """Return whether a deal, which may be somebody else's, is that of the quote."""
        quote_sudo = self.env["billinator.quote"].sudo().browse(vals.get("quote_id"))
        return quote_sudo.opportunity_id.id == vals.get("opportunity_id")

    @api.model
    def _check_may_plan(self, documents):
        """Check the right to plan something on ``documents``: (model, id) pairs.

        Odoo asks for the right to change the document. To plan a call with a customer
        it is enough to see the customer, and to have activities of the CRM.
        """
        self.browse().check_access("create")
        for model in DOCUMENTS.values():
            operation = "read" if model == "res.partner" else "write"
            ids = {res_id for name, res_id in documents if name == model}
            self.env[model].browse(ids).check_access(operation)

    @api.model
    def _check_assignees(self, user_ids):
        """Refuse portal users: who is assigned follows the document from then on."""
        user_ids = self._parse_ids("user_id", user_ids)
        assignees_sudo = self.env["res.users"].sudo().browse(user_ids)
        if outsiders := assignees_sudo.filtered("share"):
            raise ValidationError(
                self.env._(
                    "%s is not a colleague and cannot be assigned an activity.",
                    ", ".join(outsiders.mapped("name")),
                )
            )

    @api.model
    def _find_document(self, vals):
        """Return the model and the id of what a new activity is about."""
        for name, model in DOCUMENTS.items():
            if vals.get(name):
                return model, vals[name]
        if vals.get("contact_id"):
            contact = self.env["billinator.contact"].browse(vals["contact_id"])
            return "res.partner", contact.customer_id.id
        raise ValidationError(
            self.env._(
                "Say what the activity is about: choose a customer, an opportunity or a"
                " quote."
            )
        )

    def _check_about_something(self):
        """Refuse activities that have lost their last document."""
        for activity in self:
            self._find_document({name: activity[name].id for name in DOCUMENTS})

    def _lock_for_status(self):
        """Wait for calls under way that complete or cancel the same activities.

        Whoever was second finds them done, and tells nothing again.
        """
        self.check_access("write")
        wait_and_lock(self)

    def _check_not_ended_otherwise(self, status):
        """Refuse to complete what is cancelled, or to cancel what is done."""
        if status == "done" and "cancelled" in self.mapped("status"):
            raise StateError(
                self.env._("Reopen the cancelled activity before you complete it.")
            )
        if status == "cancelled" and "done" in self.mapped("status"):
            raise StateError(
                self.env._("What is done cannot be cancelled. Reopen it first.")
            )

    def _check_done_by_nobody_else(self):
        """Let nobody's outcome stand under the name of who was faster."""
        for activity in self.filtered("completed_by"):
            if activity.completed_by != self.env.user:
                raise StateError(
                    self.env._(
                        "“%(activity)s” is done already, by %(user)s. Change the "
                        "outcome on the activity itself.",
                        activity=activity.display_name,
                        user=activity.completed_by.name,
                    )
                )

    def _forget_outcomes(self):
        """Forget what came of activities that are to be done once more."""
        ended = self.filtered(lambda activity: activity.status != "pending")
        ended.filtered("outcome").outcome = False

    def _get_document(self, model):
        """Return the document of the activity underneath if it is of ``model``."""
        res_id = self.res_model == model and self.res_id
        return self.env[model].browse(res_id or ())

    def _get_document_reference(self):
        """Return the model and the id of what the activity is to be about."""
        for name, model in DOCUMENTS.items():
            if self[name]:
                return model, self[name].id
        return self.res_model, self.res_id

    def _get_document_defaults(self):
        return {
            f"default_{name}": self[name].id
            for name, model in DOCUMENTS.items()
            if self.res_model == model
        }

    def _get_zone(self):
        """Return the assignee's time zone."""
        return self.user_id._get_working_zone()

    def _get_local_due_date(self, zone):
        return self.due_date and pytz.utc.localize(self.due_date).astimezone(zone)

    def _keep_completion(self):
        """Keep who completed the activities, and when, unless it is known already."""
        for pending, activities in self.grouped(
            lambda activity: activity.status == "pending"
        ).items():
            if pending:
                activities.write({"completed_at": False, "completed_by": False})
                # Their meetings may have moved meanwhile.
                activities._move_deadlines()
            else:
                ended = activities.filtered(lambda activity: not activity.completed_at)
                ended.completed_at = fields.Datetime.now()
                activities.filtered(
                    lambda activity: not activity.completed_by
                ).completed_by = self.env.user
