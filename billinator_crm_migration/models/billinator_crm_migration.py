import logging
import time
from difflib import get_close_matches

from psycopg2 import DataError, IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_datetime

from odoo.addons.billinator_crm.arguments import one_record
from odoo.addons.billinator_crm.exceptions import StateError
from odoo.addons.billinator_crm.locks import wait_and_lock

_logger = logging.getLogger(__name__)

BATCH = 200
# Who has more than can be brought over meanwhile need not wait for it.
SECONDS_AT_ONCE = 20
STATES = [
    ("draft", "To Be Started"),
    ("running", "Going On"),
    ("done", "Done"),
]
# What is wrong with a record, and not with the database.
REFUSALS = (UserError, IntegrityError, DataError, ValueError)
# How an app fails on data that it did not expect. It is the app's fault, and yet what
# it stops is this record alone.
FAILURES = (TypeError, LookupError, AttributeError, ArithmeticError)


class BillinatorCrmMigration(models.Model):
    """Brings what is in Odoo's CRM over to this one, batch by batch.

    What was brought over is remembered: another run brings what has come since.
    """

    _name = "billinator.crm.migration"
    _description = "Switch from Odoo's CRM"
    _order = "id desc"
    _rec_name = "create_date"

    # === Fields === #

    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.companies,
        domain="[('id', 'in', allowed_company_ids)]",
        help="Leads without a company come with those of any; they become the first "
        "company's where neither team nor salesperson has one.",
    )
    with_leads = fields.Boolean(string="Leads", default=True)
    with_opportunities = fields.Boolean(string="Opportunities", default=True)
    with_quotations = fields.Boolean(string="Quotations", default=True)
    stage_ids = fields.One2many(
        "billinator.crm.migration.stage",
        "migration_id",
        string="Stages",
        default=lambda self: self._default_stages(),
    )
    lead_stage_id = fields.Many2one(
        "billinator.stage",
        string="Stage of Leads",
        index="btree_not_null",
        ondelete="set null",
        domain="[('status', '=', 'open')]",
        default=lambda self: self._default_lead_stage(),
        help="Where leads go, which Odoo keeps apart from opportunities.",
    )
    state = fields.Selection(
        STATES, string="Status", default="draft", required=True, readonly=True
    )

    # What is there
    has_sales = fields.Boolean(compute="_compute_has_sales")
    lead_count = fields.Integer(string="Leads to Bring", compute="_compute_lead_counts")
    opportunity_count = fields.Integer(
        string="Opportunities to Bring", compute="_compute_lead_counts"
    )
    won_count = fields.Integer(string="Won among Them", compute="_compute_lead_counts")
    lost_count = fields.Integer(
        string="Lost among Them", compute="_compute_lead_counts"
    )
    brought_lead_count = fields.Integer(
        string="Leads and Opportunities Here Already", compute="_compute_lead_counts"
    )
    quotation_count = fields.Integer(
        string="Quotations to Bring", compute="_compute_order_counts"
    )
    brought_quotation_count = fields.Integer(
        string="Quotations Here Already", compute="_compute_order_counts"
    )
    staying_count = fields.Integer(
        string="Orders That Stay in Sales",
        compute="_compute_order_counts",
        help="Confirmed orders, and what has an invoice: they are delivered and "
        "invoiced where they were made, so that nothing is invoiced twice.",
    )

    # What has come of it
    deal_count = fields.Integer(string="Leads and Opportunities Brought", readonly=True)
    quote_count = fields.Integer(string="Quotations Brought", readonly=True)
    problem_ids = fields.One2many(
        "billinator.crm.migration.problem",
        "migration_id",
        string="Could Not Be Brought",
        readonly=True,
    )
    # How far it has come, also past what could not be brought.
    last_lead_ref = fields.Integer(readonly=True, aggregator=None)
    last_order_ref = fields.Integer(readonly=True, aggregator=None)

    # === Defaults === #

    @api.model
    def _default_stages(self):
        """Propose a stage for each of Odoo's: of its name, or of its place."""
        stages = self.env["billinator.stage"].search(Domain("status", "!=", "lost"))
        lines = []
        for is_won, status in ((False, "open"), (True, "won")):
            theirs = self.env["crm.stage"].search(Domain("is_won", "=", is_won))
            ours = stages.filtered(lambda stage, status=status: stage.status == status)
            lines += [
                Command.create(
                    {
                        "crm_stage_id": stage.id,
                        "stage_id": self._propose_stage(
                            stage.name, ours, place / len(theirs)
                        ).id,
                    }
                )
                for place, stage in enumerate(theirs)
            ]
        return lines

    @api.model
    def _propose_stage(self, name, stages, place):
        """Return which of some stages is most like one of Odoo's.

        :param str name: of that one
        :param float place: where it is among its like, from 0 to 1
        """
        by_name = {stage.name.lower(): stage for stage in reversed(stages)}
        if names := get_close_matches(name.lower(), by_name, 1):
            return by_name[names[0]]
        return stages[int(place * len(stages)) :][:1]

    @api.model
    def _default_lead_stage(self):
        return self.env["billinator.stage"].search([("status", "=", "open")], limit=1)

    # === Computes === #

    @api.depends_context("lang", "tz")
    @api.depends("create_date")
    def _compute_display_name(self):
        for migration in self:
            moment = migration.create_date
            migration.display_name = (
                format_datetime(self.env, moment) if moment else self.env._("New")
            )

    @api.depends("company_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_lead_counts(self):
        for migration in self:
            leads = migration._get_all_leads()
            groups = leads._read_group(
                migration._get_lead_domain(["lead", "opportunity"]),
                ["type", "won_status"],
                ["__count"],
            )
            migration.lead_count, migration.opportunity_count = (
                sum(count for kind, _status, count in groups if kind == one)
                for one in ("lead", "opportunity")
            )
            migration.won_count, migration.lost_count = (
                sum(count for _kind, status, count in groups if status == one)
                for one in ("won", "lost")
            )
            migration.brought_lead_count = leads.search_count(
                migration._get_company_domain()
                & Domain("billinator_opportunity_id", "!=", False)
            )

    def _compute_has_sales(self):
        self.has_sales = "sale.order" in self.env

    @api.depends("company_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_order_counts(self):
        for migration in self:
            if not migration.has_sales:
                migration.quotation_count = migration.staying_count = 0
                migration.brought_quotation_count = 0
                continue
            orders = self.env["sale.order"]
            of_companies = Domain("company_id", "in", migration.company_ids.ids)
            brought = of_companies & migration._get_brought_order_domain()
            coming = migration._get_order_domain()
            total = orders.search_count(of_companies)
            migration.brought_quotation_count = orders.search_count(brought)
            migration.quotation_count = orders.search_count(coming)
            migration.staying_count = (
                total - migration.brought_quotation_count - migration.quotation_count
            )

    # === Actions === #

    @one_record
    def action_start(self):
        """Bring over what was chosen; what takes longer goes on in the background.

        :return: True
        :raises UserError: when it was started before
        :raises AccessError: for companies that are not among the user's
        """
        self.check_access("write")
        wait_and_lock(self)
        if self.state != "draft":
            raise StateError(
                self.env._("It was started already: make a new one to go on.")
            )
        self.state = "running"
        self.stage_ids._create_missing()
        self._bring_property_definitions()
        end = time.monotonic() + SECONDS_AT_ONCE
        own = self._with_their_context()
        if not own._bring_all(lambda _count: time.monotonic() < end):
            self.env.ref("billinator_crm_migration.ir_cron_bring_over")._trigger()
        return True

    @api.readonly
    @one_record
    def action_view_opportunities(self):
        """List the opportunities that were brought over, by this or other runs.

        :return: a window action
        """
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Brought Over from Odoo's CRM"),
            "res_model": "billinator.opportunity",
            "views": [(False, "list"), (False, "form")],
            "domain": [("crm_lead_ids", "!=", False)],
            "context": {"active_test": False},
        }

    @api.readonly
    @one_record
    def action_view_quotes(self):
        """List the quotes that were brought over, by this or other runs.

        :return: a window action
        """
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Brought Over from Odoo's Sales"),
            "res_model": "billinator.quote",
            "views": [(False, "list"), (False, "form")],
            "domain": [("sale_order_ref", ">", 0)],
        }

    # === Business === #

    def _get_company_domain(self):
        return Domain("company_id", "in", [*self.company_ids.ids, False])

    def _get_all_leads(self):
        """Return no lead, but the model that finds lost and archived ones, too."""
        return self.env["crm.lead"].with_context(active_test=False)

    def _get_lead_domain(self, kinds):
        """Return the domain of what is still to be brought, of these types."""
        return (
            self._get_company_domain()
            & Domain("type", "in", kinds)
            & Domain("billinator_opportunity_id", "=", False)
        )

    def _bring_all(self, may_go_on):
        """Bring batch after batch.

        :param may_go_on: function of how many were just tried, which tells whether
            there is time for more
        :return: whether all was tried
        """
        for find, bring in (
            (self._find_leads, self._bring_leads),
            (self._find_orders, self._bring_orders),
        ):
            while batch := find():
                self._bring_batch(batch, bring)
                if not may_go_on(len(batch)):
                    return False
        self.state = "done"
        return True

    def _find_leads(self):
        """Return the next leads, and note that they are tried."""
        kinds = [
            kind
            for kind, is_wanted in (
                ("lead", self.with_leads),
                ("opportunity", self.with_opportunities),
            )
            if is_wanted
        ]
        domain = self._get_lead_domain(kinds) & Domain("id", ">", self.last_lead_ref)
        leads = self._get_all_leads().search(domain, order="id", limit=BATCH)
        self.last_lead_ref = leads[-1:].id or self.last_lead_ref
        return leads

    def _find_orders(self):
        """Return the next quotations, and note that they are tried."""
        if not (self.with_quotations and self.has_sales):
            return None
        domain = self._get_order_domain() & Domain("id", ">", self.last_order_ref)
        orders = self.env["sale.order"].search(domain, order="id", limit=BATCH)
        self.last_order_ref = orders[-1:].id or self.last_order_ref
        return orders

    def _bring_batch(self, records, bring):
        """Bring records together or, where some are refused, those that are not.

        :param bring: function of the records
        """
        try:
            with self.env.cr.savepoint():
                bring(records)
            return
        except (*REFUSALS, *FAILURES) as error:
            if len(records) == 1:
                self._note_problem(records, error)
                return
        half = len(records) // 2
        for part in (records[:half], records[half:]):
            self._bring_batch(part, bring)

    def _note_problem(self, record, error):
        if isinstance(error, IntegrityError):
            reason = self._describe_violation(error)
        elif isinstance(error, FAILURES):
            _logger.warning("%s could not be brought over", record, exc_info=error)
            reason = self.env._(
                "An app failed on it (%s). The server's log says where.", error
            )
        else:
            reason = str(error)
        self.problem_ids = [
            Command.create(
                {
                    "name": record.display_name or str(record.id),
                    "reason": reason,
                    "res_model": record._name,
                    "res_id": record.id,
                }
            )
        ]

    def _describe_violation(self, error):
        """Return what the model of a table says of what its database refuses."""
        models_by_table = {model._table: name for name, model in self.pool.items()}
        name = models_by_table.get(error.diag.table_name, self._name)
        return self.env[name]._sql_error_to_message(error)

    def _with_their_context(self):
        """Return the run as its user started it: in these companies, and this language.

        Rules of companies are those of the companies chosen; the first one is current.
        """
        user = self.env.user
        return self.with_context(
            allowed_company_ids=self.company_ids.ids, lang=user.lang, tz=user.tz
        )

    def _count_coming(self):
        return self.lead_count + self.opportunity_count + self.quotation_count

    # === Cron === #

    @api.model
    def _cron_bring_over(self):
        """Go on with what was started, each with the rights of who started it."""
        cron = self.env["ir.cron"]
        for migration in self.search([("state", "=", "running")], order="id"):
            own = migration.with_user(migration.create_uid)._with_their_context()
            try:
                # The end itself is something to be done as well.
                cron._commit_progress(remaining=own._count_coming() + 1)
                if not own._bring_all(cron._commit_progress):
                    return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody works on the same leads: soon again.
                self.env.cr.rollback()
                cron._commit_progress(remaining=1)
                return
            except UserError as error:
                # Who has started it may have lost the right to; others go on.
                self.env.cr.rollback()
                _logger.warning("Run %s cannot go on", migration.id, exc_info=True)
                migration._note_problem(migration, error)
                migration.state = "done"
            cron._commit_progress(remaining=0)
