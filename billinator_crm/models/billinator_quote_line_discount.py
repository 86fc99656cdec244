from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..markers import DISCOUNT_FOLLOWS_LATER, DISCOUNT_IS_WRITTEN

# Fields of a line that the discount on the whole quote follows.
DISCOUNTED_BY = {
    "analytic_distribution",
    "discount",
    "display_type",
    "extra_tax_data",
    "is_global_discount",
    "is_optional",
    "is_selected",
    "price_unit",
    "product_id",
    "product_uom_id",
    "quantity",
    "quote_id",
    "sequence",
    "tax_ids",
}

HIDDEN_AMOUNTS = {"extra_tax_data", "is_global_discount"}


class BillinatorQuoteLine(models.Model):
    """The lines of a discount on the whole quote, and those that it follows."""

    _inherit = "billinator.quote.line"

    is_global_discount = fields.Boolean(
        readonly=True, help="A line that takes the quote's discount off."
    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_hidden_amounts()
        lines._refresh_global_discount()
        return lines

    def write(self, vals):
        if "is_global_discount" in vals:
            self._check_discount_refreshed()
        left = self.quote_id if "quote_id" in vals else self.quote_id.browse()
        result = super().write(vals)
        if HIDDEN_AMOUNTS & vals.keys():
            self._check_hidden_amounts()
        if DISCOUNTED_BY & vals.keys():
            self._refresh_global_discount(left)
        return result

    def unlink(self):
        quotes = self.quote_id
        given_up = self.filtered("is_global_discount").quote_id
        result = super().unlink()
        if not DISCOUNT_IS_WRITTEN.is_on(self.env):
            # Who deletes the line of a discount does not want the discount.
            given_up.action_remove_discount()
            (quotes - given_up)._follow_lines()
        return result

    # === Business === #

    def _check_discount_refreshed(self):
        """Let only the discount say which lines are its own: it rewrites them."""
        if not (self.env.su or DISCOUNT_IS_WRITTEN.is_on(self.env)):
            raise UserError(
                self.env._(
                    "“%s” is computed and cannot be set.",
                    self._fields["is_global_discount"]._description_string(self.env),
                )
            )

    def _check_hidden_amounts(self):
        """Let nobody give other lines another amount than they show."""
        # A constraint would always see a superuser, who may.
        if not self.env.su and self.filtered(
            lambda line: line.extra_tax_data and not line.is_global_discount
        ):
            raise ValidationError(
                self.env._(
                    "Only the lines of a discount on the whole quote have amounts of "
                    "their own."
                )
            )

    def _reset_prices(self):
        """Let the discount follow the new prices, and not the zeros before them."""
        postponed = DISCOUNT_FOLLOWS_LATER.on(self)
        result = super(BillinatorQuoteLine, postponed)._reset_prices()
        self._refresh_global_discount()
        return result

    def _refresh_global_discount(self, left=None):
        """Let the discounts of the lines' quotes, and of those left, follow them."""
        quotes = self.quote_id | left if left else self.quote_id
        quotes._follow_lines()
