from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..markers import GATE_OPEN
from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuoteDeal(BillinatorInvoicingCommon):
    """Accepting and invoicing quotes moves their deals, where stages say so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tracked = {"mail_notrack": False, "tracking_disable": False}
        cls.env = cls.env(context={**cls.env.context, **tracked})
        cls.env["billinator.stage"].search([]).write(
            {
                "sent_stage_id": False,
                "accepted_stage_id": False,
                "invoiced_stage_id": False,
            }
        )
        cls.proposal, cls.negotiation, cls.won, cls.lost = (
            cls.stages[code].with_env(cls.env)
            for code in ("PROPOSAL", "NEGOTIATION", "WON", "LOST")
        )
        cls.proposal.accepted_stage_id = cls.negotiation
        cls.negotiation.invoiced_stage_id = cls.won

    def _create_deal(self, stage=None, **values):
        stage = stage or self.proposal
        deal = self._create_opportunity(stage_id=stage.id, **values)
        return deal, self._create_quote(opportunity_id=deal.id)

    def _log(self):
        self.env.cr.flush()

    def test_quotes_made_with_their_deal(self):
        values = {"partner_id": self.customer.id, "user_id": self.colleague.id}
        quotes = self._create_opportunity(
            user_id=self.manager.id,
            quote_ids=[Command.create(values), Command.create(values)],
        ).quote_ids
        self.assertEqual(len(quotes), 2)
        for quote in quotes:
            self.assertIn(self.colleague.partner_id, quote.message_partner_ids)
        self.assertNotIn(
            self.colleague.partner_id, quotes.opportunity_id.message_partner_ids
        )

    def test_acceptance_moves_the_deal(self):
        deal, quote = self._create_deal()
        other = self._create_quote(opportunity_id=deal.id)
        self._log()
        quote.action_accept()
        self._log()
        self.assertEqual(deal.stage_id, self.negotiation)
        self.assertEqual(deal.probability, self.negotiation.probability)
        self.assertEqual(other.state, "draft")
        self.assertIn(quote.name, deal.message_ids[0].body)
        self.assertIn("was accepted", deal.message_ids[0].body)
        self.assertEqual(
            deal.message_ids[0].sudo().tracking_value_ids.field_id.mapped("name"),
            ["stage_id", "probability"],
        )

    def test_acceptance_wins(self):
        self.proposal.accepted_stage_id = self.won
        deal, quote = self._create_deal()
        quote.state = "accepted"
        self.assertEqual(deal.status, "won")
        self.assertTrue(deal.date_closed)

    def test_conversion_accepts_and_invoices(self):
        deal, quote = self._create_deal()
        quote.action_convert_to_invoice()
        self.assertEqual(deal.stage_id, self.won)

    def test_conversion_again_does_not_move_again(self):
        deal, quote = self._create_deal()
        quote.action_convert_to_invoice()
        deal.stage_id = self.negotiation
        quote.action_convert_to_invoice()
        quote.action_accept()
        self.assertEqual(deal.stage_id, self.negotiation)

    def test_deals_that_stay(self):
        self.won.accepted_stage_id = self.proposal
        for stage in (self.won, self.stages["LEAD"]):
            deal, quote = self._create_deal(stage)
            quote.action_accept()
            self.assertEqual(deal.stage_id, stage)

    def test_acceptance_reopens_what_was_lost(self):
        """Each goes back to where it was, whatever the gate, and moves from there."""
        self.proposal.require_next_activity = True
        self.proposal.accepted_stage_id = self.won
        deals = [self._create_deal(self.stages["LEAD"]) for _ in range(3)]
        quotes = self.env["billinator.quote"].union(*(quote for _deal, quote in deals))
        (first, _), (second, _), (never_open, _) = deals
        GATE_OPEN.on(first).stage_id = self.proposal
        never_open.sudo().last_open_stage_id = False
        (first + second + never_open).action_set_lost(self.lost_reason.id)
        self._log()
        quotes.action_accept()
        self._log()
        self.assertEqual(first.stage_id, self.won)
        self.assertEqual(second.stage_id, self.stages["LEAD"])
        self.assertEqual(never_open.status, "open")
        self.assertFalse((first + second + never_open).lost_reason_id)
        # Won now, and not when it was lost; the history has where it was in between.
        moves = [
            message.sudo().tracking_value_ids.filtered(
                lambda value: value.field_id.name == "stage_id"
            )
            for message in first.message_ids[:2]
        ]
        self.assertEqual(
            [(move.old_value_char, move.new_value_char) for move in moves],
            [("Proposal", "Won"), ("Lost", "Proposal")],
        )
        for message in first.message_ids[:2]:
            self.assertIn(quotes[0].name, message.body)

    def test_what_cannot_be_reopened_stays_lost(self):
        deal, quote = self._create_deal(user_id=self.salesperson.id)
        deal.action_set_lost(self.lost_reason.id)
        deal.sudo().last_open_stage_id = False
        first = self.env["billinator.stage"]._get_first("open", deal.team_id)
        first.require_next_activity = True
        self._log()
        quote.action_accept()
        self.assertEqual(quote.state, "accepted")
        self.assertEqual(deal.stage_id, self.lost)
        note = deal.message_ids[0]
        self.assertIn("could not be reopened", note.body)
        self.assertIn(self.salesperson.partner_id, note.partner_ids)

    def test_sending_moves_the_deal_forward_only(self):
        self.proposal.sent_stage_id = self.negotiation
        self.negotiation.sent_stage_id = self.proposal
        deal, quote = self._create_deal()
        second, lost_quote = self._create_deal()
        second.action_set_lost(self.lost_reason.id)
        self._log()
        (quote + lost_quote).action_mark_sent()
        self._log()
        self.assertEqual(deal.stage_id, self.negotiation)
        self.assertEqual(second.stage_id, self.lost)
        self.assertIn(f"Quote {quote.name} was sent", deal.message_ids[0].body)
        self._create_quote(opportunity_id=deal.id).action_mark_sent()
        self.assertEqual(deal.stage_id, self.negotiation)
        # What is sent again, with another day, moves nothing.
        deal.stage_id = self.proposal
        quote.state = "expired"
        quote.action_extend("2099-01-01")
        self.assertEqual(deal.stage_id, self.proposal)

    def test_deals_take_over_what_was_sold(self):
        self.proposal.accepted_stage_id = self.won
        self.company.billinator_deals_follow_quotes = True
        currency = self.env.ref("base.CHF")
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "currency_id": currency.id,
                "company_id": self.company.id,
                "rate": 2,
            }
        )
        deal, quote = self._create_deal(expected_revenue=45100)
        foreign = self._create_quote(opportunity_id=deal.id, currency_id=currency.id)
        open_quote = self._create_quote(opportunity_id=deal.id)
        sold = quote.amount_untaxed + foreign.amount_untaxed / 2
        self._log()
        (quote + foreign).action_accept()
        self._log()
        self.assertEqual(deal.status, "won")
        self.assertAlmostEqual(deal.expected_revenue, sold, 2)
        tracked = deal.message_ids.sudo().tracking_value_ids.field_id
        self.assertIn("expected_revenue", tracked.mapped("name"))
        # What is sold later, to a deal that is won, counts as well.
        open_quote.action_accept()
        self.assertAlmostEqual(
            deal.expected_revenue, sold + open_quote.amount_untaxed, 2
        )

    def test_deal_shows_what_its_quotes_come_to(self):
        deal, quote = self._create_deal(expected_revenue=45100)
        amount = quote.amount_untaxed
        self.assertEqual(
            (deal.quotes_amount, deal.has_accepted_quotes), (amount, False)
        )
        second = self._create_quote(opportunity_id=deal.id)
        deal.invalidate_recordset()
        self.assertFalse(deal.quotes_amount)
        with self.assertRaises(UserError):
            deal.action_use_quoted_amount()
        quote.action_accept()
        self.assertEqual(deal.expected_revenue, 45100)
        self.assertEqual((deal.quotes_amount, deal.has_accepted_quotes), (amount, True))
        # Also what a colleague has sold.
        second.user_id = self.colleague
        second.action_accept()
        deal.user_id = quote.user_id = self.salesperson
        mine = deal.with_user(self.salesperson)
        mine.invalidate_recordset()
        self.assertEqual(mine.quotes_amount, amount + second.amount_untaxed)
        mine.action_use_quoted_amount()
        self.assertEqual(deal.expected_revenue, amount + second.amount_untaxed)
        deal.action_set_lost(self.lost_reason.id)
        with self.assertRaises(UserError):
            deal.action_use_quoted_amount()

    def test_lost_dialog_rejects_quotes(self):
        deal, quote = self._create_deal(user_id=self.salesperson.id)
        theirs, kept = (self._create_quote(opportunity_id=deal.id) for _ in range(2))
        (quote + kept).user_id = self.salesperson
        theirs.user_id = self.colleague
        kept.action_accept()
        Dialog = self.env["billinator.opportunity.lost"].with_user(self.salesperson)
        dialog = Form(Dialog.with_context(active_ids=deal.ids))
        self.assertEqual((dialog.open_quote_count, dialog.kept_quote_count), (1, 1))
        self.assertTrue(dialog.reject_quotes)
        dialog.lost_reason_id = self.lost_reason
        dialog.feedback = "Next year"
        dialog.save().action_mark_lost()
        self.assertEqual(deal.status, "lost")
        self.assertEqual(quote.state, "rejected")
        self.assertEqual(quote.reject_reason, f"{self.lost_reason.name}\nNext year")
        self.assertEqual((theirs + kept).mapped("state"), ["draft", "accepted"])

    def test_lost_dialog_rejects_nothing_unasked(self):
        deal, quote = self._create_deal()
        self.env["billinator.opportunity.lost"].create(
            {
                "opportunity_ids": [Command.set(deal.ids)],
                "lost_reason_id": self.lost_reason.id,
            }
        ).action_mark_lost()
        self.assertEqual((deal.status, quote.state), ("lost", "draft"))

    def test_nobody_takes_a_deal_that_he_may_not_read(self):
        """Its name is not told, and no quote that is accepted moves it."""
        deal, quote = self._create_deal(user_id=self.colleague.id)
        theirs = {"partner_id": self.customer.id, "opportunity_id": deal.id}
        other = self.env["res.partner"].create({"name": "Other"})
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        mine = Quote.create({"partner_id": other.id})
        for act in (
            lambda: Quote.create(theirs),
            lambda: Quote.with_context(default_opportunity_id=deal.id).create(
                {"partner_id": other.id}
            ),
            lambda: mine.write({"opportunity_id": deal.id}),
        ):
            with self.assertRaises(AccessError):
                act()
        # A quote that was given to him has the deal that it came with; a copy has not.
        quote.user_id = self.salesperson
        quote.with_user(self.salesperson).client_order_ref = "PO 1"
        self.assertFalse(quote.with_user(self.salesperson).copy().opportunity_id)
        self.assertEqual(quote.copy().opportunity_id, deal)

    def test_other_changes_do_not_move(self):
        deal, quote = self._create_deal()
        for state in ("sent", "expired", "rejected", "draft"):
            quote.state = state
            self.assertEqual(deal.stage_id, self.proposal)

    def test_whoever_accepts(self):
        """The deal is a colleague's, and the salesperson's quote moves it."""
        deal, quote = self._create_deal(user_id=self.colleague.id)
        quote.user_id = self.salesperson
        self.env.flush_all()
        self.assertFalse(deal.with_user(self.salesperson).has_access("read"))
        quote.with_user(self.salesperson).action_accept()
        self.assertEqual(deal.stage_id, self.negotiation)

    def test_what_the_pipeline_demands_does_not_undo_the_acceptance(self):
        """A deal of a team that does not use the stage stays, the others move."""
        team = self.env["crm.team"].create({"name": "Northern"})
        self.negotiation.team_ids = team
        deals = [
            self._create_deal(user_id=self.salesperson.id, team_id=owner)
            for owner in (team.id, False, team.id)
        ]
        quotes = self.env["billinator.quote"].union(*(quote for _deal, quote in deals))
        self._log()
        quotes.action_accept()
        self._log()
        self.assertEqual(quotes.mapped("state"), ["accepted"] * 3)
        first, stranger, last = (deal for deal, _quote in deals)
        self.assertEqual((first + last).stage_id, self.negotiation)
        self.assertEqual(stranger.stage_id, self.proposal)
        note = stranger.message_ids[0]
        self.assertIn(quotes[1].name, note.body)
        self.assertIn("not one of the sales team", note.body)
        self.assertIn(self.salesperson.partner_id, note.partner_ids)
        self.assertTrue(note.subtype_id.internal)

    def test_gates_hold_the_deal_and_not_the_customer(self):
        self.negotiation.require_next_activity = True
        deal, quote = self._create_deal(user_id=self.salesperson.id)
        quote.action_accept()
        self.assertEqual(quote.state, "accepted")
        self.assertEqual(deal.stage_id, self.proposal)
        self.assertIn("cannot enter Negotiation", deal.message_ids[0].body)

    def test_lost_needs_a_reason_and_says_so(self):
        self.proposal.accepted_stage_id = self.lost
        deal, quote = self._create_deal()
        quote.action_accept()
        self._log()
        self.assertEqual(quote.state, "accepted")
        self.assertEqual(deal.stage_id, self.proposal)
        self.assertIn("Why was", deal.message_ids[0].body)
        with self.assertRaises(ValidationError):
            deal.stage_id = self.lost


@tagged("post_install", "-at_install")
class TestCompanyOfDocuments(BillinatorInvoicingCommon):
    """Who works in several companies need not say which one a document is of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.company.id}
        )
        cls.manager.company_ids += cls.company_b + cls.branch
        cls.theirs = cls.env["res.partner"].create(
            {"name": "Grace Ltd", "company_id": cls.company_b.id}
        )
        cls.deal = cls._create_opportunity(
            company_id=cls.company_b.id, user_id=cls.stranger.id
        )

    def _work_in(self, *companies, **context):
        ids = [company.id for company in companies]
        return self.env(
            user=self.manager,
            context={
                **self.env.context,
                "allowed_company_ids": ids or self.manager.company_ids.ids,
                **context,
            },
        )

    def _create(self, env, model, **values):
        values = {"partner_id": self.customer.id, **values}
        if model == "billinator.opportunity":
            values["name"] = "Deal"
        return env[model].create(values)

    def test_of_the_deal(self):
        env = self._work_in(self.company, self.company_b)
        quote = self._create(env, "billinator.quote", opportunity_id=self.deal.id)
        self.assertEqual(quote.company_id, self.company_b)
        sequence = self.company_b.sudo()._get_quote_sequence_sudo()
        self.assertEqual(
            quote.name, sequence.get_next_char(sequence.number_next_actual - 1)
        )
        # Also where the deal comes from the context, or the customer from the deal
        env = self._work_in(
            self.company, self.company_b, default_opportunity_id=self.deal.id
        )
        quote = self._create(env, "billinator.quote")
        self.assertEqual(quote.company_id, self.company_b)
        quote = env["billinator.quote"].create({"opportunity_id": self.deal.id})
        self.assertEqual(quote.company_id, self.company_b)

    def test_of_the_customer(self):
        env = self._work_in(self.company, self.company_b)
        for model in ("billinator.opportunity", "billinator.quote"):
            with self.subTest(model=model):
                document = self._create(env, model, partner_id=self.theirs.id)
                self.assertEqual(document.company_id, self.company_b)
                self.assertEqual(document.user_id, self.manager)
                document = self._create(env, model)
                self.assertEqual(document.company_id, self.company)

    def test_many_at_once(self):
        customers = self.customer + self.theirs + self.customer
        env = self._work_in(self.company, self.company_b)
        for model in ("billinator.opportunity", "billinator.quote"):
            documents = env[model].create(
                [{"name": "New", "partner_id": one.id} for one in customers]
            )
            self.assertEqual(
                [document.company_id for document in documents],
                [self.company, self.company_b, self.company],
            )

    def test_who_does_not_work_there_is_refused(self):
        env = self._work_in(self.company)
        for model, values in (
            ("billinator.opportunity", {"partner_id": self.theirs.id}),
            ("billinator.quote", {"partner_id": self.theirs.id}),
            ("billinator.quote", {"opportunity_id": self.deal.id}),
        ):
            with self.subTest(model=model), self.assertRaises(UserError):
                self._create(env, model, **values)

    def test_chosen_companies_stay(self):
        here, there = self.company.id, self.company_b.id
        env = self._work_in(self.company, self.company_b)
        default = self._work_in(
            self.company, self.company_b, default_company_id=self.company.id
        )
        for model in ("billinator.opportunity", "billinator.quote"):
            document = self._create(env, model, company_id=there)
            self.assertEqual(document.company_id, self.company_b)
            with self.assertRaises(UserError):
                self._create(env, model, partner_id=self.theirs.id, company_id=here)
            with self.assertRaises(UserError):
                self._create(default, model, partner_id=self.theirs.id)

    def test_branches_have_their_companys_customers(self):
        shared = self.env["res.partner"].create(
            {"name": "Shared", "company_id": self.company.id}
        )
        env = self._work_in(self.branch, self.company)
        for model in ("billinator.opportunity", "billinator.quote"):
            document = self._create(env, model, partner_id=shared.id)
            self.assertEqual(document.company_id, self.branch)

    def test_in_a_form(self):
        env = self._work_in(self.company, self.company_b)
        quotes = env["billinator.quote"].with_context(
            default_opportunity_id=self.deal.id
        )
        self.assertEqual(Form(quotes).company_id, self.company_b)
        for model in ("billinator.opportunity", "billinator.quote"):
            with self.subTest(model=model):
                form = Form(env[model])
                form.partner_id = self.customer
                self.assertEqual(form.company_id, self.company)
                form.partner_id = self.theirs
                self.assertEqual(form.company_id, self.company_b)
                form.partner_id = self.customer
                self.assertEqual(form.company_id, self.company_b)
        # What is saved stays where it is.
        deal = self._create(env, "billinator.opportunity")
        with self.assertRaises(UserError), Form(deal) as form:
            form.partner_id = self.theirs

    def test_assigned_to_members_of_the_companys_team(self):
        team = self.env["crm.team"].create({"name": "Team", "company_id": False})
        self.env["crm.team.member"].create(
            [
                {"crm_team_id": team.id, "user_id": user.id}
                for user in (self.salesperson, self.stranger)
            ]
        )
        team.opportunity_assignment = "turn"
        env = self._work_in(self.company, self.company_b)
        deals = [
            self._create(
                env,
                "billinator.opportunity",
                partner_id=self.theirs.id,
                team_id=team.id,
                user_id=False,
            )
            for _ in range(2)
        ]
        self.assertEqual({deal.user_id for deal in deals}, {self.stranger})
