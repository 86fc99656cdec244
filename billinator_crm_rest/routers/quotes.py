import base64
from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from odoo.exceptions import MissingError
from odoo.tools import float_repr

from odoo.addons.billinator_crm.models.billinator_quote import FROM_CUSTOMER

from ..about import AboutResource
from ..dependencies import (
    ApiRoute,
    UserEnv,
    answer_created,
    creating,
    remember_call,
)
from ..fields import Code, Coded, Field, Ids, Names, PlainText, Reference
from ..resource import by_segment, is_same, refuse, write_changes
from ..schemas.base import Identifier, Name, Page, SyncQuery, get_old_names
from ..schemas.quote import (
    ConvertedQuote,
    Quote,
    QuoteChange,
    QuoteCreate,
    QuoteStatus,
    QuoteSummary,
)
from .bulk import add_bulk_route
from .quote_items import (
    ITEMS,
    check_known,
    check_totals,
    get_item_commands,
    get_items_values,
    get_lines,
    get_rows,
    get_totals,
    has_items,
)
from .taxes import get_tax_rate

# Together: the team follows a salesperson who is given alone.
OWNER_FIELDS = {"user_id", "team_id"}
STATUS_ACTIONS = {
    "DRAFT": "action_reset_to_draft",
    "SENT": "action_mark_sent",
    "ACCEPTED": "action_accept",
}


class QuoteResource(AboutResource):
    """Quotes, with their items."""

    def represent(self, record):
        [quote] = self.read_many(record)
        return quote

    def to_dicts(self, records):
        quotes = super().to_dicts(records)
        for quote in quotes:
            # Who signs leaves a name, a time and an image, or nothing at all.
            is_signed = quote["signed_on"] is not None
            quote["signature"] = (
                f"/quotes/{quote['id']}/signature" if is_signed else None
            )
        return quotes

    def read_many(self, records):
        lines = get_lines(records)
        items = {quote_id: [] for quote_id in records.ids}
        for item, line in zip(ITEMS.to_dicts(lines), lines, strict=True):
            item["tax_rate"] = get_tax_rate(line.tax_ids)
            items[line.quote_id.id].append(item)
        return [
            {
                **quote,
                "items": items[record.id],
                "discount": _get_discount(record),
                "tax_totals": _get_tax_totals(record),
                "content_hash": record.content_hash,
            }
            for quote, record in zip(self.to_dicts(records), records, strict=True)
        ]

    def _check_new(self, env, data):
        _check_dates(env, data.quote_date, data.valid_until)

    def create_many(self, env, data_list):
        quotes = super().create_many(env, data_list)
        rows = get_rows(quotes, data_list)
        for row in rows:
            check_known(row, ())
        env[ITEMS.model].create(
            [
                {**values, "quote_id": row.quote.id}
                for row, values in zip(rows, get_items_values(env, rows), strict=True)
            ]
        )
        check_totals(quotes, rows)
        _change_states(quotes, data_list)
        return quotes

    def _change(self, record, data):
        values = self.to_new_values(record, data)
        if values.get("partner_id", record.partner_id.id) != record.partner_id.id:
            _leave_to_customer(record, values)
        _check_dates(record.env, data.quote_date, data.valid_until)
        if data.status == "EXPIRED" and record.state != "expired":
            raise refuse("status", record.env._("Quotes expire by themselves."))
        # Who gives the quote away may not change it any more.
        owner = {name: values.pop(name) for name in OWNER_FIELDS & values.keys()}
        _open(record, values, data.status)
        write_changes(record, values)
        if data.items is not None:
            rows = get_rows(record, [data])
            former = get_totals(record.line_ids)
            if not has_items(record, rows):
                record._change_lines(get_item_commands(record, rows))
            check_totals(record, rows, former)
        _change_states(record, [data])
        if owner:
            write_changes(record, owner)
        return record


def _leave_to_customer(quote, values):
    """Have what follows from the customer follow another one, where it is repeated."""
    for name in (*FROM_CUSTOMER, "payment_term_id", "pricelist_id"):
        if name in values and is_same(quote, name, values[name]):
            del values[name]


def _check_dates(env, quote_date, valid_until):
    if quote_date and valid_until and valid_until < quote_date:
        message = env._("A quote cannot expire before its own date.")
        raise refuse("valid_until", message)


def _open(quote, values, status):
    """Have a closed quote take the values that come with its new status."""
    if status == "DRAFT":
        if quote.state != "draft":
            quote.action_reset_to_draft()
        # Of a draft, there is nothing to tell.
        values.pop("reject_reason", None)
    elif status == "SENT" and quote.state == "expired" and values.get("validity_date"):
        quote.action_extend(values["validity_date"])


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


def _get_discount(quote):
    """Return what the discount on the whole takes off, taxes included."""
    lines = quote.line_ids.filtered("is_global_discount")
    return quote.currency_id.round(-sum(lines.mapped("price_total"))) + 0.0


def _get_tax_totals(quote):
    """Return what is shown below the lines, under the names that Odoo has for it."""
    totals, digits = quote.tax_totals, quote.currency_id.decimal_places

    def read(amounts, *others):
        names = ("base_amount_currency", "tax_amount_currency", *others)
        return {name: float(float_repr(amounts[name], digits)) + 0.0 for name in names}

    return {
        **read(totals, "total_amount_currency"),
        "subtotals": [
            {
                "name": subtotal["name"],
                **read(subtotal),
                "tax_groups": [
                    {
                        "id": group["id"],
                        "group_name": group["group_name"],
                        **read(group),
                    }
                    for group in subtotal["tax_groups"]
                ],
            }
            for subtotal in totals["subtotals"]
        ],
    }


