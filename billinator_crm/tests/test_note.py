from contextlib import suppress
from datetime import timedelta
from runpy import run_path

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import SQL, file_path, mute_logger

from ..arguments import MAX_ID
from .common import BillinatorCommon
from .view_specification import get_specification


class NoteCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer = cls.env["res.partner"].create(
            {"name": "Babbage Ltd", "is_company": True}
        )
        cls.person = cls.env["res.partner"].create(
            {"name": "Grace", "parent_id": cls.customer.id}
        )
        cls.contact = cls.env["billinator.contact"].search(
            [("person_id", "=", cls.person.id)]
        )
        cls.deal = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.quote = cls._create_quote(
            user_id=cls.salesperson.id, opportunity_id=cls.deal.id
        )
        cls.outcome = cls.quick_ref(
            "billinator_crm.billinator_activity_outcome_reached"
        )
        cls.call = cls.quick_ref("mail.mail_activity_data_call")

    @classmethod
    def _log(cls, user=None, **values):
        """Log a note about the customer, or what ``values`` name."""
        Note = cls.env["billinator.note"].with_user(user or cls.env.user)
        subjects = {"partner_id", "opportunity_id", "quote_id"}
        about = {} if subjects & set(values) else {"partner_id": cls.customer.id}
        return Note.create({"body": "<p>They will call back.</p>", **about, **values})

    @classmethod
    def _create_lead(cls, **values):
        return cls._create_opportunity(
            partner_id=False, contact_name="Charles", **values
        )


