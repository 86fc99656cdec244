from pydantic import Field

from .base import Body, CreateInput, Name, Output, ShownDatetime, Text, changing


class CustomerUpdate(Body):
    """What a client may say of a customer; what it leaves out stays."""

    name: Name | None = Field(None, description="Null only for an address without one")
    is_company: bool = None
    email: Text | None = None
    phone: Text | None = None
    website: Text | None = None
    vat: Text | None = None
    street: Text | None = None
    zip: Text | None = None
    city: Text | None = None
    country: Name | None = None
    tags: list[Name] = Field(None, max_length=100)


class CustomerCreate(CustomerUpdate, CreateInput):
    """A new customer."""

    name: Name


class Customer(Output):
    name: str | None
    is_company: bool
    email: str | None
    phone: str | None
    website: str | None
    vat: str | None
    street: str | None
    zip: str | None
    city: str | None
    country: str | None
    tags: list[str]
    segments: list[str]
    created_at: ShownDatetime
    updated_at: ShownDatetime


CustomerChange = changing(CustomerUpdate, Customer)
