"""Activities over the APIs, and the rows that Odoo's own activities have."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial

import odoorpc
import pytest
from clients import (
    Company,
    Json2,
    Refused,
    WebClient,
    XmlRpc,
    create_user,
    running_at_once,
)

ACTIVITY = "billinator.activity"
NATIVE = "mail.activity"
DEAL = "billinator.opportunity"
QUOTE = "billinator.quote"
EVENT = "calendar.event"
DOCUMENTS = ("res.partner", DEAL, QUOTE)
SALESPERSON = "activist"
# A salesperson who may also create contacts, as a new user in Odoo may.
GROUPS = ("sales_team.group_sale_salesman", "base.group_partner_manager")


@pytest.fixture(scope="module")
def user(admin):
    """The salesperson's id; sees no documents but the own ones, in New York."""
    user = create_user(admin, SALESPERSON, *GROUPS)
    admin.call("res.users", "write", [user], vals={"tz": "America/New_York"})
    return user


@pytest.fixture(scope="module")
def api_key(crm_server, user):
    return WebClient(crm_server, SALESPERSON, SALESPERSON).create_api_key()


@pytest.fixture(params=["XML-RPC", "JSON-2"])
def salesperson(request, crm_server, api_key):
    if request.param == "JSON-2":
        return Json2(crm_server, api_key)
    return XmlRpc(crm_server, SALESPERSON, api_key)


def _follow_up(**values):
    """What an existing client sends, in Odoo's field names."""
    return {
        "type": "call",
        "summary": "Follow-up call",
        "note": "<p>Discuss proposal details</p>",
        "due_date": "2034-01-20 10:00:00",
        "priority": "high",
        **values,
    }


def _from_now(**time):
    moment = datetime.now(timezone.utc) + timedelta(**time)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _native(client, activity):
    return client.read(ACTIVITY, activity, "activity_id")["activity_id"]


def _mismatches(admin):
    """What contradicts: each activity on a document of the CRM has exactly one row."""
    natives = admin.call(
        NATIVE,
        "search",
        domain=[("res_model", "in", DOCUMENTS), ("active", "in", [True, False])],
    )
    rows = admin.call(
        ACTIVITY, "search_read", domain=[], fields=["activity_id"], load="ids"
    )
    rows = sorted(row["activity_id"] for row in rows)
    return set(rows) ^ set(natives), len(rows) - len(set(rows))


NO_MISMATCH = (set(), 0)


# --- The contract --- #


def test_an_activity_is_read_as_it_was_sent(salesperson, company, user):
    deal = salesperson.create(DEAL, name="Deal", partner_id=company.customer)
    quote = salesperson.create(
        QUOTE, **company.prepare_quote(), opportunity_id=deal, user_id=user
    )
    for document in (
        {"partner_id": company.customer},
        {"opportunity_id": deal},
        {"quote_id": quote},
    ):
        sent = _follow_up(**document)
        activity = salesperson.create(ACTIVITY, **sent)
        about_deal = "partner_id" not in document
        assert salesperson.read(
            *(ACTIVITY, activity, *_follow_up(), "partner_id", "opportunity_id"),
            *("quote_id", "user_id", "status", "date_deadline", "state"),
            *("completed_at", "outcome"),
        ) == {
            "id": activity,
            **_follow_up(),
            "partner_id": company.customer,
            "opportunity_id": about_deal and deal,
            "quote_id": document.get("quote_id", False),
            "user_id": user,
            "status": "pending",
            "date_deadline": "2034-01-20",
            "state": "planned",
            "completed_at": False,
            "outcome": False,
        }