@tagged("post_install", "-at_install")
class TestNote(NoteCase):
    def test_note_about_a_deal(self):
        note = self._log(opportunity_id=self.deal.id)
        self.assertEqual(note.partner_id, self.customer)
        self.assertEqual(note.company_id, self.deal.company_id)
        self.assertEqual(note.note_type, "note")
        self.assertEqual(note.user_id, self.env.user)
        self.assertLess(fields.Datetime.now() - note.date, timedelta(minutes=5))

    def test_note_about_a_quote(self):
        note = self._log(quote_id=self.quote.id)
        self.assertEqual(note.opportunity_id, self.deal)
        self.assertEqual(note.partner_id, self.customer)

    def test_note_about_a_customer(self):
        note = self._log(partner_id=self.person.id)
        self.assertEqual(note.commercial_partner_id, self.customer)
        self.assertFalse(note.company_id)
        self.customer.company_id = self.person.company_id = self.company
        self.assertEqual(note.company_id, self.company)

    def test_note_follows_the_customer_of_its_document(self):
        notes = self._log(opportunity_id=self.deal.id) + self._log(
            quote_id=self._create_quote().id
        )
        self.quote.opportunity_id = False
        for document in (self.deal, notes.quote_id):
            document.partner_id = self.other_customer
        for note in notes:
            self.assertEqual(note.partner_id, self.other_customer)
            self.assertEqual(note.commercial_partner_id, self.other_customer)

    def test_note_follows_its_quote_to_another_deal(self):
        note = self._log(quote_id=self.quote.id)
        self.quote.opportunity_id = other = self._create_opportunity()
        self.assertEqual(note.opportunity_id, other)

    def test_contact_goes_with_the_customer(self):
        note = self._log(opportunity_id=self.deal.id, contact_id=self.contact.id)
        self.quote.opportunity_id = False
        self.deal.partner_id = self.person
        self.assertEqual(note.contact_id, self.contact)
        self.deal.partner_id = self.other_customer
        self.assertFalse(note.contact_id)

    def test_lead_gets_its_customer_later(self):
        lead = self._create_lead()
        note = self._log(opportunity_id=lead.id)
        self.assertFalse(note.partner_id)
        lead.partner_id = self.customer
        self.assertEqual(note.partner_id, self.customer)

    def test_needs_a_customer(self):
        with self.assertRaisesRegex(ValidationError, "Say who the note is about"):
            self.env["billinator.note"].create({"body": "Who?"})
        with self.assertRaisesRegex(ValidationError, "Say who the note is about"):
            self._log(partner_id=self.customer.id).partner_id = False

    def test_note_about_a_contact(self):
        Note = self.env["billinator.note"].with_user(self.salesperson)
        body = {"body": "They will call back."}
        by_default = Note.with_context(default_contact_id=self.contact.id)
        notes = Note.create(
            [
                {**body, "contact_id": self.contact.id, "partner_id": False},
                {**body, "contact_id": self.contact.id, "quote_id": self.quote.id},
            ]
        ) + by_default.create(body)
        for note in notes:
            self.assertEqual(note.partner_id, self.customer)
            self.assertEqual(note.contact_id, self.contact)
        self.assertEqual(notes[1].opportunity_id, self.deal)

    def test_a_default_customer_comes_before_that_of_the_contact(self):
        Note = self.env["billinator.note"].with_context(
            default_partner_id=self.other_customer.id
        )
        with self.assertRaisesRegex(ValidationError, "Grace"):
            Note.create({"body": "Who?", "contact_id": self.contact.id})

    def test_customer_of_a_hidden_contact(self):
        self.customer.company_id = self.company_b
        Note = self.env["billinator.note"].with_user(self.salesperson)
        with self.assertRaises(AccessError):
            Note.create({"body": "Who?", "contact_id": self.contact.id})

    def test_author_or_contact_who_is_not_there(self):
        """The database says so in other words, and logs an error."""
        note = self._log()
        for name in ("user_id", "contact_id"):
            with self.subTest(name):
                with self.assertRaisesRegex(MissingError, str(MAX_ID)):
                    self._log(**{name: MAX_ID})
                with self.assertRaisesRegex(MissingError, str(MAX_ID)):
                    note.write({name: MAX_ID})
                with self.assertRaisesRegex(UserError, "the id of a record"):
                    note.write({name: "x"})

    def test_customer_of_another_document_is_refused(self):
        for values in (
            {"opportunity_id": self.deal.id},
            {"quote_id": self.quote.id},
            {"quote_id": self.quote.id, "opportunity_id": self._create_lead().id},
        ):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, "Bab"):
                self._log(partner_id=self.other_customer.id, **values)
        note = self._log(opportunity_id=self.deal.id)
        with self.assertRaises(ValidationError):
            note.partner_id = self.other_customer
        foreign = self._create_opportunity(partner_id=self.other_customer.id)
        with self.assertRaises(ValidationError):
            self._log(quote_id=self.quote.id, opportunity_id=foreign.id)

    def test_person_of_the_deals_company(self):
        note = self._log(opportunity_id=self.deal.id, partner_id=self.person.id)
        self.assertEqual(note.partner_id, self.person)

    def test_contact_of_another_customer_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Grace"):
            self._log(partner_id=self.other_customer.id, contact_id=self.contact.id)
        with self.assertRaises(ValidationError):
            self._log(opportunity_id=self._create_lead().id, contact_id=self.contact.id)

    def test_empty_note_is_refused(self):
        for body in (False, "", "<p><br></p>"):
            with self.subTest(body), self.assertRaises(ValidationError):
                self._log(body=body)
        note = self._log(body=False, subject="Called")
        with self.assertRaises(ValidationError):
            note.subject = False

    def test_file_is_enough(self):
        note = self._log(
            body=False,
            note_type="email",
            attachment_ids=[Command.create({"name": "plan.txt", "raw": b"Plan"})],
        )
        self.assertEqual(note.display_name, "Email")

    def test_duplicate_has_files_of_its_own(self):
        note = self._log(
            body=False,
            attachment_ids=[Command.create({"name": "plan.txt", "raw": b"Plan"})],
        )
        copy = note.copy()
        self.assertEqual(copy.attachment_ids.raw, b"Plan")
        self.assertEqual(copy.attachment_ids.res_id, copy.id)
        note.unlink()
        self.assertTrue(copy.attachment_ids.exists())

    def test_direction_is_of_calls_and_emails(self):
        note = self._log(note_type="call", direction="in")
        note.note_type = "email"
        self.assertEqual(note.direction, "in")
        note.note_type = "meeting"
        self.assertFalse(note.direction)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._log(note_type="note", direction="out")

    def test_duration_is_not_negative(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self._log(duration=-1)

    def test_name(self):
        self.assertEqual(self._log(subject="Terms").display_name, "Terms")
        note = self._log(body="<p>Wants <b>two</b> offers</p><p>&amp; prices</p>")
        self.assertEqual(note.display_name, "Wants two offers & prices")
        long = self._log(body=f"<p>{'word ' * 5000}</p>")
        self.assertLessEqual(len(long.display_name), 80)
        self.assertTrue(long.display_name.startswith("word word"))
        cut = self._log(body=f"<p>Hello</p>{'<b>a</b> ' * 900}")
        self.assertNotIn("<", cut.display_name + cut.preview)

    def test_made_by_a_server_action(self):
        """“Create Record” makes one of a name alone."""
        Note = self.env["billinator.note"].with_context(
            default_partner_id=self.customer.id
        )
        note = Note.browse(Note.name_create("Called back")[0])
        self.assertEqual(note.subject, "Called back")

    def test_body_is_sanitized(self):
        note = self._log(body="<p>Hi<script>alert(1)</script></p>")
        self.assertEqual(note.body, "<p>Hi</p>")

    def test_newest_first(self):
        old = self._log(date="2025-01-01 10:00:00")
        new = self._log(date="2025-06-01 10:00:00")
        notes = self.env["billinator.note"].search([("id", "in", (old + new).ids)])
        self.assertEqual(list(notes), [new, old])

    def test_customers_of_chosen_documents_may_part_later(self):
        """A note that somebody cannot see keeps nobody from changing a customer."""
        other = self._create_opportunity(user_id=self.colleague.id)
        note = self._log(quote_id=self.quote.id, opportunity_id=other.id)
        other.with_user(self.colleague).partner_id = self.other_customer
        self.assertEqual(note.partner_id, self.customer)

    # === Counts and quick log === #

    def test_counts(self):
        self._log(partner_id=self.person.id, contact_id=self.contact.id)
        self._log(opportunity_id=self.deal.id)
        self._log(quote_id=self.quote.id)
        self.env.invalidate_all()
        self.assertEqual((self.customer + self.person).mapped("note_count"), [3, 3])
        self.assertEqual(self.other_customer.note_count, 0)
        self.assertEqual(self.contact.note_count, 1)
        self.assertEqual(self.deal.note_count, 2)
        self.assertEqual(self.quote.note_count, 1)

    def test_counts_respect_rights(self):
        self._log(opportunity_id=self.deal.id)
        customer = self.customer.with_user(self.colleague)
        self.assertEqual(customer.note_count, 0)
        self._log(user=self.colleague)
        customer.invalidate_recordset()
        self.assertEqual(customer.note_count, 1)

    def test_a_new_record_has_no_notes(self):
        self._log()
        for model in ("billinator.opportunity", "billinator.quote"):
            with self.subTest(model):
                self.assertEqual(self.env[model].new({}).note_count, 0)

    def test_notes_of_a_record(self):
        note = self._log(quote_id=self.quote.id)
        self._log(partner_id=self.other_customer.id)
        for record in self.customer + self.person, self.deal, self.quote:
            action = record[:1].with_user(self.salesperson).action_view_notes()
            self.assertEqual(self.env["billinator.note"].search(action["domain"]), note)

    def test_quick_log(self):
        for record in (self.customer, self.contact, self.deal, self.quote):
            with self.subTest(record):
                action = record.with_user(self.salesperson).action_log_note("call")
                Note = self.env["billinator.note"].with_user(self.salesperson)
                (view, _type), *_others = action["views"]
                with Form(Note.with_context(**action["context"]), view) as form:
                    form.body = "<p>Wants a discount</p>"
                note = form.record
                self.assertEqual(note.note_type, "call")
                self.assertEqual(note.partner_id, self.customer)
                self.assertEqual(note[record._note_field], record)
                self.assertEqual(note.user_id, self.salesperson)

    def test_form_follows_the_deal(self):
        with Form(self.env["billinator.note"]) as form:
            form.opportunity_id = self.deal
            self.assertEqual(form.partner_id, self.customer)
            form.subject = "Visited"
        self.assertEqual(form.record.partner_id, self.customer)

    # === Files === #

    def test_files_have_the_notes_rights(self):
        Attachment = self.env["ir.attachment"].with_user(self.salesperson)
        file = Attachment.create({"name": "plan.txt", "raw": b"Plan"})
        note = self._log(
            user=self.salesperson,
            opportunity_id=self.deal.id,
            attachment_ids=file.ids,
        )
        self.assertEqual((file.res_model, file.res_id), (note._name, note.id))
        self.assertEqual(file.with_user(self.senior).raw, b"Plan")
        for user in (self.colleague, self.accountant):
            with self.assertRaises(AccessError):
                file.with_user(user).read(["name"])
        note.attachment_ids = False
        self.assertFalse(file.exists())

    def test_files_of_other_records_stay_theirs(self):
        file = self.env["ir.attachment"].create(
            {"name": "x", "res_model": "res.partner", "res_id": self.customer.id}
        )
        note = self._log(attachment_ids=file.ids)
        self.assertEqual(file.res_id, self.customer.id)
        # The same number is no reason to delete it.
        file.sudo().res_id = note.id
        note.attachment_ids = False
        self.assertTrue(file.exists())

    # === Deleting and merging === #

    def test_deleted_deal_leaves_the_customers_notes(self):
        deal = self._create_opportunity()
        lead = self._create_lead()
        notes = self._log(opportunity_id=deal.id) + self._log(opportunity_id=lead.id)
        (deal + lead).unlink()
        self.assertEqual(notes.exists(), notes[0])
        self.assertEqual(notes[0].partner_id, self.customer)
        self.assertFalse(notes[0].opportunity_id)
        self.assertFalse(notes[0].company_id)

    def test_who_may_not_delete_a_lead_deletes_no_note_of_it(self):
        lead = self._create_lead()
        note = self._log(opportunity_id=lead.id)
        # Not even for a caller who goes on after the refusal.
        with suppress(AccessError):
            lead.with_user(self.salesperson).unlink()
        self.assertTrue(note.exists())

    def test_deleted_quote_leaves_its_notes(self):
        note = self._log(quote_id=self.quote.id)
        self.quote.unlink()
        self.assertFalse(note.quote_id)
        self.assertEqual(note.opportunity_id, self.deal)

    def test_customer_with_notes_stays(self):
        self._log(partner_id=self.other_customer.id)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.other_customer.unlink()

    def test_merged_deals(self):
        other = self._create_opportunity()
        note = self._log(opportunity_id=other.id)
        self.deal.merge_opportunities(other.ids)
        self.assertEqual(note.opportunity_id, self.deal)

    def _merge(self, *partners, into):
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [into.id, *(partner.id for partner in partners)], into
        )

    def test_merged_customers(self):
        note = self._log(partner_id=self.other_customer.id)
        self._merge(self.other_customer, into=self.customer)
        self.assertEqual(note.partner_id, self.customer)
        self.assertEqual(note.commercial_partner_id, self.customer)

    def test_merged_into_a_person_of_a_company(self):
        alone = self.env["res.partner"].create({"name": "Grace H."})
        note = self._log(partner_id=alone.id)
        deal = self._create_opportunity(partner_id=alone.id)
        self._merge(alone, into=self.person)
        self.assertEqual(note.partner_id, self.person)
        self.assertEqual(note.commercial_partner_id, self.customer)
        self.assertEqual(deal.commercial_partner_id, self.customer)

    def test_merged_contacts(self):
        double = self.env["res.partner"].create(
            {"name": "Grace H.", "parent_id": self.customer.id}
        )
        row = self.env["billinator.contact"].search([("person_id", "=", double.id)])
        note = self._log(contact_id=row.id)
        self._merge(double, into=self.person)
        self.assertEqual(note.contact_id, self.contact)


