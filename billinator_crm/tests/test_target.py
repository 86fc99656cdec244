from datetime import date, datetime

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import BillinatorCommon

AMOUNTS = ("amount", "won_amount", "committed_amount", "weighted_amount", "gap_amount")


@tagged("post_install", "-at_install")
class TestTarget(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Target Team",
                "company_id": cls.company.id,
                "member_ids": cls.salesperson.ids,
            }
        )
        cls.target = cls._create_target(user_id=cls.salesperson.id)
        cls.team_target = cls._create_target(team_id=cls.team.id, amount=9000)

    @classmethod
    def _create_target(cls, **values):
        period = {"date_from": "2030-01-01", "date_to": "2030-01-31"}
        return cls.env["billinator.target"].create({"amount": 1000, **period, **values})

    def _create_deal(self, **values):
        return self._create_opportunity(
            **{
                "user_id": self.salesperson.id,
                "date_deadline": "2030-01-15",
                "stage_id": self.stages["PROPOSAL"].id,
                **values,
            }
        )

    def test_another_currency_of_the_company(self):
        """Targets, limits of rules and bounds of segments stay what they are worth."""
        rule = self.env["billinator.approval.rule"].create(
            {"name": "Big", "max_total": 500, "company_id": self.company.id}
        )
        segment, other = (
            self.env["billinator.tag"].create(
                {
                    "name": f"Good for {company.name}",
                    "active": company == self.company_b,
                    "company_id": company.id,
                    "condition_ids": [
                        Command.create({"metric": metric, "value": 3000})
                        for metric in ("monetary", "overdue_amount", "frequency")
                    ],
                }
            )
            for company in (self.company, self.company_b)
        )
        theirs = self._create_target(
            user_id=self.stranger.id, company_id=self.company_b.id
        )
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        euro.rate_ids = [
            Command.create(
                {"name": "2000-01-01", "rate": 0.5, "company_id": self.company.id}
            )
        ]
        self.company.currency_id = euro
        self.assertEqual(self.target.amount, 500)
        self.assertEqual(rule.max_total, 250)
        self.assertEqual(theirs.amount, 1000)
        self.assertEqual(segment.condition_ids.mapped("value"), [1500, 1500, 3000])
        self.assertEqual(other.condition_ids.mapped("value"), [3000, 3000, 3000])
        self.company.currency_id = euro
        self.assertEqual(self.target.amount, 500)

    def _win(self, moment, revenue, **values):
        deal = self._create_deal(expected_revenue=revenue, **values)
        deal.action_set_won()
        deal.date_closed = moment

    def _create_deals(self):
        self._win(datetime(2030, 1, 1), 100)
        self._win(datetime(2030, 1, 31, 23, 59), 200)
        self._win(datetime(2030, 2, 1), 400)
        self._win(datetime(2030, 1, 10), 800, user_id=self.colleague.id)
        self._create_deal(expected_revenue=1000, forecast_category="commit")
        self._create_deal(expected_revenue=2000)
        self._create_deal(expected_revenue=4000, date_deadline="2030-02-01")
        self._create_deal(
            expected_revenue=8000, company_id=self.company_b.id, user_id=False
        )

    def assertAttainment(self, target, *amounts):
        self.assertEqual(
            target.read(AMOUNTS)[0],
            dict(zip(("id", *AMOUNTS), (target.id, *amounts), strict=True)),
        )

    def test_attainment(self):
        self._create_deals()
        target = self.target.with_user(self.salesperson)
        self.assertAttainment(target, 1000, 300, 1000, 1500, 700)
        self.assertEqual(target.attainment, 30)

    def test_team_counts_all_its_deals(self):
        """Also those that the member who looks may not read."""
        self._create_deals()
        self._win(
            datetime(2030, 1, 10), 50, user_id=self.senior.id, team_id=self.team.id
        )
        target = self.team_target.with_user(self.salesperson)
        self.assertAttainment(target, 9000, 350, 1000, 1500, 8650)

    def test_day_is_the_company_s(self):
        self.company.partner_id.tz = "America/New_York"
        self._win(datetime(2030, 1, 1, 4), 100)
        self._win(datetime(2030, 2, 1, 4), 200)
        self.assertEqual(self.target.won_amount, 200)

    def test_pivot_and_records_tell_the_same(self):
        self._create_deals()
        targets = self.target + self.team_target
        rows = targets._read_group(
            [("id", "in", targets.ids)],
            ["date_from:month"],
            [f"{name}:sum" for name in AMOUNTS],
        )
        sums = tuple(sum(targets.mapped(name)) for name in AMOUNTS)
        self.assertEqual(rows, [(date(2030, 1, 1), *sums)])
        self.assertEqual(rows[0][2], 600)

    def test_deals_behind_it(self):
        self._create_deals()
        action = self.target.action_view_deals()
        deals = self.env["billinator.opportunity"].search(action["domain"])
        self.assertEqual(
            sorted(deals.mapped("expected_revenue")), [100, 200, 1000, 2000]
        )

    def test_new_target(self):
        form = Form(self.env["billinator.target"].with_context(tz="UTC"))
        form.date_from = "2030-02-01"
        self.assertEqual(form.date_to, date(2030, 2, 28))
        form.team_id = self.team
        form.amount = 5
        self.assertEqual(form.save().display_name, "Target Team, February 2030")
        nobodys = self.env["billinator.target"].new({"date_from": "2030-02-01"})
        self.assertEqual(nobodys.display_name, "February 2030")
        for date_to, name in (
            ("2030-03-31", "Q1 2030"),
            ("2030-12-31", "2030"),
            ("2030-03-30", "01/01/2030 - 03/30/2030"),
        ):
            target = self._create_target(team_id=self.team.id, date_to=date_to)
            self.assertEqual(target.display_name, f"Target Team, {name}")

    @mute_logger("odoo.sql_db")
    def test_refused(self):
        both = {"team_id": self.team.id, "user_id": self.senior.id}
        for error, values in (
            (UniqueViolation, {"user_id": self.salesperson.id}),
            (UniqueViolation, {"team_id": self.team.id}),
            (CheckViolation, both),
            (CheckViolation, {}),
            (CheckViolation, {"user_id": self.senior.id, "amount": 0}),
            (CheckViolation, {"user_id": self.senior.id, "date_to": "2029-12-31"}),
        ):
            with self.subTest(values), self.assertRaises(error):
                self._create_target(**values)
        with self.assertRaises(UserError):
            self._create_target(user_id=self.stranger.id)

    def test_who_sees_which(self):
        targets = self.target + self.team_target
        targets += self._create_target(user_id=self.colleague.id)
        for user, seen in (
            (self.salesperson, targets[:2]),
            (self.colleague, targets[2]),
            (self.senior, targets),
            (self.manager, targets),
            (self.stranger, targets.browse()),
        ):
            found = targets.with_user(user).search([("id", "in", targets.ids)])
            self.assertEqual(set(found.ids), set(seen.ids), user.login)
        self.team.user_id = self.colleague
        self.assertTrue(self.team_target.with_user(self.colleague).amount)
