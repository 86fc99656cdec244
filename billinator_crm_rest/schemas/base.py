"""Pydantic models, and how their fields become a record's and back."""

import re
from datetime import date, datetime, timezone
from enum import Enum
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
    create_model,
)

from odoo.addons.billinator_crm.arguments import MAX_ID

Item = TypeVar("Item")
# Odoo writes no years before 1000, and knows no time zones at the end of all times.
YEAR = r"[12]\d{3}"
LINE_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")


def _to_naive_utc(value):
    """Return a time as Odoo keeps it; without an offset it is UTC already."""
    if value.tzinfo:
        value = value.astimezone(timezone.utc)
    # As it is shown, it can be sent back.
    if not re.fullmatch(YEAR, f"{value.year:04}"):
        raise ValueError("in UTC, the year is none from 1000 to 2999")
    return value.replace(tzinfo=None, microsecond=0)


def _written_as(pattern, example):
    """Return a validator for text of one form; pydantic would take numbers too."""

    def check(value):
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"write it as “{example}”")
        return value

    return BeforeValidator(check)


class Choice(str, Enum):
    """One of some codes, which JSON has as a string."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return {**handler(source), "strict": False}


Date = Annotated[
    date,
    Strict(False),
    _written_as(YEAR + r"-\d\d-\d\d", "2024-12-31"),
    WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{YEAR}-"}),
]
UtcDatetime = Annotated[
    datetime,
    Strict(False),
    _written_as(YEAR + r"-\d\d-\d\d[Tt ]\d.*", "2024-12-31T10:00:00+01:00"),
    AfterValidator(_to_naive_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{YEAR}-"}),
]
# What is shown comes from the database, and as text already.
ShownDate = Annotated[str, Field(json_schema_extra={"format": "date"})]
ShownDatetime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def _to_whole(value):
    """Take 1.0 as the 1 that it is in JSON."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


def _to_one_line(value):
    """Make a name one line, as forms have it: mails could not be sent to others."""
    return LINE_BREAKS.sub(" ", value) if isinstance(value, str) else value


Identifier = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_to_whole)]
# PostgreSQL keeps no zero bytes, and no long text in an index.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=100_000)]
Name = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$", max_length=500),
    BeforeValidator(_to_one_line),
]
# What may not be blank, and is in no index.
FilledText = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$", max_length=100_000)
]
# A double has no more exact digits.
Amount = Annotated[float, Field(ge=-1e13, le=1e13)]


class Input(BaseModel):
    """What a client sends: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Body(Input):
    """What a client sends as JSON: a string is no number there, and 1 is not true."""

    model_config = ConfigDict(strict=True)

    # What a record that is there keeps: clients may repeat it, and not change it.
    fixed: ClassVar[frozenset[str]] = frozenset()


def old_name_of(name, default=...):
    """Return the field of a name that older clients know; now it is ``name``.

    :param default: None in what clients send
    """
    return Field(
        default,
        description=f"The old name of {name}",
        json_schema_extra={"deprecated": True, "x-replaced-by": name},
    )


def get_old_names(schema):
    """Return the old names of a schema's fields: a dict of them and those of now."""
    extras = {
        name: field.json_schema_extra or {}
        for name, field in schema.model_fields.items()
    }
    return {
        name: extra["x-replaced-by"]
        for name, extra in extras.items()
        if "x-replaced-by" in extra
    }


def changing(update, shown):
    """Return the schema of a PUT, which takes back all that a GET answers.

    :param update: of what a client may change
    :param shown: of what is answered, with what is only shown
    """
    fixed = {
        name: field
        for name, field in shown.model_fields.items()
        if name not in update.model_fields
    }
    schema = create_model(
        f"{shown.__name__}Change",
        __base__=update,
        __doc__=update.__doc__,
        **{name: _as_repeated(field) for name, field in fixed.items()},
    )
    schema.fixed = frozenset(fixed)
    return schema


def _as_repeated(field):
    """Return the definition of a field that is only shown, and may be left out."""
    extra = {**(field.json_schema_extra or {}), "readOnly": True}
    return field.annotation, Field(
        None, description=field.description, json_schema_extra=extra
    )


class CreateInput(BaseModel):
    """What every creation can name."""

    external_ref: Annotated[Name, Field(max_length=255)] | None = Field(
        None,
        description="The record's name in another system: where it is known, that"
        " record is changed, and the answer is 200",
    )
    external_source: Annotated[Text, Field(max_length=255)] | None = Field(
        "", description="The other system"
    )


class ExternalReference(BaseModel):
    """A record's name in another system."""

    source: str
    ref: str


class Output(BaseModel):
    """What is told of every record."""

    id: int
    external_ref: str | None = Field(
        description="The one that the call names, otherwise the oldest of all"
    )
    external_source: str | None
    external_references: list[ExternalReference]


class ListQuery(Input):
    """What every list can be asked."""

    q: Text | None = Field(None, max_length=500, description="Text to search for")
    limit: int = Field(80, ge=1, le=500, description="How many at most")
    offset: int = Field(0, ge=0, le=MAX_ID, description="How many to skip")
    sort: Text | None = Field(
        None,
        max_length=500,
        description="Names to sort by, a minus for descending: -value,title",
    )
    cursor: str | None = Field(
        None,
        pattern=r"^[0-9]{0,18}$",
        description="Walks through all, by id: empty for the start, then the page's"
        " next_cursor. Sort and offset do not count then.",
    )


class SyncQuery(ListQuery):
    """What lists can be asked that are fetched again and again."""

    updated_since: UtcDatetime | None = Field(
        None,
        description="Only what changed at this time or later, to the second; UTC, if"
        " it has no zone. What was deleted or archived is not told.",
    )


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None = None


class Problem(BaseModel):
    """Why there is no other answer, in a sentence for people."""

    detail: str


class FieldProblem(BaseModel):
    loc: list[str | int] = Field(description="Where it is: body, query … and the name")
    msg: str
    type: str


class Invalid(BaseModel):
    """What is wrong: with which field each, or with which item of many."""

    detail: str | list[FieldProblem] | list[dict[str, Any]]