def test_activities_are_found_by_what_they_are(salesperson, company):
    customer = salesperson.create("res.partner", name="Searched Ltd")
    wanted, *others = salesperson.create_all(
        ACTIVITY,
        [
            _follow_up(partner_id=customer),
            _follow_up(partner_id=customer, type="email"),
            _follow_up(partner_id=customer, due_date="2034-03-20 10:00:00"),
            _follow_up(partner_id=customer, priority="low"),
            _follow_up(partner_id=customer),
            _follow_up(partner_id=company.customer),
        ],
    )
    salesperson.call(ACTIVITY, "action_complete", others[3:4])
    domain = [
        ("partner_id", "=", customer),
        ("type", "=", "call"),
        ("status", "=", "pending"),
        ("priority", "in", ["high", "urgent"]),
        ("due_date", ">=", "2034-01-20 10:00:00"),
        ("due_date", "<", "2034-01-21"),
    ]
    assert salesperson.search(ACTIVITY, *domain) == [wanted]
    done = [("partner_id", "=", customer), ("status", "=", "done")]
    assert salesperson.search(ACTIVITY, *done) == others[3:4]


STATE = ("status", "outcome", "duration", "state", "active")


def test_activities_are_completed_reopened_and_cancelled(salesperson, admin, user):
    customer = salesperson.create("res.partner", name="Called Ltd")
    activity = salesperson.create(ACTIVITY, **_follow_up(partner_id=customer))
    before = salesperson.count("mail.message", ("res_id", "=", customer))

    def act(method, **arguments):
        assert salesperson.call(ACTIVITY, method, [activity], **arguments) is True
        state = salesperson.read(ACTIVITY, activity, *STATE)
        assert state.pop("id") == activity
        return tuple(state.values())

    done = ("done", "Wants a <b>quote</b>", 0.25, "done", False)
    pending = ("pending", False, 0.25, "planned", True)
    complete = {"outcome": "Wants a <b>quote</b>", "duration": 0.25}
    assert act("action_complete", **complete) == done
    read = salesperson.read(ACTIVITY, activity, "completed_at", "completed_by")
    assert read["completed_by"] == user
    assert _from_now(minutes=-2) < read["completed_at"] <= _from_now()
    domain = [("model", "=", "res.partner"), ("res_id", "=", customer)]
    [message, *_] = admin.call(
        "mail.message", "search_read", domain=domain, fields=["body"]
    )
    assert "Wants a &lt;b&gt;quote&lt;/b&gt;" in message["body"]

    assert act("action_complete", duration=0.25) == done
    assert act("action_reopen") == pending
    read = salesperson.read(ACTIVITY, activity, "completed_at", "completed_by")
    assert not read["completed_at"]
    assert not read["completed_by"]
    assert act("action_cancel") == ("cancelled", False, 0.25, "done", False)
    assert act("action_reopen") == pending
    assert salesperson.count("mail.message", ("res_id", "=", customer)) == before + 1


def test_pending_and_upcoming_tell_what_there_is_to_do(salesperson, admin, user):
    customer = salesperson.create("res.partner", name="Overview Ltd")
    times = [
        {"hours": -50},
        {"minutes": 30},
        {"hours": 23},
        {"days": 12},
        {"minutes": 40},
        {"minutes": 45},
    ]
    activities = salesperson.create_all(
        ACTIVITY,
        [_follow_up(partner_id=customer, due_date=_from_now(**time)) for time in times],
    )
    overdue, soon, tomorrow, later, done, colleagues = activities
    salesperson.call(ACTIVITY, "action_complete", [done])
    salesperson.call(ACTIVITY, "write", [colleagues], vals={"user_id": 2})

    def ids(entries):
        return [entry["id"] for entry in entries if entry["id"] in activities]

    pending = salesperson.call(ACTIVITY, "get_pending")
    assert ids(pending) == [overdue, soon, tomorrow, later]
    [entry] = [entry for entry in pending if entry["id"] == overdue]
    assert entry["state"] == "overdue"
    assert entry["type"] == "call"
    assert entry["partner_id"] == [customer, "Overview Ltd"]
    assert ids(salesperson.call(ACTIVITY, "get_upcoming", days=2)) == [soon, tomorrow]
    assert later in ids(salesperson.call(ACTIVITY, "get_upcoming", days=13))
    assert len(salesperson.call(ACTIVITY, "get_pending", limit=2)) == 2
    assert ids(admin.call(ACTIVITY, "get_pending", user_id=user)) == ids(pending)
    assert colleagues in ids(salesperson.call(ACTIVITY, "get_pending", user_id=2))
    salesperson.call(ACTIVITY, "unlink", activities)


