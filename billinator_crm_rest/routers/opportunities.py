from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Query, Response

from odoo.fields import Command

from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..fields import (
    Choice,
    Code,
    Coded,
    Field,
    Ids,
    Lines,
    Names,
    People,
    PlainText,
    Reference,
    Source,
)
from ..resource import (
    Resource,
    browse_by_id,
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
        given = [(getattr(data, name) or "").strip() for name in SOMEBODY]
        if not (data.customer_id or any(given)):
            message = env._(
                "Say who the opportunity is for: choose a customer, or give a company"
                " name, a contact name, an email address or a phone number."
            )
            raise refuse("customer_id", message)

    def to_new_values(self, record, data):
        values = super().to_new_values(record, data)
        if _get_customer_id(record, values) != record.partner_id.id:
            _leave_contacts(record, values)
        return values

    def _check_together(self, env, values_list, record):
        self._check_contacts(env, values_list, record)
        self._check_lost_reasons(env, values_list, record)

    def _check_contacts(self, env, values_list, record):
        """Refuse people who are no contacts of the deal's customer."""
        named = [values for values in values_list if values.get("contact_ids")]
        customers = browse_by_id(
            env["res.partner"], [_get_customer_id(record, values) for values in named]
        )
        people = browse_by_id(
            env["billinator.contact"], chain.from_iterable(map(_get_contact_ids, named))
        )
        for values in named:
            customer = customers[_get_customer_id(record, values)]
            # Of those who are there already, the former customer's go with that one.
            present = set(record.contact_ids.ids if record else ())
            for contact_id in {*_get_contact_ids(values)} - present:
                contact = people[contact_id]
                if contact.customer_id != customer.commercial_partner_id:
                    message = env._(
                        "%(person)s is not a contact of the customer, %(customer)s.",
                        person=contact.name,
                        customer=customer.display_name or env._("none"),
                    )
                    raise refuse("contact_ids", message)

    def _check_lost_reasons(self, env, values_list, record):
        moved = [values for values in values_list if "stage_id" in values]
        stages = env["billinator.stage"].browse(values["stage_id"] for values in moved)
        for stage, values in zip(stages, moved, strict=True):
            reason = values.get("lost_reason_id", record and record.lost_reason_id)
            if stage.status == "lost" and not reason:
                message = env._("Choose the reason why the opportunity was lost.")
                raise refuse("lost_reason_id", message)


def _get_customer_id(record, values):
    return values.get("partner_id", record.partner_id.id if record else None)


def _get_contact_ids(values):
    [(_command, _id, ids)] = values["contact_ids"]
    return ids


def _leave_contacts(deal, values):
    """Have the people of the former customer go, where the body repeats them."""
    if "contact_ids" in values:
        customer = deal.partner_id.browse(values["partner_id"] or ())
        former = deal.contact_ids.filtered(
            lambda contact: contact.customer_id != customer.commercial_partner_id
        )
        ids = [one for one in _get_contact_ids(values) if one not in former.ids]
        values["contact_ids"] = [Command.set(ids)]


OPPORTUNITIES = OpportunityResource(
    "billinator.opportunity",
    {
        "title": Field("name"),
        "customer_id": Reference("partner_id", "res.partner"),
        "contact_ids": Ids("contact_ids", "billinator.contact"),
        "contacts": People("contact_ids"),
        "partner_name": Field("partner_name"),
        "contact_name": Field("contact_name"),
        "email_from": Field("email_from"),
        "phone": Field("phone"),
        "value": Field("expected_revenue"),
        "weighted_revenue": Field("weighted_revenue"),
        "currency": Coded("currency_id", "res.currency", "name"),
        "currency_id": Reference("currency_id", "res.currency", active_test=True),
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
        "tag_ids": Ids("tag_ids", "billinator.tag"),
        "quote_ids": Ids("quote_ids", "billinator.quote", is_readonly=True),
        "note_ids": Ids("note_ids", "billinator.note", is_readonly=True),
        "health": Code("health", is_readonly=True),
        "health_reasons": Lines("health_reasons", is_readonly=True),
        "idle_days": Field("idle_days", is_readonly=True),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=(
        "name",
        "partner_id.name",
        "partner_name",
        "contact_name",
        "email_from",
        "phone_search",
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
