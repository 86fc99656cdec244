from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import Form, tagged, users
from odoo.tools import mute_logger

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestStage(BillinatorCommon):
    def _create_stage(self, **values):
        return self.env["billinator.stage"].create(
            {"name": "Trial", "code": "TRIAL", **values}
        )

    def test_shipped_stages(self):
        shipped = [
            ("LEAD", "open", 10),
            ("QUALIFIED", "open", 25),
            ("PROPOSAL", "open", 50),
            ("NEGOTIATION", "open", 75),
            ("WON", "won", 100),
            ("LOST", "lost", 0),
        ]
        stages = self.env["billinator.stage"].search([])
        self.assertEqual(
            [(stage.code, stage.status, stage.probability) for stage in stages],
            shipped,
        )

    @mute_logger("odoo.sql_db")
    def test_refused(self):
        for error, values in (
            (UniqueViolation, {"code": "LEAD"}),
            (CheckViolation, {"code": ""}),
            (CheckViolation, {"probability": 101}),
            (CheckViolation, {"probability": -1}),
            (CheckViolation, {"status": "won", "probability": 99}),
            (CheckViolation, {"status": "lost", "probability": 1}),
            (CheckViolation, {"rotting_threshold_days": -1}),
        ):
            with (
                self.subTest(values),
                self.assertRaises(error),
                self.env.cr.savepoint(),
            ):
                self._create_stage(**values)

    def test_form_helps(self):
        with Form(self.env["billinator.stage"]) as form:
            form.name = "Signed"
            form.code = "signed"
            form.status = "won"
            self.assertEqual(form.probability, 100)
            form.status = "lost"
            self.assertEqual(form.probability, 0)
        self.assertEqual(form.record.code, "SIGNED")

    def test_imported_as_in_the_form(self):
        stage = self._create_stage(code="trial", status="won")
        self.assertRecordValues(stage, [{"code": "TRIAL", "probability": 100}])
        stage.write({"code": "test", "status": "lost"})
        self.assertRecordValues(stage, [{"code": "TEST", "probability": 0}])
        stage.status = "open"
        self.assertEqual(stage.probability, 10)
        stage.probability = 35
        stage.status = "open"
        self.assertEqual(stage.probability, 35)

    @users("billinator_manager")
    def test_column_of_the_pipeline_needs_no_code(self):
        Stage = self.env["billinator.stage"]
        codes = [
            Stage.browse(Stage.name_create("New Column: 2nd try")[0]).code,
            *Stage.create([{"name": "Lead"}, {"name": "lead", "code": False}]).mapped(
                "code"
            ),
            Stage.create({"name": "…"}).code,
            Stage.create({"name": "प्रस्ताव भेजा"}).code,
        ]
        self.assertEqual(
            codes,
            ["NEW_COLUMN_2ND_TRY", "LEAD_2", "LEAD_3", "STAGE", "प्रस्ताव_भेजा"],
        )

    @users("billinator_manager")
    def test_imported_without_a_code(self):
        result = self.env["billinator.stage"].load(
            ["name", "code"], [["Trial", ""], ["Signed", "ok"]]
        )
        stages = self.env["billinator.stage"].browse(result["ids"])
        self.assertEqual(stages.mapped("code"), ["TRIAL", "OK"], result["messages"])

    @users("billinator_manager")
    def test_code_stays_with_another_name(self):
        with Form(self.env["billinator.stage"]) as form:
            form.name = "Signed"
            self.assertEqual(form.code, "SIGNED")
        form.record.name = "Contract Signed"
        self.assertEqual(form.record.code, "SIGNED")

    def test_found_by_code(self):
        found = self.env["billinator.stage"].name_search("PROPOSAL", operator="=")
        self.assertEqual(
            [stage_id for stage_id, _name in found], self.stages["PROPOSAL"].ids
        )

    def test_changed_status_reaches_the_deals(self):
        stage = self._create_stage()
        opportunity = self._create_opportunity(stage_id=stage.id)
        # Nothing of the deal is in memory when somebody configures stages.
        self.env.flush_all()
        self.env.invalidate_all()
        stage.write({"status": "won", "probability": 100})
        self.env.flush_all()
        self.assertEqual(opportunity.status, "won")
        self.assertTrue(opportunity.date_closed)

    def test_duplicated(self):
        stage = self.stages["PROPOSAL"]
        first, second = stage.copy(), stage.copy()
        self.assertEqual(first.name, f"{stage.name} (copy)")
        self.assertEqual(
            [first.code, second.code], ["PROPOSAL (COPY)", "PROPOSAL (COPY) (COPY)"]
        )
        self.assertEqual(first.probability, stage.probability)

    def test_used_ones_stay(self):
        opportunity = self._create_opportunity()
        opportunity.action_set_lost(self.lost_reason.id)
        opportunity.action_archive()
        for record in (opportunity.stage_id, self.lost_reason):
            with self.assertRaisesRegex(UserError, record.name):
                record.with_user(self.manager).unlink()
        (self._create_stage() + self._create_stage(code="OTHER")).unlink()

    def test_teams_that_stages_and_rules_are_for_stay(self):
        """Without their last team, these would be for everybody."""
        teams = self.env["crm.team"].create([{"name": "North"}, {"name": "South"}])
        stage = self._create_stage(name="Survey", team_ids=teams[0].ids)
        rule = self.env["billinator.approval.rule"].create(
            {
                "name": "Up to Ten",
                "active": False,
                "max_discount": 10,
                "team_ids": teams[1].ids,
            }
        )
        for team, record in ((teams[0], stage), (teams[1], rule)):
            with self.assertRaisesRegex(
                UserError, f"{team.name}.*{record.name}.*archive the team"
            ):
                team.with_user(self.manager).unlink()
        teams[0].active = False
        self.assertEqual(stage.with_context(active_test=False).team_ids, teams[0])
        with self.assertRaises(UserError):
            teams[0].unlink()
        (stage.unlink(), rule.unlink())
        teams.with_user(self.manager).unlink()
        self.assertFalse(teams.exists())

    def test_lost_reasons_count(self):
        reasons = self.env["billinator.lost.reason"].create(
            [{"name": "Too late"}, {"name": "Too early"}]
        )
        for _number in range(2):
            self._create_opportunity().action_set_lost(reasons[0].id)
        self.assertEqual(reasons.mapped("opportunity_count"), [2, 0])
