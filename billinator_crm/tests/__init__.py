from . import (
    test_opportunity,
    test_quote,
    test_tax_documents,
    test_tours,
)