def _plan_meeting(client, customer):
    """Return the ids of a new meeting of an hour and a half, and of its event."""
    meeting = client.create(
        ACTIVITY, **_follow_up(type="meeting", partner_id=customer, duration=1.5)
    )
    event = client.read(ACTIVITY, meeting, "calendar_event_id")["calendar_event_id"]
    return meeting, event


def _times(client, meeting, event):
    at = client.read(EVENT, event, "start", "stop")
    own = client.read(ACTIVITY, meeting, "due_date", "date_deadline")
    assert own["due_date"] == at["start"]
    return at["start"], at["stop"], own["date_deadline"]


def test_activity_and_meeting_move_together(salesperson, company, user):
    meeting, event = _plan_meeting(salesperson, company.customer)
    times = partial(_times, salesperson, meeting, event)
    assert salesperson.read(EVENT, event, "name", "user_id", "res_id") == {
        **{"id": event, "name": "Follow-up call", "user_id": user},
        "res_id": company.customer,
    }
    assert times() == ("2034-01-20 10:00:00", "2034-01-20 11:30:00", "2034-01-20")
    # 02:00 in UTC is the evening before in New York.
    salesperson.call(
        *(ACTIVITY, "action_reschedule", [meeting]), due_date="2034-01-25 02:00:00"
    )
    assert times() == ("2034-01-25 02:00:00", "2034-01-25 03:30:00", "2034-01-24")
    vals = {"start": "2034-02-01 15:00:00", "stop": "2034-02-01 16:30:00"}
    salesperson.call(EVENT, "write", [event], vals=vals)
    assert times() == (vals["start"], vals["stop"], "2034-02-01")
    native = _native(salesperson, meeting)
    salesperson.call(NATIVE, "write", [native], vals={"date_deadline": "2034-02-03"})
    assert times() == ("2034-02-03 15:00:00", "2034-02-03 16:30:00", "2034-02-03")


def test_activity_and_meeting_are_called_off_together(salesperson, company):
    meeting, event = _plan_meeting(salesperson, company.customer)
    salesperson.call(ACTIVITY, "action_cancel", [meeting])
    assert salesperson.count(EVENT, ("id", "=", event)) == 0
    salesperson.call(ACTIVITY, "action_reopen", [meeting])
    assert salesperson.count(EVENT, ("id", "=", event)) == 1
    salesperson.call(EVENT, "unlink", [event])
    assert salesperson.read(ACTIVITY, meeting, "status", "calendar_event_id") == {
        **{"id": meeting, "status": "cancelled", "calendar_event_id": False}
    }


ZONES = {
    "Pacific/Kiritimati": "2034-01-21",
    "Asia/Kolkata": "2034-01-20",
    "America/New_York": "2034-01-20",
    "Pacific/Pago_Pago": "2034-01-19",
}


def test_the_deadline_is_the_day_where_the_assignee_is(admin, user):
    customer = admin.create("res.partner", name="Global Ltd")
    values = _follow_up(partner_id=customer, due_date="2034-01-20 10:30:00")
    fields = ("date_deadline", "due_date")
    for zone, day in ZONES.items():
        admin.call("res.users", "write", [user], vals={"tz": zone})
        given = admin.create(ACTIVITY, **values, user_id=user)
        handed_over = admin.create(ACTIVITY, **values)
        admin.call(ACTIVITY, "write", [handed_over], vals={"user_id": user})
        for activity in (given, handed_over):
            assert admin.read(ACTIVITY, activity, *fields) == {
                **{"id": activity, "date_deadline": day},
                "due_date": "2034-01-20 10:30:00",
            }
    admin.call("res.users", "write", [user], vals={"tz": "America/New_York"})


