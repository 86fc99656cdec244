from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL

from odoo.addons.billinator_crm.models.billinator_quote_version import (
    BillinatorQuote as QuoteAlone,
)

from .common import DocumentsCase, make_pdf


@tagged("post_install", "-at_install")
class TestProposal(DocumentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cover.is_default = True
        cls.template, cls.other_template = cls.env["billinator.quote.template"].create(
            [{"name": "Room"}, {"name": "Display"}]
        )
        cls.terms.template_ids = cls.template

    def test_what_is_on_every_quote(self):
        self.assertEqual(self._create_quote().document_ids, self.cover)
        self.cover.action_archive()
        self.assertFalse(self._create_quote().document_ids)

    def test_what_was_changed_holds_at_once(self):
        self._create_quote()
        self.sheet.is_default = True
        self.assertEqual(self._create_quote().document_ids, self.cover | self.sheet)
        news = self._create_document("News", is_default=True)
        expected = self.cover | self.sheet | news
        self.assertEqual(self._create_quote().document_ids, expected)
        unused = self._create_document("Unused", is_default=True)
        self._create_quote().unlink()
        unused.unlink()
        self.assertEqual(self._create_quote().document_ids, expected)

    def test_what_is_given_stays(self):
        sheet = {"document_ids": [Command.set(self.sheet.ids)]}
        template = {"template_id": self.template.id}
        for values in (sheet, {**sheet, **template}):
            self.assertEqual(self._create_quote(**values).document_ids, self.sheet)
        nothing = {"document_ids": [Command.clear()]}
        self.assertFalse(self._create_quote(**nothing).document_ids)

    def test_what_is_of_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.cover.lang = "en_US"
        german = self._create_document("Deckblatt", lang="de_DE", is_default=True)
        self.assertEqual(self._create_quote().document_ids, self.cover)
        self.customer.lang = "de_DE"
        self.assertEqual(self._create_quote().document_ids, german)

    def test_what_is_of_the_company(self):
        self.cover.company_id = self.company_b
        self.assertFalse(self._create_quote().document_ids)
        theirs = self._create_quote(company_id=self.company_b.id)
        self.assertEqual(theirs.document_ids, self.cover)

    def test_another_customer_has_others(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.other_customer.lang = "de_DE"
        self.cover.lang = "en_US"
        quote = self._create_quote()
        quote.document_ids |= self.sheet
        quote.partner_id = self.other_customer
        # What somebody has added themselves stays.
        self.assertEqual(quote.document_ids, self.sheet)

    def test_another_customer_keeps_what_was_added(self):
        quote = self._create_quote()
        # Also what a template has that the quote did not get.
        quote.document_ids |= self.terms | self.sheet
        self.sheet.action_archive()
        quote.partner_id = self.other_customer
        self.assertEqual(quote.document_ids, self.documents)
        quote.applied_template_id = self.template
        quote.partner_id = self.customer
        self.terms.template_ids = False
        quote.applied_template_id = self.other_template
        quote.partner_id = self.other_customer
        self.assertEqual(quote.document_ids, self.documents)

    def _create_with_former(self, *documents, **values):
        """Return a draft that has former states of the documents."""
        quote = self._create_quote(user_id=self.salesperson.id, **values)
        quote.document_ids |= self.env["billinator.quote.document"].union(*documents)
        quote.action_mark_sent()
        for document in quote.document_ids:
            document.name += " of today"
        quote.action_reset_to_draft()
        self.assertFalse(quote.document_ids & self.documents)
        return quote

    def test_another_customer_has_the_usual_ones_of_today(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.other_customer.lang = "de_DE"
        self.sheet.lang = "en_US"
        news = self._create_document("News")
        quote = self._create_with_former(self.sheet, news)
        quote.partner_id = self.other_customer
        self.assertEqual(quote.document_ids, self.cover | news._get_former())

    def test_templates_exchange_former_states(self):
        quote = self._create_with_former(template_id=self.template.id)
        cover = self.cover._get_former()
        self.assertEqual(quote.document_ids, cover | self.terms._get_former())
        quote.action_apply_template(self.template.id)
        self.assertEqual(quote.document_ids, cover | self.terms._get_former())
        quote.action_apply_template(self.other_template.id)
        self.assertEqual(quote.document_ids, cover)

    def test_templates_add_again_what_is_missing(self):
        quote = self._create_quote(template_id=self.template.id)
        quote.document_ids = self.sheet
        quote.action_apply_template(self.template.id)
        self.assertEqual(quote.document_ids, self.terms | self.sheet)

    def test_shared_templates_bring_each_company_its_own(self):
        self.terms.company_id = self.company
        theirs = self._create_document("Theirs", company_id=self.company_b.id)
        self.template.document_ids |= theirs
        self.template.with_user(self.manager).name = "Shared"
        self.assertEqual(self.template.copy().document_ids, self.terms | theirs)
        for user, expected in ((self.salesperson, self.terms), (self.stranger, theirs)):
            quote = self._create_quote(
                company_id=user.company_id.id, user_id=user.id
            ).with_user(user)
            self.env.invalidate_all()
            quote.action_apply_template(self.template.id)
            self.assertEqual(quote.document_ids, self.cover | expected)

    def test_templates_bring_theirs(self):
        for quote in (
            self._create_quote(template_id=self.template.id),
            self._create_quote(),
        ):
            quote.action_apply_template(self.template.id)
            self.assertEqual(quote.document_ids, self.cover | self.terms)

    def test_templates_leave_what_was_chosen(self):
        quote = self._create_quote(template_id=self.template.id)
        quote.document_ids = self.terms | self.sheet
        quote.action_apply_template(self.other_template.id)
        self.assertEqual(quote.document_ids, self.sheet)

    def test_in_the_form(self):
        with Form(self.env["billinator.quote"].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            self.assertEqual(form.document_ids.ids, self.cover.ids)
            form.template_id = self.template
            self.assertEqual(set(form.document_ids.ids), {self.cover.id, self.terms.id})
            form.document_ids.add(self.sheet)
            form.document_ids.remove(self.cover.id)
            with form.line_ids.new() as line:
                line.product_id = self.product_a
        self.assertEqual(form.record.document_ids, self.terms | self.sheet)

    def test_templates_of_quotes_and_of_templates_have_them(self):
        quote = self._create_quote(template_id=self.template.id)
        action = quote.with_user(self.manager).action_save_as_template()
        saved = self.template.browse(action["res_id"])
        for template in (saved, self.template.copy()):
            self.assertEqual(template.document_ids, self.terms)

    def test_documents_of_another_company_do_not_fit(self):
        self.sheet.company_id = self.company_b
        with self.assertRaises(UserError):
            self._create_quote(document_ids=[Command.set(self.sheet.ids)])


@tagged("post_install", "-at_install")
class TestFrozen(DocumentsCase):
    """What customers have got stays as they got it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote.document_ids = cls.documents
        cls.draft = cls._create_quote(document_ids=[Command.set(cls.documents.ids)])

    def _read(self, quote):
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            quote.content_hash,
            [
                (document.name, document.placement, document._read_intact_file())
                for document in quote._get_documents_sudo()
            ],
        )

    def _assert_kept(self, change):
        before, draft_before = self._read(self.quote), self._read(self.draft)
        change()
        self.assertEqual(self._read(self.quote), before)
        self.assertNotEqual(self._read(self.draft), draft_before)
        self.assertLessEqual(self.draft.document_ids, self.documents)

    def _get_change(self, document, **values):
        # As the web client writes.
        document = document.with_user(self.manager).with_context(bin_size=True)
        return lambda: document.write(values)

    def test_sent_quotes_keep_what_drafts_follow(self):
        for values in (
            {"file": make_pdf("Terms of next year")},
            {"name": "General terms"},
            {"placement": "before"},
            {"sequence": 2},
        ):
            with self.subTest(values=values.keys()):
                self._assert_kept(self._get_change(self.terms, **values))

    def test_quotes_in_every_state_keep_it(self):
        signed = self._create_sent_quote(document_ids=[Command.set(self.terms.ids)])
        self._sign(signed)
        self.quote.action_reject("Too much")
        before = self._read(signed)
        self._assert_kept(self._get_change(self.terms, file=make_pdf("Other")))
        self.assertEqual(self._read(signed), before)
        self.assertEqual(signed.signed_hash, signed.content_hash)
        # All of them have the same former state.
        self.assertEqual(len(self.terms._get_former()), 1)

    def test_drafts_whose_mail_is_under_way_keep_it(self):
        queued, later, noted = (
            self._create_quote(document_ids=[Command.set(self.terms.ids)])
            for _number in range(3)
        )
        queued.action_send_by_email(queue=True)
        composer = self.env["mail.compose.message"]
        tomorrow = str(fields.Datetime.now() + timedelta(days=1))
        for quote, context in (
            (later, later.action_send()["context"]),
            (noted, {"default_model": noted._name, "default_res_ids": noted.ids}),
        ):
            composer.with_context(**context).create(
                {"scheduled_date": tomorrow, "body": "Words"}
            )._action_schedule_message()
            self.assertEqual(quote.state, "draft")
        (queued | later).invalidate_recordset()
        before = [self._read(quote) for quote in (queued, later)]
        self.quote.unlink()
        self._get_change(self.terms, file=make_pdf("Other"))()
        self.assertEqual([self._read(quote) for quote in (queued, later)], before)
        self.assertEqual((queued | later).document_ids, self.terms._get_former())
        self.assertEqual(noted.document_ids, self.terms)

    def test_who_prints_a_draft_at_this_moment_does_so_again(self):
        """A write of the row tells those whose snapshot is older of the change."""
        self.env.flush_all()
        row = SQL(
            "SELECT xmin, ctid FROM billinator_quote WHERE id = %s", self.draft.id
        )
        [before] = self.env.execute_query(row)
        self._get_change(self.terms, file=make_pdf("Other"))()
        [after] = self.env.execute_query(row)
        self.assertNotEqual(after, before)

    def _get_attachment(self, document):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_field", "=", "file"),
                ("res_id", "=", document.id),
            ]
        )

    def test_a_damaged_file_stays_so_until_it_is_uploaded_again(self):
        before, checksum = self._read(self.quote), self.terms.checksum
        self._get_attachment(self.terms).raw = b"Damaged"
        self.env.invalidate_all()
        self._get_change(self.terms, placement="beside")()
        former = self.terms._get_former()
        self.assertEqual(former.checksum, checksum)
        with self.assertRaisesRegex(UserError, "is damaged"):
            self._read(self.quote)
        self._get_change(former, file=make_pdf("Terms, page 1"), filename="x.pdf")()
        self.assertEqual(self._read(self.quote), before)
        self.assertEqual(former.checksum, checksum)
        with self.assertRaisesRegex(UserError, "stays as it was"):
            self._get_change(former, file=make_pdf("Other"))()

    def test_a_lost_file_can_be_uploaded_again(self):
        before = self._read(self.quote)
        self._get_attachment(self.terms).unlink()
        self._get_change(self.terms, sequence=11)()
        former = self.terms._get_former()
        for document in (former, self.terms):
            self._get_change(document, file=make_pdf("Terms, page 1"))()
            self.assertTrue(document._read_intact_file())
        self.assertEqual(self._read(self.quote), before)

    def test_the_same_file_makes_no_former_state(self):
        self._get_change(self.terms, file=make_pdf("Terms, page 1"))()
        self.assertEqual(self.quote.document_ids, self.documents)

    def test_another_order_is_for_drafts(self):
        self._assert_kept(self._get_change(self.cover, sequence=99))
        self._assert_kept(self._get_change(self.sheet, sequence=-1))
        self._assert_kept(self._get_change(self.cover, sequence=3))

    def test_what_customers_do_not_see_makes_no_former_state(self):
        for values in (
            {"is_default": True},
            {"active": False},
            {"name": "Terms", "placement": "after", "sequence": 10},
        ):
            self.terms.write(values)
        self.assertEqual(self.quote.document_ids, self.documents)

    def test_a_former_state_stays(self):
        self.terms.name = "Other"
        former = self.terms._get_former().with_user(self.manager)
        self.assertEqual(former.name, "Terms")
        self.assertIn("Terms (until", former.display_name)
        for values in ({"name": "X"}, {"active": True}, {"file": make_pdf("X")}):
            with self.assertRaisesRegex(UserError, "stays as it was"):
                former.write(values)

    def test_quotes_that_are_closed_take_no_others(self):
        self.quote.document_ids = self.terms
        self.quote.action_accept()
        for change in (
            lambda: self.quote.write({"document_ids": [Command.clear()]}),
            lambda: self.quote.write({"document_ids": [Command.link(self.cover.id)]}),
        ):
            with self.assertRaisesRegex(UserError, "cannot be changed"):
                change()
            self.env.invalidate_all()

    def test_the_next_version_has_what_this_one_has(self):
        before = self.quote._get_content()["documents"]
        self.terms.name = "Other"
        self.cover.action_archive()
        revision = self.quote.revise()
        self.assertEqual(revision._get_content()["documents"], before)
        self.assertEqual(revision.document_ids, self.quote.document_ids)

    def test_what_another_company_has_got_by_now(self):
        theirs = self._create_quote(
            {"product_id": self.product_a.id},
            company_id=self.company_b.id,
            user_id=self.stranger.id,
            document_ids=[Command.set((self.terms | self.cover).ids)],
        )
        theirs.action_mark_sent()
        self.terms.name = "Other"
        self.draft.unlink()
        self.terms.company_id = self.company
        self.env.invalidate_all()
        theirs = theirs.with_user(self.stranger)
        self.assertEqual(theirs.copy().document_ids, self.cover)
        action = theirs.action_save_as_template()
        template = self.env["billinator.quote.template"].browse(action["res_id"])
        self.assertEqual(template.document_ids, self.cover)
        self.env.invalidate_all()
        self.assertEqual(theirs.revise().document_ids, theirs.document_ids)

    def test_closed_quotes_are_imported_as_they_are(self):
        bare = self._create_sent_quote(document_ids=[Command.clear()])
        (self.quote | bare).action_accept()
        self.assertEqual(self._import(self.quote, self.documents), [])
        self.assertEqual(self._import(bare, self.documents.browse()), [])
        [message] = self._import(self.quote, self.terms)
        self.assertIn("cannot be changed", message["message"])

    def _import(self, quote, documents):
        ids = ",".join(map(str, documents.ids))
        rows = [[str(quote.id), ids]]
        return quote.load([".id", "document_ids/.id"], rows)["messages"]

    def test_copies_have_what_is_used_today(self):
        self.terms.name = "Other"
        self.cover.action_archive()
        usual = self._create_document("Usual", is_default=True)
        self.assertEqual(self.quote.copy().document_ids, self.terms | self.sheet)
        for_another = self.quote.copy({"partner_id": self.other_customer.id})
        self.assertEqual(for_another.document_ids, usual)
        given = {"document_ids": [Command.set(self.cover.ids)]}
        self.assertEqual(self.quote.copy(given).document_ids, self.cover)


@tagged("post_install", "-at_install")
class TestContent(DocumentsCase):
    """Customers sign the documents with the quote."""

    def _read_hash(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.quote.content_hash

    def test_without_documents_it_is_the_quote_alone(self):
        """Signatures from before the addon was installed stay valid."""
        alone = self.quote._get_hash(QuoteAlone._get_content(self.quote))
        self.assertEqual(self.quote.content_hash, alone)
        self.quote.document_ids = self.terms
        self.assertNotEqual(self._read_hash(), alone)
        self.quote.document_ids = False
        self.assertEqual(self._read_hash(), alone)

    def test_documents_come_and_go(self):
        hashes = [self._read_hash()]
        for documents in (self.terms, self.cover, self.cover | self.terms):
            self.quote.document_ids = documents
            at_once = self.quote.content_hash
            self.assertEqual(self._read_hash(), at_once)
            hashes.append(at_once)
        self.assertEqual(len(set(hashes)), 4)

    def test_files_and_places_count(self):
        self.quote.action_reset_to_draft()
        self.quote.document_ids = self.terms | self.sheet
        before = self._read_hash()
        for values in (
            {"file": make_pdf("Other")},
            {"placement": "before"},
            {"sequence": 99},
        ):
            self.terms.write(values)
            at_once = self.quote.content_hash
            self.assertNotEqual(at_once, before)
            before = self._read_hash()
            self.assertEqual(at_once, before)

    def test_what_customers_did_not_see_they_do_not_sign(self):
        seen = self.quote.content_hash
        self.quote.document_ids = self.terms
        with self.assertRaisesRegex(UserError, "has changed"):
            self._sign(self.quote, seen)
        self._sign(self.quote)
        self.assertEqual(self.quote.signed_hash, self._read_hash())


@tagged("post_install", "-at_install")
class TestVersions(DocumentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote.document_ids = cls.cover | cls.terms
        cls.second = cls.quote.revise()

    def _compare(self):
        dialog = self.env["billinator.quote.compare"].create(
            {"new_version_id": self.second.id}
        )
        return dialog.changes

    def test_same_documents(self):
        diff = self.second.get_version_diff(self.quote.id)
        self.assertFalse(any(diff["documents"].values()))
        self.assertIn("say the same", self._compare())

    def test_one_of_two_with_the_same_name(self):
        self.second.document_ids |= self._create_document(
            "Terms", file=make_pdf("More")
        )
        self.assertEqual(
            self.second.get_version_diff(self.quote.id)["documents"],
            {"added": [], "removed": [], "changed": ["Terms"]},
        )

    def test_renamed_and_replaced(self):
        self.terms.write({"name": "Conditions", "file": make_pdf("Other terms")})
        self.assertEqual(
            self.second.get_version_diff(self.quote.id)["documents"],
            {"added": [], "removed": [], "changed": ["Conditions"]},
        )

    def test_another_order(self):
        self.terms.sequence = 1
        self.assertEqual(
            self.second.get_version_diff(self.quote.id)["documents"],
            {"added": [], "removed": [], "changed": ["Terms", "Cover"]},
        )

    def test_other_documents(self):
        self.second.document_ids = self.terms | self.sheet
        # Of the draft: the one before keeps its own.
        self.terms.file = make_pdf("Other terms")
        self.assertEqual(
            self.second.get_version_diff(self.quote.id)["documents"],
            {"added": ["Sheet"], "removed": ["Cover"], "changed": ["Terms"]},
        )
        changes = self._compare()
        self.assertNotIn("say the same", changes)
        for text in ("+ Sheet", "Cover", "Terms: changed"):
            self.assertIn(text, changes)
        self.assertEqual(
            self.second._get_portal_changes(),
            ["New: Sheet", "No longer: Cover", "Terms changed"],
        )
