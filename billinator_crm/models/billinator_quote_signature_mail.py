from odoo import models
from odoo.exceptions import ValidationError

from .billinator_quote_mail import LAYOUT


class BillinatorQuote(models.Model):
    """The mail that confirms to the customer what was signed, with the signed PDF."""

    _inherit = "billinator.quote"

    def _get_confirmation_template(self):
        return self.company_id.billinator_confirmation_template_id

    def _confirm(self):
        """Queue the mail, which is for the customer alone.

        Colleagues have the customer's answer, with the same PDF.
        """
        recipient = self._get_mail_recipient()
        if not recipient.email_normalized:
            raise ValidationError(
                self.env._("%s has no email address.", recipient.display_name)
            )
        self.message_post_with_source(
            self._get_confirmation_template(),
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid=LAYOUT,
            notify_skip_followers=True,
            # The customer waits for the page, and not for the mail server.
            force_send=False,
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _tell_why_unconfirmed(self, reason):
        self._tell_salesperson(
            self.env._(
                "The customer has accepted online, but no email could be sent to "
                "confirm it: %s",
                reason,
            ),
            subject=self.env._("%s accepted, but not confirmed", self.name),
        )

    def _process_attachments_for_template_post(self, mail_template):
        """Attach what was signed to the confirmation, and not the quote printed anew.

        :param mail_template: ``mail.template``
        :return: dict of quote's id: dict of ``attachment_ids``
        """
        attachments = super()._process_attachments_for_template_post(mail_template)
        for quote in self:
            if quote.signed_pdf_id and (
                mail_template == quote._get_confirmation_template()
            ):
                of_quote = attachments.setdefault(quote.id, {})
                of_quote.setdefault("attachment_ids", []).append(quote.signed_pdf_id.id)
        return attachments