def test_odoorpc_plans_and_completes(crm_server, api_key, company):
    client = odoorpc.ODOO("127.0.0.1", port=crm_server.port)
    client.login(crm_server.database, SALESPERSON, api_key)
    activities = client.env[ACTIVITY]
    activity = activities.browse(
        activities.create(_follow_up(partner_id=company.customer))
    )
    assert activity.due_date == datetime(2034, 1, 20, 10)
    activity.action_complete("Reached", 0.5)
    [read] = activity.read(["status", "outcome", "duration"])
    assert read == {
        **{"id": activity.id, "status": "done", "outcome": "Reached", "duration": 0.5}
    }
    assert activity.id not in [entry["id"] for entry in activities.get_pending()]


# --- Mistakes --- #

WHAT_ABOUT = (
    "Say what the activity is about: choose a customer, an opportunity or a quote."
)
NOT_A_TYPE = "“fax” is not an activity type."
WRONG_TYPE = f"Wrong value for {ACTIVITY}.type: 'fax'"
NOT_A_PRIORITY = f"Wrong value for {ACTIVITY}.priority: '9'"
NOT_A_STATUS = f"Wrong value for {ACTIVITY}.status: 'lost'"
NOT_A_DATE = "time data 'tomorrow' does not match format"
NOT_A_MOMENT = "“due_date” has to be date and time in UTC, as 2026-01-31 10:00:00."
OTHER_CUSTOMER = "Deal is not about the customer Other Ltd."
OTHER_CONTACT = "is not a contact of"
WHEN = "Say when the activity is due."
NEGATIVE = "The duration of an activity cannot be negative."
NOT_DAYS = "“days” has to be a whole number from 0 to 36500."
NOT_THERE = "Record does not exist or has been deleted."
DONE = "What is done cannot be cancelled. Reopen it first."
CANCELLED = "Reopen the cancelled activity before you complete it."
NOT_PENDING = "Only a pending activity can be rescheduled. Reopen it."


def _create(**values):
    return lambda client: client.create(ACTIVITY, **_follow_up(**values))


def _call(*arguments, **options):
    return lambda client: client.call(ACTIVITY, *arguments, **options)


def _refused_creations(admin, customer, user):
    """Each creation with the sentence that answers it."""
    other = admin.create("res.partner", name="Other Ltd", is_company=True)
    deal = admin.create(DEAL, name="Deal", partner_id=customer, user_id=user)
    stranger = admin.create("billinator.contact", customer_id=other, name="Stranger")
    about = {"partner_id": customer, "user_id": user}
    return {
        "about nothing": (_create(), WHAT_ABOUT),
        "unknown customer": (_create(partner_id=99999), NOT_THERE),
        "unknown deal": (_create(opportunity_id=99999), NOT_THERE),
        "unknown type": (_create(type="fax", **about), NOT_A_TYPE),
        "unknown priority": (_create(priority="9", **about), NOT_A_PRIORITY),
        "unknown status": (_create(status="lost", **about), NOT_A_STATUS),
        "no date": (_create(due_date="tomorrow", **about), NOT_A_DATE),
        "another customer": (
            _create(partner_id=other, opportunity_id=deal),
            OTHER_CUSTOMER,
        ),
        "contact of another": (_create(contact_id=stranger, **about), OTHER_CONTACT),
    }


def _refused_writes(admin, pending):
    other = admin.create("res.partner", name="Another Ltd", is_company=True)
    stranger = admin.create("billinator.contact", customer_id=other, name="Stranger")

    def write(**values):
        return _call("write", [pending], vals=values)

    return {
        "written type": (write(type="fax"), WRONG_TYPE),
        "written priority": (write(priority="9"), NOT_A_PRIORITY),
        "written date": (write(due_date="tomorrow"), NOT_A_DATE),
        "written contact": (write(contact_id=stranger), OTHER_CONTACT),
        "written without date": (write(due_date=False), WHEN),
    }


