from odoo import fields, models


class BillinatorQuoteLine(models.Model):
    """Lines that come from a template, and templates made of lines."""

    _inherit = "billinator.quote.line"

    template_line_id = fields.Many2one(
        "billinator.quote.template.line",
        index="btree_not_null",
        ondelete="set null",
        help="The line of a template that this line came from.",
    )

    def _prepare_template_line_values(self):
        """Return the values of a template's line that makes lines like this one."""
        self.ensure_one()
        values = {
            **self.env["billinator.quote.template.line"]._get_common_values(self),
            "sequence": self.sequence,
            "name": False if self._has_products_name() else self.name,
        }
        if self.display_type:
            return values
        by_hand = self.discount != self.pricelist_discount
        return {
            **values,
            "product_id": self.product_id.id,
            "quantity": self.quantity,
            "product_uom_id": self.product_uom_id.id,
            "price_unit": 0.0 if self.product_id else self._get_company_price(),
            "discount": self.discount if by_hand else 0.0,
        }

    def _has_products_name(self):
        """Whether the line says what its product says in the customer's language."""
        lang = self.quote_id._get_customers_language()
        product = self.product_id.with_context(lang=lang)
        return product and self.name == product.get_product_multiline_description_sale()

    def _get_company_price(self):
        quote = self.quote_id
        return quote.currency_id._convert(
            self.price_unit,
            quote.company_id.currency_id,
            quote.company_id,
            quote.date_quote,
            round=False,
        )
