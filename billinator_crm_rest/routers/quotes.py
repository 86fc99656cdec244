from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from odoo.fields import Command
from odoo.tools import formatLang

from ..dependencies import ApiRoute, UserEnv, answer_created, remember_call
from ..resource import Code, Coded, Field, Names, PlainText, Reference, Resource
from ..schemas.base import Identifier, ListQuery, Page
from ..schemas.quote import (
    ConvertedQuote,
    Quote,
    QuoteCreate,
    QuoteStatus,
    QuoteSummary,
    QuoteUpdate,
)
from .bulk import add_bulk_route

ITEMS = Resource(
    "billinator.quote.line",
    {
        "product_id": Reference("product_id", "product.product"),
        "description": Field("name"),
        "quantity": Field("quantity"),
        "unit_price": Field("price_unit"),
        "discount": Field("discount"),
        "line_total": Field("price_total"),
    },
)


class QuoteResource(Resource):
    """Quotes, with their items."""

    def represent(self, record):
        [quote] = self.read_many(record)
        return quote

    def read_many(self, records):
        lines = _get_lines(records)
        items = {quote_id: [] for quote_id in records.ids}
        for item, line in zip(ITEMS.to_dicts(lines), lines, strict=True):
            item["tax_rate"] = _get_tax_rate(line.tax_ids)
            items[line.quote_id.id].append(item)
        return [
            {**quote, "items": items[quote["id"]]} for quote in self.to_dicts(records)
        ]

    def _create(self, env, data):
        quote = super()._create(env, data)
        self._set_items(quote, data.items or [])
        self._change_status(quote, data)
        return quote

    def create_many(self, env, data_list):
        return env[self.model].union(*(self._create(env, data) for data in data_list))

    def _change(self, record, data):
        quote = super()._change(record, data)
        if data.items is not None:
            self._set_items(quote, data.items)
        self._change_status(quote, data)
        return quote

    def _set_items(self, quote, items):
        quote.line_ids = self._get_item_commands(quote, items)
        self._check_totals(quote, items)

    def _change_status(self, quote, data):
        if data.status is None or data.status.lower() == quote.state:
            return
        if data.status == "REJECTED":
            quote.action_reject(data.reject_reason)
        else:
            change = {
                "DRAFT": quote.action_reset_to_draft,
                "SENT": quote.action_mark_sent,
                "ACCEPTED": quote.action_accept,
            }
            change[data.status]()

    def _get_item_commands(self, quote, items):
        """Return the commands after which the quote has ``items``, in their order."""
        known = _get_lines(quote)
        commands, kept = [], set()
        for number, item in enumerate(items):
            values = self._get_item_values(quote, item, number)
            if item.id is None:
                commands.append(Command.create(values))
            elif item.id in known.ids:
                kept.add(item.id)
                commands.append(Command.update(item.id, values))
            else:
                raise _refuse_item(
                    number, "id", quote.env._("The quote has no item %s.", item.id)
                )
        return commands + [
            Command.delete(line.id) for line in known if line.id not in kept
        ]

    def _get_item_values(self, quote, item, number):
        values = ITEMS.to_values(quote.env, item)
        values.pop("price_total", None)
        values["sequence"] = number + 1
        if "tax_rate" in item.model_fields_set:
            taxes = self._find_taxes(quote, item.tax_rate, number)
            values["tax_ids"] = [Command.set(taxes.ids)]
        return values

    def _find_taxes(self, quote, rate, number):
        """Return the company's sales tax of a percentage."""
        taxes = (
            quote.env["account.tax"]
            .with_company(quote.company_id)
            .search(
                [
                    *quote.env["account.tax"]._check_company_domain(quote.company_id),
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                    ("country_id", "=", quote.tax_country_id.id),
                ]
            )
        )
        found = taxes.filtered(lambda tax: tax.amount == rate)
        # Unit prices of the API are without tax, where there is a choice.
        found = found.filtered(lambda tax: not tax.price_include) or found
        if not found and rate:
            rates = ", ".join(
                f"{known:g}" for known in sorted(set(taxes.mapped("amount")))
            )
            raise _refuse_item(
                number,
                "tax_rate",
                quote.env._(
                    "There is no sales tax of %(rate)s %%. Those there are: %(rates)s.",
                    rate=f"{rate:g}",
                    rates=rates or quote.env._("none"),
                ),
            )
        return found[:1]

    def _check_totals(self, quote, items):
        """Refuse items that do not add up to what the client expects."""
        currency = quote.currency_id
        lines = _get_lines(quote)
        for number, (item, line) in enumerate(zip(items, lines, strict=True)):
            if item.line_total is not None and currency.compare_amounts(
                item.line_total, line.price_total
            ):
                total = formatLang(quote.env, line.price_total, currency_obj=currency)
                raise _refuse_item(
                    number,
                    "line_total",
                    quote.env._("The item adds up to %s.", total),
                )


def _get_lines(quotes):
    """Return the lines to sell, of each quote in their order."""
    lines = quotes.line_ids.filtered(lambda line: not line.display_type)
    return lines.sorted(lambda line: (line.sequence, line.id))


def _refuse_item(number, field, message):
    return HTTPException(
        422,
        [
            {
                "loc": ["body", "items", number, field],
                "msg": message,
                "type": "value_error",
            }
        ],
    )


def _get_tax_rate(taxes):
    if any(tax.amount_type != "percent" for tax in taxes):
        return None
    return sum(taxes.mapped("amount"))


QUOTES = QuoteResource(
    "billinator.quote",
    {
        "quote_number": Field("name"),
        "customer_id": Reference("partner_id", "res.partner"),
        "contact_id": Reference("contact_id", "billinator.contact"),
        "opportunity_id": Reference("opportunity_id", "billinator.opportunity"),
        "quote_date": Field("date_quote"),
        "valid_until": Field("validity_date"),
        "status": Code("state", is_readonly=True),
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


@router.post(
    "", status_code=201, response_model=Quote, dependencies=[Depends(remember_call)]
)
def create_quote(env: UserEnv, data: QuoteCreate, response: Response):
    """Create a quote with its items; it gets the next number of its company."""
    return answer_created(response, QUOTES.upsert(env, data))


@router.get("/{quote_id:int}", response_model=Quote)
def get_quote(env: UserEnv, quote_id: Identifier):
    return QUOTES.show(env, quote_id)


@router.get(
    "/{quote_id:int}/pdf",
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


@router.put("/{quote_id:int}", response_model=Quote)
def change_quote(env: UserEnv, quote_id: Identifier, data: QuoteUpdate):
    """Change what the body names."""
    return QUOTES.change(env, quote_id, data)


@router.delete("/{quote_id:int}", status_code=204)
def delete_quote(env: UserEnv, quote_id: Identifier) -> None:
    QUOTES.delete(env, quote_id)


@router.post(
    "/{quote_id:int}/convert",
    status_code=201,
    response_model=ConvertedQuote,
    responses={200: {"model": ConvertedQuote, "description": "It was made before"}},
    dependencies=[Depends(remember_call)],
)
def convert_quote(env: UserEnv, quote_id: Identifier, response: Response):
    """Make the quote's invoice, exactly once: 201 the first time, 200 from then on."""
    quote = QUOTES.get(env, quote_id)
    # Who may convert a quote sees which invoice it became, and how far that is.
    if quote.sudo()._get_live_invoices():
        response.status_code = 200
    quote.action_convert_to_invoice()
    invoice_sudo = quote.sudo()._get_live_invoices()
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
