from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .billinator_quote_line import DISPLAY_TYPES


class BillinatorQuoteTemplateLine(models.Model):
    """A line that a template gives to quotes: of a product, a text or a section."""

    _name = "billinator.quote.template.line"
    _description = "Quote Template Line"
    _inherit = [
        "billinator.computed.mixin",
        "billinator.numbers.mixin",
        "billinator.reference.mixin",
    ]
    _order = "template_id, sequence, id"
    _check_company_auto = True

    # === Fields === #

    template_id = fields.Many2one(
        "billinator.quote.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    display_type = fields.Selection(DISPLAY_TYPES)
    company_id = fields.Many2one(
        related="template_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="template_id.currency_id")
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('sale_ok', '=', True), ('type', '!=', 'combo')]",
    )
    name = fields.Text(
        string="Description",
        translate=True,
        help="Leave empty for the product's own description, in each customer's "
        "language.",
    )
    quantity = fields.Float(
        compute="_compute_quantity",
        store=True,
        readonly=False,
        precompute=True,
        digits="Product Unit",
        required=True,
    )
    product_uom_id = fields.Many2one(
        "uom.uom",
        string="Unit",
        compute="_compute_product_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        domain="[('id', 'in', allowed_uom_ids)]",
    )
    allowed_uom_ids = fields.Many2many("uom.uom", compute="_compute_allowed_uom_ids")
    price_unit = fields.Float(
        string="Unit Price",
        min_display_digits="Product Price",
        help="Of lines without a product, in the company's currency. Products have "
        "the price of each quote's pricelist.",
    )
    discount = fields.Float(
        string="Discount (%)",
        digits="Discount",
        help="Zero: what the pricelist of the quote gives.",
    )
    is_optional = fields.Boolean(
        string="Optional", help="The customer may take this line or leave it."
    )
    is_quantity_editable = fields.Boolean(
        string="Customer Sets Quantity",
        help="The customer may change the quantity on the quote's page.",
    )
    collapse_prices = fields.Boolean()
    collapse_composition = fields.Boolean()

    # === Constraints === #

    _product_or_text = models.Constraint(
        "CHECK(display_type IS NULL OR (product_id IS NULL AND quantity = 0"
        " AND product_uom_id IS NULL))",
        "Sections and notes carry a text, but neither product, quantity nor price.",
    )
    _discount_range = models.Constraint(
        "CHECK(discount BETWEEN 0 AND 100)",
        "A discount is a percentage: choose a value from 0 to 100.",
    )

    # === Computes === #

    @api.depends("display_type")
    def _compute_quantity(self):
        for line in self:
            line.quantity = 0.0 if line.display_type else line.quantity or 1.0

    @api.depends("product_id")
    def _compute_product_uom_id(self):
        for line in self:
            line.product_uom_id = line.product_id.uom_id

    @api.depends("product_id")
    def _compute_allowed_uom_ids(self):
        # Of the template itself: what products inherit is computed one by one.
        for template, lines in self.grouped(
            lambda line: line.product_id.product_tmpl_id
        ).items():
            lines.allowed_uom_ids = template.uom_id | template.uom_ids

    @api.depends("template_id", "name", "product_id")
    def _compute_display_name(self):
        for line in self:
            text = (line.name or line.product_id.display_name or "").split("\n", 1)[0]
            line.display_name = f"{line.template_id.name} - {text}"

    # === Checks === #

    @api.constrains("template_id", "name", "product_id")
    def _check_name(self):
        for line in self:
            if not line.product_id and not (line.name or "").strip():
                raise ValidationError(
                    self.env._("Every line of a template needs a product or a text.")
                )

    # === Business === #

    def _prepare_quote_line_values(self, quote):
        """Return the values of the line on a quote; what is left out, it computes.

        Prices, taxes and descriptions of products are the quote's to find.
        """
        self.ensure_one()
        line = self.with_context(lang=quote._get_customers_language())
        values = {"template_line_id": self.id, **self._get_common_values(self)}
        if line.name:
            values["name"] = line.name
        if self.display_type:
            return values
        values["quantity"] = self.quantity
        if self.discount:
            values["discount"] = self.discount
        if self.product_id:
            return {
                **values,
                "product_id": self.product_id.id,
                "product_uom_id": self.product_uom_id.id,
            }
        return {**values, "price_unit": self._get_price(quote)}

    @api.model
    def _get_common_values(self, line):
        """Return what a line of a quote and one of its template have in common."""
        names = (
            "display_type",
            "is_optional",
            "is_quantity_editable",
            "collapse_prices",
            "collapse_composition",
        )
        return {name: line[name] for name in names}

    def _get_price(self, quote):
        """Return the price of a line without product in the quote's currency."""
        company = quote.company_id
        return company.currency_id._convert(
            self.price_unit, quote.currency_id, company, quote.date_quote, round=False
        )

    def _is_untouched(self, quote_line):
        """Whether a line of a quote is still what this line made of it."""
        self.ensure_one()
        names = ("quantity", "product_id", "display_type", "is_optional")
        return (
            all(self[name] == quote_line[name] for name in names)
            and (not self.name or quote_line.name in self._get_texts())
            and (bool(self.display_type) or self._has_given_price(quote_line))
        )

    def _get_texts(self):
        """Return what the line says in each language; quotes may change theirs."""
        languages = self.env["res.lang"].get_installed()
        return {self.with_context(lang=code).name for code, _name in languages}

    def _has_given_price(self, quote_line):
        """Whether a line of a quote costs what this line and the pricelist made it."""
        quote, product = quote_line.quote_id, self.product_id
        price = quote_line.pricelist_price_unit if product else self._get_price(quote)
        return (
            quote_line.price_unit == price
            and quote_line.discount == (self.discount or quote_line.pricelist_discount)
            and (not product or quote_line.product_uom_id == self.product_uom_id)
            and quote_line.tax_ids._origin == quote._get_product_taxes(product)
        )
