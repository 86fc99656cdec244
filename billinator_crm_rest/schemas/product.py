from pydantic import BaseModel, Field


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
    country: str | None = Field(
        description="Whose tax it is: tax_rate takes those of the quote's own country"
    )
    company_id: int