def _refused_methods(pending, done, cancelled, gone):
    def reschedule(activity, due_date):
        return _call("action_reschedule", [activity], due_date=due_date)

    return {
        "rescheduled to no date": (reschedule(pending, "tomorrow"), NOT_A_MOMENT),
        "rescheduled to nothing": (reschedule(pending, False), WHEN),
        "rescheduled when done": (reschedule(done, "2034-01-21 10:00:00"), NOT_PENDING),
        "negative days": (_call("get_upcoming", days=-1), NOT_DAYS),
        "endless days": (_call("get_upcoming", days=10**9), NOT_DAYS),
        "days as text": (_call("get_upcoming", days="7"), NOT_DAYS),
        "negative duration": (
            _call("action_complete", [pending], duration=-1.0),
            NEGATIVE,
        ),
        "cancelled when done": (_call("action_cancel", [done]), DONE),
        "completed when cancelled": (_call("action_complete", [cancelled]), CANCELLED),
        "completed when deleted": (_call("action_complete", [gone]), NOT_THERE),
        "written when deleted": (
            _call("write", [gone], vals={"summary": "Back"}),
            NOT_THERE,
        ),
    }


def _refused_calls(admin, company, user):
    """Each call with the sentence that answers it."""
    about = {"partner_id": company.customer, "user_id": user}
    pending, done, cancelled, gone = admin.create_all(
        ACTIVITY, [_follow_up(**about)] * 4
    )
    admin.call(ACTIVITY, "action_complete", [done])
    admin.call(ACTIVITY, "action_cancel", [cancelled])
    admin.call(ACTIVITY, "unlink", [gone])
    return {
        **_refused_creations(admin, company.customer, user),
        **_refused_writes(admin, pending),
        **_refused_methods(pending, done, cancelled, gone),
    }


def _everything(admin):
    """How much there is, and when each activity was last changed."""
    models = (NATIVE, EVENT, "mail.message", "mail.followers", "res.partner")
    counts = {
        model: admin.call(
            model,
            "search_count",
            domain=[("active", "in", [True, False])]
            if model in (NATIVE, EVENT)
            else [],
        )
        for model in models
    }
    fields = ["write_date", "status", "due_date", "type", "priority"]
    return counts, admin.call(ACTIVITY, "search_read", domain=[], fields=fields)


def test_bad_values_get_a_clear_answer_and_leave_nothing(refusing_server, subtests):
    server, login = refusing_server, "careless_activist"
    admin = XmlRpc(server, server.login, server.password)
    user = create_user(admin, login, *GROUPS)
    refused_calls = _refused_calls(admin, Company.set_up(admin), user)
    api_key = WebClient(server, login, login).create_api_key()
    for client in (XmlRpc(server, login, api_key), Json2(server, api_key)):
        for mistake, (call, sentence) in refused_calls.items():
            with subtests.test(mistake, client=type(client).__name__):
                before = _everything(admin)
                with pytest.raises(Refused) as refusal:
                    call(client)
                assert sentence in refusal.value.message
                assert _everything(admin) == before


# --- Rights --- #

NO_ACCESS = r"top-secret|security restrict"
FOREIGN_CALLS = {
    "read": ("read", {"fields": ["summary"]}),
    "write": ("write", {"vals": {"summary": "Mine now"}}),
    "complete": ("action_complete", {}),
    "cancel": ("action_cancel", {}),
    "reschedule": ("action_reschedule", {"due_date": "2034-01-21 10:00:00"}),
    "delete": ("unlink", {}),
}


def test_activities_of_a_colleagues_deal(refusing_server, subtests):
    server, login = refusing_server, "curious_activist"
    admin = XmlRpc(server, server.login, server.password)
    customer = admin.create("res.partner", name="Shared Ltd")
    user = create_user(admin, login, *GROUPS)
    deal = admin.create(DEAL, name="Theirs", partner_id=customer)
    foreign, own = admin.create_all(
        ACTIVITY,
        [
            _follow_up(opportunity_id=deal, type="meeting"),
            _follow_up(opportunity_id=deal, user_id=user),
        ],
    )
    api_key = WebClient(server, login, login).create_api_key()
    for client in (XmlRpc(server, login, login), Json2(server, api_key)):
        name = type(client).__name__
        with subtests.test("the own one", client=name):
            assert client.search(ACTIVITY, ("opportunity_id", "=", deal)) == [own]
            client.call(ACTIVITY, "action_complete", [own], outcome="Reached")
            client.call(ACTIVITY, "action_reopen", [own])
        for right, (method, arguments) in FOREIGN_CALLS.items():
            with subtests.test(right, client=name):
                before = _everything(admin)
                with pytest.raises(Refused, match=NO_ACCESS):
                    client.call(ACTIVITY, method, [foreign], **arguments)
                assert _everything(admin) == before
        with subtests.test("create", client=name):
            before = _everything(admin)
            with pytest.raises(Refused, match=NO_ACCESS):
                client.create(ACTIVITY, **_follow_up(opportunity_id=deal))
            assert _everything(admin) == before
        with subtests.test("overview", client=name):
            entries = client.call(ACTIVITY, "get_pending", user_id=2)
            assert foreign not in [entry["id"] for entry in entries]


