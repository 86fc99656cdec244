from werkzeug.exceptions import NotFound

from odoo.http import content_disposition, request, route

from odoo.addons.billinator_crm.controllers.portal import PAGE_URL, QuotePortal


class QuoteDocumentPortal(QuotePortal):
    """The documents on the quote's page."""

    def _prepare_quote_page_values(self, quote_sudo, access_token, params):
        values = super()._prepare_quote_page_values(quote_sudo, access_token, params)
        return {**values, "documents": quote_sudo._get_documents_sudo()}

    @route(
        f"{PAGE_URL}/documents/<int:document_id>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    def portal_crm_quote_document(self, quote_id, document_id, access_token=None, **_):
        """Download a file beside the quote, for who may see the quote's page."""
        try:
            quote_sudo = self._get_quote(quote_id, access_token)
        except NotFound:
            # Which says what there is to say, to whom.
            return self.portal_crm_quote(quote_id, access_token)
        document_sudo = quote_sudo._get_documents_sudo().filtered(
            lambda each: each.id == document_id and each.placement == "beside"
        )
        if not document_sudo:
            raise NotFound
        filename = document_sudo._get_filename()
        return request.make_response(
            document_sudo._read_intact_file(),
            headers={
                "Content-Type": "application/pdf",
                "Content-Disposition": content_disposition(filename),
            },
        )
