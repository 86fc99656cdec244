from typing import Annotated

from pydantic import Field

from .base import (
    Body,
    Choice,
    CreateInput,
    Identifier,
    Output,
    ShownDatetime,
    Text,
    UtcDatetime,
    changing,
)


class ActivityType(Choice):
    CALL = "CALL"
    EMAIL = "EMAIL"
    MEETING = "MEETING"
    TASK = "TASK"
    NOTE = "NOTE"


class ActivityPriority(Choice):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class ActivityStatus(Choice):
    PENDING = "PENDING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class ActivityUpdate(Body):
    """What a client may say of an activity; what it leaves out stays.

    The status completes (DONE), cancels and reopens (PENDING) it.
    """

    customer_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    quote_id: Identifier | None = None
    contact_id: Identifier | None = None
    type: ActivityType = None
    subject: Text | None = None
    description: Text | None = None
    due_date: UtcDatetime = None
    priority: ActivityPriority = None
    assigned_to: Identifier | None = None
    status: ActivityStatus = None
    outcome: Text | None = None
    duration: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="In hours"
    )


class ActivityCreate(ActivityUpdate, CreateInput):
    """A new activity, of a customer, an opportunity or a quote."""

    type: ActivityType


class Activity(Output):
    customer_id: int | None
    opportunity_id: int | None
    quote_id: int | None
    contact_id: int | None
    type: ActivityType
    subject: str | None
    description: str | None
    due_date: ShownDatetime
    priority: ActivityPriority
    assigned_to: int | None
    status: ActivityStatus
    completed_at: ShownDatetime | None
    completed_by: int | None
    outcome: str | None
    duration: float
    created_at: ShownDatetime
    updated_at: ShownDatetime


ActivityChange = changing(ActivityUpdate, Activity)
