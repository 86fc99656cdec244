"""Who may do what through the REST API: every role against every endpoint and method.

Every record of the matrix belongs to the owner, a salesperson; the others are measured
by what they get to see of it.
"""

import re
from itertools import count

import pytest
from clients import (
    API_GROUP,
    Rest,
    WebClient,
    XmlRpc,
    create_api_client,
    create_user,
)

OWN = "sales_team.group_sale_salesman"
MANAGER = "sales_team.group_sale_manager"
# Without it, nobody makes a person for a contact.
PEOPLE = "base.group_partner_manager"
ROLES = {
    "owner": (OWN, PEOPLE, API_GROUP),
    "stranger": (OWN, PEOPLE, API_GROUP),
    "all": ("sales_team.group_sale_salesman_all_leads", PEOPLE, API_GROUP),
    "manager": (MANAGER, PEOPLE, API_GROUP),
    "accountant": ("account.group_account_invoice", API_GROUP),
    "employee": ("base.group_user", API_GROUP),
    # A manager of another company.
    "foreigner": (MANAGER, PEOPLE, API_GROUP),
    # Nothing is for those who are not in the API's group, nor for customers.
    "keyless": (MANAGER, PEOPLE),
    "guest": ("base.group_portal", API_GROUP),
    "visitor": ("base.group_portal",),
}
# Each line: the method and the path; what owner, stranger, all, manager, accountant,
# employee and foreigner get. Who has no right on a kind of record is told so;
# to others, one that they may not see is not there. The quote is a draft, which needs
# no next version, of a customer without an email address.
MATRIX = """
GET    /opportunities                     200 200 200 200 403 403 200
POST   /opportunities                     201 201 201 201 403 403 422
POST   /opportunities/bulk                200 200 200 200 403 403 200
GET    /opportunities/pipeline            200 200 200 200 403 403 200
GET    /opportunities/{opportunity}       200 404 200 200 403 403 404
PUT    /opportunities/{opportunity}       200 404 200 200 403 403 404
DELETE /opportunities/{opportunity}       403 404 403 204 403 403 404
GET    /quotes                            200 200 200 200 200 403 200
POST   /quotes                            201 201 201 201 403 403 422
POST   /quotes/bulk                       200 200 200 200 403 403 200
GET    /quotes/{quote}                    200 404 200 200 200 403 404
GET    /quotes/{quote}/pdf                200 404 200 200 200 403 404
GET    /quotes/{quote}/signature          404 404 404 404 404 403 404
PUT    /quotes/{quote}                    200 404 200 200 403 403 404
DELETE /quotes/{quote}                    403 404 403 204 403 403 404
POST   /quotes/{quote}/convert            201 404 201 201 403 403 404
POST   /quotes/{quote}/invoice-again      201 404 201 201 403 403 404
POST   /quotes/{quote}/revise             409 404 409 409 403 403 404
POST   /quotes/{quote}/send               422 404 422 422 403 403 404
GET    /activities                        200 200 200 200 403 403 200
POST   /activities                        201 201 201 201 403 403 422
POST   /activities/bulk                   200 200 200 200 403 403 200
GET    /activities/pending                200 200 200 200 403 403 200
GET    /activities/upcoming               200 200 200 200 403 403 200
GET    /activities/{activity}             200 404 200 200 403 403 404
PUT    /activities/{activity}             200 404 200 200 403 403 404
DELETE /activities/{activity}             204 404 204 204 403 403 404
POST   /notes                             201 201 201 201 403 403 422
POST   /notes/bulk                        200 200 200 200 403 403 200
GET    /notes/customer/{customer}         200 200 200 200 403 403 404
GET    /notes/{note}                      200 404 200 200 403 403 404
PUT    /notes/{note}                      200 404 200 200 403 403 404
DELETE /notes/{note}                      204 404 403 204 403 403 404
POST   /contacts                          201 201 201 201 403 403 422
POST   /contacts/bulk                     200 200 200 200 403 403 200
GET    /contacts/customer/{customer}      200 200 200 200 200 200 404
GET    /contacts/{contact}                200 200 200 200 200 200 404
PUT    /contacts/{contact}                200 200 200 200 403 403 404
DELETE /contacts/{contact}                204 204 204 204 403 403 404
GET    /customers                         200 200 200 200 200 200 200
POST   /customers                         201 201 201 201 403 403 201
POST   /customers/bulk                    200 200 200 200 403 403 200
GET    /customers/{customer}              200 200 200 200 200 200 404
PUT    /customers/{customer}              200 200 200 200 403 403 404
GET    /customers/{customer}/timeline     200 200 200 200 200 403 404
GET    /products                          200 200 200 200 200 200 200
GET    /segments                          200 200 200 200 200 200 200
GET    /taxes                             200 200 200 200 200 200 200
GET    /lost-reasons                      200 200 200 200 403 403 200
GET    /outcomes                          200 200 200 200 403 403 200
GET    /users                             200 200 200 200 200 200 200
GET    /tags                              200 200 200 200 200 200 200
GET    /stages                            200 200 200 200 200 200 200
"""
INVOICING = ("/convert", "/invoice-again")
CHANGES = {
    "opportunity": {"title": "Changed"},
    "quote": {"customer_reference": "Changed"},
    "activity": {"subject": "Changed"},
    "note": {"subject": "Changed"},
    "contact": {"designation": "Changed"},
    "customer": {"city": "Changed"},
}
_numbers = count(1)


