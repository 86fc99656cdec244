import base64

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DocumentsCase, make_pdf


@tagged("post_install", "-at_install")
class TestPage(DocumentsCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote.document_ids = cls.documents
        cls.path = f"/my/crm-quotes/{cls.quote.id}"

    def _get(self, path, user=None, **params):
        self.authenticate(user and user.login, user and user.login)
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return self.url_open(f"{path}?{query}", allow_redirects=False)

    def _download(self, document, user=None, quote=None, **params):
        path = f"/my/crm-quotes/{(quote or self.quote).id}/documents/{document.id}"
        return self._get(path, user, **params)

    def test_lists_them(self):
        page = self._get(self.path, access_token=self.quote.access_token).text
        for name in ("Cover", "Terms", "Sheet"):
            self.assertIn(name, page)
        self.assertIn(f"{self.path}/documents/{self.sheet.id}?", page)
        self.assertNotIn(f"/documents/{self.cover.id}", page)
        self.quote.document_ids = False
        page = self._get(self.path, access_token=self.quote.access_token).text
        self.assertNotIn("Documents that are part", page)

    def test_files_beside_the_quote(self):
        token = {"access_token": self.quote.access_token}
        for user, params in ((None, token), (self.buyer, {}), (self.salesperson, {})):
            answer = self._download(self.sheet, user, **params)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(
                answer.content, base64.b64decode(make_pdf("Sheet, page 1"))
            )
            self.assertEqual(answer.headers["Content-Type"], "application/pdf")
            self.assertIn("Sheet.pdf", answer.headers["Content-Disposition"])

    def test_who_may_not_see_the_quote(self):
        for user, params, status in (
            (None, {"access_token": "wrong"}, 404),
            (None, {}, 303),
            (self.rival, {}, 404),
            (self.stranger, {}, 404),
        ):
            with self.subTest(user=user and user.login):
                for path in (self.path, f"{self.path}/documents/{self.sheet.id}"):
                    answer = self._get(path, user, **params)
                    self.assertEqual(answer.status_code, status)
                    self.assertNotIn(b"%PDF", answer.content)

    def test_drafts_are_nobodys(self):
        draft = self._create_quote(document_ids=[Command.set(self.sheet.ids)])
        token = draft._portal_ensure_token()
        answer = self._download(self.sheet, quote=draft, access_token=token)
        self.assertEqual(answer.status_code, 404)

    def test_files_that_are_not_beside_this_quote(self):
        other = self._create_document("Other", placement="beside")
        self._create_sent_quote(document_ids=[Command.set(other.ids)])
        for document in (other, self.cover, other.browse(other.id + 999)):
            answer = self._download(document, access_token=self.quote.access_token)
            self.assertEqual(answer.status_code, 404)

    def test_a_damaged_file_is_not_served(self):
        self.env.cr.execute(
            "UPDATE billinator_quote_document SET checksum = 'x' WHERE id = %s",
            [self.sheet.id],
        )
        self.env.invalidate_all()
        with mute_logger("odoo.http"):
            answer = self._download(self.sheet, access_token=self.quote.access_token)
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertNotIn(b"%PDF", answer.content)


@tagged("post_install", "-at_install")
class TestMail(DocumentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote.document_ids = cls.documents
        cls.salesperson.email = "seller@our.example"
        cls.template = cls.env.ref("billinator_crm.mail_template_quote_send")

    def _compose(self, quotes):
        action = quotes.with_user(self.salesperson).action_send()
        composer = self.env["mail.compose.message"].with_user(self.salesperson)
        return composer.with_context(**action["context"]).create({})

    def _get_files(self, attachments):
        return {
            attachment.name: attachment.raw
            for attachment in attachments.sudo()
            if attachment.name == "Sheet.pdf"
        }

    def test_files_beside_the_quote_are_attached(self):
        self.quote.with_user(self.salesperson).action_send_by_email(queue=True)
        message = self.quote.message_ids.filtered("billinator_sends_quote")
        sheet = base64.b64decode(make_pdf("Sheet, page 1"))
        self.assertEqual(self._get_files(message.attachment_ids), {"Sheet.pdf": sheet})
        names = set(message.attachment_ids.mapped("name"))
        self.assertEqual(len(names), 2)
        self.assertTrue(names.isdisjoint({"Cover.pdf", "Terms.pdf"}))

    def test_files_of_one_name_can_be_told_apart(self):
        for _copy in range(2):
            self.quote.document_ids |= self._create_document(
                "Sheet", placement="beside"
            )
        self.quote.with_user(self.salesperson).action_send_by_email(queue=True)
        message = self.quote.message_ids.filtered("billinator_sends_quote")
        self.assertLessEqual(
            {"Sheet.pdf", "Sheet (2).pdf", "Sheet (3).pdf"},
            set(message.attachment_ids.mapped("name")),
        )

    def test_the_composer_offers_them(self):
        composer = self._compose(self.quote)
        self.assertIn("Sheet.pdf", composer.attachment_ids.mapped("name"))
        composer.attachment_ids = composer.attachment_ids.filtered(
            lambda attachment: attachment.name != "Sheet.pdf"
        )
        composer.action_send_mail()
        message = self.quote.message_ids.filtered("billinator_sends_quote")
        self.assertFalse(self._get_files(message.attachment_ids))

    def test_each_of_several_quotes_has_its_own(self):
        other = self._create_sent_quote()
        self._compose(self.quote | other).action_send_mail()
        for quote, count in ((self.quote, 1), (other, 0)):
            message = quote.message_ids.filtered("billinator_sends_quote")
            self.assertEqual(len(message), 1)
            self.assertEqual(len(self._get_files(message.attachment_ids)), count)

    def test_other_mails_carry_none(self):
        self.template.report_template_ids = False
        self.quote.with_user(self.salesperson).action_send_by_email(queue=True)
        message = self.quote.message_ids.filtered("billinator_sends_quote")
        self.assertFalse(message.attachment_ids)
