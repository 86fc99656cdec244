from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..locks import wait_and_lock


class BillinatorQuote(models.Model):
    """From a quote to its invoice, exactly once."""

    _inherit = "billinator.quote"

    # === Actions === #

    def action_convert_to_invoice(self):
        """Make one draft customer invoice of each quote, exactly once.

        Where down payments were invoiced before, it is the rest: all lines, less what
        the down payments took. Draft and sent quotes become accepted by it. Quotes
        that have this invoice already, made before or at this moment by somebody
        else, answer with that one; a cancelled or deleted invoice does not count, but
        one that was credited in full does, until :meth:`action_invoice_again`. Users
        who may edit the quote need no accounting rights for this.

        :return: a window action on the invoices (``res_id`` of one, ``domain`` of
            several), which users without access to invoices get as a notification
            with the ids in ``params['invoice_ids']``
        :raises UserError: for rejected and expired quotes, without a line to sell, that
            have a next version, that need an approval first, with a negative total,
            or with planned down payments that have no invoice yet
        """
        return self._get_converted_action(self._convert_to_invoices())

    def action_invoice_again(self):
        """Make the next invoice of quotes whose final invoice was credited in full.

        The credited invoice stays with its quote, but makes room for another one,
        which is like what :meth:`action_convert_to_invoice` makes, and is made exactly
        once: quotes that have it already, made before or at this moment by somebody
        else, answer with that one, and so do those whose invoice still asks for
        something. Of those that have none, it is the first one.

        :return: as :meth:`action_convert_to_invoice`
        :raises UserError: as :meth:`action_convert_to_invoice`
        """
        self._begin_conversion()
        # Who may convert a quote, checked before, may convert it again.
        credited_sudo = self.sudo().filtered("is_credited")
        credited_sudo._get_final_invoices()._release_billinator_quote()
        return self._get_converted_action(self._convert_to_invoices())

    @api.readonly
    def action_view_invoices(self):
        """Open the quotes' invoices.

        :return: a window action
        """
        return self._get_invoices_action(self.invoice_ids)

    # === Business === #

    def _convert_to_invoices(self):
        """Make the missing invoices of the quotes and return all of them, as sudo."""
        self._begin_conversion()
        quotes = self.union().filtered(
            lambda quote: not quote.sudo()._get_final_invoices()
        )
        quotes._check_total_not_negative()
        quotes._check_down_payments_invoiced()
        quotes._create_invoices([quote._prepare_invoice_values() for quote in quotes])
        return self.sudo()._get_final_invoices()

    def _check_total_not_negative(self):
        """Refuse quotes that pay the customer: nobody could post their invoices."""
        for quote in self:
            if quote.currency_id.compare_amounts(quote.amount_total, 0) < 0:
                raise UserError(
                    self.env._(
                        "Quote %(quote)s comes to %(total)s, and there are no negative "
                        "invoices: change its lines, or create a credit note in "
                        "Invoicing.",
                        quote=quote.name,
                        total=quote._format_amount(quote.amount_total),
                    )
                )

    def _begin_conversion(self):
        """Check the rights, and let no other conversion of the quotes come between."""
        self.check_access("write")
        wait_and_lock(self)
        # Callers may name a quote twice, and may have cancelled an invoice just now,
        # which the database has to know before it sees the next one.
        self.env["account.move"].flush_model(["billinator_quote_id", "state"])

    def _create_invoices(self, vals_list):
        """Accept the quotes and create their invoices, after ``_begin_conversion``."""
        self.action_accept()
        self._settle_analytic_distribution(vals_list)
        # Whoever may edit a quote, checked before, may make its invoice, but neither
        # see nor change others: accounting rights are not asked for, nor given.
        try:
            invoices_sudo = self._get_silent_moves_sudo().create(vals_list)
        except UserError:
            # Afterwards, for it costs a query.
            self._check_sales_journal()
            raise
        self._log_invoices(invoices_sudo)

    def _check_sales_journal(self):
        """Say what there is to set up in companies that cannot make invoices yet."""
        # As sudo: salespeople do not see journals; this only asks for one.
        Journal_sudo = self.env["account.journal"].sudo()
        for company in self.company_id:
            journals = Domain("type", "=", "sale") & Domain(
                Journal_sudo._check_company_domain(company)
            )
            if not Journal_sudo.search_count(journals, limit=1):
                raise UserError(
                    self.env._(
                        "%s has no sales journal, which invoices need. Ask your "
                        "accountants to choose the company's chart of accounts in the "
                        "Invoicing settings; it comes with one.",
                        company.name,
                    )
                )

    def _get_silent_moves_sudo(self):
        """Return the model of the invoices, without what a converted one needs not."""
        return (
            self.env["account.move"]
            .sudo()
            .with_context(
                # The log says which quote an invoice comes from, which is enough:
                # Odoo's “Invoice Created” takes seven queries, one by one.
                mail_create_nolog=True,
                # Drafts have no analytic items, for which it writes each line again.
                skip_analytic_sync=True,
            )
        )

    def _settle_analytic_distribution(self, vals_list):
        """Where no distribution model can apply, keep lines from searching for one.

        Odoo searches once for each product that is invoiced.
        """
        # What invoices get by themselves does not depend on who makes them.
        Model_sudo = self.env["account.analytic.distribution.model"].sudo()
        companies = [False, *self.company_id.ids]
        if Model_sudo.search_count([("company_id", "in", companies)], limit=1):
            return
        for vals in vals_list:
            for _command, _id, line_vals in vals["invoice_line_ids"]:
                line_vals.setdefault("analytic_distribution", False)

    def _prepare_invoice_values(self):
        """Return the values of the invoice of the whole quote, or of its rest."""
        lines = self._get_lines_to_invoice()
        return {
            **self._prepare_invoice_header_values(),
            "invoice_line_ids": [
                Command.create(line._prepare_invoice_line_values()) for line in lines
            ],
        }

    def _prepare_invoice_header_values(self):
        """Return the values that all invoices of the quote have in common."""
        self.ensure_one()
        return {
            "move_type": "out_invoice",
            "billinator_quote_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": self.partner_invoice_id.id,
            "partner_shipping_id": self.partner_shipping_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_payment_term_id": self.payment_term_id.id,
            "invoice_user_id": self.user_id.id,
            "invoice_origin": self.name,
            "ref": self.client_order_ref or self.name,
            "narration": self.note,
            "campaign_id": self.campaign_id.id,
            "medium_id": self.medium_id.id,
            "source_id": self.source_id.id,
        }

    def _get_lines_to_invoice(self):
        """Return the priced lines, notes, and sections with something in them."""
        return self._get_lines_with_headings(lambda line: line._is_priced())

    def _log_invoices(self, invoices):
        """Say on the quotes and on their invoices where these come from."""
        by_quote = invoices.grouped("billinator_quote_id")
        self._message_log_batch(
            bodies={
                quote.id: self.env._(
                    "Converted to invoice %s",
                    Markup(", ").join(
                        invoice._get_html_link() for invoice in by_quote[quote]
                    ),
                )
                for quote in self
            }
        )
        invoices._message_log_batch(
            bodies={
                invoice.id: self.env._(
                    "Created from quote %s",
                    invoice.billinator_quote_id._get_html_link(),
                )
                for invoice in invoices
            }
        )

    def _get_converted_action(self, invoices):
        """Open invoices just made, or name the quotes to who may not see them."""
        if invoices.with_env(self.env).has_access("read"):
            return self._get_invoices_action(invoices)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Draft invoices for your accountants: %s",
                    ", ".join(self.mapped("name")),
                ),
                "invoice_ids": invoices.ids,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _get_invoices_action(self, invoices):
        if len(invoices) == 1:
            # Put together, for to read Odoo's own takes ten queries at each conversion.
            form_id = self.env["ir.model.data"]._xmlid_to_res_id(
                "account.view_move_form"
            )
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Invoice"),
                "res_model": "account.move",
                "res_id": invoices.id,
                "views": [(form_id, "form")],
                "context": {"default_move_type": "out_invoice"},
            }
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        return {**action, "domain": [("id", "in", invoices.ids)]}
