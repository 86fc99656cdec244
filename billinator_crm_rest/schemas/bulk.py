from typing import Annotated, Any, Generic

from pydantic import BaseModel, Field

from .base import Body, Item


class BulkCreate(Body):
    """Many records to create in one call; each item is as in a single one."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]
    all_or_nothing: bool = Field(
        False, description="Create none if there is anything wrong with one"
    )


class BulkResult(BaseModel, Generic[Item]):
    index: int
    status: int = Field(description="As of a single call: 201, 200, 422 …")
    item: Item | None = None
    detail: Any = None


class BulkAnswer(BaseModel, Generic[Item]):
    results: list[BulkResult[Item]]
    succeeded: int
    failed: int
