from odoo import api, fields, models

STATUSES = [("open", "Open"), ("won", "Won"), ("lost", "Lost")]
CLOSED_PROBABILITIES = {"won": 100.0, "lost": 0.0}
DEFAULT_PROBABILITY = 10.0


class BillinatorStage(models.Model):
    """A column of the pipeline; its status decides what a deal in it counts as."""

    _name = "billinator.stage"
    _description = "Opportunity Stage"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
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

    @api.depends("status")
    def _compute_probability(self):
        for stage in self:
            stage.probability = CLOSED_PROBABILITIES.get(
                stage.status, stage.probability or DEFAULT_PROBABILITY
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Write the codes in upper case."""
        return super().create([self._upper_code(values) for values in vals_list])

    def write(self, vals):
        """Write the code in upper case."""
        return super().write(self._upper_code(vals))

    @api.model
    def _upper_code(self, values):
        code = values.get("code")
        return {**values, "code": code.upper()} if code else values

    def _is_open_to(self, team):
        """Whether opportunities of ``team`` (or of none) may be in this stage."""
        self.ensure_one()
        return not self.team_ids or team in self.team_ids