@tagged("post_install", "-at_install")
class TestNoteRights(NoteCase):
    """Beside the table of rights, which tries a note of the salesperson's deal."""

    def _assert_rights(self, note, user, rights):
        self.env.invalidate_all()
        found = "".join(
            operation[0]
            for operation in ("read", "write", "unlink")
            if note.with_user(user).has_access(operation)
        )
        self.assertEqual(found, rights, f"{user.login} has other rights")
        if note.browse().with_user(user).has_access("read"):
            found = note.with_user(user).search([("id", "=", note.id)])
            self.assertEqual(bool(found), "r" in rights)

    def test_note_about_the_customer(self):
        note = self._log(user=self.salesperson)
        for user, rights in (
            (self.salesperson, "rwu"),
            (self.colleague, "r"),
            (self.senior, "rw"),
            (self.manager, "rwu"),
            (self.stranger, "rwu"),  # Of a customer that all companies share.
            (self.accountant, ""),
        ):
            self._assert_rights(note, user, rights)

    def test_note_about_a_colleagues_deal(self):
        note = self._log(user=self.senior, opportunity_id=self.deal.id)
        self._assert_rights(note, self.salesperson, "r")
        self._assert_rights(note, self.colleague, "")
        self._assert_rights(note, self.senior, "rwu")
        self._assert_rights(note, self.stranger, "")
        self.deal.user_id = False
        self._assert_rights(note, self.colleague, "r")

    def test_note_about_a_colleagues_quote(self):
        """Also one that has no deal, which could seem to be nobody's."""
        quote = self._create_quote(user_id=self.salesperson.id)
        note = self._log(user=self.senior, quote_id=quote.id)
        self._assert_rights(note, self.salesperson, "r")
        self._assert_rights(note, self.colleague, "")

    def test_own_notes_stay_when_the_deal_moves(self):
        note = self._log(user=self.salesperson, opportunity_id=self.deal.id)
        self.deal.user_id = self.colleague
        self._assert_rights(note, self.salesperson, "rwu")
        self._assert_rights(note, self.colleague, "r")

    def test_only_in_ones_own_name(self):
        with self.assertRaises(AccessError):
            self._log(user=self.colleague, user_id=self.salesperson.id)
        note = self._log(user=self.senior, user_id=self.salesperson.id)
        self.assertEqual(note.user_id, self.salesperson)

    def test_nothing_about_documents_one_may_not_read(self):
        quote = self._create_quote(user_id=self.salesperson.id)
        own = self._log(user=self.colleague)
        for values in ({"opportunity_id": self.deal.id}, {"quote_id": quote.id}):
            with self.subTest(values):
                with self.assertRaises(AccessError):
                    self._log(user=self.colleague, **values)
                with self.assertRaises(AccessError):
                    own.write(values)

    def test_quote_of_a_deal_one_may_not_read(self):
        self.deal.user_id = self.senior
        # It came along.
        self.quote.user_id = self.salesperson
        note = self._log(user=self.salesperson, quote_id=self.quote.id)
        self.assertEqual(note.sudo().opportunity_id, self.deal)

    def test_no_quick_log_without_rights(self):
        for user in (self.accountant, self.stranger):
            with self.assertRaises(AccessError):
                self.quote.with_user(user).action_log_note()
        with self.assertRaises(AccessError):
            self.quote.with_user(self.accountant).read(["note_count"])


