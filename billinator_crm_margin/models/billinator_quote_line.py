from odoo import api, fields, models

# Customers' users never are in it.
COLLEAGUES = "sales_team.group_sale_salesman"
# What another cost comes with, if it changes on the line.
COSTED_BY = ("quote_id", "display_type", "product_id", "product_uom_id")
# What new lines read of their products, so that the cost comes along.
TAKEN_FROM_PRODUCT = ("active", "default_code", "product_tmpl_id", "standard_price")


class BillinatorQuoteLine(models.Model):
    """What a line costs ourselves, and what is left of its price."""

    _inherit = "billinator.quote.line"

    purchase_price = fields.Float(
        string="Cost",
        compute="_compute_purchase_price",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        min_display_digits="Product Price",
        aggregator=None,
        groups=COLLEAGUES,
        help="What one unit costs us, in the quote's currency: the product's cost, "
        "unless somebody sets another one.",
    )
    margin = fields.Monetary(
        compute="_compute_margin", store=True, precompute=True, groups=COLLEAGUES
    )
    margin_percent = fields.Float(
        string="Margin (%)",
        compute="_compute_margin",
        store=True,
        precompute=True,
        digits=(16, 2),
        aggregator=None,
        groups=COLLEAGUES,
        help="The margin as part of the amount before taxes. Lines that take something "
        "off have none.",
    )

    # === Constraints === #

    _cost_of_something = models.Constraint(
        "CHECK(COALESCE(purchase_price, 0) = 0"
        " OR (display_type IS NULL AND is_global_discount IS NOT TRUE))",
        "Sections, notes and the discount on the whole quote cost nothing.",
    )

    # === Computes === #

    # As the price, it does not follow the quote's date: prices are updated for that.
    @api.depends(
        "display_type", "product_id", "product_uom_id", "company_id", "currency_id"
    )
    def _compute_purchase_price(self):
        for line in self:
            if line.display_type:
                line.purchase_price = 0.0
            elif line.product_id:
                line.purchase_price = line._get_products_cost()
            else:
                line.purchase_price = line.purchase_price

    @api.depends("price_subtotal", "price_unit", "quantity", "purchase_price")
    def _compute_margin(self):
        for line in self:
            line.margin = line.price_subtotal - line._get_total_cost()
            is_sold = line.price_subtotal and line.price_unit > 0
            line.margin_percent = is_sold and line.margin / line.price_subtotal * 100

    # === Constraints === #

    @api.constrains("purchase_price")
    def _check_cost_editable(self):
        self.quote_id._check_editable()

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._fetch_products(vals_list)
        return super().create(vals_list)

    @api.model
    def _fetch_products(self, vals_list):
        product_ids = [vals.get("product_id") for vals in vals_list]
        # What is no id is refused by the ORM, which says why.
        ids = {one for one in product_ids if type(one) is int and one > 0}
        # As sudo: what the line's own fields are computed from, as sudo anyway.
        self.env["product.product"].browse(ids).sudo().fetch(TAKEN_FROM_PRODUCT)

    def copy_data(self, default=None):
        """Keep the costs that no product tells; all others are those of today."""
        return [
            vals if line.product_id else {"purchase_price": line.purchase_price, **vals}
            for line, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def write(self, vals):
        """Keep costs where somebody only repeats what they follow."""
        repeated = self.filtered(
            lambda line: all(
                line._has_value(name, vals[name]) for name in COSTED_BY if name in vals
            )
        )
        with self.env.protecting([self._fields["purchase_price"]], repeated):
            return super().write(vals)

    def _has_value(self, name, value):
        field = self._fields[name]
        cached = field.convert_to_cache(value, self)
        return field.convert_to_record(cached, self) == self[name]

    # === Business === #

    def _get_products_cost(self):
        """Return what a unit of the product costs in the quote's company."""
        product = self.product_id.with_company(self.company_id)
        cost = product.uom_id._compute_price(product.standard_price, self._get_uom())
        return cost * self.quote_id.currency_rate

    def _get_total_cost(self):
        return self.purchase_price * self.quantity

    def _get_cost_share(self):
        """Return which part of its price the line costs."""
        cost = self._get_total_cost()
        if self.price_subtotal:
            return cost / self.price_subtotal
        return float("inf") if cost > 0 else 0.0

    def _without_optional_returns(self):
        """Leave out what the customer may give in return, and its cost with it."""
        return self.filtered(
            lambda line: not line.is_optional or line._get_total_cost() >= 0
        )

    def _get_margin_together(self, discount_share):
        """Return the margin of the lines together, in percent.

        What is given away is lost; where nothing is sold, nothing is.

        :param discount_share: which part of their price, from 0 to 1, is taken off
        """
        amount = sum(self.mapped("price_subtotal")) * (1 - discount_share)
        cost = sum(line._get_total_cost() for line in self)
        if amount > 0:
            return (1 - cost / amount) * 100
        return -100.0 if cost > 0 else 100.0

    def _reset_prices(self):
        """Let the costs, too, be those of today."""
        # Before the prices, with which the quotes' approvals are judged anew.
        lines = self.filtered("product_id")
        self.env.add_to_compute(self._fields["purchase_price"], lines)
        lines.modified(["purchase_price"])
        result = super()._reset_prices()
        # Nothing changes any more when the quote is closed by the same call.
        lines.flush_recordset(["purchase_price"])
        return result

    def _get_commercial_content_with_cost(self):
        return [self._get_commercial_content(), self.purchase_price]

    def _prepare_revision_values(self, copied):
        """Let the next version cost what this one does."""
        values = super()._prepare_revision_values(copied)
        return {**values, "purchase_price": self.purchase_price}
