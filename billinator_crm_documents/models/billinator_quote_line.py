from odoo import api, models


class BillinatorQuoteLine(models.Model):
    """Lines bring the documents of their products to the quote."""

    _inherit = "billinator.quote.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._bring_documents()
        return lines

    def write(self, vals):
        if vals.keys().isdisjoint({"product_id", "quote_id"}):
            return super().write(vals)
        moved = self.filtered(
            lambda line: line.quote_id.id != vals.get("quote_id", line.quote_id.id)
        )
        with self.quote_id._following_products():
            result = super().write(vals)
        moved._bring_documents()
        return result

    def unlink(self):
        with self.quote_id._following_products():
            return super().unlink()

    def _bring_documents(self):
        """Let quotes that these lines are new on have the documents of their products.

        Which quotes these are is known only when the lines are there.
        """
        quotes = self.quote_id._filter_following()
        quotes._follow_products(
            {
                quote: quote._get_documented_products(quote.line_ids - self)
                for quote in quotes
            }
        )
