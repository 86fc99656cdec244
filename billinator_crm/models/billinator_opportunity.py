from collections import defaultdict
from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, split_every

from ..arguments import arguments, as_id, as_text
from .billinator_document_sales_mixin import NAME_FIELDS

PRIORITIES = [("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Very High")]
CRON_BATCH = 1000
# Of the customer and the author, what deals and messages about them are made of, and
# what cards tell. They have a hundred fields; all are read where one is missing.
PARTNER_FIELDS = (
    *("commercial_partner_id", "company_id", "email_normalized", "phone", "tz"),
    *NAME_FIELDS,
)
# Computed where nobody gives a value, as is what follows the stage.
SET_WHERE_EMPTY = {"date_closed", "stage_id"}
# Say whom a deal without a customer is for.
LEAD_FIELDS = ("partner_name", "contact_name", "email_from", "phone")
# Managers bring deals along that were closed before there was a CRM.
SET_BY_MANAGERS = {"date_closed"}
# What followers are told of when a deal has another status.
EVENTS = {
    "open": "mt_opportunity_reopened",
    "won": "mt_opportunity_won",
    "lost": "mt_opportunity_lost",
}
# What a stage may follow from: a team uses other stages, a salesperson has a team.
STAGE_SOURCES = {"stage_id", "team_id", "user_id"}


