from pydantic import BaseModel

from .base import ShownDatetime


class Segment(BaseModel):
    """A tag that customers have by a rule."""

    id: int
    name: str
    customer_count: int
    company_id: int
    refreshed_at: ShownDatetime | None
