"""What is measured: each work, as a person does it on either side.

A function prepares a work for a side and returns what is timed. Its ``floor`` returns
the bare SQL that cannot be done without.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date

from bulk import Bulk
from dateutil.relativedelta import relativedelta

from odoo.service.model import call_kw
from odoo.tools import SQL

MANY, IMPORTED, WON, PAGE, COLUMN = 1000, 5000, 500, 80, 20
IMPORT_OPTIONS = {
    "has_headers": True,
    "quoting": '"',
    "separator": ",",
    "encoding": "utf-8",
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
    "date_format": "%Y-%m-%d",
}
WORKS = []


@dataclass
class Work:
    """A work; the goal is for our time over Odoo's, or for our seconds."""

    title: str
    goal: float | None
    prepare: object
    rounds: int
    floor: object = None
    alone: bool = False


def work(title, goal=None, rounds=15, alone=False):
    def add(prepare):
        added = Work(title, goal, prepare, rounds, alone=alone)
        WORKS.append(added)
        prepare.floor = lambda floor: setattr(added, "floor", floor)
        return prepare

    return add


class Bench:
    """A side, with what was generated for it and what its pages ask for."""

    def __init__(self, side, data, pages):
        self.side = side
        self.env = side.env
        self.data = data
        self.own = data[side.name]
        self.pages = pages

    def get_deals(self, count, step=1):
        """Return open deals, the newest first."""
        newest = self.own["deal"] + self.data["deals"]
        return self.side.deals.browse(newest - step * n for n in range(count))

    def get_partner(self, number=1):
        return self.env["res.partner"].browse(self.data["partner"] + number)

    def get_products(self, count):
        return self.env["product.product"].browse(self.data["products"][:count])

    def get_quotes(self, count):
        return self.env[self.side.quote].browse(self.own["pool"][:count])

    def get_call(self, page, method):
        """Return the first call of a method that a page makes."""
        return next(call for call in self.pages[page] if call["method"] == method)

    def replay(self, page, **changed):
        """Do what opening a page takes, with some arguments exchanged."""
        for call in self.pages[page]:
            if is_afterwards(call):
                continue
            known = changed.keys() & call["kwargs"].keys()
            self.run(call, **{name: changed[name] for name in known})

    def run(self, call, **changed):
        """Do what the server does for a call of the web client."""
        arguments = {**call["kwargs"], **changed}
        return call_kw(
            self.env[call["model"]], call["method"], list(call["args"]), arguments
        )

    def list_deals(self, domain):
        """Do what a list's search does."""
        call = self.get_call("list", "web_search_read")
        return self.run(call, domain=[*self.side.domain, *domain])

    # === Bare SQL === #

    def insert(self, record, count, **values):
        return Bulk(self.env.cr).get_query(record, count, **values)[0]

    def select(self, where, limit=PAGE):
        return SQL(
            "SELECT * FROM %s WHERE active AND %s"
            " ORDER BY priority DESC, id DESC LIMIT %s",
            *(SQL.identifier(self.side.deals._table), where, limit),
        )


def is_afterwards(call):
    """Whether the page can be used before the call is answered."""
    return call["method"] == "read" and call["args"][1:] == [["duplicate_count"]]


def get_new_deals(bench, count):
    return [
        bench.side.prepare_deal(number, bench.get_partner(number % 200 + 1))
        for number in range(count)
    ]


def floor_of_deals(count):
    def floor(bench):
        deal = bench.get_deals(1)
        message = deal.sudo().message_ids[-1:]
        return [bench.insert(deal, count), bench.insert(message, count)]

    return floor


# === Making deals === #


@work("Create one opportunity", 0.5, rounds=31)
def create_one(bench):
    [values] = get_new_deals(bench, 1)
    return lambda: bench.side.deals.create(values)


create_one.floor(floor_of_deals(1))


@work("Create 1,000 opportunities in a batch", 0.3, rounds=2)
def create_many(bench):
    values = get_new_deals(bench, MANY)
    return lambda: bench.side.deals.create(values)


create_many.floor(floor_of_deals(MANY))


@work("Import 5,000 opportunities from CSV", 0.3, rounds=1)
def import_many(bench):
    columns, content = write_csv(bench)
    wizard = bench.env["base_import.import"].create(
        {
            "res_model": bench.side.deal,
            "file": content,
            "file_name": "deals.csv",
            "file_type": "text/csv",
        }
    )

    def load():
        result = wizard.execute_import(columns, columns, dict(IMPORT_OPTIONS))
        if len(result["ids"] or []) != IMPORTED:
            raise RuntimeError(result["messages"][:3])

    return load


import_many.floor(floor_of_deals(IMPORTED))


