from collections import defaultdict
from itertools import count
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Response

from odoo.fields import Command, Domain
from odoo.models import BaseModel
from odoo.tools import formatLang

from ..dependencies import (
    ApiRoute,
    UserEnv,
    answer_created,
    creating,
    remember_call,
)
from ..resource import (
    BODY,
    Boolean,
    Code,
    Coded,
    Field,
    Names,
    PlainText,
    Reference,
    Resource,
    is_same,
    refuse,
    write_changes,
)
from ..schemas.base import Identifier, ListQuery, Page
from ..schemas.quote import (
    ConvertedQuote,
    Quote,
    QuoteCreate,
    QuoteItemInput,
    QuoteStatus,
    QuoteSummary,
    QuoteUpdate,
)
from .bulk import add_bulk_route
from .taxes import SALES_PERCENTAGES, get_tax_rate

END = "end"
OWNER_FIELDS = {"user_id"}
STATUS_ACTIONS = {
    "DRAFT": "action_reset_to_draft",
    "SENT": "action_mark_sent",
    "ACCEPTED": "action_accept",
}


class ItemResource(Resource):
    """The lines of a quote, which have no name in other systems."""

    def _read_references(self, records):
        return {record_id: {} for record_id in records.ids}


ITEMS = ItemResource(
    "billinator.quote.line",
    {
        "product_id": Reference("product_id", "product.product"),
        "description": Field("name"),
        "quantity": Field("quantity"),
        "unit_price": Field("price_unit"),
        "discount": Field("discount"),
        "line_total": Field("price_total", is_readonly=True),
        "is_optional": Boolean("is_optional"),
        "is_selected": Boolean("is_selected"),
    },
)


class Row(NamedTuple):
    """An item of a quote that a client sends."""

    quote: BaseModel
    number: int
    item: QuoteItemInput

    @property
    def place(self):
        return (*BODY, "items", self.number)


class QuoteResource(Resource):
    """Quotes, with their items."""

    def represent(self, record):
        [quote] = self.read_many(record)
        return quote

    def read_many(self, records):
        lines = _get_lines(records)
        items = {quote_id: [] for quote_id in records.ids}
        for item, line in zip(ITEMS.to_dicts(lines), lines, strict=True):
            item["tax_rate"] = get_tax_rate(line.tax_ids)
            items[line.quote_id.id].append(item)
        return [
            {
                **quote,
                "items": items[record.id],
                "discount": _get_discount(record),
            }
            for quote, record in zip(self.to_dicts(records), records, strict=True)
        ]

    def create_many(self, env, data_list):
        quotes = super().create_many(env, data_list)
        rows = _get_rows(quotes, data_list)
        for row in rows:
            _check_known(row, ())
        env[ITEMS.model].create(
            [
                {**values, "quote_id": row.quote.id}
                for row, values in zip(rows, _get_items_values(env, rows), strict=True)
            ]
        )
        _check_totals(quotes, rows)
        _change_states(quotes, data_list)
        return quotes

    def _change(self, record, data):
        [values] = self.to_values_list(record.env, [data])
        # Who gives the quote away may not change it any more.
        owner = {name: values.pop(name) for name in OWNER_FIELDS & values.keys()}
        _open(record, values, data.status)
        write_changes(record, values)
        if data.items is not None:
            rows = _get_rows(record, [data])
            if not _has_items(record, rows):
                record.line_ids = _get_item_commands(record, rows)
            _check_totals(record, rows)
        _change_states(record, [data])
        if owner:
            write_changes(record, owner)
        return record


def _open(quote, values, status):
    """Have a closed quote take the values that come with its new status."""
    if status == "DRAFT":
        if quote.state != "draft":
            quote.action_reset_to_draft()
        # Of a draft, there is nothing to tell.
        values.pop("reject_reason", None)
    elif status == "SENT" and quote.state == "expired" and values.get("validity_date"):
        quote.action_extend(values["validity_date"])


