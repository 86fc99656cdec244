"""Beside the modules of countries whose invoices have rules of their own.

What a quote says of taxes is what an invoice by hand would say, and down payments are
what the electronic invoices take them for.
"""

from dataclasses import dataclass

import pytest
from clients import XmlRpc
from database import get_odoo, name_copy

from dev_tool.databases import Databases
from dev_tool.log_check import check_file
from dev_tool.places import LOGS
from dev_tool.server import free_port, serving

QUOTE = "billinator.quote"
INVOICE = "account.move"
# A seller in each country, whose login is the company's name.
SET_UP = """
for name, country, state, chart in (
    ("gujarat", "base.in", "base.state_in_gj", "in"),
    ("italy", "base.it", "base.state_it_mi", "it"),
):
    company = env["res.company"].create({"name": name})
    # Afterwards, for a new company has all modules of its country installed.
    company.write({"country_id": env.ref(country).id, "state_id": env.ref(state).id})
    env["account.chart.template"].try_loading(chart, company, install_demo=False)
    groups = (
        env.ref("sales_team.group_sale_manager")
        + env.ref("account.group_account_manager")
        + env.ref("base.group_partner_manager")
        + env.ref("product.group_product_manager")
    )
    env["res.users"].create(
        {
            "name": name,
            "login": name,
            "password": name,
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
            "group_ids": [(6, 0, groups.ids)],
        }
    )
    if name == "gujarat":
        company.l10n_in_is_gst_registered = True
env.cr.commit()
"""


@pytest.fixture(scope="module")
def server():
    """A server on a database with crm and sale, and the countries' modules on top.

    Italy's declarations of intent need Odoo's own sales.
    """
    odoo = get_odoo()
    databases = Databases(odoo)
    name = name_copy()
    log = LOGS / "countries-server.log"
    log.unlink(missing_ok=True)
    databases.copy_without_demo(databases.with_peers(), name)
    options = ("-i", "l10n_in,l10n_it_edi_doi", "--stop-after-init", "--no-http")
    odoo.run("countries", "-d", name, *options)
    odoo.run_script("countries-companies", name, SET_UP)
    settings = ("--max-cron-threads=0", f"--logfile={log}")
    with serving(odoo, name, free_port(), *settings) as started:
        yield started
    for path in (LOGS / "countries.log", LOGS / "countries-companies.log", log):
        check_file(path)


@dataclass
class Seller:
    """Who sells one product in a country."""

    client: XmlRpc
    product: int

    @classmethod
    def log_in(cls, server, name):
        client = XmlRpc(server, name, name)
        return cls(client, client.create("product.product", name="Tea", list_price=100))

    def create_partner(self, name, **values):
        return self.client.create("res.partner", name=name, is_company=True, **values)

    def create_quote(self, **values):
        # The sample data's pricelist has another currency than the company.
        values = {"pricelist_id": False, **values}
        lines = [(0, 0, {"product_id": self.product, "quantity": 2})]
        return self.client.create(QUOTE, line_ids=lines, **values)

    def convert(self, quote):
        action = self.client.call(QUOTE, "action_convert_to_invoice", [quote])
        return action["res_id"]

    def create_invoice(self, **values):
        lines = [(0, 0, {"product_id": self.product, "quantity": 2})]
        values = {"move_type": "out_invoice", "invoice_line_ids": lines, **values}
        return self.client.create(INVOICE, **values)

    def describe(self, model, record):
        """Return the fiscal position's name and id, the taxes, and the total."""
        names = ("fiscal_position_id", "amount_total")
        [read] = self.client.call(model, "read", [record], fields=names)
        owner = {QUOTE: "quote_id", INVOICE: "move_id"}[model]
        lines = self.client.call(
            f"{model}.line",
            "search_read",
            domain=[(owner, "=", record), ("product_id", "=", self.product)],
            fields=["tax_ids"],
        )
        taxes = [line["tax_ids"] for line in lines]
        return read["fiscal_position_id"], taxes, read["amount_total"]

    def check(self, position, customer, delivery=None, billed=None):
        """Assert that quote, its invoice and one by hand have a position's taxes."""
        addresses = {"partner_shipping_id": delivery} if delivery else {}
        by_hand = self.create_invoice(partner_id=billed or customer, **addresses)
        if billed:
            addresses["partner_invoice_id"] = billed
        quote = self.create_quote(partner_id=customer, **addresses)
        expected = self.describe(INVOICE, by_hand)
        assert expected[0][1].endswith(position)
        assert expected[1] != [[]]
        assert self.describe(QUOTE, quote) == expected
        assert self.describe(INVOICE, self.convert(quote)) == expected


