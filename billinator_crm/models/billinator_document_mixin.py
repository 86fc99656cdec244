from odoo import fields, models
from odoo.tools import SQL

# By what MIN(SIGN(days left)) of a document's activities is.
ACTIVITY_STATES = {-1: "overdue", 0: "today", 1: "planned"}


class BillinatorDocumentMixin(models.AbstractModel):
    """A document whose messages are events of its customer.

    The documents have a stored ``commercial_partner_id``.
    """

    _name = "billinator.document.mixin"
    _description = "Document with Events"

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

    def _compute_activity_state(self):
        # One query for a page of cards, instead of reading their activities.
        self.env["mail.activity"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT res_id, MIN(SIGN(date_deadline - (
                           %(now)s AT TIME ZONE 'UTC'
                           AT TIME ZONE COALESCE(user_tz, 'UTC'))::date))
                  FROM mail_activity
                 WHERE res_model = %(model)s AND res_id = ANY(%(ids)s) AND active
              GROUP BY res_id
                """,
                now=fields.Datetime.now(),
                model=self._name,
                ids=self._origin.ids,
            )
        )
        signs = dict(rows)
        for document in self:
            sign = signs.get(document._origin.id)
            document.activity_state = ACTIVITY_STATES.get(sign, False)