@tagged("post_install", "-at_install")
class TestNoteMentions(NoteCase):
    def _mention(self, *users):
        links = "".join(
            f'<a class="o_mail_redirect" data-oe-model="res.partner"'
            f' data-oe-id="{user.partner_id.id}" href="#">@{user.name}</a>'
            for user in users
        )
        return f"<p>See {links}</p>"

    def _get_notified(self, note):
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("model", "=", note._name), ("res_id", "=", note.id)])
        )
        return [partner for message in messages for partner in message.partner_ids]

    def test_mentioned_colleagues_are_told_once(self):
        note = self._log(user=self.salesperson, body=self._mention(self.senior))
        self.assertEqual(self._get_notified(note), [self.senior.partner_id])
        message = (
            self.env["mail.message"]
            .sudo()
            .search([("model", "=", note._name), ("res_id", "=", note.id)])
        )
        self.assertEqual(message.author_id, self.salesperson.partner_id)
        self.assertEqual(
            message.notification_ids.res_partner_id, self.senior.partner_id
        )
        note.subject = "Changed"
        note.body = self._mention(self.senior, self.manager) + "<p>More</p>"
        self.assertCountEqual(
            self._get_notified(note),
            [self.senior.partner_id, self.manager.partner_id],
        )

    def test_mentioned_colleagues_are_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        (self.senior + self.salesperson).lang = "de_DE"
        note = self._log(
            user=self.salesperson, body=self._mention(self.senior, self.manager)
        ).with_context(lang="de_DE")
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("model", "=", note._name), ("res_id", "=", note.id)])
        )
        subjects = {message.partner_ids: message.subject for message in messages}
        self.assertIn("hat Sie erwähnt", subjects[self.senior.partner_id])
        self.assertIn("mentioned you", subjects[self.manager.partner_id])

    def test_only_who_may_read_the_note(self):
        portal = new_test_user(self.env, "note_portal", "base.group_portal")
        everybody = (
            self.salesperson + self.colleague + self.senior + self.accountant
        ) + (self.stranger + portal)
        note = self._log(
            user=self.salesperson,
            opportunity_id=self.deal.id,
            body=self._mention(*everybody),
        )
        self.assertEqual(self._get_notified(note), [self.senior.partner_id])

    def test_colleague_of_another_company(self):
        """Who works in other companies than the author reads what belongs to none."""
        note = (
            self.env["billinator.note"]
            .with_user(self.salesperson)
            .with_context(allowed_company_ids=self.company.ids)
            .create(
                {
                    "partner_id": self.customer.id,
                    "body": self._mention(self.stranger),
                }
            )
        )
        self.assertEqual(self._get_notified(note), [self.stranger.partner_id])

    def test_strange_mentions(self):
        for partner_id in ("0", "x", "-3", "", "99999999999"):
            body = f'<a data-oe-model="res.partner" data-oe-id="{partner_id}">@x</a>'
            self.assertFalse(self._get_notified(self._log(body=body)))

    def _follow(self):
        """Let the salesperson follow deal and quote, as outside of tests."""
        for document in (self.deal, self.quote):
            document.message_subscribe(self.salesperson.partner_id.ids)

    def test_followers_are_told_what_colleagues_log(self):
        self._follow()
        for document in ({"quote_id": self.quote.id}, {"opportunity_id": self.deal.id}):
            note = self._log(user=self.senior, **document)
            self.assertEqual(self._get_notified(note), [self.salesperson.partner_id])
        message = self.env["mail.message"].sudo()
        message = message.search([("model", "=", note._name), ("res_id", "=", note.id)])
        self.assertIn(f"logged on {self.deal.name}", message.subject)
        # Nobody is told twice, or of what everybody knows: own notes, and those that
        # are brought along.
        mentioning = self._log(
            user=self.senior,
            opportunity_id=self.deal.id,
            body=self._mention(self.salesperson),
        )
        self.assertEqual(len(self._get_notified(mentioning)), 1)
        values = {"opportunity_id": self.deal.id, "body": "Hello"}
        Note = self.env["billinator.note"].with_user(self.senior)
        silent = (
            self._log(user=self.salesperson, opportunity_id=self.deal.id)
            | self._log(opportunity_id=self.deal.id, user_id=self.salesperson.id)
            | Note.create([values, values])
            | Note.with_context(import_file=True).create(values)
            | self._log(user=self.senior)
        )
        for note in silent:
            self.assertFalse(self._get_notified(note))

    def test_followers_choose_whether_they_are_told(self):
        self._follow()
        subtype = self.env.ref("billinator_crm.mt_opportunity_note")
        follower = self.deal.message_follower_ids.filtered(
            lambda one: one.partner_id == self.salesperson.partner_id
        )
        self.assertIn(subtype, follower.subtype_ids)
        follower.subtype_ids -= subtype
        told = [self._log(user=self.senior, opportunity_id=self.deal.id)]
        path = "billinator_crm/migrations/19.0.1.11.0/post-logged-notes.py"
        self.env.flush_all()
        run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.10.0")
        self.env.invalidate_all()
        told.append(self._log(user=self.senior, opportunity_id=self.deal.id))
        self.assertEqual(
            [self._get_notified(note) for note in told],
            [[], [self.salesperson.partner_id]],
        )

    def test_many_notes_at_once(self):
        notes = (
            self.env["billinator.note"]
            .with_user(self.salesperson)
            .create(
                [
                    {"partner_id": self.customer.id, "body": self._mention(user)}
                    for user in (self.senior, self.manager)
                ]
            )
        )
        self.assertEqual(self._get_notified(notes[0]), [self.senior.partner_id])
        self.assertEqual(self._get_notified(notes[1]), [self.manager.partner_id])
        notes.body = self._mention(self.manager)
        self.assertCountEqual(
            self._get_notified(notes[0]),
            [self.senior.partner_id, self.manager.partner_id],
        )
        self.assertEqual(self._get_notified(notes[1]), [self.manager.partner_id])


