"""What other calls name: its ids, codes and names."""

from typing import Annotated

from fastapi import APIRouter, Query

from ..dependencies import ApiRoute, UserEnv
from ..fields import Code, Field
from ..resource import Resource
from ..schemas.base import ListQuery, Page
from ..schemas.lookup import LostReason, Outcome, Stage, Tag, User

LOST_REASONS = Resource(
    "billinator.lost.reason", {"name": Field("name")}, search_fields=("name",)
)
OUTCOMES = Resource(
    "billinator.activity.outcome", {"name": Field("name")}, search_fields=("name",)
)
USERS = Resource(
    "res.users",
    {"name": Field("name"), "email": Field("email")},
    search_fields=("name", "email"),
)
TAGS = Resource(
    "billinator.tag",
    {"name": Field("name"), "color": Field("color")},
    search_fields=("name",),
)
STAGES = Resource(
    "billinator.stage",
    {
        "code": Field("code"),
        "name": Field("name"),
        "status": Code("status"),
        "probability": Field("probability"),
        "sequence": Field("sequence"),
    },
    search_fields=("code", "name"),
)

router = APIRouter(tags=["lookups"], route_class=ApiRoute)


@router.get("/lost-reasons", response_model=Page[LostReason])
def list_lost_reasons(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the reasons, one of which each opportunity that is lost has to have."""
    return LOST_REASONS.list(env, query)


@router.get("/outcomes", response_model=Page[Outcome])
def list_outcomes(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List what can come of a call, an email or a meeting."""
    return OUTCOMES.list(env, query)


@router.get("/users", response_model=Page[User])
def list_users(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the colleagues of the companies, to whom something can be assigned."""
    # Odoo shows users the colleagues of all companies.
    companies = ("company_ids", "in", env.companies.ids)
    return USERS.list(env, query, [("share", "=", False), companies])


@router.get("/tags", response_model=Page[Tag])
def list_tags(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the tags that can be given; segments follow their rule."""
    return TAGS.list(env, query, [("is_segment", "=", False)])


@router.get("/stages", response_model=Page[Stage])
def list_stages(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List the stages of opportunities, in the pipeline's order."""
    return STAGES.list(env, query)
