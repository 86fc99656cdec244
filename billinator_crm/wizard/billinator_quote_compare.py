from odoo import api, fields, models

from ..arguments import one_record


class BillinatorQuoteCompare(models.TransientModel):
    _name = "billinator.quote.compare"
    _description = "Compare Versions of a Quote"
    _inherit = ["billinator.dialog.mixin"]

    new_version_id = fields.Many2one(
        "billinator.quote",
        string="Version",
        required=True,
        ondelete="cascade",
    )
    old_version_id = fields.Many2one(
        "billinator.quote",
        string="Compared With",
        compute="_compute_old_version_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="cascade",
    )
    version_ids = fields.Many2many(
        "billinator.quote", string="All Versions", compute="_compute_version_ids"
    )
    changes = fields.Html(compute="_compute_changes", sanitize=False)

    @api.depends("new_version_id")
    def _compute_old_version_id(self):
        """Compare with the version before, the first one with the second."""
        for dialog in self:
            version = dialog.new_version_id
            dialog.old_version_id = (
                version.previous_version_id or version.next_version_id
            )

    @api.depends("new_version_id")
    def _compute_version_ids(self):
        for dialog in self:
            dialog.version_ids = dialog.new_version_id._get_versions()

    @api.depends("new_version_id", "old_version_id")
    def _compute_changes(self):
        for dialog in self:
            old, new = dialog.old_version_id, dialog.new_version_id
            dialog.changes = False
            if old and new:
                dialog.changes = self.env["ir.qweb"]._render(
                    "billinator_crm.billinator_quote_version_diff",
                    {"diff": new.get_version_diff(old.id)},
                )

    @one_record
    def action_open(self):
        """Open the newer one of the versions that the dialog compares.

        :return: a window action
        """
        self.new_version_id.check_access("read")
        return self.new_version_id._get_versions_action(self.new_version_id)