@tagged("post_install", "-at_install")
class TestConversation(NoteCase):
    """What came of a conversation, and what comes next."""

    def _log_in_dialog(self, record, note_type="call"):
        record = record.with_user(self.salesperson)
        action = record.action_log_note(note_type)
        Note = record.env["billinator.note"].with_context(**action["context"])
        return Form(Note, view=self.env["ir.ui.view"].browse(action["views"][0][0]))

    def test_next_step_is_planned_with_the_call(self):
        for record, name in (
            (self.deal, "opportunity_id"),
            (self.quote, "quote_id"),
            (self.customer, "partner_id"),
            (self.contact, "contact_id"),
        ):
            with self.subTest(name), freeze_time("2026-03-05 14:00:00"):
                form = self._log_in_dialog(record)
                form.outcome_id = self.outcome
                form.body = "<p>Wants two displays</p>"
                form.next_type_id = self.call
                # Two days later it is Saturday.
                self.assertEqual(str(form.next_due_date), "2026-03-09 09:00:00")
                form.next_due_date = "2026-03-10 10:30:00"
                form.next_summary = "Talk about the offer"
                note = form.save()
                self.assertEqual(note.outcome_id, self.outcome)
                [activity] = self.env["billinator.activity"].search(
                    [("commercial_partner_id", "=", self.customer.id)],
                    order="id desc",
                    limit=1,
                )
                self.assertEqual(activity[name], record)
                self.assertEqual(activity.activity_type_id, self.call)
                self.assertEqual(activity.summary, "Talk about the offer")
                self.assertEqual(str(activity.due_date), "2026-03-10 10:30:00")
                self.assertEqual(activity.user_id, self.salesperson)
                self.assertEqual(activity.status, "pending")

    def test_programs_plan_what_they_log(self):
        before = self.deal.crm_activity_ids
        notes = self.env["billinator.note"].create(
            [
                {
                    "note_type": "call",
                    "opportunity_id": self.deal.id,
                    "outcome_id": self.outcome.id,
                    "next_type_id": self.call.id,
                    "next_summary": summary,
                    "user_id": self.salesperson.id,
                }
                for summary in ("First", "Second")
            ]
        )
        planned = self.deal.crm_activity_ids - before
        self.assertEqual(set(planned.mapped("summary")), {"First", "Second"})
        self.assertEqual(planned.user_id, self.salesperson)
        self.assertTrue(all(planned.mapped("due_date")))
        # What they said is not kept, and not planned again.
        self.env.invalidate_all()
        self.assertFalse(notes.next_type_id)
        notes.write({"subject": "Call", "is_pinned": True})
        self.assertEqual(self.deal.crm_activity_ids - before, planned)

    def test_next_step_needs_its_type(self):
        with self.assertRaisesRegex(ValidationError, "what the next step is"):
            self._log(next_due_date="2026-03-10 10:30:00")

    def test_next_step_on_a_quote_of_a_colleagues_deal(self):
        self.deal.user_id = self.colleague
        self.quote.user_id = self.salesperson
        self._log(self.salesperson, quote_id=self.quote.id, next_type_id=self.call.id)
        self.assertEqual(self.quote.activity_ids.activity_type_id, self.call)

    def test_outcome_says_enough(self):
        form = self._log_in_dialog(self.deal)
        self.assertRaises(AssertionError, form.save)
        form.outcome_id = self.outcome
        note = form.save()
        self.assertEqual(note.display_name, "Reached")
        [event] = self.env["billinator.timeline"].get_timeline(
            self.customer.id, kinds=["note"]
        )["events"]
        self.assertEqual(event["new_value"], "Reached")

    def test_outcome_of_another_type_is_refused(self):
        values = {"partner_id": self.customer.id, "outcome_id": self.outcome.id}
        for note_type in ("meeting", "note"):
            with self.assertRaisesRegex(ValidationError, "“Reached” does not come"):
                self.env["billinator.note"].create({**values, "note_type": note_type})
        call = self.env["billinator.note"].create({**values, "note_type": "call"})
        with self.assertRaisesRegex(ValidationError, "“Reached” does not come"):
            call.write({"note_type": "email", "outcome_id": self.outcome.id})
        call.write({"note_type": "email", "subject": "Later"})
        self.assertFalse(call.outcome_id)

    def test_outcome_goes_with_the_type(self):
        form = self._log_in_dialog(self.deal)
        form.outcome_id = self.outcome
        form.note_type = "meeting"
        self.assertFalse(form.outcome_id)
        interested = self.env.ref(
            "billinator_crm.billinator_activity_outcome_interested"
        )
        form.outcome_id = interested
        form.note_type = "email"
        self.assertEqual(form.outcome_id, interested)
        form.note_type = "note"
        self.assertFalse(form.outcome_id)


