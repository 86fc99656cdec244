"""What integrations do, over XML-RPC, JSON-2, OdooRPC and odooly, as a salesperson."""

import os
import re
import subprocess
import sys

import httpx
import odooly
import odoorpc
import pytest
from clients import Company, Json2, Refused, WebClient, XmlRpc, create_user

from dev_tool.places import ROOT

DEAL = "billinator.opportunity"
QUOTE = "billinator.quote"
LINE = "billinator.quote.line"
SALESPERSON = "integration"


@pytest.fixture(scope="module")
def api_key(crm_server, admin):
    """The key of a user who sees no documents but the own ones."""
    create_user(admin, SALESPERSON, "sales_team.group_sale_salesman")
    return WebClient(crm_server, SALESPERSON, SALESPERSON).create_api_key()


@pytest.fixture(params=["XML-RPC", "JSON-2"])
def salesperson(request, crm_server, api_key):
    if request.param == "JSON-2":
        return Json2(crm_server, api_key)
    return XmlRpc(crm_server, SALESPERSON, api_key)


def _stage(client, code):
    [stage] = client.search("billinator.stage", ("code", "=", code))
    return stage


def _invoice_of(result):
    """The invoice in the answer to a salesperson's conversion of one quote."""
    [invoice] = result["params"]["invoice_ids"]
    return invoice


def test_a_deal_is_read_as_it_was_sent(salesperson, company, admin):
    sent = {
        "name": "New Deal with ABC Corp",
        "partner_id": company.customer,
        "expected_revenue": 50000.0,
        "probability": 75.0,
        "stage_id": _stage(salesperson, "PROPOSAL"),
        "date_deadline": "2024-12-31",
        "source_id": admin.create("utm.source", name="WEBSITE"),
    }
    deal = salesperson.create(DEAL, **sent)
    results = ("status", "weighted_revenue", "is_probability_manual")
    assert salesperson.read(DEAL, deal, *sent, *results) == {
        "id": deal,
        **sent,
        "status": "open",
        "weighted_revenue": 37500.0,
        "is_probability_manual": True,
    }


def test_a_quote_is_read_as_it_was_sent_and_adds_up(salesperson, company):
    quote = salesperson.create(QUOTE, **company.prepare_quote())
    read = salesperson.read(
        *(QUOTE, quote, "partner_id", "date_quote", "validity_date", "state"),
        *("amount_untaxed", "amount_tax", "amount_total", "line_ids", "name"),
    )
    [line] = read.pop("line_ids")
    assert re.fullmatch(r"Q\d{4}/\d{5}", read.pop("name"))
    assert read == {
        "id": quote,
        "partner_id": company.customer,
        "date_quote": "2024-01-15",
        "validity_date": "2024-02-15",
        "state": "draft",
        "amount_untaxed": 10000.0,
        "amount_tax": 1800.0,
        "amount_total": 11800.0,
    }
    expected = {
        "id": line,
        "product_id": company.product,
        "name": "Product Name",
        "quantity": 10.0,
        "price_unit": 1000.0,
        "tax_ids": [company.tax],
        "price_total": 11800.0,
    }
    assert salesperson.read(LINE, line, *list(expected)[1:]) == expected


def test_deals_are_won_lost_and_reopened(salesperson, company):
    [reason, *_] = salesperson.search("billinator.lost.reason")
    deal = salesperson.create(DEAL, name="Deal", partner_id=company.customer)
    state = ("status", "probability", "lost_reason_id")

    result = salesperson.call(DEAL, "action_set_won", [deal])
    assert result["effect"]["type"] == "rainbow_man"
    assert salesperson.read(DEAL, deal, *state) == {
        **{"id": deal, "status": "won", "probability": 100.0, "lost_reason_id": False}
    }
    salesperson.call(DEAL, "action_reopen", [deal])
    assert salesperson.read(DEAL, deal, "stage_id")["stage_id"] == _stage(
        salesperson, "LEAD"
    )
    salesperson.call(
        *(DEAL, "action_set_lost", [deal]), lost_reason_id=reason, feedback="Too late"
    )
    assert salesperson.read(DEAL, deal, *state) == {
        **{"id": deal, "status": "lost", "probability": 0.0, "lost_reason_id": reason}
    }


