import json
from dataclasses import dataclass
from functools import partial

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

from .billinator_timeline import ID_FACTOR

# What events come from: the number of each source, the kind of its events, and the
# model to be read. An event's id is its record's times ID_FACTOR plus the number, which
# never changes.
SOURCES = {
    "note": (0, "note", "billinator.note"),
    "activity": (1, "activity", "billinator.activity"),
    "partner_message": (2, "message", "res.partner"),
    "opportunity_message": (2, "message", "billinator.opportunity"),
    "quote_message": (2, "message", "billinator.quote"),
    "stage": (3, "stage", "billinator.opportunity"),
    "quote": (4, "quote", "billinator.quote"),
    "quote_state": (5, "quote", "billinator.quote"),
    "opportunity": (6, "opportunity", "billinator.opportunity"),
    "invoice": (7, "invoice", "account.move"),
    "payment": (8, "payment", "account.payment"),
    "meeting": (9, "meeting", "calendar.event"),
}
INVOICE_TYPES = ("out_invoice", "out_refund", "out_receipt")
# Of which most customers have fewer than of the others.
RARE_KINDS = ("quote", "invoice", "payment", "meeting")


@dataclass
class Source:
    """The events of one table: a query of its readable records, and their columns.

    A customer's events come, newest first, out of an index on the customer, ``date``
    and ``record_id``, which are expressed here as they are there.
    """

    number: int
    kind: str
    model: str
    query: Query
    record_id: SQL
    columns: dict

    def __post_init__(self):
        self.columns["kind"] = SQL("%s", self.kind)
        self.columns["id"] = SQL(
            "%s::bigint * %s + %s", self.record_id, ID_FACTOR, self.number
        )

    @property
    def is_rare(self):
        return self.kind in RARE_KINDS

    def filter(self, values, user=None):
        """Keep the events with these values; return whether there can be any."""
        if user and "author_id" in self.columns:
            values = {**values, "author_id": user.partner_id.id}
        elif user:
            values = {**values, "user_id": user.id}
        for name, value in values.items():
            if name not in self.columns:
                return False
            self.query.add_where(SQL("%s = %s", self.columns[name], value))
        return True

    def narrow(self, documents):
        """Keep the messages of some documents, ids by model, where there are any."""
        if "author_id" in self.columns and self.model in documents:
            ids = list(documents[self.model])
            self.query.add_where(SQL("%s = ANY(%s)", self.columns["res_id"], ids))

    def page(self, before, limit):
        """Keep the newest events, of those before another one's date and id."""
        date = self.columns["date"]
        if before:
            other_date, other_id = before
            first_not_before = -((self.number - other_id) // ID_FACTOR)
            self.query.add_where(
                SQL(
                    "(%s, %s) < (%s, %s)",
                    *(date, self.record_id, other_date, first_not_before),
                )
            )
        self.query._order = SQL("%s DESC, %s DESC", date, self.record_id)
        self.query.limit = limit

    def reach_back_to(self, date):
        """Keep the events from a date on."""
        self.query.add_where(SQL("%s >= %s", self.columns["date"], date))

    def select(self, types):
        """Return the query as SQL, with the columns named and typed in ``types``."""
        return self.query.select(
            *(
                SQL(
                    "%s::%s AS %s",
                    self.columns.get(name) or SQL("NULL"),
                    column_type,
                    SQL.identifier(name),
                )
                for name, column_type in types.items()
            )
        )


class BillinatorTimeline(models.Model):
    """Where the events are read from."""

    _inherit = "billinator.timeline"

    @api.model
    def _get_sources(self, kinds=None):
        """Return what the user may read events from."""
        sources = []
        for name, (number, kind, model) in SOURCES.items():
            wanted = not kinds or kind in kinds
            if wanted and self.env[model].has_access("read"):
                columns = getattr(self, f"_get_{name}_source")()
                source = Source(number, kind, model, *columns)
                if not source.query.is_empty():
                    sources.append(source)
        return sources

    @api.model
    def _get_readable(self, model, domain=Domain.TRUE):
        """Search the records that the user may read, archived ones too.

        :return: the query, and a function that returns the SQL of a field
        """
        Model = self.env[model].with_context(active_test=False)
        query = Model._search(domain)
        return query, lambda name: Model._field_to_sql(query.table, name, query)

    @api.model
    def _get_fields(self, model, alias):
        """Return a function that returns the SQL of a field of a joined table."""
        return partial(self.env[model]._field_to_sql, alias)

    # === Sources: each returns a query, the record's id, and the columns === #

    @api.model
    def _get_note_source(self):
        query, field = self._get_readable("billinator.note")
        return (
            query,
            field("id"),
            {
                **self._get_document_columns(field, "billinator.note", field("id")),
                "date": field("date"),
                "opportunity_id": field("opportunity_id"),
                "quote_id": field("quote_id"),
                "user_id": field("user_id"),
                "title": field("subject"),
                "body": field("body"),
                "type": field("note_type"),
                "direction": field("direction"),
                "new_value": self._get_outcome(field("outcome_id")),
            },
        )

    @api.model
    def _get_outcome(self, outcome_id):
        """Return the SQL of an outcome's name, for the few events that are shown."""
        name = self._get_fields("billinator.activity.outcome", "outcome")("name")
        return SQL(
            "(SELECT %s FROM billinator_activity_outcome AS outcome"
            " WHERE outcome.id = %s)",
            *(name, outcome_id),
        )

    @api.model
    def _get_activity_source(self):
        query, field = self._get_readable("billinator.activity")
        return (
            query,
            field("id"),
            {
                **self._get_document_columns(field, "billinator.activity", field("id")),
                "date": SQL(
                    "COALESCE(%s, %s)", field("completed_at"), field("due_date")
                ),
                "is_day": SQL(
                    "%s IS NULL AND EXISTS (SELECT FROM calendar_event"
                    " WHERE id = %s AND allday)",
                    *(field("completed_at"), field("calendar_event_id")),
                ),
                "opportunity_id": field("opportunity_id"),
                "quote_id": field("quote_id"),
                "user_id": SQL(
                    "COALESCE(%s, %s)", field("completed_by"), field("user_id")
                ),
                "title": field("summary"),
                "body": field("note"),
                "type": field("type"),
                "state": field("status"),
                "new_value": field("outcome"),
            },
        )

    @api.model
    def _get_partner_message_source(self):
        query, field = self._get_readable("res.partner")
        columns = self._get_document_columns(field, "res.partner", field("id"))
        columns = {**columns, "partner_id": field("id")}
        return self._get_message_source(
            query, "partner", columns, field("complete_name")
        )

    @api.model
    def _get_opportunity_message_source(self):
        query, field = self._get_readable("billinator.opportunity")
        return self._get_message_source(
            query, "opportunity", self._get_opportunity_columns(field), field("name")
        )

    @api.model
    def _get_quote_message_source(self):
        query, field = self._get_readable("billinator.quote")
        return self._get_message_source(
            query, "quote", self._get_quote_columns(field), field("name")
        )

    @api.model
    def _get_message_source(self, query, event, document_columns, document_name):
        """Join the messages of the documents that ``query`` finds."""
        message = self._join_messages(query, event, document_columns)
        return (
            query,
            message("id"),
            {
                **document_columns,
                **self._get_message_columns(message),
                # Odoo gives messages the document's name for a subject.
                "title": SQL("NULLIF(%s, %s)", message("subject"), document_name),
                "body": message("body"),
                "type": message("message_type"),
                # By who wrote it, also of who has left since. It is asked for the rows
                # of a page alone.
                "direction": SQL(
                    "CASE WHEN EXISTS (SELECT FROM res_users WHERE partner_id = %s"
                    " AND share IS NOT TRUE) THEN 'out' ELSE 'in' END",
                    message("author_id"),
                ),
            },
        )

    @api.model
    def _get_stage_source(self):
        query, field = self._get_readable("billinator.opportunity")
        columns = self._get_opportunity_columns(field)
        message = self._join_messages(query, "stage", columns)
        names = ("stage_id", "merged_stage_id")
        change = self._join_changes(query, message, "billinator.opportunity", names)
        old, new = (
            self._join_stage(query, alias, change(f"{alias}_value_integer"))
            for alias in ("old", "new")
        )
        return (
            query,
            message("id"),
            {
                **columns,
                **self._get_message_columns(message),
                "title": field("name"),
                "state": new("status"),
                "old_value": SQL(
                    "COALESCE(%s, %s)", old("name"), change("old_value_char")
                ),
                "new_value": SQL(
                    "COALESCE(%s, %s)", new("name"), change("new_value_char")
                ),
                "amount": field("expected_revenue"),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_quote_state_source(self):
        query, field = self._get_readable("billinator.quote")
        columns = self._get_quote_columns(field)
        message = self._join_messages(query, "state", columns)
        change = self._join_changes(query, message, "billinator.quote", ("state",))
        labels = json.dumps(self._get_known_labels("billinator.quote", "state"))
        # Odoo keeps the labels of the language of who made the change.
        old, new = (
            SQL("COALESCE(%s::jsonb ->> %s, %s)", labels, label, label)
            for label in (change("old_value_char"), change("new_value_char"))
        )
        return (
            query,
            message("id"),
            {
                **columns,
                **self._get_message_columns(message),
                "title": field("name"),
                "old_value": old,
                "new_value": new,
                "amount": field("amount_total"),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_quote_source(self):
        query, field = self._get_readable("billinator.quote")
        return (
            query,
            field("id"),
            {
                **self._get_quote_columns(field),
                "date": self._get_creation(field),
                "user_id": field("create_uid"),
                "title": field("name"),
                "amount": field("amount_total"),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_opportunity_source(self):
        query, field = self._get_readable("billinator.opportunity")
        return (
            query,
            field("id"),
            {
                **self._get_opportunity_columns(field),
                "date": self._get_creation(field),
                "user_id": field("create_uid"),
                "title": field("name"),
                "amount": field("expected_revenue"),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_invoice_source(self):
        query, field = self._get_readable(
            "account.move", Domain("move_type", "in", INVOICE_TYPES)
        )
        quote = query.left_join(
            query.table, "billinator_quote_id", "billinator_quote", "id", "quote"
        )
        return (
            query,
            field("id"),
            {
                **self._get_document_columns(field, "account.move", field("id")),
                "date": SQL(
                    "COALESCE(%s::timestamp, %s)",
                    *(field("invoice_date"), field("create_date")),
                ),
                "is_day": SQL("%s IS NOT NULL", field("invoice_date")),
                "opportunity_id": SQL.identifier(quote, "opportunity_id"),
                "quote_id": field("billinator_quote_id"),
                "user_id": SQL(
                    "COALESCE(%s, %s)", field("invoice_user_id"), field("create_uid")
                ),
                "title": field("name"),
                "type": field("move_type"),
                "state": field("state"),
                "payment_state": field("payment_state"),
                "amount": field("amount_total_in_currency_signed"),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_payment_source(self):
        query, field = self._get_readable("account.payment")
        return (
            query,
            field("id"),
            {
                **self._get_document_columns(field, "account.payment", field("id")),
                "commercial_partner_id": field("billinator_customer_id"),
                "date": SQL("%s::timestamp", field("date")),
                "is_day": SQL("TRUE"),
                "user_id": field("create_uid"),
                "title": SQL("COALESCE(%s, %s)", field("memo"), field("name")),
                "type": field("payment_type"),
                "direction": SQL(
                    "CASE %s WHEN 'inbound' THEN 'in' ELSE 'out' END",
                    field("payment_type"),
                ),
                "state": field("state"),
                "amount": SQL(
                    "CASE %s WHEN 'inbound' THEN %s ELSE -%s END",
                    *(field("payment_type"), field("amount"), field("amount")),
                ),
                "currency_id": field("currency_id"),
            },
        )

    @api.model
    def _get_meeting_source(self):
        """The meetings of a customer's people: the event once, not for each of them."""
        query, field = self._get_readable("calendar.event", self._get_meeting_domain())
        attendee = self._get_fields("calendar.attendee", "attendee")
        query.add_join(
            "JOIN",
            "attendee",
            "calendar_attendee",
            SQL("%s = %s", attendee("event_id"), field("id")),
        )
        query.add_where(self._get_first_attendee_condition(attendee))
        query.add_where(self._get_no_activity_condition(field, attendee))
        return (
            query,
            attendee("id"),
            {
                "commercial_partner_id": attendee("billinator_customer_id"),
                "partner_id": attendee("partner_id"),
                "res_model": SQL("'calendar.event'"),
                "res_id": field("id"),
                "date": attendee("billinator_start"),
                "is_day": field("allday"),
                "user_id": field("user_id"),
                "title": field("name"),
                "body": field("description"),
            },
        )

    # === What the sources are made of === #

    @api.model
    def _get_document_columns(self, field, model, record_id):
        names = self.env[model]._fields
        customer = "commercial_partner_id"
        return {
            customer: field(customer) if customer in names else SQL("NULL"),
            "partner_id": field("partner_id") if "partner_id" in names else record_id,
            "res_model": SQL("%s", model),
            "res_id": record_id,
        }

    @api.model
    def _get_creation(self, field):
        """Return the second of the creation, as what happens later has no fractions."""
        return SQL("date_trunc('second', %s)", field("create_date"))

    @api.model
    def _get_opportunity_columns(self, field):
        columns = self._get_document_columns(
            field, "billinator.opportunity", field("id")
        )
        return {**columns, "opportunity_id": field("id")}

    @api.model
    def _get_quote_columns(self, field):
        return {
            **self._get_document_columns(field, "billinator.quote", field("id")),
            "opportunity_id": field("opportunity_id"),
            "quote_id": field("id"),
        }

    @api.model
    def _get_message_columns(self, message):
        return {
            "commercial_partner_id": message("billinator_customer_id"),
            "date": message("date"),
            "user_id": SQL(
                "(SELECT id FROM res_users WHERE partner_id = %s ORDER BY id LIMIT 1)",
                message("author_id"),
            ),
            "author_id": message("author_id"),
        }

    @api.model
    def _join_messages(self, query, event, document_columns):
        """Join the messages that are ``event`` for the documents of the query."""
        message = self._get_fields("mail.message", "message")
        query.add_join(
            "JOIN",
            "message",
            "mail_message",
            SQL(
                "%s = %s AND %s = %s AND %s = %s",
                *(message("model"), document_columns["res_model"]),
                *(message("res_id"), document_columns["res_id"]),
                *(message("billinator_event"), event),
            ),
        )
        return message

    @api.model
    def _join_changes(self, query, message, model, names):
        """Join the tracked changes of some fields to their messages."""
        # Like the message, which the user may read: only its values are for others.
        change = self._get_fields("mail.tracking.value", "change")
        field_ids = self.env["ir.model.fields"]._get_ids(model)
        query.add_join(
            "LEFT JOIN",
            "change",
            "mail_tracking_value",
            SQL(
                "%s = %s AND %s IN %s",
                *(change("mail_message_id"), message("id")),
                *(change("field_id"), tuple(field_ids[name] for name in names)),
            ),
        )
        return change

    @api.model
    def _join_stage(self, query, alias, stage_id):
        stage = self._get_fields("billinator.stage", alias)
        query.add_join(
            "LEFT JOIN",
            alias,
            "billinator_stage",
            SQL("%s = %s", stage("id"), stage_id),
        )
        return stage

    @api.model
    def _get_known_labels(self, model, name):
        """Return the reader's labels of a selection, by those of all languages."""
        mine = self._get_selection(model, name)
        known = {}
        for lang, _name in self.env["res.lang"].get_installed():
            theirs = self.with_context(lang=lang)._get_selection(model, name)
            known |= {label: mine[value] for value, label in theirs.items()}
        # A label of the reader's own language means what it says.
        return known | {label: label for label in mine.values()}

    @api.model
    def _get_meeting_domain(self):
        """Leave out what was cancelled, and what Odoo shows others as “Busy”."""
        # Whose calendar is private is a setting that others may not read.
        Settings = self.env["res.users.settings"].sudo()
        private = Settings._search([("calendar_default_privacy", "=", "private")])
        me = self.env.user
        visible = (
            Domain("privacy", "in", ("public", "confidential"))
            | Domain("privacy", "=", False)
            & Domain("user_id", "not in", private.subselect("user_id"))
            | Domain("user_id", "=", me.id)
            | Domain("partner_ids", "in", me.partner_id.ids)
        )
        return Domain("active", "=", True) & visible

    @api.model
    def _get_first_attendee_condition(self, attendee):
        other = self._get_fields("calendar.attendee", "other")
        customer = "billinator_customer_id"
        return SQL(
            "NOT EXISTS (SELECT FROM calendar_attendee other"
            " WHERE %s = %s AND %s = %s AND %s < %s)",
            *(other("event_id"), attendee("event_id")),
            *(other(customer), attendee(customer)),
            *(other("id"), attendee("id")),
        )

    @api.model
    def _get_no_activity_condition(self, event, attendee):
        """Leave out the meetings that an activity of the customer stands for."""
        activity = self._get_fields("billinator.activity", "crm_activity")
        native = self._get_fields("mail.activity", "native_activity")
        return SQL(
            "NOT EXISTS (SELECT FROM mail_activity native_activity"
            " JOIN billinator_activity crm_activity ON %s = %s"
            " WHERE %s = %s AND %s = %s)",
            *(activity("activity_id"), native("id")),
            *(native("calendar_event_id"), event("id")),
            *(
                activity("commercial_partner_id"),
                attendee("billinator_customer_id"),
            ),
        )
