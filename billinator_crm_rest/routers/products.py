from typing import Annotated

from fastapi import APIRouter, Query

from ..dependencies import ApiRoute, UserEnv
from ..fields import Coded, Field
from ..resource import Resource
from ..schemas.base import ListQuery, Page
from ..schemas.product import Product
from .taxes import get_tax_rate

SELLABLE = [("sale_ok", "=", True), ("type", "!=", "combo")]


class ProductResource(Resource):
    """Products, with the percentages of their sales taxes."""

    def to_dicts(self, records):
        items = super().to_dicts(records)
        for item, product in zip(items, records, strict=True):
            taxes = product.taxes_id._filter_taxes_by_company(product.env.company)
            rates = map(get_tax_rate, taxes)
            item["tax_rates"] = [rate for rate in rates if rate is not None]
        return items


PRODUCTS = ProductResource(
    "product.product",
    {
        "name": Field("display_name"),
        "code": Field("default_code"),
        "barcode": Field("barcode"),
        "list_price": Field("lst_price"),
        "currency": Coded("currency_id", "res.currency", "name"),
        "unit": Coded("uom_id", "uom.uom", "name"),
    },
    search_fields=("name", "default_code", "barcode"),
)

router = APIRouter(prefix="/products", tags=["products"], route_class=ApiRoute)


@router.get("", response_model=Page[Product])
def list_products(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List what can be sold."""
    return PRODUCTS.list(env, query, SELLABLE)
