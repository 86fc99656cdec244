from odoo import api, fields, models

from odoo.addons.billinator_crm.arguments import one_record


class BillinatorCrmMigrationProblem(models.Model):
    """A lead or a quotation that could not be brought over, and why."""

    _name = "billinator.crm.migration.problem"
    _description = "Not Brought Over"
    _order = "id"

    migration_id = fields.Many2one(
        "billinator.crm.migration", required=True, index=True, ondelete="cascade"
    )
    res_model = fields.Char(string="Model", required=True)
    res_id = fields.Many2oneReference(
        string="Id", model_field="res_model", required=True
    )
    name = fields.Char(string="What", required=True)
    reason = fields.Text(required=True)

    @api.readonly
    @one_record
    def action_open(self):
        """Open what could not be brought over, to be put right.

        :return: a window action
        """
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
