from odoo import api, fields, models

from odoo.addons.billinator_crm.caches import forget_settings

PRODUCT_RELATION = "billinator_quote_document_product_rel"
# Who may read documents.
READERS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_readonly,"
    "account.group_account_invoice"
)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    billinator_document_ids = fields.Many2many(
        "billinator.quote.document",
        PRODUCT_RELATION,
        "product_tmpl_id",
        "document_id",
        string="Quote Documents",
        # Another product has another data sheet.
        copy=False,
        groups=READERS,
        help="PDFs that quotes get together with this product, and lose with it.",
    )
    billinator_document_count = fields.Integer(
        string="Quote Document Count",
        compute="_compute_billinator_document_count",
        groups=READERS,
    )

    @api.depends("billinator_document_ids")
    def _compute_billinator_document_count(self):
        for product in self:
            product.billinator_document_count = len(product.billinator_document_ids)

    @api.constrains("billinator_document_ids", "company_id")
    def _check_billinator_documents(self):
        self.with_context(active_test=False).billinator_document_ids._check_products()

    @api.model_create_multi
    def create(self, vals_list):
        products = super().create(vals_list)
        # As sudo: not everybody who makes products sees documents, which also come by
        # a default in the context.
        products_sudo = products.sudo().with_context(active_test=False)
        documents_sudo = products_sudo.billinator_document_ids
        products._give_to_documents(documents_sudo.with_env(self.env))
        return products

    def write(self, vals):
        if "billinator_document_ids" not in vals:
            return super().write(vals)
        products = self.with_context(active_test=False)
        former = products.billinator_document_ids
        result = super().write(vals)
        self._give_to_documents(former | products.billinator_document_ids)
        return result

    @api.model
    def _give_to_documents(self, documents):
        """Refuse those who may not change the documents, and let it hold at once."""
        if documents:
            documents.check_access("write")
            forget_settings(self.env)
