from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestCachedSettings(BillinatorCommon):
    """What deals ask for all the time is kept in memory, and follows every change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team, cls.other_team = cls.env["crm.team"].create(
            [
                {"name": name, "company_id": cls.company.id, "sequence": -10}
                for name in ("First", "Second")
            ]
        )

    def _get_new_team(self):
        """Return the team of a deal that the salesperson makes."""
        deals = self.env["billinator.opportunity"].with_user(self.salesperson)
        return deals.create({"name": "Deal", "partner_id": self.customer.id}).team_id

    def test_team_follows_memberships(self):
        members = self.env["crm.team.member"]
        member = members.create(
            {"crm_team_id": self.team.id, "user_id": self.salesperson.id}
        )
        self.assertEqual(self._get_new_team(), self.team)
        member.active = False
        members.create(
            {"crm_team_id": self.other_team.id, "user_id": self.salesperson.id}
        )
        self.assertEqual(self._get_new_team(), self.other_team)
        members.search([("user_id", "=", self.salesperson.id)]).unlink()
        self.team.user_id = self.salesperson
        self.assertEqual(self._get_new_team(), self.team)
        self.team.active = False
        self.assertNotEqual(self._get_new_team(), self.team)

    def test_team_follows_who_leaves(self):
        member = self.env["crm.team.member"].create(
            {"crm_team_id": self.team.id, "user_id": self.salesperson.id}
        )
        for leave in (lambda: member.write({"active": False}), member.unlink):
            member.active = True
            self.assertEqual(self._get_new_team(), self.team)
            leave()
            self.assertNotEqual(self._get_new_team(), self.team)

    def test_team_that_was_asked_for_is_nobody_elses(self):
        self.team.user_id = self.salesperson
        self.env["crm.team.member"].create(
            {"crm_team_id": self.other_team.id, "user_id": self.salesperson.id}
        )
        Team = self.env["crm.team"]
        for context, team in (
            ({"default_team_id": self.team.id}, self.team),
            ({}, self.other_team),
        ):
            found = Team.with_context(**context)._get_default_team(
                self.salesperson, self.company
            )
            self.assertEqual(found, team)

    def test_stage_follows_its_teams(self):
        stage, team = self.stages["QUALIFIED"], self.team
        deal = self._create_opportunity(team_id=self.other_team.id)
        self.assertTrue(stage._is_open_to(self.other_team))
        stage.team_ids = team
        with self.assertRaises(ValidationError):
            deal.stage_id = stage
        stage.team_ids = [Command.link(self.other_team.id)]
        deal.stage_id = stage
        stage.team_ids = team
        stage.team_ids = False
        team.unlink()
        self.assertTrue(stage._is_open_to(self.other_team))

    def test_probability_follows_the_stage(self):
        self.assertEqual(self._create_opportunity().stage_id, self.stages["LEAD"])
        self.stages["LEAD"].probability = 33
        self.assertEqual(self._create_opportunity().probability, 33)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self._create_opportunity().probability, 33)

    def test_what_is_remembered_follows_every_change(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        call = self.env.ref("mail.mail_activity_data_call")
        for record, values in (
            (self.stages["LEAD"], {"name": "Cold", "rotting_threshold_days": 9}),
            (self.team, {"name": "Third"}),
            (euro, {"name": "EUX"}),
            (call, {"icon": "fa-star", "name": "Ring"}),
            (self.company, {"currency_id": euro.id}),
        ):
            with self.subTest(record._name):
                record._recall()
                record.write(values)
                self.env.flush_all()
                # Their version and the settings at first, then nothing.
                for query_count in (2, 0):
                    self.env.invalidate_all()
                    with self.assertQueryCount(query_count):
                        record._recall()
                        told = record._convert_to_write(
                            {name: record[name] for name in values}
                        )
                    self.assertEqual(told, values)

    def test_first_stage_follows_the_order(self):
        Stage = self.env["billinator.stage"]
        self.assertEqual(Stage._get_first("open", self.team), self.stages["LEAD"])
        first = Stage.create({"name": "Cold", "code": "COLD", "sequence": -1})
        self.assertEqual(Stage._get_first("open", self.team), first)
        first.unlink()
        self.assertEqual(Stage._get_first("open", self.team), self.stages["LEAD"])

    def test_gate_follows_its_stage(self):
        deal, stage = self._create_opportunity(), self.stages["PROPOSAL"]
        stage.require_next_activity = True
        with self.assertRaises(ValidationError):
            deal.stage_id = stage
        stage.require_next_activity = False
        deal.stage_id = stage
        self.assertEqual(deal.stage_id, stage)
