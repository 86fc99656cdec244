from collections import defaultdict
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount, is_html_empty

from ..arguments import arguments, as_text, one_record
from ..exceptions import StateError
from ..quote_states import (
    CHECKED_STATES,
    CONVERTIBLE_STATES,
    FINAL_STATES,
    OPEN_STATES,
)

STATES = [
    ("draft", "Draft"),
    ("sent", "Sent"),
    ("accepted", "Accepted"),
    ("rejected", "Rejected"),
    ("expired", "Expired"),
]
# What a copy for another customer takes from that one.
FROM_CUSTOMER = ("partner_invoice_id", "partner_shipping_id", "fiscal_position_id")
# Which states each state can be reached from.
ORIGIN_STATES = {
    "draft": ("draft", "sent", "accepted", "rejected", "expired"),
    # Expired ones with another date: see billinator_quote_expiry.
    "sent": ("draft", "sent", "expired"),
    "accepted": CONVERTIBLE_STATES,
    "rejected": ("draft", "sent", "expired"),
    "expired": ("draft", "sent", "expired"),
}
# What a new quote takes over from its customer and its company. Of each, a hundred
# fields are read where one is missing.
TAKEN_FROM_CUSTOMER = (
    "commercial_partner_id",
    "company_id",
    "country_id",
    "email",
    "email_normalized",
    "is_company",
    "lang",
    "name",
    "parent_id",
    "property_account_position_id",
    "property_payment_term_id",
    "specific_property_product_pricelist",
    "state_id",
    "type",
    "tz",
    "user_id",
    "vat",
    "zip",
)
TAKEN_FROM_COMPANY = (
    "account_price_include",
    "account_sale_tax_id",
    "active",
    "alias_domain_id",
    "billinator_online_invoice",
    "billinator_quote_validity_days",
    "currency_id",
    "parent_id",
    "parent_path",
    "partner_id",
    "tax_calculation_rounding_method",
)
# What the form shows of the company and of products, and counts with.
SHOWN_OF_COMPANY = (
    "account_fiscal_country_id",
    "account_price_include",
    "account_use_credit_limit",
    "active",
    "alias_domain_id",
    "currency_id",
    "name",
    "parent_id",
    "parent_path",
    "partner_id",
    "tax_calculation_rounding_method",
)
SHOWN_OF_PRODUCT = (
    "default_code",
    "product_template_attribute_value_ids",
    "product_tmpl_id",
)
SHOWN_OF_TEMPLATE = ("company_id", "list_price", "name", "uom_id")
# What followers are told of when a quote comes to a state.
EVENTS = {
    "sent": "mt_quote_sent",
    "accepted": "mt_quote_accepted",
    "rejected": "mt_quote_rejected",
    "expired": "mt_quote_expired",
}


