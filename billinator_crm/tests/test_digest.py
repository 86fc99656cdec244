from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import tagged

from .common import BillinatorCommon
from .test_performance import USUAL_MAIL

KPIS = (
    "kpi_billinator_deals_created",
    "kpi_billinator_won_value",
    "kpi_billinator_quotes_accepted",
    "kpi_billinator_activities_done",
)


@tagged("post_install", "-at_install")
class TestDigest(BillinatorCommon):
    """The figures of Odoo's digest mail, by company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env["base"].with_context(**USUAL_MAIL).env
        deals = cls._create_opportunity(expected_revenue=100)
        deals += cls._create_opportunity(expected_revenue=50)
        deals += cls._create_opportunity(company_id=cls.company_b.id, user_id=False)
        deals[:2].action_set_won()
        activity = cls.env["billinator.activity"].create(
            {"opportunity_id": deals[0].id, "type": "task"}
        )
        activity.action_complete("Done")
        quotes = cls._create_quote() + cls._create_quote()
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        quotes[0].action_accept()
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.digests = cls.env["digest.digest"].create(
            [
                {
                    "name": company.name,
                    "company_id": company.id,
                    **dict.fromkeys(KPIS, True),
                }
                for company in cls.company + cls.company_b
            ]
        )
        cls.manager.company_ids += cls.company_b

    def _get_values(self, user, days=0):
        """Return the figures of the day that ends in so many days, by digest."""
        end = Datetime.now() + timedelta(days=days, hours=1)
        companies = (self.company + self.company_b).ids
        digests = self.digests.with_user(user).with_context(
            allowed_company_ids=companies,
            start_datetime=end - timedelta(days=1),
            end_datetime=end,
        )
        digests.invalidate_recordset()
        return [
            [digest.sudo(False)[f"{kpi}_value"] for kpi in KPIS] for digest in digests
        ]

    def test_figures(self):
        self.assertEqual(self._get_values(self.manager), [[2, 150, 1, 1], [1, 0, 0, 0]])

    def test_activity_of_a_shared_customer(self):
        before = self._get_values(self.manager)
        activity = self.env["billinator.activity"].create(
            {"partner_id": self.customer.id, "type": "task"}
        )
        self.assertFalse(activity.company_id)
        activity.action_complete("Done")
        after = self._get_values(self.manager)
        self.assertEqual(
            [values[3] for values in after], [values[3] + 1 for values in before]
        )

    def test_accepted_when_it_was(self):
        """A change before the acceptance is none."""
        quote = self._create_quote()
        self.env.flush_all()
        self.env.cr.precommit.run()
        quote.action_mark_sent()
        self.env.flush_all()
        self.env.cr.precommit.run()
        quote.message_ids.date = Datetime.now() - timedelta(days=9)
        quote.action_accept()
        self.env.flush_all()
        self.env.cr.precommit.run()
        for days, count in ((0, 2), (-9, 0)):
            self.assertEqual(self._get_values(self.manager, days)[0][2], count)

    def test_accepted_again_counts_once(self):
        quote = self._create_quote()
        for _version in range(2):
            self.env.flush_all()
            self.env.cr.precommit.run()
            quote.action_accept()
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.assertEqual(self._get_values(self.manager)[0][2], 2)
            quote = quote.browse(quote.action_revise()["res_id"])

    def test_other_days(self):
        self.assertEqual(self._get_values(self.manager, -2), [[0, 0, 0, 0]] * 2)

    def test_left_out_without_rights(self):
        digest = self.digests[0].with_user(self.accountant)
        digest = digest.with_context(allowed_company_ids=self.company.ids)
        for kpi in KPIS:
            with (
                self.subTest(kpi),
                self.assertRaisesRegex(AccessError, "users of the CRM"),
            ):
                digest.read([f"{kpi}_value"])

    def test_mail(self):
        """The mail shows each figure, and where it leads."""
        digest = self.digests[0]
        digest.user_ids = self.manager
        self.assertLessEqual(
            set(KPIS), set(digest._compute_kpis_actions(self.company, self.manager))
        )
        kpis = digest._compute_kpis(self.company, self.manager)
        self.assertLessEqual(set(KPIS), {kpi["kpi_name"] for kpi in kpis})
