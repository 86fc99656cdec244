import json

from odoo import api, fields, models
from odoo.tools import SQL, float_compare

from .billinator_quote_line import COLLEAGUES


class BillinatorQuote(models.Model):
    """What is left of a quote's price, and whether that has to be approved.

    A decision on a quote with a margin below its rules is about what it costs us, too.
    Costs are nothing that the quote says: neither its content nor its price changes
    with them.
    """

    _inherit = "billinator.quote"

    margin = fields.Monetary(compute="_compute_margin", store=True, groups=COLLEAGUES)
    margin_company = fields.Monetary(
        string="Margin (Company Currency)",
        currency_field="company_currency_id",
        compute="_compute_margin",
        store=True,
        groups=COLLEAGUES,
    )
    margin_percent = fields.Float(
        string="Margin (%)",
        compute="_compute_margin",
        store=True,
        digits=(16, 2),
        # Of several quotes: see _read_group_select.
        aggregator="avg",
        groups=COLLEAGUES,
        help="The margin as part of the untaxed amount.",
    )
    cost_hash = fields.Char(
        compute="_compute_cost_hash",
        compute_sudo=True,
        exportable=False,
        # The costs could be found by trying.
        groups=COLLEAGUES,
        help="Stands for all that the lines cost, the customer and us.",
    )
    approval_cost_hash = fields.Char(readonly=True, copy=False, groups=COLLEAGUES)
    approval_margin = fields.Float(
        string="Margin When Decided (%)", readonly=True, copy=False, groups=COLLEAGUES
    )

    # === Computes === #

    @api.depends(
        "amount_untaxed",
        "amount_untaxed_company",
        "currency_rate",
        "line_ids.purchase_price",
        "line_ids.quantity",
        "line_ids.is_optional",
        "line_ids.is_selected",
    )
    def _compute_margin(self):
        for quote in self:
            lines = quote._get_priced_lines()
            cost = sum(line._get_total_cost() for line in lines)
            cost_company = cost / (quote.currency_rate or 1.0)
            amount = quote.amount_untaxed
            quote.margin = amount - cost
            quote.margin_company = quote.amount_untaxed_company - cost_company
            quote.margin_percent = amount and quote.margin / amount * 100

    @api.depends(lambda self: self._get_cost_dependencies())
    def _compute_cost_hash(self):
        for quote in self:
            rows = [
                line._get_commercial_content_with_cost()
                for line in quote._get_lines_for_sale()
            ]
            quote.cost_hash = self._get_hash(
                sorted(json.dumps(row, sort_keys=True) for row in rows)
            )

    @api.depends("cost_hash", "approval_cost_hash")
    def _compute_approval_state(self):
        return super()._compute_approval_state()

    # === CRUD === #

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """Let the margin of several quotes be that of all they come to."""
        if aggregate_spec != "margin_percent:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0) * 100",
            self._field_to_sql(self._table, "margin_company", query),
            self._field_to_sql(self._table, "amount_untaxed_company", query),
        )

    # === Business === #

    @api.model
    def _get_cost_dependencies(self):
        fields_of_lines = self.env["billinator.quote.line"]._get_commercial_fields()
        return [f"line_ids.{name}" for name in (*fields_of_lines, "purchase_price")]

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {
            "approval_cost_hash",
            "approval_margin",
        }

    def _get_approval_figures(self, discounts):
        """Add the ``margin`` in percent, with whatever the customer may choose."""
        figures = super()._get_approval_figures(discounts)
        return {**figures, "margin": self._get_worst_margin()}

    def _get_figures_beyond_decision(self):
        figures = super()._get_figures_beyond_decision()
        is_less = float_compare(figures["margin"], self.approval_margin, 2) < 0
        return {**figures, "margin": figures["margin"] if is_less else 100.0}

    def _get_worst_margin(self):
        self.ensure_one()
        lines = self._get_lines_for_sale()
        cost_shares = {line: line._get_cost_share() for line in lines}
        return min(
            choice._get_margin_together(self._get_discount_share(choice))
            for chosen in lines._get_worst_choices(cost_shares)
            for choice in (chosen, chosen._without_optional_returns())
        )

    def _has_too_little_margin(self):
        margin = self._get_worst_margin()
        return any(rule._get_margin_reasons(margin) for rule in self._get_rules())

    def _is_decided(self):
        """An approval holds for the costs that it was about, where they matter."""
        # Whoever may see the quote is told what is decided, and nothing of its costs.
        return super()._is_decided() and (
            self.approval_cost_hash == self.cost_hash
            or not self._has_too_little_margin()
        )

    def _get_hash_of_decision(self):
        quote_hash = super()._get_hash_of_decision()
        if self._has_too_little_margin():
            return self._get_hash([quote_hash, self.cost_hash])
        return quote_hash

    def _prepare_decision_values(self, decision, figures):
        values = super()._prepare_decision_values(decision, figures)
        return {
            **values,
            "approval_cost_hash": self.cost_hash,
            "approval_margin": figures["margin"],
        }

    def _prepare_revision_values(self):
        values = super()._prepare_revision_values()
        if "approval_hash" in values:
            values["approval_cost_hash"] = self.approval_cost_hash
            values["approval_margin"] = self.approval_margin
        return values
