from typing import Annotated

from fastapi import APIRouter, Query, Response

from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..fields import Boolean, Code, Field, Reference
from ..resource import Resource, check_name, refuse
from ..schemas.base import Identifier, Page, SyncQuery
from ..schemas.contact import Contact, ContactChange, ContactCreate, ContactRole
from .bulk import add_bulk_route
from .customers import get_customer


class ContactResource(Resource):
    """Contacts; making one the primary contact takes the mark from the other."""

    def create_many(self, env, data_list):
        if any(data.person_id is None and data.name is None for data in data_list):
            raise refuse("name", env._("Give the name of a new person."))
        for data in data_list:
            if data.name is None:
                # A person who is there has one.
                data.model_fields_set.discard("name")
        contacts = super().create_many(env, data_list)
        for contact, data in zip(contacts, data_list, strict=True):
            self._change_primary(contact, data)
        return contacts

    def _check_together(self, env, values_list, record):
        if record:
            check_name(env, values_list, record.person_id)

    def _change(self, record, data):
        contact = super()._change(record, data)
        self._change_primary(contact, data)
        return contact

    def _change_primary(self, contact, data):
        if data.is_primary and not contact.is_primary:
            contact.action_set_primary()
        elif data.is_primary is False and contact.is_primary:
            contact.is_primary = False


CONTACTS = ContactResource(
    "billinator.contact",
    {
        "customer_id": Reference("customer_id", "res.partner"),
        "person_id": Reference("person_id", "res.partner"),
        "name": Field("name"),
        "email": Field("email"),
        "phone": Field("phone"),
        "designation": Field("designation"),
        "department": Field("department"),
        "role": Code("role"),
        "is_primary": Boolean("is_primary", is_readonly=True),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=(
        "person_id.name",
        "person_id.email",
        "person_id.phone_search",
        "designation",
    ),
    filters={"role": lambda env, value: [("role", "=", value.lower())]},
)

router = APIRouter(prefix="/contacts", tags=["contacts"], route_class=ApiRoute)


class ContactQuery(SyncQuery):
    role: ContactRole | None = None


@router.post("", **creating(Contact))
def create_contact(env: UserEnv, data: ContactCreate, response: Response):
    return answer_created(response, CONTACTS.upsert(env, data))


@router.get("/customer/{customer_id:id}", response_model=Page[Contact])
def list_contacts(
    env: UserEnv, customer_id: Identifier, query: Annotated[ContactQuery, Query()]
):
    """List the contacts of a customer, the primary one first."""
    customer = get_customer(env, customer_id).commercial_partner_id
    return CONTACTS.list(env, query, [("customer_id", "=", customer.id)])


@router.get("/{contact_id:id}", response_model=Contact)
def get_contact(env: UserEnv, contact_id: Identifier):
    return CONTACTS.show(env, contact_id)


@router.put("/{contact_id:id}", response_model=Contact)
def change_contact(env: UserEnv, contact_id: Identifier, data: ContactChange):
    """Change what the body names."""
    return CONTACTS.change(env, contact_id, data)


@router.delete("/{contact_id:id}", status_code=204)
def delete_contact(env: UserEnv, contact_id: Identifier) -> None:
    """Forget who the person is for the customer; the person stays."""
    CONTACTS.delete(env, contact_id)


add_bulk_route(router, CONTACTS, ContactCreate, Contact)
