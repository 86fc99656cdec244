from pydantic import BaseModel


class Product(BaseModel):
    """A product to offer."""

    id: int
    name: str
    code: str | None
    barcode: str | None
    list_price: float
    currency: str
    unit: str
    tax_rates: list[float]


class Tax(BaseModel):
    """A sales tax of one of the user's companies."""

    id: int
    name: str
    rate: float
    is_included_in_price: bool
    company_id: int
