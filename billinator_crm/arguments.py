"""The arguments of public methods, which anybody may call with anything.

    @arguments(lost_reason_id=as_id, feedback=as_text)
    def action_set_lost(self, lost_reason_id, feedback=None):

Nothing is handed on as None: None itself, False, which XML-RPC has instead, and "".
Where the method has another default, it is refused.
"""

import functools
import inspect
import math
from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Date, Datetime, Domain

# The largest id that a column of PostgreSQL holds
MAX_ID = 2**31 - 1
MAX_NUMBER = 1e12
# What a value of another kind leads to, or a domain that is nested too deep
WRONG = (
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RuntimeError,
)
# Operators that compare with one value
ORDERS = ("<", "<=", ">", ">=")
# Between these there is room for weeks, months and time zones.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


def arguments(**kinds):
    """Check arguments of a public method, and parse them, before it runs.

    :param kinds: what each argument is: one of the functions below
    :return: a decorator; the method raises a UserError for what is of another kind
    """

    def decorate(method):
        signature = inspect.signature(method)

        @functools.wraps(method)
        def check_and_call(self, *args, **kwargs):
            try:
                given = signature.bind(self, *args, **kwargs)
            except TypeError as error:
                message = _explain(self.env, signature, args, kwargs)
                raise UserError(message) from error
            for name in kinds.keys() & given.arguments.keys():
                value = given.arguments[name]
                default = signature.parameters[name].default
                may_be_nothing = default in (None, inspect.Parameter.empty)
                check = parse if may_be_nothing else parse_given
                given.arguments[name] = check(self.env, name, kinds[name], value)
            return method(*given.args, **given.kwargs)

        return check_and_call

    return decorate


def _explain(env, signature, args, kwargs):
    """Return why a method cannot be called so, in the user's language."""
    [_self, *parameters] = signature.parameters.values()
    names = [parameter.name for parameter in parameters]
    given = {*names[: len(args)], *kwargs}
    if missing := [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.name not in given
    ]:
        return env._("These arguments are missing: %s.", ", ".join(missing))
    if unknown := [name for name in kwargs if name not in names]:
        return env._("There are no such arguments: %s.", ", ".join(unknown))
    return env._("These are too many arguments: there are %s at most.", len(names))


def one_record(method):
    """Check that a public method is called on one record."""

    @functools.wraps(method)
    def check_and_call(self, *args, **kwargs):
        # What is no id at all, JSON's null for instance, is not among them.
        if len(self.ids) != 1:
            raise UserError(self.env._("Choose one record, and not %s.", len(self.ids)))
        parse(self.env, "ids", as_ids, self.ids)
        return method(self, *args, **kwargs)

    return check_and_call


def parse(env, name, kind, value):
    """Return the value of an argument, or of a key of the context, as what it is.

    :param kind: one of the functions below
    :raise UserError: for what is of another kind
    """
    if value is None or value is False or value == "":
        return None
    return parse_given(env, name, kind, value)


def parse_given(env, name, kind, value):
    """Return the same, where nothing is no value either."""
    try:
        return kind(env, value)
    except WRONG as error:
        raise UserError(
            env._(
                "“%(argument)s” has to be %(kind)s.",
                argument=name,
                kind=kind.describe(env),
            )
        ) from error


# === Kinds: each returns the value, or raises an error for what is none === #


def told_as(describe):
    """Keep with a kind what the refusal of another one calls it.

    :param describe: function that returns so in the language of an environment
    """

    def decorate(kind):
        kind.describe = describe
        return kind

    return decorate


@told_as(lambda env: env._("a whole number, as 7"))
def as_whole(_env, value):
    # What JSON says is true is an integer to Python, and no number.
    if type(value) is not int:
        raise TypeError
    return value


def as_whole_between(least, most):
    """Return the kind of whole numbers from ``least`` to ``most``."""

    @told_as(
        lambda env: env._(
            "a whole number from %(least)s to %(most)s", least=least, most=most
        )
    )
    def whole(env, value):
        if not least <= as_whole(env, value) <= most:
            raise ValueError
        return value

    return whole


@told_as(lambda env: env._("the id of a record, as 7"))
def as_id(env, value):
    if not 0 < as_whole(env, value) <= MAX_ID:
        raise ValueError
    return value


@told_as(lambda env: env._("a list of ids, as [7, 8]"))
def as_ids(env, value):
    return [as_id(env, one) for one in _check_list(value)]


@told_as(lambda env: env._("text"))
def as_text(_env, value):
    # PostgreSQL takes no NUL, and nothing that is no Unicode.
    if "\0" in value:
        raise ValueError
    value.encode()
    return value


@told_as(lambda env: env._("a list of texts"))
def as_texts(env, value):
    return [as_text(env, one) for one in _check_list(value)]


@told_as(lambda env: env._("a list of rows, as [['a', 'b'], ['c', 'd']]"))
def as_rows(_env, value):
    for row in _check_list(value):
        _check_list(row)
    return value


@told_as(lambda env: env._("a number, as 12.5"))
def as_number(_env, value):
    if isinstance(value, bool) or not math.fabs(value) < MAX_NUMBER:
        raise ValueError
    return value


@told_as(lambda env: env._("a day, as 2026-01-31"))
def as_day(_env, value):
    result = Date.to_date(value)
    if not FIRST_DAY <= result <= LAST_DAY:
        raise ValueError
    return result


@told_as(lambda env: env._("date and time in UTC, as 2026-01-31 10:00:00"))
def as_moment(_env, value):
    result = Datetime.to_datetime(value)
    if not FIRST_DAY <= result.date() <= LAST_DAY:
        raise ValueError
    return result


@told_as(lambda env: env._("values by field, as {'name': 'abc'}"))
def as_values(_env, value):
    dict.keys(value)
    return value


@told_as(lambda env: env._("a field with colors, as {'field': …, 'colors': {…}}"))
def as_progress_bar(env, value):
    as_text(env, value["field"])
    dict.keys(value["colors"])
    return value


def get_active_ids(records):
    """Return the ids that the context tells of what the user has selected, or None."""
    return parse(
        records.env, "active_ids", as_ids, records.env.context.get("active_ids")
    )


def as_domain_of(model):
    """Return the kind of domains that one can search ``model`` with."""

    @told_as(lambda env: env._("a domain, as [['name', 'ilike', 'abc']]"))
    def domain(env, value):
        parsed = Domain(value)
        for condition in parsed.iter_conditions():
            if condition.operator in ORDERS and isinstance(
                condition.value, (list, tuple)
            ):
                # Odoo leaves it to PostgreSQL to refuse that.
                raise TypeError
        env[model]._search(parsed)
        return parsed

    return domain


def _check_list(value):
    if not isinstance(value, (list, tuple)):
        raise TypeError
    return value
