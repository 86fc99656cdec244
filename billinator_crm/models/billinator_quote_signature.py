import base64
import binascii
import logging

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import (
    ConcurrencyError,
    LockError,
    RedirectWarning,
    UserError,
)
from odoo.tools.image import image_process

from ..locks import wait_and_lock

_logger = logging.getLogger(__name__)

SIGNATURE_FIELDS = {
    "signed_by",
    "signed_on",
    "signature",
    "signed_hash",
    "signed_down_payments",
    "signed_ip",
    "signed_pdf_id",
}
ANSWERED_STATES = ("accepted", "rejected")
SIGNATURE_SIZE = (1024, 1024)
# In characters; a signature drawn by hand has about ten thousand.
MAX_SIGNATURE_LENGTH = 2_000_000
MAX_NAME_LENGTH = 128
MAX_REASON_LENGTH = 4000


class BillinatorQuote(models.Model):
    """The customer's answer: who signed what, when and from where, or why not."""

    _inherit = "billinator.quote"

    signed_by = fields.Char(readonly=True, copy=False, tracking=True)
    signed_on = fields.Datetime(readonly=True, copy=False, tracking=True)
    signature = fields.Image(
        readonly=True,
        copy=False,
        max_width=SIGNATURE_SIZE[0],
        max_height=SIGNATURE_SIZE[1],
    )
    signed_hash = fields.Char(
        string="Signed Content",
        readonly=True,
        copy=False,
        help="The fingerprint of what was signed: the quote's content hash.",
    )
    signed_down_payments = fields.Json(
        readonly=True,
        copy=False,
        exportable=False,
        help="The down payments as they were planned when the quote was signed. What "
        "is planned or deleted later is no part of what was signed.",
    )
    signed_ip = fields.Char(
        string="Signed From",
        readonly=True,
        copy=False,
        help="The internet address that the signature came from.",
    )
    signed_pdf_id = fields.Many2one(
        "ir.attachment",
        string="Signed PDF",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The quote as it was signed. Only administrators can delete it.",
    )

    _signed_is_accepted = models.Constraint(
        "CHECK(signed_on IS NULL OR state = 'accepted')",
        "A signed quote stays as it is: make a new version of it.",
    )

    # === Rights === #

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | SIGNATURE_FIELDS

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"signed_hash", "signed_ip"}

    def _check_transition(self, state):
        result = super()._check_transition(state)
        for quote in self:
            if quote.signed_on and state != "accepted":
                raise UserError(quote._get_frozen_message())
        return result

    def _get_frozen_message(self):
        if not self.signed_on or self.is_superseded:
            return super()._get_frozen_message()
        return self.env._(
            "Quote %(quote)s was signed by %(signer)s and stays as it is. Make a new "
            "version of it.",
            quote=self.name,
            signer=self.signed_by,
        )

    # === What was signed === #

    @api.model
    def _get_content_dependencies(self):
        return [
            *super()._get_content_dependencies(),
            "signed_on",
            "signed_down_payments",
        ]

    def _get_offered_down_payments(self):
        """Return what was signed of them, once it was."""
        if self.signed_on:
            return self.signed_down_payments or []
        return super()._get_offered_down_payments()

    def _get_report_base_filename(self):
        """Tell the signed PDF from the one that was sent before."""
        name = super()._get_report_base_filename()
        if not self.signed_on:
            return name
        return self._in_customers_language().env._("%s (signed)", name)

    # === The customer's answer === #

    def _sign(self, signer, signature, content_hash, ip_address, partner):
        """Accept the quote as its customer, and keep the proof.

        Called in sudo mode by the quote's page, which has checked who may. Who comes
        second, with the same content, gets the same answer and changes nothing.

        :param str signer: the name of the person who signs
        :param str signature: the image, base64
        :param str content_hash: of what the customer's page shows
        :param str ip_address: where the request came from
        :param partner: the ``res.partner`` to speak for the customer in the thread
        :return: whether the quote was accepted now, and not before
        :raise UserError: if the quote is closed or has changed since the page was
            opened, or name or signature are missing
        """
        self.ensure_one()
        wait_and_lock(self)
        if self.signed_on and self.signed_hash == content_hash:
            return False
        self._check_open_to_customer()
        self._check_unchanged(content_hash)
        self._track_set_author(partner)
        self.write(
            {
                "state": "accepted",
                "signed_by": self._get_valid_signer(signer),
                "signed_on": fields.Datetime.now(),
                "signature": self._get_valid_signature(signature),
                "signed_hash": content_hash,
                "signed_down_payments": self._get_offered_down_payments(),
                "signed_ip": ip_address,
            }
        )
        quote = self._in_customers_language()
        answer = quote._post_for_customer(
            quote.env._("Accepted and signed by %s", self.signed_by),
            partner,
            attachments=self._render_signed_pdf(),
        )
        self.signed_pdf_id = answer.attachment_ids
        self._follow_up_signature()
        return True

    def _decline(self, reason, partner):
        """Reject the quote as its customer; called like ``_sign``.

        :param str reason: what the customer says, plain text
        :param partner: the ``res.partner`` to speak for the customer in the thread
        :return: whether the quote was rejected now, and not before
        :raise UserError: if the quote is closed, or without a reason
        """
        self.ensure_one()
        wait_and_lock(self)
        if self.state == "rejected":
            return False
        self._check_open_to_customer()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Please tell us why you decline the quote."))
        reason = reason[:MAX_REASON_LENGTH]
        self._track_set_author(partner)
        self.action_reject(reason)
        quote = self._in_customers_language()
        quote._post_for_customer(quote.env._("Quote declined: %s", reason), partner)
        return True

    # === What follows the signature === #

    def _follow_up_signature(self):
        """Make the invoice that is wanted at once, and confirm what was signed.

        Last of all, so that nobody who numbers another invoice waits for the signed
        PDF; and the mail after the invoice, when it is known what is to be paid.
        """
        quote = self._as_company()
        if self._wants_invoice_at_once():
            quote._try_to_follow_up(quote._invoice_at_once, quote._tell_why_no_invoice)
        if self._get_confirmation_template():
            quote._try_to_follow_up(quote._confirm, quote._tell_why_unconfirmed)

    def _as_company(self):
        """Return the quote for what the company does by itself, where and when it is.

        The customer who has signed is neither the author of the invoice nor one of its
        followers, and has no say in its date.
        """
        # After _sign, which the page calls once it has checked who may; what comes of
        # it are invoices and mails of this quote, as its company has decided.
        quote_sudo = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        return quote_sudo.with_context(tz=self._get_zone())._in_salespersons_lang()

    def _try_to_follow_up(self, follow_up, tell_why_not):
        """Do what follows the signature, all of it or nothing, or tell why not.

        The customer's acceptance counts, whatever becomes of it. Only who comes at the
        same moment as somebody else is repeated as a whole.

        :param follow_up: what to do, called without arguments
        :param tell_why_not: called with the reason, in the salesperson's language
        """
        try:
            with self.env.cr.savepoint():
                follow_up()
        except (ConcurrencyError, OperationalError):
            raise
        except LockError as error:
            raise ConcurrencyError(*error.args) from error
        except (RedirectWarning, UserError) as error:
            tell_why_not(error.args[0])
        except Exception:
            _logger.exception("What follows the signature of %s failed", self.name)
            tell_why_not(
                self.env._("An unexpected error, which the server's log describes.")
            )

    def _tell_salesperson(self, body, subject):
        self.message_post(
            body=body,
            subject=subject,
            partner_ids=self._get_our_contact().partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )

    def _renew_signed_hash(self):
        """Let signatures hold for the content as it is, after a merge of customers.

        A customer who was merged into another one has another id, which is all that the
        content changes by. Called in sudo mode; the thread keeps the hash before.
        """
        for quote in self:
            before, quote.signed_hash = quote.signed_hash, quote.content_hash
            quote._message_log(
                body=self.env._(
                    "The customer was merged with another one. What was signed had the "
                    "fingerprint %s until then.",
                    before,
                )
            )

    def _get_zone(self):
        """Return the time zone in which all readers are told when it was signed."""
        # As sudo: whoever reads that, reads whose quote it is.
        quote_sudo = self.sudo()
        return quote_sudo.company_id.partner_id.tz or quote_sudo.user_id.tz or "UTC"

    def _get_valid_signer(self, signer):
        signer = " ".join((signer or "").split())
        if not signer:
            raise UserError(self.env._("Please enter your name."))
        if len(signer) > MAX_NAME_LENGTH:
            raise UserError(self.env._("Please enter a shorter name."))
        return signer

    def _get_valid_signature(self, signature):
        """Return the image painted anew: nothing but its pixels is kept."""
        if not signature:
            raise UserError(self.env._("Please sign in the box."))
        unreadable = UserError(self.env._("Your signature cannot be read. Try again."))
        if len(signature) > MAX_SIGNATURE_LENGTH:
            raise unreadable
        try:
            source = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError) as error:
            raise unreadable from error
        # A drawing in SVG would be kept as it is, with all that it may carry.
        if source.lstrip()[:1] == b"<":
            raise unreadable
        try:
            image = image_process(
                source, size=SIGNATURE_SIZE, verify_resolution=True, output_format="PNG"
            )
        except (UserError, ValueError, OSError) as error:
            raise unreadable from error
        return base64.b64encode(image)

    def _render_signed_pdf(self):
        """Return the signed quote as a list of attachments, with one or none."""
        # The signature is written, but the report may read it by SQL.
        self.env.flush_all()
        report = self.env["ir.actions.report"].with_company(self.company_id)
        try:
            content, _kind = report._render_qweb_pdf(
                "billinator_crm.billinator_quote_report", self.ids
            )
        except UserError as error:
            # No program for PDFs is no reason to turn a customer's order away.
            _logger.warning("No PDF of the signed quote %s: %s", self.name, error)
            return []
        return [(f"{self._get_report_base_filename()}.pdf", content)]

    def _in_customers_language(self):
        """Return the quote for texts that the customer is to read."""
        return self.with_context(lang=self._get_customers_language())

    def _post_for_customer(self, body, partner, attachments=None):
        """Say on the quote what the customer did; the salesperson gets a mail.

        :return: the ``mail.message``
        """
        return self.message_post(
            body=body,
            subject=self._in_salespersons_lang()._get_answer_subject(),
            author_id=partner.id,
            email_from=self._get_sender_for(partner),
            partner_ids=self._get_our_contact().partner_id.ids,
            attachments=attachments or [],
            # Counts as what came from outside. Comments can be changed and deleted by
            # their authors, with their files.
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )

    def _get_sender_for(self, partner):
        """Return the address to write from in the name of a customer.

        No mail leaves without one, and the customer may have none.
        """
        if partner.email_normalized:
            return partner.email_formatted
        robot = self.env.ref("base.partner_root")
        return self.company_id.email_formatted or robot.email_formatted

    def _get_answer_subject(self):
        names = {"quote": self.name, "customer": self.commercial_partner_id.name}
        if self.state == "accepted":
            return self.env._("%(quote)s accepted by %(customer)s", **names)
        return self.env._("%(quote)s declined by %(customer)s", **names)

    def _notify_by_email_prepare_rendering_context(self, message, *args, **kwargs):
        """Tell readers in their own language what the customer's words come to."""
        values = super()._notify_by_email_prepare_rendering_context(
            message, *args, **kwargs
        )
        if message.message_type == "email" and self.state in ANSWERED_STATES:
            label = values["record"]._get_state_label()
            values["subtitles"] = [*values["subtitles"], label]
        return values
