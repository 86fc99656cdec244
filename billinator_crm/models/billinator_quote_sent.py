from odoo import api, fields, models
from odoo.fields import Domain


class BillinatorQuote(models.Model):
    """Whether the quote still says what was last sent to the customer."""

    _inherit = "billinator.quote"

    sent_hash = fields.Char(
        compute="_compute_sent_hash",
        store=True,
        copy=False,
        exportable=False,
        help="Stands for all that the quote said when it was last sent.",
    )
    is_changed_since_sent = fields.Boolean(
        string="Changed Since Sent",
        compute="_compute_is_changed_since_sent",
        store=True,
        help="The quote says something else than when it was last sent or marked as "
        "sent. What customers choose on its page is no change.",
    )

    # === Computes === #

    @api.depends("state")
    def _compute_sent_hash(self):
        for quote in self:
            if quote.state == "draft":
                quote.sent_hash = False
            elif quote.state == "sent":
                # An expired one that gets another day has not been sent anew.
                quote.sent_hash = quote.sent_hash or quote.content_hash
            else:
                quote.sent_hash = quote.sent_hash

    @api.depends("state", "sent_hash", "content_hash")
    def _compute_is_changed_since_sent(self):
        for quote in self:
            if quote.state != "sent":
                quote.is_changed_since_sent = False
            elif not quote.id:
                # In a form, which has no hash of what is not saved.
                quote.is_changed_since_sent = quote._origin.is_changed_since_sent
            else:
                known = quote.sent_hash
                quote.is_changed_since_sent = known and known != quote.content_hash

    # === CRUD === #

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            # Before something else changes.
            self._recompute_recordset(["sent_hash"])
        return result

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"sent_hash"}

    # === Actions === #

    def action_mark_sent(self):
        """Mark draft quotes as sent, and others as sent once more, as they are now.

        :return: True
        :raises UserError: for quotes in another state, without a line to sell, that
            have a next version, or that need an approval first
        """
        result = super().action_mark_sent()
        stale = self.filtered(lambda quote: quote._is_copy_stale())
        stale.check_access("write")
        stale._note_sent()
        return result

    # === Business === #

    def _is_copy_stale(self):
        """Whether the customer has got something else, or nobody knows what."""
        self.ensure_one()
        return self.is_changed_since_sent or not self.sent_hash

    def _note_sent(self, content_hash=None):
        """Remember that customers have the quotes as they are now, or as they were."""
        # Nobody sets it by hand; who comes here has sent the quote, or is its customer.
        for quote in self.sudo():
            quote.sent_hash = content_hash or quote.content_hash

    def _set_sent(self, content_hash, is_offer):
        """Know what a mail has brought, which may have changed since it was made."""
        result = super()._set_sent(content_hash, is_offer)
        sent = self.filtered(lambda quote: quote.state == "sent")
        sent._note_sent(content_hash)
        return result

    def _choose_line(self, line_id, content_hash, **choice):
        """Know that customers know what they have chosen."""
        is_stale, former_hash = self._is_copy_stale(), self.content_hash
        result = super()._choose_line(line_id, content_hash, **choice)
        if not is_stale:
            self._note_sent()
        # Mails on their way bring the offer that it is chosen of. As sudo: by the page,
        # as above.
        self.env["mail.message"].sudo().search(
            Domain("model", "=", self._name)
            & Domain("res_id", "=", self.id)
            & Domain("billinator_quote_hash", "=", former_hash)
        ).billinator_quote_hash = self.content_hash
        return result
