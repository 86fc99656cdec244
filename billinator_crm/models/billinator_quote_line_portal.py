import math

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round

from ..formatting import format_price
from .billinator_quote_line import FROZEN_FIELDS, NOTED, PRICES

# Ten million of anything are more than any quote means, and less than any number that
# the database or a total could stumble over.
MAX_QUANTITY = 10_000_000
# Of a price, as the PDF has it.
MAX_DECIMALS = 6


class BillinatorQuoteLine(models.Model):
    """What the customer may choose on the quote's page."""

    _inherit = "billinator.quote.line"

    is_quantity_editable = fields.Boolean(
        string="Customer Sets Quantity",
        help="The customer may change the quantity on the quote's page.",
    )

    # === Constraints === #

    @api.constrains(*FROZEN_FIELDS)
    def _check_quote_editable(self):
        result = super()._check_quote_editable()
        self.quote_id._touch_content()
        return result

    # === CRUD === #

    def unlink(self):
        quotes = self.quote_id
        result = super().unlink()
        quotes._touch_content()
        return result

    # === Business === #

    def _is_quantity_open(self):
        # More of what takes something off the total is for the salesperson to give.
        is_open = self.is_quantity_editable and self.price_unit >= 0
        return is_open or super()._is_quantity_open()

    def _has_telling_unit(self):
        """Whether the unit says more than that things are counted."""
        self.ensure_one()
        pieces = self.env.ref("uom.product_uom_unit", raise_if_not_found=False)
        return bool(self.product_uom_id) and self.product_uom_id != pieces

    def _format_price(self, price):
        """Return a unit price as exactly as the PDF has it."""
        self.ensure_one()
        least = self._fields["price_unit"].get_min_display_digits(self.env)
        return format_price(self.env, price, self.currency_id, least)

    def _get_price_to_pay(self):
        """Return the discounted price, as short as it comes to the same amount."""
        price, quantity = self._get_discounted_price(), self.quantity
        currency = self.currency_id
        if not self.discount:
            return price
        for digits in range(currency.decimal_places, MAX_DECIMALS):
            rounded = float_round(price, precision_digits=digits)
            if currency.compare_amounts(rounded * quantity, price * quantity) == 0:
                return rounded
        return price

    def _choose(self, is_selected=None, quantity=None):
        """Take the customer's choice, as far as the salesperson left it open.

        :param bool is_selected: whether an optional line is part of the quote
        :param float quantity: in the line's unit; rounded to what units are kept in
        :raise UserError: for lines that leave no such choice, and for quantities that
            are not positive or beyond all reason
        """
        self.ensure_one()
        values = {}
        if is_selected is not None:
            self._check_choice(self.is_optional)
            values["is_selected"] = is_selected
        if quantity is not None:
            self._check_choice(self._is_quantity_open())
            values["quantity"] = self._get_valid_quantity(quantity)
        rule, offered = self.pricelist_item_id, {n: self[n] for n in PRICES | NOTED}
        self.write(values)
        if self.pricelist_item_id == rule:
            # Whatever prices have become since, this is what the customer was offered.
            # As sudo: nobody sets what the pricelist gave.
            self.sudo().write(offered)

    def _check_choice(self, is_open):
        if not is_open or self.display_type:
            raise UserError(
                self.env._("This line is fixed. Ask us if you need something else.")
            )

    def _get_valid_quantity(self, quantity):
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        if not math.isfinite(quantity) or abs(quantity) > MAX_QUANTITY:
            raise UserError(self.env._("Please enter a smaller quantity."))
        rounded = float_round(quantity, precision_digits=digits)
        if rounded <= 0:
            raise UserError(self.env._("Please enter a quantity above zero."))
        return rounded
