from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.mail.tests.common import MailCase

from .common import BillinatorCommon
from .test_performance import USUAL_MAIL


@tagged("post_install", "-at_install")
class TestAssignment(BillinatorCommon, MailCase):
    """Deals without a salesperson, which teams give to their members."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = cls.salesperson + cls.colleague + cls.senior
        cls.team = cls.env["crm.team"].create(
            {"name": "Web", "company_id": cls.company.id, "user_id": cls.manager.id}
        )
        cls.env["crm.team.member"].create(
            [{"crm_team_id": cls.team.id, "user_id": one.id} for one in cls.members]
        )
        cls.team.opportunity_assignment = "turn"
        cls.Deal = cls.env["billinator.opportunity"].with_user(cls.manager)

    def setUp(self):
        super().setUp()
        # Sequences go on where another test has left them.
        self.env.cr.execute(f"ALTER SEQUENCE {self.team._get_turns().code} RESTART")

    def _prepare(self, count=1, **values):
        vacant = {
            "name": "Deal",
            "partner_id": self.customer.id,
            "user_id": False,
            "team_id": self.team.id,
        }
        return [{**vacant, **values} for _number in range(count)]

    def _create(self, count=1, **values):
        return self.Deal.create(self._prepare(count, **values))

    def _create_people(self, count=1, **values):
        """Return who gets the deals, in their order."""
        return [deal.user_id for deal in self._create(count, **values)]

    def _get_member(self, user):
        return self.team.crm_team_member_ids.filtered(lambda row: row.user_id == user)

    # Who gets them

    def test_in_turn(self):
        first, second, third = self.members
        self.assertEqual(self._create_people(2), [first, second])
        self.assertEqual(self._create_people(), [third])
        self.assertEqual(self._create_people(4), [first, second, third, first])

    def test_to_whom_has_the_fewest(self):
        self.team.opportunity_assignment = "load"
        first, second, third = self.members
        for user, count in ((first, 3), (third, 1)):
            self._create(count, user_id=user.id)
        # What is closed, or of another team, is no work, or just as much.
        self._create(5, user_id=second.id).action_set_won()
        self._create(1, user_id=second.id, team_id=False)
        self.assertEqual(self._create_people(4), [second, third, second, third])
        self.assertEqual(self._create_people(2), [first, second])

    def test_who_is_not_there_gets_none(self):
        first, second, third = self.members
        self._get_member(first).takes_opportunities = False
        second.out_of_office_from = fields.Datetime.now() - timedelta(days=1)
        self.assertEqual(self._create_people(2), [third, third])
        second.out_of_office_to = fields.Datetime.now() - timedelta(hours=1)
        third.active = False
        self.assertEqual(self._create_people(2), [second, second])
        self._get_member(second).active = False
        self._get_member(first).takes_opportunities = True
        self.assertEqual(self._create_people(2), [first, first])
        self._get_member(first).takes_opportunities = False
        self.assertFalse(self._create().user_id)

    def test_who_may_not_see_the_company_gets_none(self):
        self.team.company_id = False
        self.manager.company_ids += self.company_b
        self.senior.company_ids += self.company_b
        deals = self.Deal.with_context(
            allowed_company_ids=(self.company + self.company_b).ids
        ).create(self._prepare(3, company_id=self.company_b.id, partner_name="X"))
        self.assertEqual(deals.user_id, self.senior)
        self.assertEqual(deals.team_id, self.team)

    def test_what_they_have_in_other_companies_is_work_too(self):
        self.team.opportunity_assignment = "load"
        self.salesperson.company_ids += self.company_b
        self._create_opportunity(
            company_id=self.company_b.id, user_id=self.salesperson.id
        )
        # Who makes the deal sees nothing of that one.
        deal = self.Deal.with_user(self.senior).create(self._prepare())
        self.assertEqual(deal.user_id, self.colleague)

    def test_each_team_has_people_of_its_own(self):
        shop = self.env["crm.team"].create(
            {"name": "Shop", "opportunity_assignment": "turn"}
        )
        self.env["crm.team.member"].create(
            {"crm_team_id": shop.id, "user_id": self.manager.id}
        )
        own, others = self._prepare(2), self._prepare(2, team_id=shop.id)
        deals = self.Deal.create([own[0], others[0], own[1], others[1]])
        self.assertEqual(
            [deal.user_id for deal in deals],
            [self.salesperson, self.manager, self.colleague, self.manager],
        )

    def test_archived_teams_assign_nothing_whatever_the_context(self):
        """What one caller finds is kept for all of them."""
        self.team.active = False
        deal = self.Deal.with_context(active_test=False).create(self._prepare())
        self.assertEqual(deal.team_id, self.team)
        self.assertFalse(deal.user_id)

    def test_whose_it_is_already(self):
        """Somebody is the salesperson by what was asked for, or by default."""
        [values] = self._prepare()
        self.assertEqual(self._create_people(user_id=self.senior.id), [self.senior])
        del values["user_id"]
        self.assertEqual(self.Deal.create(values).user_id, self.manager)
        vacant = self.Deal.with_context(default_user_id=False)
        self.assertEqual(vacant.create(values).user_id, self.salesperson)
        del values["team_id"]
        vacant = vacant.with_context(default_team_id=self.team.id)
        self.assertEqual(vacant.create(values).user_id, self.colleague)
        self.assertFalse(self._create(team_id=False).user_id)

    def test_by_hand_nobody_gets_them(self):
        self.team.opportunity_assignment = "manual"
        deal = self._create()
        self.assertFalse(deal.user_id)
        self.team.opportunity_assignment = "load"
        self.assertEqual(self._create_people(), [self.salesperson])
        self.team.opportunity_assignment = False
        self.assertFalse(self._create().user_id)

    def test_what_is_closed_or_archived_stays(self):
        won = self._create(stage_id=self.stages["WON"].id)
        lost = self._create(
            stage_id=self.stages["LOST"].id, lost_reason_id=self.lost_reason.id
        )
        archived = self._create(active=False)
        self.assertFalse((won + lost + archived).user_id)
        moved = self._create(stage_id=self.stages["PROPOSAL"].id)
        self.assertEqual(moved.user_id, self.salesperson)

    def test_who_sees_own_deals_keeps_them_in_sight(self):
        deal = self.Deal.with_user(self.salesperson).create(self._prepare()[0])
        self.assertFalse(deal.user_id)
        self.assertEqual(deal.name, "Deal")

    def test_a_gate_that_asks_for_the_salesperson(self):
        field = self.env["ir.model.fields"]._get("billinator.opportunity", "user_id")
        self.stages["LEAD"].sudo().required_field_ids = field
        self.assertEqual(self._create_people(), [self.salesperson])

    def test_mail(self):
        self.team.billinator_alias_name = "assigned"
        for values in self._prepare(2):
            deal = self.env["billinator.opportunity"].message_new(
                {"email_from": "Jo <jo@new.example>", "subject": "Hello"},
                {"team_id": values["team_id"]},
            )
        self.assertEqual(deal.user_id, self.colleague)
        self.team.crm_team_member_ids.takes_opportunities = False
        deal = self.env["billinator.opportunity"].message_new(
            {"email_from": "Jo <jo@new.example>", "subject": "Hello"},
            {"team_id": self.team.id},
        )
        self.assertEqual(deal.user_id, self.manager)

    def test_what_is_no_id_is_the_orm_s_to_refuse(self):
        deal = {"active": True, "company_id": self.company.id, "team_id": self.team.id}
        self.assertTrue(self.Deal._is_to_assign(deal))
        for wrong in ([1], {}, "x", 1.5, True):
            for name in ("team_id", "company_id"):
                self.assertFalse(self.Deal._is_to_assign({**deal, name: wrong}))
        for wrong in (2**40, -1, "1", [1]):
            self.Deal._is_to_assign({**deal, "stage_id": wrong})

    # What they are told

    def _with_mail(self, **context):
        self.Deal = self.Deal.with_context(**USUAL_MAIL, **context)
        self.members.notification_type = "email"

    def _get_notified(self, deals):
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", deals._name),
                    ("res_id", "in", deals.ids),
                    ("message_type", "=", "user_notification"),
                ]
            )
        )

    def test_who_gets_it_follows_and_is_told(self):
        self._with_mail()
        with self.mock_mail_gateway():
            deals = self._create(4)
        for deal in deals:
            self.assertIn(deal.user_id.partner_id, deal.message_partner_ids)
            self.assertIn(self.manager.partner_id, deal.message_partner_ids)
            message = self._get_notified(deal)
            self.assertEqual(message.notified_partner_ids, deal.user_id.partner_id)

    def test_imports_mail_nobody(self):
        self._with_mail(import_file=True)
        with self.mock_mail_gateway():
            result = self.Deal.load(
                ["name", "partner_name", "user_id", "team_id"],
                [["One", "Ada", "", "Web"], ["Two", "Ada", "", "Web"]],
            )
        deals = self.Deal.browse(result["ids"])
        self.assertEqual(deals.user_id, self.salesperson + self.colleague)
        self.assertIn(self.salesperson.partner_id, deals[0].message_partner_ids)
        self.assertFalse(self._get_notified(deals))
        self.assertFalse(self._new_mails)

    # How much it takes

    def _count(self, deals, count):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        deals.create(self._prepare(count))
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_many_take_as_long_as_few(self):
        self._with_mail(mail_auto_subscribe_no_notify=True)
        for mode in ("turn", "load"):
            self.team.opportunity_assignment = mode
            self._count(self.Deal, 3)
            few = self._count(self.Deal, 3)
            self.assertEqual(self._count(self.Deal, 51), few, mode)

    def test_by_hand_takes_no_longer(self):
        self._with_mail()
        self.team.opportunity_assignment = "manual"
        for values in ({}, {"user_id": self.manager.id}):
            vacant = self._prepare(**values)
            counts = []
            for mode in ("manual", "turn"):
                # Another team's is all the same.
                self.env["crm.team"].create(
                    {"name": "T", "opportunity_assignment": mode}
                )
                for _time in "12":
                    self.env.flush_all()
                    self.env.invalidate_all()
                    before = self.env.cr.sql_log_count
                    self.Deal.create(vacant)
                    self.env.flush_all()
                    count = self.env.cr.sql_log_count - before
                counts.append(count)
            self.assertEqual(counts[0], counts[1])

    # By a button

    def test_assign_what_is_there(self):
        self.team.opportunity_assignment = "manual"
        vacant = self._create(4)
        own = self._create(user_id=self.manager.id)
        won = self._create(stage_id=self.stages["WON"].id)
        teamless = self._create(team_id=False)
        archived = self._create(active=False)
        every = vacant + own + won + teamless + archived
        with self.assertRaises(UserError):
            every.action_assign()
        self.team.opportunity_assignment = "turn"
        action = every.action_assign()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("4", action["params"]["message"])
        self.assertEqual(
            [deal.user_id for deal in vacant], [*self.members, self.salesperson]
        )
        self.assertEqual(own.user_id, self.manager)
        self.assertFalse((won + teamless + archived).user_id)
        self.assertEqual(vacant.team_id, self.team)
        with self.assertRaises(UserError):
            every.action_assign()

    def test_assign_what_is_there_in_two_companies(self):
        self.team.write({"company_id": False, "opportunity_assignment": "manual"})
        self.manager.company_ids += self.company_b
        self.senior.company_ids += self.company_b
        companies = self.company + self.company_b
        deals = self.Deal.with_context(allowed_company_ids=companies.ids).create(
            [
                *self._prepare(2),
                *self._prepare(2, company_id=self.company_b.id, partner_name="X"),
            ]
        )
        self.team.opportunity_assignment = "turn"
        deals.action_assign()
        here, there = deals.grouped("company_id").values()
        self.assertEqual(here.user_id, self.salesperson + self.colleague)
        self.assertEqual(there.user_id, self.senior)

    def test_assigned_by_a_button_is_told(self):
        self._with_mail()
        self.team.opportunity_assignment = "manual"
        deal = self._create()
        self.flush_tracking()
        self.team.opportunity_assignment = "turn"
        with self.mock_mail_gateway():
            deal.action_assign()
        self.assertIn(self.salesperson.partner_id, deal.message_partner_ids)
        self.assertTrue(self._get_notified(deal))
        self.flush_tracking()
        changes = deal.message_ids.sudo().tracking_value_ids
        self.assertIn("user_id", changes.field_id.mapped("name"))

    def test_assign_is_for_who_may_write(self):
        self.team.opportunity_assignment = "manual"
        deal = self._create()
        self.team.opportunity_assignment = "turn"
        for user in (self.accountant, self.stranger):
            with self.assertRaises(AccessError):
                deal.with_user(user).action_assign()
        deal.with_user(self.colleague).action_assign()
        self.assertEqual(deal.user_id, self.salesperson)

    # The setting

    def test_only_managers_set_it(self):
        for user in (self.salesperson, self.senior):
            with self.assertRaises(AccessError):
                self.team.with_user(user).opportunity_assignment = "load"
            with self.assertRaises(AccessError):
                self._get_member(user).with_user(user).takes_opportunities = False
        team = self.team.with_user(self.manager)
        with Form(team, "sales_team.crm_team_view_form") as form:
            form.opportunity_assignment = "load"
            with form.crm_team_member_ids.edit(0) as member:
                member.takes_opportunities = False
        self.assertEqual(team.opportunity_assignment, "load")
        self.assertEqual(self._create_people(2), [self.colleague, self.senior])

    def test_turns_go_with_the_team(self):
        name = f"billinator_crm_team_turn_{self.team.id}"
        query = "SELECT count(*) FROM pg_class WHERE relname = %s"
        self.env.cr.execute(query, [name])
        self.assertEqual(self.env.cr.fetchone()[0], 1)
        self.team.copy()
        self.team.with_user(self.manager).unlink()
        self.env.cr.execute(query, [name])
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_a_copied_team_has_its_own_turns(self):
        self._create(2)
        copied = self.team.copy()
        copied.member_ids = [Command.set(self.members.ids)]
        self.assertEqual(copied.opportunity_assignment, "turn")
        self.assertTrue(copied._pick_salespeople(self.company, 1))

    def test_the_button_is_there_where_it_does_something(self):
        self.assertIn('name="action_assign"', self._get_arch("list"))
        self.assertIn('name="action_assign"', self._get_arch("form"))
        teams = self.env["crm.team"].search([])
        teams.opportunity_assignment = "manual"
        self.assertNotIn('name="action_assign"', self._get_arch("list"))
        self.assertNotIn('name="action_assign"', self._get_arch("form"))

    def _get_arch(self, view_type):
        return self.Deal.get_view(view_type=view_type)["arch"]
