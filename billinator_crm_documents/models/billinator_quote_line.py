from odoo import api, models


class BillinatorQuoteLine(models.Model):
    """Lines bring the documents of their products to the quote."""

    _inherit = "billinator.quote.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._take_documents_along({})
        return lines

    def write(self, vals):
        if vals.keys().isdisjoint({"product_id", "quote_id"}):
            return super().write(vals)
        former = self._get_documented_products_by_quote()
        result = super().write(vals)
        self._take_documents_along(former)
        return result

    def unlink(self):
        former = self._get_documented_products_by_quote()
        result = super().unlink()
        self.browse()._take_documents_along(former)
        return result

    def _get_documented_products_by_quote(self):
        """Return the products with documents of these lines, by their quote."""
        return {
            quote: quote._get_documented_products(lines)
            for quote, lines in self.grouped("quote_id").items()
        }

    def _take_documents_along(self, former):
        """Let the documents of quotes follow what has changed in these lines.

        :param dict former: by quote, the products with documents of the lines before
        """
        present = self._get_documented_products_by_quote()
        none = self.env["product.template"]
        quotes = self.quote_id.union(*former).filtered(
            lambda quote: former.get(quote, none) != present.get(quote, none)
        )
        # Other lines count, too, where these have changed.
        quotes = quotes._filter_following()
        quotes._follow_products(
            {
                quote: former.get(quote, none)
                | quote._get_documented_products(quote.line_ids - self)
                for quote in quotes
            }
        )
