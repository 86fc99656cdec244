from odoo import api, fields, models


class BillinatorQuoteLine(models.Model):
    """What exactly a line of a quote says, from version to version."""

    _inherit = "billinator.quote.line"

    origin_line_id = fields.Many2one(
        "billinator.quote.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The line of an earlier version that this one was first, wherever it "
        "stands now.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_origins_readable(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_origins_readable([vals])
        return super().write(vals)

    @api.model
    def _check_origins_readable(self, vals_list):
        """Refuse lines of foreign quotes, whose names would be told."""
        # What is no id at all, the ORM refuses.
        ids = {vals.get("origin_line_id") for vals in vals_list}
        self.browse(one for one in ids if type(one) is int).check_access("read")

    def _get_origin(self):
        """Return what the line was when it was first written down."""
        return self.origin_line_id or self

    def _prepare_revision_values(self, copied):
        """Return the values of the line in the next version.

        :param dict copied: the values of a copy
        """
        self.ensure_one()
        return {**copied, "origin_line_id": self._get_origin().id}

    @api.model
    def _get_content_fields(self):
        """Return the names of the fields that say something to the customer.

        The place of the line in the quote says something, too, but not its number.
        """
        return [
            "display_type",
            "product_id",
            "name",
            "quantity",
            "product_uom_id",
            "price_unit",
            "discount",
            "tax_ids",
            "is_optional",
            "is_selected",
            "collapse_prices",
            "collapse_composition",
            "price_subtotal",
            "price_total",
        ]
