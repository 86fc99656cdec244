from odoo import api, fields, models
from odoo.tools import SQL

from ..arguments import arguments, as_domain_of, as_progress_bar, as_text
from ..triggers import drop_triggers, set_triggers

FUNCTION = "billinator_opportunity_plan"
# Whose activities a statement changed, by what it did.
PLANNED = "res_model, res_id, active, date_deadline, user_tz"
CHANGED = {
    "insert": "SELECT res_model, res_id FROM new_rows",
    "update": f"""
        (SELECT id, {PLANNED} FROM new_rows EXCEPT SELECT id, {PLANNED} FROM old_rows)
        UNION
        (SELECT id, {PLANNED} FROM old_rows EXCEPT SELECT id, {PLANNED} FROM new_rows)
    """,
    "delete": "SELECT res_model, res_id FROM old_rows",
}


class BillinatorOpportunity(models.Model):
    """What is to do next for deals, kept with them, to be counted without a search.

    Triggers keep it, for PostgreSQL itself deletes activities with their user. They
    write deals even where nothing changes: of two who change the activities of a deal
    at once, the second is told, and Odoo repeats its call.
    """

    _inherit = "billinator.opportunity"

    # From memory they would be those from before the last activity was changed.
    date_activity_due = fields.Datetime(
        readonly=True,
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="From when the first pending activity is due: the start of its day in "
        "the assignee's time zone.",
    )
    date_activity_overdue = fields.Datetime(
        readonly=True,
        copy=False,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="From when the first pending activity is overdue: the end of its day in "
        "the assignee's time zone.",
    )

    # Counts the activities of a person's deals, and of all, without reading the rows.
    _activity_idx = models.Index(
        "(user_id) INCLUDE (stage_id, date_activity_due, date_activity_overdue,"
        " company_id, team_id, status, active) WHERE date_activity_due IS NOT NULL"
    )

    # === Keeping it === #

    def init(self):
        """Set the triggers, and see what activities there are."""
        result = super().init()
        self.pool.post_init(self._set_activity_triggers)
        self.pool.post_init(self._plan_all)
        return result

    @api.model
    def _set_activity_triggers(self):
        actions = {
            event: self._get_plan_sql(
                SQL(
                    "SELECT DISTINCT res_id AS id FROM (%s) AS row"
                    " WHERE res_model = 'billinator.opportunity'",
                    SQL(changed),
                )
            )
            for event, changed in CHANGED.items()
        }
        set_triggers(self.env.cr, FUNCTION, "mail_activity", actions)

    @api.model
    def _drop_activity_triggers(self):
        drop_triggers(self.env.cr, FUNCTION)

    @api.model
    def _plan_all(self):
        """Write what is to do next where it is another than what is kept."""
        self.env["mail.activity"].flush_model()
        everything = SQL("SELECT id FROM billinator_opportunity")
        self.env.cr.execute(
            SQL(
                "%s AND (deal.date_activity_due, deal.date_activity_overdue)"
                " IS DISTINCT FROM (next.due, next.overdue)",
                self._get_plan_sql(everything),
            )
        )

    @api.model
    def _get_plan_sql(self, deals):
        """Return the statement that writes what is to do next for some deals.

        :param SQL deals: a query of their ids
        """
        begin = "activity.date_deadline::timestamp"
        due, overdue = (
            SQL(
                "MIN(%s AT TIME ZONE COALESCE(activity.user_tz, 'UTC')"
                " AT TIME ZONE 'UTC')",
                SQL(moment),
            )
            for moment in (begin, f"({begin} + interval '1 day')")
        )
        return SQL(
            """
            UPDATE billinator_opportunity AS deal
               SET date_activity_due = next.due, date_activity_overdue = next.overdue
              FROM (
                    SELECT changed.id, %(due)s AS due, %(overdue)s AS overdue
                      FROM (%(deals)s) AS changed
                 LEFT JOIN mail_activity AS activity
                        ON activity.res_id = changed.id AND activity.active
                       AND activity.res_model = 'billinator.opportunity'
                  GROUP BY changed.id
                   ) AS next
             WHERE next.id = deal.id
            """,
            due=due,
            overdue=overdue,
            deals=deals,
        )

    # === Asking it === #

    @api.model
    @api.readonly
    @arguments(
        domain=as_domain_of("billinator.opportunity"),
        group_by=as_text,
        progress_bar=as_progress_bar,
    )
    def read_progress_bar(self, domain, group_by, progress_bar):
        """Count the columns' deals by what is to do next.

        The pipeline's are counted from what is kept with the deals; all others as
        Odoo does.

        :param list domain: of ``billinator.opportunity``
        :param str group_by: the field of the columns
        :param dict progress_bar: the ``field`` that is counted, and its ``colors``
        :return: dict of a column's id, as text: dict of a value: number of deals
        """
        if not self._is_activity_bar(group_by, progress_bar):
            return super().read_progress_bar(domain or [], group_by, progress_bar)
        return {
            str(stage_id): {
                state: counts.get(state, 0) for state in progress_bar["colors"]
            }
            for stage_id, counts in self._count_activity_states(domain)
        }

    @api.model
    def _is_activity_bar(self, group_by, progress_bar):
        return (
            group_by == "stage_id"
            and isinstance(progress_bar, dict)
            and progress_bar.get("field") == "activity_state"
            and isinstance(progress_bar.get("colors"), dict)
        )

    @api.model
    def _count_activity_states(self, domain):
        """Return for each stage its id, and a dict of states and numbers of deals."""
        self.browse().check_access("read")
        self.env["mail.activity"].flush_model()
        query = self._search(domain or [])
        if query.is_empty():
            return []
        stage, due, overdue = (
            SQL.identifier(self._table, name)
            for name in ("stage_id", "date_activity_due", "date_activity_overdue")
        )
        now = fields.Datetime.now()
        states = {
            "overdue": SQL("%s <= %s", overdue, now),
            "today": SQL("%s <= %s AND %s > %s", due, now, overdue, now),
            "planned": SQL("%s > %s", due, now),
        }
        query.add_where(SQL("%s IS NOT NULL", due))
        query.groupby = stage
        rows = self.env.execute_query(
            query.select(
                stage,
                *(
                    SQL("COUNT(*) FILTER (WHERE %s)", condition)
                    for condition in states.values()
                ),
            )
        )
        return [
            (stage_id, dict(zip(states, counts, strict=True)))
            for stage_id, *counts in rows
        ]
