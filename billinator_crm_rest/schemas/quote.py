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
    changing,
    old_name_of,
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
    CREDITED = "CREDITED"
    DRAFT = "DRAFT"
    POSTED = "POSTED"
    PARTIAL = "PARTIAL"
    PAID = "PAID"


class OnlineInvoice(Choice):
    NO = "NO"
    DRAFT = "DRAFT"
    POST = "POST"
    SEND = "SEND"


class ApprovalState(Choice):
    """Whether a manager has to approve the quote before it leaves, and has."""

    NO = "NO"
    NEEDED = "NEEDED"
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class QuoteItemInput(Body):
    """A line to sell.

    ``line_total``, with tax, ``price_subtotal`` and ``price_tax`` are checked, not set.
    """

    id: Identifier | None = Field(None, description="Of the item to keep and change")
    product_id: Identifier | None = None
    description: FilledText = None
    quantity: Annotated[float, Field(ge=-1e9, le=1e9)] = None
    product_uom_id: Identifier | None = Field(
        None, description="The unit; without it, the product's"
    )
    unit_price: Amount = None
    discount: Annotated[float, Field(ge=0, le=100)] = None
    tax_rate: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Finds the company's sales tax of this percentage"
    )
    price_subtotal: Amount | None = None
    price_tax: Amount | None = None
    line_total: Amount | None = None
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
    partner_invoice_id: Identifier = Field(
        None, description="The address that the invoice goes to"
    )
    partner_shipping_id: Identifier = Field(
        None, description="The address that the goods go to"
    )
    opportunity_id: Identifier | None = None
    quote_date: Date = None
    valid_until: Date | None = None
    status: QuoteStatusChange = None
    reject_reason: Text | None = None
    pricelist_id: Identifier | None = None
    fiscal_position_id: Identifier | None = None
    payment_term_id: Identifier | None = None
    client_order_ref: Text | None = Field(
        None, description="The customer's own name for it"
    )
    note: Text | None = None
    online_invoice: OnlineInvoice = Field(
        None, description="The invoice to make when the customer accepts online"
    )
    user_id: Identifier | None = Field(None, description="The salesperson")
    team_id: Identifier | None = None
    items: Annotated[list[QuoteItemInput], Field(max_length=1000)] = None
    tags: list[Name] = Field(None, max_length=100)
    tag_ids: list[Identifier] = Field(
        None, max_length=100, description="The same, by their ids"
    )
    customer_reference: Text | None = old_name_of("client_order_ref", None)
    assigned_to: Identifier | None = old_name_of("user_id", None)


class QuoteCreate(QuoteUpdate, CreateInput):
    """A new quote of a customer."""

    fixed = frozenset({"company_id"})

    customer_id: Identifier
    company_id: Identifier = Field(None, description="One of the user's companies")


class QuoteItem(BaseModel):
    id: int
    product_id: int | None
    description: str
    quantity: float
    product_uom_id: int | None = Field(description="The unit")
    unit_price: float
    discount: float
    tax_rate: float | None = Field(
        description="The sum of the percentages; nothing for taxes of other kinds"
    )
    price_subtotal: float = Field(description="Without tax")
    price_tax: float
    line_total: float = Field(description="With tax")
    is_optional: bool
    is_selected: bool = Field(description="Optional items count when they are selected")


class QuoteSummary(Output):
    """A quote in a list."""

    quote_number: str
    version: int
    previous_version_id: int | None
    customer_id: int
    contact_id: int | None
    partner_invoice_id: int
    partner_shipping_id: int
    opportunity_id: int | None
    quote_date: ShownDate
    valid_until: ShownDate | None
    status: QuoteStatus
    approval_state: ApprovalState
    reject_reason: str | None
    pricelist_id: int | None
    fiscal_position_id: int | None
    payment_term_id: int | None
    client_order_ref: str | None
    note: str | None
    online_invoice: OnlineInvoice
    currency: str
    currency_id: int
    subtotal: float
    tax_total: float
    total: float
    invoice_status: InvoiceStatus
    invoice_ids: list[int] | None = Field(
        description="Also of cancelled ones; null for who has no access to invoices"
    )
    user_id: int | None
    team_id: int | None
    company_id: int
    signed_by: str | None
    signed_on: ShownDatetime | None
    signature: str | None = Field(
        description="Where its image is, below the root of the API"
    )
    tags: list[str]
    tag_ids: list[int]
    created_at: ShownDatetime
    updated_at: ShownDatetime
    customer_reference: str | None = old_name_of("client_order_ref")
    assigned_to: int | None = old_name_of("user_id")


class TaxAmounts(BaseModel):
    """Amounts in the quote's currency."""

    base_amount_currency: float = Field(description="Without tax")
    tax_amount_currency: float


class TaxGroup(TaxAmounts):
    """Taxes that are shown together."""

    id: int
    group_name: str


class TaxSubtotal(TaxAmounts):
    """What taxes are added to, with the groups of these taxes."""

    name: str
    tax_groups: list[TaxGroup]


class TaxTotals(TaxAmounts):
    """The totals as people read them below a quote's lines."""

    total_amount_currency: float
    subtotals: list[TaxSubtotal]


class Quote(QuoteSummary):
    """A quote with its items; sections and notes between them are left out."""

    items: list[QuoteItem]
    discount: float = Field(
        description="What a discount on the whole takes off the items, with tax"
    )
    tax_totals: TaxTotals
    content_hash: str = Field(
        description="Stands for all that the quote says to the customer"
    )


class QuoteChange(changing(QuoteUpdate, Quote)):
    __doc__ = QuoteUpdate.__doc__

    status: QuoteStatus = Field(
        None, description="EXPIRED can be repeated only: quotes expire by themselves"
    )


class ConvertedQuote(BaseModel):
    """The invoice of a quote."""

    quote_id: int
    invoice_id: int
    invoice_number: str | None = Field(description="Nothing as long as it is a draft")
    invoice_status: InvoiceStatus
    total: float
    currency: str