@tagged("post_install", "-at_install")
class TestNoteSearch(NoteCase):
    def _explain(self, domain, order=None, user=None):
        Note = self.env["billinator.note"].with_user(user or self.env.user)
        query = Note._search(domain, order=order, limit=80 if order else None)
        if not order:
            query.order = None
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        return str(self.env.execute_query(SQL("EXPLAIN %s", query.select())))

    def test_full_text_search(self):
        by_subject = self._log(subject="Xylophone terms")
        by_body = self._log(body="<p>They own a <b>xylophone</b>.</p>")
        domain = ["|", ("subject", "ilike", "xyloph"), ("body", "ilike", "xyloph")]
        self.assertEqual(
            self.env["billinator.note"].search(domain), by_body + by_subject
        )

    def test_full_text_search_has_its_indexes(self):
        domain = ["|", ("subject", "ilike", "xyloph"), ("body", "ilike", "xyloph")]
        plan = self._explain(domain)
        for name in ("subject", "body"):
            self.assertRegex(plan, f"Bitmap Index Scan on billinator_note_+{name}_")

    def test_filters_and_orders_have_their_indexes(self):
        order = "date desc, id desc"
        for index, domain, order_by in (
            ("default_order_idx", [], order),
            (
                "customer_order_idx",
                [("commercial_partner_id", "=", self.customer.id)],
                order,
            ),
            ("author_order_idx", [("user_id", "=", self.env.uid)], order),
            ("type_order_idx", [("note_type", "=", "meeting")], order),
            ("direction_order_idx", [("direction", "=", "in")], order),
            ("pinned_order_idx", [("is_pinned", "=", True)], order),
            ("opportunity_id_index", [("opportunity_id", "=", self.deal.id)], None),
            ("quote_id_index", [("quote_id", "=", self.quote.id)], None),
            ("contact_id_index", [("contact_id", "=", self.contact.id)], None),
            ("outcome_id_index", [("outcome_id", "=", self.outcome.id)], None),
        ):
            with self.subTest(index):
                self.assertIn(index, self._explain(domain, order_by))

    def test_views_open(self):
        note = self._log(opportunity_id=self.deal.id).with_user(self.salesperson)
        for view_type in ("list", "kanban", "form"):
            (values,) = note.web_read(get_specification(note, view_type))
            self.assertEqual(values["id"], note.id)
