"""What there is to work on, and whom to work as."""

import threading
from collections import deque
from dataclasses import dataclass, field

from clients import API_GROUP, Company, WebClient, XmlRpc, create_user
from journal import Writer

# Few enough that people meet on the same records.
POOL_SIZE = 24
CUSTOMERS = 6
SELLER = "sales_team.group_sale_salesman_all_leads"
PEOPLE = "base.group_partner_manager"
MANAGER = "sales_team.group_sale_manager"
SALESPEOPLE = {
    "soak_ada": (SELLER, PEOPLE),
    "soak_ben": (SELLER, PEOPLE),
    "soak_cleo": (MANAGER, PEOPLE),
}
# Login and password
ADMIN = "admin"
BOOKKEEPER = "soak_dan"
API_USER = "soak_api"
# Scheduled actions
EXPIRY = "billinator_crm.ir_cron_expire_quotes"
REVENUES = "billinator_crm.ir_cron_refresh_company_revenues"
VACUUM = "base.autovacuum_job"
STAGES = ("LEAD", "QUALIFIED", "PROPOSAL", "NEGOTIATION")


class Pool:
    """The latest records of a kind, for whoever looks for some."""

    def __init__(self, size=POOL_SIZE):
        self._items = deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, item):
        with self._lock:
            self._items.append(item)

    def drop(self, item):
        with self._lock:
            if item in self._items:
                self._items.remove(item)

    def pick(self, random):
        """Return one of them, or None."""
        with self._lock:
            return random.choice(self._items) if self._items else None

    def pick_two(self, random):
        """Return two of them, or None."""
        with self._lock:
            if len(self._items) < 2:
                return None
            return random.sample(list(self._items), 2)


@dataclass(frozen=True)
class Quote:
    """What its maker knows of a quote."""

    id: int
    deal: int | None
    line: int | None = None
    option: int | None = None
    url: str | None = None


@dataclass
class World:
    """A server, what it has to begin with, and what people make there."""

    server: object
    journal: Writer
    company: Company
    key: str
    products: list
    taxes: list
    stages: dict
    lost_reason: int
    euro: int
    # Ids of scheduled actions by their names
    jobs: dict
    customers: Pool = field(default_factory=Pool)
    deals: Pool = field(default_factory=Pool)
    quotes: Pool = field(default_factory=Pool)
    activities: Pool = field(default_factory=Pool)
    contacts: Pool = field(default_factory=Pool)
    invoices: Pool = field(default_factory=Pool)
    # Sent, and past their last day
    stale_quotes: list = field(default_factory=list)

    def expect_deal_to_follow(self, quote):
        """Return the claim that the deal of an accepted quote may be won by it."""
        if not quote.deal:
            return []
        return [["billinator.opportunity", quote.deal, "stage_id", self.stages["WON"]]]


def set_up(server, mail_port, journal):
    """Create users, customers, products and taxes in the server's database."""
    admin = XmlRpc(server, ADMIN, ADMIN)
    for login, groups in SALESPEOPLE.items():
        create_user(admin, login, *groups)
    create_user(admin, BOOKKEEPER, SELLER, "account.group_account_invoice")
    create_user(admin, API_USER, SELLER, PEOPLE, API_GROUP)
    for login in (*SALESPEOPLE, BOOKKEEPER, API_USER):
        [user] = admin.search("res.users", ("login", "=", login))
        email = f"{login}@our.example"
        admin.call("res.users", "write", [user], vals={"email": email})
    admin.create(
        "ir.mail_server",
        name="Catcher",
        smtp_host="127.0.0.1",
        smtp_port=mail_port,
        smtp_encryption="none",
    )
    world = World(
        server,
        journal,
        company=Company.set_up(admin),
        key=WebClient(server, API_USER, API_USER).create_api_key(),
        products=_create_products(admin),
        taxes=_create_taxes(admin),
        stages=_get_stages(admin),
        lost_reason=admin.search("billinator.lost.reason")[0],
        euro=_use_euro(admin),
        jobs={name: admin.reference(name) for name in (EXPIRY, REVENUES, VACUUM)},
    )
    for number in range(CUSTOMERS):
        values = {
            "name": f"Soak Customer {number}",
            "is_company": True,
            "email": f"customer{number}@abc.example",
        }
        world.customers.add(admin.create("res.partner", **values))
    return world


def _create_products(admin):
    return admin.create_all(
        "product.product",
        [
            {"name": f"Soak Product {number}", "list_price": price}
            for number, price in enumerate((0.99, 33.33, 1000.0, 7.77))
        ],
    )


def _create_taxes(admin):
    """Have taxes of two groups, one of them included in prices."""
    group = admin.create("account.tax.group", name="Soak Group")
    tax = {"type_tax_use": "sale", "name": "Soak 5.5%", "amount": 5.5}
    included = {
        "type_tax_use": "sale",
        "name": "Soak 19% included",
        "amount": 19.0,
        "price_include_override": "tax_included",
        "tax_group_id": group,
    }
    return admin.create_all("account.tax", [tax, included])


def _get_stages(admin):
    codes = (*STAGES, "WON", "LOST")
    rows = admin.call(
        "billinator.stage",
        "search_read",
        domain=[("code", "in", codes)],
        fields=["code"],
    )
    return {row["code"]: row["id"] for row in rows}


def _use_euro(admin):
    euro = admin.reference("base.EUR")
    admin.call("res.currency", "write", [euro], vals={"active": True})
    return euro
