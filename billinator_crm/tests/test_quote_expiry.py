import gc
from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from ..models import billinator_quote_expiry
from .common import BillinatorCommon

NOON = datetime(2026, 6, 15, 12)
EXPIRED_TYPE = "billinator_crm.mail_activity_type_expired"
YESTERDAY, TODAY, TOMORROW = date(2026, 6, 14), date(2026, 6, 15), date(2026, 6, 16)


@tagged("post_install", "-at_install")
class TestQuoteExpiry(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tracked = {"mail_notrack": False, "tracking_disable": False}
        cls.env = cls.env(context={**cls.env.context, **tracked})
        cls.startClassPatcher(freeze_time(NOON))
        cls.env["billinator.quote"].search([("state", "=", "sent")]).state = "draft"
        cls.opportunity = cls._create_opportunity()

    def _create_sent(self, validity_date=YESTERDAY, **values):
        quote = self._create_quote(
            **{"date_quote": "2026-06-01", "validity_date": validity_date, **values}
        )
        self._log()
        quote.action_mark_sent()
        self._log()
        return quote

    def _log(self):
        """Have what changed logged, as at the end of a transaction."""
        self.env.cr.flush()

    def _run_cron(self):
        self._log()
        with self.enter_registry_test_mode():
            self.env.ref("billinator_crm.ir_cron_expire_quotes").method_direct_trigger()
        self.env.invalidate_all()

    def _get_changes(self, quote):
        """Return the states that the log says the quote went through."""
        changes = quote.message_ids.sudo().tracking_value_ids.filtered(
            lambda change: change.field_id.name == "state"
        )
        return changes.sorted("id").mapped("new_value_char")

    def test_sent_quotes_past_their_day_expire(self):
        expiring = self._create_sent() + self._create_sent("2026-06-01")
        others = {
            "today": self._create_sent(TODAY),
            "tomorrow": self._create_sent(TOMORROW),
            "never": self._create_sent(False),
        }
        draft = self._create_quote(date_quote="2026-06-01", validity_date=YESTERDAY)
        accepted = self._create_sent()
        accepted.action_accept()
        superseded = self._create_sent()
        superseded.action_revise()
        self._run_cron()
        self.assertEqual(expiring.mapped("state"), ["expired"] * 2)
        for name, quote in others.items():
            self.assertEqual(quote.state, "sent", name)
        self.assertEqual(draft.state, "draft")
        self.assertEqual(accepted.state, "accepted")
        self.assertEqual(superseded.state, "sent")

    def test_expiry_is_logged_once(self):
        quote = self._create_sent()
        count = len(quote.message_ids)
        self._run_cron()
        self._run_cron()
        self.assertEqual(self._get_changes(quote), ["Sent", "Expired"])
        self.assertEqual(len(quote.message_ids), count + 1)

    def test_each_company_has_its_own_day(self):
        """At noon in Greenwich it is tomorrow on Kiritimati."""
        self.company_b.partner_id.tz = "Pacific/Kiritimati"
        self.company.partner_id.tz = "Pacific/Pago_Pago"
        quotes = self._create_sent(TODAY)
        quotes += self._create_quote(
            {"name": "Work", "product_id": self.product_a.id, "tax_ids": False},
            company_id=self.company_b.id,
            user_id=self.stranger.id,
            date_quote="2026-06-01",
            validity_date=TODAY,
        )
        quotes[1].action_mark_sent()
        # In the words of whoever reads it.
        with self.assertRaisesRegex(UserError, "06/15/2026 has passed.*06/16/2026"):
            quotes.action_extend(TODAY)
        self._run_cron()
        self.assertEqual(quotes.mapped("state"), ["sent", "expired"])
        self.assertEqual([quote._is_past_validity() for quote in quotes], [False, True])

    def test_batches(self):
        """A last batch that is not full, and one that is cut off."""
        self.patch(billinator_quote_expiry, "EXPIRY_BATCH", 2)
        quotes = self._create_sent()
        for _number in range(4):
            quotes += self._create_sent()
        self._run_cron()
        self.assertEqual(quotes.mapped("state"), ["expired"] * 5)

    # Extension

    def test_extend_an_expired_quote(self):
        quote = self._create_sent()
        self._run_cron()
        self.assertTrue(quote.action_extend("2026-07-01"))
        self._log()
        self.assertRecordValues(
            quote, [{"state": "sent", "validity_date": date(2026, 7, 1)}]
        )
        self.assertEqual(self._get_changes(quote), ["Sent", "Expired", "Sent"])
        tracked = quote.message_ids[0].sudo().tracking_value_ids.field_id.mapped("name")
        self.assertCountEqual(tracked, ["state", "validity_date"])
        quote.action_accept()

    def test_extend_a_sent_quote(self):
        quotes = self._create_sent() + self._create_sent(TOMORROW)
        quotes.action_extend(TODAY)
        self.assertEqual(quotes.mapped("validity_date"), [TODAY] * 2)
        self._run_cron()
        self.assertEqual(quotes.mapped("state"), ["sent"] * 2)

    def test_days_that_do_not_extend(self):
        quote = self._create_sent()
        quote.state = "expired"
        for day in (YESTERDAY, "2026-06-14", False, ""):
            with self.subTest(day=day), self.assertRaises(UserError):
                quote.action_extend(day)
        self.assertRecordValues(
            quote, [{"state": "expired", "validity_date": YESTERDAY}]
        )

    def test_states_that_are_not_extended(self):
        quote = self._create_quote()
        for state in ("draft", "accepted", "draft", "rejected"):
            quote.state = state
            with (
                self.subTest(state=state),
                self.assertRaisesRegex(UserError, quote.name),
            ):
                quote.action_extend(TOMORROW)
            self.assertEqual(quote.state, state)

    def test_only_another_day_sends_an_expired_quote_again(self):
        """Whoever writes it: import and API, too."""
        quote = self._create_sent()
        quote.state = "expired"
        for values in ({}, {"validity_date": YESTERDAY}):
            with self.subTest(values), self.assertRaises(UserError):
                quote.write({"state": "sent", **values})
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            quote.validity_date = TOMORROW
        quote.write({"state": "sent", "validity_date": TOMORROW})
        self.assertEqual(quote.state, "sent")

    def test_extension_follows_the_rights(self):
        quote = self._create_sent(user_id=self.salesperson.id)
        with self.assertRaises(AccessError):
            quote.with_user(self.colleague).action_extend(TOMORROW)
        quote.with_user(self.salesperson).action_extend(TOMORROW)
        self.assertEqual(quote.validity_date, TOMORROW)

    def test_wizard(self):
        self.company.billinator_quote_validity_days = 10
        quotes = self._create_sent() + self._create_sent()
        quotes.state = "expired"
        form = Form(
            self.env["billinator.quote.extend"].with_context(
                active_ids=quotes.ids, active_model=quotes._name
            )
        )
        self.assertEqual(form.validity_date, date(2026, 6, 25))
        form.save().action_extend()
        self.assertEqual(quotes.mapped("state"), ["sent"] * 2)
        self.assertEqual(quotes.mapped("validity_date"), [date(2026, 6, 25)] * 2)

    # What is left to do

    def _get_to_dos(self, quotes):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", quotes._name),
                ("res_id", "in", quotes.ids),
                ("activity_type_id", "=", self.env.ref(EXPIRED_TYPE).id),
            ]
        )

    def _expire(self, **values):
        quote = self._create_sent(**{"user_id": self.salesperson.id, **values})
        self._run_cron()
        self.assertEqual(quote.state, "expired")
        return quote

    def test_the_salesperson_is_told(self):
        self.salesperson.tz = "Pacific/Kiritimati"
        quote = self._create_sent(user_id=self.salesperson.id)
        mails = self.env["mail.mail"].search_count([])
        self._run_cron()
        self.assertRecordValues(
            self._get_to_dos(quote),
            [
                {
                    "user_id": self.salesperson.id,
                    "summary": f"Quote {quote.name} has expired: extend it, or mark it "
                    "as rejected",
                    "date_deadline": TOMORROW,
                    "automated": True,
                }
            ],
        )
        self.assertEqual(quote.crm_activity_ids.type, "task")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self._run_cron()
        self.assertEqual(len(self._get_to_dos(quote)), 1)

    def test_the_salesperson_is_told_of_the_deal_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.salesperson.lang = "de_DE"
        summaries = []
        translate = self.env._

        def spy(env, source, *args, **kwargs):
            if "has expired" in source:
                summaries.append((env.lang, source))
            return translate(source, *args, **kwargs)

        self.patch(type(self.env), "_", spy)
        quote = self._expire(opportunity_id=self.opportunity.id)
        [(lang, source)] = summaries
        self.assertEqual(lang, "de_DE")
        self.assertIn("close the opportunity", source)
        self.assertEqual(len(self._get_to_dos(quote)), 1)

    def test_who_cannot_do_anything_is_not_told(self):
        former = self._create_sent(user_id=self.colleague.id)
        reader = self._create_sent(user_id=self.accountant.id)
        stranger = self._create_sent()
        unassigned = self._create_sent()
        self._log()
        self.env.cr.execute(
            "UPDATE billinator_quote SET user_id = %s WHERE id = %s",
            [self.stranger.id, stranger.id],
        )
        unassigned.user_id = False
        self.env.invalidate_all()
        self.colleague.active = False
        self._run_cron()
        quotes = former + reader + stranger + unassigned
        self.assertEqual(quotes.mapped("state"), ["expired"] * 4)
        self.assertFalse(self._get_to_dos(quotes))

    def test_of_closed_deals_nobody_is_told(self):
        quote = self._create_sent(
            user_id=self.salesperson.id, opportunity_id=self.opportunity.id
        )
        self.opportunity.action_set_won()
        self._run_cron()
        self.assertEqual(quote.state, "expired")
        self.assertFalse(self._get_to_dos(quote))

    def test_what_is_done_about_it_ends_it(self):
        for name, act in {
            "extended": lambda quote: quote.action_extend(TOMORROW),
            "revised": lambda quote: quote.action_revise(),
            "rejected": lambda quote: quote.action_reject("Too late"),
            "reopened": lambda quote: quote.action_reset_to_draft(),
        }.items():
            with self.subTest(name):
                quote = self._expire()
                self.assertEqual(len(self._get_to_dos(quote)), 1)
                act(quote.with_user(self.salesperson))
                self.assertFalse(self._get_to_dos(quote))

    def test_who_deletes_the_type_wants_no_to_dos(self):
        self.env.ref(EXPIRED_TYPE).unlink()
        quote = self._expire()
        self.assertEqual(quote.state, "expired")
        self.assertFalse(quote.activity_ids)

    def test_closing_the_deal_ends_it(self):
        """Also where the quote is a colleague's."""
        self.opportunity.user_id = self.salesperson
        quote = self._expire(
            user_id=self.colleague.id, opportunity_id=self.opportunity.id
        )
        deal = self.opportunity.with_user(self.salesperson)
        deal.stage_id = self.stages["PROPOSAL"]
        self.assertEqual(len(self._get_to_dos(quote)), 1)
        deal.action_set_won()
        self.assertFalse(self._get_to_dos(quote))

    def test_many_cost_as_many_queries_as_few(self):
        def count(number):
            quotes = self.env["billinator.quote"].union(
                *(
                    self._create_sent(
                        user_id=self.salesperson.id,
                        opportunity_id=self._create_opportunity().id,
                    )
                    for _index in range(number)
                )
            )
            self.env.flush_all()
            self.env.invalidate_all()
            # Environments that are left over know their user's time zone.
            gc.collect()
            before = self.env.cr.sql_log_count
            quotes._expire()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(3), count(12))
