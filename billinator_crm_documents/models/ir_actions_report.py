import io

from odoo import models

QUOTE = "billinator_crm.report_quote"


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Put the pages of quotes' documents before and after them."""
        streams = super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids)
        report = self._get_report(report_ref)
        if report.report_name != QUOTE or not res_ids:
            return streams
        quotes = self.env["billinator.quote"].browse(dict.fromkeys(res_ids))
        quotes = quotes.filtered(lambda quote: quote._has_pages())
        if quotes and False in streams:
            # Printed at once, they could not be told apart.
            streams = {}
            for res_id in res_ids:
                streams |= super()._render_qweb_pdf_prepare_streams(
                    report_ref, data, [res_id]
                )
        for quote in quotes:
            stream = streams[quote.id]
            # What was kept as it was printed has its pages.
            if not (stream["attachment"] and report.attachment_use):
                pdf = quote._insert_pages(stream["stream"].getvalue())
                stream["stream"] = io.BytesIO(pdf)
        return streams
