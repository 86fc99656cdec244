import logging

from odoo import api, models
from odoo.tools import email_normalize

_logger = logging.getLogger(__name__)

OUR_MODELS = ("billinator.opportunity", "billinator.quote")
NEW_BY_MAIL = "billinator.opportunity"
ROBOTS = ("mailer-daemon", "postmaster")
# Of the many values, those which only a machine that answers machines sends. Odoo and
# others write "OOF" on the mails of people, too.
SUPPRESSING = {"all", "autoreply"}


class MailThread(models.AbstractModel):
    """Keeps machines from opening deals, and from writing to customers through us."""

    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Leave out the ways to our models that automatic mail may not take.

        What answers by itself becomes an internal note where it answers something,
        and nothing else: no deal, and no mail to whoever follows the document.
        """
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        if not any(route[0] in OUR_MODELS for route in routes):
            return routes
        if self._is_from_ourselves(message_dict):
            kept = [route for route in routes if route[0] not in OUR_MODELS]
        elif self._is_automatic(message, message_dict):
            kept = [route for route in routes if route[1] or route[0] != NEW_BY_MAIL]
            if any(route[0] in OUR_MODELS for route in kept):
                message_dict["is_internal"] = True
                self._let_customers_out(message_dict)
        else:
            return routes
        _logger.info(
            "Automatic mail from %s to %s with Message-Id %s: routes %s of %s",
            message_dict["email_from"],
            message_dict["to"],
            message_dict["message_id"],
            kept,
            routes,
        )
        return kept

    @api.model
    def _let_customers_out(self, message_dict):
        """Forget what a note answers where a customer wrote that.

        Odoo notifies the author of what an internal message answers.
        """
        # The gateway has found the message, and nothing is told of it.
        Message_sudo = self.env["mail.message"].sudo()
        if Message_sudo.browse(message_dict.get("parent_id")).author_id.partner_share:
            del message_dict["parent_id"]

    @api.model
    def _message_parse_extract_from_parent(self, parent_message):
        """Keep answers to what is for colleagues alone by now among them.

        A quote that has another customer since may still be answered by the former one.
        """
        values = super()._message_parse_extract_from_parent(parent_message)
        is_ours = parent_message and parent_message.model in OUR_MODELS
        if is_ours and parent_message.is_internal:
            values["is_internal"] = True
        return values

    @api.model
    def _message_parse_extract_payload(
        self, message, message_dict, save_original=False
    ):
        """Read what is in an encoding that nobody knows as well as possible."""
        for part in message.walk():
            if not self._is_known_charset(part.get_content_charset("utf-8")):
                part.set_param("charset", "utf-8")
        return super()._message_parse_extract_payload(
            message, message_dict, save_original=save_original
        )

    @api.model
    def _is_known_charset(self, charset):
        try:
            b" ".decode(charset)
        except LookupError:
            return False
        return True

    @api.model
    def _is_from_ourselves(self, message_dict):
        """Whether the sender is one of the addresses at which we receive mail."""
        sender = email_normalize(message_dict["email_from"])
        # The gateway may not read the domains' settings, and nothing is told of them.
        return bool(self.env["mail.alias.domain"].sudo()._find_aliases([sender]))

    @api.model
    def _is_automatic(self, message, message_dict):
        """Whether a machine sent the mail, by RFC 3834 and what servers do besides."""
        sender = email_normalize(message_dict["email_from"]) or ""

        def read(header):
            return (message.get(header) or "").strip().lower()

        suppressed = read("X-Auto-Response-Suppress").replace(" ", "").split(",")
        return (
            read("Auto-Submitted").split(";")[0].strip() not in ("", "no")
            or not SUPPRESSING.isdisjoint(suppressed)
            or read("Precedence") in ("auto_reply", "auto-reply")
            or any(
                read(name) for name in ("X-Autoreply", "X-Autorespond", "X-Vacation")
            )
            # Not even the machine wants to hear of its mail again.
            or read("Return-Path") == "<>"
            or sender.split("@")[0] in ROBOTS
        )
