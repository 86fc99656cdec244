from odoo import api, models

from odoo.addons.billinator_crm.caches import forget_settings


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model_create_multi
    def create(self, vals_list):
        """Let quotes know which of the products with documents the new ones are of.

        Odoo empties its caches then, but whoever sees none of them yet may fill them.
        """
        products = super().create(vals_list)
        documented = self.env["billinator.quote.document"]._get_ids_by_product()
        if not documented.keys().isdisjoint(products.product_tmpl_id.ids):
            forget_settings(self.env)
        return products
