from odoo import api, models
from odoo.fields import Command


# pylint: disable=consider-merging-classes-inherited
class ResPartner(models.Model):
    """Nobody is put into a segment by hand, or taken out of it."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse new partners in a segment: that follows from its rule."""
        partners = super().create(vals_list)
        if any(vals.get("crm_tag_ids") for vals in vals_list):
            partners._check_segments(
                dict.fromkeys(partners, self.env["billinator.tag"])
            )
        return partners

    def write(self, vals):
        """Refuse to change by hand who is in a segment."""
        if "crm_tag_ids" not in vals:
            return super().write(vals)
        before = {partner: partner._get_segments() for partner in self}
        result = super().write(vals)
        self._check_segments(before)
        return result

    def copy_data(self, default=None):
        """Leave a copy out of the segments, until their rule takes it in."""
        copies = super().copy_data(default)
        for partner, values in zip(self, copies, strict=True):
            if "crm_tag_ids" in values and "crm_tag_ids" not in (default or {}):
                tags = partner.crm_tag_ids - partner._get_segments()
                values["crm_tag_ids"] = [Command.set(tags.ids)]
        return copies

    def _get_segments(self):
        return self.crm_tag_ids.filtered("is_segment")

    def _check_segments(self, before):
        for partner in self:
            now = partner._get_segments()
            changed = (now - before[partner]) | (before[partner] - now)
            if changed:
                changed._refuse_by_hand(changed[0].name)
