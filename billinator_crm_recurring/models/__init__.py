from . import (
    billinator_opportunity,
    billinator_recurring_plan,
)
