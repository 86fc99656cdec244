from odoo import api, models
from odoo.fields import Command


class ResPartner(models.Model):
    """Nobody is put into a segment by hand, or taken out of it."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse new partners in a segment: that follows from its rule."""
        partners = super().create(vals_list)
        if any(vals.get("crm_tag_ids") for vals in vals_list):
            partners._refuse_segments_by_hand({}, [])
        return partners

    def write(self, vals):
        """Refuse to change by hand who is in a segment.

        What replaces all tags, such as an import, is about the others.
        """
        if "crm_tag_ids" not in vals:
            return super().write(vals)
        before = {partner: partner._get_segments() for partner in self}
        result = super().write(vals)
        self._refuse_segments_by_hand(before, vals["crm_tag_ids"] or [])
        for partner in self:
            if lost := before[partner] - partner.crm_tag_ids:
                links = [Command.link(tag.id) for tag in lost]
                super(ResPartner, partner).write({"crm_tag_ids": links})
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

    def _refuse_segments_by_hand(self, before, commands):
        """Refuse segments that a partner entered, or that a command names to leave.

        :param dict before: the partners' segments as they were
        """
        nothing = self.env["billinator.tag"]
        unlinked = nothing.browse(
            command[1]
            for command in commands
            if isinstance(command, list | tuple) and command[0] == Command.UNLINK
        )
        for partner in self:
            segments = before.get(partner, nothing)
            changed = (partner._get_segments() - segments) | (segments & unlinked)
            if changed:
                changed._refuse_by_hand(changed[0].name)
