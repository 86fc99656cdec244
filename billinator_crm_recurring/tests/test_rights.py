from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.billinator_crm.tests.rights_tables import RightsTablesCase

RIGHTS = """
                internal own      all      admin    account  portal   public
billinator.recurring.plan
  any           -        r        r        crwu     -        -        -
"""


@tagged("post_install", "-at_install")
class TestRights(RightsTablesCase):
    def _prepare_recurring_plan(self, place):
        return {"name": self._name(place)}

    def test_every_model(self):
        self.assert_rights("billinator_crm_recurring", RIGHTS)

    def test_what_the_export_offers_can_be_exported(self):
        self.assert_exports("billinator_crm_recurring")

    def test_every_method(self):
        self.assert_methods("billinator_crm_recurring", "", {})

    def test_nobody_else_is_told_whether_a_plan_is_used(self):
        plan = self.env["billinator.recurring.plan"].create({"name": "Used"})
        deal = self.env["billinator.opportunity"].create(
            {
                "name": "Secret",
                "partner_id": self.customer.id,
                "user_id": self.colleague.id,
                "recurring_plan_id": plan.id,
            }
        )
        deal.action_set_won()
        for act in (plan.with_user(self.salesperson).unlink, self._change(plan)):
            with self.assertRaises(AccessError):
                act()

    def _change(self, plan):
        return lambda: plan.with_user(self.salesperson).write({"number_of_months": 7})
