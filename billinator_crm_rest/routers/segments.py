from typing import Annotated

from fastapi import APIRouter, Query

from ..dependencies import ApiRoute, UserEnv
from ..fields import Field, Reference
from ..resource import Resource
from ..schemas.base import ListQuery, Page
from ..schemas.segment import Segment

SEGMENTS = Resource(
    "billinator.tag",
    {
        "name": Field("name"),
        "customer_count": Field("partner_count"),
        "company_id": Reference("company_id", "res.company"),
        "refreshed_at": Field("last_refresh"),
    },
    search_fields=("name",),
)

router = APIRouter(prefix="/segments", tags=["segments"], route_class=ApiRoute)


@router.get("", response_model=Page[Segment])
def list_segments(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the segments, to filter the customers by."""
    return SEGMENTS.list(env, query, [("is_segment", "=", True)])
