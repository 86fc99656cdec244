"""The REST API, as integrations call it: every endpoint, every kind of mistake."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from clients import SECONDS, Rest, WebClient, XmlRpc, create_api_client
from server_log import REST_LOG

from dev_tool.log_check import check_file

MANAGER = "sales_team.group_sale_manager"
CLIENTS = 8
CONTRACT = {
    "/opportunities": "get post",
    "/opportunities/pipeline": "get",
    "/opportunities/{opportunity_id}": "get put delete",
    "/quotes": "get post",
    "/quotes/{quote_id}": "get put delete",
    "/quotes/{quote_id}/convert": "post",
    "/quotes/{quote_id}/invoice-again": "post",
    "/quotes/{quote_id}/revise": "post",
    "/quotes/{quote_id}/send": "post",
    "/quotes/{quote_id}/signature": "get",
    "/activities": "get post",
    "/activities/pending": "get",
    "/activities/upcoming": "get",
    "/activities/{activity_id}": "get put delete",
    "/notes": "post",
    "/notes/customer/{customer_id}": "get",
    "/notes/{note_id}": "get put delete",
    "/contacts": "post",
    "/contacts/customer/{customer_id}": "get",
    "/contacts/{contact_id}": "get put delete",
}
MISSING = 2**31 - 1


@pytest.fixture(scope="module")
def admin(rest_server):
    return XmlRpc(rest_server, rest_server.login, rest_server.password)


@pytest.fixture(scope="module")
def company(rest_company):
    return rest_company


@pytest.fixture(scope="module")
def key(rest_server):
    web = WebClient(rest_server, rest_server.login, rest_server.password)
    return web.create_api_key()


@pytest.fixture(scope="module")
def api(rest_server, key):
    """The client of an administrator of sales."""
    return Rest(rest_server, key)


@pytest.fixture(scope="module")
def colleague(rest_server, admin):
    return create_api_client(rest_server, admin, "colleague", MANAGER)


@pytest.fixture
def customer(admin):
    """A customer about whom there is nothing yet."""
    return admin.create("res.partner", name="Fresh Customer", is_company=True)


def _prepare_opportunity(customer, **values):
    return {
        "customer_id": customer,
        "title": "New Deal with ABC Corp",
        "value": 50000.00,
        "probability": 75,
        "stage": "PROPOSAL",
        "expected_close_date": "2024-12-31",
        "source": "WEBSITE",
        **values,
    }


def _prepare_quote(company, **item):
    return {
        "customer_id": company.customer,
        "quote_date": "2024-01-15",
        "valid_until": "2024-02-15",
        "items": [
            {
                "product_id": company.product,
                "description": "Product Name",
                "quantity": 10,
                "unit_price": 1000.00,
                "tax_rate": 18.0,
                "line_total": 11800.00,
                **item,
            }
        ],
    }


def _prepare_activity(customer, **values):
    return {
        "customer_id": customer,
        "type": "CALL",
        "subject": "Follow-up call",
        "description": "Discuss proposal details",
        "due_date": "2024-01-20T10:00:00",
        "priority": "HIGH",
        **values,
    }


def _get_problems(answer):
    """Return the fields that an answer 422 names, with what it says of each."""
    assert answer.status_code == 422, answer.text
    return {
        ".".join(str(part) for part in problem["loc"][1:]): problem["msg"]
        for problem in answer.json()["detail"]
    }


def _at_once(calls):
    """Make all calls at the same moment, each in a thread, and return the answers."""
    barrier = threading.Barrier(len(calls))

    def start(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(start, c) for c in calls]]


# Every endpoint


def test_all_endpoints_of_the_contract_are_described(api):
    paths = api.fetch("/openapi.json")["paths"]
    described = {path: set(paths.get(path, ())) for path in CONTRACT}
    assert described == {path: set(names.split()) for path, names in CONTRACT.items()}
    assert api.get("/docs").status_code == 200


def test_creations_are_described_with_both_answers(api):
    paths = api.fetch("/openapi.json")["paths"]
    for path, methods in paths.items():
        if path != "/" and path.count("/") == 1 and "post" in methods:
            created, changed = (
                methods["post"]["responses"][status]["content"]
                for status in ("201", "200")
            )
            assert created == changed, path


@dataclass
class Kind:
    """A resource: what is sent, what comes back, and what is changed then."""

    path: str
    sent: dict
    shown: dict
    change: dict
    changed: dict


def _make_kinds(company):
    note = {"customer_id": company.customer, "type": "CALL", "body": "They like it."}
    contact = {"customer_id": company.customer, "name": "Ann Other", "role": "USER"}
    person = {"is_primary": True, "designation": "CTO"}
    return [
        _make_opportunity_kind(company),
        _make_quote_kind(company),
        _make_activity_kind(company),
        Kind("/notes", note, note, {"is_pinned": True}, {"is_pinned": True}),
        Kind("/contacts", contact, {**contact, "is_primary": False}, person, person),
    ]


def _make_opportunity_kind(company):
    sent = _prepare_opportunity(company.customer)
    change = {"value": 60000.5, "priority": "HIGH"}
    return Kind(
        "/opportunities",
        sent,
        {**sent, "status": "OPEN", "weighted_value": 37500.0},
        change,
        {**change, "weighted_value": 45000.38},
    )


def _make_quote_kind(company):
    sent = _prepare_quote(company)
    [item] = sent["items"]
    return Kind(
        "/quotes",
        sent,
        {
            **{name: sent[name] for name in sent if name != "items"},
            **{"subtotal": 10000.0, "tax_total": 1800.0, "total": 11800.0},
            **{"status": "DRAFT", "invoice_status": "NO"},
        },
        {"items": [{**item, "quantity": 1, "line_total": 1180.0}]},
        {"total": 1180.0},
    )


def _make_activity_kind(company):
    sent = _prepare_activity(company.customer)
    shown = {**sent, "due_date": "2024-01-20T10:00:00Z", "status": "PENDING"}
    change = {"status": "DONE", "outcome": "Agreed"}
    return Kind("/activities", sent, shown, change, change)


def _without_time(content):
    return {name: content[name] for name in content if name != "updated_at"}


def test_every_resource_is_created_read_changed_and_deleted(api, company, subtests):
    for kind in _make_kinds(company):
        with subtests.test(kind.path):
            created = api.make(kind.path, **kind.sent)
            assert kind.shown.items() <= created.items()
            path = f"{kind.path}/{created['id']}"
            assert api.fetch(path) == created
            answer = api.put(path, json=kind.change)
            assert answer.status_code == 200, answer.text
            changed = answer.json()
            assert kind.changed.items() <= changed.items()
            kept = created.keys() - kind.changed.keys()
            if kind.path in ("/notes", "/contacts"):
                names = kept - {"updated_at", "designation"}
                assert {n: changed[n] for n in names} == {n: created[n] for n in names}
            assert api.delete(path).status_code == 204
            for method in ("GET", "PUT", "DELETE"):
                body = {} if method == "PUT" else None
                assert api.request(method, path, json=body).status_code == 404


def test_items_are_shown_as_they_were_sent(api, company):
    sent = _prepare_quote(company)
    quote = api.make("/quotes", **sent)
    [item] = quote["items"]
    assert sent["items"][0].items() <= item.items()
    # An item that is named by its id is changed, and the others go.
    second = {"description": "Second", "quantity": 2, "unit_price": 5.0, "tax_rate": 0}
    changed = api.put(
        f"/quotes/{quote['id']}", json={"items": [{"id": item["id"]}, second]}
    ).json()
    assert changed["items"][0] == item
    assert changed["items"][1]["line_total"] == 10.0
    assert changed["total"] == 11810.0
    emptied = api.put(f"/quotes/{quote['id']}", json={"items": []}).json()
    assert (emptied["items"], emptied["total"]) == ([], 0.0)


def test_a_put_changes_what_it_names_and_nothing_else(api, customer):
    created = api.make("/opportunities", **_prepare_opportunity(customer))
    path = f"/opportunities/{created['id']}"
    assert _without_time(api.put(path, json={}).json()) == _without_time(created)
    changed = api.put(path, json={"title": "Another"}).json()
    assert _without_time(changed) == _without_time({**created, "title": "Another"})
    emptied = api.put(path, json={"expected_close_date": None, "source": None}).json()
    assert (emptied["expected_close_date"], emptied["source"]) == (None, None)


def test_segments_follow_their_rule(api, admin, customer):
    rule = f"[('id', '=', {customer})]"
    values = {"name": "By Rule", "is_segment": True, "partner_domain": rule}
    segment = admin.create("billinator.tag", **values)
    admin.create("billinator.tag", name="By Hand")
    listed = {row["id"]: row for row in api.fetch("/segments")["items"]}[segment]
    assert (listed["name"], listed["customer_count"]) == ("By Rule", 1)
    found = api.fetch("/customers", segment="By Rule")["items"]
    assert [row["id"] for row in found] == [customer]
    path = f"/customers/{customer}"
    # Tags are given by hand, and leave the segments alone.
    shown = api.put(path, json={"tags": ["By Hand"]}).json()
    assert (shown["tags"], shown["segments"]) == (["By Hand"], ["By Rule"])
    other = api.make("/customers", name="Another")
    refused = api.put(f"/customers/{other['id']}", json={"tags": ["By Rule"]})
    assert refused.status_code in (409, 422)
    assert "is a segment" in refused.text


def test_times_with_an_offset_become_utc(api, customer):
    for sent, shown in {
        "2024-01-20T10:00:00": "2024-01-20T10:00:00Z",
        "2024-01-20T10:00:00Z": "2024-01-20T10:00:00Z",
        "2024-01-20T10:00:00+05:30": "2024-01-20T04:30:00Z",
        "2024-01-20T23:30:00.999-01:00": "2024-01-21T00:30:00Z",
    }.items():
        activity = _prepare_activity(customer, due_date=sent)
        assert api.make("/activities", **activity)["due_date"] == shown


def test_the_pipeline_counts_what_there_is(api, customer):
    def count():
        figures = api.fetch("/opportunities/pipeline")
        stages = {row["stage"]: row["count"] for row in figures["stages"]}
        assert sum(stages.values()) == figures["overall"]["count"]
        return stages

    before = count()
    api.make("/opportunities", **_prepare_opportunity(customer))
    assert count() == {**before, "PROPOSAL": before["PROPOSAL"] + 1}


def test_upcoming_is_what_is_due_within_some_days(api, customer):
    now = datetime.now(timezone.utc)
    hour, days, month = (
        api.make(
            "/activities",
            **_prepare_activity(customer, due_date=(now + later).isoformat()),
        )["id"]
        for later in (timedelta(hours=1), timedelta(days=3), timedelta(days=30))
    )
    for params, expected in (
        ({}, [hour, days]),
        ({"days": 40}, [hour, days, month]),
        # The hour may be tomorrow's.
        ({"days": 1}, [hour]),
    ):
        page = api.fetch("/activities/upcoming", limit=500, **params)
        ids = [row["id"] for row in page["items"]]
        assert [one for one in ids if one in (hour, days, month)] == expected
    page = api.fetch("/activities/upcoming", limit=500, days=0)
    assert not {days, month} & {row["id"] for row in page["items"]}


def test_pending_and_upcoming_activities_are_the_users(api, colleague, customer):
    late, soon, far = (
        api.make("/activities", **_prepare_activity(customer, due_date=due))["id"]
        for due in ("2024-01-20T10:00:00", "2999-01-01T10:00:00", "2999-06-01T10:00:00")
    )
    pending = [
        row["id"] for row in api.fetch("/activities/pending", limit=500)["items"]
    ]
    assert {late, soon, far} <= set(pending)
    assert pending.index(late) < pending.index(soon) < pending.index(far)
    assert late not in {
        row["id"] for row in api.fetch("/activities/upcoming", limit=500)["items"]
    }
    assert colleague.fetch("/activities/pending")["total"] == 0
    api.put(f"/activities/{late}", json={"status": "DONE"})
    left = api.fetch("/activities/pending", limit=500)["items"]
    assert late not in {row["id"] for row in left}


# Lists


@pytest.fixture
def deals(api, customer):
    """Three opportunities of a customer, by title."""
    wishes = {"a": (10, "LEAD"), "b": (30, "PROPOSAL"), "c": (20, "PROPOSAL")}
    return {
        title: api.make(
            "/opportunities",
            customer_id=customer,
            title=f"{title} needle{customer}",
            value=value,
            stage=stage,
        )["id"]
        for title, (value, stage) in wishes.items()
    }


def test_lists_are_filtered_searched_and_sorted(api, colleague, customer, deals):
    def titles(**params):
        page = api.fetch("/opportunities", customer_id=customer, **params)
        found = [row["title"][0] for row in page["items"]]
        assert page["total"] == len(found)
        return "".join(found)

    assert titles(sort="value") == "acb"
    assert titles(sort="-value") == "bca"
    assert titles(sort="stage,-title") == "acb"
    assert titles(stage="PROPOSAL", sort="title") == "bc"
    assert titles(stage="proposal", sort="title") == "bc"
    assert titles(status="OPEN", sort="id") == "abc"
    assert titles(status="WON") == ""
    assert titles(q="b needle") == "b"
    assert titles(q="100% sure_\\") == ""
    me = api.fetch(f"/opportunities/{deals['a']}")["assigned_to"]
    assert titles(assigned_to=me, sort="id") == "abc"
    assert colleague.fetch("/opportunities", q=f"needle{customer}")["total"] == 3
    assert titles(assigned_to=1) == ""


def test_other_lists_are_filtered(api, company, customer):
    activity = api.make("/activities", **_prepare_activity(customer))
    for params, count in (
        ({"type": "CALL"}, 1),
        ({"type": "EMAIL"}, 0),
        ({"priority": "HIGH", "status": "PENDING"}, 1),
        ({"due_from": "2024-01-20T10:00:00Z"}, 1),
        ({"due_from": "2024-01-20T10:00:01Z"}, 0),
        ({"due_until": "2024-01-20T09:00:00-01:00"}, 1),
        ({"assigned_to": activity["assigned_to"]}, 1),
    ):
        page = api.fetch("/activities", customer_id=customer, **params)
        assert page["total"] == len(page["items"]) == count, params
    quote = api.make("/quotes", **{**_prepare_quote(company), "customer_id": customer})
    for params, count in (
        ({"status": "DRAFT"}, 1),
        ({"status": "SENT"}, 0),
        ({"q": quote["quote_number"]}, 1),
    ):
        page = api.fetch("/quotes", customer_id=customer, **params)
        assert page["total"] == len(page["items"]) == count, params


def test_pages_show_a_part_and_tell_of_the_whole(api, customer, deals):
    page = api.fetch("/opportunities", customer_id=customer, sort="id", limit=2)
    rest = api.fetch("/opportunities", customer_id=customer, sort="id", offset=2)
    assert [row["id"] for row in page["items"] + rest["items"]] == sorted(
        deals.values()
    )
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 0)
    assert (rest["total"], rest["limit"], rest["offset"]) == (3, 80, 2)


def test_a_cursor_gives_every_record_once_while_some_are_added(api, customer, deals):
    seen, cursor = [], ""
    while cursor is not None:
        page = api.fetch("/opportunities", customer_id=customer, cursor=cursor, limit=1)
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if len(seen) < 4:
            deal = _prepare_opportunity(customer, title=f"Added {len(seen)}")
            added = api.make("/opportunities", **deal)["id"]
    assert len(seen) == 6
    assert seen == sorted({*seen, *deals.values(), added})


def test_a_customer_without_a_name_of_its_own_is_shown(api, admin, customer):
    address = admin.create(
        "res.partner", parent_id=customer, type="delivery", city="Nowhere"
    )
    assert api.fetch(f"/customers/{address}")["city"] == "Nowhere"
    assert address in {
        row["id"] for row in api.fetch("/customers", sort="-id", limit=5)["items"]
    }


# Mistakes


def _make_bad_opportunities(company):
    """Each mistake: the values, and the field that the answer must name."""
    return [
        ({"colour": "red"}, "colour"),
        ({"title": None}, "title"),
        ({"title": "  "}, "title"),
        ({"title": 5}, "title"),
        ({"title": "zero\x00byte"}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"description": "zero\x00byte"}, "description"),
        ({"value": "much"}, "value"),
        ({"value": "5"}, "value"),
        ({"value": True}, "value"),
        ({"value": 1e300}, "value"),
        ({"value": 10**400}, "value"),
        ({"probability": 101}, "probability"),
        ({"probability": -1}, "probability"),
        ({"stage": "NOWHERE"}, "stage"),
        ({"priority": "high"}, "priority"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "euro"}, "currency"),
        ({"expected_close_date": "2024-02-30"}, "expected_close_date"),
        ({"expected_close_date": "31.12.2024"}, "expected_close_date"),
        ({"expected_close_date": 20241231}, "expected_close_date"),
        ({"expected_close_date": "0001-01-01"}, "expected_close_date"),
        ({"customer_id": MISSING}, "customer_id"),
        ({"customer_id": 2**40}, "customer_id"),
        ({"customer_id": str(company.customer)}, "customer_id"),
        ({"customer_id": True}, "customer_id"),
        ({"customer_id": -1}, "customer_id"),
        ({"assigned_to": MISSING}, "assigned_to"),
        ({"lost_reason_id": MISSING}, "lost_reason_id"),
        ({"tags": ["no such tag"]}, "tags"),
        ({"tags": ["%"]}, "tags"),
        ({"tags": "VIP"}, "tags"),
        ({"external_ref": ""}, "external_ref"),
    ]


def test_a_wrong_value_is_refused_by_the_fields_name(api, company, subtests):
    count = api.fetch("/opportunities")["total"]
    for values, field in _make_bad_opportunities(company):
        with subtests.test(str(values)[:60]):
            body = _prepare_opportunity(company.customer, **values)
            problems = _get_problems(api.post("/opportunities", json=body))
            # A part of a list is named after the list.
            assert [name.split(".")[0] for name in problems] == [field]
            assert all(problems.values())
    assert api.fetch("/opportunities")["total"] == count


def test_wrong_values_of_the_others_are_refused(api, company, subtests):
    customer = company.customer
    for path, body, field in (
        ("/activities", _prepare_activity(customer, type="SMOKE"), "type"),
        ("/activities", _prepare_activity(customer, due_date="soon"), "due_date"),
        ("/activities", _prepare_activity(customer, due_date="2024-01-20"), "due_date"),
        (
            "/activities",
            _prepare_activity(customer, due_date="9999-12-31T23:59:59-12:00"),
            "due_date",
        ),
        ("/activities", _prepare_activity(customer, opportunity_id=MISSING), None),
        ("/notes", {"customer_id": customer, "type": "SMS"}, "type"),
        ("/notes", {"customer_id": customer, "is_pinned": "yes"}, "is_pinned"),
        ("/contacts", {"name": "Nobody's"}, "customer_id"),
        ("/contacts", {"customer_id": customer}, "name"),
        ("/quotes", {"customer_id": customer, "status": "EXPIRED"}, "status"),
        ("/quotes", _prepare_quote(company, quantity="10"), "items.0.quantity"),
        ("/quotes", _prepare_quote(company, discount=101), "items.0.discount"),
        ("/quotes", _prepare_quote(company, colour="red"), "items.0.colour"),
        ("/quotes", _prepare_quote(company, product_id=MISSING), "items.0.product_id"),
    ):
        with subtests.test(f"{path} {field}"):
            [name] = _get_problems(api.post(path, json=body))
            assert name == (field or "opportunity_id")


def test_wrong_parameters_are_refused(api, subtests):
    for path, params, name in (
        ("/opportunities", {"colour": "red"}, "colour"),
        ("/opportunities", {"limit": 0}, "limit"),
        ("/opportunities", {"limit": 501}, "limit"),
        ("/opportunities", {"limit": "many"}, "limit"),
        ("/opportunities", {"offset": -1}, "offset"),
        ("/opportunities", {"offset": 10**30}, "offset"),
        ("/opportunities", {"sort": "colour"}, "sort"),
        ("/opportunities", {"sort": "tags"}, "sort"),
        ("/opportunities", {"sort": "title;drop"}, "sort"),
        ("/opportunities", {"sort": ","}, "sort"),
        ("/opportunities", {"status": "open"}, "status"),
        ("/opportunities", {"customer_id": "ABC"}, "customer_id"),
        ("/opportunities", {"q": "zero\x00byte"}, "q"),
        ("/opportunities", {"cursor": "nonsense"}, "cursor"),
        ("/opportunities", {"cursor": "1" * 19}, "cursor"),
        ("/activities", {"due_from": "yesterday"}, "due_from"),
        ("/activities/upcoming", {"days": -1}, "days"),
        ("/customers/1/timeline", {"kind": "GOSSIP"}, "kind.0"),
        ("/customers/1/timeline", {"before": "nonsense"}, "before"),
    ):
        with subtests.test(f"{path} {params}"):
            assert list(_get_problems(api.get(path, params=params))) == [name]
    assert api.get("/opportunities/abc").status_code == 404
    for number in (0, 2**40, "9" * 5000):
        assert api.get(f"/opportunities/{number}").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
    ],
)
def test_a_body_is_json_whatever_its_header_says(api, headers):
    content = b'{"title": "Deal", "company_name": "ABC"}'
    answer = api.post("/opportunities", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    for content in (b"{", b"title=Deal", b"\xff\xfe", b"{'title': 1}"):
        answer = api.post("/opportunities", content=content, headers=headers)
        assert answer.status_code == 400, content
        assert answer.json()["detail"]


def test_a_wrong_key_opens_nothing(rest_server, key):
    for header in ("", "Bearer", "Bearer wrong", f"Basic {key}", f"Bearer {key}x"):
        stranger = Rest(rest_server, key, Authorization=header)
        answer = stranger.get("/opportunities")
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["detail"]


def test_what_is_not_there_is_not_found(api, company):
    for path in (
        *("/opportunities", "/quotes", "/activities", "/notes", "/contacts"),
        *("/notes/customer", "/contacts/customer", "/customers"),
    ):
        answer = api.get(f"{path}/{MISSING}")
        assert answer.status_code == 404
        assert answer.json()["detail"]
    assert api.post(f"/quotes/{MISSING}/convert").status_code == 404
    assert api.get("/nowhere").status_code == 404
    answer = api.patch("/opportunities")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert api.put("/opportunities/bulk", json={}).status_code == 405
    assert api.post("/openapi.json").status_code == 405


def _get_raw(server, key, path):
    """Return the status and the body of a GET of ``path``: bytes, sent as they are."""
    head = b"GET /api%s HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer %s"
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        connection.sendall(head % (path, key.encode()) + b"\r\n\r\n")
        head, _end, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_letters_that_are_not_encoded(rest_server, key, admin, customer):
    admin.call("res.partner", "write", [customer], vals={"name": "Jörg Müßig"})
    path = "/customers?q=Jörg%20Müßig&limit=1".encode()
    status, body = _get_raw(rest_server, key, path)
    assert status == 200, body
    assert b'"total":1,' in body
    for path, expected in (
        (b"/customers?q=\xff", 200),
        (b"/customers?q=%FF", 200),
        (b"/customers?\xff=1", 422),
        (b"/customers/\xff", 404),
        (b"/customers/%FF", 404),
    ):
        assert _get_raw(rest_server, key, path)[0] == expected, path


def test_a_state_can_forbid_a_change(api, company):
    quote = api.make("/quotes", **_prepare_quote(company))
    path = f"/quotes/{quote['id']}"
    change = {"status": "REJECTED", "reject_reason": "Too dear"}
    assert api.put(path, json=change).json()["reject_reason"] == "Too dear"
    for call in (
        lambda: api.put(path, json={"status": "ACCEPTED"}),
        lambda: api.post(f"{path}/convert"),
    ):
        answer = call()
        assert answer.status_code == 409
        assert "rejected" in answer.json()["detail"].lower()
    assert api.fetch(path)["status"] == "REJECTED"
    assert api.put(path, json={"valid_until": "2030-01-01"}).status_code == 409
    converted = api.make("/quotes", **_prepare_quote(company))
    path = f"/quotes/{converted['id']}"
    api.post(f"{path}/convert").raise_for_status()
    for change in ({"items": []}, {"note": "More"}, {"status": "DRAFT"}):
        answer = api.put(path, json=change)
        assert answer.status_code == 409
        assert converted["quote_number"] in answer.json()["detail"]


def test_what_is_taken_is_a_conflict(api, admin, customer):
    person = admin.create("res.partner", name="Only Once")
    body = {"customer_id": customer, "person_id": person}
    api.make("/contacts", **body)
    answer = api.post("/contacts", json=body)
    assert answer.status_code == 409
    assert "a contact of this customer already" in answer.json()["detail"]
    assert api.fetch(f"/contacts/customer/{customer}")["total"] == 1


@pytest.fixture
def demanding_stage(admin):
    """The code of a stage that demands a description, an activity and a quote."""
    fields = [("model", "=", "billinator.opportunity"), ("name", "=", "description")]
    code = "DEMANDING"
    stage = admin.create(
        "billinator.stage",
        name="Demanding Stage",
        code=code,
        sequence=99,
        required_field_ids=[(6, 0, admin.search("ir.model.fields", *fields))],
        require_accepted_quote=True,
        require_next_activity=True,
    )
    yield code
    admin.call("billinator.stage", "write", [stage], vals={"code": f"WAS_{code}"})


def test_a_stage_names_all_that_it_demands(api, company, customer, demanding_stage):
    sent = _prepare_opportunity(customer)
    deal = api.make("/opportunities", **sent)
    path, move = f"/opportunities/{deal['id']}", {"stage": demanding_stage}
    for answer in (
        api.put(path, json=move),
        api.post("/opportunities", json={**sent, **move}),
    ):
        assert answer.status_code == 422
        for missing in ("Notes", "an accepted quote", "a next activity"):
            assert missing in _get_problems(answer)["stage"]
    assert _without_time(api.fetch(path)) == _without_time(deal)
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 1
    about = {"customer_id": customer, "opportunity_id": deal["id"]}
    api.make("/activities", **{**_prepare_activity(customer), **about})
    quote = api.make("/quotes", **{**_prepare_quote(company), **about})
    accept = {"status": "ACCEPTED"}
    assert api.put(f"/quotes/{quote['id']}", json=accept).status_code == 200
    moved = api.put(path, json={**move, "description": "All is said."}).json()
    assert moved["stage"] == demanding_stage


# Items


def test_an_unknown_tax_rate_is_refused_with_those_there_are(api, admin, company):
    count = admin.count("billinator.quote")
    body = _prepare_quote(company, tax_rate=77.5, line_total=17750.0)
    [(field, message)] = _get_problems(api.post("/quotes", json=body)).items()
    assert field == "items.0.tax_rate"
    assert "77.5" in message
    assert "18" in message
    assert admin.count("billinator.quote") == count


def test_items_that_do_not_add_up_leave_nothing_behind(api, admin, company):
    counts = {
        model: admin.count(model)
        for model in ("billinator.quote", "billinator.quote.line", "mail.message")
    }
    body = _prepare_quote(company, line_total=11800.01)
    [(field, message)] = _get_problems(api.post("/quotes", json=body)).items()
    assert field == "items.0.line_total"
    assert "11,800.00" in message
    assert {model: admin.count(model) for model in counts} == counts


# Once, and only once


def test_a_quote_becomes_one_invoice(api, admin, company):
    quote = api.make("/quotes", **_prepare_quote(company))
    path = f"/quotes/{quote['id']}"
    first, second = api.post(f"{path}/convert"), api.post(f"{path}/convert")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["total"] == quote["total"]
    converted = api.fetch(path)
    assert (converted["status"], converted["invoice_status"]) == ("ACCEPTED", "DRAFT")
    invoices = admin.search("account.move", ("billinator_quote_id", "=", quote["id"]))
    assert invoices == [first.json()["invoice_id"]]


def test_a_quote_that_needs_approval_stays_inside(api, admin, company):
    rule = admin.create("billinator.approval.rule", name="Much", max_discount=60)
    quote = api.make("/quotes", **_prepare_quote(company, discount=70, line_total=3540))
    path = f"/quotes/{quote['id']}"
    assert (quote["approval_state"], quote["version"]) == ("NEEDED", 1)
    for answer in (
        api.post(f"{path}/convert"),
        api.get(f"{path}/pdf"),
        api.put(path, json={"status": "SENT"}),
    ):
        assert answer.status_code == 409
        assert "needs approval" in answer.json()["detail"]
    admin.call("billinator.quote", "action_approve", [quote["id"]])
    assert api.fetch(path)["approval_state"] == "APPROVED"
    assert api.post(f"{path}/convert").status_code == 201
    admin.call("billinator.approval.rule", "unlink", [rule])


def test_items_add_up_to_the_total(api, admin, company):
    quote = api.make("/quotes", **_prepare_quote(company))
    assert quote["discount"] == 0
    option = {
        "quote_id": quote["id"],
        "product_id": company.product,
        "is_optional": True,
    }
    admin.create("billinator.quote.line", **option)
    admin.call(
        "billinator.quote", "action_apply_discount", [quote["id"]], percentage=10
    )
    quote = api.fetch(f"/quotes/{quote['id']}")
    item, left_out = quote["items"]
    assert (left_out["is_optional"], left_out["is_selected"]) == (True, False)
    assert (quote["discount"], quote["total"]) == (1180, 10620)
    assert item["line_total"] - quote["discount"] == quote["total"]


def test_clients_that_convert_at_once_get_one_invoice(rest_server, key, api, company):
    quote = api.make("/quotes", **_prepare_quote(company))
    calls = [
        lambda: Rest(rest_server, key).post(f"/quotes/{quote['id']}/convert")
    ] * CLIENTS
    answers = _at_once(calls)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * (CLIENTS - 1) + [201]
    assert len({answer.json()["invoice_id"] for answer in answers}) == 1


def test_a_meeting_is_in_the_calendar(api, admin, customer):
    meeting = api.make("/activities", **_prepare_activity(customer, type="MEETING"))
    native = admin.read("billinator.activity", meeting["id"], "calendar_event_id")
    event = admin.read("calendar.event", native["calendar_event_id"], "start")
    assert event["start"] == "2024-01-20 10:00:00"


def test_an_idempotency_key_makes_a_call_safe_to_repeat(api, colleague, customer):
    def create(client=api, title="Once", key=f"key-{customer}"):
        body = _prepare_opportunity(customer, title=title)
        headers = {"Idempotency-Key": key}
        return client.post("/opportunities", json=body, headers=headers)

    first, second = create(), create()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert create(title="Twice").status_code == 409
    others = create(colleague)
    assert others.status_code == 201
    assert others.json()["id"] != first.json()["id"]
    assert create(key="").json()["id"] not in (first.json()["id"], others.json()["id"])
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 3


def test_a_repeated_call_may_be_written_otherwise(api, customer):
    headers = {
        "Idempotency-Key": f"otherwise-{customer}",
        "Content-Type": "application/json",
    }
    body = _prepare_opportunity(customer)
    other_way = json.dumps(dict(reversed(body.items())), indent=2)
    answers = [
        api.post("/opportunities", content=content, headers=headers)
        for content in (json.dumps(body), other_way, '{"title": "Another"}')
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[0].json() == answers[1].json()


def test_a_call_that_failed_can_be_repeated_with_its_key(api, customer):
    headers = {"Idempotency-Key": f"mended-{customer}"}
    for stage, status in (("NOWHERE", 422), ("LEAD", 201)):
        body = _prepare_opportunity(customer, stage=stage)
        answer = api.post("/opportunities", json=body, headers=headers)
        assert answer.status_code == status


def test_one_key_at_once_makes_one_record(rest_server, key, api, customer):
    body = _prepare_opportunity(customer)
    headers = {"Idempotency-Key": f"crowd-{customer}"}
    answers = _at_once(
        [
            lambda: Rest(rest_server, key).post(
                "/opportunities", json=body, headers=headers
            )
        ]
        * CLIENTS
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 1


def test_an_external_reference_is_created_once_and_changed_then(api, customer):
    def send(ref="A-1", source="shop", **values):
        body = _prepare_opportunity(
            customer, external_ref=f"{ref}-{customer}", external_source=source, **values
        )
        return api.post("/opportunities", json=body)

    first, second = send(), send(title="Renamed")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["external_ref"] == f"A-1-{customer}"
    known = [{"source": "shop", "ref": f"A-1-{customer}"}]
    assert second.json()["external_references"] == known
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["title"] == "Renamed"
    assert send(source="other shop").status_code == 201
    assert send(ref="A-2").status_code == 201
    assert api.delete(f"/opportunities/{first.json()['id']}").status_code == 204
    assert send().status_code == 201
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 3


def test_one_reference_at_once_makes_one_record(rest_server, key, api, customer):
    body = _prepare_opportunity(customer, external_ref=f"crowd-{customer}")
    answers = _at_once(
        [lambda: Rest(rest_server, key).post("/opportunities", json=body)] * CLIENTS
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * (CLIENTS - 1) + [201]
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 1


def test_one_new_source_at_once_is_made_once(rest_server, key, admin, customer):
    name = f"Crowd {customer}"
    body = _prepare_opportunity(customer, source=name)
    answers = _at_once(
        [lambda: Rest(rest_server, key).post("/opportunities", json=body)] * CLIENTS
    )
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["source"] for answer in answers} == {name}
    assert len(admin.search("utm.source", ("name", "ilike", name))) == 1


# Many at once


def test_each_of_many_gets_an_answer(api, customer):
    items = [
        _prepare_opportunity(customer, title="First"),
        _prepare_opportunity(customer, stage="NOWHERE"),
        _prepare_opportunity(customer, value="much"),
        _prepare_opportunity(customer, title="Last", external_ref=f"last-{customer}"),
    ]
    answer = api.post("/opportunities/bulk", json={"items": items})
    assert answer.status_code == 200
    content = answer.json()
    assert (content["succeeded"], content["failed"]) == (2, 2)
    results = content["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3]
    assert [result["status"] for result in results] == [201, 422, 422, 201]
    assert results[0]["item"]["title"] == "First"
    assert results[2]["detail"][0]["loc"] == ["body", "items", 2, "value"]
    again = api.post("/opportunities/bulk", json={"items": items[3:]}).json()
    assert again["results"][0]["status"] == 200
    assert again["results"][0]["item"]["id"] == results[3]["item"]["id"]
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 2


def test_all_or_nothing_is_nothing_if_one_is_wrong(api, customer):
    items = [
        _prepare_opportunity(customer),
        _prepare_opportunity(customer, stage="NOWHERE"),
    ]
    body = {"items": items, "all_or_nothing": True}
    answer = api.post("/opportunities/bulk", json=body)
    assert answer.status_code == 422
    [problem] = answer.json()["detail"]
    assert (problem["index"], problem["status"]) == (1, 422)
    assert api.fetch("/opportunities", customer_id=customer)["total"] == 0
    body["items"] = items[:1]
    assert api.post("/opportunities/bulk", json=body).json()["succeeded"] == 1


def test_no_more_than_a_thousand_at_once(api):
    for items in ([], [{"title": "Deal", "company_name": "ABC"}] * 1001):
        answer = api.post("/opportunities/bulk", json={"items": items})
        assert list(_get_problems(answer)) == ["items"]


# Companies, languages, replicas


def test_a_call_can_choose_one_of_the_users_companies(rest_server, key, admin, api):
    mine = admin.read("res.users", admin.search("res.users")[0], "company_id")
    other = admin.create("res.company", name="Another Company of Mine")
    foreign = admin.create("res.company", name="A Foreign Company")
    me = api.make("/opportunities", title="Mine", company_name="ABC")["assigned_to"]
    admin.call("res.users", "write", [me], vals={"company_ids": [(4, other)]})
    admin.call("res.users", "write", [me], vals={"company_ids": [(3, foreign)]})
    there = Rest(rest_server, key, **{"X-Company-Id": str(other)})
    deal = there.make("/opportunities", title="There", company_name="ABC")
    assert deal["company_id"] == other
    assert there.fetch("/opportunities")["total"] == 1
    assert api.fetch(f"/opportunities/{deal['id']}") == deal
    here = Rest(rest_server, key, **{"X-Company-Id": str(mine["company_id"])})
    assert here.get(f"/opportunities/{deal['id']}").status_code == 404
    for company, status in ((foreign, 403), (MISSING, 403), (0, 403), ("x", 422)):
        stranger = Rest(rest_server, key, **{"X-Company-Id": str(company)})
        assert stranger.get("/opportunities").status_code == status


def test_errors_speak_the_clients_language(rest_server, admin, api, customer):
    german = admin.call(
        "res.lang",
        "search",
        domain=[("code", "=", "de_DE")],
        context={"active_test": False},
    )
    admin.call("res.lang", "write", german, vals={"active": True})
    seller = create_api_client(
        rest_server, admin, "german", "sales_team.group_sale_salesman"
    )
    deal = seller.make("/opportunities", **_prepare_opportunity(customer))
    details = {}
    for header in ("de-DE,en;q=0.5", "en-US", "xx", "de;q=W", ";;;q=,=", "*"):
        answer = seller.delete(
            f"/opportunities/{deal['id']}", headers={"Accept-Language": header}
        )
        assert answer.status_code == 403
        details[header] = answer.json()["detail"]
    german = details.pop("de-DE,en;q=0.5")
    assert "Sie " in german
    assert set(details.values()) == {details["en-US"]} != {german}
    # Without a wish, it is the user's own language.
    admin.call("res.users", "write", [deal["assigned_to"]], vals={"lang": "de_DE"})
    answer = seller.delete(f"/opportunities/{deal['id']}")
    assert answer.json()["detail"] == german


def test_reading_runs_on_a_read_only_cursor(rest_server, api, company, customer):
    quote = api.make("/quotes", **_prepare_quote(company))
    activity = api.make("/activities", **_prepare_activity(customer))
    note = api.make("/notes", customer_id=customer, body="Read me")
    contact = api.make("/contacts", customer_id=customer, name="Reader")
    deal = api.make("/opportunities", **_prepare_opportunity(customer))
    for path in (
        *("/opportunities", "/opportunities/pipeline", f"/opportunities/{deal['id']}"),
        *("/quotes", f"/quotes/{quote['id']}", "/activities", "/activities/pending"),
        *("/activities/upcoming", f"/activities/{activity['id']}"),
        *(f"/notes/customer/{customer}", f"/notes/{note['id']}"),
        *(f"/contacts/customer/{customer}", f"/contacts/{contact['id']}"),
        *("/customers", f"/customers/{customer}", f"/customers/{customer}/timeline"),
        *(f"/quotes/{quote['id']}/pdf", "/products", "/taxes", "/segments"),
        *("/lost-reasons", "/outcomes", "/users", "/tags", "/stages"),
        *("/openapi.json", "/docs"),
    ):
        assert api.get(path).status_code == 200, path
    # Odoo warns where it has to repeat a call with a cursor that writes.
    check_file(rest_server.log, REST_LOG)
