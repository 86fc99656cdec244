import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import float_compare
from odoo.tools.translate import LazyTranslate

from ..arguments import arguments, as_text
from ..markers import COMES_WITH_DEAL
from ..quote_states import CHECKED_STATES
from .billinator_activity_handover import APPROVAL_TYPE
from .billinator_quote_version import to_plain

_lt = LazyTranslate(__name__)

REQUESTED = _lt("Approval requested")
APPROVAL_STATES = [
    ("no", "Not Needed"),
    ("needed", "Needed"),
    ("requested", "Requested"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]
# What a manager, or the salesperson who asks, has said about a certain content.
DECISIONS = APPROVAL_STATES[2:]
FREE_STATES = ("no", "approved")
# Of what a decision was about, and of what went out without one.
JUDGED_HASHES = ("approval_hash", "free_hash")
MANAGERS = "sales_team.group_sale_manager"


class BillinatorQuote(models.Model):
    """What a manager has to approve before the customer gets it.

    A decision is about what the quote costs, by a hash of that: another price or
    discount needs another one, however it came about. It is not the customer's, who
    signs elsewhere.
    """

    _inherit = "billinator.quote"

    approval_state = fields.Selection(
        APPROVAL_STATES,
        string="Approval",
        compute="_compute_approval_state",
        store=True,
        help="Whether a manager has to approve what the quote costs, and has.",
    )
    approval_reasons = fields.Text(
        compute="_compute_approval_reasons",
        compute_sudo=True,
        help="What in the quote goes beyond the approval rules.",
    )
    approved_by = fields.Many2one("res.users", compute="_compute_approved_by")
    approved_on = fields.Datetime(compute="_compute_approved_by")
    can_approve = fields.Boolean(compute="_compute_can_approve")

    # The last decision, and what it was about. Whether it still counts is above.
    approval_decision = fields.Selection(DECISIONS, readonly=True, copy=False)
    approval_hash = fields.Char(readonly=True, copy=False, exportable=False)
    approval_figures = fields.Json(
        readonly=True,
        copy=False,
        exportable=False,
        help="What the rules judged when it was decided. Quantities that the customer "
        "sets do not count for the decision, as long as they lead no further.",
    )
    approval_requested_by = fields.Many2one("res.users", readonly=True, copy=False)
    approval_decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    approval_decided_on = fields.Datetime(readonly=True, copy=False)
    approval_feedback = fields.Text(
        readonly=True, copy=False, help="Why the quote was refused."
    )
    free_hash = fields.Char(
        compute="_compute_approval_state",
        store=True,
        copy=False,
        exportable=False,
        help="Stands for what the quote cost when it passed the rules without "
        "approval: prices that rise later do not count as a discount.",
    )
    commercial_hash = fields.Char(
        compute="_compute_commercial_hash",
        compute_sudo=True,
        exportable=False,
        help="Stands for all that the quote costs.",
    )
    hash_to_approve = fields.Char(
        compute="_compute_hash_to_approve",
        exportable=False,
        # Extensions let it stand for what only colleagues may know, too.
        groups="sales_team.group_sale_salesman",
        help="Stands for all that the quote costs, as long as it has to be approved.",
    )

    _to_approve_idx = models.Index("(id) WHERE approval_state = 'requested'")

    # === Computes === #

    @api.depends(lambda self: self._get_commercial_dependencies())
    def _compute_commercial_hash(self):
        for quote in self:
            quote.commercial_hash = bool(quote.id) and self._get_hash(
                quote._get_commercial_content()
            )

    @api.depends("approval_state", "commercial_hash")
    def _compute_hash_to_approve(self):
        for quote in self:
            is_needed = not quote._is_free()
            quote.hash_to_approve = is_needed and quote._get_hash_of_decision()

    @api.depends("commercial_hash", "approval_decision", "approval_hash")
    def _compute_approval_state(self):
        """Judge what can still be changed; what is closed keeps its approval.

        What passes is noted. It was noted before, or judged by today's pricelist: many
        small changes lead no further from that than a large one.
        """
        open_quotes = self.filtered("is_editable")
        for quote in self - open_quotes:
            waits = quote.approval_state == "requested"
            # Nobody is asked about what is closed.
            quote.approval_state = "needed" if waits else quote.approval_state or "no"
            quote.free_hash = quote.free_hash
        reasons = open_quotes._get_approval_reasons()
        for quote in open_quotes:
            if not reasons[quote]:
                quote.approval_state = "no"
            elif quote._is_decided():
                quote.approval_state = quote.approval_decision
            else:
                quote.approval_state = "needed"
            is_free = quote.approval_state == "no" and quote._get_rules()
            quote.free_hash = is_free and quote.commercial_hash

    @api.depends_context("lang")
    @api.depends("approval_state", "commercial_hash", "team_id")
    def _compute_approval_reasons(self):
        over = self.filtered(lambda quote: quote.approval_state != "no")
        reasons = over._get_approval_reasons()
        for quote in self:
            quote.approval_reasons = "\n".join(reasons.get(quote, [])) or False

    @api.depends("approval_state", "approval_decided_by", "approval_decided_on")
    def _compute_approved_by(self):
        for quote in self:
            approved = quote.approval_state == "approved"
            quote.approved_by = approved and quote.approval_decided_by
            quote.approved_on = approved and quote.approval_decided_on

    @api.depends_context("uid")
    @api.depends(
        "team_id.user_id",
        "user_id",
        "approval_state",
        "approval_requested_by",
        "approval_decided_by",
    )
    def _compute_can_approve(self):
        for quote in self:
            quote.can_approve = quote._is_approver(self.env.user)

    # === Constraints === #

    @api.constrains("state", "approval_state")
    def _check_approved_for_customer(self):
        """Nothing is with the customer that had to be approved and was not."""
        for quote in self:
            if quote.state in CHECKED_STATES and not quote._is_free():
                raise ValidationError(quote._get_approval_message())

    # === CRUD === #

    def write(self, vals):
        # Who gives a quote away does not read it any more.
        quotes_sudo = self.sudo()
        is_moved = not {"team_id", "user_id"}.isdisjoint(vals)
        rules = is_moved and {quote: quote._get_rules() for quote in quotes_sudo}
        result = super().write(vals)
        if is_moved:
            quotes_sudo._review_moved(rules)
        if "approval_decision" not in vals:
            quotes_sudo._withdraw_settled_requests()
        return result

    # === Actions === #

    def action_request_approval(self):
        """Ask for the approval of quotes that need it.

        The leader of the sales team, or the managers, get an activity on each quote
        and a message. Quotes that wait for approval already just do so.

        :return: True
        :raises UserError: for quotes that need no approval, or that have it
        """
        self.check_access("write")
        self._review_approval()
        waiting = self.filtered(lambda quote: quote.approval_state != "requested")
        for quote in waiting:
            if quote._is_free():
                raise UserError(
                    self.env._(
                        "Quote %s needs no approval, or has it already.", quote.name
                    )
                )
        waiting._decide("requested", approval_requested_by=self.env.uid)
        waiting._notify_approvers()
        return True

    @arguments(commercial_hash=as_text)
    def action_approve(self, commercial_hash=None):
        """Approve what the quotes cost now.

        :param str commercial_hash: of what the user has seen, for a single quote; the
            web client sends it in the context, as ``approved_hash``
        :return: True
        :raises AccessError: for users who are neither managers nor lead the quote's
            team, and for team leaders who made the quote or whom nobody else asks for
            what it costs now
        :raises UserError: for quotes that need no approval or have changed since
        """
        seen = commercial_hash or self.env.context.get("approved_hash")
        self._check_decidable()
        for quote in self.filtered(
            lambda quote: seen and seen != quote._get_hash_of_decision()
        ):
            raise UserError(
                self.env._(
                    "Quote %s has changed since you opened it. Read it once more.",
                    quote.name,
                )
            )
        self._decide("approved", approval_feedback=False)
        self._close_request(_lt("Approved"))
        return True

    @arguments(reason=as_text)
    def action_refuse_approval(self, reason):
        """Refuse what the quotes cost now.

        :param str reason: what the salesperson is to change, plain text
        :return: True
        :raises AccessError: as :meth:`action_approve`
        :raises UserError: for quotes that need no approval, and without a reason
        """
        self._check_decidable()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why you refuse, and what would be fine."))
        self._decide("refused", approval_feedback=reason)
        self._close_request(_lt("Approval refused: %s", reason))
        return True

    # === Business === #

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {
            "approval_decision",
            "approval_hash",
            "approval_figures",
            "free_hash",
            "approval_requested_by",
            "approval_decided_by",
            "approval_decided_on",
            "approval_feedback",
        }

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"approval_hash", "free_hash"}

    def _is_free(self):
        """Whether the quote may go to the customer, as far as approval is concerned."""
        self.ensure_one()
        return self.approval_state in FREE_STATES

    def _check_approved(self):
        """Refuse quotes that a manager has to approve first.

        :raises UserError: saying what in the quote asks for approval
        """
        self._review_approval()
        for quote in self:
            if not quote._is_free():
                raise UserError(quote._get_approval_message())

    def _review_approval(self):
        """Judge drafts anew: teams, pricelists and rules may have changed."""
        drafts = self.filtered(lambda quote: quote.state == "draft")
        self.env.add_to_compute(self._fields["approval_state"], drafts)
        drafts._withdraw_settled_requests()

    def _review_moved(self, former_rules):
        """Judge quotes anew that may have come to another team.

        What customers have already stays with the rules that it went out by, unless
        the team brings others, and does so where it only follows its deal: whoever
        hands over a deal is not the one to be asked about a price.

        :param former_rules: the rules that each quote had to keep before
        """
        self._review_approval()
        bound = self.filtered(lambda quote: quote._get_rules() - former_rules[quote])
        if COMES_WITH_DEAL.is_on(self.env):
            bound = bound.filtered(lambda quote: quote.state == "draft")
        bound.free_hash = False
        sent = bound.filtered(lambda quote: quote.state == "sent")
        self.env.add_to_compute(self._fields["approval_state"], sent)

    def _check_transition(self, state):
        if state in CHECKED_STATES:
            self._check_approved()
        return super()._check_transition(state)

    def _prepare_revision_values(self):
        """Take along the approval, which holds as long as the content is the same."""
        values = super()._prepare_revision_values()
        if self.approval_state == "approved":
            for name in ("decision", "hash", "figures", "decided_by", "decided_on"):
                field = self._fields[f"approval_{name}"]
                values[field.name] = field.convert_to_write(self[field.name], self)
        return values

    def _get_approval_message(self):
        self.ensure_one()
        if not self.env.user._is_internal():
            return self.env._("This choice needs our confirmation. Please contact us.")
        message = {
            "requested": self.env._(
                "Quote %s waits for approval, and cannot go to the customer before.",
                self.name,
            ),
            "refused": self.env._(
                "The approval of quote %(quote)s was refused (%(reason)s): change the "
                "quote.",
                quote=self.name,
                reason=self.approval_feedback,
            ),
        }.get(self.approval_state) or self._get_approval_needed_message()
        # Not what the field says: it may be computed at this moment, and be empty yet.
        # As sudo, as the field.
        quote_sudo = self.sudo()
        reasons = quote_sudo._get_approval_reasons()[quote_sudo]
        return "\n".join([message, *reasons])

    def _get_approval_needed_message(self):
        if self.state == "draft":
            return self.env._(
                "Quote %s needs approval: request it before the quote goes to the "
                "customer.",
                self.name,
            )
        if self.state == "sent":
            return self.env._(
                "Quote %s was sent, and this change would need approval. Discard it, "
                "make a new version (“Revise”), and change and have approved that one.",
                self.name,
            )
        return self.env._(
            "As it stands, quote %s needs approval. Make a new version (“Revise”), and "
            "have that one approved.",
            self.name,
        )

    # Deciding

    def _get_approvers(self):
        """Return who decides on the quote: the team's leader, or the managers."""
        self.ensure_one()
        leader = self.team_id.user_id
        if leader and self._is_approver(leader) and self._is_readable_by(leader):
            return leader
        # Unlike env.ref, it does not look in the database for each quote.
        group_id = self.env["ir.model.data"]._xmlid_to_res_id(MANAGERS)
        # Salespeople need not see who is in which group.
        managers_sudo = self.env["res.groups"].sudo().browse(group_id).all_user_ids
        return managers_sudo.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        ).with_env(self.env)

    def _is_readable_by(self, user):
        """Whether a user works here, in the quote's company, and may open the quote."""
        self.ensure_one()
        # Salespeople need not see which companies others work for.
        if not user.active or self.company_id not in user.sudo().company_ids:
            return False
        return bool(user._filter_accessible(self))

    def _is_approver(self, user):
        """Whether a user may decide on the quote: managers, and the team's leader.

        A leader decides on what somebody else asks for, and so not on a price that he
        or she has changed since, nor on what he or she made.
        """
        self.ensure_one()
        if user.has_group(MANAGERS):
            return True
        authors = self.user_id | self.create_uid | self.approval_requested_by
        if user != self.team_id.user_id or user in authors:
            return False
        is_decided = self.approval_state in ("approved", "refused")
        return self.approval_state == "requested" or (
            is_decided and user == self.approval_decided_by
        )

    def _check_decidable(self):
        """Refuse users who may not decide, and quotes with nothing to decide."""
        self.check_access("read")
        self._review_approval()
        for quote in self:
            if not quote._is_approver(self.env.user):
                raise AccessError(
                    self.env._(
                        "Quote %s is approved by a sales administrator, or by the "
                        "leader of its team, if somebody else created it and requests "
                        "approval.",
                        quote.name,
                    )
                )
            if quote.approval_state == "no" or quote.state != "draft":
                raise UserError(self.env._("Quote %s needs no approval.", quote.name))

    def _decide(self, decision, **values):
        """Note a decision on what the quotes cost now."""
        if decision != "requested":
            values["approval_decided_by"] = self.env.uid
            values["approval_decided_on"] = fields.Datetime.now()
        for quote, figures in self._get_current_figures().items():
            decided = quote._prepare_decision_values(decision, figures)
            # Nobody can set these by hand; who comes here was checked by the action.
            quote.sudo().write({**values, **decided})

    def _prepare_decision_values(self, decision, figures):
        """Return what a decision on the quote as it is now was, and was about."""
        self.ensure_one()
        discounts = [discount for _what, discount in figures["discounts"]]
        return {
            "approval_decision": decision,
            "approval_hash": self.commercial_hash,
            "approval_figures": {
                "total": figures["total"],
                "discount": max(discounts, default=0.0),
            },
        }

    def _is_decided(self):
        """Whether the last decision was about the quote as it is now."""
        self.ensure_one()
        is_same = self.approval_hash and self.approval_hash == self.commercial_hash
        return bool(is_same) and not self._leads_beyond_decision()

    def _leads_beyond_decision(self):
        """Whether quantities of the customer break a limit more than was decided."""
        has_open = any(line._is_quantity_open() for line in self.line_ids)
        # Before, decisions were kept without them.
        if not has_open or not self.approval_figures:
            return False
        beyond = self._get_figures_beyond_decision()
        return any(rule._get_reasons(beyond) for rule in self._get_rules())

    def _get_current_figures(self):
        """Return what the rules judge of each quote: ``{quote: dict}``."""
        sent = self.filtered(lambda quote: quote.state == "sent")
        discounts = {
            # Prices that rise later are no discount on what the customer has.
            **sent.line_ids._get_noted_discounts(),
            **(self - sent).line_ids._get_effective_discounts(),
        }
        return {quote: quote._get_approval_figures(discounts) for quote in self}

    def _get_figures_beyond_decision(self):
        """Return what the rules judge, without what is no worse than was decided."""
        figures, decided = self._get_current_figures()[self], self.approval_figures
        currency = self.company_currency_id
        is_more = currency.compare_amounts(figures["total"], decided["total"])
        return {
            **figures,
            "total": figures["total"] if is_more > 0 else 0.0,
            "discounts": [
                (what, discount)
                for what, discount in figures["discounts"]
                if float_compare(discount, decided["discount"], 2) > 0
            ],
        }

    def _get_hash_of_decision(self):
        """Return what stands for all that whoever decides has to have seen."""
        self.ensure_one()
        return self.commercial_hash

    def _notify_approvers(self):
        """Give who decides an activity on each quote, and one message for all."""
        self._unlink_approval_activities()
        by_approvers = self.grouped(lambda quote: quote._get_approvers())
        for approvers, quotes in by_approvers.items():
            for approver in approvers:
                # The message below is one for all quotes.
                quotes.with_context(mail_activity_quick_update=True).activity_schedule(
                    APPROVAL_TYPE, user_id=approver.id
                )
            quotes._notify_of_approval(approvers - self.env.user, REQUESTED)
        self._message_log_batch(bodies=dict.fromkeys(self.ids, self.env._(REQUESTED)))

    def _ask_remaining(self, requests):
        """Ask who decides now, where nobody is left of those who were asked.

        :param requests: ``mail.activity``, what approvers had to do who have left
        """
        requests.unlink()
        remaining = self.activity_search([APPROVAL_TYPE], only_automated=False)
        self.filtered(
            lambda quote: (
                quote.approval_state == "requested"
                and quote.id not in remaining.mapped("res_id")
            )
        )._notify_approvers()

    def _close_request(self, text):
        """Log a decision, tell who asked, and close what was to do about it.

        :param text: the decision, a lazy translation
        """
        self._unlink_approval_activities()
        self._message_log_batch(bodies=dict.fromkeys(self.ids, self.env._(text)))
        for asker, quotes in self.grouped(
            lambda quote: quote.approval_requested_by or quote.user_id
        ).items():
            quotes._notify_of_approval(asker - self.env.user, text)

    def _withdraw_settled_requests(self):
        """Ask nobody any more about quotes that need no approval, or are no drafts.

        Should they need one later, it is requested anew.
        """
        # As sudo, for nobody can set a decision by hand.
        settled_sudo = self.sudo().filtered(
            lambda quote: (
                quote.approval_decision == "requested"
                and (quote.state != "draft" or quote.approval_state == "no")
            )
        )
        if settled_sudo:
            settled_sudo.write({"approval_decision": False, "approval_hash": False})
            settled_sudo._unlink_approval_activities()

    def _unlink_approval_activities(self):
        # They are others' activities, and obsolete by what the user just did.
        self.sudo().activity_unlink([APPROVAL_TYPE], only_automated=False)

    def _notify_of_approval(self, users, text):
        """Send users one message about the quotes, in the language of each.

        :param text: what happened, a lazy translation
        """
        for lang, readers in users.grouped("lang").items():
            quotes = self.with_context(lang=lang or self.env.lang)
            quotes._notify_readers_of_approval(readers, quotes.env._(text))

    def _notify_readers_of_approval(self, users, text):
        links = Markup(", ").join(quote._get_html_link() for quote in self)
        names = ", ".join(self.mapped("name"))
        thread = self if len(self) == 1 else self.env["mail.thread"]
        thread.message_notify(
            partner_ids=users.partner_id.ids,
            subject=self.env._("%(text)s: %(quotes)s", text=text, quotes=names),
            body=Markup("<p>%s: %s</p>") % (text, links),
        )

    # After a merge of customers

    def _get_judged_as_they_are(self):
        """Return the quotes whose approval is about what they cost now.

        :return: dict of quotes by the name of the field that says so
        """
        return {
            name: self.filtered(
                lambda quote, name=name: (
                    quote[name] and quote[name] == quote.commercial_hash
                )
            )
            for name in JUDGED_HASHES
        }

    @api.model
    def _renew_judged(self, judged):
        """Let approvals hold for the content as it is, after a merge of customers.

        A customer who was merged into another one has another id, which is all that the
        content changes by, and no reason to judge anything anew.

        :param judged: what :meth:`_get_judged_as_they_are` returned before
        """
        noted = [self._fields[name] for name in ("approval_state", "free_hash")]
        for name, quotes in judged.items():
            with self.env.protecting(noted, quotes):
                for quote in quotes:
                    quote[name] = quote.commercial_hash

    # Judging

    @api.model
    def _get_commercial_dependencies(self):
        fields_of_lines = self.env["billinator.quote.line"]._get_commercial_fields()
        return [
            *self._get_commercial_fields(),
            *(f"line_ids.{name}" for name in fields_of_lines),
        ]

    @api.model
    def _get_commercial_fields(self):
        # Not the customer's company: it changes with contacts, and without the quote.
        return ["company_id", "partner_id", "currency_id", "payment_term_id"]

    def _get_commercial_content(self):
        """Return all that the quote costs, whatever the customer chooses of it."""
        self.ensure_one()
        rows = [line._get_commercial_content() for line in self._get_lines_for_sale()]
        return [
            to_plain(self, self._get_commercial_fields()),
            # The order of lines changes no price.
            sorted(json.dumps(row, sort_keys=True) for row in rows),
        ]

    def _get_approval_reasons(self):
        """Tell what in the quotes goes beyond the rules: ``{quote: list of str}``."""
        rules = {quote: quote._get_rules() for quote in self}
        ruled = self.filtered(lambda quote: rules[quote])
        discounts = ruled.line_ids._get_effective_discounts()
        figures = {quote: quote._get_approval_figures(discounts) for quote in ruled}
        return {
            quote: [
                reason
                for rule in rules[quote]
                for reason in rule._get_reasons(figures[quote])
            ]
            for quote in self
        }

    def _get_rules(self):
        """Return the rules that the quote has to keep, of its company and team."""
        Rule = self.env["billinator.approval.rule"]
        return Rule._get_company_rules_sudo(self.company_id)._filter_for(self)

    def _get_lines_for_sale(self):
        """Return the lines with a price, options as well.

        Those of the discount on the whole follow what the customer chooses: what it
        takes off is judged by what was given.
        """
        return self._get_own_lines().with_prefetch(self.line_ids._prefetch_ids)

    def _get_approval_figures(self, discounts):
        """Return what the rules judge, whatever the customer chooses.

        :param discounts: effective discounts by line
        :return: dict of ``total`` (with taxes and all options that add to it, in the
            company's currency) and ``discounts``: list of tuples of a line's title, or
            False for the whole quote, and the percentage below the pricelist
        """
        self.ensure_one()
        lines = self._get_lines_for_sale()
        most = lines - lines._get_optional_rebates()
        base_lines = self._get_base_lines(most)
        total = self._add_up_base_lines(base_lines)["total_amount"]
        return {
            "total": total * (1 - self._get_discount_share(most)),
            "discounts": self._get_judged_discounts(lines, discounts),
        }

    def _get_judged_discounts(self, lines, discounts):
        """Return what there is to judge of ``lines`` and of them together."""
        is_sent = self.free_hash and self.state == "sent"
        if is_sent and self.free_hash == self.commercial_hash:
            # Each was judged when the quote went out, by what the pricelist said then;
            # what they come to together is for the customer to choose.
            discounts, titled = lines._get_noted_discounts(), []
        else:
            titled = [(line._get_title(), discounts[line]) for line in lines]
        overall = max(
            self._get_overall_discount(chosen, discounts)
            for chosen in lines._get_worst_choices(discounts)
        )
        return [*titled, (False, overall)]

    def _get_overall_discount(self, lines, discounts):
        """Return how many percent a quote of ``lines`` is below the pricelist.

        :param discounts: effective discounts by line
        """
        left = 1 - lines._get_overall_discount(discounts) / 100
        return (1 - left * (1 - self._get_discount_share(lines))) * 100
