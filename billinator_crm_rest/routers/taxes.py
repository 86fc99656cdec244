from typing import Annotated

from fastapi import APIRouter, Query

from odoo.fields import Domain

from ..dependencies import ApiRoute, UserEnv
from ..fields import Boolean, Coded, Field, Reference
from ..resource import Resource
from ..schemas.base import ListQuery, Page
from ..schemas.product import Tax

PERCENTAGES = Domain("type_tax_use", "=", "sale") & (
    Domain("amount_type", "=", "percent")
    | Domain("amount_type", "=", "group")
    & Domain("children_tax_ids", "!=", False)
    & Domain("children_tax_ids", "not any", [("amount_type", "!=", "percent")])
)


def get_rated_domain(env):
    """Return the domain of the sales taxes that a percentage can name.

    Of groups, as of a central and a state's tax, those that come to the sum of their
    percentages.
    """
    groups = env["account.tax"].search(
        PERCENTAGES & Domain("amount_type", "=", "group")
    )
    return PERCENTAGES & Domain("id", "not in", groups.filtered(_has_tax_on_tax).ids)


def _has_tax_on_tax(group):
    is_base_raised = False
    for tax in group.flatten_taxes_hierarchy():
        if is_base_raised and tax.is_base_affected:
            return True
        is_base_raised = is_base_raised or tax.include_base_amount
    return False


def get_tax_rate(taxes):
    """Return the percentage that taxes come to, or None for taxes of other kinds."""
    parts = taxes.flatten_taxes_hierarchy()
    if any(part.amount_type != "percent" for part in parts):
        return None
    return round(sum(parts.mapped("amount")), 6)


class TaxResource(Resource):
    """Taxes, with their percentages."""

    def to_dicts(self, records):
        items = super().to_dicts(records)
        for item, tax in zip(items, records, strict=True):
            item["rate"] = get_tax_rate(tax)
        return items


TAXES = TaxResource(
    "account.tax",
    {
        "name": Field("name"),
        "rate": Field("amount"),
        "is_included_in_price": Boolean("price_include"),
        "country": Coded("country_id", "res.country"),
        "company_id": Reference("company_id", "res.company"),
    },
    search_fields=("name",),
)

router = APIRouter(prefix="/taxes", tags=["taxes"], route_class=ApiRoute)


@router.get("", response_model=Page[Tax])
def list_taxes(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the sales taxes whose percentage an item's tax_rate can name."""
    return TAXES.list(env, query, get_rated_domain(env))
