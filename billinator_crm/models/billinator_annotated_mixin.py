from odoo import api, fields, models

from ..arguments import arguments, as_text, one_record


class BillinatorAnnotatedMixin(models.AbstractModel):
    """What notes are about: a customer, one of its people, a deal or a quote."""

    _name = "billinator.annotated.mixin"
    _description = "Subject of Notes"
    # The note's field that names the subject; to be set by the inheriting model.
    _note_field = None

    note_count = fields.Integer(
        string="# Notes",
        compute="_compute_note_count",
        groups="sales_team.group_sale_salesman",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_note_count(self):
        """Count what the user may read, in one query."""
        subjects = {record: record._get_note_subject() for record in self}
        # Without those that are new: no id would find the notes without a subject.
        ids = [subject.id for subject in subjects.values() if subject]
        groups = self.env["billinator.note"]._read_group(
            [(self._note_field, "in", ids)], [self._note_field], ["__count"]
        )
        counts = {subject.id: count for subject, count in groups}
        for record, subject in subjects.items():
            record.note_count = counts.get(subject.id, 0)

    @api.readonly
    @one_record
    def action_view_notes(self):
        """Open the record's notes; a customer's are those of its whole company.

        :return: a window action on ``billinator.note``
        """
        self.check_access("read")
        self.env["billinator.note"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm.billinator_note_action"
        )
        return {
            **action,
            "domain": [(self._note_field, "=", self._get_note_subject().id)],
            "context": self._prepare_note_context(),
        }

    @api.readonly
    @arguments(note_type=as_text)
    @one_record
    def action_log_note(self, note_type="note"):
        """Open a dialog that logs a note about the record, with only the text to write.

        :param str note_type: ``note``, ``call``, ``email`` or ``meeting``
        :return: a window action on an unsaved ``billinator.note``
        :raises AccessError: for users who may not write notes
        """
        self.check_access("read")
        self.env["billinator.note"].check_access("create")
        titles = {
            "note": self.env._("Log a Note"),
            "call": self.env._("Log a Call"),
            "email": self.env._("Log an Email"),
            "meeting": self.env._("Log a Meeting"),
        }
        view = self.env.ref("billinator_crm.billinator_note_view_form_log")
        return {
            "type": "ir.actions.act_window",
            "name": titles.get(note_type, titles["note"]),
            "res_model": "billinator.note",
            "views": [(view.id, "form")],
            "target": "new",
            "context": {
                **self._prepare_note_context(),
                "default_note_type": note_type or "note",
            },
        }

    def _prepare_note_context(self):
        return {
            f"default_{name}": value
            for name, value in self._prepare_note_values().items()
        }

    def _prepare_note_values(self):
        """Return the values of a new note about the record."""
        return {self._note_field: self.id}

    def _get_note_subject(self):
        """Return the record whose notes count as the record's."""
        return self._origin
