from odoo import api, fields, models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    billinator_sends_quote = fields.Boolean(
        compute="_compute_billinator_sends_quote",
        store=True,
        readonly=False,
        precompute=True,
        help="The mail brings a quote to its customer, and makes it a sent one.",
    )
    billinator_quote_hash = fields.Char(
        compute="_compute_billinator_quote_hash",
        store=True,
        readonly=False,
        help="Stands for all that the quote said when its PDF was made. Empty where "
        "the PDF is made when the mail is sent.",
    )

    @api.depends("template_id")
    def _compute_billinator_sends_quote(self):
        """Know the template in any composer, and let other templates bring quotes."""
        template = self.env.ref(
            "billinator_crm.mail_template_quote_send", raise_if_not_found=False
        )
        for composer in self:
            composer.billinator_sends_quote = composer.billinator_sends_quote or (
                composer.template_id and composer.template_id == template
            )

    @api.depends("composition_mode", "model", "res_domain", "res_ids", "template_id")
    def _compute_billinator_quote_hash(self):
        """Follow the attachments, which are made when the same fields change."""
        for composer in self:
            quotes = composer._get_quotes_to_send()
            is_made_now = composer.composition_mode == "comment" and len(quotes) == 1
            composer.billinator_quote_hash = is_made_now and quotes.content_hash

    def action_send_mail(self):
        """Send, and let the web client tell what became of the mails with quotes.

        These leave after the end of the transaction: nothing is known before.

        :return: an action, which closes the dialog
        """
        action = super().action_send_mail()
        quotes = self.env["billinator.quote"].union(
            *(composer._get_quotes_to_send() for composer in self)
        )
        if not quotes:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "billinator_crm.tell_departure",
            "params": {"quote_ids": quotes.ids},
        }

    def _prepare_mail_values_static(self):
        values = super()._prepare_mail_values_static()
        if self._get_quotes_to_send():
            values["billinator_sends_quote"] = True
        if self.billinator_quote_hash and self.model == "billinator.quote":
            values["billinator_quote_hash"] = self.billinator_quote_hash
        return values

    def _get_quotes_to_send(self):
        """Return the quotes that the mail brings, none where it brings none."""
        self.ensure_one()
        Quote = self.env["billinator.quote"]
        if not self.billinator_sends_quote or self.model != Quote._name:
            return Quote
        return Quote.browse(self._evaluate_res_ids())
