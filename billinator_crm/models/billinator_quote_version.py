import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import float_repr

from ..arguments import one_record
from ..exceptions import StateError
from ..locks import wait_and_lock
from ..quote_states import CURRENT_VERSIONS, ENDED_STATES


class BillinatorQuote(models.Model):
    """What exactly a quote says, and the versions of it, one after the other."""

    _inherit = "billinator.quote"

    previous_version_id = fields.Many2one(
        "billinator.quote",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The version that this one replaces.",
    )
    next_version_ids = fields.One2many(
        "billinator.quote",
        "previous_version_id",
        string="Next Versions",
        readonly=True,
        copy=False,
    )
    next_version_id = fields.Many2one(
        "billinator.quote", compute="_compute_next_version_id"
    )
    next_version_name = fields.Char(
        compute="_compute_next_version_name",
        # Whoever the next version was given to.
        compute_sudo=True,
        exportable=False,
    )
    first_version_id = fields.Many2one(
        "billinator.quote",
        compute="_compute_version",
        store=True,
        precompute=True,
        recursive=True,
        index="btree_not_null",
        help="The quote that was revised first; empty on that one itself.",
    )
    version = fields.Integer(
        compute="_compute_version",
        store=True,
        precompute=True,
        recursive=True,
        aggregator=None,
    )
    version_count = fields.Integer(compute="_compute_version_count")
    is_superseded = fields.Boolean(
        string="Superseded",
        compute="_compute_is_superseded",
        store=True,
        help="A newer version has replaced the quote. It is kept as it was, and can "
        "no longer be sent, accepted or invoiced.",
    )
    content_hash = fields.Char(
        compute="_compute_content_hash",
        # Who asks makes no difference: archived or hidden taxes count as well.
        compute_sudo=True,
        exportable=False,
        help="Stands for all that the quote says to the customer: it changes when "
        "any of it does.",
    )

    # What makes a version have one next version, whoever revises it at once.
    _next_version_uniq = models.UniqueIndex(
        "(previous_version_id) WHERE previous_version_id IS NOT NULL",
        "This quote has a next version already.",
    )
    _not_its_own_version = models.Constraint(
        "CHECK(previous_version_id <> id)", "A quote cannot be a version of itself."
    )

    # === Computes === #

    @api.depends("next_version_ids")
    def _compute_next_version_id(self):
        for quote in self:
            quote.next_version_id = quote.next_version_ids[:1]

    @api.depends("is_superseded")
    def _compute_next_version_name(self):
        superseded = self.filtered("is_superseded")
        # What next_version_ids has in the cache may be what the user sees of it.
        versions = self.search([("previous_version_id", "in", superseded.ids)])
        names = {quote.previous_version_id.id: quote.name for quote in versions}
        for quote in self:
            quote.next_version_name = names.get(quote._origin.id, False)

    @api.depends("previous_version_id.version", "previous_version_id.first_version_id")
    def _compute_version(self):
        for quote in self:
            previous = quote.previous_version_id
            quote.version = previous.version + 1
            quote.first_version_id = previous.first_version_id or previous

    @api.depends("first_version_id")
    def _compute_version_count(self):
        originals = self._get_original()
        counts = dict(
            self._read_group(
                [("first_version_id", "in", originals.ids)],
                ["first_version_id"],
                ["__count"],
            )
        )
        for quote in self:
            quote.version_count = counts.get(quote._get_original(), 0) + 1

    @api.depends("next_version_ids")
    def _compute_is_superseded(self):
        for quote in self:
            quote.is_superseded = bool(quote.next_version_ids)

    @api.depends("is_superseded")
    def _compute_is_editable(self):
        result = super()._compute_is_editable()
        self.filtered("is_superseded").is_editable = False
        return result

    @api.depends(lambda self: self._get_content_dependencies())
    def _compute_content_hash(self):
        for quote in self:
            quote.content_hash = bool(quote.id) and self._get_hash(quote._get_content())

    # === Constraints === #

    @api.constrains("state")
    def _check_not_superseded(self):
        """Let versions that have a next one only come to their end."""
        for quote in self:
            if quote.is_superseded and quote.state not in ENDED_STATES:
                raise ValidationError(quote._get_superseded_message())

    @api.constrains("previous_version_id")
    def _check_previous_version(self):
        for previous in self.previous_version_id:
            previous._check_revisable()

    # === CRUD === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_superseded(self):
        self._check_current()

    # === Actions === #

    def action_mark_sent(self):
        """Mark draft quotes as sent, and others as sent once more, as they are now.

        :return: True
        :raises UserError: for quotes in another state, without a line to sell, that
            have a next version, or that need an approval first
        """
        self._check_current()
        return super().action_mark_sent()

    def action_revise(self):
        """Make the next version of each quote, as ``revise`` does, and open it.

        :return: a window action on the new versions (``res_id`` of one, ``domain`` of
            several)
        :raises UserError: as ``revise``
        """
        return self._get_versions_action(self.revise())

    @api.readonly
    def action_view_versions(self):
        """Open the list of all versions of the quote.

        :return: a window action
        """
        return self._get_versions_action(self._get_versions())

    @api.readonly
    @one_record
    def action_view_next_version(self):
        """Open the version that replaced the quote.

        :return: a window action
        """
        return self._get_versions_action(self.next_version_id)

    # === Versions === #

    def revise(self):
        """Make the next version of each quote: a draft with the same content.

        The version before is kept as it is, with the customer's signature, and can
        neither be sent nor accepted nor invoiced any more. A quote that has a next
        version already, made before or at this moment by somebody else, answers with
        the latest one.

        :return: the latest versions of the quotes; over RPC, their ids
        :raises UserError: for drafts, which can simply be changed, for quotes with an
            invoice, and for those whose latest version was given to somebody else
        """
        self.check_access("write")
        # Who comes second waits, is told of a serialization failure, and is repeated.
        wait_and_lock(self)
        current = self.union().filtered(lambda quote: not quote.is_superseded)
        current._check_revisable()
        # Whoever may change a quote, checked above, may make its next version: that
        # it is one, nobody can set by hand.
        Quote_sudo = self.sudo().with_context(mail_auto_subscribe_no_notify=True)
        revisions = Quote_sudo.create(
            [quote._prepare_revision_values() for quote in current]
        ).with_env(self.env)
        current._unlink_expiry_activities()
        current._log_revisions(revisions)
        latest = self._get_latest_versions()
        self._check_seen(latest)
        return latest

    def _check_seen(self, latest):
        """Refuse quotes of whose latest versions the user sees none."""
        seen = latest._get_original()
        for quote in self:
            if quote._get_original() not in seen:
                raise StateError(quote._get_superseded_message())

    def _check_revisable(self):
        for quote in self:
            if quote.state == "draft":
                raise UserError(
                    self.env._(
                        "Quote %s is a draft: change it, it needs no new version.",
                        quote.name,
                    )
                )
            # Whoever may revise a quote need not see its invoice.
            if quote.sudo()._get_live_invoices():
                raise UserError(
                    self.env._(
                        "Quote %s has an invoice and cannot be revised. Cancel or "
                        "delete the invoice first, or make a new quote.",
                        quote.name,
                    )
                )

    def _prepare_revision_values(self):
        """Return the values of the quote's next version."""
        self.ensure_one()
        original = self._get_original()
        today = fields.Date.context_today(self)
        values = {
            "name": f"{original.name}-{self.version + 1}",
            "previous_version_id": self.id,
            "state": "draft",
            "client_order_ref": self.client_order_ref,
            # Also where it is a colleague's: it is the same offer.
            "opportunity_id": self.opportunity_id.id,
            "line_ids": [
                Command.create(line._prepare_revision_values(copied))
                for line, copied in zip(
                    self.line_ids, self.line_ids.copy_data(), strict=True
                )
            ],
        }
        # A day that is still to come was chosen for the customer.
        if not self.validity_date or self.validity_date >= today:
            values["validity_date"] = self.validity_date
        [copied] = self.copy_data(values)
        return copied

    def _log_revisions(self, revisions):
        """Say on the quotes and on their next versions where these are."""
        self._message_log_batch(
            bodies={
                revision.previous_version_id.id: self.env._(
                    "Superseded by version %s", revision._get_html_link()
                )
                for revision in revisions
            }
        )
        revisions._message_log_batch(
            bodies={
                revision.id: self.env._(
                    "New version of %s", revision.previous_version_id._get_html_link()
                )
                for revision in revisions
            }
        )

    def _get_original(self):
        """Return the first versions of the quotes."""
        return self.browse().union(*(quote.first_version_id or quote for quote in self))

    def _get_versions_domain(self):
        originals = self._get_original().ids
        return Domain("id", "in", originals) | Domain(
            "first_version_id", "in", originals
        )

    def _get_versions(self):
        """Return all versions of the quotes, the latest first."""
        return self.search(self._get_versions_domain(), order="version DESC, id DESC")

    def _get_latest_versions(self):
        """Return the versions of the quotes that no other one has replaced."""
        return self.search(self._get_versions_domain() & CURRENT_VERSIONS)

    @api.model
    def _get_versions_action(self, quotes):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm.billinator_quote_action"
        )
        if len(quotes) == 1:
            return {**action, "res_id": quotes.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", quotes.ids)], "context": {}}

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"previous_version_id", "next_version_ids"}

    def _get_frozen_message(self):
        if self.is_superseded:
            return self._get_superseded_message()
        return super()._get_frozen_message()

    def _get_superseded_message(self):
        return self.env._(
            "Quote %(quote)s was superseded by %(next)s and is kept as it was. Go on "
            "with that one.",
            quote=self.name,
            next=self.next_version_name,
        )

    def _check_current(self):
        """Refuse versions that another one has replaced."""
        for quote in self:
            if quote.is_superseded:
                raise UserError(quote._get_superseded_message())

    def _check_transition(self, state):
        if state not in ENDED_STATES:
            self._check_current()
        return super()._check_transition(state)

    def _begin_conversion(self):
        self._check_current()
        return super()._begin_conversion()

    # === Content === #

    @api.model
    def _get_content_fields(self):
        """Return the names of the fields that say something to the customer."""
        return [
            "name",
            "company_id",
            "partner_id",
            "partner_invoice_id",
            "partner_shipping_id",
            "date_quote",
            "validity_date",
            "currency_id",
            "fiscal_position_id",
            "payment_term_id",
            "note",
        ]

    @api.model
    def _get_content_dependencies(self):
        line_fields = self.env["billinator.quote.line"]._get_content_fields()
        Installment = self.env["billinator.quote.installment"]
        return [
            *self._get_content_fields(),
            "line_ids.sequence",
            *(f"line_ids.{name}" for name in line_fields),
            "tax_totals",
            "installment_ids.sequence",
            *(f"installment_ids.{name}" for name in Installment._get_content_fields()),
        ]

    def _get_content(self):
        """Return all that the quote says to the customer, in no language.

        That is both what the salesperson offers and what of it is chosen, line by
        line in the order of the quote, the totals which the customer reads, and what
        of them is to be paid first.

        :return: dict that is the same JSON in every process, whoever asks
        """
        self.ensure_one()
        values = to_plain(self, self._get_content_fields())
        if self.partner_shipping_id == self.partner_id:
            # Nothing is said of it then, as in all that was signed before it was there.
            del values["partner_shipping_id"]
        lines = self.line_ids.sorted()
        content = {
            "quote": values,
            "lines": [to_plain(line, line._get_content_fields()) for line in lines],
            "totals": self._get_content_totals(),
        }
        if down_payments := self._get_offered_down_payments():
            # Likewise, quotes without any are hashed as before these were told.
            content["down_payments"] = down_payments
        return content

    def _get_content_totals(self):
        """Return the totals, by tax group as well, in the quote's currency."""
        totals = self.tax_totals
        names = ("base_amount_currency", "tax_amount_currency", "total_amount_currency")
        groups = (
            group
            for subtotal in totals["subtotals"]
            for group in subtotal["tax_groups"]
        )

        def read(amounts):
            digits = self.currency_id.decimal_places
            return [
                float_repr(amounts[name], digits) for name in names if name in amounts
            ]

        return [read(totals), sorted([group["id"], *read(group)] for group in groups)]

    @api.model
    def _get_hash(self, content):
        """Return the SHA-256, in hexadecimal, of plain data."""
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def to_plain(record, names):
    """Return the values of a record as JSON knows them, the same for every reader."""
    return {name: _get_plain_value(record, record._fields[name]) for name in names}


def _get_plain_value(record, field):
    value = record[field.name]
    if field.type in ("one2many", "many2many"):
        return sorted(value.ids)
    if field.type == "many2one":
        return value.id
    if field.type == "monetary":
        # As the customer reads it: an amount just computed may carry float noise.
        return float_repr(value, record.currency_id.decimal_places)
    if field.type == "json":
        return value or None
    if field.type == "float":
        # Never “-0.0”.
        return value + 0.0
    return str(value) if value and field.type != "boolean" else value
