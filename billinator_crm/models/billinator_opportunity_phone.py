import re

from odoo import api, fields, models
from odoo.fields import Domain

# A phone number's last digits, that tell it from others in every notation.
PHONE_KEY_DIGITS = 9
# Shorter numbers are extensions or mistakes, and would match anything.
PHONE_DIGITS_MIN = 6


class BillinatorOpportunity(models.Model):
    """Opportunities found by a phone number, however it is written."""

    _inherit = "billinator.opportunity"

    phone_key = fields.Char(
        compute="_compute_phone_key",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The phone number's last nine digits, by which similar deals are found.",
    )
    phone_search = fields.Char(
        string="Phone Number",
        search="_search_phone_search",
        store=False,
        # No column of an import, which would be lost.
        readonly=True,
        exportable=False,
        help="Finds a phone number however it is written.",
    )

    @api.depends("phone")
    def _compute_phone_key(self):
        for opportunity in self:
            opportunity.phone_key = self._get_phone_key(opportunity.phone)

    @api.model
    def _search_phone_search(self, operator, value):
        if operator not in ("in", "ilike"):
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
