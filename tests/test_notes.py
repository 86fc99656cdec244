"""The communication log over XML-RPC, as an integration sees it."""

import pytest
from clients import Refused, XmlRpc, create_user

NOTE = "billinator.note"
OWN_DOCUMENTS = "sales_team.group_sale_salesman"
TAKER, READER = "note_taker", "note_reader"
# What the refusals say.
NOBODY = "Say who the note is about"
EMPTY = "The note is empty"
FOREIGN_DEAL = "is for Noted Corp, and cannot have a note of another customer"
FOREIGN_CONTACT = "Stranger is not a contact of the customer, Noted Corp"
NO_TYPE = "Wrong value for billinator.note.note_type: 'CALL'"
NO_DIRECTION = "Only calls and emails are incoming or outgoing"
NEGATIVE = "The duration cannot be negative"


@pytest.fixture(scope="module")
def customer(admin):
    return admin.create("res.partner", name="Noted Corp", is_company=True)


def create_deal(admin, customer, **values):
    return admin.create(
        "billinator.opportunity", name="Noted deal", partner_id=customer, **values
    )


def test_note_about_a_deal(admin, customer):
    deal = create_deal(admin, customer)
    note = admin.create(
        NOTE,
        opportunity_id=deal,
        note_type="call",
        direction="in",
        subject="Delivery",
        body="<p>When does it come?</p>",
        date="2026-01-20 10:00:00",
    )
    fields = ("partner_id", "note_type", "direction", "subject", "body", "date")
    values = admin.read(NOTE, note, *fields, "is_pinned", "quote_id", "contact_id")
    assert values == {
        "id": note,
        "partner_id": customer,
        "note_type": "call",
        "direction": "in",
        "subject": "Delivery",
        "body": "<p>When does it come?</p>",
        "date": "2026-01-20 10:00:00",
        "is_pinned": False,
        "quote_id": False,
        "contact_id": False,
    }


def test_filters(admin, customer):
    person = admin.create("billinator.contact", customer_id=customer, name="Jo Noted")
    call, mail = admin.create_all(
        NOTE,
        [
            {"partner_id": customer, "contact_id": person, "note_type": "call"}
            | {"subject": "A call"},
            {"partner_id": customer, "note_type": "email", "subject": "A mail"},
        ],
    )
    about = ("id", "in", [call, mail])
    assert admin.search(NOTE, about, ("note_type", "=", "email")) == [mail]
    assert admin.search(NOTE, about, ("contact_id", "=", person)) == [call]
    admin.call(NOTE, "write", [mail], vals={"is_pinned": True})
    assert admin.search(NOTE, about, ("is_pinned", "=", True)) == [mail]
    assert admin.read("res.partner", customer, "note_count")["note_count"] >= 2


def test_full_text_search(admin, customer):
    by_subject = admin.create(NOTE, partner_id=customer, subject="Zeppelin prices")
    by_body = admin.create(NOTE, partner_id=customer, body="<p>Their zeppelins</p>")
    found = admin.search(
        NOTE, "|", ("subject", "ilike", "zeppelin"), ("body", "ilike", "zeppelin")
    )
    assert sorted(found) == [by_subject, by_body]


def test_wrong_input_is_refused(refusing_server):
    server = refusing_server
    admin = XmlRpc(server, server.login, server.password)
    customer = admin.create("res.partner", name="Noted Corp", is_company=True)
    other = admin.create("res.partner", name="Elsewhere Ltd", is_company=True)
    deal = create_deal(admin, customer)
    stranger = admin.create("billinator.contact", customer_id=other, name="Stranger")
    for values, sentence in (
        ({"partner_id": False}, NOBODY),
        ({"subject": False, "body": "<p><br></p>"}, EMPTY),
        ({"partner_id": other, "opportunity_id": deal}, FOREIGN_DEAL),
        ({"contact_id": stranger}, FOREIGN_CONTACT),
        ({"note_type": "CALL"}, NO_TYPE),
        ({"note_type": "meeting", "direction": "in"}, NO_DIRECTION),
        ({"duration": -1}, NEGATIVE),
    ):
        with pytest.raises(Refused) as refused:
            admin.create(NOTE, **{"partner_id": customer, "subject": "x", **values})
        assert sentence in refused.value.message
    assert admin.count(NOTE, ("subject", "=", "x")) == 0


def test_own_documents(refusing_server):
    server = refusing_server
    admin = XmlRpc(server, server.login, server.password)
    customer = admin.create("res.partner", name="Noted Corp", is_company=True)
    taker_id, _reader_id = (
        create_user(admin, login, OWN_DOCUMENTS) for login in (TAKER, READER)
    )
    taker, reader = (XmlRpc(server, login, login) for login in (TAKER, READER))
    deal = create_deal(admin, customer, user_id=taker_id)
    secret = taker.create(NOTE, opportunity_id=deal, subject="Between us")
    shared = taker.create(NOTE, partner_id=customer, subject="For all of us")
    assert taker.read(NOTE, secret, "user_id")["user_id"] == taker_id
    assert reader.search(NOTE, ("id", "in", [secret, shared])) == [shared]
    for call in (
        lambda: reader.read(NOTE, secret, "subject"),
        lambda: reader.call(NOTE, "write", [shared], vals={"subject": "Mine"}),
        lambda: reader.call(NOTE, "unlink", [shared]),
        lambda: reader.create(NOTE, opportunity_id=deal, subject="Me, too"),
    ):
        with pytest.raises(Refused):
            call()
    assert taker.read(NOTE, shared, "subject")["subject"] == "For all of us"
