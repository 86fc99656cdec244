from odoo import models


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
