from datetime import datetime, time, timedelta
from random import Random

from odoo import fields
from odoo.fields import Command

# Chosen among many: with it, sales rise over the year without a great jump.
SEED = 614


class History:
    """What the parts of the history have in common."""

    def __init__(self, env):
        self.env = env
        self.company = env.company
        self.random = Random(SEED)
        self.today = fields.Date.today()

    def ref(self, name):
        """Return the record with that external id, this addon's unless it says so."""
        return self.env.ref(name if "." in name else f"billinator_crm.{name}")

    def moment(self, days_ago):
        """Return a moment in the office hours of that day, or of the Friday before."""
        day = self.today - timedelta(days=days_ago)
        day -= timedelta(days=max(0, day.weekday() - 4))
        minutes = self.random.randrange(8 * 60, 17 * 60)
        return datetime.combine(day, time(*divmod(minutes, 60)))

    def prepare_message(self, record, moment, **values):
        """Return the values of a message that the record's salesperson wrote."""
        author = record.user_id.partner_id
        return {
            "model": record._name,
            "res_id": record.id,
            "record_name": record.display_name,
            "author_id": author.id,
            "email_from": author.email_formatted,
            "message_type": "notification",
            "subtype_id": self.ref("mail.mt_note").id,
            "date": moment,
            "create_date": moment,
            **values,
        }

    def prepare_change(self, record, name, old, new, moment):
        """Return the values of the message that tracks a field's change."""
        tracking = self.env["mail.tracking.value"]._create_tracking_values(
            old, new, name, record.fields_get([name])[name], record
        )
        tracking["create_date"] = moment
        return self.prepare_message(
            record, moment, tracking_value_ids=[Command.create(tracking)]
        )
