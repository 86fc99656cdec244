import time
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import api
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.billinator_crm.tests.common import BillinatorCommon

from ..models import billinator_crm_migration as migration_module
from .common import MigrationMixin


@tagged("post_install", "-at_install")
class TestRuns(MigrationMixin, BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crm()

    def test_the_form_shows_first_what_is_there(self):
        form_before = Form(self.env["billinator.crm.migration"].with_user(self.manager))
        before = form_before.opportunity_count, form_before.lead_count
        self._create_lead()
        self._create_lead(type="lead")
        self._create_lead().action_set_lost()
        lost = form_before.lost_count
        with Form(self.env["billinator.crm.migration"].with_user(self.manager)) as form:
            self.assertEqual(form.opportunity_count, before[0] + 2)
            self.assertEqual(form.lead_count, before[1] + 1)
            self.assertEqual(form.lost_count, lost + 1)
            self.assertEqual(
                len(form.stage_ids), self.env["crm.stage"].search_count([])
            )

    def test_another_run_brings_what_is_new(self):
        lead = self._create_lead()
        self._bring()
        deal = lead.billinator_opportunity_id
        lead.name = "Changed"
        later = self._create_lead(name="Later")
        run = self._bring()
        self.assertEqual(run.deal_count, 1)
        self.assertEqual(lead.billinator_opportunity_id, deal)
        self.assertEqual(deal.name, "A deal")
        self.assertEqual(later.billinator_opportunity_id.name, "Later")
        with self.assertRaises(UserError):
            run.action_start()

    def test_what_is_merged_here_is_remembered(self):
        first, second = self._create_lead(), self._create_lead()
        self._bring()
        deal = first.billinator_opportunity_id
        deal.merge_opportunities(second.billinator_opportunity_id.ids)
        self.assertEqual(second.billinator_opportunity_id, deal)
        self.assertFalse(self._bring().deal_count)

    def test_only_what_is_chosen(self):
        deal, lead = self._create_lead(), self._create_lead(type="lead")
        self._bring(with_leads=False)
        self.assertTrue(deal.billinator_opportunity_id)
        self.assertFalse(lead.billinator_opportunity_id)

    @mute_logger("odoo.sql_db")
    def test_one_that_is_refused_stops_no_other(self):
        leads = self.env["crm.lead"].union(
            *(self._create_lead(name=f"Deal {number}") for number in range(3))
        )
        # A stage that the team may not use, by which the whole batch is refused first.
        team = self.team.copy({"name": "Others"})
        self.stages["NEGOTIATION"].team_ids = team
        stage = self.env["crm.stage"].create({"name": "Negotiation"})
        leads[1].stage_id = stage
        leads[1].message_post(body="Kept where it is")
        deals = self.env["billinator.opportunity"]
        before = deals.search_count([])
        run = self._bring()
        self.assertEqual(deals.search_count([]), before + 2)
        self.assertEqual(run.deal_count, 2)
        self.assertTrue(leads[0].billinator_opportunity_id)
        self.assertFalse(leads[1].billinator_opportunity_id)
        self.assertTrue(leads[2].billinator_opportunity_id)
        [problem] = run.problem_ids
        self.assertEqual(problem.name, "Deal 1")
        self.assertIn("Negotiation", problem.reason)
        self.assertEqual(problem.action_open()["res_id"], leads[1].id)
        self.stages["NEGOTIATION"].team_ids = False
        self.assertEqual(self._bring().deal_count, 1)

    def test_an_app_that_fails_on_one_stops_no_other(self):
        leads = self._create_lead(name="Fine") + self._create_lead(name="Strange")
        Opportunity = self.registry["billinator.opportunity"]
        create = Opportunity.create

        @api.model_create_multi
        def create_in_an_app(self, vals_list):
            for vals in vals_list:
                if vals.get("name") == "Strange":
                    raise TypeError("no number")
            return create(self, vals_list)

        with (
            patch.object(Opportunity, "create", create_in_an_app),
            self.assertLogs(migration_module.__name__, "WARNING"),
        ):
            run = self._bring()
        self.assertEqual(run.state, "done")
        self.assertTrue(leads[0].billinator_opportunity_id)
        self.assertFalse(leads[1].billinator_opportunity_id)
        [problem] = run.problem_ids
        self.assertEqual(problem.name, "Strange")
        self.assertIn("no number", problem.reason)

    def test_what_takes_long_goes_on_in_the_background(self):
        leads = self._create_lead() + self._create_lead()
        run = self._create_run()
        with (
            patch.object(migration_module, "BATCH", 1),
            patch.object(migration_module, "SECONDS_AT_ONCE", 0),
        ):
            run.action_start()
            self.assertEqual(run.state, "running")
            self.assertEqual(run.deal_count, 1)
            with self.enter_registry_test_mode():
                self.env.ref(
                    "billinator_crm_migration.ir_cron_bring_over"
                ).method_direct_trigger()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.deal_count, 2)
        self.assertEqual(len(leads.billinator_opportunity_id), 2)

    def _run_job(self, seconds):
        """Run the job, which may take so long, and return how much it says is left."""
        cron = self.env.ref("billinator_crm_migration.ir_cron_bring_over")
        end = time.monotonic() + seconds
        context = {"cron_id": cron.id, "cron_end_time": end}
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            cron = cron.with_env(api.Environment(cr, cron.user_id.id, context))
            cron, progress = cron._add_progress()
            cron._commit_progress()
            cron.env["billinator.crm.migration"]._cron_bring_over()
            return progress.remaining

    def _start_without_time(self):
        with patch.object(migration_module, "SECONDS_AT_ONCE", 0):
            run = self._create_run()
            run.action_start()
        self.env.flush_all()
        return run

    def test_a_job_is_not_done_before_its_run_is(self):
        self._create_lead()
        self._create_lead()
        with patch.object(migration_module, "BATCH", 1):
            run = self._start_without_time()
            # All is brought, but nobody has noticed.
            self.assertEqual(self._run_job(seconds=0), 1)
            self.assertRecordValues(run, [{"state": "running", "deal_count": 2}])
            self.assertEqual(self._run_job(seconds=60), 0)
        self.assertEqual(run.state, "done")

    def test_a_conflict_is_tried_again(self):
        self._create_lead()
        self._create_lead()
        with patch.object(migration_module, "BATCH", 1):
            run = self._start_without_time()
            with patch.object(
                type(run), "_bring_leads", side_effect=SerializationFailure
            ):
                self.assertEqual(self._run_job(seconds=60), 1)
            self.assertRecordValues(run, [{"state": "running", "deal_count": 1}])
            self.assertFalse(run.problem_ids)
            self.assertEqual(self._run_job(seconds=60), 0)
        self.assertRecordValues(run, [{"state": "done", "deal_count": 2}])

    def test_who_may_not_go_on_is_told_why(self):
        self._create_lead()
        run = self._start_without_time()
        with (
            patch.object(type(run), "_bring_all", side_effect=UserError("No right")),
            self.assertLogs(migration_module.__name__, "WARNING"),
        ):
            self._run_job(seconds=60)
        self.assertRecordValues(run, [{"state": "done"}])
        self.assertEqual(run.problem_ids.reason, "No right")

    def test_queries_do_not_grow(self):
        def count(number):
            for _one in range(number):
                lead = self._create_lead(type="lead", partner_id=False, phone="1")
                lead.message_post(body="Hi", attachments=[("a.txt", b"A")])
                lead.activity_schedule("mail.mail_activity_data_call")
            self.env.flush_all()
            run = self._create_run()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run.action_start()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(1)
        few = count(2)
        # The change of a setting's version, which an earlier record may have made.
        self.assertLessEqual(count(10), few + 1)

    def test_what_is_won_stays_won(self):
        run = self._create_run()
        for line in run.stage_ids:
            code = "NEGOTIATION" if line.is_won else "WON"
            with self.assertRaises(ValidationError):
                line.stage_id = self.stages[code]
            self.env.invalidate_all()
        with self.assertRaises(ValidationError):
            run.stage_ids[:1].stage_id = self.stages["LOST"]
