from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import formatLang

from ..arguments import arguments, as_number
from ..formatting import format_number
from ..markers import DISCOUNT_FOLLOWS_LATER, DISCOUNT_IS_WRITTEN

DISCOUNTS = ("discount_percentage", "discount_amount")
# Fields of the quote that its discount lines follow.
DISCOUNTED_BY = {
    *DISCOUNTS,
    "company_id",
    "currency_id",
    "date_quote",
    "fiscal_position_id",
    "line_ids",
    "partner_id",
    "pricelist_id",
}


class BillinatorQuote(models.Model):
    """A discount on the whole quote.

    What is given is kept on the quote; lines for each combination of taxes, made by
    the helpers of ``account.tax``, take it off. They follow every change of the other
    lines by themselves, so that ten percent stay ten percent.
    """

    _inherit = "billinator.quote"

    discount_percentage = fields.Float(
        string="Discount on All (%)",
        digits="Discount",
        default=0.0,
        tracking=True,
        help="Taken off the whole quote, by lines of its own.",
    )
    discount_amount = fields.Monetary(
        string="Discount on All",
        default=0.0,
        tracking=True,
        help="Taken off the whole quote, by lines of its own; taxes included.",
    )

    _discount_range = models.Constraint(
        "CHECK(COALESCE(discount_percentage, 0) BETWEEN 0 AND 100)",
        "A discount is a percentage: choose a value from 0 to 100.",
    )
    _discount_amount_positive = models.Constraint(
        "CHECK(COALESCE(discount_amount, 0) >= 0)",
        "A discount is taken off: choose an amount that is not negative.",
    )
    _one_discount = models.Constraint(
        "CHECK(COALESCE(discount_percentage, 0) = 0"
        " OR COALESCE(discount_amount, 0) = 0)",
        "Give either a percentage or an amount of discount, not both.",
    )

    # === Constraints === #

    @api.constrains("discount_percentage", "discount_amount")
    def _check_discount(self):
        self._check_editable()
        for quote in self.filtered("discount_amount"):
            total = quote._get_discountable_total()
            if quote.currency_id.compare_amounts(quote.discount_amount, total) > 0:
                raise ValidationError(
                    self.env._(
                        "The discount exceeds the total of quote %(quote)s, which is "
                        "%(total)s with taxes.",
                        quote=quote.name,
                        total=formatLang(
                            self.env, total, currency_obj=quote.currency_id
                        ),
                    )
                )

    # === CRUD === #

    def write(self, vals):
        """Let the discount follow all that is written at once, and not line by line."""
        quotes = self
        if "line_ids" in vals:
            quotes = DISCOUNT_FOLLOWS_LATER.on(self)
        result = super(BillinatorQuote, quotes).write(vals)
        if DISCOUNTED_BY & vals.keys():
            given = self if set(DISCOUNTS) & vals.keys() else self._get_discounted()
            given._refresh_discount_lines()
        return result

    # === Actions === #

    @arguments(percentage=as_number, amount=as_number)
    def action_apply_discount(self, percentage=None, amount=None, per_line=False):
        """Give a discount on the quotes, instead of the one they had.

        A percentage or amount of the whole is taken off by lines of its own, one for
        each combination of taxes, which follow when other lines change.

        :param float percentage: from 0 to 100, of all lines
        :param float amount: in the quote's currency, taxes included; alternatively
        :param bool per_line: set the percentage as discount of each product's line,
            instead of discounts there; lines that are added later get none
        :return: True
        :raises UserError: for both, none, less than nothing, or more than there is to
            take off
        """
        self.check_access("write")
        if bool(percentage) == bool(amount) or (per_line and not percentage):
            raise UserError(
                self.env._("Give either a percentage or an amount of discount.")
            )
        self._check_discount_range(percentage or 0.0, amount or 0.0)
        if per_line:
            self.action_remove_discount()
            self._get_own_lines().write({"discount": percentage})
        else:
            self.write(
                {
                    "discount_percentage": percentage or 0.0,
                    "discount_amount": amount or 0.0,
                }
            )
        return True

    def action_remove_discount(self):
        """Take the discount on the whole off the quotes; discounts of lines stay.

        :return: True
        :raises ValidationError: for quotes that cannot be changed any more
        """
        self.write({"discount_percentage": 0.0, "discount_amount": 0.0})
        return True

    # === Business === #

    @api.model
    def _check_discount_range(self, percentage, amount):
        """Refuse what the database would refuse, too, and log as a bad query."""
        if not 0 <= percentage <= 100:
            raise ValidationError(
                self.env._("A discount is a percentage: choose a value from 0 to 100.")
            )
        if amount < 0:
            raise ValidationError(
                self.env._(
                    "A discount is taken off: choose an amount that is not negative."
                )
            )

    def _get_discounted(self):
        """Return the quotes with a discount on the whole, or with lines that say so."""
        return self.filtered(
            lambda quote: (
                quote.discount_percentage
                or quote.discount_amount
                or any(quote.line_ids.mapped("is_global_discount"))
            )
        )

    def _get_discountable_base_lines(self):
        """Return what the discount is taken off, as ``account.tax`` computes it."""
        lines = self._get_priced_lines() & self._get_own_lines()
        return self._get_base_lines(lines, with_early_payment=False)

    @api.model
    def _get_commercial_fields(self):
        return [*super()._get_commercial_fields(), *DISCOUNTS]

    def _get_discount_share(self, lines):
        """Return which part of a quote of ``lines``, from 0 to 1, is taken off."""
        self.ensure_one()
        if not self.discount_amount:
            return self.discount_percentage / 100
        base_lines = self._get_base_lines(lines, with_early_payment=False)
        total = self._get_total_of_base_lines(base_lines)
        return min(1.0, self.discount_amount / total) if total > 0 else 0.0

    def _get_discountable_total(self):
        """Return the total without the discount, taxes included."""
        self.ensure_one()
        base_lines = self._get_discountable_base_lines()
        return self._get_total_of_base_lines(base_lines)

    def _get_total_of_base_lines(self, base_lines):
        return self._add_up_base_lines(base_lines)["total_amount_currency"]

    def _follow_lines(self):
        """Let the discounts follow their quotes' lines, unless that comes later."""
        if not self._is_discount_handled():
            self._get_discounted()._refresh_discount_lines()

    @api.model
    def _is_discount_handled(self):
        """Whether somebody sees to the discount when all lines are written."""
        return any(
            marker.is_on(self.env)
            for marker in (DISCOUNT_FOLLOWS_LATER, DISCOUNT_IS_WRITTEN)
        )

    def _refresh_discount_lines(self):
        """Make the discount lines what follows from the discount and other lines."""
        for quote in DISCOUNT_IS_WRITTEN.on(self):
            if quote.is_editable:
                quote._set_discount_lines(quote._prepare_discount_lines_values())

    def _set_discount_lines(self, vals_list):
        """Change the discount lines in place as far as they are there."""
        lines = self.line_ids.filtered("is_global_discount").sorted()
        types = [vals["display_type"] for vals in vals_list]
        if lines.mapped("display_type") != types:
            lines.unlink()
            self.env["billinator.quote.line"].create(vals_list)
            return
        for line, vals in zip(lines, vals_list, strict=True):
            line.write(vals)

    def _prepare_discount_lines_values(self):
        """Return the values of the lines that take the discount off."""
        base_lines = self._prepare_discount_base_lines()
        several = len(base_lines) > 1
        own_rows = self._get_own_rows()
        sequence = max(own_rows.mapped("sequence"), default=0) + 1
        common = {"quote_id": self.id, "is_global_discount": True, "sequence": sequence}
        values = [
            {**common, **self._prepare_discount_line_values(base_line, several)}
            for base_line in base_lines
        ]
        if values and "line_section" in own_rows.mapped("display_type"):
            # Not below the last section, whose subtotal it would change.
            name = self.with_context(lang=self._get_customers_language()).env._(
                "Discount"
            )
            header = {"display_type": "line_section", "name": name}
            values.insert(0, {**common, **header})
        return values

    def _prepare_discount_base_lines(self):
        """Let ``account.tax`` make lines that take the discount off, taxes and all."""
        self.ensure_one()
        base_lines = self._get_discountable_base_lines()
        is_fixed = bool(self.discount_amount)
        amount = self.discount_percentage
        if is_fixed:
            # Lines that left since then must not turn the total negative.
            total = self._get_total_of_base_lines(base_lines)
            amount = max(0.0, min(self.discount_amount, total))
        if not base_lines or not amount:
            return []
        discount = self.env["account.tax"]._prepare_global_discount_lines(
            base_lines=base_lines,
            company=self.company_id,
            amount_type="fixed" if is_fixed else "percent",
            amount=amount,
            computation_key=f"global_discount,{self.id}",
            grouping_function=self._get_discount_line_key,
        )
        return self._unite_tax_bases(discount)

    @api.model
    def _get_discount_line_key(self, _base_line):
        """Make one line for each combination of taxes, of no product."""
        return {
            "product_id": self.env["product.product"],
            "product_uom_id": self.env["uom.uom"],
        }

    def _prepare_discount_line_values(self, base_line, several):
        taxes = base_line["tax_ids"]
        return {
            "display_type": False,
            "name": self._get_discount_line_name(taxes if several else taxes.browse()),
            "quantity": base_line["quantity"],
            "price_unit": base_line["price_unit"],
            "discount": 0.0,
            "tax_ids": [Command.set(taxes.ids)],
            "analytic_distribution": base_line["analytic_distribution"],
            "extra_tax_data": self.env["account.tax"]._export_base_line_extra_tax_data(
                base_line
            ),
        }

    def _get_discount_line_name(self, taxes):
        """Return what the customer reads; with taxes, where there are several lines."""
        quote = self.with_context(lang=self._get_customers_language())
        name = quote.env._("Discount")
        if self.discount_percentage:
            percentage = format_number(quote.env, self.discount_percentage)
            name = quote.env._("Discount of %s %%", percentage)
        labels = taxes.with_env(quote.env).mapped("tax_label")
        names = ", ".join(filter(None, labels))
        return f"{name} ({names})" if names else name
