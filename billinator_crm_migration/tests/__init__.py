from . import (
    test_history,
    test_leads,
    test_quotations,
    test_rights,
    test_runs,
)