def _get_rows(quotes, data_list):
    return [
        Row(quote, number, item)
        for quote, data in zip(quotes, data_list, strict=True)
        for number, item in enumerate(data.items or [])
    ]


def _has_items(quote, rows):
    """Tell whether the quote's lines say all that the rows do, in the same order."""
    lines = _get_lines(quote)
    return len(lines) == len(rows) and all(
        _has_item(line, row.item) for line, row in zip(lines, rows, strict=True)
    )


def _has_item(line, item):
    if item.id is None and not _names_all(line, item):
        return False
    return (
        item.id in (None, line.id)
        and ("tax_rate" not in item.model_fields_set or _has_rate(line, item))
        and all(
            is_same(line, ITEMS.fields[name].name, getattr(item, name))
            for name in ITEMS._get_named(item)
        )
    )


def _names_all(line, item):
    """Tell whether a new item like this has nothing by itself that the line has not."""
    named = item.model_fields_set
    return ("discount" in named or not line.discount) and (
        "product_id" in named or not line.product_id
    )


def _has_rate(line, item):
    rate = get_tax_rate(line.tax_ids)
    if item.tax_rate is None:
        # No tax, or of an item that is named, one without a percentage.
        return not line.tax_ids or (item.id is not None and rate is None)
    return rate == item.tax_rate


def _get_item_commands(quote, rows):
    """Return the commands after which the quote has the rows' items, in their order."""
    left = set(_get_lines(quote).ids)
    for row in rows:
        _check_known(row, left)
        left.discard(row.item.id)
    headings = _get_headings(quote, {row.item.id for row in rows})
    commands, sequences = [], count(1)
    for row, values in zip(rows, _get_items_values(quote.env, rows), strict=True):
        commands += _place(headings.pop(row.item.id, ()), sequences)
        values["sequence"] = next(sequences)
        commands.append(
            Command.update(row.item.id, values)
            if row.item.id
            else Command.create(values)
        )
    commands += _place(headings[END], sequences)
    return commands + [Command.delete(line_id) for line_id in left]


def _get_headings(quote, kept_ids):
    """Return the sections and notes before each kept line, by its id.

    Those after the last one are before the end.
    """
    headings, waiting = {}, []
    for line in quote.line_ids.sorted(lambda line: (line.sequence, line.id)):
        if line.display_type and not line.is_global_discount:
            waiting.append(line)
        elif line.id in kept_ids:
            headings[line.id], waiting = waiting, []
    return {**headings, END: waiting}


def _place(headings, sequences):
    return [Command.update(line.id, {"sequence": next(sequences)}) for line in headings]


def _check_known(row, known_ids):
    """Refuse an item that names a line which its quote does not have, or not twice."""
    if row.item.id is not None and row.item.id not in known_ids:
        message = row.quote.env._("The quote has no item %s.", row.item.id)
        raise refuse("id", message, place=row.place)


def _get_items_values(env, rows):
    """Return the lines' values of all rows; what they name is searched once for all."""
    values_list = ITEMS.to_values_list(
        env, [row.item for row in rows], [row.place for row in rows]
    )
    taxed = [row for row in rows if "tax_rate" in row.item.model_fields_set]
    taxes = _find_taxes({row.quote for row in taxed})
    lines = _browse(env[ITEMS.model], [row.item.id for row in rows])
    products = _browse(
        env["product.product"], [values.get("product_id") for values in values_list]
    )
    for row, values in zip(rows, values_list, strict=True):
        values["sequence"] = row.number + 1
        named = row.item.model_fields_set
        if row.item.id is None and "unit_price" in named:
            # The client's price is what it sells for, whatever the pricelist takes off.
            values.setdefault("discount", 0.0)
        if "tax_rate" in named:
            line = lines[row.item.id]
            product = products[values.get("product_id")] or line.product_id
            chosen = _choose_taxes(row, line, product, taxes)
            values["tax_ids"] = [Command.set(chosen.ids)]
    return values_list


def _browse(model, ids):
    """Return records by their ids, and none for no id; they are read together."""
    records = model.browse({one for one in ids if one})
    return defaultdict(model.browse, {record.id: record for record in records})


