import hashlib
import json

from odoo import api, fields, models
from odoo.tools import float_repr


# pylint: disable=consider-merging-classes-inherited
class BillinatorQuote(models.Model):
    """What exactly a quote says."""

    _inherit = "billinator.quote"

    content_hash = fields.Char(
        compute="_compute_content_hash",
        # Who asks makes no difference: archived or hidden taxes count as well.
        compute_sudo=True,
        exportable=False,
        help="Stands for all that the quote says to the customer: it changes when "
        "any of it does.",
    )

    @api.depends(lambda self: self._get_content_dependencies())
    def _compute_content_hash(self):
        for quote in self:
            quote.content_hash = bool(quote.id) and self._get_hash(quote._get_content())

    @api.model
    def _get_content_fields(self):
        """Return the names of the fields that say something to the customer."""
        return [
            "name",
            "company_id",
            "partner_id",
            "partner_invoice_id",
            "date_quote",
            "validity_date",
            "currency_id",
            "fiscal_position_id",
            "payment_term_id",
            "note",
        ]

    @api.model
    def _get_content_dependencies(self):
        line_fields = self.env["billinator.quote.line"]._get_content_fields()
        return [
            *self._get_content_fields(),
            "line_ids.sequence",
            *(f"line_ids.{name}" for name in line_fields),
            "tax_totals",
        ]

    def _get_content(self):
        """Return all that the quote says to the customer, in no language.

        That is both what the salesperson offers and what of it is chosen, line by
        line in the order of the quote, and the totals which the customer reads.

        :return: dict that is the same JSON in every process, whoever asks
        """
        self.ensure_one()
        lines = self.line_ids.sorted()
        return {
            "quote": _to_plain(self, self._get_content_fields()),
            "lines": [_to_plain(line, line._get_content_fields()) for line in lines],
            "totals": self._get_content_totals(),
        }

    def _get_content_totals(self):
        """Return the totals, by tax group as well, in the quote's currency."""
        totals = self.tax_totals
        names = ("base_amount_currency", "tax_amount_currency", "total_amount_currency")
        groups = (
            group
            for subtotal in totals["subtotals"]
            for group in subtotal["tax_groups"]
        )

        def read(amounts):
            digits = self.currency_id.decimal_places
            return [
                float_repr(amounts[name], digits) for name in names if name in amounts
            ]

        return [read(totals), sorted([group["id"], *read(group)] for group in groups)]

    @api.model
    def _get_hash(self, content):
        """Return the SHA-256, in hexadecimal, of plain data."""
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class BillinatorQuoteLine(models.Model):
    """What exactly a line of a quote says."""

    _inherit = "billinator.quote.line"

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


def _to_plain(record, names):
    """Return the values of a record as JSON knows them, the same for every reader."""
    return {name: _get_plain_value(record, record._fields[name]) for name in names}


def _get_plain_value(record, field):
    value = record[field.name]
    if field.type in ("one2many", "many2many"):
        return sorted(value.ids)
    if field.type == "many2one":
        return value.id
    if field.type == "monetary":
        # As the customer reads it: an amount just computed may carry float noise.
        return float_repr(value, record.currency_id.decimal_places)
    if field.type == "float":
        # Never “-0.0”.
        return value + 0.0
    return str(value) if value and field.type != "boolean" else value
