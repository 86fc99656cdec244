from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..arguments import one_record
from ..quote_states import CONVERTIBLE_STATES, CURRENT_VERSIONS


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

    @api.model
    def _get_status_of_quotes(self, statuses):
        """Return the furthest of the quotes' statuses.

        :param set statuses: of one or more quotes
        """
        # Paid is the deal when all that was invoiced is, and not one quote alone.
        if statuses - {"no", "paid"} and "paid" in statuses:
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

    def _follow_quotes(self, stage, reasons):
        """Move the deals to ``stage``, all at once if possible, else each that can.

        :param dict reasons: what to say on each deal, by id
        """
        try:
            with self.env.cr.savepoint():
                for deal in self:
                    deal._track_set_log_message(reasons[deal.id])
                self.write({"stage_id": stage.id})
        except UserError as error:
            if len(self) > 1:
                for deal in self:
                    deal._follow_quotes(stage, reasons)
            else:
                self._tell_why_it_stays(stage, reasons[self.id], error)

    def _tell_why_it_stays(self, stage, reason, error):
        """Tell the salesperson that the deal could not follow its quote."""
        self.message_post(
            body=self.env._(
                "%(reason)s The opportunity could not move to %(stage)s: %(error)s",
                reason=reason,
                stage=stage.display_name,
                error=error,
            ),
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=self.user_id.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