def write_csv(bench):
    """Return the columns and the content of a file of leads."""
    stages = bench.side.get_stages()[:4].mapped("name")
    rows = [
        {
            "name": f"Imported {number}",
            "partner_name": f"Prospect {number} Ltd",
            "contact_name": f"Jo Doe {number}",
            "email_from": f"jo{number}@prospect{number}.example.com",
            "phone": f"+1 415 555 {number:07}",
            "expected_revenue": 1000 + number,
            "date_deadline": "2030-01-31",
            "stage_id": stages[number % len(stages)],
            "user_id": f"Benchmark person {number % 10 + 1}",
        }
        for number in range(IMPORTED)
    ]
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return list(rows[0]), file.getvalue().encode()


# === The pipeline === #


@work("Load the views of the pipeline")
def get_views(bench):
    views = [[False, mode] for mode in ("kanban", "list", "form", "search")]
    return lambda: bench.side.deals.get_views(views, {"toolbar": True})


@work("Open my pipeline, grouped, with progress bars and sums", 0.5)
def open_pipeline(bench):
    return lambda: bench.replay("pipeline")


@open_pipeline.floor
def _(bench):
    return floor_of_pipeline(bench, SQL("user_id = %s", bench.env.uid))


def floor_of_pipeline(bench, where):
    sums = SQL(
        "SELECT stage_id, COUNT(*), SUM(expected_revenue) FROM %s"
        " WHERE active AND %s GROUP BY stage_id",
        *(SQL.identifier(bench.side.deals._table), where),
    )
    stages = bench.side.get_stages()
    cards = [
        bench.select(SQL("%s AND stage_id = %s", where, stage.id), COLUMN)
        for stage in stages
    ]
    return [sums, *cards]


@work("Open everybody's pipeline", 0.5, rounds=5)
def open_whole_pipeline(bench):
    return lambda: bench.replay("pipeline", domain=list(bench.side.domain))


@open_whole_pipeline.floor
def _(bench):
    return floor_of_pipeline(bench, SQL("TRUE"))


@work("Move a deal to the next stage, all that its drop asks for", 0.5)
def move(bench):
    deal_ids, values = bench.get_call("move", "web_save")["args"]
    stages = bench.side.get_stages()
    following = stages.browse(values["stage_id"])
    before = stages[stages.ids.index(following.id) - 1]
    bench.side.deals.browse(deal_ids).stage_id = before
    return lambda: bench.replay("move")


@work("… of which saving it")
def save_move(bench):
    first, following, *_others = bench.side.get_stages()
    deal = bench.get_deals(50).filtered(lambda deal: deal.stage_id == first)[0]
    call = bench.get_call("pipeline", "web_read_group")
    shown = call["kwargs"]["unfold_read_specification"]
    context = call["kwargs"]["context"]
    return lambda: deal.with_context(context).web_save(
        {"stage_id": following.id}, specification=shown
    )


@move.floor
def _(bench):
    return [floor_of_move(bench, bench.get_deals(1))]


def floor_of_move(bench, deals):
    return SQL(
        "UPDATE %s SET stage_id = %s, write_date = now() WHERE id = ANY(%s)",
        SQL.identifier(deals._table),
        *(bench.side.get_stages()[4].id, deals.ids),
    )


@work("Mark 500 opportunities won", 0.5, rounds=5)
def win(bench):
    deals = bench.get_deals(WON)
    return lambda: deals.action_set_won()


@win.floor
def _(bench):
    return [floor_of_move(bench, bench.get_deals(WON))]


# === Finding and reading === #


@work("Search a fragment of a name", 0.7)
def search_name(bench):
    fragment = get_fragment(bench)
    domain = bench.side.get_name_domain(fragment)
    return lambda: bench.list_deals(domain)


@search_name.floor
def _(bench):
    return [bench.select(SQL("name ILIKE %s", f"%{get_fragment(bench)}%"))]


def get_fragment(bench):
    """Return six letters within a customer's name."""
    return bench.get_partner(77).name[1:7]


@work("Open the form of an opportunity", 0.7)
def open_deal(bench):
    return lambda: bench.replay("deal")


@open_deal.floor
def _(bench):
    deals = bench.get_deals(1)
    table = SQL.identifier(deals._table)
    return [SQL("SELECT * FROM %s WHERE id = %s", table, deals.id)]


@work("… and look for similar ones, when it is open", alone=True)
def find_similar(bench):
    calls = [call for call in bench.pages["deal"] if is_afterwards(call)]
    return lambda: [bench.run(call) for call in calls]


@work("Filter by tag", 0.7)
def filter_tag(bench):
    return lambda: bench.list_deals([("tag_ids", "in", bench.own["tags"][:1])])


@filter_tag.floor
def _(bench):
    field = bench.side.deals._fields["tag_ids"]
    return [
        bench.select(
            SQL(
                "EXISTS (SELECT FROM %s r WHERE r.%s = id AND r.%s = %s)",
                SQL.identifier(field.relation),
                SQL.identifier(field.column1),
                SQL.identifier(field.column2),
                bench.own["tags"][0],
            )
        )
    ]


