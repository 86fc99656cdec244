from pydantic import BaseModel, Field

from .base import Choice, Input, ShownDatetime, Text


class EventKind(Choice):
    NOTE = "NOTE"
    ACTIVITY = "ACTIVITY"
    MESSAGE = "MESSAGE"
    STAGE = "STAGE"
    QUOTE = "QUOTE"
    OPPORTUNITY = "OPPORTUNITY"
    INVOICE = "INVOICE"
    PAYMENT = "PAYMENT"
    MEETING = "MEETING"


class TimelineQuery(Input):
    kind: list[EventKind] = Field([], description="The kinds wanted; without, all")
    before: Text | None = Field(
        None, max_length=500, description="A page's next, for the one after it"
    )
    limit: int = Field(40, ge=1, le=500)


class TimelineEvent(BaseModel):
    id: int
    kind: EventKind
    date: ShownDatetime
    title: str | None
    text: str | None
    failure: str | None = Field(
        description="Why a mail did not reach the customer; null of all that has not "
        "failed"
    )
    amount: float | None
    currency: str | None
    person_id: int | None
    user_id: int | None
    opportunity_id: int | None
    quote_id: int | None


class TimelinePage(BaseModel):
    items: list[TimelineEvent]
    next: str | None
