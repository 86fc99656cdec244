"""The two that are compared: what their models, fields and steps are called."""

from odoo.fields import Command

OPEN_STAGES = ("New", "Qualified", "Proposition", "Negotiation")


class Side:
    """What both have in common; each works with the rights of ``env``'s user."""

    name = deal = quote = line = None
    line_field = quantity = quote_field = None
    pipeline = quotes = tag = None
    # What its pipeline's action shows.
    domain = ()

    def __init__(self, env):
        self.env = env

    @property
    def deals(self):
        return self.env[self.deal]

    def prepare_deal(self, number, partner):
        """Return the values of a new deal, as somebody fills them in."""
        return {
            "name": f"Benchmark deal {number}",
            "partner_id": partner.id,
            "expected_revenue": 1000 + number,
            "date_deadline": "2030-01-31",
        }

    def prepare_quote(self, partner, products):
        """Return the values of a new quote with a line for each product."""
        lines = [
            Command.create({"product_id": product.id, self.quantity: number % 9 + 1})
            for number, product in enumerate(products)
        ]
        return {"partner_id": partner.id, self.line_field: lines}

    def create_quote(self, partner, products):
        return self.env[self.quote].create(self.prepare_quote(partner, products))

    def get_lines(self, quote):
        return quote[self.line_field]


class Ours(Side):
    """billinator_crm."""

    name = "ours"
    deal, quote = "billinator.opportunity", "billinator.quote"
    line, line_field, quantity = "billinator.quote.line", "line_ids", "quantity"
    quote_field, tag = "quote_id", "billinator.tag"
    pipeline = "billinator_crm.billinator_opportunity_action"
    quotes = "billinator_crm.billinator_quote_action"

    def get_name_domain(self, text):
        """Return what the search box makes of a text."""
        return [("display_name", "ilike", text)]

    def get_stages(self):
        """Return the open stages in their order, the won and the lost one."""
        stages = self.env["billinator.stage"].search([("team_ids", "=", False)])
        by_status = stages.sorted("sequence").grouped("status")
        return by_status["open"] | by_status["won"][:1] | by_status["lost"][:1]

    def create_in_each_stage(self, values):
        """Create one deal in each stage, the lost one at the end."""
        reason = self.env["billinator.lost.reason"].search([], limit=1)
        return self.deals.create(
            [
                {
                    **values,
                    "stage_id": stage.id,
                    "lost_reason_id": stage.status == "lost" and reason.id,
                }
                for stage in self.get_stages()
            ]
        )

    def create_in_each_state(self, partner, products):
        """Create a draft, a sent, an accepted and a rejected quote."""
        quotes = [self.create_quote(partner, products) for _number in range(4)]
        quotes[1].action_mark_sent()
        quotes[2].action_accept()
        quotes[3].action_reject()
        return self.env[self.quote].union(*quotes)

    def accept(self, quotes):
        quotes.action_accept()

    def convert(self, quotes):
        quotes.action_convert_to_invoice()


class Theirs(Side):
    """Odoo's crm, sale_management and sale_crm."""

    name = "Odoo's"
    deal, quote = "crm.lead", "sale.order"
    line, line_field, quantity = "sale.order.line", "order_line", "product_uom_qty"
    quote_field, tag = "order_id", "crm.tag"
    pipeline = "crm.crm_lead_action_pipeline"
    domain = [("type", "=", "opportunity")]
    quotes = "sale.action_quotations_with_onboarding"

    def prepare_deal(self, number, partner):
        return {**super().prepare_deal(number, partner), "type": "opportunity"}

    def get_name_domain(self, text):
        """Return what the search box makes of a text."""
        names = ("name", "partner_id", "partner_name", "contact_name", "email_from")
        return ["|"] * 4 + [(name, "ilike", text) for name in names]

    def get_stages(self):
        """Return the open stages in their order, and the won one."""
        stages = self.env["crm.stage"].search([("team_ids", "=", False)])
        won = stages.filtered("is_won")
        return (stages - won).sorted("sequence") | won[:1]

    def create_in_each_stage(self, values):
        """Create one deal in each stage, and a lost one at the end."""
        stages = self.get_stages()
        deals = self.deals.create(
            [{**values, "stage_id": stage.id} for stage in [*stages, stages[0]]]
        )
        deals[-2].action_set_won()
        reason = self.env["crm.lost.reason"].search([], limit=1)
        deals[-1].action_set_lost(lost_reason_id=reason.id)
        return deals

    def create_in_each_state(self, partner, products):
        """Create a draft, a sent, a confirmed and a cancelled order."""
        quotes = [self.create_quote(partner, products) for _number in range(4)]
        quotes[1].action_quotation_sent()
        quotes[2].action_confirm()
        quotes[3].action_cancel()
        return self.env[self.quote].union(*quotes)

    def accept(self, quotes):
        quotes.action_confirm()

    def convert(self, quotes):
        """Do what the dialog of the button “Create Invoice” does."""
        wizard = self.env["sale.advance.payment.inv"].with_context(
            active_model=self.quote, active_ids=quotes.ids
        )
        wizard.create({"advance_payment_method": "delivered"}).create_invoices()


SIDES = (Ours, Theirs)
