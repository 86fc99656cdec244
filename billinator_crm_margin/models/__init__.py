from . import (
    billinator_approval_rule,
    billinator_quote,
    billinator_quote_line,
)
