import re

from odoo import api, fields, models
from odoo.fields import Domain

# A phone number's last digits, that tell it from others in every notation.
PHONE_KEY_DIGITS = 9
# Shorter numbers are extensions or mistakes, and would match anything.
PHONE_DIGITS_MIN = 6


class BillinatorPhoneMixin(models.AbstractModel):
    """Records with a ``phone``, found by it however it is written."""

    _name = "billinator.phone.mixin"
    _description = "Found by a Phone Number"

    phone_key = fields.Char(
        compute="_compute_phone_key",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The phone number's last nine digits, the same in every notation.",
    )
    phone_search = fields.Char(
        string="Phone Number (Any Notation)",
        search="_search_phone_search",
        store=False,
        # No column of an import, which would be lost.
        readonly=True,
        exportable=False,
        help="Finds a phone number however it is written.",
    )

    @api.depends("phone")
    def _compute_phone_key(self):
        for record in self:
            record.phone_key = self._get_phone_key(record.phone)

    @api.model
    def _search_phone_search(self, operator, value):
        if operator in ("=like", "=ilike"):
            # A pattern, for example of how a number begins, is of one notation.
            return Domain("phone", operator, value)
        if operator not in ("in", "like", "ilike"):
            return NotImplemented
        numbers = value if operator == "in" else [value]
        return Domain.OR(
            self._get_phone_domain(
                "=" if operator == "in" else "ilike", number and str(number)
            )
            for number in numbers
        )

    @api.model
    def _get_phone_domain(self, operator, number):
        """Find a number in any notation; a part of one in the notation that it has."""
        domain = Domain("phone", operator, number)
        if key := self._get_phone_key(number):
            domain |= Domain("phone_key", "=", key)
        return domain

    @api.model
    def _get_phone_key(self, phone):
        digits = re.sub(r"\D", "", phone or "")
        return len(digits) >= PHONE_DIGITS_MIN and digits[-PHONE_KEY_DIGITS:]
