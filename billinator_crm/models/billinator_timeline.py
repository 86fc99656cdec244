from dataclasses import dataclass
from datetime import datetime
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, Query
from odoo.tools.mail import html_to_inner_content

from ..arguments import MAX_ID, arguments, as_id, as_text, as_texts
from .mail_message import DOCUMENT_EVENTS

KINDS = [
    ("note", "Note"),
    ("activity", "Activity"),
    ("message", "Message"),
    ("stage", "Stage Change"),
    ("quote", "Quote"),
    ("opportunity", "Opportunity"),
    ("invoice", "Invoice"),
    ("payment", "Payment"),
    ("meeting", "Meeting"),
]
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
ID_FACTOR = 16
MAX_EVENT_ID = (MAX_ID + 1) * ID_FACTOR
INVOICE_TYPES = ("out_invoice", "out_refund", "out_receipt")
# Whose labels say what an event's ``type`` and ``state`` mean.
TYPE_FIELDS = {
    "note": ("billinator.note", "note_type"),
    "activity": ("billinator.activity", "type"),
    "message": ("mail.message", "message_type"),
    "invoice": ("account.move", "move_type"),
    "payment": ("account.payment", "payment_type"),
}
STATE_FIELDS = {
    "activity": ("billinator.activity", "status"),
    "stage": ("billinator.opportunity", "status"),
    "quote": ("billinator.quote", "state"),
    "opportunity": ("billinator.opportunity", "status"),
    "invoice": ("account.move", "state"),
    "payment": ("account.payment", "state"),
}
MAX_PAGE = 500
# Of which most customers have fewer than of the others.
RARE_KINDS = ("quote", "invoice", "payment", "meeting")
# Who may read no more documents of a customer than this gets their messages from them;
# others by date, among all messages of the customer.
FEW_DOCUMENTS = 200
# How much is read of a long mail, and how much is shown of it, in characters.
BODY_READ, BODY_SHOWN = 20000, 500


