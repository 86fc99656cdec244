from odoo import fields, models


class BillinatorQuoteTemplate(models.Model):
    _inherit = "billinator.quote.template"

    document_ids = fields.Many2many(
        "billinator.quote.document",
        "billinator_quote_template_document_rel",
        "template_id",
        "document_id",
        string="Documents",
        check_company=True,
        help="What quotes get with this template, besides the documents that are on "
        "every quote.",
    )
