from . import (
    test_customer,
    test_document,
    test_hooks,
    test_pdf,
    test_performance,
    test_product,
    test_quote,
    test_rights,
)
