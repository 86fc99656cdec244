from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_rendering_context(self, report, docids, data):
        """Print no quote that has to be approved first, on whichever way asked for."""
        if report.model == "billinator.quote":
            self.env[report.model].browse(docids)._check_approved()
        return super()._get_rendering_context(report, docids, data)
