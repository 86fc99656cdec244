from odoo import models


class AccountEdiXmlUbl20(models.AbstractModel):
    _inherit = "account.edi.xml.ubl_20"

    def _add_invoice_header_nodes(self, document_node, vals):
        """Name the quote where Odoo's own sales name their order."""
        result = super()._add_invoice_header_nodes(document_node, vals)
        number = vals["invoice"]._get_billinator_quote_number()
        if number:
            document_node["cac:OrderReference"]["cbc:SalesOrderID"] = {"_text": number}
        return result