class BillinatorQuote(models.Model):
    """An offer to a customer, with lines, taxes and totals, that becomes an invoice."""

    _name = "billinator.quote"
    _description = "Quote"
    _inherit = [
        "billinator.computed.mixin",
        "billinator.export.mixin",
        "portal.mixin",
        "product.catalog.mixin",
        "billinator.followed.mixin",
        "billinator.annotated.mixin",
        "billinator.document.sales.mixin",
        "billinator.batch.import.mixin",
        "billinator.numbers.mixin",
        "mail.activity.mixin",
        "utm.mixin",
    ]
    _order = "date_quote desc, id desc"
    _rec_names_search = ["name", "client_order_ref"]
    _check_company_auto = True
    _note_field = "quote_id"
    _company_sources = ("opportunity_id", "partner_id")

    # === Fields === #

    name = fields.Char(
        string="Quote Number",
        required=True,
        copy=False,
        readonly=True,
        index="trigram",
        default=lambda self: self.env._("New"),
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        check_company=True,
        index=True,
        tracking=True,
        ondelete="restrict",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer Company",
        store=True,
        precompute=True,
    )
    contact_id = fields.Many2one(
        "billinator.contact",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
        domain="[('customer_id', '=', commercial_partner_id)]",
        help="The person the quote goes to.",
    )
    partner_invoice_id = fields.Many2one(
        "res.partner",
        string="Invoice Address",
        compute="_compute_addresses",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    partner_shipping_id = fields.Many2one(
        "res.partner",
        string="Delivery Address",
        compute="_compute_addresses",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Where the goods go: the fiscal position follows it.",
    )
    opportunity_id = fields.Many2one(
        "billinator.opportunity",
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        compute="_compute_user_id",
        # Depends on what the user may do, and not only on the customer.
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index=True,
        tracking=True,
        domain="[('share', '=', False), ('company_ids', '=', company_id)]",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index=True,
        ondelete="set null",
    )
    state = fields.Selection(
        STATES,
        string="Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    date_quote = fields.Date(
        string="Quote Date",
        required=True,
        copy=False,
        default=fields.Date.context_today,
    )
    validity_date = fields.Date(
        string="Valid Until",
        compute="_compute_validity_date",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index="btree_not_null",
        help="The customer's last day to accept. Salespeople can accept the quote for "
        "the customer later, too.",
    )
    reject_reason = fields.Text(copy=False, readonly=True)

    # Terms
    pricelist_id = fields.Many2one(
        "product.pricelist",
        compute="_compute_pricelist_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
    )
    currency_rate = fields.Float(
        compute="_compute_currency_rate",
        store=True,
        precompute=True,
        digits=0,
        aggregator=None,
        help="Units of the quote's currency for one of the company's, on the quote's "
        "date.",
    )
    fiscal_position_id = fields.Many2one(
        "account.fiscal.position",
        compute="_compute_fiscal_position_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        help="Adapts the products' taxes to the customer; existing lines keep theirs "
        "until you update them.",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment Terms",
        compute="_compute_payment_term_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
    )
    client_order_ref = fields.Char(
        string="Customer Reference", copy=False, index="trigram"
    )
    tag_ids = fields.Many2many("billinator.tag", string="Tags")
    note = fields.Html(
        string="Terms and Conditions",
        compute="_compute_note",
        store=True,
        readonly=False,
        precompute=True,
    )

    note_ids = fields.One2many(
        "billinator.note",
        "quote_id",
        string="Communication",
        groups="sales_team.group_sale_salesman",
    )

    # Lines and totals
    crm_activity_ids = fields.One2many(
        "billinator.activity",
        "quote_id",
        string="All Activities",
        # What is done is archived.
        context={"active_test": False},
    )
    line_ids = fields.One2many(
        "billinator.quote.line",
        "quote_id",
        string="Lines",
        copy=True,
        bypass_search_access=True,
    )

    # What the form needs to know
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    company_price_include = fields.Selection(related="company_id.account_price_include")
    tax_country_id = fields.Many2one(
        "res.country", compute="_compute_tax_country_id", compute_sudo=True
    )
    is_editable = fields.Boolean(compute="_compute_is_editable")

    # A deleted campaign, source or medium leaves its quotes alone.
    campaign_id = fields.Many2one(ondelete="set null")
    medium_id = fields.Many2one(ondelete="set null")
    source_id = fields.Many2one(ondelete="set null")

    # === Constraints and indexes === #

    _name_company_uniq = models.Constraint(
        "UNIQUE(name, company_id)", "Another quote of this company has this number."
    )
    _validity_after_quote = models.Constraint(
        "CHECK(validity_date >= date_quote)",
        "A quote cannot expire before its own date: choose a later “valid until”.",
    )
    _default_order_idx = models.Index("(date_quote DESC, id DESC)")
    _timeline_idx = models.Index(
        "(commercial_partner_id, (date_trunc('second', create_date)) DESC, id DESC)"
    )
    # What sums of the quotes of a period read, without the rows.
    _sums_idx = models.Index(
        "(date_quote)"
        " INCLUDE (company_id, user_id, team_id, state, is_superseded, date_sent,"
        " amount_untaxed_company)"
    )

    # === Computes === #

    @api.depends("partner_id")
    def _compute_contact_id(self):
        """Propose the customer itself where it is a person, or whom to speak to."""
        for quote in self:
            customer = quote.commercial_partner_id
            # Nobody is a contact of their own: the company itself needs no look.
            contacts = quote.partner_id != customer and customer.contact_ids
            person = contacts and contacts.filtered(
                lambda contact, quote=quote: contact.person_id == quote.partner_id
            )
            quote.contact_id = person or customer.primary_contact_id

    @api.depends("partner_id")
    def _compute_addresses(self):
        for quote in self:
            customer = quote.partner_id
            addresses = (
                customer.address_get(["invoice", "delivery"]) if customer else {}
            )
            quote.partner_invoice_id = addresses.get("invoice")
            quote.partner_shipping_id = addresses.get("delivery")

    @api.depends("partner_id")
    def _compute_user_id(self):
        is_salesperson = self.env.user.has_group("sales_team.group_sale_salesman")
        for quote in self:
            quote.user_id = (
                (quote._origin and quote.user_id)
                or quote._get_customers_salesperson()
                or (is_salesperson and self.env.user)
            )

    @api.depends("user_id", "company_id")
    def _compute_team_id(self):
        for (user, company), quotes in self.grouped(
            lambda quote: (quote.user_id, quote.company_id)
        ).items():
            quotes.team_id = self.env["crm.team"]._get_default_team(user, company)

    # Not on the date: it leaves alone what somebody has promised.
    @api.depends("company_id")
    def _compute_validity_date(self):
        for quote in self:
            quote.validity_date = quote._get_last_day(quote._get_validity_days())

    @api.onchange("date_quote")
    def _onchange_date_quote(self):
        """Let the usual days count from the new date."""
        if not self._origin or self._origin._has_default_validity():
            self._compute_validity_date()

    @api.depends("partner_id", "company_id")
    def _compute_pricelist_id(self):
        for quote in self:
            partner = quote.partner_id.with_company(quote.company_id)
            quote.pricelist_id = partner.property_product_pricelist

    # Not on the opportunity: a quote keeps its currency when it moves to another one.
    @api.depends("pricelist_id", "company_id")
    def _compute_currency_id(self):
        for quote in self:
            quote.currency_id = (
                quote.pricelist_id.currency_id
                or quote.opportunity_id.currency_id
                or quote.company_id.currency_id
            )

    @api.onchange("opportunity_id")
    def _onchange_opportunity_id(self):
        """Take over customer and company, and currency where no pricelist has one."""
        self._onchange_company_sources()
        if not self.partner_id:
            self.partner_id = self.opportunity_id.partner_id
        if self.opportunity_id and not self.pricelist_id:
            self.currency_id = self.opportunity_id.currency_id

    @api.depends("currency_id", "company_id.currency_id", "date_quote")
    def _compute_currency_rate(self):
        # A currency that is not there says so of its name, but not of its rate.
        self.currency_id.mapped("name")
        for quote in self:
            quote.currency_rate = self.env["res.currency"]._get_conversion_rate(
                from_currency=quote.company_id.currency_id,
                to_currency=quote.currency_id,
                company=quote.company_id,
                date=quote.date_quote,
            )

    @api.depends(lambda self: self._get_fiscal_position_sources())
    def _compute_fiscal_position_id(self):
        if self._is_fiscal_position_localized():
            for quote in self:
                quote.fiscal_position_id = quote._get_fiscal_position_of_invoice()
            return
        FiscalPosition = self.env["account.fiscal.position"]
        for (company, partner, delivery), quotes in self.grouped(
            lambda quote: (
                quote.company_id,
                quote.partner_id,
                quote.partner_shipping_id,
            )
        ).items():
            quotes.fiscal_position_id = FiscalPosition.with_company(
                company
            )._get_fiscal_position(partner, delivery=delivery)

    @api.model
    def _get_fiscal_position_sources(self):
        """Return the fields that, when they change, choose the position anew."""
        sources = ["partner_id", "partner_shipping_id", "company_id"]
        if self._is_fiscal_position_localized():
            sources += ["partner_invoice_id", "date_quote", "currency_id"]
        return sources

    @api.model
    def _is_fiscal_position_localized(self):
        """Whether a country's module has a rule of its own for invoices.

        India's looks at the place of supply, for instance, and Italy's at declarations
        of intent. They all override the method of ``account``, and a method is from
        the module that was the last to do so.
        """
        rule = self.env.registry["account.move"]._compute_fiscal_position_id
        return rule.__module__ != "odoo.addons.account.models.account_move"

    def _is_fiscal_position_outdated(self, day):
        """Whether the country's rule says something else on ``day`` than before."""
        return self._is_fiscal_position_localized() and (
            self._get_fiscal_position_of_invoice(day)
            != self._get_fiscal_position_of_invoice()
        )

    def _get_fiscal_position_of_invoice(self, day=None):
        """Return what an invoice of the quote, which is not saved, says by itself.

        :param day: of the invoice, by default the quote's
        """
        invoice = self.env["account.move"].with_company(self.company_id)
        return invoice.new(
            {
                "move_type": "out_invoice",
                "company_id": self.company_id.id,
                "partner_id": self.partner_invoice_id.id,
                "partner_shipping_id": self.partner_shipping_id.id,
                "currency_id": self.currency_id.id,
                "invoice_date": day or self.date_quote,
            }
        ).fiscal_position_id

    @api.depends("partner_id", "company_id")
    def _compute_payment_term_id(self):
        for quote in self:
            partner = quote.partner_id.with_company(quote.company_id)
            quote.payment_term_id = partner.property_payment_term_id

    @api.depends("partner_id", "company_id")
    def _compute_note(self):
        for quote in self:
            quote.note = quote._get_default_note() or quote.note

    @api.depends("company_id", "fiscal_position_id")
    def _compute_tax_country_id(self):
        for quote in self:
            position = quote.fiscal_position_id
            quote.tax_country_id = (
                position.country_id
                if position.foreign_vat
                else quote.company_id.account_fiscal_country_id
            )

    @api.depends("state")
    def _compute_is_editable(self):
        for quote in self:
            quote.is_editable = quote.state in OPEN_STATES

    # === Checks === #

    @api.constrains(
        "name",
        "partner_id",
        "partner_invoice_id",
        "partner_shipping_id",
        "company_id",
        "date_quote",
        "validity_date",
        "pricelist_id",
        "currency_id",
        "fiscal_position_id",
        "payment_term_id",
        "note",
    )
    def _check_editable(self):
        """Keep what an accepted, rejected or expired quote says."""
        for quote in self:
            if not quote.is_editable:
                raise StateError(quote._get_frozen_message())

    @api.constrains("state")
    def _check_something_to_sell(self):
        self.filtered(lambda q: q.state in CHECKED_STATES)._check_sellable()

    def _check_sellable(self):
        for quote in self:
            if not quote._get_priced_lines():
                raise StateError(
                    self.env._("Quote %s has no product to sell yet.", quote.name)
                )

    @api.constrains("contact_id", "partner_id")
    def _check_contact(self):
        for quote in self.filtered("contact_id"):
            if not quote._has_own_contact():
                raise ValidationError(
                    self.env._(
                        "%(person)s is not a contact of the customer, %(customer)s.",
                        person=quote.contact_id.name,
                        customer=quote.commercial_partner_id.display_name,
                    )
                )

    @api.constrains("opportunity_id", "partner_id")
    def _check_opportunity_customer(self):
        # As sudo, for the quote's salesperson may not see the deal, but has it here.
        for quote in self.sudo():
            customer = quote.opportunity_id.partner_id.commercial_partner_id
            if customer and customer != quote.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "Quote %(quote)s is for %(customer)s, but the opportunity "
                        "“%(opportunity)s” is one of %(other_customer)s.",
                        quote=quote.name,
                        customer=quote.partner_id.display_name,
                        opportunity=quote.opportunity_id.name,
                        other_customer=customer.display_name,
                    )
                )

    def _check_company(self, fnames=None):
        """Let the lines fit the company that the quotes come to.

        What is created or written on a line, the line checks itself.
        """
        result = super()._check_company(fnames)
        if fnames and "company_id" in fnames:
            self.line_ids._check_company()
        return result

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        # What is refused draws no number.
        self._check_settable(*vals_list)
        self._fetch_for_creation(vals_list)
        quotes = super().create(
            self._with_numbers(
                [
                    {**vals, "state": "draft"}
                    if vals.get("state") in FINAL_STATES
                    else vals
                    for vals in self._with_companies(vals_list)
                ]
            )
        )
        quotes._close(vals_list)
        return quotes

    def _close(self, vals_list):
        """Bring new quotes to the final states asked for, as their lines are there."""
        states = {
            quote: vals["state"]
            for quote, vals in zip(self, vals_list, strict=True)
            if vals.get("state") in FINAL_STATES
        }
        for state, quotes in self.filtered(states.get).grouped(states.get).items():
            quotes.write({"state": state})

    @api.model
    def _fetch_for_creation(self, vals_list):
        # As sudo: the values become the quote's own, or are shown with it.
        self._fetch_user()
        company_sudo = self.env.company.sudo()
        company_sudo.fetch(TAKEN_FROM_COMPANY)
        company_sudo.currency_id._recall()
        partners_sudo = self._get_customers(vals_list).sudo()
        partners_sudo |= company_sudo.partner_id | self.env.user.partner_id
        partners_sudo.with_company(company_sudo).fetch(TAKEN_FROM_CUSTOMER)

    def _with_numbers(self, vals_list):
        """Return copies of the values, with quote numbers where there are none."""
        vals_list = [dict(vals) for vals in vals_list]
        default_company_id = self.default_get(["company_id"])["company_id"]
        unnamed = defaultdict(list)
        for vals in vals_list:
            if str(vals.get("name") or "").strip() in ("", self.env._("New")):
                unnamed[vals.get("company_id") or default_company_id].append(vals)
        for company_id, company_vals in unnamed.items():
            company = self.env["res.company"].browse(company_id)
            numbers = company._draw_quote_numbers(len(company_vals))
            for vals, number in zip(company_vals, numbers, strict=True):
                vals["name"] = number
        return vals_list

    def copy_data(self, default=None):
        """Leave out what is of another customer, or of another day, than the copy."""
        vals_list = super().copy_data(default)
        given = default or {}
        today = fields.Date.context_today(self)
        self._leave_out_former_colleagues(vals_list, given)
        for quote, vals in zip(self, vals_list, strict=True):
            is_same = vals["partner_id"] == quote.partner_id.id
            foreign = () if is_same else FROM_CUSTOMER
            if not is_same or not quote._has_own_contact():
                foreign = ("contact_id", *foreign)
            day = fields.Date.to_date(vals.get("date_quote")) or today
            if quote._is_fiscal_position_outdated(day):
                foreign = ("fiscal_position_id", *foreign)
            for name in set(foreign) - given.keys():
                vals.pop(name, None)
        return vals_list

    def write(self, vals):
        self._check_settable(vals)
        if "state" in vals:
            self._check_transition(vals["state"])
            # What follows from changes of the same call is changed with them, and not
            # when the quote is closed.
            self._recompute_recordset()
            self.line_ids._recompute_recordset()
        moving = self.browse()
        if vals.get("company_id") and "name" not in vals:
            moving = self.filtered(lambda q: q.company_id.id != vals["company_id"])
        # Numbers are the company's: with another company comes another number, in the
        # same write, for the old one may be taken there.
        for quote in moving:
            company = self.env["res.company"].browse(vals["company_id"])
            (number,) = company._draw_quote_numbers(1)
            super(BillinatorQuote, quote).write({**vals, "name": number})
        return super(BillinatorQuote, self - moving).write(vals)

    def _fetch_related(self, field_names):
        if "tax_totals" in field_names:
            self._fetch_for_form()
        return super()._fetch_related(field_names)

    def _fetch_for_form(self):
        """Read at once what the price of one line and the names of all lines ask for.

        Of products that are read with a changed line, all others would be read again.
        """
        # As sudo: who may read a quote is told what it offers, and by which company.
        quotes_sudo = self.sudo()
        quotes_sudo.company_id.fetch(SHOWN_OF_COMPANY)
        quotes_sudo.currency_id._recall()
        products_sudo = quotes_sudo.line_ids.product_id
        products_sudo.fetch(SHOWN_OF_PRODUCT)
        products_sudo.product_tmpl_id.fetch(SHOWN_OF_TEMPLATE)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        for quote in self:
            if quote.state == "accepted" or quote.sudo().invoice_ids:
                raise UserError(
                    self.env._(
                        "Quote %s was accepted and is kept. Reset it to draft first if "
                        "it has no invoice.",
                        quote.name,
                    )
                )

    def _creation_message(self):
        # Odoo's reads the model's name from the database, for each quote.
        return self.env._("Quote created")

    def _get_event(self, initial_values):
        """Return what followers may choose to be told of: the quote's new state."""
        return EVENTS.get(self.state) if "state" in initial_values else None

    # === Actions === #

    def action_mark_sent(self):
        """Mark draft quotes as sent; quotes that were sent already stay so.

        :return: True
        :raises UserError: for quotes in another state, without a line to sell, or that
            need an approval first
        """
        self.filtered(lambda quote: quote.state != "sent").write({"state": "sent"})
        return True

    def action_accept(self):
        """Accept draft and sent quotes for the customer; their contents are final.

        :return: True
        :raises UserError: for rejected and expired quotes, without a line to sell, that
            have a next version, or that need an approval first
        """
        pending = self.filtered(lambda quote: quote.state != "accepted")
        pending.write({"state": "accepted"})
        return True

    @arguments(reason=as_text)
    def action_reject(self, reason=None):
        """Record that the customer does not want the quotes.

        :param str reason: what the customer said, plain text
        :return: True
        :raises UserError: for quotes that are neither draft nor sent nor expired, or
            that are signed
        """
        self.write({"state": "rejected", "reject_reason": reason})
        return True

    def action_reset_to_draft(self):
        """Make quotes editable again that were sent, accepted, rejected or expired.

        :return: True
        :raises UserError: for quotes that are signed, that have a next version, or that
            have an invoice
        """
        self.write({"state": "draft", "reject_reason": False})
        return True

    @api.readonly
    @one_record
    def action_view_opportunity(self):
        """Open the quote's opportunity.

        :return: a window action
        """
        return {
            "type": "ir.actions.act_window",
            "res_model": "billinator.opportunity",
            "res_id": self.opportunity_id.id,
            "views": [(False, "form")],
        }

    def action_update_prices(self):
        """Set the lines' prices, discounts and taxes anew.

        They come from the quote's pricelist, currency and fiscal position; what was
        set by hand is lost.

        :return: True
        :raises ValidationError: for quotes that cannot be changed any more
        """
        self.check_access("write")
        self.line_ids._reset_prices()
        return True

    # === Business === #

    def _has_own_contact(self):
        """Whether the contact is the customer's, and has not changed to another one."""
        return self.contact_id.customer_id == self.commercial_partner_id

    def _get_customers_language(self):
        """Return the language of whom the quote is for.

        Texts that are there already stay in the language that they were filled in.
        """
        recipient = self.partner_id and self._get_mail_recipient()
        return recipient.lang or self.partner_id.lang or self.env.lang

    def _get_customers_salesperson(self):
        """Return who looks after the customer, if the user may give them the quote."""
        partner = self.partner_id
        owner = partner.user_id or partner.commercial_partner_id.user_id
        may_assign = self.env.su or self.env.user._sees_all_documents()
        # Customers' own users are no colleagues; who has left for one is such a user.
        # As sudo: they may work for a company that the user does not see, too.
        fits = self.company_id in owner.sudo().company_ids and not owner.share
        return owner if may_assign and fits else None

    def _get_validity_days(self):
        """Return for how many days the quote is valid where nobody chooses a date."""
        return self.company_id.billinator_quote_validity_days

    def _get_last_day(self, days):
        """Return the day ``days`` after the quote's date, or False without them."""
        return days and self.date_quote and self.date_quote + timedelta(days=days)

    def _get_default_note(self, lang=None):
        """Return the company's terms, by default in the customer's language, if any."""
        use_terms = (
            self.env["ir.config_parameter"]
            .sudo()  # A setting that salespeople cannot read, and may profit from.
            .get_param("account.use_invoice_terms")
        )
        if not use_terms:
            return False
        company = self.company_id.with_context(
            lang=lang or self._get_customers_language()
        )
        if company.terms_type == "html":
            url = f"{company.get_base_url()}/terms"
            return Markup("<p>%s</p>") % company.env._("Terms & Conditions: %s", url)
        return not is_html_empty(company.invoice_terms) and company.invoice_terms

    def _get_state_label(self, state=None):
        """Return the name of a state, by default of the quote's."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[state or self.state]

    def _get_frozen_message(self):
        """Return why the quote cannot be changed, and what to do instead."""
        self.ensure_one()
        return self.env._(
            "Quote %(quote)s is %(state)s and cannot be changed any more. "
            "Reset it to draft, or make a new quote.",
            quote=self.name,
            state=self._get_state_label(),
        )

    def _format_amount(self, amount):
        """Return an amount of the quote's currency as the reader writes it."""
        self.ensure_one()
        return format_amount(self.env, amount, self.currency_id)

    def _check_transition(self, state):
        """Refuse quotes that cannot come to ``state`` from where they are."""
        if not isinstance(state, str) or state not in ORIGIN_STATES:
            # The field refuses what is no state.
            return
        for quote in self:
            if quote.state not in ORIGIN_STATES[state]:
                raise UserError(
                    self.env._(
                        "Quote %(quote)s is %(state)s and cannot become %(new_state)s. "
                        "Reset it to draft first.",
                        quote=quote.name,
                        state=quote._get_state_label(),
                        new_state=quote._get_state_label(state),
                    )
                )

    @api.model
    def _get_kept_error(self, label):
        return UserError(
            self.env._(
                "“%s” of a quote is kept by its actions and cannot be set.", label
            )
        )

    def _get_own_rows(self):
        """Return all lines but those that the discount on the whole makes."""
        return self.line_ids.filtered(lambda line: not line.is_global_discount)

    def _get_own_lines(self):
        """Return the lines to sell, without those of the discount on the whole."""
        return self._get_own_rows().filtered(lambda line: not line.display_type)

    def _get_priced_lines(self):
        """Return the lines that count: no sections, notes or options left out."""
        return self.line_ids.filtered(lambda line: line._is_priced())

    def _convert_price(self, price, currency):
        """Return a price of another currency in the quote's, not rounded."""
        company = self._get_company()
        return currency._convert(
            price, self.currency_id, company, self.date_quote, round=False
        )

    def _get_company(self):
        """Return the company; while it is cleared in the form, the current one."""
        return self.company_id or self.env.company

    def _get_product_taxes(self, product):
        """Return the taxes of a product, or of none, on the quote."""
        company = self.company_id
        taxes = product.taxes_id if product else company.account_sale_tax_id
        own_taxes = taxes._filter_taxes_by_company(company)
        return self.fiscal_position_id.map_tax(own_taxes)

    def _get_lines_with_headings(self, is_wanted):
        """Return some of the lines, their notes, and sections with something in them.

        :param is_wanted: function of a line: whether it is no option
        """
        kept = self.env["billinator.quote.line"]
        notes_on_options = self._get_notes_on_options(is_wanted)
        open_section, open_subsection = kept, kept
        for line in self.line_ids.sorted():
            if line.display_type == "line_section":
                open_section, open_subsection = line, kept.browse()
            elif line.display_type == "line_subsection":
                open_subsection = line
            elif line not in notes_on_options if line.display_type else is_wanted(line):
                kept |= open_section | open_subsection | line
        return kept.with_prefetch(self.line_ids._prefetch_ids)

    def _get_notes_on_options(self, is_fixed):
        """Return the notes right below those headings that only have options.

        :param is_fixed: function of a line: whether it is no option
        """
        self.ensure_one()
        notes, products = defaultdict(set), defaultdict(set)
        section = subsection = self.env["billinator.quote.line"]
        for line in self.line_ids.sorted():
            if line.display_type == "line_section":
                section, subsection = line, line.browse()
            elif line.display_type == "line_subsection":
                subsection = line
            elif line.display_type:
                notes[subsection or section].add(line)
            else:
                for heading in section | subsection:
                    products[heading].add(line)
        return set().union(
            *(
                notes[heading]
                for heading, lines in products.items()
                if not any(map(is_fixed, lines))
            )
        )

    # === Imports === #

    @api.model
    def _get_import_templates(self):
        return {"quotes_import.xlsx": self.env._("Import Template for Quotes")}