class BillinatorOpportunity(models.Model):
    """A deal: from the first contact to won or lost."""

    _name = "billinator.opportunity"
    _description = "Opportunity"
    _inherit = [
        "billinator.computed.mixin",
        "billinator.annotated.mixin",
        "billinator.followed.mixin",
        "billinator.document.sales.mixin",
        "billinator.batch.import.mixin",
        "billinator.numbers.mixin",
        "billinator.phone.mixin",
        "mail.tracking.duration.mixin",
        "mail.activity.mixin",
        "utm.mixin",
    ]
    _order = "priority desc, id desc"
    _rec_names_search = ["name", "partner_name", "contact_name", "email_from"]
    _check_company_auto = True
    _track_duration_field = "stage_id"
    _note_field = "opportunity_id"

    # === Fields === #

    name = fields.Char(
        string="Opportunity", required=True, index="trigram", tracking=True
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        default=lambda self: self.env.user,
        check_company=True,
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
        tracking=True,
        ondelete="set null",
    )

    # Who it is for
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
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
        index="btree_not_null",
    )
    contact_ids = fields.Many2many(
        "billinator.contact",
        string="Contacts",
        compute="_compute_contact_ids",
        store=True,
        readonly=False,
        domain="[('customer_id', '=', commercial_partner_id)]",
        help="The people of this deal.",
    )
    partner_name = fields.Char(
        string="Company Name",
        index="trigram",
        help="The company, if it is not one of your contacts yet.",
    )
    contact_name = fields.Char(
        index="trigram",
        help="The person, if not one of your contacts yet.",
    )
    email_from = fields.Char(
        string="Email",
        compute="_compute_email_from",
        store=True,
        readonly=False,
        precompute=True,
        index="trigram",
        tracking=True,
    )
    phone = fields.Char(
        compute="_compute_phone",
        store=True,
        readonly=False,
        precompute=True,
        index="trigram",
        tracking=True,
    )
    email_normalized = fields.Char(
        compute="_compute_email_normalized",
        store=True,
        precompute=True,
        index="btree_not_null",
    )

    # Where it stands
    stage_id = fields.Many2one(
        "billinator.stage",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        index=True,
        tracking=True,
        ondelete="restrict",
        group_expand="_read_group_stage_id",
        domain="['|', ('team_ids', '=', False), ('team_ids', 'in', team_id)]",
    )
    status = fields.Selection(
        related="stage_id.status", store=True, precompute=True, index=True
    )
    last_open_stage_id = fields.Many2one(
        "billinator.stage",
        compute="_compute_last_open_stage_id",
        store=True,
        precompute=True,
        ondelete="set null",
        help="Where the opportunity goes back to when it is reopened.",
    )
    date_last_stage_update = fields.Datetime(
        string="Last Stage Update",
        compute="_compute_date_last_stage_update",
        store=True,
        precompute=True,
    )
    priority = fields.Selection(PRIORITIES, default="0", required=True)
    lost_reason_id = fields.Many2one(
        "billinator.lost.reason",
        compute="_compute_lost_reason_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    date_deadline = fields.Date(
        string="Expected Closing",
        index=True,
        tracking=True,
        help="The day on which the opportunity is expected to be won.",
    )
    date_closed = fields.Datetime(
        string="Closed On",
        compute="_compute_date_closed",
        store=True,
        # For managers alone, by _get_kept_fields().
        readonly=False,
        precompute=True,
        copy=False,
    )
    days_to_close = fields.Integer(
        compute="_compute_days_to_close",
        store=True,
        precompute=True,
        aggregator="avg",
        help="Days from the opportunity's creation to its being won or lost; none for "
        "past ones, which were closed before they were created here.",
    )

    # What it is worth
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    expected_revenue = fields.Monetary(default=0.0, tracking=True)
    probability = fields.Float(
        string="Probability (%)",
        compute="_compute_probability",
        inverse="_inverse_probability",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        aggregator="avg",
        tracking=True,
    )
    is_probability_manual = fields.Boolean(
        string="Probability Set by Hand",
        compute="_compute_is_probability_manual",
        store=True,
        precompute=True,
        copy=False,
        help="Set when somebody chose another probability than the stage's. "
        "Choose the stage's probability again to make it follow the stage.",
    )
    expected_revenue_company = fields.Monetary(
        string="Expected Revenue (Company Currency)",
        currency_field="company_currency_id",
        compute="_compute_company_revenues",
        store=True,
        precompute=True,
        help="Converted at the rate of the day it was closed, or of today.",
    )
    weighted_revenue = fields.Monetary(
        currency_field="company_currency_id",
        compute="_compute_company_revenues",
        store=True,
        precompute=True,
        help="Expected revenue times probability, in the company's currency.",
    )

    tag_ids = fields.Many2many("billinator.tag", string="Tags")
    description = fields.Html(string="Notes")
    crm_activity_ids = fields.One2many(
        "billinator.activity",
        "opportunity_id",
        string="All Activities",
        # What is done is archived.
        context={"active_test": False},
    )
    note_ids = fields.One2many(
        "billinator.note",
        "opportunity_id",
        string="Communication",
        groups="sales_team.group_sale_salesman",
    )

    opportunity_properties = fields.Properties(
        "Properties",
        definition="team_id.opportunity_properties_definition",
        copy=True,
    )

    # A deleted campaign, source or medium leaves its opportunities alone.
    campaign_id = fields.Many2one(ondelete="set null")
    medium_id = fields.Many2one(ondelete="set null")
    source_id = fields.Many2one(ondelete="set null")

    # === Constraints and indexes === #

    _probability_range = models.Constraint(
        "CHECK(probability BETWEEN 0 AND 100)",
        "The probability is a percentage: choose a value from 0 to 100.",
    )
    _customer_required = models.Constraint(
        "CHECK(partner_id IS NOT NULL OR COALESCE(partner_name, '') <> ''"
        " OR COALESCE(contact_name, '') <> '' OR COALESCE(email_from, '') <> ''"
        " OR COALESCE(phone, '') <> '')",
        "Say who the opportunity is for: choose a customer, or give a company name, "
        "a contact name, an email address or a phone number.",
    )
    _lost_reason_required = models.Constraint(
        "CHECK(status <> 'lost' OR lost_reason_id IS NOT NULL)",
        "Choose the reason why the opportunity was lost.",
    )
    _default_order_idx = models.Index("(priority DESC, id DESC) WHERE active IS TRUE")
    _stage_order_idx = models.Index(
        "(stage_id, priority DESC, id DESC) WHERE active IS TRUE"
    )
    # A person's deals; what counts them by stage does not read the rows.
    _user_idx = models.Index("(user_id, id) INCLUDE (stage_id, company_id, active)")
    _top_idx = models.Index(
        "(company_id, expected_revenue_company DESC NULLS LAST, id DESC)"
        " WHERE active IS TRUE AND status = 'open'"
    )
    # What sums of what is open, was closed or was created read, without the rows.
    _open_idx = models.Index(
        "(company_id, user_id) INCLUDE (team_id, stage_id, date_deadline, create_date,"
        " date_closed, status, expected_revenue_company, weighted_revenue)"
        " WHERE active IS TRUE AND status = 'open'"
    )
    _date_closed_idx = models.Index(
        "(date_closed) INCLUDE (active, company_id, user_id, team_id, status,"
        " lost_reason_id, source_id, create_date, days_to_close,"
        " expected_revenue_company)"
        " WHERE date_closed IS NOT NULL"
    )
    _create_date_idx = models.Index(
        "(create_date) INCLUDE (active, company_id, user_id, team_id, status,"
        " last_open_stage_id, expected_revenue_company)"
    )
    _timeline_idx = models.Index(
        "(commercial_partner_id, (date_trunc('second', create_date)) DESC, id DESC)"
        " WHERE commercial_partner_id IS NOT NULL"
    )
    _manual_probability_idx = models.Index("(id) WHERE is_probability_manual IS TRUE")

    # === Computes === #

    @api.depends("user_id")
    def _compute_team_id(self):
        for opportunity in self:
            opportunity.team_id = opportunity._choose_team(opportunity.user_id)

    @api.depends("commercial_partner_id")
    def _compute_contact_ids(self):
        """Let go of people who are nobody's contacts at the customer."""
        for opportunity in self:
            customer = opportunity.commercial_partner_id
            opportunity.contact_ids = opportunity.contact_ids.filtered(
                lambda contact, customer=customer: contact.customer_id == customer
            )

    @api.depends("partner_id")
    def _compute_email_from(self):
        for opportunity in self:
            opportunity.email_from = (
                opportunity.partner_id.email or opportunity.email_from
            )

    @api.depends("partner_id")
    def _compute_phone(self):
        for opportunity in self:
            opportunity.phone = opportunity.partner_id.phone or opportunity.phone

    @api.depends("email_from")
    def _compute_email_normalized(self):
        for opportunity in self:
            opportunity.email_normalized = email_normalize(
                opportunity.email_from, strict=False
            )

    @api.depends("team_id")
    def _compute_stage_id(self):
        """Choose a stage of the team, one with the status that there was."""
        for (team, status), opportunities in self.grouped(
            lambda deal: (deal.team_id, deal.stage_id.status or "open")
        ).items():
            first = self.env["billinator.stage"]._get_first(status, team)
            for opportunity in opportunities:
                stage = opportunity.stage_id
                fits = stage and stage._is_open_to(team)
                opportunity.stage_id = stage if fits else first or stage

    @api.depends("stage_id")
    def _compute_last_open_stage_id(self):
        for opportunity in self:
            stage = opportunity.stage_id
            opportunity.last_open_stage_id = (
                stage if stage.status == "open" else opportunity.last_open_stage_id
            )

    @api.depends("stage_id")
    def _compute_date_last_stage_update(self):
        """Note when new ones enter their stage, and those in a form another one.

        For the others, write() knows what their stage was.
        """
        for opportunity in self:
            stays = opportunity.stage_id == opportunity._origin.stage_id
            opportunity.date_last_stage_update = (
                stays and opportunity.date_last_stage_update
            ) or self.env.cr.now()

    @api.depends("status")
    def _compute_lost_reason_id(self):
        for opportunity in self:
            lost = opportunity.status == "lost"
            opportunity.lost_reason_id = lost and opportunity.lost_reason_id

    @api.depends("status")
    def _compute_date_closed(self):
        now = self.env.cr.now()
        for opportunity in self:
            closed = opportunity.status != "open"
            opportunity.date_closed = closed and (opportunity.date_closed or now)

    @api.depends("create_date", "date_closed")
    def _compute_days_to_close(self):
        now = self.env.cr.now()
        for opportunity in self:
            created, closed = opportunity.create_date or now, opportunity.date_closed
            has_cycle = closed and closed >= created
            opportunity.days_to_close = has_cycle and (closed - created).days

    @api.depends("company_id")
    def _compute_currency_id(self):
        for opportunity in self:
            opportunity.currency_id = (
                opportunity.currency_id or opportunity.company_id.currency_id
            )

    @api.depends("status")
    def _compute_is_probability_manual(self):
        """Forget a probability set by hand once the opportunity is closed."""
        for opportunity in self:
            opportunity.is_probability_manual = (
                opportunity.status == "open" and opportunity.is_probability_manual
            )

    @api.depends("stage_id", "is_probability_manual")
    def _compute_probability(self):
        for opportunity in self:
            opportunity.probability = (
                opportunity.probability
                if opportunity.is_probability_manual
                else opportunity.stage_id.probability
            )

    def _inverse_probability(self):
        for opportunity in self:
            stage = opportunity.stage_id
            if stage.status != "open":
                opportunity.probability = stage.probability
            opportunity.is_probability_manual = (
                opportunity.probability != stage.probability
            )

    @api.onchange("probability")
    def _onchange_probability(self):
        """Keep it in the form, too, when the stage changes before it is saved."""
        self._inverse_probability()

    @api.depends(
        "expected_revenue",
        "probability",
        "stage_id",
        "currency_id",
        "company_id.currency_id",
        "date_closed",
    )
    def _compute_company_revenues(self):
        for opportunity in self:
            revenue = opportunity._convert_to_company(opportunity.expected_revenue)
            opportunity.expected_revenue_company = revenue
            opportunity.weighted_revenue = opportunity._weigh(revenue)

    def _weigh(self, amount):
        """Return what an amount comes to by the probability of the opportunity."""
        stage = self.stage_id
        # A new one that is closed already has still the probability asked for.
        chance = (self if stage.status == "open" else stage).probability
        return amount * chance / 100

    def _convert_to_company(self, amount):
        """Return an amount of the opportunity in its company's currency, if it has one.

        :param float amount: in the currency of the opportunity
        """
        company = self.company_id
        if not company:
            # Cleared in the form, or missing: the database refuses it.
            return 0.0
        currency = self.currency_id or company.currency_id
        # A currency that is not there is refused by the database, with its name.
        with suppress(MissingError):
            # While a deal is created, it is not rounded to what is stored yet.
            amount = currency.round(amount)
        if currency == company.currency_id:
            return amount
        # The company's day costs a query, and only rates depend on it.
        return currency._convert(
            amount, company.currency_id, company, self._get_rate_date()
        )

    def _get_rate_date(self):
        """Return the day of closing, or today, as the company's calendar has it."""
        self.ensure_one()
        return self.company_id._get_billinator_day(self.date_closed)

    # What it depends on comes with the deal, not by another query.
    @api.depends("create_date")
    def _compute_duration_tracking(self):
        """Read the changes of the deals' stages; Odoo's looks up the field before."""
        changes = defaultdict(list)
        for deal_id, row in self._read_stage_changes():
            changes[deal_id].append(row)
        for deal in self:
            deal.duration_tracking = deal._get_duration_from_tracking(
                changes[deal._origin.id]
            )

    def _read_stage_changes(self):
        """Yield the id of a deal and a change of its stage, from the first one on."""
        for model in ("mail.message", "mail.tracking.value"):
            self.env[model].flush_model()
        field_ids = self.env["ir.model.fields"]._get_ids(self._name)
        for row in self.env.execute_query_dict(
            SQL(
                """
                SELECT message.res_id, change.create_date, change.old_value_integer
                  FROM mail_message message
                  JOIN mail_tracking_value change
                    ON change.mail_message_id = message.id AND change.field_id = %s
                 WHERE message.model = %s AND message.res_id = ANY(%s)
              ORDER BY change.id
                """,
                field_ids[self._track_duration_field],
                self._name,
                self._origin.ids,
            )
        ):
            yield row.pop("res_id"), row

    @api.model
    def _read_group_stage_id(self, stages, domain):
        """Show a team's empty stages as well, and only that team's."""
        team = self.env["crm.team"].browse(self.env.context.get("default_team_id"))
        columns = stages.browse(
            stage_id
            for stage_id, rules in stages._get_all_rules().items()
            if stage_id in stages._ids or rules.is_open_to(team)
        )
        return columns._filtered_access("read")

    def _field_to_sql(self, alias, fname, query=None):
        """Keep open opportunities, and past ones, out of the average days to close."""
        sql_field = super()._field_to_sql(alias, fname, query)
        if fname != "days_to_close":
            return sql_field
        closed, created = (
            super(BillinatorOpportunity, self)._field_to_sql(alias, name, query)
            for name in ("date_closed", "create_date")
        )
        return SQL("CASE WHEN %s >= %s THEN %s END", closed, created, sql_field)

    def _get_rotting_depends_fields(self):
        return [*super()._get_rotting_depends_fields(), "status"]

    def _get_rotting_domain(self):
        return super()._get_rotting_domain() & Domain("status", "=", "open")

    # === Views === #

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return *key, self._get_unneeded_nodes(view_type)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Leave out what nobody needs at present."""
        arch, view = super()._get_view(view_id, view_type, **options)
        for path in self._get_unneeded_nodes(view_type):
            for node in arch.xpath(path):
                node.getparent().remove(node)
        return arch, view

    @api.model
    def _get_unneeded_nodes(self, view_type):
        """Return what views are to leave out, as a tuple of XPaths."""
        return ()

    # === Checks === #

    @api.constrains("name")
    def _check_name(self):
        if not all((opportunity.name or "").strip() for opportunity in self):
            raise ValidationError(self.env._("Give the opportunity a title."))

    # Another customer lets go of its people.
    @api.constrains("contact_ids")
    def _check_contacts(self):
        for opportunity in self:
            customer = opportunity.commercial_partner_id
            for contact in opportunity.contact_ids:
                if contact.customer_id != customer:
                    raise ValidationError(
                        self.env._(
                            "%(person)s is not a contact of the customer, "
                            "%(customer)s.",
                            person=contact.display_name,
                            customer=customer.display_name,
                        )
                    )

    # Another team or salesperson moves it to a stage that fits, which is checked then.
    @api.constrains("stage_id")
    def _check_stage_of_team(self):
        # Those without a stage are refused by the database.
        for opportunity in self.filtered("stage_id"):
            if not opportunity.stage_id._is_open_to(opportunity.team_id):
                raise ValidationError(
                    self.env._(
                        "The stage %(stage)s is not one of the sales team's of "
                        "“%(opportunity)s”. Choose another stage or another team.",
                        stage=opportunity.stage_id.display_name,
                        opportunity=opportunity.name,
                    )
                )

    @api.constrains("status", "stage_id")
    def _check_status_of_stage(self):
        for opportunity in self:
            if opportunity.status != opportunity.stage_id.status:
                raise ValidationError(
                    self.env._(
                        "“%(opportunity)s” has the status of its stage, %(stage)s. "
                        "Choose another stage to change it.",
                        opportunity=opportunity.name,
                        stage=opportunity.stage_id.display_name,
                    )
                )

    @api.constrains("stage_id", "lost_reason_id")
    def _check_lost_reason(self):
        # The database holds the same rule; this one names the opportunity.
        for opportunity in self:
            if opportunity.stage_id.status == "lost" and not opportunity.lost_reason_id:
                raise ValidationError(
                    self.env._(
                        "Why was “%(opportunity)s” lost? Use the Lost button, or "
                        "choose a lost reason together with the stage %(stage)s.",
                        opportunity=opportunity.name,
                        stage=opportunity.stage_id.display_name,
                    )
                )

    # Not by the status: while that is computed, the day it is followed by is not yet.
    @api.constrains("date_closed")
    def _check_closed(self):
        for opportunity in self:
            if opportunity.date_closed and opportunity.status == "open":
                raise ValidationError(
                    self.env._(
                        "“%s” is open: only won or lost opportunities have a closing "
                        "day.",
                        opportunity.name,
                    )
                )
            if not opportunity.date_closed and opportunity.status != "open":
                raise ValidationError(
                    self.env._(
                        "“%s” is won or lost: say on which day it was closed.",
                        opportunity.name,
                    )
                )

    # === CRUD === #

    def _creation_message(self):
        return self.env._("Opportunity created")

    def _get_event(self, initial_values):
        """Return what followers may choose to be told of: a new stage or status."""
        if "stage_id" not in initial_values:
            return None
        if self.status == initial_values["stage_id"].status:
            return "mt_opportunity_stage"
        return EVENTS[self.status]

    @api.model_create_multi
    def create(self, vals_list):
        """Let what is empty, an import's blank cell, be computed."""
        # Before what is empty, and refused for all that, is left out.
        self._check_settable(*vals_list)
        self._fetch_for_creation(vals_list)
        computed = SET_WHERE_EMPTY | self._get_manual_flags().keys()
        return super().create(
            [
                {
                    name: value
                    for name, value in self._empty_blanks(values).items()
                    if name not in computed or not self._is_empty(values, name)
                }
                for values in self._with_companies(vals_list)
            ]
        )

    @api.model
    def _fetch_for_creation(self, vals_list):
        self.env["billinator.stage"]._recall()
        self._fetch_user()
        self._fetch_for_logging(self.env.company, self._get_customers(vals_list))

    def _fetch_for_moving(self):
        self.env["billinator.stage"]._recall()
        self._fetch_user()
        # The page that moves a deal shows it after that.
        customers = self.partner_id if len(self) == 1 else self.partner_id.browse()
        self._fetch_for_logging(self.company_id, customers)

    @api.model
    def _fetch_for_logging(self, companies, customers):
        """Read at once what deals, and messages about them, are made of.

        :param companies: ``res.company``
        :param customers: ``res.partner``
        """
        # As sudo: the values become the deal's own, or are shown with it.
        companies_sudo = companies.sudo()
        companies_sudo._recall()
        companies_sudo.currency_id._recall()
        (customers.sudo() | self.env.user.partner_id).fetch(PARTNER_FIELDS)

    def write(self, vals):
        """Let what is empty, an import's blank cell, follow the stage again."""
        self._check_settable(vals)
        vals = self._empty_blanks(vals)
        for name, flag in self._get_manual_flags().items():
            if self._is_empty(vals, name):
                vals[flag] = False
                del vals[name]
        if "stage_id" in vals and self._is_empty(vals, "date_closed"):
            del vals["date_closed"]
        if "stage_id" in vals:
            self._fetch_for_moving()
            # Before the stage that it follows from is another one.
            self._recompute_recordset(["last_open_stage_id"])
        stages = {deal: deal.stage_id for deal in self if STAGE_SOURCES & vals.keys()}
        # As sudo: meetings follow the customer of their deal, whoever may see them.
        meetings_sudo = self.sudo().crm_activity_ids if "partner_id" in vals else ()
        former = meetings_sudo and meetings_sudo._get_repeated()
        with self._keeping_data_of(vals.get("partner_id")):
            result = super().write(vals)
        if former:
            meetings_sudo._update_calendar_events(former)
        for name, deals in self._get_moved(stages).items():
            if deals and not vals.get(name):
                now = self.env.cr.now()
                # As sudo: whoever has given a deal away does not write it any more.
                super(BillinatorOpportunity, deals.sudo()).write({name: now})
        return result

    def _keeping_data_of(self, partner_id):
        """Return a context that leaves alone what deals of the customer have by hand.

        The customer's own address follows from a change of the customer only.
        """
        same = self.filtered(
            lambda deal: partner_id and deal.partner_id.id == partner_id
        )
        fields = [self._fields[name] for name in ("email_from", "phone")]
        return self.env.protecting(fields, same)

    def _get_moved(self, former_stages):
        """Return which of the opportunities are in another stage than before.

        :param dict former_stages: where they were, by opportunity
        :return: dict of opportunities, by the field that says when they moved
        """
        moved = self.filtered(
            lambda deal: deal in former_stages and deal.stage_id != former_stages[deal]
        )
        return {
            "date_last_stage_update": moved,
            # What was won then is lost now, or the other way round.
            "date_closed": moved.filtered(
                lambda deal: (
                    "open" not in (former_stages[deal].status, deal.status)
                    and former_stages[deal].status != deal.status
                )
            ),
        }

    @api.model
    def _empty_blanks(self, values):
        """Return the values without texts of blanks, which say of nobody who it is."""
        return {
            name: False
            if name in LEAD_FIELDS and isinstance(value, str) and not value.strip()
            else value
            for name, value in values.items()
        }

    @api.model
    def _is_empty(self, values, name):
        """Whether the values say of a field that it has none."""
        # JSON has None for it, XML-RPC and Odoo False. The number 0 is a value.
        value = values.get(name, True)
        is_choice = self._fields[name].type == "selection"
        return value is None or value is False or (is_choice and not value)

    def copy_data(self, default=None):
        """Leave out contacts who work for somebody else than the copy's customer."""
        vals_list = super().copy_data(default)
        self._leave_out_former_colleagues(vals_list, default or {})
        for opportunity, vals in zip(self, vals_list, strict=True):
            is_same = vals.get("partner_id") == opportunity.partner_id.id
            if not is_same and "contact_ids" not in (default or {}):
                vals.pop("contact_ids", None)
        return vals_list

    @api.model
    def _get_settable_fields(self):
        # Another status than the stage's is refused as such, and that a value stays
        # when the stage changes is said by who sets one.
        flags = self._get_manual_flags().values()
        return super()._get_settable_fields() | {"status", *flags}

    @api.model
    def _get_manual_flags(self):
        """Return what follows the stage until somebody sets it by hand.

        :return: dict of the names of fields that say so, by those of the values
        """
        return {"probability": "is_probability_manual"}

    @api.model
    def _get_kept_fields(self):
        is_manager = self.env.user.has_group("sales_team.group_sale_manager")
        return super()._get_kept_fields() | (set() if is_manager else SET_BY_MANAGERS)

    @api.model
    def _get_kept_error(self, label):
        return AccessError(
            self.env._(
                "“%s” of opportunities is for sales administrators to set.", label
            )
        )

    def _fetch_query(self, query, fields):
        if any(field.type in ("one2many", "many2many") for field in fields):
            # As sudo: rules of contacts and quotes ask for the companies' paths.
            companies_sudo = self.env["res.company"].sudo()
            companies_sudo.browse(self.env.user._get_company_ids())._recall()
        return super()._fetch_query(query, fields)

    def _fetch_related(self, field_names):
        if "company_currency_id" in field_names:
            # As sudo: the company's currency is shown with each of its deals.
            companies_sudo = self.sudo().company_id
            companies_sudo._recall()
            companies_sudo.currency_id._recall()
        if "stage_id" in field_names:
            # As sudo: where a deal is, is shown with it.
            self.sudo().stage_id._recall()
        return super()._fetch_related(field_names)

    def unlink(self):
        """Take along the notes that have no customer to stay with."""
        self.check_access("unlink")
        # Whoever may delete a lead, may so with all that was said about it.
        self.sudo().note_ids.filtered(lambda note: not note.partner_id).unlink()
        return super().unlink()

    # === Actions === #

    def action_set_won(self):
        """Move the opportunities to the won stage of their team.

        :return: an action that shows the web client's rainbow man, or True where there
            is nothing to win
        :raises UserError: when a team has no won stage
        :raises ValidationError: when one lacks what the won stage asks for
        """
        self._move_to_status("won")
        if not self:
            return True
        return {
            "effect": {
                "type": "rainbow_man",
                "fadeout": "slow",
                "message": self.get_won_message(),
            }
        }

    @arguments(lost_reason_id=as_id, feedback=as_text)
    def action_set_lost(self, lost_reason_id, feedback=None):
        """Move the opportunities to the lost stage of their team.

        :param int lost_reason_id: id of a ``billinator.lost.reason``
        :param str feedback: what the customer said, logged on the opportunities as
            plain text
        :return: True
        :raises UserError: when a team has no lost stage
        :raises ValidationError: without a reason, or when one lacks what the lost
            stage asks for
        """
        self._move_to_status("lost", lost_reason_id=lost_reason_id)
        if feedback:
            self._message_log_batch(
                bodies={
                    opportunity.id: self.env._("Lost: %s", feedback)
                    for opportunity in self
                }
            )
        return True

    def action_reopen(self):
        """Move won and lost opportunities back to the stage they came from.

        Those that came from none, or from one that their team does not use, move to
        the first one. Opportunities that are open stay as they are.

        :return: True
        :raises UserError: when a team has no open stage
        """
        closed = self.filtered(lambda opportunity: opportunity.status != "open")
        returning = closed.filtered(lambda deal: deal._is_last_open_stage_usable())
        for stage, opportunities in returning.grouped("last_open_stage_id").items():
            opportunities._return_to_stage(stage)
        (closed - returning)._move_to_status("open")
        return True

    # === Business === #

    def _choose_team(self, user):
        """Return which team the opportunity is of, once it is this user's.

        Without a salesperson, it stays with its team.
        """
        self.ensure_one()
        current = self.team_id
        if not user or user in current.member_ids | current.user_id:
            return current
        return self.env["crm.team"]._get_default_team(user, self.company_id)

    def _move_to_status(self, status, **values):
        """Move the opportunities to their team's first stage with ``status``."""
        for team, opportunities in self.grouped("team_id").items():
            stage = self.env["billinator.stage"]._get_first(status, team)
            if not stage:
                raise UserError(
                    self.env._(
                        "The sales team %(team)s has no stage for opportunities that "
                        "are %(status)s: add one under Configuration / Stages.",
                        team=team.display_name or self.env._("(none)"),
                        status=dict(
                            self._fields["status"]._description_selection(self.env)
                        )[status],
                    )
                )
            opportunities.write({"stage_id": stage.id, **values})

    def _return_to_stage(self, stage):
        self.stage_id = stage

    def _is_last_open_stage_usable(self):
        self.ensure_one()
        stage = self.last_open_stage_id
        return stage.status == "open" and stage._is_open_to(self.team_id)

    @api.readonly
    def get_won_message(self):
        """Return what the web client's rainbow man says when these were won.

        :return: str, in the user's language
        """
        if len(self) == 1:
            return self.env._("“%s” is won. Well done!", self.name)
        return self.env._("%s opportunities won. Well done!", len(self))

    # === Crons and imports === #

    @api.model
    def _cron_refresh_company_revenues(self):
        """Convert open opportunities in foreign currencies at today's rate.

        Each run goes to the end, since the next one would start from the beginning.
        """
        domain = Domain("status", "=", "open") & Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("currency_id", "!=", company.currency_id.id)
            for company in self.env["res.company"].search([])
        )
        opportunities = self.with_context(active_test=False).search(domain, order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(opportunities))
        for batch in split_every(CRON_BATCH, opportunities.ids, self.browse):
            batch.exists().modified(["expected_revenue"])
            self.env.flush_all()
            cron._commit_progress(len(batch))

    @api.model
    def _get_import_templates(self):
        return {
            "opportunities_import.xlsx": self.env._("Import Template for Opportunities")
        }
