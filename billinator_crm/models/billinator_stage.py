import unicodedata
from itertools import chain, count
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_list

from ..caches import settings_cache

STATUSES = [("open", "Open"), ("won", "Won"), ("lost", "Lost")]
CLOSED_PROBABILITIES = {"won": 100.0, "lost": 0.0}
DEFAULT_PROBABILITY = 10.0


class StageRules(NamedTuple):
    """What decides whether an opportunity may be in a stage."""

    status: str
    probability: float
    sequence: int
    team_ids: tuple
    required_names: tuple
    require_accepted_quote: bool
    require_next_activity: bool

    def is_open_to(self, team):
        return not self.team_ids or team.id in self.team_ids


class Missing(NamedTuple):
    """What an opportunity lacks to enter a stage."""

    field_names: list
    accepted_quote: bool
    next_activity: bool


class BillinatorStage(models.Model):
    """A column of the pipeline; its status decides what a deal in it counts as."""

    _name = "billinator.stage"
    _description = "Opportunity Stage"
    _inherit = ["billinator.numbers.mixin", "billinator.settings.mixin"]
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]
    _remembered_fields = (
        *("fold", "name", "probability", "rotting_threshold_days"),
        *("sequence", "status"),
    )

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        compute="_compute_code",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="The stage's name for imports and integrations, upper case: PROPOSAL.",
    )
    sequence = fields.Integer(default=10)
    fold = fields.Boolean(
        string="Folded in Pipeline",
        help="Shows the stage as a folded column of the pipeline.",
    )
    status = fields.Selection(
        STATUSES,
        default="open",
        required=True,
        help="What an opportunity in this stage counts as.",
    )
    probability = fields.Float(
        string="Probability (%)",
        compute="_compute_probability",
        store=True,
        readonly=False,
        precompute=True,
        help="Chance to win an opportunity that enters this stage, until somebody "
        "sets another one by hand.",
    )
    rotting_threshold_days = fields.Integer(
        string="Days to Rot",
        help="Opportunities that stay in this stage for longer are marked as stale. "
        "Zero turns this off.",
    )
    requirements = fields.Text(
        translate=True,
        help="What salespeople should know or have done before an opportunity enters "
        "this stage. Shown when hovering over the column.",
    )
    team_ids = fields.Many2many(
        "crm.team",
        string="Sales Teams",
        help="Teams that use this stage; all of them when empty.",
    )
    sent_stage_id = fields.Many2one(
        "billinator.stage",
        string="When a Quote Is Sent",
        index="btree_not_null",
        ondelete="set null",
        domain="[('status', '=', 'open'), ('id', '!=', id)]",
        help="Opportunities in this stage move there when a quote of theirs is sent, "
        "if that is a later stage. Empty: they stay.",
    )
    accepted_stage_id = fields.Many2one(
        "billinator.stage",
        string="When a Quote Is Accepted",
        index="btree_not_null",
        ondelete="set null",
        domain="[('status', '!=', 'lost'), ('id', '!=', id)]",
        help="Opportunities in this stage move there when a quote of theirs is "
        "accepted. Empty: they stay.",
    )
    invoiced_stage_id = fields.Many2one(
        "billinator.stage",
        string="When a Quote Is Invoiced",
        index="btree_not_null",
        ondelete="set null",
        domain="[('status', '!=', 'lost'), ('id', '!=', id)]",
        help="Opportunities in this stage move there when an invoice is made of a "
        "quote of theirs. Empty: they stay.",
    )

    # The gate
    required_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Required Fields",
        domain="[('model', '=', 'billinator.opportunity'), ('store', '=', True),"
        " ('readonly', '=', False), ('ttype', '!=', 'boolean')]",
        # Nobody else may read Odoo's fields; what they ask for is in gate_summary.
        groups="base.group_erp_manager",
        help="What has to be filled in on an opportunity before it enters this stage.",
    )
    require_accepted_quote = fields.Boolean(
        string="Accepted Quote Required",
        help="Opportunities enter this stage with an accepted quote only.",
    )
    require_next_activity = fields.Boolean(
        string="Next Activity Required",
        help="Opportunities enter this stage with a planned activity only.",
    )
    gate_summary = fields.Char(
        string="Required to Enter",
        compute="_compute_gate_summary",
        compute_sudo=True,
    )

    # === Constraints === #

    _code_uniq = models.Constraint(
        "UNIQUE(code)", "Another stage has this code already."
    )
    _code_upper = models.Constraint(
        "CHECK(code = UPPER(code) AND code <> '')",
        "Write the stage's code in upper case.",
    )
    _probability_range = models.Constraint(
        "CHECK(probability BETWEEN 0 AND 100)",
        "The probability is a percentage: choose a value from 0 to 100.",
    )
    _probability_of_status = models.Constraint(
        "CHECK((status <> 'won' OR probability = 100)"
        " AND (status <> 'lost' OR probability = 0))",
        "The probability of a won stage is 100, that of a lost stage 0.",
    )
    _rotting_threshold_positive = models.Constraint(
        "CHECK(rotting_threshold_days >= 0)",
        "The number of days to rot cannot be negative.",
    )

    # === Computes === #

    @api.depends("name")
    def _compute_code(self):
        """Make a code of the name where there is none: the pipeline asks for no code.

        A stage keeps its code when its name changes, as integrations know it.
        """
        taken = set(self.browse(self._get_all_rules()).mapped("code"))
        for stage in self:
            stage.code = stage.code or stage._get_code_of_name(taken)
            taken.add(stage.code)

    def _get_code_of_name(self, taken):
        """Return a code made of the name, if there is one, and none of ``taken``."""
        # Letters, digits and marks: the vowels of Hindi are marks.
        letters = (
            letter if unicodedata.category(letter)[0] in "LMN" else " "
            for letter in (self.name or "").upper()
        )
        base = "_".join("".join(letters).split()) or "STAGE"
        numbered = (f"{base}_{number}" for number in count(2))
        codes = (code for code in chain([base], numbered) if code not in taken)
        return False if self.name is False else next(codes)

    @api.depends("status")
    def _compute_probability(self):
        for stage in self:
            stage.probability = CLOSED_PROBABILITIES.get(
                stage.status, stage.probability or DEFAULT_PROBABILITY
            )

    @api.depends_context("lang")
    @api.depends(
        "required_field_ids", "require_accepted_quote", "require_next_activity"
    )
    def _compute_gate_summary(self):
        for stage in self:
            names = stage.required_field_ids.mapped("field_description")
            others = self._name_demands(
                stage.require_accepted_quote, stage.require_next_activity
            )
            stage.gate_summary = format_list(self.env, [*names, *others])

    # === Checks === #

    @api.constrains("name")
    def _check_name(self):
        if not all((stage.name or "").strip() for stage in self):
            raise ValidationError(self.env._("Give the stage a name."))

    @api.constrains("required_field_ids")
    def _check_required_fields(self):
        # As sudo, as nobody but administrators may read Odoo's fields.
        for field in self.sudo().required_field_ids:
            if field.model != "billinator.opportunity":
                raise ValidationError(
                    self.env._(
                        "“%s” is not a field of opportunities, and cannot be required "
                        "of them.",
                        field.field_description,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Write the codes in upper case; an import's blank cell is made of the name."""
        return super().create(
            [
                self._upper_code(
                    {
                        name: value
                        for name, value in values.items()
                        if name != "code" or value not in (None, False)
                    }
                )
                for values in vals_list
            ]
        )

    def write(self, vals):
        """Write the code in upper case."""
        return super().write(self._upper_code(vals))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # As sudo: also for deals that the user may not see.
        deals_sudo = self.env["billinator.opportunity"].sudo()
        domain = [("stage_id", "in", self.ids)]
        if deal_sudo := deals_sudo.with_context(active_test=False).search(
            domain, limit=1
        ):
            raise UserError(
                self.env._(
                    "There are opportunities, perhaps archived ones, in the stage "
                    "“%s”: move them to another stage before you delete it.",
                    deal_sudo.stage_id.name,
                )
            )

    @api.private
    def copy_data(self, default=None):
        """Let a copy have a name and a code of its own."""
        given = default or {}
        vals_list = super().copy_data(default)
        for stage, vals in zip(self, vals_list, strict=True):
            if "name" not in given:
                vals["name"] = self.env._("%s (copy)", stage.name)
            if "code" not in given:
                vals["code"] = self._get_free_code(stage.code)
        return vals_list

    @api.model
    def _get_free_code(self, code):
        while self.search_count([("code", "=", code)], limit=1):
            code = f"{code} (COPY)"
        return code

    @api.model
    def _upper_code(self, values):
        code = values.get("code")
        is_text = isinstance(code, str)
        return {**values, "code": code.upper()} if is_text else values

    # === Business === #

    @api.model
    @settings_cache()
    def _get_all_rules(self):
        """Return the rules of each stage, by id, in the pipeline's order.

        Every deal that moves asks for them, and nobody changes them for months.
        """
        # As sudo: they hold for everybody, and only administrators may read which
        # fields a stage requires.
        return {
            stage.id: StageRules(
                status=stage.status,
                probability=stage.probability,
                sequence=stage.sequence,
                team_ids=tuple(stage.with_context(active_test=False).team_ids.ids),
                required_names=tuple(stage.required_field_ids.mapped("name")),
                require_accepted_quote=stage.require_accepted_quote,
                require_next_activity=stage.require_next_activity,
            )
            for stage in self.sudo().search([("id", "!=", False)])
        }

    def _is_open_to(self, team):
        """Whether opportunities of ``team`` (or of none) may be in this stage."""
        self.ensure_one()
        return self._get_all_rules()[self.id].is_open_to(team)

    def _get_next(self, stage_field):
        """Return where what happens to a quote moves opportunities, if anywhere.

        A quote that is sent takes none back: others may have been sent before it.

        :param str stage_field: ``sent_stage_id``, ``accepted_stage_id`` or
            ``invoiced_stage_id``
        """
        self.ensure_one()
        stage = self[stage_field]
        is_back = (stage.sequence, stage.id) < (self.sequence, self.id)
        return stage.browse() if stage_field == "sent_stage_id" and is_back else stage

    @api.model
    def _get_first(self, status, team):
        """Return the first stage with ``status`` that is open to ``team``, if any."""
        return self.browse(
            next(
                (
                    stage_id
                    for stage_id, rules in self._get_all_rules().items()
                    if rules.status == status and rules.is_open_to(team)
                ),
                False,
            )
        )

    def _get_missing(self, opportunities):
        """Return what each opportunity lacks to enter this stage, as ``Missing``."""
        self.ensure_one()
        rules = self._get_all_rules()[self.id]
        return {
            # As sudo: what hangs on an opportunity counts whoever may read it, and
            # only its name is told.
            opportunity: self._get_missing_of(opportunity.sudo(), rules)
            for opportunity in opportunities
        }

    @api.model
    def _get_missing_of(self, opportunity, rules):
        return Missing(
            field_names=[
                name
                for name in rules.required_names
                if not opportunity._is_filled_in(name)
            ],
            accepted_quote=(
                rules.require_accepted_quote and not opportunity._has_accepted_quote()
            ),
            next_activity=(
                rules.require_next_activity and not opportunity._has_next_activity()
            ),
        )

    def _get_lacking(self, opportunities):
        """Return the same as lists of names, in the user's language."""
        fields_ = opportunities._fields
        return {
            opportunity: [
                *(
                    fields_[name]._description_string(self.env)
                    for name in missing.field_names
                ),
                *self._name_demands(missing.accepted_quote, missing.next_activity),
            ]
            for opportunity, missing in self._get_missing(opportunities).items()
        }

    @api.model
    def _name_demands(self, quote, activity):
        """Return the names of what is demanded besides fields."""
        return [
            *([self.env._("an accepted quote")] if quote else []),
            *([self.env._("a next activity")] if activity else []),
        ]
