from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.billinator_crm.tests.rights_tables import RightsTablesCase

from .common import MigrationMixin

# These records are somebody else's: everybody has their own runs.
RIGHTS = """
                internal own      all      admin    account  portal   public
billinator.crm.migration
  any           -        -        -        c        -        -        -
billinator.crm.migration.problem
  any           -        -        -        -        -        -        -
billinator.crm.migration.stage
  any           -        -        -        -        -        -        -
"""
METHODS = """
billinator.crm.migration: action_start action_view_opportunities action_view_quotes
billinator.crm.migration.problem: action_open
"""


@tagged("post_install", "-at_install")
class TestRights(MigrationMixin, RightsTablesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crm()

    def _prepare_crm_migration(self, place):
        return {"with_leads": False}

    def _prepare_crm_migration_problem(self, place):
        run = self.env["billinator.crm.migration"].create({})
        return {
            "migration_id": run.id,
            "name": self._name(place),
            "reason": "Wrong",
            "res_model": "crm.lead",
            "res_id": self.last_lead.id,
        }

    def _prepare_crm_migration_stage(self, place):
        run = self.env["billinator.crm.migration"].create({"stage_ids": []})
        return {"migration_id": run.id, "crm_stage_id": self.crm_new.id}

    def test_every_model(self):
        self.assert_rights("billinator_crm_migration", RIGHTS)

    def test_every_method(self):
        self.assert_methods("billinator_crm_migration", METHODS, {})

    def test_a_run_is_its_users(self):
        run = self._create_run()
        for record in (run, run.stage_ids[:1]):
            for operation in ("read", "write", "unlink"):
                self.assertTrue(record.has_access(operation))

    def test_companies_of_others_stay_theirs(self):
        lead = self._create_lead(
            company_id=self.company_b.id,
            team_id=False,
            user_id=self.stranger.id,
            partner_id=False,
            phone="1",
        )
        self._bring()
        self.assertFalse(lead.billinator_opportunity_id)
        with self.assertRaises(AccessError):
            self._bring(company_ids=[Command.set(self.company_b.ids)])

    def test_nobody_says_what_was_brought(self):
        quote = self.env["billinator.quote"].create({"partner_id": self.customer.id})
        with self.assertRaisesRegex(UserError, "cannot be set"):
            quote.with_user(self.manager).sale_order_ref = 7
