from odoo import models
from odoo.fields import Domain

from ..changes import SHOWN_BY, mark_changed

# Which partners the API shows of a record.
SHOWN_PARTNERS = {
    "billinator.opportunity": ["partner_id"],
    "billinator.quote": ["partner_id"],
    "billinator.activity": ["partner_id"],
    "billinator.note": ["partner_id"],
    "billinator.contact": ["customer_id", "person_id"],
}


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        moving = [
            self._get_moving(model, names, src_partners)
            for model, names in SHOWN_PARTNERS.items()
        ]
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self._mark_moved(moving)
        return result

    def _get_moving(self, model, names, sources):
        domain = Domain.OR(Domain(name, "in", sources.ids) for name in names)
        # The merge is the admin's; it takes all records along.
        return self.env[model].sudo().with_context(active_test=False).search(domain)

    def _update_reference_fields(self, src_partners, dst_partner):
        self._move_external_references(src_partners, dst_partner)
        return super()._update_reference_fields(src_partners, dst_partner)

    def _merge_contact(self, source, target):
        self._move_external_references(source, target)
        moving = [
            self._get_moving(model, [name], source)
            for model, name in SHOWN_BY["billinator.contact"].items()
        ]
        result = super()._merge_contact(source, target)
        self._mark_moved(moving)
        return result

    def _mark_moved(self, moving):
        # SQL has moved them, which notes no change.
        for records_sudo in moving:
            mark_changed(records_sudo.exists())

    def _move_external_references(self, sources, target):
        # The merge is the admin's; other systems know what stays by all of the names.
        self.env["billinator.external.reference"].sudo()._move(sources, target)
