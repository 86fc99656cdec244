from . import (
    billinator_quote,
    billinator_quote_document,
    billinator_quote_line,
    billinator_quote_template,
    ir_actions_report,
    product_product,
    product_template,
)