@dataclass
class Source:
    """The events of one table: a query of its readable records, and their columns.

    A customer's events come, newest first, out of an index on the customer, ``date``
    and ``record_id``, which are expressed here as they are there.
    """

    number: int
    kind: str
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
        model = self.columns["res_model"].params[:1]
        if "author_id" in self.columns and model and model[0] in documents:
            ids = list(documents[model[0]])
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
    """What happened with a customer: a row an event, read from where it is kept.

    A row is there for whoever may read the record behind it: each source is a search
    of its model, with the record rules of the user, by the ORM.
    """

    _name = "billinator.timeline"
    _description = "Customer Timeline"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "title"
    # From where a change of customer reaches the messages, when it is written.
    _depends = {model: ["commercial_partner_id"] for model in DOCUMENT_EVENTS}

    kind = fields.Selection(KINDS, readonly=True)
    date = fields.Datetime(readonly=True)
    is_day = fields.Boolean(
        string="Whole Day", readonly=True, help="The date is a day, without a time."
    )
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True
    )
    partner_id = fields.Many2one("res.partner", string="Contact", readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    author_id = fields.Many2one(
        "res.partner", readonly=True, help="Who wrote a message, colleague or not."
    )
    opportunity_id = fields.Many2one("billinator.opportunity", readonly=True)
    quote_id = fields.Many2one("billinator.quote", readonly=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", readonly=True
    )
    title = fields.Char(readonly=True)
    body = fields.Html(readonly=True, sanitize=False)
    type = fields.Char(readonly=True)
    direction = fields.Selection(
        [("in", "Incoming"), ("out", "Outgoing")], readonly=True
    )
    state = fields.Char(readonly=True)
    payment_state = fields.Char(readonly=True)
    old_value = fields.Char(readonly=True)
    new_value = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    # === The query === #

    @property
    def _table_query(self):
        types = self._get_column_types()
        selects = [source.select(types) for source in self._get_sources()]
        return SQL(" UNION ALL ").join(selects or [self._select_nothing(types)])

    @api.model
    def _get_column_types(self):
        """Return the SQL types of the columns by their names."""
        types = {
            name: field.column_type[1]
            for name, field in self._fields.items()
            if field.store and field.column_type
        }
        types["id"] = "bigint"
        return dict(zip(types, map(SQL, types.values()), strict=True))

    @api.model
    def _select_nothing(self, types):
        columns = (
            SQL("NULL::%s AS %s", column_type, SQL.identifier(name))
            for name, column_type in types.items()
        )
        return SQL("SELECT %s WHERE FALSE", SQL(", ").join(columns))

    @api.model
    def _get_sources(self, kinds=None):
        """Return what the user may read events from."""
        sources = []
        for name, (number, kind, model) in SOURCES.items():
            wanted = not kinds or kind in kinds
            if wanted and self.env[model].has_access("read"):
                source = Source(number, kind, *getattr(self, f"_get_{name}_source")())
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
            },
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
        return (
            query,
            message("id"),
            {
                **columns,
                **self._get_message_columns(message),
                "title": field("name"),
                "old_value": change("old_value_char"),
                "new_value": change("new_value_char"),
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

    # === Pages === #

    @api.model
    @api.readonly
    @arguments(
        partner_id=as_id,
        opportunity_id=as_id,
        quote_id=as_id,
        kinds=as_texts,
        user_id=as_id,
        before=as_text,
    )
    def get_timeline(
        self,
        partner_id=None,
        opportunity_id=None,
        quote_id=None,
        kinds=None,
        user_id=None,
        before=None,
        limit=40,
    ):
        """Return a page of what happened with a customer, newest first.

        Name a customer, an opportunity or a quote, or several of them for what belongs
        to all. Events whose records the user may not read are left out.

        :param int partner_id: a ``res.partner``; its whole company counts
        :param int opportunity_id: a ``billinator.opportunity``, with its quotes
        :param int quote_id: a ``billinator.quote``
        :param list kinds: of ``note``, ``activity``, ``message``, ``stage``,
            ``quote``, ``opportunity``, ``invoice``, ``payment`` and ``meeting``, or all
        :param int user_id: the ``res.users`` who did it
        :param str before: ``next`` of the page before this one
        :param int limit: events a page, 500 at most
        :return: dict with ``next``, what to ask for the next page with, False after
            the last one, and ``events``, dicts of the model's fields: dates in UTC,
            links as ``[id, name]``, ``kind_label`` and the like for codes,
            ``amount_label``, and False for what does not apply
        :raises UserError: when nobody is named, or an argument is wrong
        :raises AccessError: when the user may not read what is named
        """
        self.check_access("read")
        filters = self._get_page_filters(partner_id, opportunity_id, quote_id)
        limit = self._check_limit(limit)
        before = self._parse_cursor(before)
        sources = self._get_page_sources(filters, self._check_kinds(kinds), user_id)
        rows = self._fetch_page(sources, before, limit + 1)
        return {
            "events": self._format_events(rows[:limit]),
            "next": len(rows) > limit and self._format_cursor(rows[limit - 1]),
        }

    @api.model
    def _get_page_sources(self, filters, kinds, user_id):
        """Return the sources of a page's events, with only what belongs there."""
        user = self.env["res.users"].browse(user_id or ())
        sources = [
            source
            for source in self._get_sources(kinds)
            if source.filter(filters, user)
        ]
        if customer_id := filters.get("commercial_partner_id"):
            few = self._get_few_documents(customer_id)
            for source in sources:
                source.narrow(few)
        return sources

    @api.model
    def _get_page_filters(self, partner_id, opportunity_id, quote_id):
        named = {
            "commercial_partner_id": self.env["res.partner"].browse(partner_id or ()),
            "opportunity_id": self.env["billinator.opportunity"].browse(
                opportunity_id or ()
            ),
            "quote_id": self.env["billinator.quote"].browse(quote_id or ()),
        }
        filters = {}
        for name, record in named.items():
            if record:
                record.check_access("read")
                if record._name == "res.partner":
                    record = record.commercial_partner_id
                filters[name] = record.id
        if not filters:
            raise UserError(
                self.env._("Name a customer, an opportunity or a quote to look at.")
            )
        return filters

    @api.model
    def _get_few_documents(self, customer_id):
        """Return the customer's documents, ids by model, of which the user reads few.

        The newest of many messages that the user may mostly not read would take long
        to find by date.
        """
        few = {}
        for model in ("billinator.opportunity", "billinator.quote"):
            Model = self.env[model].with_context(active_test=False)
            if Model.has_access("read"):
                customer = Domain("commercial_partner_id", "=", customer_id)
                query = Model._search(customer, limit=FEW_DOCUMENTS + 1)
                ids = query.get_result_ids()
                if len(ids) <= FEW_DOCUMENTS:
                    few[model] = ids
        return few

    @api.model
    def _check_kinds(self, kinds):
        known = dict(KINDS)
        for kind in kinds or ():
            if kind not in known:
                raise UserError(
                    self.env._(
                        "There are no events of the kind “%(kind)s”, only of these: "
                        "%(kinds)s",
                        kind=kind,
                        kinds=", ".join(known),
                    )
                )
        return kinds

    @api.model
    def _check_limit(self, limit):
        # True is an int, too.
        if type(limit) is not int:
            raise UserError(
                self.env._("Give a number of events for the limit: 1, 2, 3, …")
            )
        return min(max(limit, 1), MAX_PAGE)

    @api.model
    def _parse_cursor(self, cursor):
        if not cursor:
            return None
        try:
            date, event_id = cursor.split("_")
            before = datetime.fromisoformat(date), int(event_id)
            if not 0 <= before[1] <= MAX_EVENT_ID:
                raise ValueError
        except ValueError:
            raise UserError(
                self.env._("“%s” is not the “next” of a page.", cursor)
            ) from None
        return before

    @api.model
    def _format_cursor(self, row):
        return f"{row['date'].isoformat()}_{row['id']}"

    @api.model
    def _fetch_page(self, sources, before, limit):
        """Return the rows of the newest events of the sources.

        Each source gives its newest ones out of an index, whatever the others have.
        The rarer ones come last, and none that are older than a whole page of the
        others: the search for the few that a user may read would not end soon.
        """
        for model, names in self._depends.items():
            self.env[model].flush_model(names)
        # Parallel workers would read and join far more than a page of an index.
        self.env.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        rows = []
        for is_rare in (False, True):
            chosen = [source for source in sources if source.is_rare == is_rare]
            for source in chosen:
                source.page(before, limit)
                if len(rows) == limit:
                    source.reach_back_to(rows[-1]["date"])
            rows += self._fetch_newest(chosen, limit)
            rows.sort(key=self._get_order, reverse=True)
            del rows[limit:]
        return rows

    @api.model
    def _fetch_newest(self, sources, limit):
        if not sources:
            return []
        types = self._get_column_types()
        pages = [SQL("(%s)", source.select(types)) for source in sources]
        return self.env.execute_query_dict(
            SQL(
                "SELECT * FROM (%s) AS event ORDER BY date DESC, id DESC LIMIT %s",
                SQL(" UNION ALL ").join(pages),
                limit,
            )
        )

    @api.model
    def _get_order(self, row):
        # As PostgreSQL orders them: what has no date comes first.
        return row["date"] or datetime.max, row["id"]

    # === What a page tells === #

    @api.model
    def _format_events(self, rows):
        """Return the rows as dicts, as :meth:`get_timeline` gives them.

        An event has: ``id``, which stays the same; ``kind`` and ``kind_label``;
        ``date``, in UTC, and ``is_day``, true where it is a day without a time;
        ``title``; ``body``, the beginning of the text, plain; ``type``, ``state`` and
        ``payment_state`` with their labels; ``direction``, ``in`` or ``out``;
        ``old_value`` and ``new_value`` of changes; ``amount``, in ``currency_id``,
        negative for credit notes and refunds, and ``amount_label``; ``res_model`` and
        ``res_id`` of the document to open; and as ``[id, name]`` ``partner_id``,
        ``commercial_partner_id``, ``user_id``, ``author_id``, ``opportunity_id``,
        ``quote_id`` and ``currency_id``. What does not apply is False.
        """
        names = self._get_names(rows)
        labels = self._get_labels(rows)
        return [
            {
                **{name: value or False for name, value in row.items()},
                **self._format_values(row, names),
                **{
                    f"{column}_label": labels.get((column, row["kind"]), {}).get(
                        row[column], False
                    )
                    for column in ("type", "state", "payment_state")
                },
                "kind_label": labels["kind"][row["kind"]],
            }
            for row in rows
        ]

    @api.model
    def _format_values(self, row, names):
        currency = names["currency_id"].get(row["currency_id"])
        values = {
            name: [row[name], records[row[name]].display_name]
            if row[name] in records
            else False
            for name, records in names.items()
        }
        return {
            **values,
            "date": fields.Datetime.to_string(row["date"]),
            "body": self._get_text(row["body"]),
            "amount": row["amount"] is not None and float(row["amount"]),
            "amount_label": bool(currency and row["amount"])
            and currency.format(float(row["amount"])),
        }

    @api.model
    def _get_names(self, rows):
        """Return the linked records of a page, by column and id."""
        names = {}
        for name, field in self._fields.items():
            if field.type == "many2one" and field.store:
                ids = {row[name] for row in rows if row[name]}
                # As everywhere in Odoo, who sees a link sees the name it has.
                records = self.env[field.comodel_name].sudo().browse(ids)
                records.fetch(["display_name"])
                names[name] = {record.id: record for record in records}
        return names

    @api.model
    def _get_labels(self, rows):
        """Return the labels of the codes in a page, in the user's language."""
        labels = {"kind": self._get_selection(self._name, "kind")}
        for kind in {row["kind"] for row in rows}:
            for column, columns in (("type", TYPE_FIELDS), ("state", STATE_FIELDS)):
                if kind in columns:
                    labels[column, kind] = self._get_selection(*columns[kind])
        labels["payment_state", "invoice"] = self._get_selection(
            "account.move", "payment_state"
        )
        return labels

    @api.model
    def _get_selection(self, model, name):
        return dict(self.env[model]._fields[name]._description_selection(self.env))

    @api.model
    def _get_text(self, body):
        text = html_to_inner_content((body or "")[:BODY_READ])
        return text if len(text) <= BODY_SHOWN else f"{text[:BODY_SHOWN].rstrip()}…"
