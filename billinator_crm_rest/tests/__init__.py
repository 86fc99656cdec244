from . import (
    test_change,
    test_contract,
    test_endpoint,
    test_lookups,
    test_names,
    test_quote_actions,
    test_resource,
    test_rights_matrix,
    test_sync,
    test_webhook,
)
