from datetime import datetime, time, timedelta

import pytz

from ..markers import ACTIVITY_ROW_FOLLOWS
from . import story
from .history import History


class ActivityHistory(History):
    """What was done for the deals, and what comes next, on every day around today."""

    def __init__(self, env, deals):
        super().__init__(env)
        self.deals = deals

    def make(self):
        """Create activities that are done, and pending ones."""
        self._create_done()
        # Attendees get no invitation to meetings that nobody holds.
        self.env = self.env(
            context={
                **self.env.context,
                "dont_notify": True,
                "no_mail_to_attendees": True,
            }
        )
        self.env["billinator.activity"].create(
            [*self._prepare_next_steps(), *self._prepare_customer_care()]
        )

    # === Done === #

    def _create_done(self):
        """Tell by their activities how deals went from stage to stage."""
        steps = [
            (deal, step)
            for deal, plan in self.deals.items()
            for step in plan.steps
            if step.stage in story.NEXT_STEPS and self.random.random() < 0.3
        ]
        done = [self._prepare_done(deal, step) for deal, step in steps]
        natives = ACTIVITY_ROW_FOLLOWS.on(self.env["mail.activity"]).create(
            [native for native, _row in done]
        )
        self.env["billinator.activity"].create(
            [
                {**row, "activity_id": native.id}
                for native, (_native, row) in zip(natives, done, strict=True)
            ]
        )

    def _prepare_done(self, deal, step):
        """Return the values of Odoo's activity, and those of its row."""
        xml_id, summary = self.random.choice(story.NEXT_STEPS[step.stage])
        activity_type = self.ref(xml_id)
        outcomes = story.OUTCOMES.get(activity_type.billinator_type, [False])
        native = {
            "activity_type_id": activity_type.id,
            "summary": summary,
            "user_id": deal.user_id.id,
            "res_model_id": self.env["ir.model"]._get_id(deal._name),
            "res_id": deal.id,
            "date_deadline": step.moment.date(),
            "date_done": step.moment.date(),
            "feedback": self.random.choice(outcomes),
            "active": False,
        }
        row = {
            "due_date": step.moment - timedelta(minutes=30),
            "completed_at": step.moment,
            "completed_by": deal.user_id.id,
            "duration": self.random.choice((0.25, 0.5, 1.0)),
        }
        return native, row

    # === Pending === #

    def _prepare_next_steps(self):
        """Give most open deals a next step: late, due today or planned."""
        open_deals = [deal for deal, plan in self.deals.items() if plan.is_open]
        return [
            self._prepare_next_step(
                deal, story.NEXT_STEP_DAYS[number % len(story.NEXT_STEP_DAYS)]
            )
            for number, deal in enumerate(open_deals)
            if number % 6 != 5
        ]

    def _prepare_next_step(self, deal, days):
        xml_id, summary = self.random.choice(story.NEXT_STEPS[deal.stage_id.code])
        return {
            **self._prepare_activity(deal, self.ref(xml_id), summary),
            "opportunity_id": deal.id,
            "contact_id": self._get_contact(deal.partner_id).id,
            "due_date": self._get_due_date(deal.user_id, days),
            "priority": self.random.choice(story.ACTIVITY_PRIORITIES),
        }

    def _prepare_customer_care(self):
        """Keep in touch with customers, too, that nothing is offered to."""
        return [
            {
                **self._prepare_activity(customer, self.ref(xml_id), summary),
                "partner_id": customer.id,
                "contact_id": customer.primary_contact_id.id,
                "due_date": self._get_due_date(customer.user_id, days),
            }
            for name, xml_id, summary, days in story.CUSTOMER_CARE
            for customer in self.ref(f"customer_{name}_demo")
        ]

    # === Parts === #

    def _prepare_activity(self, record, activity_type, summary):
        return {
            "activity_type_id": activity_type.id,
            "summary": summary,
            "user_id": record.user_id.id,
            "is_reminder": False,
        }

    def _get_contact(self, person):
        return self.env["billinator.contact"].search(
            [("person_id", "=", person.id)], limit=1
        )

    def _get_due_date(self, user, days):
        """Return a moment in the user's office hours of the day, in UTC."""
        zone = pytz.timezone(user.tz or "UTC")
        at = time(self.random.randrange(9, 17), self.random.choice((0, 15, 30, 45)))
        day = datetime.combine(self.today + timedelta(days=days), at)
        return zone.localize(day).astimezone(pytz.utc).replace(tzinfo=None)