class World:
    """The users, and records of the owner's."""

    def __init__(self, server, product):
        self.server = server
        self.product = product
        self.admin = XmlRpc(server, server.login, server.password)
        # Customers of no company could be seen in every one.
        self.customer = self.admin.create(
            "res.partner",
            name="Customer of the Rights",
            is_company=True,
            company_id=self.admin.reference("base.main_company"),
        )
        self.far_away = self.admin.create("res.company", name="Far Away")
        self.admin.call(
            "ir.config_parameter",
            "set_param",
            key="portal.allow_api_keys",
            value="True",
        )
        self.clients = {login: self._create(login) for login in ROLES}

    def _create(self, login):
        user = create_user(self.admin, login, *ROLES[login])
        if login == "foreigner":
            home = {
                "company_id": self.far_away,
                "company_ids": [(6, 0, [self.far_away])],
            }
            self.admin.call("res.users", "write", [user], vals=home)
        key = WebClient(self.server, login, login).create_api_key()
        return Rest(self.server, key)

    @property
    def owner(self):
        return self.clients["owner"]

    def make_records(self):
        """Make one of each kind and return the ids."""
        number = next(_numbers)
        # One with a quote could not be deleted.
        deal, opportunity = (
            self.owner.make(
                "/opportunities",
                customer_id=self.customer,
                title=f"Secret deal {number}",
                value=number,
            )["id"]
            for _time in range(2)
        )
        about = {"customer_id": self.customer, "opportunity_id": deal}
        item = {"product_id": self.product, "quantity": 1, "unit_price": 5}
        return {
            "deal": deal,
            "opportunity": opportunity,
            "customer": self.customer,
            "quote": self.owner.make(
                "/quotes", **about, items=[item], customer_reference="Secret quote"
            )["id"],
            "activity": self.owner.make(
                "/activities", **about, type="CALL", subject="Secret call"
            )["id"],
            "note": self.owner.make("/notes", **about, subject="Secret note")["id"],
            "contact": self.owner.make(
                "/contacts", customer_id=self.customer, name=f"Ann {number}"
            )["id"],
        }


@pytest.fixture(scope="module")
def world(rest_server, rest_company):
    return World(rest_server, rest_company.product)


@pytest.fixture(scope="module")
def records(world):
    """Records that no test changes."""
    return world.make_records()


def _prepare_new(path, customer):
    """Return what is sent to create something about a customer."""
    body = {"customer_id": customer}
    if path.startswith("/opportunities"):
        body["title"] = "New"
    if path.startswith("/activities"):
        body["type"] = "CALL"
    if path.startswith("/notes"):
        body["subject"] = "New"
    if path.startswith("/contacts"):
        body["name"] = f"New {next(_numbers)}"
    if path.startswith("/customers"):
        body = {"name": f"New {next(_numbers)}"}
    return {"items": [body]} if path.endswith("/bulk") else body


def _call(client, method, path, records):
    kind = next(iter(re.findall(r"\{(\w+)\}", path)), None)
    body = None
    if method == "PUT":
        body = CHANGES[kind]
    elif method == "POST" and not kind:
        body = _prepare_new(path, records["customer"])
    return client.request(method, path.format(**records), json=body)


def _matrix():
    for line in MATRIX.strip().splitlines():
        method, path, *statuses = line.split()
        yield method, path, [int(status) for status in statuses]


def test_every_role_gets_what_it_may_and_no_more(world, subtests):
    kept = world.make_records()
    for method, path, statuses in _matrix():
        for (role, client), status in zip(
            world.clients.items(), [*statuses, 403, 403, 403], strict=True
        ):
            with subtests.test(f"{method} {path} {role}"):
                is_used_up = method == "DELETE" or path.endswith(INVOICING)
                fresh = is_used_up and status < 300
                records = world.make_records() if fresh else kept
                answer = _call(client, method, path, records)
                assert answer.status_code == status, answer.text
                if status >= 400:
                    assert "Secret" not in answer.text


def test_the_matrix_has_every_endpoint_of_the_crm(world):
    described = {
        (method.upper(), re.sub(r"\{.*\}", "{}", path))
        for path, methods in world.owner.fetch("/openapi.json")["paths"].items()
        for method in methods
    }
    listed = {
        (method, re.sub(r"\{.*\}", "{}", path)) for method, path, _statuses in _matrix()
    }
    assert listed == described


def test_many_at_once_are_refused_as_one_is(world):
    for path in ("/opportunities", "/quotes", "/activities", "/notes", "/contacts"):
        body = _prepare_new(f"{path}/bulk", world.customer)
        foreign = world.clients["foreigner"].post(f"{path}/bulk", json=body).json()
        assert [result["status"] for result in foreign["results"]] == [422]