# --- Many at once --- #


@dataclass
class Task:
    """What a client completes, again and again."""

    url: str
    database: str
    login: str
    password: str
    activities: list = field(default_factory=list)
    outcome: str = ""


def complete(task):
    client = XmlRpc(task, task.login, task.password)
    for activity in task.activities:
        client.call(ACTIVITY, "action_complete", [activity], outcome=task.outcome)


@pytest.mark.parametrize("kind", ["call", "meeting"])
def test_completed_by_two_at_once_is_told_once(crm_server, admin, kind):
    customer = admin.create("res.partner", name="Popular Ltd")
    activities = admin.create_all(
        ACTIVITY, [_follow_up(partner_id=customer, type=kind) for _ in range(5)]
    )
    told = [("model", "=", "res.partner"), ("res_id", "=", customer)]
    before = admin.count("mail.message", *told)
    tasks = [
        Task(
            crm_server.url,
            crm_server.database,
            crm_server.login,
            crm_server.password,
            activities,
            f"Told by {n}",
        )
        for n in range(2)
    ]
    with running_at_once(complete, tasks) as running:
        for client in running:
            client.result()
    done = admin.call(
        ACTIVITY, "read", activities, fields=["status", "outcome", "feedback"]
    )
    assert {entry["status"] for entry in done} == {"done"}
    for entry in done:
        assert entry["outcome"] == entry["feedback"]
        assert entry["outcome"].startswith("Told by ")
    assert admin.count("mail.message", *told) == before + len(activities)


# --- One row each --- #


@pytest.fixture
def documents(admin, company):
    """A customer, a deal and a quote, by their models."""
    customer = admin.create("res.partner", name="Documented Ltd", is_company=True)
    values = {**company.prepare_quote(), "partner_id": customer}
    return {
        "res.partner": customer,
        DEAL: admin.create(DEAL, name="Deal", partner_id=customer),
        QUOTE: admin.create(QUOTE, **values),
    }


def _create_natively(admin, documents, **values):
    """Do what chatter and systray do, and return the activities."""
    return admin.create_all(
        NATIVE,
        [
            {
                "res_model_id": admin.search("ir.model", ("model", "=", model))[0],
                "res_id": record,
                "activity_type_id": admin.reference("mail.mail_activity_data_todo"),
                "date_deadline": "2034-04-05",
                "summary": "Native",
                **values,
            }
            for model, record in documents.items()
        ],
    )


def _schedule(admin, documents):
    for model, record in documents.items():
        admin.call(
            *(model, "activity_schedule", [record]),
            act_type_xmlid="mail.mail_activity_data_call",
            date_deadline="2034-04-05",
            summary="Scheduled",
        )


def _launch_plan(admin, documents):
    template = {
        "activity_type_id": admin.reference("mail.mail_activity_data_email"),
        "summary": "Planned",
        "responsible_type": "on_demand",
    }
    for model, record in documents.items():
        plan = admin.create(
            "mail.activity.plan",
            name="Plan",
            res_model=model,
            template_ids=[(0, 0, template), (0, 0, template)],
        )
        wizard = admin.create(
            "mail.activity.schedule",
            res_model=model,
            res_ids=str([record]),
            plan_id=plan,
            plan_on_demand_user_id=2,
        )
        admin.call("mail.activity.schedule", "action_schedule_plan", [wizard])


