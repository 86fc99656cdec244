from odoo import api, fields, models
from odoo.exceptions import UserError

from ..arguments import get_active_ids, one_record

TAGGED = ("res.partner", "billinator.opportunity", "billinator.quote")


class BillinatorTagAssign(models.TransientModel):
    """Put tags on, and take tags off, the records chosen in a list."""

    _name = "billinator.tag.assign"
    _description = "Assign Tags"
    _inherit = ["billinator.dialog.mixin"]

    add_tag_ids = fields.Many2many(
        "billinator.tag",
        "billinator_tag_assign_add_rel",
        string="Add",
        domain=[("is_segment", "=", False)],
    )
    remove_tag_ids = fields.Many2many(
        "billinator.tag",
        "billinator_tag_assign_remove_rel",
        string="Remove",
        domain=[("is_segment", "=", False)],
    )

    @api.model
    def _get_tag_field(self, model):
        return "crm_tag_ids" if model == "res.partner" else "tag_ids"

    @one_record
    def action_assign(self):
        """Change the tags of the context's ``active_ids`` of ``active_model``.

        :return: an action that closes the dialog
        :raises UserError: for models without tags
        """
        model = self.env.context.get("active_model")
        if model not in TAGGED:
            raise UserError(self.env._("Choose what to tag in a list first."))
        records = self.env[model].browse(get_active_ids(self))
        commands = [fields.Command.link(tag.id) for tag in self.add_tag_ids]
        commands += [fields.Command.unlink(tag.id) for tag in self.remove_tag_ids]
        records.write({self._get_tag_field(model): commands})
        return {"type": "ir.actions.act_window_close"}
