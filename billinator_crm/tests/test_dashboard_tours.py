from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger


class DashboardTourCase(HttpCase):
    """A senior and a seller in a company of their own, with a few deals."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Dashboard Company"})
        cls.senior = cls._create_user("Dashboard Senior", "sale_salesman_all_leads")
        cls.seller = cls._create_user("Dashboard Seller", "sale_salesman")
        cls.env["billinator.opportunity"].search([]).active = False
        deals = cls._create_deals(7, cls.seller)
        cls._create_deals(1, cls.senior)
        deals[:2].action_set_won()
        reason = cls.env["billinator.lost.reason"].search([], limit=1)
        deals[2:4].action_set_lost(reason.id)
        cls.env["billinator.target"].create(
            {
                "user_id": cls.seller.id,
                "company_id": cls.company.id,
                "amount": 5000,
            }
        )
        for deal in deals[4:]:
            deal.activity_schedule(
                "mail.mail_activity_data_call",
                user_id=cls.seller.id,
                date_deadline=fields.Date.add(fields.Date.today(), days=7),
            )

    @classmethod
    def _create_user(cls, name, group):
        user = new_test_user(
            cls.env,
            name.lower().replace(" ", "_"),
            f"sales_team.group_{group}",
            name=name,
            company_id=cls.company.id,
        )
        # OdooBot's welcome would cover a phone's screen.
        user.odoobot_state = "disabled"
        return user

    @classmethod
    def _create_deals(cls, count, user):
        return cls.env["billinator.opportunity"].create(
            [
                {
                    "name": f"{user.name}'s deal {number}",
                    "contact_name": "Somebody",
                    "company_id": cls.company.id,
                    "user_id": user.id,
                    "expected_revenue": 1000 + number,
                    "date_deadline": fields.Date.today(),
                }
                for number in range(count)
            ]
        )


@tagged("post_install", "-at_install")
class TestDashboardTours(DashboardTourCase):
    def test_drill_down(self):
        self.start_tour(
            "/odoo/crm-dashboard", "billinator_crm_dashboard", login=self.senior.login
        )

    def test_reload(self):
        self.start_tour(
            f"/odoo/crm-dashboard?period=year&user_ids={self.seller.id}",
            "billinator_crm_dashboard_reload",
            login=self.senior.login,
        )

    # What users do wrong is logged as a warning.
    @mute_logger("odoo.http")
    def test_error(self):
        self.start_tour(
            "/odoo/crm-dashboard?period=century",
            "billinator_crm_dashboard_error",
            login=self.senior.login,
        )


@tagged("post_install", "-at_install")
class TestDashboardPhoneTour(DashboardTourCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_phone(self):
        """Neither a long word nor a large number is wider than the screen."""
        Opportunity = self.env["billinator.opportunity"]
        Opportunity.search([("user_id", "=", self.senior.id)]).write(
            {"name": "Donaudampfschiff" * 5, "expected_revenue": 1234567890}
        )
        self.start_tour(
            "/odoo/crm-dashboard",
            "billinator_crm_dashboard_phone",
            login=self.senior.login,
        )