def test_statistics_count_what_the_domain_names(salesperson, company):
    def create(value, stage):
        return salesperson.create(
            DEAL,
            name="Deal",
            partner_id=company.customer,
            expected_revenue=value,
            stage_id=_stage(salesperson, stage),
        )

    deals = [create(1000.0, "LEAD"), create(3000.0, "LEAD"), create(500.0, "WON")]
    statistics = salesperson.call(
        DEAL, "get_pipeline_statistics", domain=[("id", "in", deals)]
    )
    assert [
        (stage["code"], stage["count"], stage["value"], stage["weighted_value"])
        for stage in statistics["stages"]
    ] == [("LEAD", 2, 4000.0, 400.0), ("WON", 1, 500.0, 500.0)]
    assert statistics["overall"]["count"] == 3
    assert statistics["win_rate"] == 100.0
    assert statistics["average_deal"] == 500.0

    nothing = salesperson.call(DEAL, "get_pipeline_statistics", domain=[("id", "=", 0)])
    assert nothing["overall"]["count"] == 0
    assert nothing["win_rate"] is nothing["average_deal"] is False


def test_deals_are_imported(salesperson, company):
    imported = salesperson.call(
        DEAL,
        "load",
        fields=["name", "partner_id/.id", "stage_id"],
        data=[["Imported", str(company.customer), "PROPOSAL"]],
    )
    assert not imported["messages"]
    [deal] = imported["ids"]
    read = salesperson.read(DEAL, deal, "name", "partner_id", "probability")
    assert read == {
        "id": deal,
        "name": "Imported",
        "partner_id": company.customer,
        "probability": 50.0,
    }


def test_similar_deals_are_found_and_merged(salesperson, admin):
    customer = admin.create("res.partner", name="Twice Ltd")
    kept = salesperson.create(DEAL, name="A thing", partner_id=customer)
    gone = salesperson.create(
        DEAL, name="Unlike it", partner_id=customer, expected_revenue=70.0
    )
    quote = salesperson.create(QUOTE, partner_id=customer, opportunity_id=gone)
    assert gone in salesperson.read(DEAL, kept, "duplicate_ids")["duplicate_ids"]

    salesperson.call(DEAL, "merge_opportunities", [kept], opportunity_ids=[gone])
    assert salesperson.count(DEAL, ("id", "=", gone)) == 0
    assert salesperson.read(DEAL, kept, "quote_ids", "expected_revenue") == {
        **{"id": kept, "quote_ids": [quote], "expected_revenue": 70.0}
    }


def test_a_quote_goes_through_its_states_to_one_invoice(salesperson, company, admin):
    quote = salesperson.create(QUOTE, **company.prepare_quote())

    def act(method, **arguments):
        result = salesperson.call(QUOTE, method, [quote], **arguments)
        return result, salesperson.read(QUOTE, quote, "state")["state"]

    assert act("action_mark_sent") == (True, "sent")
    assert act("action_reject", reason="Too dear") == (True, "rejected")
    read = salesperson.read(QUOTE, quote, "reject_reason")
    assert read["reject_reason"] == "Too dear"
    assert act("action_reset_to_draft") == (True, "draft")
    assert act("action_accept") == (True, "accepted")

    result, _state = act("action_convert_to_invoice")
    invoice = _invoice_of(result)
    again, _state = act("action_convert_to_invoice")
    assert _invoice_of(again) == invoice
    read = admin.read(
        *("account.move", invoice, "move_type", "state", "partner_id"),
        *("amount_total", "billinator_quote_id"),
    )
    assert read == {
        "id": invoice,
        "move_type": "out_invoice",
        "state": "draft",
        "partner_id": company.customer,
        "amount_total": 11800.0,
        "billinator_quote_id": quote,
    }
    assert admin.read(QUOTE, quote, "invoice_ids")["invoice_ids"] == [invoice]
    assert salesperson.read(QUOTE, quote, "invoice_status")["invoice_status"] == "draft"


def test_who_may_see_invoices_is_led_to_them(admin, company):
    quotes = [admin.create(QUOTE, **company.prepare_quote()) for _ in range(2)]
    one = admin.call(QUOTE, "action_convert_to_invoice", quotes[:1])
    assert one["res_model"] == "account.move"
    assert admin.read(QUOTE, quotes[0], "invoice_ids")["invoice_ids"] == [one["res_id"]]
    both = admin.call(QUOTE, "action_convert_to_invoice", quotes)
    invoices = admin.call("account.move", "search", domain=both["domain"])
    assert len(invoices) == 2
    assert one["res_id"] in invoices


