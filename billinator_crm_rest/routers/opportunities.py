from typing import Annotated

from fastapi import APIRouter, Query, Response

from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..resource import (
    Choice,
    Code,
    Coded,
    Field,
    Names,
    PlainText,
    Reference,
    Resource,
    Source,
    by_code,
    by_segment,
    none_for_false,
    refuse,
)
from ..schemas.base import Identifier, Name, Page, SyncQuery, get_old_names
from ..schemas.opportunity import (
    Opportunity,
    OpportunityChange,
    OpportunityCreate,
    OpportunityStatus,
    Pipeline,
)
from .bulk import add_bulk_route

SOMEBODY = ("partner_name", "contact_name", "email_from", "phone")
PRIORITIES = {"LOW": "0", "MEDIUM": "1", "HIGH": "2", "VERY_HIGH": "3"}

STAGE = Coded("stage_id", "billinator.stage")


class OpportunityResource(Resource):
    """Deals, of a customer or of somebody who is none yet."""

    def _check_new(self, env, data):
        if not (data.customer_id or any(getattr(data, name) for name in SOMEBODY)):
            message = env._(
                "Say who the opportunity is for: choose a customer, or give a company"
                " name, a contact name, an email address or a phone number."
            )
            raise refuse("customer_id", message)

    def _check_together(self, env, values_list, record):
        moved = [values for values in values_list if "stage_id" in values]
        stages = env["billinator.stage"].browse(values["stage_id"] for values in moved)
        for stage, values in zip(stages, moved, strict=True):
            reason = values.get("lost_reason_id", record and record.lost_reason_id)
            if stage.status == "lost" and not reason:
                message = env._("Choose the reason why the opportunity was lost.")
                raise refuse("lost_reason_id", message)


OPPORTUNITIES = OpportunityResource(
    "billinator.opportunity",
    {
        "title": Field("name"),
        "customer_id": Reference("partner_id", "res.partner"),
        "partner_name": Field("partner_name"),
        "contact_name": Field("contact_name"),
        "email_from": Field("email_from"),
        "phone": Field("phone"),
        "value": Field("expected_revenue"),
        "weighted_revenue": Field("weighted_revenue"),
        "currency": Coded("currency_id", "res.currency", "name"),
        "probability": Field("probability"),
        "stage": STAGE,
        "status": Code("status"),
        "priority": Choice("priority", PRIORITIES),
        "expected_close_date": Field("date_deadline"),
        "date_closed": Field("date_closed"),
        "source": Source("source_id", "utm.source", "name"),
        "medium_id": Reference("medium_id", "utm.medium"),
        "campaign_id": Reference("campaign_id", "utm.campaign"),
        "assigned_to": Reference("user_id", "res.users"),
        "team_id": Reference("team_id", "crm.team"),
        "lost_reason_id": Reference("lost_reason_id", "billinator.lost.reason"),
        "description": PlainText("description"),
        "company_id": Reference("company_id", "res.company"),
        "tags": Names("tag_ids", "billinator.tag"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=(
        "name",
        "partner_id.name",
        "partner_name",
        "contact_name",
        "email_from",
    ),
    filters={
        "stage": by_code(STAGE),
        "status": lambda env, value: [("status", "=", value.lower())],
        "customer_id": lambda env, value: [("partner_id", "child_of", value)],
        "assigned_to": lambda env, value: [("user_id", "=", value)],
        "segment": by_segment("commercial_partner_id.crm_tag_ids"),
    },
    old_names=get_old_names(Opportunity),
)

router = APIRouter(
    prefix="/opportunities", tags=["opportunities"], route_class=ApiRoute
)


class OpportunityQuery(SyncQuery):
    stage: Name | None = None
    status: OpportunityStatus | None = None
    customer_id: Identifier | None = None
    assigned_to: Identifier | None = None
    segment: Name | None = None


@router.get("", response_model=Page[Opportunity])
def list_opportunities(env: UserEnv, query: Annotated[OpportunityQuery, Query()]):
    """List opportunities; the newest of the highest priority come first."""
    return OPPORTUNITIES.list(env, query)


@router.get("/pipeline", response_model=Pipeline)
def get_pipeline(env: UserEnv):
    """Count and value the opportunities of each stage, and of all."""
    figures = env["billinator.opportunity"].get_pipeline_statistics()
    return {
        **none_for_false(figures),
        "overall": none_for_false(figures["overall"]),
        "stages": [
            {
                **none_for_false(stage),
                "stage": stage["code"],
                "status": stage["status"].upper(),
            }
            for stage in figures["stages"]
        ],
    }


@router.post("", **creating(Opportunity))
def create_opportunity(env: UserEnv, data: OpportunityCreate, response: Response):
    return answer_created(response, OPPORTUNITIES.upsert(env, data))


@router.get("/{opportunity_id:id}", response_model=Opportunity)
def get_opportunity(env: UserEnv, opportunity_id: Identifier):
    return OPPORTUNITIES.show(env, opportunity_id)


@router.put("/{opportunity_id:id}", response_model=Opportunity)
def change_opportunity(
    env: UserEnv, opportunity_id: Identifier, data: OpportunityChange
):
    """Change what the body names."""
    return OPPORTUNITIES.change(env, opportunity_id, data)


@router.delete("/{opportunity_id:id}", status_code=204)
def delete_opportunity(env: UserEnv, opportunity_id: Identifier) -> None:
    OPPORTUNITIES.delete(env, opportunity_id)


add_bulk_route(router, OPPORTUNITIES, OpportunityCreate, Opportunity)