def _run_server_action(admin, documents):
    for model, record in documents.items():
        action = admin.create(
            "ir.actions.server",
            name="Next activity",
            model_id=admin.search("ir.model", ("model", "=", model))[0],
            state="next_activity",
            activity_type_id=admin.reference("mail.mail_activity_data_todo"),
            activity_summary="Automatic",
            activity_user_type="specific",
            activity_user_id=2,
        )
        context = {"active_model": model, "active_id": record, "active_ids": [record]}
        admin.call("ir.actions.server", "run", [action], context=context)


def _meet(admin, documents):
    for model, record in documents.items():
        admin.create(
            EVENT,
            name="Met",
            start="2034-04-05 10:00:00",
            stop="2034-04-05 11:00:00",
            res_model_id=admin.search("ir.model", ("model", "=", model))[0],
            res_id=record,
        )


WAYS = {
    "chatter": (_create_natively, 1, {"task"}),
    "activity_schedule": (_schedule, 1, {"call"}),
    "plan": (_launch_plan, 2, {"email"}),
    "server action": (_run_server_action, 1, {"task"}),
    "calendar": (_meet, 1, {"meeting"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_activity_has_one_row(admin, documents, way):
    schedule, each, types = WAYS[way]
    schedule(admin, documents)
    rows = admin.call(
        ACTIVITY,
        "search_read",
        domain=[("partner_id", "=", documents["res.partner"])],
        fields=["type", "res_model", "status"],
    )
    assert len(rows) == each * len(documents)
    assert {row["res_model"] for row in rows} == set(documents)
    assert {row["type"] for row in rows} == types
    assert {row["status"] for row in rows} == {"pending"}
    assert _mismatches(admin) == NO_MISMATCH


def test_a_thousand_in_one_call(admin):
    customer = admin.create("res.partner", name="Busy Ltd")
    natives = _create_natively(admin, {"res.partner": customer})
    [values] = admin.call(
        NATIVE, "read", natives, fields=["res_model_id", "res_id"], load="ids"
    )
    del values["id"]
    natives += admin.create_all(NATIVE, [values] * 999)
    natives.sort()
    about = ("partner_id", "=", customer)
    assert admin.count(ACTIVITY, about) == len(natives) == 1000
    assert _mismatches(admin) == NO_MISMATCH
    rows = sorted(admin.search(ACTIVITY, about))
    admin.call(ACTIVITY, "action_complete", rows[:300], outcome="All done")
    assert admin.count(ACTIVITY, about, ("outcome", "=", "All done")) == 300
    admin.call(ACTIVITY, "unlink", rows[200:500])
    admin.call(NATIVE, "unlink", natives[500:700])
    assert admin.count(ACTIVITY, about) == 500
    assert _mismatches(admin) == NO_MISMATCH
    admin.call("res.partner", "unlink", [customer])
    assert admin.count(ACTIVITY, ("id", "in", rows)) == 0
    assert _mismatches(admin) == NO_MISMATCH


@contextmanager
def _leaving_nothing(admin, documents):
    """Expect that all activities of the documents go, on both sides."""
    natives = _create_natively(admin, documents) + _create_natively(admin, documents)
    admin.call(NATIVE, "action_feedback", natives[:3], feedback="Done")
    rows = admin.search(ACTIVITY, ("activity_id", "in", natives))
    assert len(rows) == 6
    yield natives, rows
    assert admin.count(ACTIVITY, ("id", "in", rows)) == 0
    active = ("active", "in", [True, False])
    assert admin.count(NATIVE, ("id", "in", natives), active) == 0
    assert _mismatches(admin) == NO_MISMATCH


def test_deletion_leaves_neither_side(admin, documents):
    with _leaving_nothing(admin, documents) as (natives, _rows):
        admin.call(NATIVE, "unlink", natives)
    with _leaving_nothing(admin, documents) as (_natives, rows):
        admin.call(ACTIVITY, "unlink", rows)
    with _leaving_nothing(admin, documents):
        for model in (QUOTE, DEAL, "res.partner"):
            admin.call(model, "unlink", [documents[model]])
