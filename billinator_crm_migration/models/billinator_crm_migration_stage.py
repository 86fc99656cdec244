from odoo import api, fields, models
from odoo.exceptions import ValidationError


class BillinatorCrmMigrationStage(models.Model):
    """Where the opportunities of one of Odoo's stages go."""

    _name = "billinator.crm.migration.stage"
    _description = "Stage of Odoo's CRM"
    _order = "id"

    migration_id = fields.Many2one(
        "billinator.crm.migration", required=True, index=True, ondelete="cascade"
    )
    crm_stage_id = fields.Many2one(
        "crm.stage",
        string="Stage in Odoo's CRM",
        required=True,
        index=True,
        ondelete="cascade",
    )
    is_won = fields.Boolean(
        related="crm_stage_id.is_won", related_sudo=False, string="Won"
    )
    stage_id = fields.Many2one(
        "billinator.stage",
        string="Stage Here",
        index="btree_not_null",
        ondelete="set null",
        domain="[('status', '=', is_won and 'won' or 'open')]",
        help="Empty: a stage of the same name is created.",
    )

    _crm_stage_uniq = models.Constraint(
        "UNIQUE(migration_id, crm_stage_id)", "A stage goes to one other only."
    )

    @api.constrains("crm_stage_id", "stage_id")
    def _check_status(self):
        for line in self.filtered("stage_id"):
            if (line.stage_id.status == "won") != line.is_won:
                raise ValidationError(
                    self.env._(
                        "What is won stays won, and what is open stays open: choose "
                        "another stage for “%s”.",
                        line.crm_stage_id.name,
                    )
                )
            if line.stage_id.status == "lost":
                raise ValidationError(
                    self.env._(
                        "“%s” is not a stage of lost opportunities. Those that are "
                        "lost go to the lost stage by themselves.",
                        line.crm_stage_id.name,
                    )
                )

    def _create_missing(self):
        """Create the stages that nobody chose another one for."""
        lines = self.filtered(lambda line: not line.stage_id)
        stages = self.env["billinator.stage"].create(
            [line._prepare_stage_values() for line in lines]
        )
        for line, stage in zip(lines, stages, strict=True):
            line.stage_id = stage

    def _prepare_stage_values(self):
        self.ensure_one()
        origin = self.crm_stage_id
        status = "won" if self.is_won else "open"
        like = self.env["billinator.stage"].search([("status", "=", status)])
        return {
            "name": origin.name,
            "status": status,
            # Behind those of its kind, in the order of Odoo's CRM.
            "sequence": max(like.mapped("sequence"), default=10),
            "fold": origin.fold,
            "requirements": origin.requirements,
            "rotting_threshold_days": origin.rotting_threshold_days,
            "team_ids": [(6, 0, origin.team_ids.ids)],
        }
