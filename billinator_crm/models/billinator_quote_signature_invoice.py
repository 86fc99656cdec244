from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, format_date

from .billinator_quote_invoicing import PAID
from .res_company import ONLINE_INVOICES

POSTING = ("post", "send")
# As on Odoo's page of the invoice, which offers to pay it.
PAYABLE = ("not_paid", "in_payment", "partial")
# What is transferred by hand is asked for until it is there.
BY_HAND = ("none", "custom")


class BillinatorQuote(models.Model):
    """The invoice that follows the customer's signature, and what the page says of it.

    What is to follow is no part of what the quote says to the customer: it changes no
    price and no term, so that the content hash does without it.
    """

    _inherit = "billinator.quote"

    online_invoice = fields.Selection(
        ONLINE_INVOICES,
        string="When Accepted Online",
        compute="_compute_online_invoice",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        # Copies begin with what holds then; next versions take it along.
        copy=False,
        help="The invoice to create when the customer accepts on the quote's page: "
        "for the first down payment if there is one, else for the whole quote. "
        "Accepting for the customer creates none.",
    )

    # === Computes === #

    # Not on the settings: quotes keep what they were made with.
    @api.depends("company_id")
    def _compute_online_invoice(self):
        for quote in self:
            quote.online_invoice = quote._get_default_online_invoice()

    def _get_default_online_invoice(self):
        """Return what the quote's template says, or else its company."""
        return self._choose_online_invoice(self.applied_template_id)

    def _choose_online_invoice(self, template):
        company = self._get_company()
        return template.online_invoice or company.billinator_online_invoice

    # === Constraints === #

    @api.constrains("online_invoice")
    def _check_online_invoice_editable(self):
        self._check_editable()

    @api.constrains("online_invoice")
    def _check_posting_decided(self):
        """Leave posting to who may post, and to what administrators have decided."""
        if self.env.user.has_group("account.group_account_invoice"):
            return
        for quote in self.filtered(lambda quote: quote.online_invoice in POSTING):
            previous = quote.previous_version_id.online_invoice
            chosen = quote.template_id.online_invoice
            default = quote._get_default_online_invoice()
            if quote.online_invoice not in (chosen, default, previous):
                raise ValidationError(
                    self.env._(
                        "Quote %s: only users who may post invoices can choose that "
                        "one is posted, unless the quote's template or the settings "
                        "say so.",
                        quote.name,
                    )
                )

    # === Templates and versions === #

    def _prepare_template_values(self, template):
        """Let the template's choice stand where nobody has made another one."""
        values = super()._prepare_template_values(template)
        if self.online_invoice == self._get_default_online_invoice():
            values["online_invoice"] = self._choose_online_invoice(template)
        return values

    def _prepare_revision_values(self):
        return {
            **super()._prepare_revision_values(),
            "online_invoice": self.online_invoice,
        }

    # === The customer's signature === #

    def _wants_invoice_at_once(self):
        """Whether an invoice is wanted, and there is anything to pay."""
        has_amount = not self.currency_id.is_zero(self.amount_total)
        return self.online_invoice != "no" and has_amount

    def _invoice_at_once(self):
        """Invoice the first down payment, or the whole quote."""
        asked = self.installment_ids.sorted()[:1] or self
        invoice = asked._convert_to_invoices()
        if self.online_invoice in POSTING:
            invoice.action_post()
        if self.online_invoice == "send":
            send = partial(self._send_in_background, invoice)
            self._try_to_follow_up(send, self._tell_why_not_sent)

    def _send_in_background(self, invoice):
        """Leave it to Odoo to send the invoice, as it does with several at once.

        Its PDF, and whatever the customer gets with or instead of a mail, may take
        longer than a customer waits, and may fail for reasons of their own, which Odoo
        writes on the invoice and tells the salesperson.

        :raise UserError: if nothing would be sent
        """
        job = self.env.ref(
            "account.ir_cron_account_move_send", raise_if_not_found=False
        )
        if not (job and job.active):
            raise UserError(self.env._("Odoo's job that sends invoices is inactive."))
        self._check_invoice_sendable(invoice)
        invoice.sending_data = {
            "author_user_id": self.env.uid,
            "author_partner_id": (self.user_id or self.env.user).partner_id.id,
        }
        job._trigger()

    def _check_invoice_sendable(self, invoice):
        """Refuse what Odoo would take for sent without sending it to anybody."""
        Send = self.env["account.move.send"]
        settings = Send._get_default_sending_settings(invoice)
        if not any(
            method != "manual"
            and Send._is_applicable_to_move(method, invoice, **settings)
            for method in settings["sending_methods"]
        ):
            raise UserError(
                self.env._(
                    "%s has no email address, or gets invoices by hand.",
                    invoice.partner_id.display_name,
                )
            )

    def _tell_why_no_invoice(self, reason):
        self._tell_salesperson(
            self.env._(
                "The customer has accepted online, but the invoice could not be "
                "created. Create it once this is resolved: %s",
                reason,
            ),
            subject=self.env._("%s accepted, but not invoiced", self.name),
        )

    def _tell_why_not_sent(self, reason):
        self._tell_salesperson(
            self.env._(
                "The customer has accepted online, and the invoice was posted, but it "
                "could not be sent. Send it once this is resolved: %s",
                reason,
            ),
            subject=self.env._("%s accepted, but its invoice not sent", self.name),
        )

    # === The page === #

    def _get_portal_invoices(self):
        """Return what the customer's page says of each posted invoice, oldest first."""
        self.ensure_one()
        posted = self.invoice_ids.filtered(lambda invoice: invoice.state == "posted")
        return [self._describe_invoice(invoice) for invoice in posted.sorted("id")]

    def _describe_invoice(self, invoice):
        """Return a dict of the invoice, its status and the invitation to pay it.

        ``is_paid_in_part`` is whether less than its total is left to pay; ``status`` is
        ``paid``, ``in_process``, ``credited``, ``open`` or ``overdue``; ``invitation``
        names what is to be paid next, and is None where nothing is.
        """
        is_due = self._is_due(invoice)
        return {
            "invoice": invoice,
            "status": self._get_portal_invoice_status(invoice, is_due),
            "is_paid_in_part": self._is_paid_in_part(invoice),
            "invitation": self._get_invitation_to_pay(invoice) if is_due else None,
        }

    def _get_invoices_to_pay(self):
        """Return the posted invoices that the customer's page asks to pay."""
        self.check_access("read")
        # As sudo: whoever may read the quote may read its customer's page and mails,
        # which need no accounting rights.
        described = self.sudo()._get_portal_invoices()
        return self.env["account.move"].union(
            *(each["invoice"] for each in described if each["invitation"])
        )

    def _is_due(self, invoice):
        """Whether something is to be paid, and nobody is about to pay it."""
        return (
            invoice.payment_state in PAYABLE
            and invoice.currency_id.compare_amounts(invoice.amount_residual, 0) > 0
            and not self._is_credited(invoice)
            and not self._is_being_paid_online(invoice)
            and not self._is_covered_by_payments(invoice)
        )

    def _is_paid_in_part(self, invoice):
        compare = invoice.currency_id.compare_amounts
        left = invoice.amount_residual
        return compare(left, 0) > 0 and compare(left, invoice.amount_total) < 0

    def _is_being_paid_online(self, invoice):
        # Odoo's online payments come with accounting, but can be uninstalled.
        if "transaction_ids" not in invoice._fields:
            return False
        return any(
            self._is_under_way(transaction) and transaction.provider_code not in BY_HAND
            for transaction in invoice.transaction_ids
        )

    def _is_under_way(self, transaction):
        """Whether the money may come, or has come but is not booked yet."""
        if transaction.state == "done":
            return not transaction.is_post_processed
        return transaction.state in ("pending", "authorized")

    def _is_covered_by_payments(self, invoice):
        """Whether payments that are not booked yet come to all that is due.

        With Odoo's Accounting, the bank's statement books them, some days later.
        """
        if invoice.payment_state != "in_payment":
            return False
        payments = invoice.matched_payment_ids.filtered(
            lambda payment: payment.state in ("in_process", "paid")
            and not payment.move_id
        )
        amount = sum(
            payment.currency_id._convert(
                payment.amount_signed,
                invoice.currency_id,
                invoice.company_id,
                payment.date,
            )
            for payment in payments
        )
        # Less than the residual where paying early brings a discount.
        due = invoice._get_invoice_next_payment_values()["amount_due"]
        return invoice.currency_id.compare_amounts(amount, due) >= 0

    def _get_invitation_to_pay(self, invoice):
        # Payment terms may ask for a part of the invoice first.
        due = invoice._get_invoice_next_payment_values()
        amount = format_amount(self.env, due["next_amount_to_pay"], invoice.currency_id)
        if invoice.billinator_installment_id:
            return self.env._("Pay the down payment of %s", amount)
        day = due["next_due_date"]
        if day and day > self.company_id._get_billinator_day():
            return self.env._(
                "Pay %(amount)s by %(date)s",
                amount=amount,
                date=format_date(self.env, day),
            )
        return self.env._("Pay %s now", amount)

    def _get_portal_invoice_status(self, invoice, is_due):
        if self._is_credited(invoice):
            return "credited"
        is_settled = invoice.currency_id.is_zero(invoice.amount_residual)
        is_unbooked = invoice.payment_state == "in_payment" and not is_settled
        is_paid = invoice.payment_state in PAID and not is_unbooked
        if is_paid or self._is_paid_with_credit(invoice):
            return "paid"
        if is_unbooked or self._is_being_paid_online(invoice):
            return "in_process"
        day = invoice.invoice_date_due
        is_late = is_due and day and day < self.company_id._get_billinator_day()
        return "overdue" if is_late else "open"
