from . import (
    test_hooks,
    test_opportunity,
    test_performance,
    test_pipeline,
    test_recurring_plan,
    test_rights,
    test_tours,
)
