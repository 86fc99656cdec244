"""Which sales taxes an item's ``tax_rate`` stands for."""

from odoo.fields import Domain

from ..resource import refuse
from .taxes import get_rated_domain, get_tax_rate


def find_taxes(quotes):
    """Return the sales taxes for quotes, by percentage, by what they depend on."""
    return {key: _search_taxes(*key) for key in {_get_tax_key(q) for q in quotes}}


def _get_tax_key(quote):
    return quote.company_id, quote.tax_country_id, quote.fiscal_position_id


def _search_taxes(company, country, position):
    """Return the company's sales taxes for a country, by percentage.

    Of the same percentage, those of the fiscal position come first, then the company's
    own one, then those for customers at home.
    """
    Tax = company.env["account.tax"].with_company(company)
    taxes = Tax.search(
        get_rated_domain(Tax.env)
        & Domain(Tax._check_company_domain(company))
        & Domain("country_id", "=", country.id)
    )

    def get_rank(tax):
        return (
            # Unit prices of the API are without tax, where there is a choice.
            tax.price_include,
            position not in tax.fiscal_position_ids,
            tax != company.account_sale_tax_id,
            not tax.is_domestic,
        )

    by_rate = {}
    for tax in taxes.sorted(get_rank):
        by_rate.setdefault(get_tax_rate(tax), tax)
    return by_rate


def choose_taxes(row, line, product, taxes):
    """Return the sales taxes of the row's percentage, or none for no tax.

    What the item has already, or would get by itself, comes before others of the same
    percentage.

    :param taxes: as :func:`find_taxes` returned them
    """
    env, rate = row.quote.env, row.item.tax_rate
    # Also what has no percentage, and was told without one.
    if line and get_tax_rate(line.tax_ids) == rate:
        return line.tax_ids
    if rate is None:
        return env["account.tax"]
    own = row.quote._get_product_taxes(product)
    if get_tax_rate(own) == rate and not any(own.mapped("price_include")):
        return own
    by_rate = taxes[_get_tax_key(row.quote)]
    if not rate:
        return by_rate.get(rate, env["account.tax"])
    if rate not in by_rate:
        rates = ", ".join(f"{known:g}" for known in sorted(by_rate))
        message = env._(
            "There is no sales tax of %(rate)s %% for this country: %(country)s. Those"
            " there are: %(rates)s.",
            rate=f"{rate:g}",
            country=row.quote.tax_country_id.name or env._("none"),
            rates=rates or env._("none"),
        )
        raise refuse("tax_rate", message, place=row.place)
    return by_rate[rate]
