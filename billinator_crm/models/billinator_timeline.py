from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.mail import html_to_inner_content

from ..arguments import MAX_ID, arguments, as_id, as_text, as_texts, as_whole
from ..mail_failures import describe_failure
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
ID_FACTOR = 16
MAX_EVENT_ID = (MAX_ID + 1) * ID_FACTOR
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
# Who may read no more documents of a customer than this gets their messages from them;
# others by date, among all messages of the customer.
FEW_DOCUMENTS = 200
# How much is read of a long mail, and how much is shown of it, in characters.
BODY_READ, BODY_SHOWN = 20000, 500


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
    state = fields.Char(string="Status", readonly=True)
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
        limit=as_whole,
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
        limit = min(max(limit, 1), MAX_PAGE)
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
        # Parallel workers would read and join far more than a page of an index. That
        # they stay away for the rest of the transaction changes no result, and hardly
        # anything follows a page; to let them in again is a query more for each.
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
        ``quote_id`` and ``currency_id``; ``failure``, why a mail did not reach the
        customer. What does not apply is False.
        """
        failures = self._get_failures(rows)
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
                "failure": failures.get(row["id"], False),
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
    def _get_failures(self, rows):
        """Return why mails of a page did not reach customers, by the events' ids."""
        events = {
            row["id"] // ID_FACTOR: row["id"]
            for row in rows
            if row["kind"] == "message"
        }
        if not events:
            return {}
        of_page = Domain("mail_message_id", "in", list(events))
        notices = self.env["mail.notification"].search(
            of_page & Domain("notification_status", "in", ("exception", "bounce"))
        )
        # As sudo: users do not see mails; these are of messages that they may read.
        # Those that notify of one have a notice as well.
        mails_sudo = self.env["mail.mail"].sudo()
        failed_sudo = mails_sudo.search(
            of_page
            & Domain("state", "=", "exception")
            & Domain("is_notification", "=", False)
        )
        failed_sudo = failed_sudo.filtered(
            lambda mail: (
                not mail.recipient_ids
                or any(mail.recipient_ids.mapped("partner_share"))
            )
        )
        return {
            events[record.mail_message_id.id]: describe_failure(record)
            for records in (failed_sudo, notices._filter_mails_to_customers())
            for record in records
        }

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
