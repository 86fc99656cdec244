from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.fields import Command
from odoo.tools import SQL, is_html_empty

# What a message on a document is for the timeline, unless it tells of a change below.
DOCUMENT_EVENTS = {
    "res.partner": "partner",
    "billinator.opportunity": "opportunity",
    "billinator.quote": "quote",
}
# The tracked changes that are events of their own.
CHANGE_EVENTS = {
    ("billinator.opportunity", "stage_id"): "stage",
    ("billinator.opportunity", "merged_stage_id"): "stage",
    ("billinator.quote", "state"): "state",
}
EVENTS = [
    ("partner", "Message on a Customer"),
    ("opportunity", "Message on an Opportunity"),
    ("quote", "Message on a Quote"),
    ("stage", "Change of Stage"),
    ("state", "Change of a Quote's Status"),
]
SYSTEM_TYPES = ("notification", "user_notification")
# What people write to each other; notes, notifications and automated mails are not.
MAIL_TYPES = ("comment", "email", "email_outgoing")


class Changes:
    """What messages that are being created tell of, by their ``Message-Id``.

    It travels in the context, where no RPC caller can put one.
    """

    def __init__(self, field_ids):
        self.field_ids = field_ids


class MailMessage(models.Model):
    """Says of a message what the timeline shows it as, and for which customer.

    A message knows its document only, so that the newest messages of a customer with
    many documents could not be found by an index.
    """

    _inherit = "mail.message"

    billinator_event = fields.Selection(
        EVENTS,
        compute="_compute_billinator_timeline",
        store=True,
        precompute=True,
        help="What the timeline shows the message as; empty: not at all.",
    )
    billinator_customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_billinator_timeline",
        store=True,
        precompute=True,
        ondelete="set null",
        help="The customer's company, of messages that the timeline shows.",
    )

    billinator_sends_quote = fields.Boolean(
        help="The message brings a quote to its customer. When a mail with it leaves, "
        "the quote is sent.",
    )
    # Computed by nothing, or an upgrade would compute it for all messages there are.
    billinator_quote_hash = fields.Char(
        help="Stands for all that the quote said when the message and its PDF were "
        "made, which may be long before the mail leaves.",
    )

    _billinator_timeline_idx = models.Index(
        "(billinator_customer_id, billinator_event, date DESC, id DESC)"
        " WHERE billinator_customer_id IS NOT NULL"
    )
    # The latest of a document: mails that are fetched late have an earlier date.
    _billinator_last_mail_idx = models.Index(
        "(model, res_id, subtype_id, date)"
        " WHERE message_type IN ('comment', 'email', 'email_outgoing')"
        " AND billinator_event IS NOT NULL"
    )

    @api.depends(
        "model",
        "res_id",
        "message_type",
        "body",
        "attachment_ids",
        "mail_activity_type_id",
        # Not what was tracked: no message gets that later.
    )
    def _compute_billinator_timeline(self):
        customers = self._get_document_customers()
        for message in self:
            key = (message.model, message.res_id)
            event = key in customers and message._get_timeline_event()
            message.billinator_event = event
            message.billinator_customer_id = event and customers[key]

    @api.model_create_multi
    def create(self, vals_list):
        """Create what was tracked in one go, and compute the event with it.

        Odoo creates it when the messages are there, one by one: too late for what is
        computed before, which would be computed and written a second time.
        """
        vals_list = [dict(vals) for vals in vals_list]
        changes_list = [self._take_changes(vals) for vals in vals_list]
        changed_field_ids = {
            self._ensure_message_id(vals): [change["field_id"] for change in changes]
            for vals, changes in zip(vals_list, changes_list, strict=True)
            if changes
        }
        self._add_quote_hashes(vals_list)
        knowing = self.with_context(billinator_changes=Changes(changed_field_ids))
        messages = super(MailMessage, knowing).create(vals_list)
        # As sudo like Odoo: what is tracked was allowed when it was changed.
        self.env["mail.tracking.value"].sudo().create(
            [
                {**change, "mail_message_id": message.id}
                for message, changes in zip(messages, changes_list, strict=True)
                for change in changes
            ]
        )
        return messages.with_env(self.env)

    @api.model
    def _take_changes(self, vals):
        """Take the values of what was tracked out of those of a message."""
        commands = vals.pop("tracking_value_ids", None) or []
        if others := [one for one in commands if one[0] != Command.CREATE]:
            vals["tracking_value_ids"] = others
        return [one[2] for one in commands if one[0] == Command.CREATE]

    @api.model
    def _ensure_message_id(self, vals):
        """Return what tells a message from the others, before it has an id.

        A document may have several that are created in one go.
        """
        if not vals.get("message_id"):
            vals["message_id"] = self._get_message_id(vals)
        return vals["message_id"]

    @api.model
    def _add_quote_hashes(self, vals_list):
        """Keep what quotes say with the messages that bring them and are made now."""
        bringing = [
            vals
            for vals in vals_list
            if vals.get("billinator_sends_quote")
            and vals.get("model") == "billinator.quote"
            and vals.get("res_id")
            and not vals.get("billinator_quote_hash")
        ]
        quotes = self.env["billinator.quote"].browse(v["res_id"] for v in bringing)
        for quote, vals in zip(quotes, bringing, strict=True):
            vals["billinator_quote_hash"] = quote.content_hash

    def _get_document_customers(self):
        """Return the customers' companies by ``(model, id)`` of the documents."""
        messages = self.filtered(
            lambda message: message.model in DOCUMENT_EVENTS and message.res_id
        )
        customers = {}
        for model, of_model in messages.grouped("model").items():
            for document in self.env[model].browse(of_model.mapped("res_id")):
                # Most are in the cache, and few deleted: none is looked for.
                with suppress(MissingError):
                    customers[model, document.id] = document.commercial_partner_id
        return customers

    def _get_timeline_event(self):
        self.ensure_one()
        if changed_ids := self._get_changed_field_ids():
            field_ids = self.env["ir.model.fields"]._get_ids(self.model)
            for (model, name), event in CHANGE_EVENTS.items():
                if model == self.model and field_ids[name] in changed_ids:
                    return event
        return self._is_communication() and DOCUMENT_EVENTS[self.model]

    def _get_changed_field_ids(self):
        changes = self.env.context.get("billinator_changes")
        changed_ids = isinstance(changes, Changes) and changes.field_ids.get(
            self.message_id
        )
        return changed_ids or self.tracking_value_ids.field_id.ids

    def _is_communication(self):
        """Whether somebody said something, other than by completing an activity."""
        self.ensure_one()
        if self.message_type in SYSTEM_TYPES or self.mail_activity_type_id:
            return False
        # A deleted comment is an empty one; a mail may have a subject only.
        said = not is_html_empty(self.body) or self.attachment_ids
        return bool(said or self.message_type == "email")

    @api.model
    def _get_last_mail_sql(self, model, res_id):
        """Return a subquery for the date of a document's last mail, found by index.

        :param model: name of the document's model, or SQL
        :param SQL res_id: the document's id
        """
        return SQL(
            """
            (SELECT MAX(date) FROM mail_message
              WHERE model = %s AND res_id = %s
                AND message_type IN %s AND subtype_id = %s
                AND billinator_event IS NOT NULL)
            """,
            model,
            res_id,
            MAIL_TYPES,
            self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
        )

    @api.model
    def _follow_document_customers(self, model, ids):
        """Hand the messages of documents to the customers that these belong to now."""
        # The statement reads what may not be written yet, and what it changes is read
        # anew.
        self.flush_model(
            ["model", "res_id", "billinator_event", "billinator_customer_id"]
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE mail_message
                   SET billinator_customer_id = document.commercial_partner_id
                  FROM %(table)s document
                 WHERE document.id IN %(ids)s
                   AND mail_message.model = %(model)s
                   AND mail_message.res_id = document.id
                   AND mail_message.billinator_event IS NOT NULL
                   AND mail_message.billinator_customer_id
                       IS DISTINCT FROM document.commercial_partner_id
                """,
                table=SQL.identifier(self.env[model]._table),
                ids=tuple(ids),
                model=model,
            )
        )
        self.browse()._invalidate_cache(["billinator_customer_id"])
