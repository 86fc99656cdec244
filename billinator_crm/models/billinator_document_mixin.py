from collections import defaultdict

import pytz
from psycopg2.errors import UniqueViolation

from odoo import fields, models
from odoo.exceptions import ConcurrencyError, MissingError
from odoo.tools import SQL

# By the least sign of the days left for a document's pending activities.
ACTIVITY_STATES = {-1: "overdue", 0: "today", 1: "planned"}


class BillinatorDocumentMixin(models.AbstractModel):
    """A document whose messages are events of its customer.

    The documents have a stored ``commercial_partner_id``.
    """

    _name = "billinator.document.mixin"
    _description = "Document with Events"
    _inherit = ["mail.thread", "billinator.reference.mixin"]

    def _create(self, data_list):
        # Amounts ask for their currency, by a query if it comes after them.
        for data in data_list:
            stored = data["stored"]
            if "currency_id" in stored:
                data["stored"] = {"currency_id": stored["currency_id"], **stored}
        try:
            return super()._create(data_list)
        except MissingError:
            if refused := self._without_amounts(data_list):
                super()._create(refused)
            raise

    def _without_amounts(self, data_list):
        """Return what is to be in a currency that is not there, without amounts.

        The database refuses it, and names the currency.
        """
        currencies = self.env["res.currency"].browse(
            {data["stored"].get("currency_id") for data in data_list} - {None}
        )
        missing = currencies - currencies.exists()
        return [
            {
                **data,
                "stored": {
                    name: value
                    for name, value in data["stored"].items()
                    if self._fields[name].type != "monetary"
                },
            }
            for data in data_list
            if data["stored"].get("currency_id") in missing.ids
        ]

    def _write_multi(self, vals_list):
        # Where every change of a column ends, also when it follows from a change of
        # the customer's own company.
        result = super()._write_multi(vals_list)
        moved = [
            record.id
            for record, vals in zip(self, vals_list, strict=True)
            if "commercial_partner_id" in vals
        ]
        if moved:
            self.env["mail.message"]._follow_document_customers(self._name, moved)
        return result

    def _message_subscribe(self, *args, **kwargs):
        """Let Odoo repeat the call when somebody becomes a follower at this moment.

        The index of followers refuses the second one, who would be told that nobody
        can follow a document twice.
        """
        try:
            return super()._message_subscribe(*args, **kwargs)
        except UniqueViolation as error:
            raise ConcurrencyError("A follower was added meanwhile") from error

    def unlink(self):
        """Keep the meetings, of which others are told, but not what they were about."""
        self.check_access("unlink")
        # As sudo, after the check: meetings of others, too.
        events_sudo = self.env["calendar.event"].sudo().with_context(active_test=False)
        events_sudo.search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        ).write({"res_model_id": False, "res_id": False})
        return super().unlink()

    # All for a page of cards or rows at once.
    def _compute_activity_state(self):
        now = pytz.utc.localize(fields.Datetime.now())
        pending = self._origin.activity_ids.filtered("active")
        signs = defaultdict(set)
        for zone, activities in pending.grouped("user_tz").items():
            today = now.astimezone(pytz.timezone(zone or "UTC")).date()
            for activity in activities:
                due = activity.date_deadline
                signs[activity.res_id].add((due > today) - (due < today))
        for sign, documents in self.grouped(
            lambda document: min(signs[document._origin.id], default=None)
        ).items():
            documents.activity_state = ACTIVITY_STATES.get(sign, False)

    def _compute_activity_exception_type(self):
        if any(self.activity_ids.activity_type_id.mapped("decoration_type")):
            return super()._compute_activity_exception_type()
        # Hardly any type is an exception: the documents are set together.
        self.activity_exception_decoration = self.activity_exception_icon = False

    def _compute_my_activity_date_deadline(self):
        self.env["mail.activity"].flush_model()
        days = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT res_id, MIN(date_deadline)
                      FROM mail_activity
                     WHERE res_model = %s AND res_id = ANY(%s) AND active
                       AND user_id = %s
                  GROUP BY res_id
                    """,
                    self._name,
                    self._origin.ids,
                    self.env.uid,
                )
            )
        )
        for document in self:
            document.my_activity_date_deadline = days.get(document._origin.id, False)
