"""Pydantic models, and how their fields become a record's and back."""

from datetime import datetime, timezone
from typing import Annotated, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

Item = TypeVar("Item")

# An identifier of PostgreSQL is a positive four-byte integer.
MAX_ID = 2**31 - 1


def _to_naive_utc(value):
    """Return a time as Odoo keeps it; without an offset it is UTC already."""
    if value.tzinfo:
        value = value.astimezone(timezone.utc)
    return value.replace(tzinfo=None, microsecond=0)


UtcDatetime = Annotated[
    datetime,
    AfterValidator(_to_naive_utc),
    PlainSerializer(lambda value: value.isoformat() + "Z", return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Identifier = Annotated[int, Field(ge=1, le=MAX_ID)]
# PostgreSQL keeps no zero bytes.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00]*\S[^\x00]*$")]
# A double has no more exact digits.
Amount = Annotated[float, Field(ge=-1e13, le=1e13)]


class Input(BaseModel):
    """What a client sends: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class CreateInput(BaseModel):
    """What every creation can name."""

    external_ref: Annotated[Name, Field(max_length=255)] = Field(
        None,
        description="The record's name in another system: where it is known, that"
        " record is changed, and the answer is 200",
    )
    external_source: Annotated[Text, Field(max_length=255)] = Field(
        "", description="The other system"
    )


class Output(BaseModel):
    """What is told of every record."""

    id: int
    external_ref: str | None
    external_source: str | None


class ListQuery(Input):
    """What every list can be asked."""

    q: Text | None = Field(None, description="Text to search for")
    limit: int = Field(80, ge=1, le=500, description="How many at most")
    offset: int = Field(0, ge=0, le=MAX_ID, description="How many to skip")
    sort: Text | None = Field(
        None, description="Names to sort by, a minus for descending: -value,title"
    )
    cursor: Text | None = Field(
        None,
        description="Walks through all, by id: empty for the start, then the page's"
        " next_cursor. Sort and offset do not count then.",
    )


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None = None
