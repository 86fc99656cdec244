from datetime import timedelta

from odoo.tests import tagged

from .common import BillinatorCommon
from .forecast_world import brier, create_world


@tagged("post_install", "-at_install")
class TestHistory(BillinatorCommon):
    """The only history is that of the tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(
            "UPDATE billinator_opportunity SET date_closed = '2000-01-01'"
            " WHERE status <> 'open'"
        )
        cls.env.invalidate_all()
        # Only the cron may count.
        cls.conversions = cls.env["billinator.stage.conversion"].sudo()
        cls.conversions.search([]).unlink()

    def _age(self, deal, days):
        """Let a deal stand in its stage for that long, at the end of what it did."""
        self.env.flush_all()
        self.env.cr.flush()
        now = self.env.cr.now()
        self.env.cr.execute(
            "UPDATE billinator_opportunity SET create_date = %s,"
            " date_last_stage_update = %s WHERE id = %s",
            [now - timedelta(days=days)] * 2 + [deal.id],
        )
        self.env.invalidate_all()

    def _close(self, days, status, stage="PROPOSAL", **values):
        """Create a deal that is closed after some days in a stage."""
        deal = self._create_opportunity(stage_id=self.stages[stage].id, **values)
        deal = deal.with_context(tracking_disable=False, mail_notrack=False)
        self._age(deal, days)
        if status == "won":
            deal.action_set_won()
        else:
            deal.action_set_lost(self.lost_reason.id)
        self.env.flush_all()
        self.env.cr.flush()
        # The transaction is one moment; the closing is before the next one.
        self.env.cr.execute(
            "UPDATE billinator_opportunity SET date_closed = date_closed"
            " - interval '1 second' WHERE id = %s",
            [deal.id],
        )
        self.env.invalidate_all()
        return deal

    def test_count(self):
        for days, status in ((1, "won"), (8, "won"), (20, "lost"), (35, "lost")):
            self._close(days, status)
        self._close(1, "won", stage="LEAD")
        # What is no history: another company's, long past, and not moved by anyone.
        self._close(8, "won", company_id=self.company_b.id, user_id=False)
        old = self._close(8, "won")
        old.date_closed -= timedelta(days=3 * 365)
        self._create_opportunity(stage_id=self.stages["WON"].id)
        rows = self.conversions._refresh().filtered(
            lambda row: row.company_id == self.company
        )
        self.assertEqual(
            [
                (row.stage_id.code, row.age_from, row.sample_size, row.won_count)
                for row in rows.sorted(lambda row: (row.stage_id.code, row.age_from))
            ],
            [
                ("LEAD", 0, 1, 1),
                ("PROPOSAL", 0, 4, 2),
                ("PROPOSAL", 3, 3, 1),
                ("PROPOSAL", 7, 3, 1),
                ("PROPOSAL", 14, 2, 0),
                ("PROPOSAL", 21, 1, 0),
                ("PROPOSAL", 30, 1, 0),
            ],
        )

    def test_few_deals_lean_on_the_wider_pool(self):
        counts = {(self.company.id, self.stages["PROPOSAL"].id): {}}
        by_age = counts[self.company.id, self.stages["PROPOSAL"].id]
        by_age.update({0: (90, 20, 270, 27), 3: (10, 10, 30, 30)})
        entry, later = self.conversions._estimate(counts)
        # A tenth of the 90 deals' days are those of won ones. The stage's 50% weigh as
        # much as ten deals, and so do the 14% that come of both.
        self.assertAlmostEqual(entry["probability"], 14.0)
        self.assertAlmostEqual(later["probability"], 57.0)

    def test_open_deals(self):
        for days, status in ((1, "won"), (8, "won"), (20, "lost")):
            self._close(days, status)
        deals = [
            self._create_opportunity(stage_id=self.stages["PROPOSAL"].id)
            for _number in range(4)
        ]
        for deal, days in zip(deals, (0, 4, 10, 400), strict=True):
            self._age(deal, days)
        self.conversions._refresh()
        sum(deals, deals[0])._update_history_probabilities()
        stored = [
            (round(deal.history_probability, 2), deal.history_sample_size)
            for deal in deals
        ]
        # Of days younger than 3, 4 of 7 are of won deals: (3 * 4/7 + 10 * 0.5) / 13;
        # then 4 of 8: (2 * 1/2 + 10 * 0.5165) / 12; 1 of 8; none of 6.
        self.assertEqual(stored, [(51.65, 3), (51.37, 2), (44.89, 2), (40.81, 1)])
        # The compute says the same as the nightly statement.
        for deal in deals:
            deal.sudo()._compute_history_probability()
        computed = [
            (round(deal.history_probability, 2), deal.history_sample_size)
            for deal in deals
        ]
        self.assertEqual(computed, stored)

    def test_new_stage(self):
        self._close(8, "won", stage="NEGOTIATION")
        self.conversions._refresh()
        deal = self._create_opportunity()
        self.assertEqual((deal.history_probability, deal.history_sample_size), (10, 0))
        self.assertIn("own probability", deal.history_explanation)
        deal.stage_id = self.stages["NEGOTIATION"]
        self.assertEqual(deal.history_sample_size, 1)
        self.assertAlmostEqual(deal.history_probability, 77.27, 2)
        self.assertIn(
            "Of 1 closed deals that entered Negotiation, 1 were won.",
            deal.history_explanation,
        )
        deal.action_set_won()
        self.assertEqual((deal.history_probability, deal.history_sample_size), (100, 0))
        self.assertFalse(deal.history_explanation)

    def test_cron(self):
        self._close(8, "won")
        deal = self._create_opportunity(stage_id=self.stages["PROPOSAL"].id)
        self.assertEqual(deal.history_sample_size, 0)
        cron = self.env.ref("billinator_crm.ir_cron_refresh_stage_conversions")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(deal.history_sample_size, 1)

    def test_better_than_the_stages(self):
        """In a world whose chances are known, the history tells them."""
        world = create_world(self.env, 700, days=500)
        self.conversions._refresh()
        opening = {record: deal for record, deal in world.items() if deal.is_open}
        records = sum(opening, self.env["billinator.opportunity"])
        records._update_history_probabilities()
        self.assertGreater(len(records), 40)
        by_history = brier(
            (record.history_probability / 100, deal.is_won)
            for record, deal in opening.items()
        )
        by_stage = brier(
            (record.stage_probability / 100, deal.is_won)
            for record, deal in opening.items()
        )
        self.assertLess(by_history, 0.9 * by_stage)
        mean = sum(records.mapped("history_probability")) / 100 / len(records)
        share = sum(deal.is_won for deal in opening.values()) / len(records)
        self.assertAlmostEqual(mean, share, delta=0.1)
