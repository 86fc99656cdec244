from odoo import models
from odoo.fields import Domain


class BillinatorQuote(models.Model):
    """Products picked from the catalog."""

    _inherit = "billinator.quote"

    def _is_readonly(self):
        self.ensure_one()
        return not self.is_editable

    def _get_product_catalog_domain(self):
        return super()._get_product_catalog_domain() & Domain("sale_ok", "=", True)

    def _get_action_add_from_catalog_extra_context(self):
        return {
            **super()._get_action_add_from_catalog_extra_context(),
            "product_catalog_currency_id": self.currency_id.id,
            "product_catalog_digits": self.line_ids._fields["price_unit"].get_digits(
                self.env
            ),
        }

    def _get_product_catalog_record_lines(self, product_ids, **kwargs):
        lines = self.line_ids.filtered(lambda line: line.product_id.id in product_ids)
        return lines.grouped("product_id")

    def _get_product_catalog_order_data(self, products, **kwargs):
        data = super()._get_product_catalog_order_data(products, **kwargs)
        for product_id, price in self._get_catalog_prices(products).items():
            data[product_id]["price"] = price
        return data

    def _get_catalog_prices(self, products):
        """Return the prices of products by their ids, in the quote's currency."""
        pricelist = self.pricelist_id.with_company(self.company_id)
        currency = pricelist.currency_id or self.currency_id
        prices = pricelist._get_products_price(
            products, 1.0, currency=currency, date=self.date_quote
        )
        return {
            product_id: self._convert_price(price, currency)
            for product_id, price in prices.items()
        }

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        """Set the quantity of a product on the quote from the catalog.

        :param int product_id: a ``product.product``
        :param float quantity: 0 takes the product off the quote
        :return: unit price after discount, in the quote's currency
        """
        self.ensure_one()
        line = self.line_ids.filtered(lambda line: line.product_id.id == product_id)
        if line and quantity:
            line.quantity = quantity
        elif line:
            line.unlink()
        elif quantity:
            line = line.create(
                {
                    "quote_id": self.id,
                    "product_id": product_id,
                    "quantity": quantity,
                    "sequence": max(self.line_ids.mapped("sequence"), default=0) + 1,
                }
            )
        if line.exists():
            return line._get_discounted_price()
        product = self.env["product.product"].browse(product_id)
        return self._get_catalog_prices(product)[product_id]