QUOTES = QuoteResource(
    "billinator.quote",
    {
        "quote_number": Field("name"),
        "version": Field("version", is_readonly=True),
        "previous_version_id": Reference("previous_version_id", "billinator.quote"),
        "customer_id": Reference("partner_id", "res.partner"),
        "contact_id": Reference("contact_id", "billinator.contact"),
        "partner_invoice_id": Reference("partner_invoice_id", "res.partner"),
        "partner_shipping_id": Reference("partner_shipping_id", "res.partner"),
        "opportunity_id": Reference("opportunity_id", "billinator.opportunity"),
        "quote_date": Field("date_quote"),
        "valid_until": Field("validity_date"),
        "status": Code("state", is_readonly=True),
        "approval_state": Code("approval_state", is_readonly=True),
        "reject_reason": Field("reject_reason"),
        "pricelist_id": Reference("pricelist_id", "product.pricelist"),
        "fiscal_position_id": Reference(
            "fiscal_position_id", "account.fiscal.position"
        ),
        "payment_term_id": Reference("payment_term_id", "account.payment.term"),
        "client_order_ref": Field("client_order_ref"),
        "note": PlainText("note"),
        "online_invoice": Code("online_invoice"),
        "currency": Coded("currency_id", "res.currency", "name"),
        "currency_id": Reference("currency_id", "res.currency"),
        "subtotal": Field("amount_untaxed"),
        "tax_total": Field("amount_tax"),
        "total": Field("amount_total"),
        "invoice_status": Code("invoice_status"),
        "invoice_ids": Ids("invoice_ids", "account.move", is_readonly=True),
        "user_id": Reference("user_id", "res.users"),
        "team_id": Reference("team_id", "crm.team"),
        "company_id": Reference("company_id", "res.company"),
        "signed_by": Field("signed_by"),
        "signed_on": Field("signed_on"),
        "tags": Names("tag_ids", "billinator.tag"),
        "tag_ids": Ids("tag_ids", "billinator.tag"),
        "created_at": Field("create_date"),
        "updated_at": Field("write_date"),
    },
    search_fields=("name", "partner_id.name", "client_order_ref"),
    filters={
        "status": lambda env, value: [("state", "=", value.lower())],
        "customer_id": lambda env, value: [("partner_id", "child_of", value)],
        "opportunity_id": lambda env, value: [("opportunity_id", "=", value)],
        "assigned_to": lambda env, value: [("user_id", "=", value)],
        "segment": by_segment("commercial_partner_id.crm_tag_ids"),
    },
    old_names=get_old_names(Quote),
)

router = APIRouter(prefix="/quotes", tags=["quotes"], route_class=ApiRoute)


class QuoteQuery(SyncQuery):
    status: QuoteStatus | None = None
    customer_id: Identifier | None = None
    opportunity_id: Identifier | None = None
    assigned_to: Identifier | None = None
    segment: Name | None = None


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


@router.get(
    "/{quote_id:id}/signature",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def get_quote_signature(env: UserEnv, quote_id: Identifier):
    """Return the image of what the customer signed with."""
    quote = QUOTES.get(env, quote_id)
    if not quote.signature:
        raise MissingError(env._("Quote %s is not signed.", quote.name))
    return Response(base64.b64decode(quote.signature), media_type="image/png")


@router.put("/{quote_id:id}", response_model=Quote)
def change_quote(env: UserEnv, quote_id: Identifier, data: QuoteChange):
    """Change what the body names."""
    return QUOTES.change(env, quote_id, data)


@router.delete("/{quote_id:id}", status_code=204)
def delete_quote(env: UserEnv, quote_id: Identifier) -> None:
    QUOTES.delete(env, quote_id)


@router.post(
    "/{quote_id:id}/send",
    response_model=Quote,
    dependencies=[Depends(remember_call)],
)
def send_quote(env: UserEnv, quote_id: Identifier):
    """Mail the quote with its PDF to its contact, or to the customer.

    The answer shows the quote as it was before: it is SENT when the mail server has
    taken the mail, which the call waits for.
    """
    quote = QUOTES.get(env, quote_id)
    quote.action_send_by_email()
    return QUOTES.represent(quote)


@router.post(
    "/{quote_id:id}/revise",
    status_code=201,
    response_model=Quote,
    responses={200: {"model": Quote, "description": "The latest, made before"}},
    dependencies=[Depends(remember_call)],
)
def revise_quote(env: UserEnv, quote_id: Identifier, response: Response):
    """Make the quote's next version, a draft with the same content."""
    quote = QUOTES.get(env, quote_id)
    if quote.is_superseded:
        response.status_code = 200
    return QUOTES.represent(quote.revise())


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
    return _answer_with_invoice(quote, quote.action_convert_to_invoice, response)


@router.post(
    "/{quote_id:id}/invoice-again",
    status_code=201,
    response_model=ConvertedQuote,
    responses={200: {"model": ConvertedQuote, "description": "It was made before"}},
    dependencies=[Depends(remember_call)],
)
def invoice_quote_again(env: UserEnv, quote_id: Identifier, response: Response):
    """Make the next invoice of a quote whose invoice was credited in full: 201.

    Nothing is made twice: 200, with the invoice that is there, from then on, and while
    there is one that was not credited.
    """
    quote = QUOTES.get(env, quote_id)
    return _answer_with_invoice(quote, quote.action_invoice_again, response)


def _answer_with_invoice(quote, action, response):
    """Describe the quote's final invoice after an action that may make one."""
    # Who may convert a quote sees which invoice it became, and how far that is.
    former_sudo = quote.sudo()._get_final_invoices()
    action()
    invoice_sudo = quote.sudo()._get_final_invoices()
    if invoice_sudo == former_sudo:
        response.status_code = 200
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
