"""Which quotes are meant: by their states, and by their versions."""

from odoo.fields import Domain

# The customer has not answered, and can still be offered something else.
OPEN_STATES = ("draft", "sent")
# An expired one can be extended.
SELLABLE_STATES = (*OPEN_STATES, "expired")
CONVERTIBLE_STATES = (*OPEN_STATES, "accepted")
# Nothing was sold, and nothing else is waited for.
ENDED_STATES = ("rejected", "expired")
FINAL_STATES = ("accepted", *ENDED_STATES)
# The quote is with the customer, and has to be right by then.
CHECKED_STATES = ("sent", "accepted")
# A quote is one, however many versions of it there were.
CURRENT_VERSIONS = Domain("is_superseded", "=", False)
