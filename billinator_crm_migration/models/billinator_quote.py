from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class BillinatorQuote(models.Model):
    """Quotes that were quotations of Odoo's Sales, which may not be installed."""

    _inherit = "billinator.quote"

    sale_order_ref = fields.Integer(
        string="Quotation in Sales",
        aggregator=None,
        copy=False,
        readonly=True,
        exportable=False,
        help="The id of the quotation that the quote was brought over from.",
    )

    _sale_order_ref_uniq = models.UniqueIndex(
        "(sale_order_ref) WHERE sale_order_ref > 0",
        "The quotation was brought over already.",
    )

    def _create_invoices(self, vals_list):
        """Invoice nothing that was sold in Sales after it was brought over."""
        self._check_not_sold_in_sales()
        return super()._create_invoices(vals_list)

    def _check_not_sold_in_sales(self):
        if "sale.order" not in self.env:
            return
        # As sudo: an order counts, whoever may see it, also that of a former version.
        quotes_sudo = self.sudo()._get_versions()
        refs = [ref for ref in quotes_sudo.mapped("sale_order_ref") if ref]
        sold_sudo = quotes_sudo.env["sale.order"].search(
            Domain("id", "in", refs)
            & (Domain("state", "=", "sale") | Domain("invoice_ids", "!=", False)),
            limit=1,
        )
        if sold_sudo:
            raise UserError(
                self.env._(
                    "“%s” was sold in Sales: it is invoiced there.", sold_sudo.name
                )
            )

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"sale_order_ref"}

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"sale_order_ref"}
