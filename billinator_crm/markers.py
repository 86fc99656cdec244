"""What the code tells itself in the context.

No RPC caller can send these: a caller's context holds what JSON and XML can say, and
``is_on`` asks for the very object.
"""


class Marker:
    """Says one thing to all that is called on the records that it is set on."""

    def __init__(self, key):
        self.context = {key: self}
        self._key = key

    def on(self, records):
        return records.with_context(**self.context)

    def is_on(self, env):
        return env.context.get(self._key) is self


# Who creates Odoo's activities makes their rows in the CRM himself.
ACTIVITY_ROW_FOLLOWS = Marker("billinator_activity_rows")
# Who creates people, or writes on them, makes their rows as contacts himself.
CONTACT_ROW_FOLLOWS = Marker("billinator_contact_rows")
# The rows of all people of a call are made, or moved, at once when it is done.
PEOPLE_FOLLOW_IN_BATCH = Marker("billinator_contact_rows_later")
# A meeting is moved by its activity, whose deadline is right already.
DEADLINE_IS_RIGHT = Marker("billinator_deadlines")
# Records are created, which their model checks: no form is filled in.
SUBJECT_IS_CHECKED = Marker("billinator_subjects")
# Deals may enter their stage without what it demands.
GATE_OPEN = Marker("billinator_gate")
# A lead gets its customer in a form, which shows no name of a contact from then on.
PERSON_IS_KEPT = Marker("billinator_person")
# Of a quote's discount, either of the two: it follows the lines when all are written,
# or its own lines are what is written.
DISCOUNT_FOLLOWS_LATER = Marker("billinator_discount")
DISCOUNT_IS_WRITTEN = Marker("billinator_discount")
# Who writes a segment looks up its customers himself, once for all of its conditions.
SEGMENT_IS_LOOKED_UP = Marker("billinator_refresh")
# Deals and quotes are brought over from another system: that is no news to anybody.
BROUGHT_OVER = Marker("billinator_brought_over")
# Quotes follow their deal to another salesperson, and nobody offers anything anew.
COMES_WITH_DEAL = Marker("billinator_comes_with_deal")
