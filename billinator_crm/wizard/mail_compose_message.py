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

    def action_send_mail(self):
        """Send, and let the web client tell what became of the mails with quotes.

        These leave after the end of the transaction: nothing is known before.

        :return: an action, which closes the dialog
        """
        action = super().action_send_mail()
        quote_ids = [
            quote_id
            for composer in self
            if composer.billinator_sends_quote and composer.model == "billinator.quote"
            for quote_id in composer._evaluate_res_ids()
        ]
        if not quote_ids:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "billinator_crm.tell_departure",
            "params": {"quote_ids": quote_ids},
        }

    def _prepare_mail_values_static(self):
        values = super()._prepare_mail_values_static()
        if self.billinator_sends_quote and self.model == "billinator.quote":
            values["billinator_sends_quote"] = True
        return values
