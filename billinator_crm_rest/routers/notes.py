from typing import Annotated

from fastapi import APIRouter, Query, Response

from ..about import AboutResource, names_somebody
from ..dependencies import ApiRoute, UserEnv, answer_created, creating
from ..fields import Boolean, Code, Field, Ids, PlainText, Reference
from ..resource import refuse
from ..schemas.base import Identifier, Page, SyncQuery, get_old_names
from ..schemas.note import Note, NoteChange, NoteCreate, NoteType
from .bulk import add_bulk_route
from .customers import get_customer_domain


class NoteResource(AboutResource):
    """Notes, about a customer, a deal, a quote or a contact."""

    def _check_new(self, env, data):
        if not names_somebody(data):
            message = env._(
                "Say who the note is about: choose a customer, an opportunity or a "
                "quote."
            )
            raise refuse("customer_id", message)
        has_text = data.subject or (data.body and data.body.strip())
        if not (has_text or data.outcome_id):
            message = env._("The note is empty: write a subject or a text.")
            raise refuse("body", message)


NOTES = NoteResource(
    "billinator.note",
    {
        "customer_id": Reference("partner_id", "res.partner"),
        "opportunity_id": Reference("opportunity_id", "billinator.opportunity"),
        "quote_id": Reference("quote_id", "billinator.quote"),
        "contact_id": Reference("contact_id", "billinator.contact"),
        "note_type": Code("note_type"),
        "direction": Code("direction"),
        "subject": Field("subject"),
        "body": PlainText("body"),
        "outcome_id": Reference("outcome_id", "billinator.activity.outcome"),
        "date": Field("date"),
        "duration": Field("duration"),
        "is_pinned": Boolean("is_pinned"),
        "attachment_ids": Ids("attachment_ids", "ir.attachment", is_readonly=True),
        "user_id": Reference("user_id", "res.users"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=("subject", "body"),
    filters={"type": lambda env, value: [("note_type", "=", value.lower())]},
    old_names=get_old_names(Note),
)

router = APIRouter(prefix="/notes", tags=["notes"], route_class=ApiRoute)


class NoteQuery(SyncQuery):
    type: NoteType | None = None


@router.post("", **creating(Note))
def create_note(env: UserEnv, data: NoteCreate, response: Response):
    return answer_created(response, NOTES.upsert(env, data))


@router.get("/customer/{customer_id:id}", response_model=Page[Note])
def list_notes(
    env: UserEnv, customer_id: Identifier, query: Annotated[NoteQuery, Query()]
):
    """List the notes about a customer's whole company, the newest first."""
    return NOTES.list(env, query, get_customer_domain(env, customer_id))


@router.get("/{note_id:id}", response_model=Note)
def get_note(env: UserEnv, note_id: Identifier):
    return NOTES.show(env, note_id)


@router.put("/{note_id:id}", response_model=Note)
def change_note(env: UserEnv, note_id: Identifier, data: NoteChange):
    """Change what the body names."""
    return NOTES.change(env, note_id, data)


@router.delete("/{note_id:id}", status_code=204)
def delete_note(env: UserEnv, note_id: Identifier) -> None:
    NOTES.delete(env, note_id)


add_bulk_route(router, NOTES, NoteCreate, Note)