def test_lists_do_not_count_what_is_not_shown(world, records):
    stranger = world.clients["stranger"]
    deal = world.owner.fetch(f"/opportunities/{records['opportunity']}")
    for path, word in (
        ("/opportunities", "Secret deal"),
        ("/quotes", "Secret quote"),
        ("/activities", "Secret call"),
    ):
        for params in (
            {"q": word},
            {"q": word, "assigned_to": deal["assigned_to"]},
            {"q": "secret", "sort": "-created_at"},
            {"cursor": "", "q": word},
        ):
            mine = world.owner.fetch(path, **params)
            assert mine["total"] >= 1
            assert mine["items"]
            theirs = stranger.fetch(path, **params)
            assert (theirs["total"], theirs["items"]) == (0, [])
    for path in ("/activities", "/quotes"):
        params = {"opportunity_id": records["deal"]}
        assert world.owner.fetch(path, **params)["total"] == 1
        assert stranger.fetch(path, **params)["total"] == 0
    notes = stranger.fetch(f"/notes/customer/{world.customer}", q="Secret")
    assert (notes["total"], notes["items"]) == (0, [])
    timeline = f"/customers/{world.customer}/timeline"
    for secret in ("Secret deal", "Secret quote", "Secret note", "Secret call"):
        assert secret not in stranger.get(timeline).text
    assert "Secret note" in world.owner.get(timeline).text


def test_the_pipeline_sums_what_is_shown(world):
    def sum_up(role):
        overall = world.clients[role].fetch("/opportunities/pipeline")["overall"]
        return overall["count"], overall["value"], overall["weighted_value"]

    before = sum_up("stranger")
    world.owner.make(
        "/opportunities", customer_id=world.customer, title="Secret", value=1e6
    )
    assert sum_up("stranger") == before
    assert sum_up("foreigner") == (0, 0.0, 0.0)


def test_another_companys_customer_is_no_filter(world, records):
    foreigner = world.clients["foreigner"]
    for path in ("/opportunities", "/quotes", "/activities"):
        page = foreigner.fetch(path, customer_id=world.customer)
        assert (page["total"], page["items"]) == (0, [])
    page = foreigner.fetch("/customers", q="Customer of the Rights")
    assert world.customer not in [row["id"] for row in page["items"]]


def _hide_id(answer, record_id):
    return answer.status_code, answer.text.replace(str(record_id), "ID")


def test_a_foreign_record_is_as_one_that_is_not_there(world, records):
    """A reference to it, and its own path, tell nothing that a wrong id does not."""
    missing = 2_000_000_000
    stranger, foreigner = world.clients["stranger"], world.clients["foreigner"]
    customer = world.admin.create("res.partner", name="Everybody's")
    for client, path, name, kind in (
        (stranger, "/quotes", "opportunity_id", "deal"),
        (stranger, "/activities", "opportunity_id", "deal"),
        (stranger, "/activities", "quote_id", "quote"),
        (stranger, "/notes", "opportunity_id", "deal"),
        (stranger, "/notes", "quote_id", "quote"),
        (foreigner, "/quotes", "contact_id", "contact"),
        (foreigner, "/notes", "contact_id", "contact"),
        (foreigner, "/activities", "contact_id", "contact"),
    ):
        answers = []
        for record_id in (records[kind], missing):
            body = {**_prepare_new(path, customer), name: record_id}
            answers.append(_hide_id(client.post(path, json=body), record_id))
        assert answers[0] == answers[1]
        assert answers[0][0] == 422
        assert name in answers[0][1]
    for client, path, kind in (
        (stranger, "/opportunities", "opportunity"),
        (stranger, "/quotes", "quote"),
        (stranger, "/activities", "activity"),
        (stranger, "/notes", "note"),
        (foreigner, "/contacts", "contact"),
        (foreigner, "/customers", "customer"),
    ):
        for method in ("GET", "PUT"):
            answers = [
                _hide_id(client.request(method, f"{path}/{one}", json={}), one)
                for one in (records[kind], missing)
            ]
            assert answers[0] == answers[1]
            assert answers[0][0] == 404


def test_another_companys_reference_is_free(world, records):
    """The names that one company's systems give do not stand in another's way."""
    reference = {"external_ref": "deal-1", "title": "Deal", "company_name": "ABC"}
    deal = world.owner.make("/opportunities", **reference)
    other = world.clients["foreigner"].make("/opportunities", **reference)
    assert other["id"] != deal["id"]
    answer = world.clients["stranger"].post("/opportunities", json=reference)
    assert answer.status_code == 409
    assert world.owner.fetch(f"/opportunities/{deal['id']}")["title"] == "Deal"


def test_a_user_who_leaves_the_group_is_out_at_once(world):
    client = create_api_client(world.server, world.admin, "leaver", OWN)
    assert client.get("/opportunities").status_code == 200
    group = world.admin.reference(API_GROUP)
    [user] = world.admin.search("res.users", ("login", "=", "leaver"))
    world.admin.call("res.users", "write", [user], vals={"group_ids": [(3, group)]})
    assert client.get("/opportunities").status_code == 403