@work("Filter by person", 0.7)
def filter_person(bench):
    return lambda: bench.list_deals([("user_id", "=", bench.env.uid)])


@filter_person.floor
def _(bench):
    return [bench.select(SQL("user_id = %s", bench.env.uid))]


def get_month():
    first = date.today().replace(day=1)
    return first, first + relativedelta(months=1, days=-1)


@work("Filter by month of the expected closing", 0.7)
def filter_month(bench):
    first, last = map(str, get_month())
    return lambda: bench.list_deals(
        ["&", ("date_deadline", ">=", first), ("date_deadline", "<=", last)]
    )


@filter_month.floor
def _(bench):
    return [bench.select(SQL("date_deadline BETWEEN %s AND %s", *get_month()))]


# === Quotes === #


def floor_of_quote(count):
    def floor(bench):
        quote = bench.get_quotes(1)
        line = bench.side.get_lines(quote)[0]
        name = SQL("'FLOOR/' || n")
        return [bench.insert(quote, 1, name=name), bench.insert(line, count)]

    return floor


@work("Create a quote with 10 lines", 0.5)
def create_quote(bench):
    values = bench.side.prepare_quote(bench.get_partner(), bench.get_products(10))
    return lambda: bench.env[bench.side.quote].create(values)


create_quote.floor(floor_of_quote(10))


@work("Create a quote with 100 lines", 0.5, rounds=7)
def create_large_quote(bench):
    values = bench.side.prepare_quote(bench.get_partner(), bench.get_products(100))
    return lambda: bench.env[bench.side.quote].create(values)


create_large_quote.floor(floor_of_quote(100))


@work("Change one of 100 lines, saved by the form", 0.5, rounds=9)
def change_line(bench):
    quote, line = get_large_quote(bench)
    shown = bench.get_call("quote", "web_read")["kwargs"]["specification"]
    change = [[1, line.id, {bench.side.quantity: 7}]]
    values = {bench.side.line_field: change}
    return lambda: quote.web_save(values, specification=shown)


@change_line.floor
def _(bench):
    quote, line = get_large_quote(bench)
    return [
        SQL(
            "UPDATE %s SET price_total = 1, write_date = now() WHERE id = %s",
            *(SQL.identifier(line._table), line.id),
        ),
        SQL(
            "UPDATE %s SET amount_total = 1, write_date = now() WHERE id = %s",
            *(SQL.identifier(quote._table), quote.id),
        ),
    ]


def get_large_quote(bench):
    quote = bench.env[bench.side.quote].browse(bench.own["large"])
    return quote, bench.side.get_lines(quote)[50]


@work("Open the form of a quote with 10 lines")
def open_quote(bench):
    return lambda: bench.replay("quote")


def convert(bench, count):
    quotes = bench.get_quotes(count)

    def sell():
        bench.side.accept(quotes)
        bench.side.convert(quotes)

    return sell


def floor_of_invoices(count):
    def floor(bench):
        quote = bench.get_quotes(1)
        bench.side.accept(quote)
        bench.side.convert(quote)
        move = bench.env["account.move"].sudo().search([], order="id desc", limit=1)
        lines = len(move.line_ids) * count
        bench.env.flush_all()
        free = {"billinator_quote_id": SQL("NULL")}
        return [
            bench.insert(move, count, **free),
            bench.insert(move.line_ids[0], lines),
        ]

    return floor


@work("Accept and convert a quote with 10 lines", 0.9)
def convert_one(bench):
    return convert(bench, 1)


convert_one.floor(floor_of_invoices(1))


@work("Accept and convert 200 quotes in a batch", 0.6, rounds=1)
def convert_many(bench):
    return convert(bench, 200)


convert_many.floor(floor_of_invoices(200))


def create_invoices(bench, count):
    """Make the invoices of the quotes, and nothing else."""
    values = [
        {
            "move_type": "out_invoice",
            "partner_id": quote.partner_id.id,
            "invoice_line_ids": [
                (
                    0,
                    0,
                    {
                        "product_id": line.product_id.id,
                        "quantity": line[bench.side.quantity],
                        "price_unit": line.price_unit,
                        "tax_ids": [(6, 0, line.tax_ids.ids)],
                    },
                )
                for line in bench.side.get_lines(quote)
            ],
        }
        for quote in bench.get_quotes(count)
    ]
    return lambda: bench.env["account.move"].sudo().create(values)


@work("… of which account.move alone, one invoice")
def invoice_one(bench):
    return create_invoices(bench, 1)


@work("… of which account.move alone, 200 invoices", rounds=1)
def invoice_many(bench):
    return create_invoices(bench, 200)


# === What only we have === #


@work("Pipeline statistics", 1.0, alone=True)
def statistics(bench):
    return lambda: bench.side.deals.get_pipeline_statistics()


@work("Dashboard of the month", 1.0, alone=True)
def dashboard(bench):
    page = bench.env["billinator.dashboard"]
    return lambda: page.get_dashboard({"period": "month"})
