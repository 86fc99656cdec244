from collections import defaultdict
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..caches import forget_settings, settings_cache

# Days in the stage from which on a deal is compared with other ones.
AGES = (0, 3, 7, 14, 21, 30, 45, 60, 90, 180)
# What is known before any deal was counted weighs as much as that many deals.
PRIOR_WEIGHT = 10
HISTORY_YEARS = 2


class Conversion(NamedTuple):
    """What is known of the deals that stood in a stage for some days."""

    age_from: int
    sample_size: int
    won_count: int
    probability: float


class BillinatorStageConversion(models.Model):
    """How many of the deals that stood in a stage for some time were won.

    Landmarking: a closed deal counts at each age that it reached in a stage, so that
    the figures are those of deals that were then as an open one is now (van
    Houwelingen, Dynamic Prediction by Landmarking in Event History Analysis, 2007).
    It counts with the days that it stood there at that age: so often would somebody
    who looks at the pipeline have met it. Deals are chosen by the day of their
    closing: while as many come as go, those that are still open leave no gap.

    Few deals say little, so that the estimate leans on the wider pool: an age on the
    age before, which has all its deals and more, and the entry of the stage on the
    stage's own probability (the m-estimate: Cestnik, Estimating Probabilities, 1990;
    the mean of a Beta distribution after Binomial trials).
    """

    _name = "billinator.stage.conversion"
    _description = "Stage Conversion"
    _order = "company_id, stage_id, age_from"
    _rec_name = "stage_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    stage_id = fields.Many2one(
        "billinator.stage", required=True, readonly=True, ondelete="cascade", index=True
    )
    age_from = fields.Integer(
        string="Days from",
        required=True,
        readonly=True,
        aggregator=None,
        help="Minimum days that the deals spent in the stage.",
    )
    sample_size = fields.Integer(
        string="Deals",
        readonly=True,
        help="Deals of the last two years that spent this long in the stage and have "
        "been closed since.",
    )
    won_count = fields.Integer(string="Won", readonly=True)
    probability = fields.Float(
        string="Probability (%)",
        readonly=True,
        aggregator="avg",
        help="What this tells about the next deal; with few deals, it leans on those "
        "in the stage for a shorter time, and on the stage's probability.",
    )

    _age_uniq = models.Constraint(
        "UNIQUE(company_id, stage_id, age_from)",
        "This age is counted already.",
    )

    @api.model
    def _cron_refresh(self):
        """Count the deals again, and tell the open ones what it means for them."""
        self._refresh()
        self.env["billinator.opportunity"]._refresh_history_probabilities()

    @api.model
    def _refresh(self):
        """Replace all rows.

        :return: the new ones
        """
        # At first, too: who changes settings meanwhile waits, and undoes no counting.
        forget_settings(self.env)
        self.search([("sample_size", ">=", 0)]).unlink()
        rows = self.create(self._estimate(self._count(self.env.cr.now())))
        forget_settings(self.env)
        return rows

    @api.model
    def _count(self, moment):
        """Count the deals closed before a moment that reached each age in a stage.

        :param datetime moment: in UTC; nothing that came later is looked at
        :return: dict of (company id, stage id): dict of age in days: (deals, won ones,
            days that the deals stood there at that age, days of the won ones)
        """
        counts = defaultdict(dict)
        for company, stage, age, *row in self.env.execute_query(
            self._get_count_sql(moment)
        ):
            counts[company, stage][age] = row
        return counts

    @api.model
    def _get_count_sql(self, moment):
        return SQL(
            """
            SELECT stay.company_id, stay.stage_id, age.since,
                   COUNT(*),
                   COUNT(*) FILTER (WHERE stay.status = 'won'),
                   SUM(LEAST(stay.days, age.until) - age.since),
                   COALESCE(SUM(LEAST(stay.days, age.until) - age.since)
                       FILTER (WHERE stay.status = 'won'), 0)
              FROM (%(stays)s) AS stay
              JOIN billinator_stage stage
                ON stage.id = stay.stage_id AND stage.status = 'open'
              JOIN unnest(%(ages)s, %(ends)s::float[]) AS age (since, until)
                ON stay.days > age.since
          GROUP BY stay.company_id, stay.stage_id, age.since
            """,
            stays=self._get_stays_sql(moment),
            ages=list(AGES),
            ends=[*AGES[1:], float("inf")],
        )

    @api.model
    def _get_stays_sql(self, moment):
        """Select how many days the closed deals stood in each of their stages."""
        for model in ("billinator.opportunity", "mail.message", "mail.tracking.value"):
            self.env[model].flush_model()
        get_field = self.env["ir.model.fields"]._get
        return SQL(
            """
            SELECT deal.company_id, deal.status,
                   change.old_value_integer AS stage_id,
                   EXTRACT(EPOCH FROM change.create_date
                       - LAG(change.create_date, 1, deal.create_date)
                         OVER (PARTITION BY deal.id ORDER BY change.id)
                   )::float / 86400 AS days
              FROM billinator_opportunity deal
              JOIN mail_message message
                ON message.model = 'billinator.opportunity'
               AND message.res_id = deal.id
              JOIN mail_tracking_value change
                ON change.mail_message_id = message.id
               AND change.field_id = %(field)s
             WHERE deal.status IN ('won', 'lost')
               AND deal.date_closed >= %(since)s
               AND deal.date_closed < %(moment)s
            """,
            field=get_field("billinator.opportunity", "stage_id").id,
            since=moment - relativedelta(years=HISTORY_YEARS),
            moment=moment,
        )

    @api.model
    def _estimate(self, counts):
        """Return the values of a row for each age of each stage that deals reached.

        :param dict counts: as :meth:`_count` returns it
        """
        values_list = []
        for (company_id, stage_id), by_age in counts.items():
            stage = self.env["billinator.stage"].browse(stage_id)
            probability = stage.probability / 100
            # Who reached an age reached those before, so that none is left out.
            for age, (sample_size, won_count, days, won_days) in sorted(by_age.items()):
                share = won_days / days
                probability = (sample_size * share + PRIOR_WEIGHT * probability) / (
                    sample_size + PRIOR_WEIGHT
                )
                values_list.append(
                    {
                        "company_id": company_id,
                        "stage_id": stage_id,
                        "age_from": age,
                        "sample_size": sample_size,
                        "won_count": won_count,
                        "probability": 100 * probability,
                    }
                )
        return values_list

    @api.model
    @settings_cache()
    def _get_all_conversions(self):
        """Return what is known, by ids of company and stage, the highest age first.

        Every deal that moves asks for it, and it changes once a night.
        """
        conversions = defaultdict(list)
        # As sudo: who may read a deal may know how others fared in its stage.
        for row in self.sudo().search([("id", "!=", False)], order="age_from DESC"):
            conversions[row.company_id.id, row.stage_id.id].append(
                Conversion(
                    row.age_from, row.sample_size, row.won_count, row.probability
                )
            )
        return dict(conversions)
