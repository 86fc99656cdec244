from odoo import api, models

from .billinator_quote_version import to_plain


class BillinatorQuoteLine(models.Model):
    """What a line costs, and how far that is below the pricelist."""

    _inherit = "billinator.quote.line"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        self._settle_requests(lines.quote_id)
        return lines

    def write(self, vals):
        left = self.quote_id if "quote_id" in vals else self.quote_id.browse()
        result = super().write(vals)
        self._settle_requests(self.quote_id | left)
        return result

    def unlink(self):
        quotes = self.quote_id
        result = super().unlink()
        self._settle_requests(quotes)
        return result

    # === Business === #

    def _reset_prices(self):
        result = super()._reset_prices()
        self.quote_id._withdraw_settled_requests()
        return result

    @api.model
    def _settle_requests(self, quotes):
        """Withdraw requests for approval that a change of lines leaves without reason.

        Where a quote is written together with its lines, it looks at all of them.
        """
        if not quotes._is_discount_handled():
            quotes._withdraw_settled_requests()

    @api.model
    def _get_commercial_fields(self):
        """Return the names of the fields that make a line's price."""
        return [
            "product_id",
            "quantity",
            "product_uom_id",
            "price_unit",
            "discount",
            "tax_ids",
            "extra_tax_data",
            "is_optional",
        ]

    def _is_quantity_open(self):
        """Whether the customer sets the quantity, so that no approval is about it."""
        return False

    def _get_commercial_content(self):
        content = to_plain(self, self._get_commercial_fields())
        if self._is_quantity_open():
            del content["quantity"]
        return content

    def _get_title(self):
        title, *_details = (self.name or "").split("\n", 1)
        return f"“{title}”"

    def _get_effective_discounts(self):
        """Return how many percent each line is below the pricelist: ``{line: float}``.

        The pricelist is asked anew: what a line remembers of it could be set by hand.
        Lines without product have no other price to be below of.
        """
        rules = self._get_pricelist_rules()
        return {
            line: line._get_discount_below(line._get_full_price(rules[line]))
            for line in self
            if not line.display_type
        }

    def _get_noted_discounts(self):
        """Return how many percent each line is below what the pricelist gave then."""
        return {
            line: line._get_discount_below(line._get_noted_full_price())
            for line in self
            if not line.display_type
        }

    def _get_discount_below(self, full_price):
        price = self._get_discounted_price()
        if self.product_id:
            price, full_price = self._take_other_taxes_out(price, full_price)
        if full_price <= 0 or price >= full_price:
            return 0.0
        return min(100.0, (1 - price / full_price) * 100)

    def _get_full_price(self, rule):
        """Return what the pricelist asks for, with the discount that it shows."""
        if not self.product_id:
            return self.price_unit
        return self._get_price(rule) * (1 - self._get_pricelist_discount(rule) / 100)

    def _get_noted_full_price(self):
        noted = self.pricelist_price_unit * (1 - self.pricelist_discount / 100)
        return noted or self.price_unit

    def _take_other_taxes_out(self, price, full_price):
        """Return both prices without taxes where they are with different ones."""
        # In a form, taxes have no ids of their own.
        taxes, product = self.tax_ids._origin, self.product_id._origin
        products_taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        # The pricelist's price goes with these, or else with the mapped ones; mapping
        # takes long where no tax is in the price.
        if taxes == products_taxes or not self._has_included(taxes | products_taxes):
            return price, full_price
        mapped_taxes = self.quote_id._get_product_taxes(product)._origin
        if taxes == mapped_taxes:
            return price, full_price
        return (
            self._without_included(taxes, price),
            self._without_included(mapped_taxes, full_price),
        )

    @api.model
    def _has_included(self, taxes):
        return any(taxes.flatten_taxes_hierarchy().mapped("price_include"))

    def _without_included(self, taxes, price):
        """Return the unit price without the taxes that are part of it."""
        if not self._has_included(taxes):
            return price
        Tax = self.env["account.tax"]
        base_line = Tax._prepare_base_line_for_taxes_computation(
            self, price_unit=price, quantity=1.0, discount=0.0, tax_ids=taxes
        )
        Tax._add_tax_details_in_base_line(base_line, self.company_id, "round_globally")
        return base_line["tax_details"]["raw_total_excluded_currency"]

    def _get_optional_rebates(self):
        """Return the options that take something off the total."""
        return self.filtered(lambda line: line.is_optional and line.price_subtotal < 0)

    def _get_worst_choices(self, discounts):
        """Return what the customer may choose of a quote's lines, as far as it matters.

        Whoever takes all rebates, and of the other options those with the larger
        discounts only, is further below the pricelist than with any other choice.

        :param discounts: effective discounts by line
        :return: list of lines
        """
        certain = self.filtered(lambda line: not line.is_optional)
        smallest = certain | self._get_optional_rebates()
        options = self - smallest
        by_discount = options.grouped(lambda option: discounts[option])
        choices = [smallest]
        for discount in sorted(by_discount, reverse=True):
            choices.append(choices[-1] | by_discount[discount])
        if not any(line.price_subtotal > 0 for line in certain):
            # An amount taken off is the more, the less it is taken off from.
            choices += [smallest | option for option in options]
        return choices

    def _get_overall_discount(self, discounts):
        """Return how many percent the lines together are below the pricelist.

        Negative lines count as discounts.

        :param discounts: effective discounts by line
        """
        full = sum(line._get_full_amount(discounts[line]) for line in self)
        amount = sum(self.mapped("price_subtotal"))
        return max(0.0, (1 - amount / full) * 100) if full > 0 else 0.0

    def _get_full_amount(self, discount):
        """Return what the line would come to by the pricelist, before taxes."""
        if self.price_subtotal < 0:
            return 0.0
        if discount < 100:
            return self.price_subtotal / (1 - discount / 100)
        # Given away: there is no amount left to tell it from.
        return self.quantity * self._get_noted_full_price()
