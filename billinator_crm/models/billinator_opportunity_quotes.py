from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..arguments import one_record
from ..quote_states import CONVERTIBLE_STATES, CURRENT_VERSIONS, OPEN_STATES


class BillinatorOpportunity(models.Model):
    """The quotes of opportunities, and how far their invoices are."""

    _inherit = "billinator.opportunity"

    quote_ids = fields.One2many("billinator.quote", "opportunity_id")
    quote_count = fields.Integer(compute="_compute_quotes")
    quoted_amount = fields.Monetary(
        compute="_compute_quotes",
        currency_field="company_currency_id",
        help="Untaxed total of the quotes that were not rejected and did not expire.",
    )
    quotes_amount = fields.Monetary(
        string="Amount of Its Quotes",
        compute="_compute_quotes_amount",
        exportable=False,
        help="Untaxed, in the opportunity's currency. As long as no quote is accepted: "
        "of the only open one.",
    )
    has_accepted_quotes = fields.Boolean(
        compute="_compute_quotes_amount", exportable=False
    )
    invoice_status = fields.Selection(
        "_selection_invoice_status",
        compute="_compute_quotes",
        help="How far the invoices of the opportunity's quotes are.",
    )

    # === Computes === #

    @api.model
    def _selection_invoice_status(self):
        statuses = self.env["billinator.quote"]._fields["invoice_status"]
        return statuses._description_selection(self.env)

    @api.depends(
        "quote_ids.state",
        "quote_ids.is_superseded",
        "quote_ids.invoice_status",
        "quote_ids.amount_untaxed_company",
    )
    def _compute_quotes(self):
        groups = self.env["billinator.quote"]._read_group(
            Domain("opportunity_id", "in", self._origin.ids) & CURRENT_VERSIONS,
            ["opportunity_id", "state", "invoice_status"],
            ["__count", "amount_untaxed_company:sum"],
        )
        rows = defaultdict(list)
        for opportunity, *row in groups:
            rows[opportunity.id].append(row)
        # Most deals have none, and are set together.
        quoted = self.filtered(lambda deal: deal._origin.id in rows)
        others = self - quoted
        others.quote_count = others.quoted_amount = 0
        others.invoice_status = "no"
        for opportunity in quoted:
            quotes = rows[opportunity._origin.id]
            opportunity.quote_count = sum(count for *_keys, count, _amount in quotes)
            opportunity.quoted_amount = sum(
                amount
                for state, _status, _count, amount in quotes
                if state in CONVERTIBLE_STATES
            )
            opportunity.invoice_status = self._get_status_of_quotes(
                {status for _state, status, *_sums in quotes}
            )

    @api.depends(
        "quote_count",
        "quote_ids.amount_untaxed",
        "quote_ids.currency_id",
        "company_id",
        "currency_id",
        "date_closed",
    )
    def _compute_quotes_amount(self):
        # Company and currency may be cleared in the form.
        quoted = self.filtered(
            lambda deal: deal.quote_count and deal.company_id and deal.currency_id
        )
        amounts = quoted._get_quoted_amounts()
        for opportunity in self:
            opportunity.quotes_amount, opportunity.has_accepted_quotes = amounts.get(
                opportunity, (0, False)
            )

    @api.model
    def _get_status_of_quotes(self, statuses):
        """Return the furthest of the quotes' statuses.

        :param set statuses: of one or more quotes
        """
        # Paid is the deal when all that was invoiced is, and not one quote alone.
        if statuses - {"no", "credited", "paid"} and "paid" in statuses:
            return "partial"
        order = [value for value, _label in self._selection_invoice_status()]
        return max(statuses, key=order.index)

    # === Checks === #

    @api.constrains("company_id")
    def _check_company_of_quotes(self):
        for opportunity in self:
            # Also of the quotes that the user may not see.
            quotes_sudo = opportunity.sudo().quote_ids
            strays_sudo = quotes_sudo.filtered(
                lambda quote, company=opportunity.company_id: (
                    quote.company_id != company
                )
            )
            if strays_sudo:
                raise ValidationError(
                    self.env._(
                        "“%(opportunity)s” cannot move to another company than its "
                        "quotes: %(quotes)s.",
                        opportunity=opportunity.name,
                        quotes=", ".join(strays_sudo.mapped("name")),
                    )
                )

    @api.constrains("partner_id")
    def _check_customer_of_quotes(self):
        for opportunity in self.filtered("partner_id"):
            customer = opportunity.commercial_partner_id
            # Also of the quotes that the user may not see.
            quotes_sudo = opportunity.sudo().quote_ids
            strays_sudo = quotes_sudo.filtered(
                lambda quote, customer=customer: quote.commercial_partner_id != customer
            )
            if strays_sudo:
                raise ValidationError(
                    self.env._(
                        "“%(opportunity)s” has quotes of another customer than "
                        "%(customer)s: %(quotes)s. Take them off the opportunity "
                        "first.",
                        opportunity=opportunity.name,
                        customer=opportunity.partner_id.display_name,
                        quotes=", ".join(strays_sudo.mapped("name")),
                    )
                )

    # === CRUD === #

    def write(self, vals):
        """Leave nothing to do about expired quotes where the deal is closed."""
        result = super().write(vals)
        if "stage_id" in vals:
            closed = self.filtered(lambda deal: deal.status != "open")
            closed._get_expired_quotes()._unlink_expiry_activities()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_quoted(self):
        # Also for quotes that the user may not see.
        quoted_sudo = self.sudo().filtered("quote_ids")
        if quoted_sudo:
            raise UserError(
                self.env._(
                    "These opportunities have quotes and cannot be deleted, only "
                    "archived: %s",
                    ", ".join(quoted_sudo.mapped("name")),
                )
            )

    # === Actions === #

    def action_use_quoted_amount(self):
        """Expect as revenue what the opportunities' accepted quotes come to, untaxed.

        As long as no quote is accepted: what the only open one comes to.

        :return: True
        :raises UserError: for lost opportunities, and for those with neither an
            accepted quote nor exactly one open quote
        """
        self.check_access("write")
        amounts = self._get_quoted_amounts()
        unfit = self.filtered(lambda deal: deal.status == "lost" or deal not in amounts)
        if unfit:
            raise UserError(
                self.env._(
                    "Only opportunities that are not lost, and have an accepted quote "
                    "or exactly one open quote, can take over its amount: %s",
                    ", ".join(unfit.mapped("name")),
                )
            )
        for deal in self:
            amount, _is_accepted = amounts[deal]
            deal._take_amount(amount)
        return True

    @one_record
    def action_new_quote(self):
        """Open a new quote on the opportunity, with its customer and salesperson.

        A lead becomes a customer first, see :meth:`action_create_customer`.

        :return: a window action on an unsaved ``billinator.quote``
        :raises UserError: when there is no customer, nor a name to make one of
        :raises AccessError: when there is no customer, and the user may make none
        """
        if not self.partner_id:
            if not self._is_nameable():
                raise UserError(
                    self.env._(
                        "A quote needs a customer: choose one on “%s” first.", self.name
                    )
                )
            self.action_create_customer()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Quote"),
            "res_model": "billinator.quote",
            "views": [(False, "form")],
            "context": {
                f"default_{name}": value
                for name, value in self._prepare_quote_values().items()
            },
        }

    @api.readonly
    @one_record
    def action_view_quotes(self):
        """Open the opportunity's quotes.

        :return: a window action
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm.billinator_quote_action"
        )
        return {
            **action,
            "domain": [("opportunity_id", "=", self.id)],
            "context": {
                "search_default_current": 1,
                **{
                    f"default_{name}": value
                    for name, value in self._prepare_quote_values().items()
                },
            },
        }

    @api.readonly
    def action_view_invoices(self):
        """Open the invoices of the opportunities' quotes.

        :return: a window action
        :raises AccessError: for who may not read invoices
        """
        return self.quote_ids.action_view_invoices()

    # === Business === #

    def _prepare_quote_values(self):
        """Return what a quote takes over from the opportunity, without lines."""
        self.ensure_one()
        return {
            "opportunity_id": self.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "campaign_id": self.campaign_id.id,
            "medium_id": self.medium_id.id,
            "source_id": self.source_id.id,
            "tag_ids": self.tag_ids.ids,
        }

    def _get_expired_quotes(self):
        """Return the deals' expired quotes, also those of colleagues."""
        Quote_sudo = self.env["billinator.quote"].sudo()
        if not self:
            return Quote_sudo
        return Quote_sudo.search(
            [("opportunity_id", "in", self.ids), ("state", "=", "expired")]
        )

    def _get_open_quotes(self):
        """Return the deals' open quotes, also those of colleagues."""
        Quote_sudo = self.env["billinator.quote"].sudo()
        return Quote_sudo.search(self._get_quotes_domain(OPEN_STATES))

    def _get_quotes_domain(self, states):
        of_deals = Domain("opportunity_id", "in", self.ids)
        return of_deals & Domain("state", "in", states) & CURRENT_VERSIONS

    def _get_quoted_amounts(self):
        """Return what the deals' quotes come to, untaxed, in the deals' currencies.

        :return: dict of deal: the amount, of all accepted quotes or of the only open
            one, and whether it is of accepted ones
        """
        if not self:
            return {}
        # As sudo: the deal is worth what was sold, whoever has sold it.
        Quote_sudo = self.env["billinator.quote"].sudo()
        groups = Quote_sudo._read_group(
            self._get_quotes_domain(CONVERTIBLE_STATES),
            ["opportunity_id", "state", "currency_id"],
            ["__count", "amount_untaxed:sum"],
        )
        accepted, opened = defaultdict(list), defaultdict(list)
        for deal, state, *row in groups:
            rows = accepted if state == "accepted" else opened
            rows[deal.id].append(row)
        amounts = {}
        for deal in self:
            is_accepted = deal._origin.id in accepted
            rows = (accepted if is_accepted else opened)[deal._origin.id]
            if is_accepted or [count for _currency, count, _amount in rows] == [1]:
                amount = sum(
                    deal._convert_from(currency, amount)
                    for currency, _count, amount in rows
                )
                amounts[deal] = (deal.currency_id.round(amount), is_accepted)
        return amounts

    def _convert_from(self, currency, amount):
        """Return an amount of another currency in the deal's, at the deal's rate."""
        self.ensure_one()
        # The company's day costs a query, and only rates depend on it.
        if currency == self.currency_id:
            return amount
        return currency._convert(
            amount, self.currency_id, self.company_id, self._get_rate_date()
        )

    def _take_sold_amounts(self):
        """Expect what the deals' accepted quotes come to."""
        for deal, (amount, is_accepted) in self._get_quoted_amounts().items():
            if is_accepted:
                deal._take_amount(amount)

    def _take_amount(self, amount):
        """Expect an amount of the quotes, and say where it comes from if it is new."""
        self.ensure_one()
        if self.currency_id.compare_amounts(self.expected_revenue, amount):
            self._track_set_log_message(
                self.env._("Expected revenue taken over from the quotes.")
            )
            self.expected_revenue = amount

    def _follow_quotes(self, reasons, stage=None):
        """Move the deals to ``stage``, all at once if possible, else each that can.

        :param dict reasons: what to say on each deal, by id
        :param stage: without it, lost deals are reopened
        """
        try:
            with self.env.cr.savepoint():
                for deal in self:
                    deal._track_set_log_message(reasons[deal.id])
                self._move_or_reopen(stage)
        except UserError as error:
            if len(self) > 1:
                for deal in self:
                    deal._follow_quotes(reasons, stage)
            else:
                self._tell_why_it_stays(reasons[self.id], stage, error)

    def _move_or_reopen(self, stage):
        if stage:
            self.write({"stage_id": stage.id})
        else:
            self.action_reopen()

    def _tell_why_it_stays(self, reason, stage, error):
        """Tell the salesperson that the deal could not follow its quote."""
        body = (
            self.env._(
                "%(reason)s The opportunity could not move to %(stage)s: %(error)s",
                reason=reason,
                stage=stage.display_name,
                error=error,
            )
            if stage
            else self.env._(
                "%(reason)s The opportunity could not be reopened: %(error)s",
                reason=reason,
                error=error,
            )
        )
        self.message_post(
            body=body,
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=self.user_id.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
