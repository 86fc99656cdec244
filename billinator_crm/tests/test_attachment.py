import base64
import io
from contextlib import suppress

from PIL import Image

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, JsonRpcException, tagged

from .rights import RightsCase

FILE = b"Cost of it: 3.14"
DOCUMENTS = ("opportunity", "quote", "note", "activity")
# Who reads the file of a colleague's document, and of the quote that a customer was
# sent. The page gives customers the quote, and no file that staff put on it.
READERS = {
    "opportunity": {"all", "admin"},
    "quote": {"all", "admin", "account"},
    "note": {"all", "admin"},
    "activity": {"all", "admin"},
}


def _draw_image():
    image = io.BytesIO()
    Image.new("RGB", (60, 20), "navy").save(image, "PNG")
    return image.getvalue()


@tagged("post_install", "-at_install")
class TestAttachment(RightsCase, HttpCase):
    """A file is as secret as the record that it is on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = _draw_image()

    def _attach(self, record):
        return self.env["ir.attachment"].create(
            {
                "name": "Calculation",
                "raw": FILE,
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    def _make_files(self, place):
        """Return a file on each document of a place, by the documents' kinds."""
        files = {}
        for kind in DOCUMENTS:
            document = self._get_document(f"billinator.{kind}", place)
            # The chatter of an activity's document is where its files are.
            files[kind] = self._attach(document)
        return files

    def _sign(self, place):
        quote = self._make("billinator.quote", place._replace(state="sent"))
        quote.sudo()._sign(
            "Ada",
            base64.b64encode(self.image).decode(),
            quote.content_hash,
            "192.0.2.7",
            quote.partner_id,
        )
        self.env.flush_all()
        return quote

    def _read_by_rpc(self, attachment):
        """Return whether the attachment's user gets its content in any way."""
        self.env.invalidate_all()
        file_sudo = attachment.sudo()
        found = attachment.browse()
        for domain in (
            [
                ("res_model", "=", file_sudo.res_model),
                ("res_id", "=", file_sudo.res_id),
            ],
            [("id", "=", attachment.id)],
            [("name", "=", file_sudo.name)],
        ):
            with suppress(AccessError):
                found |= attachment.search(domain)
        with suppress(AccessError):
            self.assertEqual(
                attachment.read(["raw"]), [{"id": attachment.id, "raw": FILE}]
            )
            self.assertIn(attachment, found)
            return True
        self.assertNotIn(attachment, found)
        return False

    def _get(self, path):
        answer = self.url_open(path, allow_redirects=False)
        self.assertIn(answer.status_code, (200, 303, 403, 404), path)
        return answer

    def _log_in(self, user):
        if user == self.public:
            self.authenticate(None, None)
        else:
            self.authenticate(user.login, user.login)

    def test_files_are_read_with_their_records(self):
        here = self._make_files(self._get_place("colleague", self.users["own"]))
        there = self._make_files(self._get_place("other company", self.users["own"]))
        self.env.flush_all()
        for role, user in self.users.items():
            self._log_in(user)
            for kind in DOCUMENTS:
                for files, may_read in (
                    (here, role in READERS[kind]),
                    (there, False),
                ):
                    with self.subTest(role=role, kind=kind, may_read=may_read):
                        file = files[kind]
                        self.assertEqual(
                            self._read_by_rpc(file.with_user(user)), may_read
                        )
                        answer = self._get(f"/web/content/{file.id}")
                        self.assertEqual(answer.content == FILE, may_read)

    def test_signatures_are_read_with_their_quotes(self):
        quote = self._sign(self._get_place("colleague", self.users["own"]))
        signature = quote.sudo().signature
        for role, user in self.users.items():
            self._log_in(user)
            for path in (
                f"/web/image/billinator.quote/{quote.id}/signature",
                f"/web/content/billinator.quote/{quote.id}/signature",
            ):
                with self.subTest(role=role, path=path):
                    shows = self._get(path).content == base64.b64decode(signature)
                    self.assertEqual(shows, role in READERS["quote"])

    def test_customers_get_what_their_page_gives(self):
        """Not the files that staff put on a quote which the customer may read."""
        quote = self._make("billinator.quote", self._get_place("own", self.portal))
        other = self._make(
            "billinator.quote", self._get_place("colleague", self.portal)
        )
        file = self._attach(quote)
        quote.message_post(body="Internally", attachment_ids=file.ids)
        sent = self.env["ir.attachment"].create({"name": "Sent", "raw": b"For you"})
        quote.message_post(
            body="For you",
            attachment_ids=sent.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        tokens = (quote._portal_ensure_token(), other._portal_ensure_token())
        self.env.flush_all()
        self.assertTrue(quote.with_user(self.portal).has_access("read"))
        for user in (self.portal, self.public):
            self._log_in(user)
            self.assertFalse(self._read_by_rpc(file.with_user(user)))
            for query in ("", *(f"?access_token={token}" for token in tokens)):
                path = f"/web/content/{file.id}{query}"
                self.assertNotEqual(self._get(path).content, FILE)
            [shown] = self._fetch_files(quote, tokens[0])
            self.assertEqual(shown["name"], "Sent")
            path = f"/web/content/{sent.id}?access_token={shown['raw_access_token']}"
            self.assertEqual(self._get(path).content, b"For you")
        # The public user, who has nothing but the token.
        with self.assertRaises(JsonRpcException):
            self._fetch_files(quote, tokens[1])

    def _fetch_files(self, quote, token):
        """Return the files that the page's discussion has for who has the token."""
        thread = {"thread_model": quote._name, "thread_id": quote.id, "token": token}
        answer = self.make_jsonrpc_request("/mail/chatter_fetch", thread)
        return [
            file
            for message in answer["data"]["mail.message"]
            for file in message["attachment_ids"]
        ]
