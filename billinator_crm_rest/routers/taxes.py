from typing import Annotated

from fastapi import APIRouter, Query

from ..dependencies import ApiRoute, UserEnv
from ..resource import Boolean, Field, Reference, Resource
from ..schemas.base import ListQuery, Page
from ..schemas.product import Tax

SALES_PERCENTAGES = [("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")]

TAXES = Resource(
    "account.tax",
    {
        "name": Field("name"),
        "rate": Field("amount"),
        "is_included_in_price": Boolean("price_include"),
        "company_id": Reference("company_id", "res.company"),
    },
    search_fields=("name",),
)

router = APIRouter(prefix="/taxes", tags=["taxes"], route_class=ApiRoute)


@router.get("", response_model=Page[Tax])
def list_taxes(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the sales taxes whose percentage an item's tax_rate can name."""
    return TAXES.list(env, query, SALES_PERCENTAGES)
