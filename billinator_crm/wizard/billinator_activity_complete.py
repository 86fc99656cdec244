from odoo import api, fields, models

from ..arguments import get_active_ids, one_record


class BillinatorActivityComplete(models.TransientModel):
    _name = "billinator.activity.complete"
    _description = "Complete Activities"
    _inherit = ["billinator.dialog.mixin"]

    activity_ids = fields.Many2many(
        "billinator.activity",
        required=True,
        default=get_active_ids,
        context={"active_test": False},
    )
    activity_type_ids = fields.Many2many(
        "mail.activity.type", compute="_compute_activity_type_ids"
    )
    is_single = fields.Boolean(compute="_compute_activity_type_ids")
    outcome_id = fields.Many2one(
        "billinator.activity.outcome",
        domain="['|', ('activity_type_ids', '=', False),"
        " ('activity_type_ids', 'in', activity_type_ids)]",
    )
    outcome = fields.Char(
        string="In Your Words",
        compute="_compute_outcome",
        store=True,
        readonly=False,
    )
    duration = fields.Float(
        string="Duration (Hours)",
        compute="_compute_duration",
        store=True,
        readonly=False,
    )

    @api.depends("activity_ids")
    def _compute_activity_type_ids(self):
        for wizard in self:
            wizard.activity_type_ids = wizard.activity_ids.activity_type_id
            wizard.is_single = len(wizard.activity_ids) == 1

    @api.depends("outcome_id")
    def _compute_outcome(self):
        """Take the outcome's name, but in place of nobody's own words."""
        outcomes = self.outcome_id.with_context(active_test=False).search(
            [("name", "in", self.mapped("outcome"))]
        )
        names = {False, "", *outcomes.mapped("name")}
        for wizard in self:
            name = wizard.outcome in names and wizard.outcome_id.name
            wizard.outcome = name or wizard.outcome

    @api.depends("activity_ids")
    def _compute_duration(self):
        for wizard in self:
            wizard.duration = wizard.is_single and wizard.activity_ids.duration

    @one_record
    def action_complete(self):
        """Complete the activities.

        :return: an action that closes the dialog
        """
        # Of many activities at once, nobody said that they took no time.
        duration = self.duration if self.is_single else self.duration or None
        self.activity_ids.action_complete(self.outcome, duration)
        return {"type": "ir.actions.act_window_close"}

    def action_complete_and_schedule_next(self):
        """Complete the activity, and open the next one.

        Where the activity's type schedules the next one by itself, that is all.

        :return: a window action on an unsaved ``billinator.activity``, or one that
            closes the dialog
        """
        action = self.action_complete()
        if self.activity_ids.activity_type_id.chaining_type == "trigger":
            return action
        return self.activity_ids.action_schedule_next()
