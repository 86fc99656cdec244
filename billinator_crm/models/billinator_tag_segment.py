import logging
from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..arguments import one_record
from ..locks import wait_and_lock
from ..markers import SEGMENT_IS_LOOKED_UP
from .res_partner_metrics import DEFAULT_MONTHS

PREVIEW_LIMIT = 5
_logger = logging.getLogger(__name__)


class BillinatorTag(models.Model):
    """Segments: tags that customers get and lose by a rule, and not by hand."""

    _inherit = "billinator.tag"

    is_segment = fields.Boolean(
        string="Segment",
        help="Who has this tag follows from a rule, and is looked up every day.",
    )
    partner_domain = fields.Char(
        string="Rule",
        default="[]",
        required=True,
        help="The fields of the customers' companies, or of people without one.",
    )
    condition_ids = fields.One2many(
        "billinator.tag.condition",
        "tag_id",
        string="Conditions",
        copy=True,
        help="What posted invoices say of the customers; all of it has to hold.",
    )
    period_months = fields.Integer(
        string="Months to Look Back",
        default=DEFAULT_MONTHS,
        help="Which invoices count, and which paid ones count for the days to pay.",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        ondelete="restrict",
        help="Whose invoices count, in its currency.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    preview = fields.Text(
        compute="_compute_preview", groups="sales_team.group_sale_manager"
    )
    last_refresh = fields.Datetime(string="Last Refreshed", readonly=True, copy=False)

    # What happens when a customer comes or goes
    enter_activity_type_id = fields.Many2one(
        "mail.activity.type",
        string="Plan When Entering",
        ondelete="set null",
        domain="[('res_model', '=', False)]",
    )
    enter_summary = fields.Char(string="Summary When Entering", translate=True)
    leave_activity_type_id = fields.Many2one(
        "mail.activity.type",
        string="Plan When Leaving",
        ondelete="set null",
        domain="[('res_model', '=', False)]",
    )
    leave_summary = fields.Char(string="Summary When Leaving", translate=True)
    activity_user_id = fields.Many2one(
        "res.users",
        string="Assigned To",
        ondelete="set null",
        domain="[('share', '=', False)]",
        help="Who gets the activities of customers without a salesperson.",
    )

    _segment_company = models.Constraint(
        "CHECK(is_segment IS NOT TRUE OR company_id IS NOT NULL)",
        "Choose the company whose invoices count for the segment.",
    )
    _period_range = models.Constraint(
        "CHECK(period_months BETWEEN 1 AND 120)",
        "Choose a number of months from 1 to 120.",
    )

    # === Computes and constraints === #

    @api.depends_context("uid", "lang")
    @api.depends(
        "is_segment",
        "partner_domain",
        "period_months",
        "company_id",
        "condition_ids.metric",
        "condition_ids.operator",
        "condition_ids.value",
    )
    def _compute_preview(self):
        for tag in self:
            tag.preview = tag.is_segment and tag._describe_members()

    @api.constrains("partner_domain")
    def _check_partner_domain(self):
        """Only accept what the user who writes it may search for."""
        # Constraints are checked in sudo mode.
        partners = self.env["res.partner"].with_user(self.env.user)
        for tag in self:
            try:
                partners.search(tag._get_partner_domain(), limit=1)
            except (ValueError, TypeError, SyntaxError) as error:
                raise ValidationError(
                    self.env._(
                        "The rule of “%(segment)s” cannot be read: %(error)s",
                        segment=tag.name,
                        error=error,
                    )
                ) from error

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Look up the customers of new segments; a tag with a rule is one."""
        vals_list = [
            {"is_segment": True, **vals} if self._names_rule(vals) else vals
            for vals in vals_list
        ]
        for vals in vals_list:
            if vals.get("is_segment") and vals.get("partner_ids"):
                self._refuse_by_hand(vals.get("name"))
        # Their conditions come with them, and are looked at once, below.
        Tag = SEGMENT_IS_LOOKED_UP.on(self)
        tags = super(BillinatorTag, Tag).create(vals_list).with_env(self.env)
        tags.filtered("is_segment")._refresh()
        return tags

    def write(self, vals):
        """Look up the customers of segments whose rule changes.

        A tag that gets its first rule becomes one, unless somebody says otherwise.
        """
        ruleless = self.filtered(lambda tag: not self._names_rule(tag))
        if "partner_ids" in vals:
            for tag in self.filtered("is_segment"):
                self._refuse_by_hand(tag.name)
        # Conditions that are written by this are looked at once, below.
        Tag = SEGMENT_IS_LOOKED_UP.on(self)
        result = super(BillinatorTag, Tag).write(vals)
        if "is_segment" not in vals:
            gained = ruleless.filtered(self._names_rule)
            super(BillinatorTag, gained).write({"is_segment": True})
        if self._get_rule_fields() & vals.keys():
            self.filtered("is_segment")._refresh(is_new=True)
        return result

    @api.model
    def _get_rule_fields(self):
        return {
            "is_segment",
            "partner_domain",
            "condition_ids",
            "period_months",
            "company_id",
        }

    @api.model
    def _refuse_by_hand(self, name):
        raise ValidationError(
            self.env._(
                "“%s” is a segment: who is in it follows from its rule. Use another "
                "tag, or change the rule.",
                name,
            )
        )

    # === Actions === #

    def action_refresh(self):
        """Look up who is in the segments now; tags without a rule stay as they are.

        :return: True
        """
        self.check_access("read")
        self.filtered("is_segment")._refresh()
        return True

    @api.readonly
    @one_record
    def action_view_customers(self):
        """Open the tag's customers.

        :return: a window action
        """
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "billinator_crm.res_partner_action_customers"
        )
        return {**action, "domain": [("crm_tag_ids", "in", self.ids)], "context": {}}

    @api.model
    def _cron_refresh_segments(self):
        """Refresh every segment, a transaction each; one that fails stops no other."""
        segments = self.search([("is_segment", "=", True)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(segments))
        for segment in segments:
            segment._refresh_or_log()
            cron._commit_progress(1)

    # === Business === #

    def _refresh_or_log(self):
        try:
            with self.env.cr.savepoint():
                self._refresh()
        except Exception:
            _logger.exception("Segment %s could not be refreshed", self.display_name)

    def _refresh(self, is_new=False):
        """Give the tags to who fits their rule, and take them from everybody else.

        :param bool is_new: whether the rule is, so that nobody came or went by himself
        """
        for tag in self:
            came, went = tag._exchange_members()
            if tag.last_refresh and not is_new:
                tag._plan_activities(came, "enter")
                tag._plan_activities(went, "leave")
            # Whoever may see a segment may have it looked up; the day is no secret.
            tag.sudo().last_refresh = self.env.cr.now()

    def _refresh_for_conditions(self):
        """Look up the customers of segments whose conditions were changed."""
        if not SEGMENT_IS_LOOKED_UP.is_on(self.env):
            self.filtered("is_segment")._refresh(is_new=True)

    def _exchange_members(self):
        """Bring the table of the tag's customers up to date, in one statement.

        :return: tuple of who came and who went, recordsets of ``res.partner``
        """
        self.ensure_one()
        self.env.flush_all()
        # A refresh that is under way comes first, and this one finds its result.
        wait_and_lock(self)
        rows = self.env.execute_query(self._get_exchange_sql())
        self.env["res.partner"].invalidate_model(["crm_tag_ids"])
        self.invalidate_model(["partner_ids", "partner_count"])
        Partner = self.env["res.partner"]
        return (
            Partner.browse([partner for partner, is_in in rows if is_in]),
            Partner.browse([partner for partner, is_in in rows if not is_in]),
        )

    def _get_exchange_sql(self):
        """Return a statement that moves customers in and out, and says who moved."""
        return SQL(
            """
            WITH wanted AS MATERIALIZED (%(wanted)s),
            went AS (
                DELETE FROM billinator_tag_res_partner_rel
                 WHERE billinator_tag_id = %(tag)s
                   AND res_partner_id NOT IN (SELECT id FROM wanted)
             RETURNING res_partner_id
            ),
            came AS (
                INSERT INTO billinator_tag_res_partner_rel (
                    billinator_tag_id, res_partner_id
                )
                SELECT %(tag)s, id FROM wanted
                    ON CONFLICT DO NOTHING
             RETURNING res_partner_id
            )
            SELECT res_partner_id, TRUE FROM came
             UNION ALL
            SELECT res_partner_id, FALSE FROM went
            """,
            wanted=self._get_members_sql(),
            tag=self.id,
        )

    @api.model
    def _check_company_domain(self, companies):
        """Let every company use what is no segment, and has no company to speak of."""
        plain = Domain("is_segment", "=", False)
        return plain | Domain(super()._check_company_domain(companies))

    @api.model
    def _names_rule(self, values):
        """Return whether there is a rule in the values of a tag, or in one."""
        domain, conditions = (
            name in values and values[name]
            for name in ("partner_domain", "condition_ids")
        )
        return domain not in (False, None, "", "[]") or bool(conditions)

    def _get_partner_domain(self):
        return Domain(literal_eval(self.partner_domain or "[]"))

    def _get_members_sql(self):
        """Return a query of the ids of the customers who fit the rule."""
        self.ensure_one()
        partners_sudo = self._get_partners_sudo()
        query = partners_sudo._search(
            self._limit_to_company(self._get_partner_domain(), partners_sudo)
        )
        query.add_where(
            SQL(
                "%s = %s",
                SQL.identifier(query.table, "commercial_partner_id"),
                SQL.identifier(query.table, "id"),
            )
        )
        if not self.condition_ids:
            return query.select(SQL("%s AS id", SQL.identifier(query.table, "id")))
        return SQL(
            "SELECT customer_id AS id FROM (%s) AS metrics"
            " WHERE customer_id IN %s AND %s",
            partners_sudo._get_metrics_sql(self.company_id, self.period_months),
            query.subselect(),
            SQL(" AND ").join(condition._to_sql() for condition in self.condition_ids),
        )

    def _get_partners_sudo(self):
        """Return the model of partners as the segment looks at it, whoever asks."""
        # A segment is the same for everybody. Who wrote the rule had to have the
        # right to search by it, and everybody sees those only whom they may read.
        # What a company keeps of its customers is its own, whoever looks them up; and
        # its own are the language of the names in the rule, and the days.
        main_company = self.env["res.company"]._get_main_company()
        company = self.company_id._origin or main_company
        partners_sudo = (
            self.env["res.partner"].sudo().with_context(allowed_company_ids=company.ids)
        )
        address_sudo = company.sudo().partner_id
        installed = dict(self.env["res.lang"].get_installed())
        return partners_sudo.with_context(
            lang=address_sudo.lang if address_sudo.lang in installed else "en_US",
            tz=address_sudo.tz or "UTC",
        )

    @api.model
    def _limit_to_company(self, domain, model_sudo):
        """Return a domain without what other companies have, wherever it leads.

        In sudo mode no record rule sees to that.

        :param BaseModel model_sudo: what the domain is of, in the one company
        """

        def limit(condition):
            field = model_sudo._fields.get(condition.field_expr)
            if not field or not field.relational:
                return condition
            comodel_sudo = model_sudo.env[field.comodel_name]
            operator, value = condition.operator.rstrip("!"), condition.value
            if isinstance(value, Domain):
                value = self._limit_to_company(value, comodel_sudo)
                return Domain(field.name, operator, value)
            if field.type == "many2one" or operator not in ("in", "not in"):
                return condition
            # Ids, or False for none at all
            own = self._limit_to_company(Domain("id", "in", value), comodel_sudo)
            found = Domain(field.name, "any", own)
            if False in value:
                own = self._limit_to_company(Domain.TRUE, comodel_sudo)
                found |= Domain(field.name, "not any", own)
            return found if operator == "in" else ~found

        limited = domain.optimize_full(model_sudo).map_conditions(limit)
        if "company_id" not in model_sudo._fields:
            return limited
        return limited & Domain(
            model_sudo._check_company_domain(model_sudo.env.company)
        )

    def _describe_members(self):
        """Say how many fit the rule, and who some of them are."""
        self._check_may_use_company()
        try:
            # As the user, who may type what is not his or hers to search by.
            self.env["res.partner"]._search(self._get_partner_domain())
        except (ValueError, TypeError, SyntaxError):
            return self.env._("The rule cannot be read.")
        self.env["res.partner"]._flush_metrics()
        members = self._get_members_sql()
        ((count,),) = self.env.execute_query(
            SQL("SELECT COUNT(*) FROM (%s) AS members", members)
        )
        names = self.env["res.partner"].search(
            Domain("id", "in", SQL("(%s)", members)), limit=PREVIEW_LIMIT
        )
        text = ", ".join(names.mapped("display_name"))
        if count > len(names) > 0:
            return self.env._(
                "%(count)s customers: %(names)s…", count=count, names=text
            )
        return self.env._("%(count)s customers: %(names)s", count=count, names=text)

    def _check_may_use_company(self):
        """Refuse to tell of another company's invoices, in a form that is not saved."""
        foreign = self.company_id._origin - self.env.user.company_ids
        if foreign and not self.env.su:
            raise AccessError(
                self.env._("You have no access to the company of the segment.")
            )

    def _plan_activities(self, partners, event):
        """Plan what the segment wants for customers who came or went.

        :param str event: ``enter`` or ``leave``
        """
        activity_type = self[f"{event}_activity_type_id"]
        if not activity_type or not partners:
            return
        # The segment plans, and not the person or cron that had it refreshed.
        activities_sudo = self.env["billinator.activity"].sudo()
        activities_sudo.create(
            [
                {
                    "partner_id": partner.id,
                    "activity_type_id": activity_type.id,
                    "summary": self[f"{event}_summary"] or self.name,
                    "user_id": assignee.id,
                }
                for partner in partners.sudo()
                if (assignee := self._get_assignee(partner))
            ]
        )

    def _get_assignee(self, partner_sudo):
        """Return the colleague in its company who does what the segment plans, if any.

        The last one asked is who has it looked up, which may be a job.
        """
        self.ensure_one()
        # As sudo: of who is chosen by the segment, or the customer, only that one.
        tag_sudo = self.sudo()
        company_sudo = tag_sudo.company_id
        return (
            partner_sudo.user_id._filter_present_in(company_sudo)
            or tag_sudo.activity_user_id._filter_present_in(company_sudo)
            or tag_sudo.create_uid._filter_present_in(company_sudo)
            or self.env.user._filter_present_in(company_sudo)
        )
