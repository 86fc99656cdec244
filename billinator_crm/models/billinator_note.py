import re
from textwrap import shorten

from lxml import html

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.tools import is_html_empty
from odoo.tools.mail import html_to_inner_content

from .billinator_numbers_mixin import MAX_HOURS

NOTE_TYPES = [
    ("note", "Note"),
    ("call", "Call"),
    ("email", "Email"),
    ("meeting", "Meeting"),
]
DIRECTIONS = [("in", "Incoming"), ("out", "Outgoing")]
# The others have no direction.
DIRECTED_TYPES = ("call", "email")
DOCUMENT_FIELDS = {"partner_id", "opportunity_id", "quote_id"}
SUBJECT_FIELDS = {"contact_id", *DOCUMENT_FIELDS}
NAME_LENGTH = 80
PREVIEW_LENGTH = 240
# Tags take room, too: of so many characters of HTML, enough is text.
MARKUP_FACTOR = 8
# What followers of a deal or quote are told of, as the name of a subtype's xml id
LOGGED_EVENTS = ("mt_opportunity_note", "mt_quote_note")
MENTION = ".//a[@data-oe-model='res.partner'][@data-oe-id]"


class BillinatorNote(models.Model):
    """What was said and written: a call, an email, a meeting or a plain note."""

    _name = "billinator.note"
    _description = "Communication Note"
    _inherit = [
        "billinator.batch.import.mixin",
        "billinator.computed.mixin",
        "billinator.numbers.mixin",
        "billinator.subject.mixin",
    ]
    _order = "date desc, id desc"
    _rec_name = "subject"
    _rec_names_search = ["subject", "body"]
    _number_limits = {"duration": MAX_HOURS}
    _people_fields = ("user_id", "contact_id")

    # === Fields === #

    note_type = fields.Selection(
        NOTE_TYPES, string="Type", required=True, default="note"
    )
    direction = fields.Selection(
        DIRECTIONS,
        compute="_compute_direction",
        store=True,
        readonly=False,
        precompute=True,
        help="Who called or wrote: the customer (incoming), or you (outgoing).",
    )
    subject = fields.Char(index="trigram")
    body = fields.Html(string="Text", index="trigram")
    preview = fields.Char(
        compute="_compute_preview", help="How the text starts, without formatting."
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now, copy=False)
    duration = fields.Float(default=0.0, help="In hours.")
    outcome_id = fields.Many2one(
        "billinator.activity.outcome",
        compute="_compute_outcome_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What came of the call, the email or the meeting.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Author",
        default=lambda self: self.env.user,
        ondelete="set null",
        domain="[('share', '=', False)]",
    )
    is_pinned = fields.Boolean(string="Pinned", copy=False)
    attachment_ids = fields.Many2many("ir.attachment", string="Attachments", copy=False)

    # Whom and what it is about
    partner_id = fields.Many2one(
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
    )
    contact_id = fields.Many2one(help="The person you spoke with.")
    opportunity_id = fields.Many2one(
        "billinator.opportunity",
        compute="_compute_opportunity_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
    )
    quote_id = fields.Many2one(
        "billinator.quote", index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The company of the deal or quote, or the customer's. Notes without one "
        "belong to all companies.",
    )

    # === Constraints and indexes === #

    _customer_required = models.Constraint(
        "CHECK(partner_id IS NOT NULL OR opportunity_id IS NOT NULL)",
        "Say who the note is about: choose a customer, an opportunity or a quote.",
    )
    _direction_of_type = models.Constraint(
        "CHECK(direction IS NULL OR note_type IN ('call', 'email'))",
        "Only calls and emails are incoming or outgoing.",
    )
    _duration_not_negative = models.Constraint(
        f"CHECK(duration BETWEEN 0 AND {MAX_HOURS})", "The duration cannot be negative."
    )
    _default_order_idx = models.Index("(date DESC, id DESC)")
    _customer_order_idx = models.Index("(commercial_partner_id, date DESC, id DESC)")
    _author_order_idx = models.Index("(user_id, date DESC, id DESC)")
    _type_order_idx = models.Index("(note_type, date DESC, id DESC)")
    _direction_order_idx = models.Index(
        "(direction, date DESC, id DESC) WHERE direction IS NOT NULL"
    )
    _pinned_order_idx = models.Index("(date DESC, id DESC) WHERE is_pinned IS TRUE")

    # === Computes === #

    @api.depends("note_type")
    def _compute_direction(self):
        for note in self:
            directed = note.note_type in DIRECTED_TYPES
            note.direction = directed and note.direction

    @api.depends("note_type")
    def _compute_outcome_id(self):
        """Let go of an outcome that nothing of another type can have."""
        for note in self:
            is_fitting = note.outcome_id._fits(note.note_type)
            note.outcome_id = is_fitting and note.outcome_id

    @api.depends("body")
    def _compute_preview(self):
        for note in self:
            note.preview = note._get_text(PREVIEW_LENGTH)

    @api.depends("quote_id.opportunity_id")
    def _compute_opportunity_id(self):
        for note in self:
            note.opportunity_id = note.quote_id.opportunity_id or note.opportunity_id

    @api.depends("quote_id.partner_id", "opportunity_id.partner_id")
    def _compute_partner_id(self):
        for note in self:
            note.partner_id = (
                note.quote_id.partner_id
                or note.opportunity_id.partner_id
                or note.partner_id
            )

    @api.depends(
        "opportunity_id.company_id", "quote_id.company_id", "partner_id.company_id"
    )
    def _compute_company_id(self):
        for note in self:
            note.company_id = (
                note.quote_id.company_id
                or note.opportunity_id.company_id
                or note.partner_id.company_id
            )

    @api.depends("subject", "body", "outcome_id", "note_type")
    @api.depends_context("lang")
    def _compute_display_name(self):
        types = dict(self._fields["note_type"]._description_selection(self.env))
        for note in self:
            note.display_name = (
                note.subject
                or note._get_text(NAME_LENGTH)
                or note.outcome_id.name
                or types.get(note.note_type)
            )

    # === Checks === #

    # Every note has a type, so that this is checked for each that is created.
    @api.constrains("note_type", "subject", "body", "outcome_id", "attachment_ids")
    def _check_not_empty(self):
        for note in self:
            if not (
                note.subject
                or note.outcome_id
                or note.attachment_ids
                or not is_html_empty(note.body)
            ):
                raise ValidationError(
                    self.env._("The note is empty: write a subject or a text.")
                )

    @api.constrains("note_type", "outcome_id")
    def _check_outcome_fits(self):
        for note in self.filtered("outcome_id"):
            if not note.outcome_id._fits(note.note_type):
                raise ValidationError(
                    self.env._(
                        "“%s” does not come of a note of this type: choose another "
                        "outcome, or none.",
                        note.outcome_id.name,
                    )
                )

    @api.constrains("partner_id", "opportunity_id")
    def _check_customer(self):
        """Say so before PostgreSQL does, which would also log an error."""
        for note in self:
            self._check_about_somebody(note.partner_id or note.opportunity_id)

    def _check_about_somebody(self, subject):
        if not subject:
            raise ValidationError(
                self.env._(
                    "Say who the note is about: choose a customer, an opportunity or a "
                    "quote."
                )
            )

    def _check_subjects(self):
        """Check that people and documents are the customer's, and may be read.

        Not a constraint: those check as superuser, and stored fields that follow, too,
        so that an invisible note could forbid to change a deal's customer.
        """
        self.quote_id.check_access("read")
        self._get_chosen_opportunities().check_access("read")
        for note in self:
            note._check_contact()
            for document in (note.quote_id, note._get_chosen_opportunities()):
                note._check_document(document)

    def _check_contact(self):
        contact = self.contact_id
        if contact and contact.customer_id != self.commercial_partner_id:
            raise ValidationError(
                self.env._(
                    "%(person)s is not a contact of the customer, %(customer)s.",
                    person=contact.name,
                    customer=self.partner_id.display_name or self.env._("(none)"),
                )
            )

    def _check_document(self, document):
        customer = document.commercial_partner_id
        if customer and customer != self.commercial_partner_id:
            raise ValidationError(
                self.env._(
                    "“%(document)s” is for %(customer)s, and cannot have a note of "
                    "another customer, %(other)s.",
                    document=document.display_name,
                    customer=customer.display_name,
                    other=self.partner_id.display_name or self.env._("(none)"),
                )
            )

    # === CRUD === #

    def _prepare_create_values(self, vals_list):
        prepared = super()._prepare_create_values(vals_list)
        # Constraints are checked after the insertion.
        for vals in prepared:
            self._check_about_somebody(vals["partner_id"] or vals["opportunity_id"])
        return prepared

    def copy_data(self, default=None):
        """Give a copy files of its own, which may be all that a note says."""
        vals_list = super().copy_data(default)
        if "attachment_ids" in (default or {}):
            return vals_list
        for note, vals in zip(self, vals_list, strict=True):
            files = note.attachment_ids.copy_data({"res_model": False, "res_id": 0})
            vals["attachment_ids"] = [Command.create(file) for file in files]
        return vals_list

    @api.model_create_multi
    def create(self, vals_list):
        """Log notes, calls, emails and meetings, and plan what comes next.

        Name what a note is about by ``quote_id``, ``opportunity_id``, ``partner_id`` or
        ``contact_id``; the others follow. ``outcome_id`` is what came of it. With
        ``next_type_id``, an activity of this ``mail.activity.type`` is planned about
        the same: due at ``next_due_date`` (in UTC), as ``next_summary``, or as its type
        says.

        :return: the notes
        :raise UserError: when nothing says whom the note is about, or it says nothing
        """
        defaults = self.default_get(list(SUBJECT_FIELDS))
        vals_list = [{**defaults, **vals} for vals in vals_list]
        self._check_people(vals_list)
        self._name_customers(vals_list)
        notes = super().create(vals_list)
        notes._check_subjects()
        notes._adopt_attachments()
        notes._notify_mentioned()
        # Many at once are brought along, as are those of a file: nobody just said them.
        if len(notes) == 1 and not self.env.context.get("import_file"):
            notes._notify_followers()
        return notes

    @api.model
    def _name_customers(self, vals_list):
        """Let notes that name a contact alone be about that one's customer."""
        alone = [
            vals
            for vals in vals_list
            if vals.get("contact_id")
            and not any(vals.get(name) for name in DOCUMENT_FIELDS)
        ]
        contacts = self.env["billinator.contact"].browse(
            [vals["contact_id"] for vals in alone]
        )
        for vals, contact in zip(alone, contacts, strict=True):
            vals["partner_id"] = contact.customer_id.id

    def write(self, vals):
        self._check_people([vals])
        mentioned = "body" in vals and self._get_mentions()
        files = self.attachment_ids if "attachment_ids" in vals else None
        result = super().write(vals)
        if SUBJECT_FIELDS & set(vals):
            self._check_subjects()
        if files is not None:
            self._drop_attachments(files - self.attachment_ids)
            self._adopt_attachments()
        if mentioned is not False:
            self._notify_mentioned(mentioned)
        return result

    def _adopt_attachments(self):
        """Hang uploaded files on their note: who may read it, may read them."""
        for note in self.filtered("attachment_ids"):
            uploaded = note.attachment_ids.filtered(
                lambda file: not file.res_id and file.create_uid == self.env.user
            )
            uploaded.write({"res_model": self._name, "res_id": note.id})

    def _drop_attachments(self, files):
        """Delete files that hung on these notes; those of other records stay."""
        files.filtered(
            lambda file: file.res_model == self._name and file.res_id in self.ids
        ).unlink()

    # === Mentions === #

    def _get_mentions(self):
        """Return whom the texts mention, as a dict of sets of partner ids by note."""
        return {note: note._get_mentioned_ids() for note in self}

    def _get_mentioned_ids(self):
        self.ensure_one()
        if "data-oe-id" not in (self.body or ""):
            return set()
        links = html.fragment_fromstring(self.body, create_parent=True).iterfind(
            MENTION
        )
        ids = (link.get("data-oe-id") for link in links)
        return {int(partner_id) for partner_id in ids if partner_id.isdecimal()}

    def _notify_mentioned(self, known=None):
        """Tell colleagues who may read a note that it mentions them.

        :param dict known: whom the notes mentioned before, by note
        """
        known = known or {}
        mentions = {
            note: partner_ids - known.get(note, set())
            for note, partner_ids in self._get_mentions().items()
        }
        for note, partner_ids in self._get_recipients(mentions):
            subject = note.env._(
                "%(author)s mentioned you: %(note)s",
                author=self.env.user.name,
                note=note.display_name,
            )
            note._notify(partner_ids, subject)

    def _notify(self, partner_ids, subject):
        """Send a note to colleagues, to their inbox or by mail as each prefers."""
        self.env["mail.thread"].message_notify(
            model=self._name,
            res_id=self.id,
            partner_ids=partner_ids,
            subject=subject,
            body=self.body or self.display_name,
        )

    def _get_recipients(self, people):
        """Yield notes with lists of partner ids, of those people who may read them.

        Once for each language, in which the note is then.

        :param dict people: sets of partner ids by note
        """
        for (note_id, lang), partner_ids in self._get_readers(people).items():
            # Each reads the subject in the own language.
            note = self.browse(note_id).with_context(lang=lang or self.env.lang)
            yield note, partner_ids

    def _get_readers(self, people):
        """Return lists of partner ids to notify, by the note's id and the language."""
        partner_ids = set().union(*people.values())
        recipients = {}
        if not partner_ids:
            return recipients
        users = self.env["res.users"].search(
            [
                ("partner_id", "in", list(partner_ids)),
                ("share", "=", False),
                ("id", "!=", self.env.uid),
            ]
        )
        for user in users:
            partner = user.partner_id
            notes = self.filtered(lambda note, ids=partner.id: ids in people[note])
            for note in user._filter_accessible(notes):
                recipients.setdefault((note.id, user.lang), []).append(partner.id)
        return recipients

    # === Followers === #

    def _notify_followers(self):
        """Tell who follows the deal or the quote what a colleague has logged on it.

        Its salesperson follows it unless he or she left it. Who is mentioned knows.
        """
        self.ensure_one()
        told = self._get_follower_ids() - self._get_mentioned_ids()
        if not told:
            return
        told.discard(self.user_id.partner_id.id)
        for note, partner_ids in self._get_recipients({self: told}):
            document = note.quote_id or note.opportunity_id
            subject = note.env._(
                "%(author)s logged on %(document)s: %(note)s",
                author=self.env.user.name,
                document=document.display_name,
                note=note.display_name,
            )
            note._notify(partner_ids, subject)

    def _get_follower_ids(self):
        """Return the ids of the partners who want to know of notes on the document."""
        documents = [
            (document._name, document.id)
            for document in (self.opportunity_id, self.quote_id)
            if document
        ]
        get_id = self.env["ir.model.data"]._xmlid_to_res_id
        # An administrator may have deleted them.
        subtype_ids = [
            get_id(f"billinator_crm.{event}", raise_if_not_found=False)
            for event in LOGGED_EVENTS
        ]
        domain = Domain("subtype_ids", "in", [one for one in subtype_ids if one])
        domain &= Domain.OR(
            Domain("res_model", "=", model) & Domain("res_id", "=", res_id)
            for model, res_id in documents
        )
        # As sudo: who follows is nobody's to read, and is not shown.
        Follower_sudo = self.env["mail.followers"].sudo()
        return set(Follower_sudo.search_fetch(domain, ["partner_id"]).partner_id.ids)

    # === Business === #

    def _get_text(self, length):
        """Return how the body starts, without formatting and within ``length``."""
        self.ensure_one()
        start = (self.body or "")[: length * MARKUP_FACTOR]
        # The last tag may be cut off.
        start = re.sub(r"<[^>]*$", "", start)
        return shorten(html_to_inner_content(start), length, placeholder="…")

    # === Imports === #

    @api.model
    def _get_import_templates(self):
        return {"notes_import.xlsx": self.env._("Import Template for Notes")}
