from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "sales_team.group_sale_salesman"
        cls.salesperson = new_test_user(cls.env, "tour_salesperson", groups)
        cls.salesperson.odoobot_state = "disabled"
        yearly = cls.env["billinator.recurring.plan"].create(
            {"name": "Each Year", "number_of_months": 12}
        )
        cls.env["billinator.opportunity"].create(
            [
                {
                    "name": name,
                    "partner_name": "Subscriber",
                    "user_id": cls.salesperson.id,
                    "expected_revenue": 40000,
                    "recurring_revenue": revenue,
                    "recurring_plan_id": yearly.id,
                    "date_deadline": fields.Date.today(),
                }
                for name, revenue in (("A Subscription", 6000), ("Another", 1440))
            ]
        )

    def test_pipeline(self):
        self.start_tour(
            "/odoo/opportunities",
            "billinator_crm_recurring_pipeline",
            login=self.salesperson.login,
        )

    def test_forecast(self):
        self.start_tour(
            "/odoo/forecast",
            "billinator_crm_recurring_forecast",
            login=self.salesperson.login,
        )
