import base64
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models import billinator_quote_document
from .common import DocumentsCase, make_pdf


@tagged("post_install", "-at_install")
class TestFile(DocumentsCase):
    def _assert_refused(self, file, reason):
        """Assert that neither a new document nor one that is there takes a file."""
        for act in (
            lambda: self._create_document("New", file=file),
            lambda: self.terms.write({"file": file}),
        ):
            with (
                mute_logger("pypdf", "pypdf._reader"),
                self.assertRaisesRegex(ValidationError, reason),
                self.cr.savepoint(),
            ):
                act()

    def test_has_to_be_a_pdf(self):
        for content in (b"Not a PDF", b"%PDF-1.4 broken", b"\x89PNG\r\n"):
            self._assert_refused(base64.b64encode(content), "cannot be read as a PDF")
        whole = base64.b64decode(make_pdf("Whole"))
        self._assert_refused(base64.b64encode(whole[:300]), "cannot be read as a PDF")

    def test_is_not_protected(self):
        self._assert_refused(make_pdf("Secret", password="secret"), "protected")

    def test_is_not_too_large(self):
        with patch.object(billinator_quote_document, "MAX_SIZE", 100):
            self._assert_refused(make_pdf("Large"), "larger than")

    def test_is_there(self):
        self._assert_refused(False, "Upload the PDF")
        with self.assertRaisesRegex(ValidationError, "Upload the PDF"):
            self.env["billinator.quote.document"].create({"name": "Empty"})

    def test_is_base64(self):
        for file in ("Ä", "abc", 7):
            self._assert_refused(file, "as base64")
        in_lines = base64.encodebytes(base64.b64decode(make_pdf("In lines")))
        self.assertTrue(self._create_document("New", file=in_lines.decode()).checksum)

    def test_checksum_is_of_the_file(self):
        same = self._create_document("Copy", file=make_pdf("Terms, page 1"))
        self.assertEqual(same.checksum, self.terms.checksum)
        self.assertNotEqual(same.checksum, self.cover.checksum)
        before = same.checksum
        # As the web client writes.
        same.with_context(bin_size=True).write({"file": make_pdf("Other")})
        self.assertNotEqual(same.checksum, before)
        self.env.invalidate_all()
        self.assertTrue(same._read_intact_file().startswith(b"%PDF"))

    def test_name_follows_the_file(self):
        document = self.env["billinator.quote.document"].new()
        for filename in ("terms_of_delivery.PDF", "other.pdf"):
            document.filename = filename
            document._onchange_filename()
            self.assertEqual(document.name, "terms of delivery")

    def test_is_uploaded_in_the_form(self):
        with Form(
            self.env["billinator.quote.document"].with_user(self.manager)
        ) as form:
            form.name = "Terms of delivery"
            form.file = make_pdf("Terms of delivery")
        self.assertEqual(form.record.placement, "after")
        self.assertTrue(form.record.checksum)


@tagged("post_install", "-at_install")
class TestLifeOfADocument(DocumentsCase):
    def test_used_ones_cannot_be_deleted(self):
        quote = self._create_quote(document_ids=[Command.set(self.terms.ids)])
        with self.assertRaisesRegex(UserError, "archive it instead"):
            self.terms.unlink()
        # Archived or not.
        self.terms.action_archive()
        with self.assertRaisesRegex(UserError, "archive it instead"):
            self.terms.unlink()
        self.assertEqual(quote.document_ids, self.terms)
        self.cover.unlink()
        quote.unlink()
        self.terms.unlink()
        self.assertFalse((self.cover | self.terms).exists())

    def test_is_used_as_long_as_its_former_state_is(self):
        self.quote.document_ids = self.terms
        self.terms.name = "Other terms"
        former = self.quote.document_ids
        self.assertNotEqual(former, self.terms)
        with self.assertRaisesRegex(UserError, "archive it instead"):
            self.terms.unlink()
        self.quote.document_ids = False
        self.terms.unlink()
        self.assertFalse(former.exists())

    def test_stays_in_the_company_of_its_quotes(self):
        self._create_quote(document_ids=[Command.set(self.terms.ids)])
        self.terms.company_id = self.company
        with self.assertRaisesRegex(ValidationError, "on quotes of"):
            self.terms.company_id = self.company_b
        self.cover.company_id = self.company_b

    def test_quotes_of_another_company_are_not_told_of(self):
        self._create_quote(
            company_id=self.company_b.id, document_ids=[Command.set(self.terms.ids)]
        )
        with self.assertRaises(ValidationError) as refused:
            self.terms.with_user(self.manager).company_id = self.company
        self.assertNotIn(self.company_b.name, str(refused.exception))

    def test_fits_the_company_of_its_templates(self):
        template = self.env["billinator.quote.template"].create(
            {"name": "Theirs", "company_id": self.company_b.id}
        )
        self.terms.company_id = self.company
        with self.assertRaises(UserError):
            self.terms.template_ids = template

    def test_copies_are_told_apart(self):
        self.assertEqual(self.terms.copy().name, "Terms (copy)")

    def test_nobody_makes_a_former_state(self):
        Document = self.env["billinator.quote.document"].with_user(self.manager)
        values = {
            "name": "New",
            "file": make_pdf("New"),
            "active": False,
            "replaced_by_id": self.terms.id,
        }
        with self.assertRaises(UserError):
            Document.create(values)
        del values["replaced_by_id"]
        made = Document.with_context(default_replaced_by_id=self.terms.id).create(
            values
        )
        self.assertFalse(made.replaced_by_id)
