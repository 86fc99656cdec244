from odoo import models


class Repriced:
    """Lines for which a call sets what the pricelist prices, and prices of its own.

    No RPC caller can send one in a context.
    """

    def __init__(self):
        self.ids = set()


class BillinatorQuoteLine(models.Model):
    _inherit = "billinator.quote.line"

    def _note_pricelist(self):
        """Wait for the other lines of the call: the rules of all are found at once."""
        repriced = self.env.context.get("billinator_repriced")
        if not isinstance(repriced, Repriced):
            return super()._note_pricelist()
        repriced.ids.update(self.ids)
        return None
