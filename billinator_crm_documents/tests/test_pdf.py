import base64

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DocumentsCase, make_pdf, read_pages

REPORT = "billinator_crm.billinator_quote_report"


class PdfCase(DocumentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote.document_ids = cls.documents

    def _print(self, quotes, user=None, **context):
        report = self.env["ir.actions.report"].with_user(user or self.env.user)
        report = report.with_context(force_report_rendering=True, **context)
        content, kind = report._render_qweb_pdf(REPORT, quotes.ids)
        self.assertEqual(kind, "pdf")
        return read_pages(content)

    def _damage(self, document):
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_field", "=", "file"),
                ("res_id", "=", document.id),
            ]
        )
        attachment.raw = base64.b64decode(make_pdf("Something else"))
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestPages(PdfCase):
    """What is printed is replaced here, which takes a second each time."""

    def setUp(self):
        super().setUp()
        self.pages_per_quote = 1
        self.patch(type(self.env["ir.actions.report"]), "_run_wkhtmltopdf", self._draw)

    def _draw(self, bodies, **_options):
        pages = [
            f"Quote {number}, page {page}"
            for number, _body in enumerate(bodies, 1)
            for page in range(1, self.pages_per_quote + 1)
        ]
        return base64.b64decode(make_pdf(*pages))

    def test_before_and_after_the_quote(self):
        expected = ["Cover, page 1", "Quote 1, page 1", "Terms, page 1"]
        for user in (self.salesperson, self.accountant):
            self.assertEqual(self._print(self.quote, user), expected)
        self.terms.copy({"name": "More", "sequence": 1, "placement": "before"})
        profile = self._create_document(
            "Profile", file=make_pdf("First", "Second"), placement="before", sequence=1
        )
        self.quote.document_ids |= profile
        self.assertEqual(self._print(self.quote), ["First", "Second", *expected])

    def test_without_pages(self):
        self.quote.document_ids = self.sheet
        self.assertEqual(self._print(self.quote), ["Quote 1, page 1"])

    def _create_three(self):
        second, third = (
            self._create_sent_quote(document_ids=[Command.set(documents.ids)])
            for documents in (self.sheet, self.terms)
        )
        return self.quote | second | third

    def test_several_quotes(self):
        self.assertEqual(
            self._print(self._create_three()),
            [
                *("Cover, page 1", "Quote 1, page 1", "Terms, page 1"),
                "Quote 2, page 1",
                *("Quote 3, page 1", "Terms, page 1"),
            ],
        )

    def test_several_quotes_that_cannot_be_told_apart(self):
        self.pages_per_quote = 2
        one = ["Quote 1, page 1", "Quote 1, page 2"]
        self.assertEqual(
            self._print(self._create_three()),
            ["Cover, page 1", *one, "Terms, page 1", *one, *one, "Terms, page 1"],
        )

    def test_the_same_quote_twice(self):
        pages = self._print(self.quote.concat(self.quote))
        self.assertEqual(pages.count("Cover, page 1"), 1)

    def test_what_is_kept_as_printed_is_not_filled_twice(self):
        report = self.env.ref(REPORT)
        report.write({"attachment": "'Kept'", "attachment_use": True})
        first = self._print(self.quote)
        self.assertEqual(len(first), 3)
        self.assertEqual(self._print(self.quote), first)

    def test_damaged_files_are_told_of(self):
        self._damage(self.terms)
        with self.assertRaisesRegex(UserError, "“Terms” is damaged"):
            self._print(self.quote)
        with self.assertRaisesRegex(UserError, "“Terms” is damaged"):
            self._print(self._create_three())

    @mute_logger("odoo.addons.billinator_crm.models.billinator_quote_signature")
    def test_a_damaged_file_turns_no_order_away(self):
        self._damage(self.terms)
        quote = self.quote.with_context(force_report_rendering=True)
        self._sign(quote)
        self.assertEqual(quote.state, "accepted")
        self.assertFalse(quote.signed_pdf_id)

    def test_what_is_signed_has_them(self):
        quote = self.quote.with_context(force_report_rendering=True)
        self._sign(quote)
        self.assertEqual(
            read_pages(quote.signed_pdf_id.raw),
            ["Cover, page 1", "Quote 1, page 1", "Terms, page 1"],
        )

    @mute_logger("pypdf._reader")
    def test_what_the_library_cannot_put_together(self):
        with self.assertRaisesRegex(UserError, "cannot be put together"):
            self.quote._insert_pages(b"No PDF")

    def test_html_is_the_quote_alone(self):
        html, kind = self.env["ir.actions.report"]._render_qweb_html(
            REPORT, self.quote.ids
        )
        self.assertEqual(kind, "html")
        self.assertNotIn("Cover", html.decode())


@tagged("post_install", "-at_install")
class TestPrinted(PdfCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # From where the PDF's program fetches its styles.
        cls.env["ir.config_parameter"].set_param("report.url", cls.base_url())

    def test_several_quotes(self):
        other = self._create_sent_quote(document_ids=[Command.set(self.terms.ids)])
        pages = self._print(self.quote | other)
        self.assertEqual(len(pages), 5)
        self.assertEqual(
            (pages[0], pages[2], pages[4]),
            tuple(f"{name}, page 1" for name in ("Cover", "Terms", "Terms")),
        )
        self.assertIn(self.quote.name, pages[1])
        self.assertIn(other.name, pages[3])
