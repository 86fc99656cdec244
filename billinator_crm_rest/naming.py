"""Which field an error of wrong values is about."""

from contextlib import contextmanager

from odoo.exceptions import ValidationError

from odoo.addons.billinator_crm.exceptions import StateError


@contextmanager
def naming(*fields):
    """Have the block's errors of wrong values know their field, if it can be but one.

    :param fields: the names of the model's fields that may be wrong
    """
    try:
        yield
    except StateError:
        # No value is wrong.
        raise
    except ValidationError as error:
        if len(fields) == 1 and not get_named_field(error):
            [error.billinator_field] = fields
        raise


def get_named_field(error):
    """Return the name of the model's field that an error is about, if it is known."""
    return getattr(error, "billinator_field", None)
