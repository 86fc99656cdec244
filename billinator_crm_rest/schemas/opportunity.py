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
)


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


class OpportunityUpdate(Body):
    """What a client may say of an opportunity; what it leaves out stays."""

    title: Name = None
    customer_id: Identifier | None = None
    company_name: Text | None = None
    contact_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    value: Amount = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = None
    probability: Probability = None
    stage: Name = None
    priority: OpportunityPriority = None
    expected_close_date: Date | None = None
    source: Name | None = None
    assigned_to: Identifier | None = None
    lost_reason_id: Identifier | None = None
    description: Text | None = None
    tags: list[Name] = Field(None, max_length=100)


class OpportunityCreate(OpportunityUpdate, CreateInput):
    """A new opportunity, of a customer or of somebody who is none yet."""

    title: Name


class Opportunity(Output):
    """An opportunity, as the user sees it."""

    title: str
    customer_id: int | None
    company_name: str | None
    contact_name: str | None
    email: str | None
    phone: str | None
    value: float
    weighted_value: float
    currency: str
    probability: float
    stage: str
    status: OpportunityStatus
    priority: OpportunityPriority
    expected_close_date: ShownDate | None
    closed_at: ShownDatetime | None
    source: str | None
    assigned_to: int | None
    lost_reason_id: int | None
    description: str | None
    company_id: int
    tags: list[str]
    created_at: ShownDatetime
    updated_at: ShownDatetime


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
