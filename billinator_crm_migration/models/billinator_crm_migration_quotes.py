from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_amount, format_date

from odoo.addons.billinator_crm.locks import wait_and_lock
from odoo.addons.billinator_crm.markers import BROUGHT_OVER

from .billinator_crm_migration_deals import QUIETLY

# What is confirmed stays in Sales.
STATES = {"draft": "draft", "sent": "sent", "cancel": "rejected"}
# How payments are that may confirm an order by themselves.
BEGUN = ("pending", "authorized", "done")
# Fields that mean the same on both sides.
SAME = ("client_order_ref", "name", "note", "validity_date")
SAME_RECORDS = (
    *("campaign_id", "company_id", "currency_id", "fiscal_position_id", "medium_id"),
    *("partner_id", "partner_invoice_id", "partner_shipping_id", "payment_term_id"),
    *("pricelist_id", "source_id", "team_id", "user_id"),
)
SAME_OF_LINE = (
    *("analytic_distribution", "collapse_composition", "collapse_prices"),
    *("discount", "display_type", "extra_tax_data", "name", "price_unit", "sequence"),
)


class BillinatorCrmMigration(models.Model):
    """How quotations of Odoo's Sales become quotes.

    Confirmed orders do not, nor what is signed or being paid: they are delivered and
    invoiced in Sales, and a quote of them could be invoiced once more.
    """

    _inherit = "billinator.crm.migration"

    # === Which ones === #

    def _get_order_domain(self):
        """Return the domain of quotations that are still to be brought."""
        # As sudo: an invoice counts, whoever may see it.
        lines_sudo = self.env["sale.order.line"].sudo()
        invoiced = lines_sudo._search(Domain("invoice_lines", "!=", False))
        order_id = SQL.identifier(invoiced.table, "order_id")
        return (
            Domain("company_id", "in", self.company_ids.ids)
            & Domain("state", "in", list(STATES))
            & Domain("id", "not in", invoiced.subselect(order_id))
            & Domain("id", "not in", self._search_begun_orders())
            & ~self._get_brought_order_domain()
        )

    @api.model
    def _search_begun_orders(self):
        """Return the query of those that customers have signed, or begun to pay."""
        # As sudo: payments count, whoever may see them.
        return (
            self.env["sale.order"]
            .sudo()
            ._search(
                Domain("signed_on", "!=", False)
                | Domain("transaction_ids.state", "in", BEGUN)
            )
        )

    @api.model
    def _get_brought_order_domain(self):
        """Return the domain of quotations that were brought, by anybody."""
        self.env["billinator.quote"].flush_model(["sale_order_ref"])
        return Domain(
            "id",
            "in",
            SQL(
                "(SELECT sale_order_ref FROM billinator_quote WHERE sale_order_ref > 0)"
            ),
        )

    def _describe_staying_orders(self, leads):
        """Return what to say of confirmed orders on the deals: texts by lead."""
        if not self.has_sales or "opportunity_id" not in self.env["sale.order"]:
            return {}
        orders = self.env["sale.order"].search(
            Domain("opportunity_id", "in", leads.ids) & Domain("state", "=", "sale")
        )
        texts = {lead: [] for lead in leads}
        for order in orders:
            texts[order.opportunity_id].append(
                self.env._(
                    "Order %(number)s of %(day)s stays in Sales: %(total)s",
                    number=order.name,
                    day=format_date(self.env, order.date_order),
                    total=format_amount(
                        self.env, order.amount_total, order.currency_id
                    ),
                )
            )
        return texts

    # === Quotes === #

    def _bring_orders(self, orders):
        """Create the quotes of quotations, with all that hangs on these."""
        wait_and_lock(orders)
        tags = self._find_or_create("billinator.tag", orders.tag_ids.mapped("name"))
        Quote = self.env["billinator.quote"].with_context(**QUIETLY)
        quotes = BROUGHT_OVER.on(Quote).create(
            [
                {
                    **self._prepare_quote_values(order),
                    "tag_ids": [
                        Command.set(
                            [tags[tag.name.lower()].id for tag in order.tag_ids]
                        )
                    ],
                }
                for order in orders
            ]
        )
        quotes = self.env["billinator.quote"].browse(quotes.ids)
        self._check_totals(orders, quotes)
        self._keep_history_of_quotes(orders, quotes)
        self._bring_history(orders, quotes)
        self.quote_count += len(quotes)

    def _prepare_quote_values(self, order):
        day = fields.Datetime.context_timestamp(order, order.date_order).date()
        return {
            **{name: order[name] for name in SAME},
            **{name: order[name].id for name in SAME_RECORDS},
            # A quote cannot expire before its own day; Odoo's may.
            "date_quote": min(day, order.validity_date or day),
            # Customers have the link of Sales, which nobody should remind them of.
            "is_reminder_off": True,
            "line_ids": [
                Command.create(self._prepare_quote_line_values(line))
                for line in order.order_line
            ],
            "opportunity_id": self._get_deal(order).id,
            "state": self._get_quote_state(order),
        }

    @api.model
    def _get_quote_state(self, order):
        is_over = order.validity_date and order.validity_date < fields.Date.today()
        # Nobody has to be told of what expired before it came here.
        return "expired" if order.state == "sent" and is_over else STATES[order.state]

    def _get_deal(self, order):
        """Return the quotation's deal, if that is for the same customer and company."""
        no_deal = self.env["billinator.opportunity"]
        if "opportunity_id" not in order:
            return no_deal
        lead = order.opportunity_id
        deal = lead.billinator_opportunity_id
        is_wanted = self.with_leads if lead.type == "lead" else self.with_opportunities
        if lead and is_wanted and not deal:
            # Otherwise they would never come together.
            raise UserError(
                self.env._("Its opportunity “%s” was not brought.", lead.display_name)
            )
        customer = deal.commercial_partner_id
        is_theirs = not customer or customer == order.partner_id.commercial_partner_id
        return deal if is_theirs and deal.company_id == order.company_id else no_deal

    @api.model
    def _prepare_quote_line_values(self, line):
        values = {name: line[name] for name in SAME_OF_LINE}
        if line.display_type:
            return values
        values |= {
            "name": line.name or line.product_id.display_name,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "quantity": line.product_uom_qty,
            "tax_ids": [Command.set(line.tax_ids.ids)],
        }
        if not 0 <= line.discount <= 100:
            # A surcharge is part of the price here.
            values["price_unit"] = line.price_unit * (1 - line.discount / 100)
            values["discount"] = 0
        if "is_optional" in line and line._is_line_optional():
            # Odoo's optional products have no quantity until they are chosen.
            values["is_optional"] = True
            values["is_selected"] = bool(line.product_uom_qty)
            values["quantity"] = line.product_uom_qty or 1
        return values

    def _check_totals(self, orders, quotes):
        """Refuse quotes that come to something else than what was offered."""
        for order, quote in zip(orders, quotes, strict=True):
            for name in ("amount_untaxed", "amount_tax", "amount_total"):
                if quote.currency_id.compare_amounts(quote[name], order[name]):
                    raise UserError(
                        self.env._(
                            "%(quote)s would come to %(total)s instead of %(offered)s.",
                            quote=order.name,
                            total=format_amount(
                                self.env, quote.amount_total, quote.currency_id
                            ),
                            offered=format_amount(
                                self.env, order.amount_total, order.currency_id
                            ),
                        )
                    )

    def _keep_history_of_quotes(self, orders, quotes):
        """Keep when the quotes were made and sent, and remember what they were.

        By SQL: the ORM lets nobody choose when something was created.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE billinator_quote quote
                   SET create_date = source.create_date,
                       create_uid = source.create_uid,
                       date_sent = CASE WHEN quote.state IN ('sent', 'expired')
                                        THEN source.date_order END,
                       sale_order_ref = source.id
                  FROM unnest(%s, %s) AS origin (quote_id, order_id)
                  JOIN sale_order source ON source.id = origin.order_id
                 WHERE quote.id = origin.quote_id
                """,
                quotes.ids,
                orders.ids,
            )
        )
        quotes.invalidate_recordset()
