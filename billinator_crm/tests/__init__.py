from . import (
    test_contact,
    test_opportunity,
    test_opportunity_duplicates,
    test_opportunity_merge,
    test_opportunity_statistics,
    test_quote,
    test_stage,
    test_tag,
    test_tax_documents,
    test_quote_price,
    test_tax_generated,
    test_tours,
)
