from odoo.addons.billinator_crm.tests.test_opportunity import OpportunityCase


class RecurringCase(OpportunityCase):
    """A euro is half of what the company's currency is; a deal brings 1200 a year."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.monthly, cls.quarterly, cls.yearly = (
            cls.env.ref(f"billinator_crm_recurring.billinator_recurring_plan_{name}")
            for name in ("monthly", "quarterly", "yearly")
        )
        cls.deal = cls._create_recurring(
            1200, cls.yearly, name="Subscription", user_id=cls.salesperson.id
        )

    @classmethod
    def _create_recurring(cls, revenue, plan, **values):
        return cls._create_opportunity(
            recurring_revenue=revenue, recurring_plan_id=plan.id, **values
        )

    def assertMonthly(self, deal, monthly, company, weighted):
        """Compare what a deal brings each month, and is saved, with what it should."""
        deal.flush_recordset()
        deal.invalidate_recordset()
        self.assertEqual(
            (
                deal.recurring_revenue_monthly,
                deal.recurring_revenue_monthly_company,
                deal.recurring_revenue_monthly_weighted,
            ),
            (monthly, company, weighted),
        )