def _get_tax_key(quote):
    return quote.company_id, quote.tax_country_id


def _find_taxes(quotes):
    """Return the sales taxes for quotes, by percentage, by company and country."""
    return {key: _search_taxes(*key) for key in {_get_tax_key(q) for q in quotes}}


def _search_taxes(company, country):
    """Return the company's sales taxes for a country, by percentage."""
    Tax = company.env["account.tax"].with_company(company)
    taxes = Tax.search(
        SALES_PERCENTAGES
        & Domain(Tax._check_company_domain(company))
        & Domain("country_id", "=", country.id)
    )
    by_rate = {}
    # Unit prices of the API are without tax, where there is a choice.
    for tax in taxes.sorted(
        lambda tax: (tax.price_include, tax != company.account_sale_tax_id)
    ):
        by_rate.setdefault(get_tax_rate(tax), tax)
    return by_rate


def _choose_taxes(row, line, product, taxes):
    """Return the sales taxes of the row's percentage, or none for no tax.

    What the item has already, or would get by itself, comes before others of the same
    percentage.

    :param taxes: as :func:`_find_taxes` returned them
    """
    env, rate = row.quote.env, row.item.tax_rate
    # Also what has no percentage, and was told without one.
    if line and get_tax_rate(line.tax_ids) == rate:
        return line.tax_ids
    if rate is None:
        return env["account.tax"]
    own = row.quote._get_product_taxes(product)
    if get_tax_rate(own) == rate and not any(own.mapped("price_include")):
        return own
    by_rate = taxes[_get_tax_key(row.quote)]
    if not rate:
        return by_rate.get(rate, env["account.tax"])
    if rate not in by_rate:
        rates = ", ".join(f"{known:g}" for known in sorted(by_rate))
        message = env._(
            "There is no sales tax of %(rate)s %%. Those there are: %(rates)s.",
            rate=f"{rate:g}",
            rates=rates or env._("none"),
        )
        raise refuse("tax_rate", message, place=row.place)
    return by_rate[rate]


def _check_totals(quotes, rows):
    """Refuse items that do not add up to what the client expects."""
    lines = _get_lines(quotes).grouped("quote_id")
    for row in rows:
        line = lines[row.quote][row.number]
        expected, currency = row.item.line_total, row.quote.currency_id
        if expected is None or not currency.compare_amounts(expected, line.price_total):
            continue
        total = formatLang(line.env, line.price_total, currency_obj=currency)
        message = line.env._("The item adds up to %s.", total)
        raise refuse("line_total", message, place=row.place)


def _change_states(quotes, data_list):
    """Take the quotes to the statuses that clients wish for, those alike at once."""
    wishes = defaultdict(quotes.browse)
    for quote, data in zip(quotes, data_list, strict=True):
        if data.status is not None and data.status.lower() != quote.state:
            wishes[data.status, data.reject_reason] |= quote
    for (status, reason), alike in wishes.items():
        if status == "REJECTED":
            alike.action_reject(reason)
        else:
            getattr(alike, STATUS_ACTIONS[status])()


def _get_lines(quotes):
    """Return the lines to sell, of each quote in their order.

    Those of a discount on the whole follow from the others, and are not the client's.
    """
    lines = quotes.line_ids.filtered(
        lambda line: not line.display_type and not line.is_global_discount
    )
    return lines.sorted(lambda line: (line.sequence, line.id))


def _get_discount(quote):
    """Return what the discount on the whole takes off, taxes included."""
    lines = quote.line_ids.filtered("is_global_discount")
    return quote.currency_id.round(-sum(lines.mapped("price_total"))) + 0.0


