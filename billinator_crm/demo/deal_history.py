from datetime import datetime, timedelta
from typing import NamedTuple

from . import story
from .history import History

OPEN_STAGES = ("LEAD", "QUALIFIED", "PROPOSAL", "NEGOTIATION")
# How many deals ended, or stand today, in which stage.
DEALS = {
    "WON": 25,
    "LOST": 12,
    "NEGOTIATION": 6,
    "PROPOSAL": 7,
    "QUALIFIED": 7,
    "LEAD": 5,
}


class Step(NamedTuple):
    """A deal enters a stage."""

    stage: str
    moment: datetime


class Plan(NamedTuple):
    """What a deal of the history is like."""

    customer: object
    project: story.Project
    rooms: int
    steps: list

    @property
    def stage(self):
        return self.steps[-1].stage

    @property
    def is_open(self):
        return self.stage in OPEN_STAGES

    @property
    def last_moment(self):
        return self.steps[-1].moment

    @property
    def last_open_stage(self):
        return [step.stage for step in self.steps if step.stage in OPEN_STAGES][-1]

    def moment_of(self, stage):
        """Return when the deal entered ``stage``, ``None`` if it never did."""
        return dict(self.steps).get(stage)


class DealHistory(History):
    """Deals of every customer, from one a year ago to many of late."""

    def __init__(self, env):
        super().__init__(env)
        stages = env["billinator.stage"].search([])
        self.stages = {stage.code: stage for stage in stages}
        self.foreign_currency = self._get_foreign_currency()

    def make(self):
        """Create the deals with their chatter.

        :return: dict of the opportunities with the :class:`Plan` of each
        """
        self._create_rates()
        plans = self._plan_deals()
        deals = dict(zip(self._create_opportunities(plans), plans, strict=True))
        self._create_messages(deals)
        return deals

    # === Money === #

    def _get_foreign_currency(self):
        """Return the second currency, or the company's where no rate is known."""
        own = self.company.currency_id
        name, _rate = story.FOREIGN_RATES.get(own.name, (own.name, 1.0))
        return self.env["res.currency"].search([("name", "=", name)])

    def _create_rates(self):
        """Give the second currency a rate a month."""
        if self.foreign_currency == self.company.currency_id:
            return
        _name, rate = story.FOREIGN_RATES[self.company.currency_id.name]
        values_list = [
            {
                "name": self.today - timedelta(days=30 * month + 1),
                "currency_id": self.foreign_currency.id,
                "company_id": self.company.id,
                "rate": round(rate * self.random.uniform(0.97, 1.03), 4),
            }
            for month in range(15)
        ]
        # A day has one rate; those of an earlier installation are still there.
        taken = self.foreign_currency.rate_ids.filtered(
            lambda rate: rate.company_id == self.company
        ).mapped("name")
        self.env["res.currency.rate"].create(
            [values for values in values_list if values["name"] not in taken]
        )

    def _get_currency(self, customer):
        is_foreign = customer.country_id.code in story.FOREIGN_CURRENCY_COUNTRIES
        return self.foreign_currency if is_foreign else self.company.currency_id

    # === Plans === #

    def _plan_deals(self):
        """Return the plans of all deals, in the order of their creation."""
        offers = [
            (self.ref(f"customer_{name}_demo"), project)
            for name in story.CUSTOMERS
            for project in story.PROJECTS
        ]
        self.random.shuffle(offers)
        plans = []
        for stage, count in DEALS.items():
            for number in range(count):
                steps = self._plan_steps(stage, (number + 0.5) / count)
                plans.append(self._plan_deal(*offers.pop(), steps))
        return sorted(plans, key=lambda plan: plan.steps[0].moment)

    def _plan_deal(self, customer, project, steps):
        # Business grows: projects are larger today than they were a year ago.
        years = (self.today - steps[-1].moment.date()).days / 365
        rooms = round(self.random.randint(*project.rooms) * (1.3 - 0.7 * years))
        return Plan(customer, project, max(rooms, 1), steps)

    def _plan_steps(self, stage, share):
        """Plan how a deal came to the stage where it is.

        :param str stage: the stage's code
        :param float share: from 0 for the first deal that came there to 1 for the last
        :return: list of :class:`Step`
        """
        if stage in OPEN_STAGES:
            path = OPEN_STAGES[: OPEN_STAGES.index(stage) + 1]
            days_ago = 2 + int(40 * (1 - share) ** 2)
        else:
            reached = 4 if stage == "WON" else self.random.choice((1, 3, 3, 4))
            path = (*OPEN_STAGES[:reached], stage)
            days_ago = 4 + int(355 * (1 - share**0.75))
        steps = []
        for code in reversed(path):
            steps.insert(0, Step(code, self.moment(days_ago)))
            # A quote stands for 30 days, what comes before it may take longer.
            longest = 28 if code in ("QUALIFIED", "PROPOSAL") else 14
            # More than a weekend, so that moving to a Friday changes no order.
            days_ago += self.random.randint(4, longest)
        return steps

    # === Opportunities === #

    def _create_opportunities(self, plans):
        opportunities = self.env["billinator.opportunity"].create(
            [self._prepare_opportunity(plan) for plan in plans]
        )
        for opportunity, plan in zip(opportunities, plans, strict=True):
            opportunity.write(
                {
                    "date_last_stage_update": plan.last_moment,
                    "date_closed": not plan.is_open and plan.last_moment,
                    "last_open_stage_id": self.stages[plan.last_open_stage].id,
                }
            )
        return opportunities

    def _prepare_opportunity(self, plan):
        customer = plan.customer
        revenue = self._estimate(plan)
        source, medium, campaign = self.random.choice(story.ORIGINS)
        title = self.random.choice(plan.project.titles)
        return {
            "name": title.format(rooms=plan.rooms, city=customer.city),
            "company_id": self.company.id,
            "partner_id": self.random.choice(customer.child_ids).id,
            "user_id": customer.user_id.id,
            "stage_id": self.stages[plan.stage].id,
            "currency_id": self._get_currency(customer).id,
            "expected_revenue": revenue,
            "priority": str(min(3, int(revenue // 25000))),
            "date_deadline": self._draw_deadline(plan),
            "source_id": self.ref(source).id,
            "medium_id": self.ref(medium).id,
            "campaign_id": campaign and self.ref(campaign).id,
            "create_date": plan.steps[0].moment,
            **self._prepare_outcome(plan),
        }

    def _prepare_outcome(self, plan):
        """Return the reason of a lost deal; some open ones' probability by hand."""
        if plan.stage == "LOST":
            reason = self.random.choice(list(story.LOST_NOTES))
            return {"lost_reason_id": self.ref(f"billinator_lost_reason_{reason}").id}
        if plan.is_open and self.random.random() < 0.2:
            probability = self.stages[plan.stage].probability
            return {"probability": probability + self.random.choice((-5, 10, 15))}
        return {}

    def _estimate(self, plan):
        """Return what a salesperson expects of the deal, in its currency."""
        quantities = {**plan.project.equipment, **plan.project.services}
        amount = sum(
            self.ref(f"product_{name}_demo").list_price * quantity * plan.rooms
            for name, quantity in quantities.items()
        )
        amount = self.company.currency_id._convert(
            amount,
            self._get_currency(plan.customer),
            self.company,
            plan.steps[0].moment.date(),
        )
        return round(amount, -2)

    def _draw_deadline(self, plan):
        days = (10, 75) if plan.is_open else (-9, 9)
        return plan.last_moment.date() + timedelta(days=self.random.randint(*days))

    # === Chatter === #

    def _create_messages(self, deals):
        """Write each deal's way, and its salesperson's notes, into its chatter."""
        messages = []
        for opportunity, plan in deals.items():
            previous = None
            for step in plan.steps:
                messages.append(self._prepare_step(opportunity, previous, step))
                messages += self._prepare_note(opportunity, step)
                previous = step
        self.env["mail.message"].create(messages)

    def _prepare_step(self, opportunity, previous, step):
        if not previous:
            body = opportunity._creation_message()
            return self.prepare_message(opportunity, step.moment, body=body)
        old, new = self.stages[previous.stage], self.stages[step.stage]
        return self.prepare_change(opportunity, "stage_id", old, new, step.moment)

    def _prepare_note(self, opportunity, step):
        """Return a list of one note, or of none."""
        if step.stage == "LOST":
            body = story.LOST_NOTES[self._get_lost_reason(opportunity)]
        elif self.random.random() < 0.6:
            body = self.random.choice(story.STAGE_NOTES[step.stage])
        else:
            return []
        moment = step.moment + timedelta(minutes=20)
        return [
            self.prepare_message(opportunity, moment, body=body, message_type="comment")
        ]

    def _get_lost_reason(self, opportunity):
        return next(
            name
            for name in story.LOST_NOTES
            if self.ref(f"billinator_lost_reason_{name}") == opportunity.lost_reason_id
        )
