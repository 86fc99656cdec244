from odoo import api, models


class BillinatorQuote(models.Model):
    """Takes the quote's deal along: when it is sent, and when the customer buys."""

    _inherit = "billinator.quote"

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_opportunity_id")
        self.browse()._check_deals_readable(
            "create", {vals.get("opportunity_id", default) for vals in vals_list}
        )
        return super().create(self._with_customers(vals_list))

    @api.model
    def _with_customers(self, vals_list):
        """Return copies of the values, with the deal's customer where there is none."""
        vals_list = [dict(vals) for vals in vals_list]
        default = self.env.context.get("default_partner_id")
        lacking = [
            vals
            for vals in vals_list
            if vals.get("opportunity_id") and not vals.get("partner_id", default)
        ]
        deals = self.env["billinator.opportunity"].browse(
            vals["opportunity_id"] for vals in lacking
        )
        customers = {deal.id: deal.partner_id.id for deal in deals}
        for vals in lacking:
            vals["partner_id"] = customers[vals["opportunity_id"]]
        return vals_list

    def copy_data(self, default=None):
        """Leave out deals that are somebody else's by now; ``default`` comes first."""
        vals_list = super().copy_data(default)
        if "opportunity_id" in (default or {}):
            return vals_list
        for quote, vals in zip(self, vals_list, strict=True):
            if not quote.opportunity_id.has_access("read"):
                vals.pop("opportunity_id", None)
        return vals_list

    def write(self, vals):
        """Have the deals follow quotes that are sent or become accepted."""
        self._check_deals_readable("write", {vals.get("opportunity_id")})
        accepted = sent = self.browse()
        if vals.get("state") == "accepted":
            accepted = self.filtered(lambda quote: quote.state != "accepted")
        elif vals.get("state") == "sent":
            # Expired ones that get another day were sent before.
            sent = self.filtered(lambda quote: quote.state == "draft")
        result = super().write(vals)
        sent._move_deals("sent_stage_id")
        accepted._follow_acceptance()
        return result

    def _check_deals_readable(self, operation, deal_ids):
        """Refuse deals that the user may not read: quotes tell of them and move them.

        :param str operation: what is done to the quotes, which is refused first
        :param set deal_ids: ids, ``None`` or ``False``
        """
        deals = self.env["billinator.opportunity"].browse(deal_ids - {None, False})
        if deals:
            self.check_access(operation)
            deals.check_access("read")

    def _follow_acceptance(self):
        """Reopen lost deals, let deals be worth what was sold, and move open ones."""
        # As sudo, for the same reasons as in _move_deals.
        deals_sudo = self.sudo().opportunity_id
        lost_sudo = deals_sudo.filtered(lambda deal: deal.status == "lost")
        if lost_sudo:
            lost_sudo._follow_quotes(self._get_deal_reasons("accepted_stage_id"))
        deals_sudo.filtered(
            lambda deal: (
                deal.company_id.billinator_deals_follow_quotes and deal.status != "lost"
            )
        )._take_sold_amounts()
        self._move_deals("accepted_stage_id")

    def _move_deals(self, stage_field):
        """Move the quotes' open deals to the stage that ``stage_field`` names.

        A deal that may not go there stays, and its salesperson is told why: the
        customer's acceptance counts, whatever the pipeline demands.

        :param str stage_field: ``sent_stage_id``, ``accepted_stage_id`` or
            ``invoiced_stage_id``
        """
        # Who sends or accepts may not change the deal: a colleague, a customer on the
        # portal. The right to change the quote was checked, and the deal goes nowhere
        # else.
        deals_sudo = self.sudo().opportunity_id.filtered(
            lambda deal: deal.status == "open" and deal.stage_id._get_next(stage_field)
        )
        if not deals_sudo:
            return
        reasons = self._get_deal_reasons(stage_field)
        for stage, group_sudo in deals_sudo.grouped(
            lambda deal: deal.stage_id._get_next(stage_field)
        ).items():
            group_sudo._follow_quotes(reasons, stage)

    def _get_deal_reasons(self, stage_field):
        """Return what to say on the quotes' deals that move, by the deal's id."""
        # As sudo: the deals may be a colleague's.
        return {
            quote_sudo.opportunity_id.id: quote_sudo._get_deal_reason(stage_field)
            for quote_sudo in self.sudo()
        }

    def _get_deal_reason(self, stage_field):
        """Return what to say on the deal that moves."""
        self.ensure_one()
        if stage_field == "sent_stage_id":
            return self.env._("Quote %s was sent.", self.name)
        if stage_field == "invoiced_stage_id":
            return self.env._("Quote %s was invoiced.", self.name)
        return self.env._("Quote %s was accepted.", self.name)
