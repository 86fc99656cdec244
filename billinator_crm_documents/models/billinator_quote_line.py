from odoo import api, models


class BillinatorQuoteLine(models.Model):
    """Lines bring the documents of their products to the quote."""

    _inherit = "billinator.quote.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if not self._have_documents(lines.product_id.ids):
            return lines
        quotes = lines.quote_id._filter_following()
        quotes._follow_products(
            {
                quote: quote._get_documented_products(quote.line_ids - lines)
                for quote in quotes
            }
        )
        return lines

    def write(self, vals):
        if vals.keys().isdisjoint({"product_id", "quote_id"}) or not (
            self._have_documents([*self.product_id.ids, vals.get("product_id")])
        ):
            return super().write(vals)
        quotes = self.quote_id | self.quote_id.browse(vals.get("quote_id"))
        with quotes._following_products():
            return super().write(vals)

    def unlink(self):
        if not self._have_documents(self.product_id.ids):
            return super().unlink()
        with self.quote_id._following_products():
            return super().unlink()

    @api.model
    def _have_documents(self, product_ids):
        Document = self.env["billinator.quote.document"]
        return not Document._get_documented_variants().keys().isdisjoint(product_ids)
