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
    old_name_of,
)


class NoteType(Choice):
    NOTE = "NOTE"
    CALL = "CALL"
    EMAIL = "EMAIL"
    MEETING = "MEETING"


class NoteDirection(Choice):
    IN = "IN"
    OUT = "OUT"


class NoteUpdate(Body):
    """What a client may say of a note; what it leaves out stays."""

    customer_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    quote_id: Identifier | None = None
    contact_id: Identifier | None = None
    note_type: NoteType = None
    direction: NoteDirection | None = None
    subject: Text | None = None
    body: Text | None = None
    outcome_id: Identifier | None = Field(
        None, description="What came of it, one of /outcomes"
    )
    date: UtcDatetime = None
    duration: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="In hours"
    )
    is_pinned: bool = None
    user_id: Identifier | None = Field(None, description="Who wrote it")
    type: NoteType = old_name_of("note_type", None)
    author_id: Identifier | None = old_name_of("user_id", None)


class NoteCreate(NoteUpdate, CreateInput):
    """A new note, about a customer, an opportunity, a quote or a contact."""


class Note(Output):
    customer_id: int | None
    opportunity_id: int | None
    quote_id: int | None
    contact_id: int | None
    note_type: NoteType
    direction: NoteDirection | None
    subject: str | None
    body: str | None
    outcome_id: int | None
    date: ShownDatetime
    duration: float
    is_pinned: bool
    attachment_ids: list[int]
    user_id: int | None
    created_at: ShownDatetime
    updated_at: ShownDatetime
    type: NoteType = old_name_of("note_type")
    author_id: int | None = old_name_of("user_id")


NoteChange = changing(NoteUpdate, Note)