def test_odoorpc_sells_as_well(crm_server, api_key, company):
    client = odoorpc.ODOO("127.0.0.1", port=crm_server.port)
    client.login(crm_server.database, SALESPERSON, api_key)
    quotes = client.env[QUOTE]
    quote = quotes.browse(quotes.create(company.prepare_quote()))
    assert quote.amount_total == 11800.0
    assert quote.name.startswith("Q")
    invoice = _invoice_of(quote.action_convert_to_invoice())
    assert _invoice_of(quotes.action_convert_to_invoice([quote.id])) == invoice


def test_odooly_sells_as_well(refusing_server):
    # The server refuses what odooly tries when it logs in.
    server, login = refusing_server, "odooly_seller"
    admin = XmlRpc(server, server.login, server.password)
    company = Company.set_up(admin)
    create_user(admin, login, "sales_team.group_sale_salesman")
    key = WebClient(server, login, login).create_api_key()
    client = odooly.Client(server.url, server.database, login, api_key=key)
    sent = {"name": "Deal", "partner_id": company.customer, "expected_revenue": 1000.0}
    [deal] = client.env[DEAL].create([{**sent, "probability": 75.0}])
    assert (deal.status, deal.weighted_revenue) == ("open", 750.0)
    deal.action_set_won()
    assert client.env[DEAL].browse(deal.id).status == "won"
    [quote] = client.env[QUOTE].create(
        [{**company.prepare_quote(), "opportunity_id": deal.id}]
    )
    assert quote.amount_total == 11800.0
    invoice = _invoice_of(quote.action_convert_to_invoice())
    assert _invoice_of(quote.action_convert_to_invoice()) == invoice
    assert admin.read("account.move", invoice, "amount_total")["amount_total"] == 11800


