import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

_logger = logging.getLogger(__name__)


class BillinatorActivity(models.Model):
    """Reminders of what is due."""

    _inherit = "billinator.activity"

    is_reminder = fields.Boolean(
        string="Remind",
        help="Tell the assignee when the activity is due.",
    )
    reminded_for = fields.Datetime(
        readonly=True,
        copy=False,
        help="The due date that the assignee has been told of.",
    )

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"reminded_for"}

    @api.model
    def _cron_remind(self):
        """Tell assignees of what is due by now, each of them once.

        What has been due for longer than a day is in the overdue list anyway. Where
        one cannot be told of, the others are.
        """
        now = fields.Datetime.now()
        due = self.search(
            [
                ("status", "=", "pending"),
                ("is_reminder", "=", True),
                ("user_id.active", "=", True),
                ("due_date", "<=", now),
                ("due_date", ">", now - timedelta(days=1)),
            ]
        ).filtered(lambda activity: activity.reminded_for != activity.due_date)
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for activity in due:
            activity._remind_or_log()
            if not cron._commit_progress(1):
                break

    def _remind_or_log(self):
        try:
            with self.env.cr.savepoint():
                self.with_context(lang=self.user_id.lang)._remind()
        except Exception:
            _logger.exception("%s could not be reminded of", self)

    def _remind(self):
        self.reminded_for = self.due_date
        # Who may not read the document any more is reminded of the activity alone.
        document_sudo = self.env[self.res_model].sudo().browse(self.res_id)
        zone = self._get_zone().zone
        document_sudo.message_notify(
            partner_ids=self.user_id.partner_id.ids,
            subject=self.env._("Due now: %s", self.display_name),
            body=self.env._(
                "%(activity)s, due at %(time)s",
                activity=self.display_name,
                time=format_datetime(self.env, self.due_date, tz=zone),
            ),
        )
