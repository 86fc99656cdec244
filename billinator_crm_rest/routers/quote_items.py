"""The items of quotes: what clients send, matched with the lines there are."""

from itertools import count
from typing import NamedTuple

from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import formatLang

from ..fields import Boolean, Field, Reference
from ..resource import BODY, Resource, browse_by_id, is_same, refuse
from ..schemas.quote import QuoteItemInput
from .quote_taxes import choose_taxes, find_taxes
from .taxes import get_tax_rate

END = "end"
# What an item adds up to, which clients can have checked.
TOTALS = ("line_total", "price_subtotal", "price_tax")


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
        "product_uom_id": Reference("product_uom_id", "uom.uom"),
        "unit_price": Field("price_unit"),
        "discount": Field("discount"),
        "price_subtotal": Field("price_subtotal", is_readonly=True),
        "price_tax": Field("price_tax", is_readonly=True),
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


def get_lines(quotes):
    """Return the lines to sell, of each quote in their order.

    Those of a discount on the whole follow from the others, and are not the client's.
    """
    return quotes._get_own_lines().sorted(lambda line: (line.sequence, line.id))


def get_rows(quotes, data_list):
    return [
        Row(quote, number, item)
        for quote, data in zip(quotes, data_list, strict=True)
        for number, item in enumerate(data.items or [])
    ]


def has_items(quote, rows):
    """Tell whether the quote's lines say all that the rows do, in the same order."""
    lines = get_lines(quote)
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


def get_item_commands(quote, rows):
    """Return the commands after which the quote has the rows' items, in their order."""
    left = set(get_lines(quote).ids)
    for row in rows:
        check_known(row, left)
        left.discard(row.item.id)
    headings = _get_headings(quote, {row.item.id for row in rows})
    commands, sequences = [], count(1)
    for row, values in zip(rows, get_items_values(quote.env, rows), strict=True):
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


def check_known(row, known_ids):
    """Refuse an item that names a line which its quote does not have, or not twice."""
    if row.item.id is not None and row.item.id not in known_ids:
        message = row.quote.env._("The quote has no item %s.", row.item.id)
        raise refuse("id", message, place=row.place)


def get_items_values(env, rows):
    """Return the lines' values of all rows; what they name is searched once for all."""
    values_list = ITEMS.to_values_list(
        env, [row.item for row in rows], [row.place for row in rows]
    )
    taxed = [row for row in rows if "tax_rate" in row.item.model_fields_set]
    taxes = find_taxes({row.quote for row in taxed})
    lines = browse_by_id(env[ITEMS.model], [row.item.id for row in rows])
    products = browse_by_id(
        env["product.product"], [values.get("product_id") for values in values_list]
    )
    for row, values in zip(rows, values_list, strict=True):
        _check_text(row)
        _leave_former_unit(lines[row.item.id], values)
        values["sequence"] = row.number + 1
        named = row.item.model_fields_set
        if row.item.id is None and "unit_price" in named:
            # The client's price is what it sells for, whatever the pricelist takes off.
            values.setdefault("discount", 0.0)
        if "tax_rate" in named:
            line = lines[row.item.id]
            product = products[values.get("product_id")] or line.product_id
            chosen = choose_taxes(row, line, product, taxes)
            values["tax_ids"] = [Command.set(chosen.ids)]
    return values_list


def _leave_former_unit(line, values):
    """Let another product bring its unit, where the client repeats the one before."""
    if (
        values.get("product_id", line.product_id.id) != line.product_id.id
        and values.get("product_uom_id") == line.product_uom_id.id
    ):
        values.pop("product_uom_id", None)


def _check_text(row):
    """Refuse a new item that says nothing of what it sells."""
    item = row.item
    if item.id is None and item.product_id is None and item.description is None:
        message = row.quote.env._("Give the product or a description.")
        raise refuse("description", message, place=row.place)


def get_totals(lines):
    """Return what each line adds up to, by its id and the API's names."""
    return {
        line.id: {name: line[ITEMS.fields[name].name] for name in TOTALS}
        for line in lines
    }


def check_totals(quotes, rows, former=None):
    """Refuse items that do not add up to what the client expects.

    :param former: what :func:`get_totals` returned before: that is repeated by who
        sends a quote back with another price or quantity
    """
    lines, former = get_lines(quotes).grouped("quote_id"), former or {}
    for row in rows:
        line = lines[row.quote][row.number]
        [totals] = get_totals(line).values()
        known = (totals, former.get(row.item.id, totals))
        for name in TOTALS:
            _check_total(row, name, [amounts[name] for amounts in known])


def _check_total(row, name, known):
    """Refuse another amount than the known ones, the first of which is that of now."""
    expected, quote = getattr(row.item, name), row.quote
    currency = quote.currency_id
    if expected is None or not all(
        currency.compare_amounts(expected, amount) for amount in known
    ):
        return
    total = formatLang(quote.env, known[0], currency_obj=currency)
    message = quote.env._("The item adds up to %s.", total)
    raise refuse(name, message, place=row.place)
