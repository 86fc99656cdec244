from odoo import api, fields, models


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

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"sale_order_ref"}

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"sale_order_ref"}
