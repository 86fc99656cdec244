from datetime import timedelta
from math import ceil

from . import story
from .history import History

# Of all the moves of deals, this part was talked about.
SHARE_OF_STEPS = 0.22


class NoteHistory(History):
    """What was said and written on the way of the deals, and with the customers."""

    def __init__(self, env, deals):
        super().__init__(env)
        self.deals = deals

    def make(self):
        """Log the calls, emails, meetings and notes."""
        values_list = [
            self._prepare_deal_note(deal, step)
            for deal, plan in self.deals.items()
            for step in plan.steps
            if step.stage in story.TALKS and self.random.random() < SHARE_OF_STEPS
        ]
        for number, name in enumerate(story.CUSTOMERS):
            customer = self.ref(f"customer_{name}_demo")
            values_list.append(self._prepare_customer_note(customer, number))
        self.env["billinator.note"].create(values_list)

    def _prepare_deal_note(self, deal, step):
        talk = self.random.choice(story.TALKS[step.stage])
        quote = (
            deal.quote_ids[:1] if step.stage in ("PROPOSAL", "NEGOTIATION") else None
        )
        return {
            "opportunity_id": deal.id,
            "quote_id": quote.id if quote else False,
            "partner_id": deal.partner_id.id,
            "contact_id": self._get_contact(deal.partner_id).id,
            "user_id": deal.user_id.id,
            "date": step.moment + timedelta(minutes=self.random.randint(5, 90)),
            **self._prepare_talk(talk),
        }

    def _prepare_customer_note(self, customer, number):
        talk = story.CUSTOMER_TALKS[number % len(story.CUSTOMER_TALKS)]
        return {
            "partner_id": customer.id,
            "user_id": customer.user_id.id,
            "date": self.moment(ceil(self.random.uniform(1, 350))),
            "is_pinned": talk.kind == "note",
            **self._prepare_talk(talk),
        }

    def _prepare_talk(self, talk):
        timed = talk.kind in ("call", "meeting")
        hours = (0.25, 0.5) if talk.kind == "call" else (1, 1.5, 2)
        return {
            "note_type": talk.kind,
            "direction": talk.direction,
            "subject": talk.subject,
            "body": f"<p>{talk.text}</p>",
            "duration": self.random.choice(hours) if timed else 0,
        }

    def _get_contact(self, person):
        return self.env["billinator.contact"].search(
            [
                ("person_id", "=", person.id),
                ("customer_id", "=", person.commercial_partner_id.id),
            ]
        )
