"""How numbers are told in sentences."""

from odoo.tools import formatLang


def count_decimals(value):
    """Return how many decimals a number has, as far as anybody reads them."""
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def format_number(env, value):
    """Return a number as the language writes it, with as many decimals as it has."""
    return formatLang(env, value, digits=count_decimals(value))


def format_price(env, value, currency, least):
    """Return a price with all its decimals, which currencies may have fewer of.

    :param int least: how many decimals it has in any case, but for currencies
        without any
    """
    digits = max(
        least if currency.decimal_places else 0,
        currency.decimal_places,
        count_decimals(value),
    )
    parts = [formatLang(env, value, digits=digits), currency.symbol or ""]
    if currency.position == "before":
        parts.reverse()
    return "\N{NO-BREAK SPACE}".join(filter(None, parts))