def test_the_example_works_as_it_is(crm_server, admin):
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "xmlrpc_quote_to_invoice.py"],
        env={
            **os.environ,
            "ODOO_URL": crm_server.url,
            "ODOO_DB": crm_server.database,
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    name, total, invoice = re.match(
        r"(\S+) of ([\d.]+) is invoice (\d+): http", result.stdout
    ).groups()
    read = admin.read("account.move", int(invoice), "invoice_origin", "amount_total")
    assert read["invoice_origin"] == name
    assert read["amount_total"] == float(total) > 9500.0


def test_a_wrong_key_is_refused(crm_server):
    answer = httpx.post(
        f"{crm_server.url}/json/2/{DEAL}/search",
        json={"domain": []},
        headers={"Authorization": "Bearer no-such-key"},
    )
    assert answer.status_code == 401


# What clients send by mistake, and the sentence that tells them.
NOT_THERE = "Record does not exist or has been deleted."
PERCENTAGE = "The probability is a percentage: choose a value from 0 to 100."
WHO = (
    "Say who the opportunity is for: choose a customer, or give a company name, a "
    "contact name, an email address or a phone number."
)
MISSING_CUSTOMER = "Missing required value for the field 'Customer' (partner_id)."
TOO_EARLY = "A quote cannot expire before its own date: choose a later “valid until”."
DISCOUNT = "A discount is a percentage: choose a value from 0 to 100."
REASON = "Choose the reason why the opportunity was lost."
WHY = "Why was “Deal” lost? Use the Lost button, or choose a lost reason together"
EMPTY = "has no product to sell yet."
REJECTED = "is Rejected and cannot become Accepted. Reset it to draft first."
NOT_ALLOWED = "You are not allowed to delete 'Quote' (billinator.quote) records."
# Mistakes in a client's code: Odoo shows them with its own, as an internal error.
UNKNOWN_FIELD = f"Invalid field 'colour' in '{DEAL}'"
NOT_A_NUMBER = "“Expected Revenue” has to be a number up to 1,000,000,000,000,000."
NOT_A_DATE = "time data 'tomorrow' does not match format '%Y-%m-%d'"
NOT_A_PRIORITY = f"Wrong value for {DEAL}.priority: '9'"
FOREIGN_PRODUCT = "“Product” (product_id: 'Foreign') belongs to another company."


def _refused_calls(admin, company):
    """Each call with the sentence that answers it."""
    return {**_refused_deals(admin, company), **_refused_quotes(admin, company)}


def _refused_deals(admin, company):
    deal = admin.create(DEAL, name="Deal", partner_id=company.customer, user_id=False)
    lost = _stage(admin, "LOST")

    def create(**values):
        values = {"name": "Deal", "partner_id": company.customer, **values}
        return lambda client: client.create(DEAL, **values)

    return {
        "unknown stage": (create(stage_id=99999), NOT_THERE),
        "probability above": (create(probability=150), PERCENTAGE),
        "probability below": (create(probability=-1), PERCENTAGE),
        "nobody's deal": (create(partner_id=False), WHO),
        "unknown customer": (create(partner_id=99999), NOT_THERE),
        "unknown field": (create(colour="red"), UNKNOWN_FIELD),
        "no number": (create(expected_revenue="much"), NOT_A_NUMBER),
        "no date": (create(date_deadline="tomorrow"), NOT_A_DATE),
        "no choice": (create(priority="9"), NOT_A_PRIORITY),
        "created as lost": (create(stage_id=lost), REASON),
        "moved to lost": (_calling(DEAL, "write", deal, vals={"stage_id": lost}), WHY),
        "lost without a reason": (
            _calling(DEAL, "action_set_lost", deal, lost_reason_id=False),
            WHY,
        ),
    }


def _refused_quotes(admin, company):
    empty = admin.create(QUOTE, partner_id=company.customer, user_id=False)
    rejected = admin.create(QUOTE, **company.prepare_quote(), user_id=False)
    admin.call(QUOTE, "action_reject", [rejected])
    other_company = admin.create("res.company", name="Another Company")
    foreign = admin.create("product.product", name="Foreign", company_id=other_company)
    convert = "action_convert_to_invoice"

    def create(item=(), **values):
        values = {**company.prepare_quote(**dict(item)), **values}
        return lambda client: client.create(QUOTE, **values)

    return {
        "nobody's quote": (create(partner_id=False), MISSING_CUSTOMER),
        "valid until before": (create(validity_date="2024-01-14"), TOO_EARLY),
        "foreign product": (create({"product_id": foreign}), FOREIGN_PRODUCT),
        "discount above": (create({"discount": 101}), DISCOUNT),
        "discount below": (create({"discount": -1}), DISCOUNT),
        "empty quote": (_calling(QUOTE, convert, empty), EMPTY),
        "rejected quote": (_calling(QUOTE, convert, rejected), REJECTED),
        "deleted by a salesperson": (_calling(QUOTE, "unlink", rejected), NOT_ALLOWED),
    }


def _calling(model, method, record_id, **options):
    return lambda client: client.call(model, method, [record_id], **options)


def _everything(admin):
    """How much there is, and when each document was last changed."""
    models = (DEAL, QUOTE, LINE, "account.move", "res.partner", "mail.message")
    counts = {model: admin.count(model) for model in models}
    changes = [
        admin.call(model, "search_read", domain=[], fields=["write_date", "state"])
        for model in (QUOTE, "account.move")
    ]
    return counts, changes


def test_bad_values_get_a_clear_answer_and_leave_nothing(refusing_server, subtests):
    server, login = refusing_server, "careless_integration"
    admin = XmlRpc(server, server.login, server.password)
    refused_calls = _refused_calls(admin, Company.set_up(admin))
    create_user(admin, login, "sales_team.group_sale_salesman")
    api_key = WebClient(server, login, login).create_api_key()
    for client in (XmlRpc(server, login, api_key), Json2(server, api_key)):
        for mistake, (call, sentence) in refused_calls.items():
            with subtests.test(mistake, client=type(client).__name__):
                before = _everything(admin)
                with pytest.raises(Refused) as refusal:
                    call(client)
                assert sentence in refusal.value.message
                assert _everything(admin) == before


def test_other_salespeoples_documents_are_not_there(refusing_server):
    server, login = refusing_server, "curious_integration"
    admin = XmlRpc(server, server.login, server.password)
    company = Company.set_up(admin)
    quote = admin.create(QUOTE, **company.prepare_quote())
    create_user(admin, login, "sales_team.group_sale_salesman")
    salesperson = XmlRpc(server, login, login)
    assert salesperson.search(QUOTE, ("id", "=", quote)) == []
    for method in ("read", "action_convert_to_invoice"):
        with pytest.raises(Refused, match="top-secret records"):
            salesperson.call(QUOTE, method, [quote])
    assert admin.read(QUOTE, quote, "invoice_ids")["invoice_ids"] == []
