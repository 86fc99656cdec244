"""Errors that callers tell apart."""

from contextlib import contextmanager

from odoo.exceptions import UserError, ValidationError


class StateError(ValidationError):
    """The record's state forbids the change, whatever its values are."""


@contextmanager
def refusing_values():
    """Raise Odoo's plain errors as what they are inside the block: of wrong values."""
    try:
        yield
    except UserError as error:
        if type(error) is not UserError:
            raise
        raise ValidationError(error.args[0]) from error
