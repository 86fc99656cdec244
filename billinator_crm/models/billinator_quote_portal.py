import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..arguments import one_record
from ..formatting import format_number
from ..locks import wait_and_lock
from ..quote_states import ENDED_STATES

CUSTOMER_STATES = ("sent", "accepted", "rejected", "expired")
# What customers may read of their quotes over RPC, which they never need: enough to
# find and open them. All else, and every field to come, is the seller's; the page shows
# what it shows after a check of its own.
CUSTOMER_FIELDS = frozenset(
    {
        "access_token",
        "access_url",
        "access_warning",
        "amount_tax",
        "amount_total",
        "amount_untaxed",
        "client_order_ref",
        "company_id",
        "currency_id",
        "date_quote",
        "display_name",
        "id",
        "name",
        "partner_id",
        "signed_by",
        "signed_on",
        "state",
        "user_id",
        "validity_date",
    }
)
# So that nobody floods the salesperson with visits.
MAX_VIEWS_A_DAY = 50


class BillinatorQuote(models.Model):
    """The quote as its customer sees it, by account or by link."""

    _inherit = "billinator.quote"

    # Whoever has it sees the quote: no file is to carry it around.
    access_token = fields.Char(exportable=False)
    view_count = fields.Integer(
        string="Views",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Visits of the customer to the quote's page; one per person and day.",
    )
    last_viewed_on = fields.Datetime(string="Last Viewed", readonly=True, copy=False)
    viewers_of_day = fields.Json(
        readonly=True,
        copy=False,
        exportable=False,
        groups="base.group_system",
        help="Visitors counted on the last day with a visit, by fingerprint.",
    )

    # === Computes === #

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for quote in self:
            quote.access_url = f"/my/crm-quotes/{quote.id}"
        return result

    @api.depends("state", "date_sent")
    def _compute_access_warning(self):
        result = super()._compute_access_warning()
        for quote in self.filtered(lambda quote: not quote._is_for_customer()):
            quote.access_warning = self.env._(
                "The link opens the quote as soon as you have sent it or marked it as "
                "sent."
            )
        return result

    # === Rights === #

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        # Asked for every field of every quote: a stored field says it faster than the
        # user's groups.
        if self.env.su or not self.env.user.share:
            return True
        return operation == "read" and field.name in CUSTOMER_FIELDS

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {
            "view_count",
            "last_viewed_on",
            "viewers_of_day",
        }

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"access_token"}

    # === Actions === #

    @api.readonly
    @one_record
    def action_view_customer_page(self):
        """Open the quote's page as its customer sees it.

        :return: a URL action
        """
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": self.access_url,
            "target": "self",
        }

    @api.model
    def _get_thread_with_access(self, thread_id, *, token=None, **kwargs):
        """Let no token open a quote that has none, which portal cannot compare.

        Nor one whose page it does not open: what colleagues say to each other about a
        draft may be meant for the customer, but not yet.
        """
        # As sudo, as portal compares them; whoever asks only gets what they give.
        if token and not self.browse(thread_id).exists().sudo().access_token:
            token = None
        quote = super()._get_thread_with_access(thread_id, token=token, **kwargs)
        is_stranger = quote.env.su and not self.env.user._is_internal()
        if quote and is_stranger and not quote._is_for_customer():
            return self.browse()
        return quote

    def _thread_to_store(self, store, fields, *, request_list=None):
        """Tell customers of no activities, followers and files of colleagues.

        Portal reads with all rights for whoever has the link. Of what can be asked for
        beside the messages, its own page asks for nothing.
        """
        asked = request_list if self.env.user._is_internal() else request_list and []
        return super()._thread_to_store(store, fields, request_list=asked)

    # === What customers may do === #

    @api.model
    def _get_customer_states(self):
        """Return the states in which customers see their quotes."""
        return CUSTOMER_STATES

    def _is_for_customer(self):
        """Whether the customer may see the quote: never a draft, or what was only one.

        The rule for customers says the same.
        """
        self.ensure_one()
        # As sudo, for customers ask this of their quotes, and may not read all of it.
        was_sent = bool(self.sudo().date_sent)
        # What never left the house can end, too, and stays there.
        may_see = was_sent or self.state not in ENDED_STATES
        return may_see and self.state in self._get_customer_states()

    def _get_obstacle(self):
        """Return why the customer cannot act on the quote any more, or None."""
        self.ensure_one()
        if self.is_superseded:
            return self.env._("There is a newer version of this quote.")
        if self.state == "accepted":
            return self.env._("This quote has been accepted.")
        if self.state == "rejected":
            return self.env._("This quote has been declined.")
        if self.state == "expired" or self._is_past_validity():
            return self.env._("This quote has expired. Ask us for a new one.")
        if self.state != "sent":
            return self.env._("This quote is being prepared.")
        return None

    def _check_open_to_customer(self):
        if obstacle := self._get_obstacle():
            raise UserError(obstacle)

    def _check_unchanged(self, content_hash):
        """Refuse to act on what the customer has not seen.

        :param str content_hash: of what the customer's page shows
        """
        if content_hash != self.content_hash:
            raise UserError(
                self.env._(
                    "This quote has changed since you opened it. Nothing was done: "
                    "please read it once more."
                )
            )

    def _choose_line(self, line_id, content_hash, **choice):
        """Take the customer's choice on one of the quote's lines.

        :param int line_id: a ``billinator.quote.line``
        :param str content_hash: of what the customer's page shows
        :param choice: see ``billinator.quote.line._choose``
        :raise UserError: if the quote is closed or has changed, or the line is fixed
        """
        self.ensure_one()
        wait_and_lock(self)
        self._check_open_to_customer()
        self._check_unchanged(content_hash)
        line = self.line_ids.filtered(lambda line: line.id == line_id)
        if not line:
            raise UserError(self.env._("This line is not on the quote any more."))
        line._choose(**choice)

    def _touch_content(self):
        """Make whoever signs at this moment read the quote again.

        A line can change without its quote. Writing to the quote's row makes
        PostgreSQL refuse one of two transactions that change and accept at once; Odoo
        repeats it, and it finds what the other one did.
        """
        # Left to the cache, it is written together with what else changes. A row that
        # has this date already was written by this transaction.
        quotes = self.browse(self.ids)
        self._fields["write_date"].write(quotes, self.env.cr.now())

    # === Visits === #

    def _log_view(self, visitor, partner):
        """Count a visit of the customer and tell the salesperson.

        :param str visitor: what stands for the person or browser; not kept as it is
        :param partner: the ``res.partner`` that the visit is logged for
        :return: whether it counted: the first of this visitor on the company's day
        """
        self.ensure_one()
        # Two tabs that open at once wait for each other, and count as one.
        wait_and_lock(self)
        day = fields.Date.to_string(self.company_id._get_billinator_day())
        known = self.viewers_of_day or {}
        viewers = known["viewers"] if known.get("day") == day else []
        viewer = hashlib.sha256(f"{self.id}:{visitor}".encode()).hexdigest()[:16]
        if viewer in viewers or len(viewers) >= MAX_VIEWS_A_DAY:
            return False
        self.write(
            {
                "view_count": self.view_count + 1,
                "last_viewed_on": fields.Datetime.now(),
                "viewers_of_day": {"day": day, "viewers": [*viewers, viewer]},
            }
        )
        quote = self._in_salespersons_lang()
        quote.message_post(
            body=quote.env._("%s has viewed the quote.", partner.display_name),
            author_id=partner.id,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )
        return True

    def _in_salespersons_lang(self):
        """Return the quote for texts that the salesperson is to read."""
        lang = self.user_id.lang or self.company_id.partner_id.lang
        return self.with_context(lang=lang)

    def _get_our_contact(self):
        """Return the colleague to turn to: the salesperson, while that is one.

        After that whose the deal is, or who leads the team; nobody, where all have
        left, or there is none.
        """
        self.ensure_one()
        # As sudo: customers, and who keeps the books, may not see deals and teams.
        quote_sudo = self.sudo()
        for get_user in (
            lambda: quote_sudo.user_id,
            lambda: quote_sudo.opportunity_id.user_id,
            lambda: quote_sudo.team_id.user_id,
        ):
            user_sudo = get_user()
            if user_sudo.active and not user_sudo.share:
                return user_sudo.with_env(self.env)
        return self.env["res.users"]

    # === The page === #

    def _get_portal_rows(self):
        """Return the rows of all lines but options; see ``_prepare_rows``."""
        return self._prepare_rows(
            self._get_lines_with_headings(lambda line: not line.is_optional)
        )

    def _get_portal_options(self):
        """Return the rows of the optional lines, those left out as well."""
        notes = self._get_notes_on_options(lambda line: not line.is_optional)
        options = self.line_ids.filtered(
            lambda line: line in notes or (line.is_optional and not line.display_type)
        )
        return [line._prepare_document_row([]) for line in options.sorted()]

    def _get_portal_lines(self):
        """Return the lines that have an amount on the page, bundles as well."""
        rows = self._get_portal_rows() + self._get_portal_options()
        return self.line_ids.browse(
            row["line"].id for row in rows if row["kind"] in ("product", "bundle")
        )

    def _get_portal_amounts(self):
        """Return the formatted amounts that the page shows, by their place on it."""
        rows = self._get_portal_rows() + self._get_portal_options()
        amounts = {f"amount-{row['line'].id}": row["amount"] for row in rows}
        amounts["total"] = self.amount_total
        for number, planned in enumerate(self._get_offered_down_payments()):
            amounts[f"down-payment-{number}"] = float(planned["amount"])
        texts = {place: self._format_amount(value) for place, value in amounts.items()}
        for line in (row["line"] for row in rows if row["kind"] == "product"):
            texts[f"list-price-{line.id}"] = line._format_price(line.price_unit)
            texts[f"price-{line.id}"] = line._format_price(line._get_price_to_pay())
        return texts

    @api.model
    def _format_number(self, number):
        """Return a number as the page's reader writes it."""
        return format_number(self.env, number)

    # === Mail === #

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Give customers a button to the quote's page, once there is one for them."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        # The mail that makes a draft sent is written while it still is one.
        sends = "billinator_sends_quote" in message and message.billinator_sends_quote
        if self and not sends and not self._is_for_customer():
            for name, _is_member, data in groups:
                if name in ("portal_customer", "portal"):
                    data["has_button_access"] = False
        return groups
