from odoo import api, models
from odoo.fields import Domain

# As many records are told by their ids; of more, some are soon met in any order.
FEW = 1000


class BillinatorDocumentNamedMixin(models.AbstractModel):
    """A document that is found by the name of its customer, ``partner_id``."""

    _name = "billinator.document.named.mixin"
    _description = "Document Found by Its Customer"
    _inherit = ["billinator.document.mixin"]

    @api.model
    def _search_display_name(self, operator, value):
        """Find the documents of customers with such a name, too.

        Customers and documents are looked for first, each by the indexes of their
        texts. PostgreSQL takes texts to be in many rows: it would read the documents
        in their order until a page is full, which is all of them where few are found.
        """
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        domain = super()._search_display_name(operator, value)
        if not value:
            return domain
        named = Domain("display_name", operator, value)
        customer_ids = self._find_few(self.env["res.partner"], named)
        if customer_ids is None:
            return domain | Domain("partner_id.display_name", operator, value)
        domain |= Domain("partner_id", "in", customer_ids)
        ids = self._find_few(self, domain)
        return domain if ids is None else Domain("id", "in", ids)

    @api.model
    def _find_few(self, model, domain):
        """Return the ids of a domain's records, or None where they are many.

        Whether one may read them is for the search that asks for them.
        """
        query = model._search(
            domain, limit=FEW + 1, active_test=False, bypass_access=True
        )
        ids = query.get_result_ids()
        return ids if len(ids) <= FEW else None
