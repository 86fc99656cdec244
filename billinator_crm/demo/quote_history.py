from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from odoo.fields import Command
from odoo.tools import groupby

from . import story
from .deal_history import Plan
from .history import History

# Accepted quotes, counted back from the one that was accepted last.
NOT_INVOICED = (0, 2)
INVOICE_NOT_POSTED = (1,)
NEVER_PAID = (3, 7, 10)
PAID_PARTLY = (8, 13)


class Offer(NamedTuple):
    """What a quote of the history is like."""

    moment: datetime
    opportunity: object
    plan: Plan
    rooms: int
    state: str
    last_moment: datetime
    reject_reason: str = ""

    @property
    def changes(self):
        """Old state, new state and moment of the changes since it was a draft."""
        if self.state == "draft":
            return []
        sent = ("draft", "sent", self.moment + timedelta(hours=1))
        if self.state == "sent":
            return [sent]
        return [sent, ("sent", self.state, self.last_moment)]


class QuoteHistory(History):
    """Quotes of the deals that got so far, and the invoices made of them."""

    def __init__(self, env, deals):
        super().__init__(env)
        self.deals = deals

    def make(self):
        """Create the quotes, and their invoices where there is accounting."""
        offers = sorted(self._plan_offers(), key=lambda offer: offer.moment)
        quotes = dict(zip(self._create_quotes(offers), offers, strict=True))
        self._set_states(quotes)
        self._create_messages(quotes)
        accepted = self._in_state(quotes, "accepted")
        for quote in accepted:
            quote.opportunity_id.expected_revenue = quote.amount_untaxed
        if self._has_accounting():
            self._create_invoices(
                accepted.sorted(lambda quote: quotes[quote].last_moment), quotes
            )

    # === Plans === #

    def _plan_offers(self):
        offers = []
        for number, (opportunity, plan) in enumerate(self.deals.items()):
            moment = plan.moment_of("PROPOSAL")
            if moment:
                offers.append(self._plan_offer(opportunity, plan, moment, number))
            elif plan.stage == "QUALIFIED" and number % 2:
                moment = plan.last_moment
                offers.append(
                    Offer(moment, opportunity, plan, plan.rooms, "draft", moment)
                )
            if moment and number % 9 == 4 and plan.stage == "WON":
                offers.append(self._plan_first_offer(opportunity, plan, moment))
        return offers

    def _plan_offer(self, opportunity, plan, moment, number):
        states = {
            "WON": ("accepted",),
            "LOST": ("rejected", "expired"),
            "NEGOTIATION": ("sent",),
            "PROPOSAL": ("sent", "sent", "draft"),
        }[plan.stage]
        return Offer(
            moment,
            opportunity,
            plan,
            plan.rooms,
            states[number % len(states)],
            plan.last_moment,
            opportunity.lost_reason_id.name,
        )

    def _plan_first_offer(self, opportunity, plan, moment):
        """Plan an offer that was too large, before the one that was accepted."""
        earlier = plan.moment_of("QUALIFIED") + timedelta(days=1)
        return Offer(
            earlier,
            opportunity,
            plan,
            plan.rooms + ceil(plan.rooms / 2),
            "rejected",
            moment - timedelta(hours=1),
            story.FIRST_OFFER_REJECTED,
        )

    # === Quotes === #

    def _create_quotes(self, offers):
        """Create a quote of each offer, in this order."""
        quotes = self.env["billinator.quote"]
        for year, group in groupby(offers, key=lambda offer: offer.moment.year):
            # The number names the quote's year.
            numbered = quotes.with_context(ir_sequence_date=f"{year}-01-01")
            values = [self._prepare_quote(offer) for offer in group]
            quotes += numbered.create(values).with_env(self.env)
        return quotes

    def _prepare_quote(self, offer):
        date = offer.moment.date()
        values = {
            **offer.opportunity._prepare_quote_values(),
            "date_quote": date,
            "create_date": offer.moment,
            "line_ids": [
                Command.create({**line, "sequence": sequence})
                for sequence, line in enumerate(self._prepare_lines(offer))
            ],
        }
        if offer.state == "sent":
            values["validity_date"] = self.today + timedelta(days=21)
        return values

    def _prepare_lines(self, offer):
        project = offer.plan.project
        discount = self.random.choice((0, 0, 5, 10))
        lines = []
        if project.equipment:
            lines.append(_section("Equipment"))
            lines += self._prepare_products(offer, project.equipment, discount=discount)
        lines.append(_section("Services"))
        lines += self._prepare_products(offer, project.services)
        lines.append(_section("Options"))
        lines += self._prepare_products(
            offer,
            project.options,
            is_optional=True,
            is_selected=offer.state == "accepted" and self.random.random() < 0.5,
        )
        lines.append({"display_type": "line_note", "name": story.DELIVERY_NOTE})
        return lines

    def _prepare_products(self, offer, quantities, **values):
        return [
            {
                "product_id": self.ref(f"product_{name}_demo").id,
                "quantity": ceil(quantity * offer.rooms),
                **values,
            }
            for name, quantity in quantities.items()
        ]

    def _in_state(self, quotes, *states):
        """Return the quotes whose offer got to one of these states."""
        return self.env["billinator.quote"].union(
            *(quote for quote, offer in quotes.items() if offer.state in states)
        )

    def _set_states(self, quotes):
        """Bring the quotes to the states of their offers."""
        self._in_state(
            quotes, "sent", "accepted", "rejected", "expired"
        ).action_mark_sent()
        self._in_state(quotes, "accepted").action_accept()
        self._in_state(quotes, "expired").state = "expired"
        for quote in self._in_state(quotes, "rejected"):
            quote.action_reject(quotes[quote].reject_reason)

    def _create_messages(self, quotes):
        """Write the quotes' ways into their chatter."""
        messages = []
        for quote, offer in quotes.items():
            body = quote._creation_message()
            messages.append(self.prepare_message(quote, offer.moment, body=body))
            for old, new, moment in offer.changes:
                messages.append(self.prepare_change(quote, "state", old, new, moment))
                if new == "sent":
                    messages.append(self._prepare_mail(quote, moment))
        self.env["mail.message"].create(messages)

    def _prepare_mail(self, quote, moment):
        """Return the message that the customer got with the quote."""
        return self.prepare_message(
            quote,
            moment + timedelta(minutes=1),
            body=story.QUOTE_MAIL,
            message_type="email_outgoing",
            subtype_id=self.ref("mail.mt_comment").id,
        )

    # === Invoices === #

    def _has_accounting(self):
        journals = self.env["account.journal"].search(
            self.env["account.journal"]._check_company_domain(self.company)
        )
        return {"sale", "bank"} <= set(journals.mapped("type"))

    def _create_invoices(self, accepted, quotes):
        """Invoice accepted quotes, the last of which was accepted last."""
        for quote in _without(accepted, NOT_INVOICED):
            self._create_invoice(quote, quotes[quote].last_moment + timedelta(days=3))
        _without(accepted, NOT_INVOICED + INVOICE_NOT_POSTED).invoice_ids.action_post()
        for quote in _without(accepted, NOT_INVOICED + INVOICE_NOT_POSTED + NEVER_PAID):
            paid_partly = quote not in _without(accepted, PAID_PARTLY)
            self._pay(quote.invoice_ids, 0.4 if paid_partly else 1.0)

    def _create_invoice(self, quote, moment):
        # Odoo rounds an invoice otherwise that gets a date, and by it a rate, later.
        dated = quote.with_context(default_invoice_date=moment.date())
        dated.action_convert_to_invoice()
        conversion = quote.message_ids.sorted("id")[-1:]
        (conversion + quote.invoice_ids.message_ids).write(
            {"date": moment, "author_id": quote.user_id.partner_id.id}
        )

    def _pay(self, invoice, share):
        """Pay a share of the invoice around the day when it is due."""
        date = invoice.invoice_date_due + timedelta(days=self.random.randint(-12, 6))
        if date >= self.today:
            return
        amount = invoice.currency_id.round(invoice.amount_residual * share)
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        payment.create({"payment_date": date, "amount": amount})._create_payments()


def _without(accepted, positions):
    """Leave out quotes by their positions, counted back from the last one."""
    last = len(accepted) - 1
    return accepted.browse(
        quote.id
        for number, quote in enumerate(accepted)
        if last - number not in positions
    )


def _section(name):
    return {"display_type": "line_section", "name": name}
