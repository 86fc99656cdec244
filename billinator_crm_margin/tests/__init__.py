from . import (
    test_approval,
    test_hooks,
    test_margin,
    test_performance,
    test_rights,
)
