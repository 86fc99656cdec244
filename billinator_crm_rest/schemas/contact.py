from pydantic import Field

from .base import (
    Body,
    Choice,
    CreateInput,
    Identifier,
    Name,
    Output,
    ShownDatetime,
    Text,
    changing,
)


class ContactRole(Choice):
    DECISION_MAKER = "DECISION_MAKER"
    INFLUENCER = "INFLUENCER"
    USER = "USER"
    BILLING = "BILLING"
    TECHNICAL = "TECHNICAL"


class ContactUpdate(Body):
    """What a client may say of a contact; what it leaves out stays."""

    name: Name | None = Field(None, description="Null only where there is none")
    email: Text | None = None
    phone: Text | None = None
    designation: Text | None = None
    department: Text | None = None
    role: ContactRole | None = None
    is_primary: bool = Field(
        None, description="True takes the mark from the contact that had it"
    )


class ContactCreate(ContactUpdate, CreateInput):
    """A new contact of a customer: a new person, or one who is known already."""

    customer_id: Identifier
    person_id: Identifier = None


class Contact(Output):
    customer_id: int
    person_id: int
    name: str | None
    email: str | None
    phone: str | None
    designation: str | None
    department: str | None
    role: ContactRole | None
    is_primary: bool
    created_at: ShownDatetime
    updated_at: ShownDatetime


ContactChange = changing(ContactUpdate, Contact)
