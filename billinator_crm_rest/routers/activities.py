from typing import Annotated

from fastapi import APIRouter, Query, Response

from ..about import AboutResource, names_somebody
from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..fields import Code, Field, PlainText, Reference
from ..resource import by_segment, refuse
from ..schemas.activity import (
    Activity,
    ActivityChange,
    ActivityCreate,
    ActivityPriority,
    ActivityStatus,
    ActivityType,
)
from ..schemas.base import Identifier, ListQuery, Name, Page, SyncQuery, UtcDatetime
from .bulk import add_bulk_route


class ActivityResource(AboutResource):
    """Activities, of a customer, a deal, a quote or a contact."""

    def _check_new(self, env, data):
        if not names_somebody(data):
            message = env._(
                "Say what the activity is about: choose a customer, an opportunity or a"
                " quote."
            )
            raise refuse("customer_id", message)


ACTIVITIES = ActivityResource(
    "billinator.activity",
    {
        "customer_id": Reference("partner_id", "res.partner"),
        "opportunity_id": Reference("opportunity_id", "billinator.opportunity"),
        "quote_id": Reference("quote_id", "billinator.quote"),
        "contact_id": Reference("contact_id", "billinator.contact"),
        "type": Code("type"),
        "subject": Field("summary"),
        "description": PlainText("note"),
        "due_date": Field("due_date"),
        "priority": Code("priority"),
        "assigned_to": Reference("user_id", "res.users"),
        "status": Code("status"),
        "completed_at": Field("completed_at"),
        "completed_by": Reference("completed_by", "res.users"),
        "outcome": Field("outcome"),
        "duration": Field("duration"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=("summary", "partner_id.name", "outcome"),
    filters={
        "type": lambda env, value: [("type", "=", value.lower())],
        "status": lambda env, value: [("status", "=", value.lower())],
        "priority": lambda env, value: [("priority", "=", value.lower())],
        "customer_id": lambda env, value: [("partner_id", "child_of", value)],
        "opportunity_id": lambda env, value: [("opportunity_id", "=", value)],
        "quote_id": lambda env, value: [("quote_id", "=", value)],
        "assigned_to": lambda env, value: [("user_id", "=", value)],
        "segment": by_segment("commercial_partner_id.crm_tag_ids"),
        "due_from": lambda env, value: [("due_date", ">=", value)],
        "due_until": lambda env, value: [("due_date", "<=", value)],
    },
)

router = APIRouter(prefix="/activities", tags=["activities"], route_class=ApiRoute)


class ActivityQuery(SyncQuery):
    type: ActivityType | None = None
    status: ActivityStatus | None = None
    priority: ActivityPriority | None = None
    customer_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    quote_id: Identifier | None = None
    assigned_to: Identifier | None = None
    segment: Name | None = None
    due_from: UtcDatetime | None = None
    due_until: UtcDatetime | None = None


@router.get("", response_model=Page[Activity])
def list_activities(env: UserEnv, query: Annotated[ActivityQuery, Query()]):
    """List activities, the one due first, first."""
    return ACTIVITIES.list(env, query)


@router.get("/pending", response_model=Page[Activity])
def list_pending_activities(env: UserEnv, query: Annotated[ListQuery, Query()]):
    """List what the user has to do: pending activities, the one due first, first."""
    return ACTIVITIES.list(env, query, env["billinator.activity"]._get_pending_domain())


class UpcomingQuery(ListQuery):
    days: Annotated[int, Query(ge=0, le=3660)] = 7


@router.get("/upcoming", response_model=Page[Activity])
def list_upcoming_activities(env: UserEnv, query: Annotated[UpcomingQuery, Query()]):
    """List what is due for the user from now until the end of a day to come."""
    return ACTIVITIES.list(
        env, query, env["billinator.activity"]._get_upcoming_domain(query.days)
    )


@router.post("", **creating(Activity))
def create_activity(env: UserEnv, data: ActivityCreate, response: Response):
    return answer_created(response, ACTIVITIES.upsert(env, data))


@router.get("/{activity_id:id}", response_model=Activity)
def get_activity(env: UserEnv, activity_id: Identifier):
    return ACTIVITIES.show(env, activity_id)


@router.put("/{activity_id:id}", response_model=Activity)
def change_activity(env: UserEnv, activity_id: Identifier, data: ActivityChange):
    """Change what the body names."""
    return ACTIVITIES.change(env, activity_id, data)


@router.delete("/{activity_id:id}", status_code=204)
def delete_activity(env: UserEnv, activity_id: Identifier) -> None:
    ACTIVITIES.delete(env, activity_id)


add_bulk_route(router, ACTIVITIES, ActivityCreate, Activity)
