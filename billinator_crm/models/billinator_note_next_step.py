from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import clean_context

from .billinator_activity import DOCUMENTS


class BillinatorNote(models.Model):
    """The next step, which is planned together with what was said.

    Its fields are not kept: what they say becomes an activity.
    """

    _inherit = "billinator.note"

    next_type_id = fields.Many2one(
        "mail.activity.type",
        string="Next Step",
        compute="_compute_next_type_id",
        inverse="_inverse_next_step",
        exportable=False,
        help="Plans an activity of this type, about the same.",
    )
    next_due_date = fields.Datetime(
        string="Next Step Due",
        compute="_compute_next_due_date",
        inverse="_inverse_next_step",
        exportable=False,
        help="In UTC. Unless given, after the delay of the next step's type.",
    )
    next_summary = fields.Char(
        string="Next Step Summary",
        compute="_compute_next_summary",
        inverse="_inverse_next_step",
        exportable=False,
        help="Unless given, that of the next step's type.",
    )

    # === Computes === #

    def _compute_next_type_id(self):
        self.next_type_id = False

    @api.depends("next_type_id")
    def _compute_next_due_date(self):
        Activity = self.env["billinator.activity"]
        for note in self:
            zone = note._get_next_user()._get_working_zone()
            next_type = note.next_type_id
            note.next_due_date = next_type and Activity._propose_due_date(
                next_type, zone
            )

    @api.depends("next_type_id")
    def _compute_next_summary(self):
        for note in self:
            note.next_summary = note.next_type_id.summary

    def _inverse_next_step(self):
        """Plan the next steps, all at once."""
        agreed = self.filtered(
            lambda note: note.next_type_id or note.next_due_date or note.next_summary
        )
        if not all(note.next_type_id for note in agreed):
            raise ValidationError(self.env._("Choose what the next step is."))
        # The dialog's defaults are those of the note.
        Activity = self.env["billinator.activity"].with_context(
            clean_context(self.env.context)
        )
        Activity.create([note._prepare_next_step_values() for note in agreed])

    # === Business === #

    def _get_next_user(self):
        """Return who does the next step: who has had the conversation."""
        return self.user_id or self.env.user

    def _prepare_next_step_values(self):
        document = next(name for name in DOCUMENTS if self[name])
        return {
            document: self[document].id,
            "contact_id": self.contact_id.id,
            "activity_type_id": self.next_type_id.id,
            "due_date": self.next_due_date,
            "summary": self.next_summary,
            "user_id": self._get_next_user().id,
        }
