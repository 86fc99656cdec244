from typing import Annotated

from fastapi import APIRouter, Query, Response

from odoo import fields
from odoo.exceptions import AccessError, UserError

from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..fields import Boolean, Coded, Field, Names, named, to_json
from ..resource import QUERY, Resource, by_segment, check_name, refuse
from ..schemas.base import Identifier, Name, Page, SyncQuery
from ..schemas.customer import Customer, CustomerChange, CustomerCreate
from ..schemas.timeline import TimelinePage, TimelineQuery
from .bulk import add_bulk_route


class CustomerResource(Resource):
    """Customers, with the tags of people and those of rules apart."""

    def _check_together(self, env, values_list, record):
        if record:
            check_name(env, values_list, record)

    def to_dicts(self, records):
        items = super().to_dicts(records)
        for item, customer in zip(items, records, strict=True):
            segments = customer.crm_tag_ids.filtered("is_segment")
            item["segments"] = segments.mapped("name")
            item["tags"] = (customer.crm_tag_ids - segments).mapped("name")
        return items


CUSTOMERS = CustomerResource(
    "res.partner",
    {
        "name": Field("name"),
        "is_company": Boolean("is_company"),
        "email": Field("email"),
        "phone": Field("phone"),
        "website": Field("website"),
        "vat": Field("vat"),
        "street": Field("street"),
        "zip": Field("zip"),
        "city": Field("city"),
        "country": Coded("country_id", "res.country"),
        "tags": Names("crm_tag_ids", "billinator.tag"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=("complete_name", "email", "phone_search", "vat", "ref"),
    filters={
        "tag": lambda env, value: named(value, "crm_tag_ids.name"),
        "segment": by_segment("crm_tag_ids"),
        "is_company": lambda env, value: [("is_company", "=", value)],
    },
)

router = APIRouter(prefix="/customers", tags=["customers"], route_class=ApiRoute)


def get_customer(env, customer_id):
    """Return a customer whom the user may see."""
    return CUSTOMERS.get(env, customer_id)


def get_customer_domain(env, customer_id):
    """Return the domain of what is about a customer's whole company."""
    customer = get_customer(env, customer_id).commercial_partner_id
    return [("commercial_partner_id", "=", customer.id)]


class CustomerQuery(SyncQuery):
    tag: Name | None = None
    segment: Name | None = None
    is_company: bool | None = None


@router.get("", response_model=Page[Customer])
def list_customers(env: UserEnv, query: Annotated[CustomerQuery, Query()]):
    """List companies and people."""
    return CUSTOMERS.list(env, query)


@router.post("", **creating(Customer))
def create_customer(env: UserEnv, data: CustomerCreate, response: Response):
    return answer_created(response, CUSTOMERS.upsert(env, data))


@router.get("/{customer_id:id}", response_model=Customer)
def show_customer(env: UserEnv, customer_id: Identifier):
    return CUSTOMERS.show(env, customer_id)


@router.put("/{customer_id:id}", response_model=Customer)
def change_customer(env: UserEnv, customer_id: Identifier, data: CustomerChange):
    """Change what the body names."""
    return CUSTOMERS.change(env, customer_id, data)


@router.get("/{customer_id:id}/timeline", response_model=TimelinePage)
def show_timeline(
    env: UserEnv, customer_id: Identifier, query: Annotated[TimelineQuery, Query()]
):
    """Tell what happened with a customer's whole company, newest first."""
    customer = get_customer(env, customer_id)
    try:
        page = env["billinator.timeline"].get_timeline(
            partner_id=customer.id,
            kinds=[kind.lower() for kind in query.kind],
            before=query.before,
            limit=query.limit,
        )
    except AccessError:
        raise
    except UserError as exc:
        # The customer is there and the kinds are known.
        raise refuse("before", str(exc), place=QUERY) from exc
    return {
        "items": [_describe_event(event) for event in page["events"]],
        "next": page["next"] or None,
    }


def _describe_event(event):
    """Return an event of the timeline under the API's names."""
    links = {
        name: (event[f"{name}_id"] and event[f"{name}_id"][0]) or None
        for name in ("partner", "user", "opportunity", "quote")
    }
    return {
        "id": event["id"],
        "kind": event["kind"].upper(),
        "date": to_json(fields.Datetime.to_datetime(event["date"])),
        "title": event["title"] or None,
        "text": event["body"] or None,
        "failure": event["failure"] or None,
        "amount": None if event["amount"] is False else event["amount"],
        "currency": (event["currency_id"] and event["currency_id"][1]) or None,
        "person_id": links["partner"],
        "user_id": links["user"],
        "opportunity_id": links["opportunity"],
        "quote_id": links["quote"],
    }


add_bulk_route(router, CUSTOMERS, CustomerCreate, Customer)
