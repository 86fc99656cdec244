from pydantic import BaseModel, Field

from .opportunity import OpportunityStatus


class LostReason(BaseModel):
    """Why deals are lost."""

    id: int = Field(description="What lost_reason_id takes")
    name: str


class Outcome(BaseModel):
    """What came of a conversation."""

    id: int = Field(description="What outcome_id of a note takes")
    name: str


class User(BaseModel):
    """Somebody who works in one of the companies."""

    id: int = Field(description="What assigned_to takes")
    name: str
    email: str | None


class Tag(BaseModel):
    """A label that is given by hand."""

    id: int = Field(description="What tag_ids takes")
    name: str = Field(description="What tags takes")
    color: int = Field(description="One of Odoo's colours; 0 for none")


class Stage(BaseModel):
    """A column of the pipeline."""

    id: int
    code: str = Field(description="What stage takes")
    name: str
    status: OpportunityStatus = Field(description="What a deal in it counts as")
    probability: float
    sequence: int