def test_india_taxes_at_the_place_of_supply(server):
    seller = Seller.log_in(server, "gujarat")
    reference = seller.client.reference
    india = {"country_id": reference("base.in")}
    here = {**india, "state_id": reference("base.state_in_gj")}
    there = {**india, "state_id": reference("base.state_in_mh")}
    zone = {**here, "l10n_in_gst_treatment": "special_economic_zone"}
    gujarat = seller.create_partner("Gujarat", **here)
    maharashtra = seller.create_partner("Maharashtra", **there)

    seller.check("Within Gujarat", gujarat)
    seller.check("Inter State", maharashtra)
    seller.check("(SEZ)", seller.create_partner("Zone", **zone))
    seller.check("Within Gujarat", seller.create_partner("Stateless", **india))
    seller.check("Within Gujarat", gujarat, delivery=maharashtra)
    seller.check("Inter State", gujarat, delivery=gujarat, billed=maharashtra)

    quote = seller.create_quote(partner_id=gujarat)
    before = seller.describe(QUOTE, quote)[0]
    seller.client.call(
        QUOTE, "write", [quote], vals={"partner_invoice_id": maharashtra}
    )
    after = seller.describe(QUOTE, quote)[0]
    assert before[1].endswith("Within Gujarat")
    assert after[1].endswith("Inter State")


def test_italy_knows_declarations_of_intent_and_down_payments(server):
    seller = Seller.log_in(server, "italy")
    client = seller.client
    country = {"country_id": client.reference("base.it")}
    exporter = seller.create_partner("Exporter", **country)
    declaration = client.create(
        "l10n_it_edi_doi.declaration_of_intent",
        partner_id=exporter,
        start_date="2020-01-01",
        end_date="2099-12-31",
        threshold=10000,
        protocol_number_part1="12345678901234567",
        protocol_number_part2="123456",
        state="active",
    )
    seller.check("Declaration of Intent", exporter)
    quote = seller.create_quote(partner_id=exporter)
    assert client.read(QUOTE, quote, "amount_tax") == {"id": quote, "amount_tax": 0}
    invoice = seller.convert(quote)
    client.call(INVOICE, "action_post", [invoice])
    read = client.read(INVOICE, invoice, "l10n_it_edi_doi_id", "state")
    assert read == {
        **{"id": invoice, "state": "posted", "l10n_it_edi_doi_id": declaration}
    }

    quote = seller.create_quote(partner_id=seller.create_partner("Buyer", **country))
    action = client.call(QUOTE, "action_invoice_down_payment", [quote], percentage=30)
    down_payment = action["res_id"]
    client.call(INVOICE, "action_post", [down_payment])
    final = seller.convert(quote)
    client.call(INVOICE, "action_post", [final])
    assert _document_type(client, down_payment) == "TD02"
    assert _document_type(client, final) == "TD01"


def _document_type(client, invoice):
    kind = client.read(INVOICE, invoice, "l10n_it_document_type")
    [read] = client.call(
        "l10n_it.document.type",
        "read",
        [kind["l10n_it_document_type"]],
        fields=["code"],
    )
    return read["code"]
