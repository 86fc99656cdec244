from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Tell quotes that they have left, at once or by the queue."""
        # Before mails that are not kept are deleted.
        departed = [
            (
                mail.create_uid,
                mail.res_id,
                mail.billinator_quote_hash,
                mail.billinator_sends_quote,
            )
            for mail in self
            if mail._has_brought_quote(success_pids, success_emails)
        ]
        result = super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
        for sender, quote_id, *content in departed:
            Quote = self.env["billinator.quote"].with_user(sender)
            # In the name of who sent it, who was allowed to; the process that sends the
            # queue may be anybody's.
            Quote.sudo().browse(quote_id).exists()._follow_departure(*content)
        return result

    def _has_brought_quote(self, partners, emails):
        """Whether the mail brings a quote, and one of the recipients is its customer.

        Colleagues, and those who only follow the quote, are not.

        :param partners: the ``res.partner`` records whose mail the server has taken
        :param emails: the addresses without a partner whose mail it has taken
        """
        self.ensure_one()
        is_bringing = self.billinator_sends_quote or self.billinator_quote_hash
        if not is_bringing or self.model != "billinator.quote":
            return False
        addressed = self.mail_message_id.partner_ids or self.recipient_ids
        customers = addressed.filtered("partner_share")
        return bool(emails or any(partner in customers for partner in partners))
