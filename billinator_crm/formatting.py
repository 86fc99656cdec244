"""How numbers are told in sentences."""

from odoo.tools import formatLang


def format_number(env, value):
    """Return a number as the language writes it, with as many decimals as it has."""
    decimals = f"{value:.6f}".rstrip("0").partition(".")[2]
    return formatLang(env, value, digits=len(decimals))
