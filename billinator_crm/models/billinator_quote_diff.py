from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang, html2plaintext

from ..arguments import arguments, as_id, one_record
from ..formatting import count_decimals

TERMS = (
    "partner_id",
    "partner_invoice_id",
    "partner_shipping_id",
    "validity_date",
    "payment_term_id",
    "fiscal_position_id",
    "currency_id",
    "note",
)
TOTALS = ("amount_untaxed", "amount_tax", "amount_total")
# What one line says to the customer and is worth a word when it changes.
LINE_DETAILS = (
    "product_id",
    "name",
    "quantity",
    "product_uom_id",
    "price_unit",
    "discount",
    "tax_ids",
    "is_optional",
    "is_selected",
)
# What the customer need not be told in so many words.
LONG_TEXTS = ("name", "note")


class BillinatorQuote(models.Model):
    """What is different from one version of a quote to another."""

    _inherit = "billinator.quote"

    @api.readonly
    @arguments(other_version_id=as_id)
    @one_record
    def get_version_diff(self, other_version_id):
        """Tell what changed from another version of the quote to this one.

        Lines are the same ones wherever they stand, whatever was changed in them: a
        line that moved was neither added nor removed. Lines that were typed anew are
        recognized by their product or their text.

        :param int other_version_id: another version of the same quote
        :return: dict of ``old`` and ``new`` (``id``, ``name``, ``version``, ``date``
            as ``YYYY-MM-DD``, ``currency``), ``terms`` and ``totals`` (lists of
            changes), ``lines`` (dict of ``added`` and ``removed``, lists of lines, and
            ``changed``, the same with a list of ``changes``) and ``is_reordered``
            (whether lines that stayed stand in another order). A change has ``field``,
            ``label``, ``old`` and ``new`` (an id, or a list of them, of relations;
            amounts in the version's own currency) and ``old_text`` and ``new_text``,
            as users read them. A line has ``id``, ``display_type``, ``description``,
            ``product_id``, ``quantity``, ``price_unit``, ``discount`` (in percent),
            ``price_subtotal`` and ``text``, which sums it up
        :raises UserError: for a quote that is no version of this one
        """
        other = self.browse(other_version_id).exists()
        (self + other).check_access("read")
        if other._get_original() != self._get_original():
            raise UserError(
                self.env._(
                    "Compare quote %s with another version of the same quote.",
                    self.name,
                )
            )
        pairs = self.line_ids._match_lines(other.line_ids)
        return {
            "old": other._describe_version(),
            "new": self._describe_version(),
            "terms": [
                *_compare(other, self, TERMS),
                *self._compare_down_payments(other),
            ],
            "lines": self._compare_lines(pairs),
            "is_reordered": _is_reordered(pairs),
            "totals": _compare(other, self, TOTALS),
        }

    def _compare_down_payments(self, other):
        """Return the change of what is invoiced before the rest, in a list, or none."""
        old, new = (quote._get_offered_down_payments() for quote in (other, self))
        if old == new:
            return []
        return [
            {
                "field": "installment_ids",
                "label": self.env._("Down Payments"),
                "old": old,
                "new": new,
                "old_text": other._tell_down_payments(old),
                "new_text": self._tell_down_payments(new),
            }
        ]

    def _tell_down_payments(self, planned):
        """Return the down payments in one line, as the customer reads of them."""
        unnamed, currency = self.env._("Down payment"), self.currency_id
        amounts = [
            formatLang(self.env, float(each["amount"]), currency_obj=currency)
            for each in planned
        ]
        names = [each["name"] or unnamed for each in planned]
        return ", ".join(map(" ".join, zip(names, amounts, strict=True)))

    def _describe_version(self):
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "date": self.date_quote.isoformat(),
            "currency": self.currency_id.name,
        }

    @api.model
    def _compare_lines(self, pairs):
        """Return the lines of a diff.

        :param pairs: list of tuples of an old line and a new one, one perhaps empty
        """
        changed = [
            {**new._describe_line(), "changes": changes}
            for old, new in pairs
            if old and new and (changes := _compare(old, new, LINE_DETAILS))
        ]
        return {
            "added": [new._describe_line() for old, new in pairs if not old],
            "removed": [old._describe_line() for old, new in pairs if not new],
            "changed": changed,
        }

    def _get_portal_changes(self):
        """Return in short what changed since the version that the customer had before.

        :return: list of str in the language of the context, empty for first versions
        """
        self.ensure_one()
        known = self.previous_version_id
        while known and not known._is_for_customer():
            known = known.previous_version_id
        if not known:
            return []
        return self._sum_up_diff(self.get_version_diff(known.id))

    @api.model
    def _sum_up_diff(self, diff):
        """Return what a diff tells, as a list of str."""
        lines = diff["lines"]
        return [
            *(self.env._("New: %s", line["text"]) for line in lines["added"]),
            *(self.env._("No longer: %s", line["text"]) for line in lines["removed"]),
            *map(self._sum_up_line, lines["changed"]),
            *map(self._sum_up_change, diff["terms"]),
            *map(self._sum_up_change, diff["totals"][-1:]),
        ]

    @api.model
    def _sum_up_line(self, line):
        title = line["description"].split("\n", 1)[0]
        changes = ", ".join(map(self._sum_up_change, line["changes"]))
        return self.env._("%(line)s: %(changes)s", line=title, changes=changes)

    @api.model
    def _sum_up_change(self, change):
        if change["field"] in LONG_TEXTS:
            return self.env._("%s changed", change["label"])
        return self.env._(
            "%(label)s %(old)s → %(new)s",
            label=change["label"],
            old=change["old_text"] or "-",
            new=change["new_text"] or "-",
        )


def _is_reordered(pairs):
    stayed = [old for old, new in pairs if old and new]
    return stayed != sorted(stayed, key=lambda line: (line.sequence, line.id))


def _compare(old, new, names):
    """Return the changes from one record to another in these fields."""
    return [
        {
            "field": name,
            "label": new._fields[name]._description_string(new.env),
            "old": _get_value(old, name),
            "new": _get_value(new, name),
            "old_text": format_value(old, name),
            "new_text": format_value(new, name),
        }
        for name in names
        if _get_value(old, name) != _get_value(new, name)
    ]


def _get_value(record, name):
    """Return the value of a field as RPC clients get it, ids of relations."""
    field, value = record._fields[name], record[name]
    if field.type == "many2one":
        return value.id
    if field.type == "many2many":
        return sorted(value.ids)
    if field.type == "date":
        return value and value.isoformat()
    return value or "" if field.type in ("text", "html") else value


def format_value(record, name):
    """Return the value of a field as users read it, in the language of the context."""
    field, value, env = record._fields[name], record[name], record.env
    if field.type in ("many2one", "many2many"):
        return ", ".join(value.mapped("display_name"))
    if field.type == "date":
        return format_date(env, value)
    if field.type == "boolean":
        return env._("Yes") if value else env._("No")
    if field.type == "html":
        return html2plaintext(value or "")
    if field.type == "float":
        return _format_number(record, name, value)
    if field.type == "monetary":
        return formatLang(env, value, currency_obj=record.currency_id)
    return value or ""


def _format_number(record, name, value):
    """Return a number with the decimals that it has; prices with their currency."""
    digits = count_decimals(value)
    currency = record.currency_id
    if name == "price_unit" and digits <= currency.decimal_places:
        return formatLang(record.env, value, currency_obj=currency)
    return formatLang(record.env, value, digits=digits)
