from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang

NUMBERS = ("float", "monetary")
# What is beyond has no cents any more.
LARGEST = 1e15
# As long as a call or a meeting lasts, and far longer.
MAX_HOURS = 1000


def _is_within(value, limit):
    try:
        return abs(float(value or 0)) <= limit
    except (ArithmeticError, TypeError, ValueError):
        return False


class BillinatorNumbersMixin(models.AbstractModel):
    """Refuses numbers that nothing can be computed of, before anything is.

    PostgreSQL and Python know NaN and Infinity, and rounding fails on these.
    """

    _name = "billinator.numbers.mixin"
    _description = "Numbers within Bounds"
    # What bounds the numbers of a field closer than others
    _number_limits = {}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_numbers(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_numbers(vals)
        return super().write(vals)

    @api.model
    def _check_numbers(self, vals):
        # What is no dict is refused by the ORM.
        for name, value in vals.items() if isinstance(vals, dict) else ():
            field = self._fields.get(name)
            if field is None:
                continue
            if field.type in NUMBERS:
                self._check_number(field, value)
            elif field.type == "one2many":
                self._check_nested_numbers(field, value)

    @api.model
    def _check_nested_numbers(self, field, commands):
        """Check what comes along with a record: it is computed with beforehand."""
        Nested = self.env[field.comodel_name]
        if not isinstance(Nested, self.pool["billinator.numbers.mixin"]):
            return
        # What is no list of commands is refused by the ORM, too.
        for command in commands if isinstance(commands, list | tuple) else ():
            if isinstance(command, list | tuple) and len(command) == 3:
                Nested._check_numbers(command[2])

    @api.model
    def _check_number(self, field, value):
        limit = self._number_limits.get(field.name, LARGEST)
        if not _is_within(value, limit):
            raise ValidationError(
                self.env._(
                    "“%(field)s” has to be a number up to %(limit)s.",
                    field=field._description_string(self.env),
                    limit=formatLang(self.env, limit, digits=0),
                )
            )
