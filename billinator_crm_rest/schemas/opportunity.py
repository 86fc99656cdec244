from typing import Annotated

from pydantic import BaseModel, Field

from .base import (
    Amount,
    Body,
    Choice,
    CreateInput,
    Date,
    Identifier,
    Name,
    Output,
    ShownDate,
    ShownDatetime,
    Text,
    changing,
    old_name_of,
)
from .contact import ContactRole


class OpportunityStatus(Choice):
    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class OpportunityPriority(Choice):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    VERY_HIGH = "VERY_HIGH"


Probability = Annotated[float, Field(ge=0, le=100)]


class OpportunityHealth(Choice):
    GOOD = "GOOD"
    ATTENTION = "ATTENTION"
    AT_RISK = "AT_RISK"


class OpportunityContact(BaseModel):
    """A person of a deal."""

    id: int = Field(description="Of the contact")
    name: str | None
    role: ContactRole | None


class OpportunityUpdate(Body):
    """What a client may say of an opportunity; what it leaves out stays."""

    title: Name = None
    customer_id: Identifier | None = None
    contact_ids: list[Identifier] = Field(
        None,
        max_length=100,
        description="The people of this deal: all of them, contacts of the customer",
    )
    partner_name: Text | None = Field(None, description="Of who is no customer yet")
    contact_name: Text | None = None
    email_from: Text | None = None
    phone: Text | None = None
    value: Amount = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = None
    currency_id: Identifier = Field(None, description="The same, by its id")
    probability: Probability = None
    stage: Name = None
    priority: OpportunityPriority = None
    expected_close_date: Date | None = None
    source: Name | None = None
    medium_id: Identifier | None = None
    campaign_id: Identifier | None = None
    assigned_to: Identifier | None = None
    team_id: Identifier | None = None
    lost_reason_id: Identifier | None = None
    description: Text | None = None
    tags: list[Name] = Field(None, max_length=100)
    tag_ids: list[Identifier] = Field(
        None, max_length=100, description="The same, by their ids"
    )
    company_name: Text | None = old_name_of("partner_name", None)
    email: Text | None = old_name_of("email_from", None)


class OpportunityCreate(OpportunityUpdate, CreateInput):
    """A new opportunity, of a customer or of somebody who is none yet."""

    fixed = frozenset({"company_id"})

    title: Name
    company_id: Identifier = Field(None, description="One of the user's companies")


class Opportunity(Output):
    """An opportunity, as the user sees it."""

    title: str
    customer_id: int | None
    contact_ids: list[int] = Field(description="The people of this deal")
    contacts: list[OpportunityContact] = Field(
        description="The same, with their roles; contact_ids changes who they are"
    )
    partner_name: str | None
    contact_name: str | None
    email_from: str | None
    phone: str | None
    value: float
    weighted_revenue: float = Field(description="In the company's currency")
    currency: str
    currency_id: int
    probability: float
    stage: str
    status: OpportunityStatus
    priority: OpportunityPriority
    expected_close_date: ShownDate | None
    date_closed: ShownDatetime | None
    source: str | None
    medium_id: int | None
    campaign_id: int | None
    assigned_to: int | None
    team_id: int | None
    lost_reason_id: int | None
    description: str | None
    company_id: int
    tags: list[str]
    tag_ids: list[int]
    quote_ids: list[int] | None = Field(
        description="Those that the user may see, the newest first"
    )
    note_ids: list[int] | None = Field(
        description="Those that the user may see; null for who may see no notes"
    )
    health: OpportunityHealth | None = Field(
        description="Of open deals: AT_RISK when two things or more speak against it"
    )
    health_reasons: list[str] = Field(
        description="What speaks against it, in the user's language"
    )
    idle_days: int = Field(
        description="Days since the last mail, note, meeting or activity that was done;"
        " 0 for closed deals"
    )
    created_at: ShownDatetime
    updated_at: ShownDatetime
    company_name: str | None = old_name_of("partner_name")
    email: str | None = old_name_of("email_from")
    weighted_value: float = old_name_of("weighted_revenue")
    closed_at: ShownDatetime | None = old_name_of("date_closed")


OpportunityChange = changing(OpportunityUpdate, Opportunity)


class PipelineFigures(BaseModel):
    count: int
    value: float
    weighted_value: float
    average_age_days: float | None


class PipelineStage(PipelineFigures):
    stage: str
    name: str
    status: OpportunityStatus


class Pipeline(BaseModel):
    """The opportunities' figures; amounts are in ``currency``."""

    currency: str
    stages: list[PipelineStage]
    overall: PipelineFigures
    win_rate: float | None
    average_deal: float | None
    cycle_time_days: float | None
