from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_reference_fields(self, src_partners, dst_partner):
        self._move_external_references(src_partners, dst_partner)
        return super()._update_reference_fields(src_partners, dst_partner)

    def _merge_contact(self, source, target):
        self._move_external_references(source, target)
        return super()._merge_contact(source, target)

    def _move_external_references(self, sources, target):
        # The merge is the admin's; other systems know what stays by all of the names.
        self.env["billinator.external.reference"].sudo()._move(sources, target)
