from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_round, formatLang

from ..caches import settings_cache


class BillinatorApprovalRule(models.Model):
    """How far salespeople may go without asking a manager."""

    _name = "billinator.approval.rule"
    _description = "Quote Approval Rule"
    _inherit = ["billinator.numbers.mixin", "billinator.settings.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    team_ids = fields.Many2many(
        "crm.team",
        string="Sales Teams",
        check_company=True,
        help="The rule is for the quotes of these teams, and of their members and "
        "leaders; empty: for all quotes.",
    )
    max_discount = fields.Float(
        string="Discount up to (%)",
        digits="Discount",
        help="What a line, or the whole quote, may be below the pricelist without "
        "approval: by discounts, lower prices and negative lines. Zero: no limit.",
    )
    max_total = fields.Monetary(
        string="Total up to",
        help="What a quote, with taxes and all optional lines that add to it, may come "
        "to without approval. Zero: no limit.",
    )

    _limits_positive = models.Constraint(
        "CHECK(max_discount BETWEEN 0 AND 100 AND max_total >= 0)",
        "The discount is a percentage from 0 to 100, and the total is not negative.",
    )

    # === Constraints === #

    # Not of the database, where an extension could not add its own limit; with the
    # name, which new rules have.
    @api.constrains(lambda self: ["name", *self._get_limits()])
    def _check_limits_something(self):
        for rule in self:
            if not any(rule[name] for name in self._get_limits()):
                raise ValidationError(
                    self.env._("Set a limit: without one, the rule asks for nothing.")
                )

    @api.model
    def _get_limits(self):
        """Return the names of the fields that are limits where they are not zero."""
        return ["max_discount", "max_total"]

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._review_quotes()
        return rules

    def write(self, vals):
        companies = self.company_id
        result = super().write(vals)
        self._review_quotes(companies)
        return result

    def unlink(self):
        companies = self.company_id
        result = super().unlink()
        self.browse()._review_quotes(companies)
        return result

    # === Business === #

    def _review_quotes(self, companies=None):
        """Judge the drafts anew by what the rules are now.

        What customers have already stays with the rules that it went out by.
        """
        companies = self.company_id | (companies or self.env["res.company"])
        # Rules are for all quotes, whether or not who sets them sees these.
        Quote = self.env["billinator.quote"].sudo()
        Quote.search(
            [("state", "=", "draft"), ("company_id", "child_of", companies.ids)]
        )._review_approval()

    @api.model
    @settings_cache("company_id")
    def _get_company_rule_ids(self, company_id):
        # Whoever writes a quote is bound by rules that they need not see, and never by
        # archived ones: what is cached is not for the caller's context alone.
        domain = [("company_id", "parent_of", company_id), ("active", "=", True)]
        return self.sudo().search(domain)._ids

    @api.model
    def _get_company_rules_sudo(self, company):
        """Return the rules that quotes of the company, maybe a branch, have to keep."""
        return self.sudo().browse(self._get_company_rule_ids(company.id))

    def _filter_for(self, quote):
        """Return the rules of the quote's teams, and those for all quotes.

        A rule for an archived team is not one for all. The team is asked for only where
        it matters: in a form it may not be known yet.

        :param quote: a ``billinator.quote``
        """
        rules = self.with_context(active_test=False).filtered(
            lambda rule: (
                not rule.team_ids
                or quote.team_id in rule.team_ids
                or rule._binds_author(quote)
            )
        )
        return rules.with_env(self.env)

    def _binds_author(self, quote):
        """Whether the quote is of a member or leader of the rule's teams.

        They do not get past their rule by taking the quote off the team, nor by giving
        it to nobody: then it is of who made it.
        """
        teams = self.with_context(active_test=True).team_ids
        author = quote.user_id or quote.create_uid
        return author in teams.member_ids | teams.user_id

    def _get_reasons(self, figures):
        """Tell, in words, what in a quote goes beyond the rule.

        :param figures: what :meth:`billinator.quote._get_approval_figures` returns
        :return: list of str
        """
        self.ensure_one()
        return [
            *self._get_discount_reasons(figures["discounts"]),
            *self._get_total_reasons(figures["total"]),
        ]

    def _get_discount_reasons(self, discounts):
        if not self.max_discount:
            return []
        return [
            self.env._(
                "%(what)s is %(discount)s%% below the pricelist, more than the "
                "%(limit)s%% of “%(rule)s”.",
                what=what or self.env._("The whole quote"),
                discount=formatLang(self.env, discount),
                limit=formatLang(self.env, self.max_discount),
                rule=self.name,
            )
            for what, discount in discounts
            if float_round(discount, precision_digits=2) > self.max_discount
        ]

    def _get_total_reasons(self, total):
        currency = self.currency_id
        if not self.max_total or currency.compare_amounts(total, self.max_total) <= 0:
            return []
        return [
            self.env._(
                "The total of %(total)s is more than the %(limit)s of “%(rule)s”.",
                total=formatLang(self.env, total, currency_obj=currency),
                limit=formatLang(self.env, self.max_total, currency_obj=currency),
                rule=self.name,
            )
        ]
