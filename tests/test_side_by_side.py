"""In one database with Odoo's own crm and sale, neither side notices the other."""

from dataclasses import dataclass

import pytest
from clients import Company, WebClient, XmlRpc

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.odoo import Odoo
from dev_tool.places import LOGS

DEAL = "billinator.opportunity"
QUOTE = "billinator.quote"
OUR_MODELS = (DEAL, QUOTE, "billinator.stage", "billinator.lost.reason")
THEIR_MODELS = ("crm.lead", "crm.stage", "sale.order", "sale.order.line")
SHARED_MODELS = ("account.move", "res.partner", "product.product", "crm.team")


@pytest.fixture(scope="module")
def database_with_both():
    """A database like the other tests', with crm and sale installed on top."""
    name = Databases(Odoo.as_set_up()).with_peers()
    check_file(LOGS / "install-beside.log")
    return name


@dataclass
class Users:
    """The admin over XML-RPC and in a browser, and what they sell."""

    admin: XmlRpc
    browser: WebClient
    company: Company


@pytest.fixture(scope="module")
def start_both(database_with_both, start_server):
    """Start a server with both and return its users; takes the server's options."""

    def start(**options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("UNOPENED_DATABASE", database_with_both)
            server = start_server(**options)
        admin = XmlRpc(server, server.login, server.password)
        browser = WebClient(server, server.login, server.password)
        return Users(admin, browser, Company.set_up(admin))

    return start


def _sell_with_ours(users):
    """Work a deal up to its posted invoice and return that."""
    admin, company = users.admin, users.company
    deal = admin.create(DEAL, name="Ours", partner_id=company.customer)
    values = {**company.prepare_quote(), "opportunity_id": deal}
    quote = admin.create(QUOTE, **values)
    users.browser.request(
        "/product/catalog/update_order_line_info",
        **{"res_model": QUOTE, "order_id": quote},
        **{"product_id": company.product, "quantity": 10},
    )
    admin.call(QUOTE, "action_mark_sent", [quote])
    action = admin.call(QUOTE, "action_convert_to_invoice", [quote])
    invoice = action["res_id"]
    admin.call("account.move", "action_post", [invoice])
    admin.call(DEAL, "action_set_won", [deal])
    assert admin.read(QUOTE, quote, "invoice_status")["invoice_status"] == "posted"
    assert admin.read(DEAL, deal, "status", "invoice_status") == {
        **{"id": deal, "status": "won", "invoice_status": "posted"}
    }
    assert admin.read("account.move", invoice, "amount_total")["amount_total"] == 11800
    return invoice


def _sell_with_theirs(users):
    """Win a lead, confirm its order, post the order's invoice and return that."""
    admin, company = users.admin, users.company
    lead = admin.create(
        "crm.lead", name="Theirs", partner_id=company.customer, type="opportunity"
    )
    line = {"product_id": company.product, "product_uom_qty": 2, "price_unit": 50.0}
    line["tax_ids"] = [(6, 0, [company.tax])]
    order = admin.create(
        "sale.order",
        partner_id=company.customer,
        opportunity_id=lead,
        order_line=[(0, 0, line)],
    )
    admin.call("sale.order", "action_confirm", [order])
    wizard = admin.create(
        "sale.advance.payment.inv",
        advance_payment_method="delivered",
        sale_order_ids=[(6, 0, [order])],
    )
    # Its answer has a None in it, which XML-RPC cannot say.
    users.browser.call("sale.advance.payment.inv", "create_invoices", [wizard])
    read = admin.read("sale.order", order, "state", "amount_total", "invoice_ids")
    [invoice] = read.pop("invoice_ids")
    assert read == {"id": order, "state": "sale", "amount_total": 118.0}
    admin.call("account.move", "action_post", [invoice])
    admin.call("crm.lead", "action_set_won_rainbowman", [lead])
    read = admin.read("crm.lead", lead, "won_status")
    assert read["won_status"] == "won"
    read = admin.read("account.move", invoice, "amount_total", "state")
    assert read == {"id": invoice, "amount_total": 118.0, "state": "posted"}
    return invoice


def _views(browser, model):
    """The fields and views of a model, as the web client loads them."""
    views = browser.call(
        model, "get_views", [[False, name] for name in ("form", "list", "search")]
    )
    attributes = ["type", "string", "relation", "required", "readonly", "store"]
    return browser.call(model, "fields_get", attributes=attributes), {
        name: view["arch"] for name, view in views["views"].items()
    }


@pytest.fixture(scope="module")
def users(start_both):
    """Users of both who leave them installed."""
    return start_both()


def test_both_sell_in_one_database(users):
    ours = _sell_with_ours(users)
    theirs = _sell_with_theirs(users)
    read = users.admin.read("account.move", theirs, "billinator_quote_id")
    assert not read["billinator_quote_id"]
    assert users.admin.search("sale.order", ("invoice_ids", "in", [ours])) == []
    for model in SHARED_MODELS:
        fields, views = _views(users.browser, model)
        assert fields
        assert set(views) == {"form", "list", "search"}


def test_ours_are_the_same_without_theirs(users, crm_server):
    alone = WebClient(crm_server, crm_server.login, crm_server.password)
    for model in OUR_MODELS:
        assert _views(users.browser, model) == _views(alone, model)


def test_they_are_the_same_without_ours_which_comes_back(start_both):
    """Uninstall with data, sell with theirs alone, and install again."""
    # Odoo deletes a module's records before its tables. Those that others refer to
    # refuse at first, or for good as customers with invoices; it logs that and goes on.
    users = start_both(expected_log=["bad query: b'DELETE FROM "])
    admin, browser = users.admin, users.browser
    invoice = _sell_with_ours(users)
    before = {model: _views(browser, model) for model in THEIR_MODELS}
    [module] = admin.search("ir.module.module", ("name", "=", "billinator_crm"))

    admin.call("ir.module.module", "button_immediate_uninstall", [module])
    assert {model: _views(browser, model) for model in THEIR_MODELS} == before
    assert "billinator_quote_id" not in _views(browser, "account.move")[0]
    assert admin.read("account.move", invoice, "state")["state"] == "posted"
    _sell_with_theirs(users)

    admin.call("ir.module.module", "button_immediate_install", [module])
    _sell_with_ours(users)
    _sell_with_theirs(users)
