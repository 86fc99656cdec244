"""Years of sales, made in the database by copying one record of each kind."""

from odoo.fields import Command
from odoo.tools import SQL

PREFIX = "Dashboard benchmark"
YEARS = 5
PEOPLE, TEAMS, SOURCES = 40, 4, 12
QUOTES_PER_DEAL, ACTIVITIES_PER_DEAL = 0.5, 1.0
NOW = SQL("(now() AT TIME ZONE 'UTC')")


def generate(env, deals, open_share):
    """Fill the database with so many deals, of which a share is open.

    The newest are, and what is older was won or lost within a hundred days.
    """
    Generator(env, deals, open_share).run()
    env.cr.commit()
    _vacuum(env)


def get_users(env):
    """Return who looks at the dashboard, by role; they are made where missing."""
    roles = {
        "manager": "sales_team.group_sale_manager",
        "salesperson": "sales_team.group_sale_salesman",
    }
    return {role: _get_user(env, role, group) for role, group in roles.items()}


def _get_user(env, name, group):
    login = f"dashboard_benchmark_{name}"
    return env["res.users"].search([("login", "=", login)]) or env["res.users"].create(
        {
            "name": f"{PREFIX} {name}",
            "login": login,
            "group_ids": [Command.set(env.ref(group).ids)],
        }
    )


