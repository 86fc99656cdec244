from datetime import timedelta

from odoo.tools import SQL

from .history import History

WEEKS = 12


class SnapshotHistory(History):
    """The snapshots that would have been taken of the deals, week by week."""

    def make(self):
        """Write the snapshots, with today's values of what was open then."""
        self.env.flush_all()
        for week in range(WEEKS, 0, -1):
            self._insert(self.today - timedelta(weeks=week))

    def _insert(self, day):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billinator_pipeline_snapshot (
                    date, taken_at, opportunity_id, opportunity_key, opportunity_name,
                    company_id, user_id, team_id, stage_id, status, probability,
                    expected_revenue, weighted_revenue, date_deadline
                )
                SELECT %(day)s, %(day)s, deal.id, deal.id, deal.name, company_id,
                       user_id, team_id, stage.id, stage.status, stage.probability,
                       expected_revenue_company,
                       expected_revenue_company * stage.probability / 100, date_deadline
                  FROM billinator_opportunity deal
                  JOIN billinator_stage stage ON stage.id = CASE
                       WHEN date_closed <= %(day)s THEN stage_id
                       ELSE COALESCE(last_open_stage_id, stage_id) END
                 WHERE deal.create_date <= %(day)s
                   AND (date_closed IS NULL
                        OR date_closed > %(day)s - interval '7 days')
                """,
                day=SQL("%s::date", day),
            )
        )
