from odoo import fields, models


class BillinatorQuoteTemplate(models.Model):
    _inherit = "billinator.quote.template"

    # Of whichever company: a shared template brings each company its own.
    document_ids = fields.Many2many(
        "billinator.quote.document",
        "billinator_quote_template_document_rel",
        "template_id",
        "document_id",
        string="Documents",
        help="What quotes get with this template, besides the documents that are on "
        "every quote. Those of another company are left out.",
    )
