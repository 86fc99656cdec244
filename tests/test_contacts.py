"""A customer has one primary contact, however many people choose one at once."""

from dataclasses import dataclass

import pytest
from clients import XmlRpc, running_at_once

CONTACT = "billinator.contact"
CLIENTS = 6
CHANGES = 10


@dataclass
class Task:
    """Whom a client makes the primary contact, one after the other."""

    url: str
    database: str
    login: str
    password: str
    contacts: list


def make_primary(task):
    client = XmlRpc(task, task.login, task.password)
    for contact in task.contacts:
        client.call(CONTACT, "action_set_primary", [contact])


@pytest.fixture
def customer(admin):
    return admin.create("res.partner", name="Busy Corp", is_company=True)


def test_contact_and_person_are_one(admin, customer):
    contact = admin.create(
        CONTACT, customer_id=customer, name="Jo", email="jo@busy.example", role="user"
    )
    values = admin.read(CONTACT, contact, "person_id", "email", "role")
    person = admin.read("res.partner", values["person_id"], "email", "parent_id")
    assert person["parent_id"] == customer
    assert person["email"] == values["email"] == "jo@busy.example"
    assert admin.search(CONTACT, ("person_id", "=", values["person_id"])) == [contact]


def test_one_primary_contact_under_concurrency(crm_server, admin, customer):
    contacts = admin.create_all(
        CONTACT,
        [{"customer_id": customer, "name": f"Person {n}"} for n in range(CLIENTS)],
    )
    tasks = [
        Task(
            crm_server.url,
            crm_server.database,
            crm_server.login,
            crm_server.password,
            (contacts[n:] + contacts[:n]) * (CHANGES // CLIENTS + 1),
        )
        for n in range(CLIENTS)
    ]
    with running_at_once(make_primary, tasks) as running:
        for client in running:
            client.result()
    primary = admin.search(
        CONTACT, ("customer_id", "=", customer), ("is_primary", "=", True)
    )
    assert len(primary) == 1
    shown = admin.read("res.partner", customer, "primary_contact_id")
    assert [shown["primary_contact_id"]] == primary