QUOTES = QuoteResource(
    "billinator.quote",
    {
        "quote_number": Field("name"),
        "version": Field("version", is_readonly=True),
        "customer_id": Reference("partner_id", "res.partner"),
        "contact_id": Reference("contact_id", "billinator.contact"),
        "opportunity_id": Reference("opportunity_id", "billinator.opportunity"),
        "quote_date": Field("date_quote"),
        "valid_until": Field("validity_date"),
        "status": Code("state", is_readonly=True),
        "approval_state": Code("approval_state", is_readonly=True),
        "reject_reason": Field("reject_reason"),
        "customer_reference": Field("client_order_ref"),
        "note": PlainText("note"),
        "currency": Coded("currency_id", "res.currency", "name"),
        "subtotal": Field("amount_untaxed"),
        "tax_total": Field("amount_tax"),
        "total": Field("amount_total"),
        "invoice_status": Code("invoice_status"),
        "assigned_to": Reference("user_id", "res.users"),
        "company_id": Reference("company_id", "res.company"),
        "tags": Names("tag_ids", "billinator.tag"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=("name", "partner_id.name", "client_order_ref"),
    filters={
        "status": lambda env, value: [("state", "=", value.lower())],
        "customer_id": lambda env, value: [("partner_id", "child_of", value)],
        "opportunity_id": lambda env, value: [("opportunity_id", "=", value)],
        "assigned_to": lambda env, value: [("user_id", "=", value)],
    },
)

router = APIRouter(prefix="/quotes", tags=["quotes"], route_class=ApiRoute)


class QuoteQuery(ListQuery):
    status: QuoteStatus | None = None
    customer_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    assigned_to: Identifier | None = None


@router.get("", response_model=Page[QuoteSummary])
def list_quotes(env: UserEnv, query: Annotated[QuoteQuery, Query()]):
    """List quotes, the newest first, without their items."""
    return QUOTES.list(env, query)


@router.post("", **creating(Quote))
def create_quote(env: UserEnv, data: QuoteCreate, response: Response):
    """Create a quote with its items; it gets the next number of its company."""
    return answer_created(response, QUOTES.upsert(env, data))


@router.get("/{quote_id:id}", response_model=Quote)
def get_quote(env: UserEnv, quote_id: Identifier):
    return QUOTES.show(env, quote_id)


@router.get(
    "/{quote_id:id}/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def get_quote_pdf(env: UserEnv, quote_id: Identifier):
    """Return the quote as the customer gets it."""
    quote = QUOTES.get(env, quote_id)
    # The layout reads what users may not, such as the company's settings.
    content, _kind = (
        env["ir.actions.report"]
        .sudo()
        ._render_qweb_pdf("billinator_crm.billinator_quote_report", quote.ids)
    )
    return Response(content, media_type="application/pdf")


@router.put("/{quote_id:id}", response_model=Quote)
def change_quote(env: UserEnv, quote_id: Identifier, data: QuoteUpdate):
    """Change what the body names."""
    return QUOTES.change(env, quote_id, data)


@router.delete("/{quote_id:id}", status_code=204)
def delete_quote(env: UserEnv, quote_id: Identifier) -> None:
    QUOTES.delete(env, quote_id)


@router.post(
    "/{quote_id:id}/convert",
    status_code=201,
    response_model=ConvertedQuote,
    responses={200: {"model": ConvertedQuote, "description": "It was made before"}},
    dependencies=[Depends(remember_call)],
)
def convert_quote(env: UserEnv, quote_id: Identifier, response: Response):
    """Make the quote's invoice, exactly once: 201 the first time, 200 from then on."""
    quote = QUOTES.get(env, quote_id)
    # Who may convert a quote sees which invoice it became, and how far that is.
    if quote.sudo()._get_final_invoices():
        response.status_code = 200
    quote.action_convert_to_invoice()
    invoice_sudo = quote.sudo()._get_final_invoices()
    is_posted = invoice_sudo.state == "posted"
    return {
        "quote_id": quote.id,
        "invoice_id": invoice_sudo.id,
        "invoice_number": invoice_sudo.name if is_posted else None,
        "invoice_status": quote.invoice_status.upper(),
        "total": invoice_sudo.amount_total,
        "currency": invoice_sudo.currency_id.name,
    }


add_bulk_route(router, QUOTES, QuoteCreate, Quote)
