from . import billinator_opportunity
