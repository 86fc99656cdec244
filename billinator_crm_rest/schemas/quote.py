from typing import Annotated

from pydantic import BaseModel, Field

from .base import (
    Amount,
    Body,
    Choice,
    CreateInput,
    Date,
    FilledText,
    Identifier,
    Name,
    Output,
    ShownDate,
    ShownDatetime,
    Text,
)


class QuoteStatus(Choice):
    DRAFT = "DRAFT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class QuoteStatusChange(Choice):
    """The statuses that a client can set; quotes expire by themselves."""

    DRAFT = "DRAFT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class InvoiceStatus(Choice):
    NO = "NO"
    DRAFT = "DRAFT"
    POSTED = "POSTED"
    PARTIAL = "PARTIAL"
    PAID = "PAID"


class ApprovalState(Choice):
    """Whether a manager has to approve the quote before it leaves, and has."""

    NO = "NO"
    NEEDED = "NEEDED"
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class QuoteItemInput(Body):
    """A line to sell. ``line_total``, with tax, is checked, not set."""

    id: Identifier | None = Field(None, description="Of the item to keep and change")
    product_id: Identifier | None = None
    description: FilledText = None
    quantity: Annotated[float, Field(ge=-1e9, le=1e9)] = None
    unit_price: Amount = None
    discount: Annotated[float, Field(ge=0, le=100)] = None
    tax_rate: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Finds the company's sales tax of this percentage"
    )
    line_total: Amount = None
    is_optional: bool = Field(None, description="Whether the customer may choose it")
    is_selected: bool = Field(
        None, description="Whether it is chosen, where it is optional"
    )


class QuoteUpdate(Body):
    """What a client may say of a quote; what it leaves out stays.

    ``items`` are all items: those that are not named by id are replaced.
    """

    customer_id: Identifier = None
    contact_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    quote_date: Date = None
    valid_until: Date | None = None
    status: QuoteStatusChange = None
    reject_reason: Text | None = None
    customer_reference: Text | None = None
    note: Text | None = None
    assigned_to: Identifier | None = None
    items: Annotated[list[QuoteItemInput], Field(max_length=1000)] = None
    tags: list[Name] = Field(None, max_length=100)


class QuoteCreate(QuoteUpdate, CreateInput):
    """A new quote of a customer."""

    customer_id: Identifier


class QuoteItem(BaseModel):
    id: int
    product_id: int | None
    description: str
    quantity: float
    unit_price: float
    discount: float
    tax_rate: float | None = Field(
        description="The sum of the percentages; nothing for taxes of other kinds"
    )
    line_total: float
    is_optional: bool
    is_selected: bool = Field(description="Optional items count when they are selected")


class QuoteSummary(Output):
    """A quote in a list."""

    quote_number: str
    version: int
    customer_id: int
    contact_id: int | None
    opportunity_id: int | None
    quote_date: ShownDate
    valid_until: ShownDate | None
    status: QuoteStatus
    approval_state: ApprovalState
    reject_reason: str | None
    customer_reference: str | None
    note: str | None
    currency: str
    subtotal: float
    tax_total: float
    total: float
    invoice_status: InvoiceStatus
    assigned_to: int | None
    company_id: int
    tags: list[str]
    created_at: ShownDatetime
    updated_at: ShownDatetime


class Quote(QuoteSummary):
    """A quote with its items; sections and notes between them are left out."""

    items: list[QuoteItem]
    discount: float = Field(
        description="What a discount on the whole takes off the items, with tax"
    )


class ConvertedQuote(BaseModel):
    """The invoice of a quote."""

    quote_id: int
    invoice_id: int
    invoice_number: str | None = Field(description="Nothing as long as it is a draft")
    invoice_status: InvoiceStatus
    total: float
    currency: str