def _vacuum(env):
    connection = env.cr._cnx
    connection.set_session(autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.set_session(autocommit=False)


class Generator:
    """Copies rows, with other owners, stages, sums and dates."""

    def __init__(self, env, deals, open_share):
        self.env = env
        self.count = deals
        self.open_share = open_share
        self.people = self._create_people()
        self.teams = env["crm.team"].create(
            [{"name": f"{PREFIX} team {number}"} for number in range(TEAMS)]
        )
        self.sources = env["utm.source"].create(
            [{"name": f"{PREFIX} source {number}"} for number in range(SOURCES)]
        )
        stages = env["billinator.stage"].search([("team_ids", "=", False)])
        self.stages = stages.grouped("status")
        self.reasons = env["billinator.lost.reason"].search([])
        self.templates = self._create_templates()
        env.flush_all()

    def _create_people(self):
        users = get_users(self.env)
        group = "sales_team.group_sale_salesman"
        others = [_get_user(self.env, str(number), group) for number in range(PEOPLE)]
        return self.env["res.users"].union(users["salesperson"], *others)

    def _create_templates(self):
        customer = self.env["res.partner"].create({"name": f"{PREFIX} customer"})
        deal = self.env["billinator.opportunity"].create(
            {"name": "A deal", "partner_id": customer.id}
        )
        native = deal.activity_schedule("mail.mail_activity_data_call")
        return {
            "deal": deal,
            "quote": self.env["billinator.quote"].create({"partner_id": customer.id}),
            "native": native,
            "activity": self.env["billinator.activity"].search(
                [("activity_id", "=", native.id)]
            ),
        }

    def run(self):
        """Insert deals, quotes and activities."""
        deals = self._copy_deals()
        self._copy_quotes(round(self.count * QUOTES_PER_DEAL), deals)
        self._copy_activities(round(self.count * ACTIVITIES_PER_DEAL), deals)

    # === SQL of one row, by its number n === #

    def _pick(self, records, salt):
        """Choose one of the records, as if by chance."""
        return SQL(
            "(%s)[1 + %s %% %s]",
            SQL("%s::int[]", records.ids),
            *(
                self._chance(salt),
                len(records),
            ),
        )

    def _chance(self, salt):
        return SQL("abs(hashint4(n + %s)::bigint)", salt * 1_000_003)

    def _share(self, salt):
        """Return a number from 0 to 1, as if by chance."""
        return SQL("((%s %% 10000) / 10000.0)", self._chance(salt))

    def _age(self, count):
        """Return the days since a record's creation: the first are the oldest."""
        return SQL("(%s * (1 - n / %s::float))", YEARS * 365, count)

    def _ago(self, days):
        return SQL("(%s - %s * interval '1 day')", NOW, days)

    # === Many of each === #

    def _copy_deals(self):
        age = self._age(self.count)
        # Two of three among the newest are open.
        is_open = SQL(
            "(n > %s AND n %% 3 < 2)", round(self.count * (1 - self.open_share * 1.5))
        )
        value = SQL("round((500 + 50000 * %s)::numeric, 2)", self._share(2))
        probability = SQL("(10 + 20 * (n %% 5))")
        return self._copy(
            "deal",
            self.count,
            create_date=self._ago(age),
            user_id=SQL(
                "CASE WHEN n %% 97 > 0 THEN %s END", self._pick(self.people, 5)
            ),
            team_id=self._pick(self.teams, 6),
            source_id=self._pick(self.sources, 7),
            date_deadline=SQL(
                "CASE WHEN n %% 11 > 0 THEN (%s + (%s * 210 - 30) * interval '1 day')"
                "::date END",
                *(self._ago(SQL("CASE WHEN %s THEN 0 ELSE %s END", is_open, age)),),
                self._share(8),
            ),
            expected_revenue=value,
            expected_revenue_company=value,
            probability=probability,
            weighted_revenue=SQL("round(%s * %s / 100, 2)", value, probability),
            **self._get_ends(age, is_open),
        )

    def _get_ends(self, age, is_open):
        """Return how the deals ended, two of five by being won."""
        is_won = SQL("(n %% 5 < 2)")
        days = SQL("LEAST(%s, 1 + 99 * %s)", age, self._share(1))
        won, lost = self.stages["won"][0].id, self.stages["lost"][0].id
        stage = self._pick(self.stages["open"], 3)
        reason = self._pick(self.reasons, 4)

        def choose(opened, won, lost):
            return SQL(
                "CASE WHEN %s THEN %s WHEN %s THEN %s ELSE %s END",
                *(is_open, opened, is_won, won, lost),
            )

        nothing = SQL("NULL")
        closed = SQL("%s + %s * interval '1 day'", self._ago(age), days)
        return {
            "status": choose("open", "won", "lost"),
            "stage_id": choose(stage, won, lost),
            "last_open_stage_id": stage,
            "lost_reason_id": choose(nothing, nothing, reason),
            "date_closed": choose(nothing, closed, closed),
            "days_to_close": choose(nothing, *[SQL("floor(%s)", days)] * 2),
        }

    def _copy_quotes(self, count, deals):
        amount = SQL("round((500 + 50000 * %s)::numeric, 2)", self._share(9))
        day = SQL("(%s)::date", self._ago(self._age(count)))
        self._copy(
            "quote",
            count,
            name=SQL("'BENCH' || n"),
            create_date=self._ago(self._age(count)),
            date_quote=day,
            validity_date=SQL("%s + 30", day),
            state=SQL(
                "(ARRAY['draft', 'sent', 'accepted', 'accepted', 'rejected', 'expired']"
                ")[1 + %s %% 6]",
                self._chance(10),
            ),
            user_id=self._pick(self.people, 11),
            team_id=self._pick(self.teams, 12),
            amount_untaxed=amount,
            amount_untaxed_company=amount,
            opportunity_id=SQL("%s + n", deals),
        )

    def _copy_activities(self, count, deals):
        # Some of the newest are still to do, and some of these late.
        is_pending = SQL("(n > %s AND n %% 4 = 0)", round(count * 0.9))
        done = self._ago(self._age(count))
        user = self._pick(self.people, 13)
        native = self._copy(
            "native",
            count,
            res_id=SQL("%s + n", deals),
            user_id=user,
            active=is_pending,
        )
        self._copy(
            "activity",
            count,
            activity_id=SQL("%s + n", native),
            opportunity_id=SQL("%s + n", deals),
            user_id=user,
            team_id=self._pick(self.teams, 6),
            status=SQL("CASE WHEN %s THEN 'pending' ELSE 'done' END", is_pending),
            completed_at=SQL("CASE WHEN NOT %s THEN %s END", is_pending, done),
            due_date=SQL(
                "CASE WHEN %s THEN %s + (%s * 40 - 10) * interval '1 day' ELSE %s END",
                *(is_pending, NOW, self._share(14), done),
            ),
        )

    def _copy(self, template, count, **values):
        """Insert ``count`` copies of a record, with SQL of ``n`` for some columns.

        :return: the id before the first; the ids follow one another
        """
        cr, table = self.env.cr, self.templates[template]._table
        cr.execute(
            SQL(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attname <> 'id'",
                table,
            )
        )
        names = [name for (name,) in cr.fetchall()]
        cr.execute(SQL("SELECT MAX(id) FROM %s", SQL.identifier(table)))
        [last] = cr.fetchone()
        cr.execute(
            SQL(
                "INSERT INTO %(table)s (id, %(columns)s)"
                " SELECT %(last)s + n, %(sources)s FROM %(table)s template,"
                " generate_series(1, %(count)s) n WHERE template.id = %(template)s",
                table=SQL.identifier(table),
                columns=SQL(", ").join(map(SQL.identifier, names)),
                sources=SQL(", ").join(
                    values.get(name) or SQL.identifier("template", name)
                    for name in names
                ),
                last=last,
                count=count,
                template=self.templates[template].id,
            )
        )
        cr.execute(SQL("SELECT setval(%s, %s)", f"{table}_id_seq", last + count + 1))
        return last
