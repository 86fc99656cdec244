from dateutil.relativedelta import relativedelta

from odoo.tools import date_utils

from .history import History

QUARTERS = range(-2, 2)
# Who wins what was won on average, does not reach the target.
AMBITION = 1.2


class TargetHistory(History):
    """What people and teams are to win, from half a year ago to the next quarter."""

    def __init__(self, env, deals):
        super().__init__(env)
        opportunities = env["billinator.opportunity"].union(*deals)
        self.won = opportunities.filtered(lambda deal: deal.status == "won")

    def make(self):
        """Create a target a quarter."""
        this_quarter = date_utils.start_of(self.today, "quarter")
        values_list = []
        for field in ("user_id", "team_id"):
            for owner, deals in self.won.grouped(field).items():
                amount = sum(deals.mapped("expected_revenue_company")) / 4 * AMBITION
                for quarter in QUARTERS:
                    start = this_quarter + relativedelta(months=3 * quarter)
                    values_list.append(
                        {
                            field: owner.id,
                            "company_id": self.company.id,
                            "date_from": start,
                            "date_to": start + relativedelta(months=2, day=31),
                            "amount": round(amount * (1 + quarter / 10), -3) or 1000,
                        }
                    )
        self.env["billinator.target"].create(values_list)
