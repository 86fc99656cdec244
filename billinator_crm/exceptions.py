"""Errors that callers tell apart."""

from odoo.exceptions import ValidationError


class StateError(ValidationError):
    """The record's state forbids the change, whatever its values are."""
