import re
from ast import literal_eval
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from psycopg2.errors import CheckViolation, ForeignKeyViolation, NotNullViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from ..models import billinator_document_sales_mixin as mixin
from .common import BillinatorCommon, BillinatorInvoicingCommon


class OpportunityCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Hardware",
                "company_id": cls.company.id,
                "member_ids": [Command.set(cls.salesperson.ids)],
            }
        )
        cls.other_team = cls.env["crm.team"].create(
            {
                "name": "Software",
                "company_id": cls.company.id,
                "member_ids": [Command.set(cls.colleague.ids)],
            }
        )
        cls.euro = cls.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])

    @contextmanager
    def _at(self, moment):
        """Let everything, the transaction too, happen at ``moment``."""
        moment = datetime.fromisoformat(moment)
        with freeze_time(moment), patch.object(self.env.cr, "now", lambda: moment):
            yield
            self.env.flush_all()


@tagged("post_install", "-at_install")
class TestOpportunityDefaults(OpportunityCase):
    def test_defaults(self):
        opportunity = (
            self.env["billinator.opportunity"]
            .with_user(self.salesperson)
            .create({"name": "New Deal", "partner_id": self.customer.id})
        )
        self.assertRecordValues(
            opportunity,
            [
                {
                    "company_id": self.company.id,
                    "user_id": self.salesperson.id,
                    "team_id": self.team.id,
                    "stage_id": self.stages["LEAD"].id,
                    "status": "open",
                    "probability": 10.0,
                    "is_probability_manual": False,
                    "currency_id": self.company.currency_id.id,
                    "email_from": "info@ada.example",
                    "phone": "+49 30 901820",
                    "commercial_partner_id": self.customer.id,
                    "priority": "0",
                    "date_closed": False,
                }
            ],
        )

    def test_quick_create_form(self):
        form = Form(
            self.env["billinator.opportunity"].with_user(self.salesperson),
            "billinator_crm.billinator_opportunity_view_form_quick_create",
        )
        form.name = "20 licences"
        form.partner_id = self.customer
        self.assertEqual(form.email_from, "info@ada.example")
        form.expected_revenue = 1200
        opportunity = form.save()
        self.assertEqual(opportunity.expected_revenue_company, 1200)
        self.assertEqual(opportunity.weighted_revenue, 120)

    @mute_logger("odoo.sql_db")
    def test_customer_required(self):
        for name in ("partner_name", "contact_name", "email_from", "phone"):
            self.assertTrue(
                self._create_opportunity(partner_id=False, **{name: "ada@ada.example"})
            )
        for values in ({}, {"partner_name": ""}, {"partner_name": " ", "phone": "\n"}):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self._create_opportunity(partner_id=False, **values)

    def test_customer_data_is_kept_without_the_customers(self):
        self.customer.phone = False
        opportunity = self._create_opportunity(
            partner_id=False, phone="030 1", name="x"
        )
        opportunity.partner_id = self.customer
        self.assertEqual(opportunity.phone, "030 1")
        self.assertEqual(opportunity.email_from, "info@ada.example")

    def test_customer_data_is_kept_with_the_same_customer(self):
        opportunity = self._create_opportunity()
        opportunity.write({"email_from": "ann@ada.example", "phone": "110"})
        other = self._create_opportunity(partner_id=False, contact_name="Ann")
        (opportunity + other).partner_id = self.customer
        self.assertEqual(opportunity.email_from, "ann@ada.example")
        self.assertEqual(opportunity.phone, "110")
        self.assertEqual(other.email_from, "info@ada.example")

    def test_open_deals_follow_the_customers_new_address(self):
        deals = self.env["billinator.opportunity"].create(
            [{"name": name, "partner_id": self.customer.id} for name in "abcd"]
        )
        follower, by_hand, closed, archived = deals
        by_hand.write({"email_from": "ada@home.example", "phone": "110"})
        closed.action_set_won()
        archived.active = False
        other = self._create_opportunity(
            partner_id=self.customer.copy({"email": "info@ada.example"}).id
        )
        former = closed.phone
        self.customer.with_user(self.colleague).write(
            {"email": "new@ada.example", "phone": "+49 30 112"}
        )
        for deal in (follower, archived):
            self.assertEqual(deal.email_from, "new@ada.example")
            self.assertEqual(deal.email_normalized, "new@ada.example")
            self.assertEqual(deal.phone, "+49 30 112")
        self.assertEqual(by_hand.email_from, "ada@home.example")
        self.assertEqual(by_hand.phone, "110")
        for deal in (closed, other):
            self.assertEqual(deal.email_from, "info@ada.example")
            self.assertEqual(deal.phone, former)
        self.customer.email = False
        self.assertFalse(follower.email_from)
        self.customer.email = "again@ada.example"
        self.assertEqual(follower.email_from, "again@ada.example")

    def test_team_follows_the_salesperson(self):
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self.assertEqual(opportunity.team_id, self.team)
        opportunity.user_id = self.colleague
        self.assertEqual(opportunity.team_id, self.other_team)
        opportunity.user_id = False
        self.assertEqual(opportunity.team_id, self.other_team)
        opportunity.team_id = self.team
        opportunity.user_id = self.salesperson
        self.assertEqual(opportunity.team_id, self.team)

    def test_stage_of_team(self):
        own_stage = self.env["billinator.stage"].create(
            {
                "name": "Triage",
                "code": "TRIAGE",
                "sequence": 0,
                "team_ids": [Command.set(self.team.ids)],
            }
        )
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self.assertEqual(opportunity.stage_id, own_stage)
        opportunity.user_id = self.colleague
        self.assertEqual(opportunity.stage_id, self.stages["LEAD"])
        with self.assertRaises(ValidationError):
            opportunity.stage_id = own_stage

    def test_status_stays_with_another_team(self):
        own_won = self.env["billinator.stage"].create(
            {
                "name": "Signed",
                "code": "SIGNED",
                "status": "won",
                "sequence": 0,
                "team_ids": [Command.set(self.team.ids)],
            }
        )
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        opportunity.action_set_won()
        self.assertEqual(opportunity.stage_id, own_won)
        opportunity.user_id = self.colleague
        self.assertEqual(opportunity.stage_id, self.stages["WON"])
        self.stages["WON"].team_ids = self.other_team
        own_won.team_ids = self.other_team
        with self.assertRaisesRegex(ValidationError, "Won.*New Deal"):
            opportunity.team_id = self.team
            self.env.flush_all()

    def test_status_is_the_stages(self):
        opportunity = self._create_opportunity()
        with self.assertRaisesRegex(ValidationError, "New Deal.*Lead"):
            opportunity.status = "won"

    def test_kanban_shows_the_teams_empty_stages(self):
        stages = self.env["billinator.stage"].create(
            [
                {"name": code, "code": code, "team_ids": [Command.set(team.ids)]}
                for code, team in (("MINE", self.team), ("THEIRS", self.other_team))
            ]
        )
        groups = (
            self.env["billinator.opportunity"]
            .with_context(default_team_id=self.team.id, read_group_expand=True)
            .web_read_group([("id", "=", 0)], ["stage_id"])["groups"]
        )
        shown = {group["stage_id"][0] for group in groups}
        self.assertIn(stages[0].id, shown)
        self.assertNotIn(stages[1].id, shown)
        self.assertIn(self.stages["NEGOTIATION"].id, shown)

    def test_companies_do_not_mix(self):
        foreign_partner = self.env["res.partner"].create(
            {"name": "Foreign", "company_id": self.company_b.id}
        )
        for values in (
            {"company_id": self.company.id, "partner_id": foreign_partner.id},
            {"user_id": self.stranger.id},
            {"company_id": self.company_b.id, "user_id": self.salesperson.id},
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._create_opportunity(**values)

    def test_company_is_the_quotes(self):
        quote = self._create_quote(opportunity_id=self._create_opportunity().id)
        values = {
            "company_id": self.company_b.id,
            "user_id": self.stranger.id,
            "team_id": False,
        }
        with (
            self.assertRaisesRegex(ValidationError, quote.name),
            self.env.cr.savepoint(),
        ):
            quote.opportunity_id.write(values)
        opportunity = self._create_opportunity()
        opportunity.write(values)
        self.assertEqual(opportunity.company_id, self.company_b)

    def test_customer_is_the_quotes(self):
        person = self.env["res.partner"].create(
            {"name": "Grace", "parent_id": self.customer.id}
        )
        other = self.env["res.partner"].create({"name": "Babbage Ltd"})
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        quote = self._create_quote(opportunity_id=opportunity.id)
        quote.user_id = self.colleague
        mine = opportunity.with_user(self.salesperson)
        mine.partner_id = person
        with self.assertRaisesRegex(ValidationError, f"New Deal.*{quote.name}"):
            mine.partner_id = other
        quote.opportunity_id = False
        mine.partner_id = other
        self.assertEqual(opportunity.partner_id, other)
        lead = self._create_opportunity(partner_id=False, contact_name="Jo")
        self._create_quote(opportunity_id=lead.id)
        with self.assertRaises(ValidationError):
            lead.partner_id = other
        lead.partner_id = self.customer

    def test_people_are_the_customers(self):
        Partner = self.env["res.partner"]
        person = Partner.create({"name": "Grace", "parent_id": self.customer.id})
        other = Partner.create({"name": "Babbage Ltd", "is_company": True})
        herb = Partner.create({"name": "Herb", "parent_id": other.id})
        contact, theirs = self.customer.contact_ids, other.contact_ids
        with (
            self.assertRaisesRegex(ValidationError, "not a contact of the customer"),
            self.env.cr.savepoint(),
        ):
            self._create_opportunity(contact_ids=theirs.ids)
        opportunity = self._create_opportunity(contact_ids=contact.ids)
        opportunity.partner_id = person
        self.assertEqual(opportunity.contact_ids, contact)
        with Form(opportunity) as form:
            form.partner_id = other
            self.assertFalse(form.contact_ids)
        self.assertFalse(opportunity.contact_ids)
        opportunity.write({"partner_id": herb.id, "contact_ids": theirs.ids})
        self.assertEqual(opportunity.contact_ids, theirs)

    def test_figures_are_computed(self):
        mine = self._create_opportunity(user_id=self.salesperson.id).with_user(
            self.salesperson
        )
        for name, value in {
            "last_open_stage_id": self.stages["NEGOTIATION"].id,
            "weighted_revenue": 1e6,
            "expected_revenue_company": 1e6,
            "days_to_close": 1,
            "commercial_partner_id": self.company_b.partner_id.id,
            "deadline_push_count": 0,
        }.items():
            label = mine._fields[name]._description_string(self.env)
            text = re.escape(f"“{label}” is computed and cannot be set.")
            with self.subTest(name), self.assertRaisesRegex(UserError, text):
                mine.write({name: value})
            with self.subTest(name, new=True), self.assertRaisesRegex(UserError, text):
                mine.create({"name": "New", "contact_name": "Jo", name: value})
        by_default = mine.with_context(default_weighted_revenue=1e6)
        deal = by_default.create({"name": "New", "contact_name": "Jo"})
        self.assertEqual(deal.weighted_revenue, 0)

    def test_a_manager_says_when_past_deals_were_closed(self):
        deal = self._create_opportunity().with_user(self.manager)
        deal.action_set_won()
        deal.date_closed = "2020-01-31 12:00:00"
        self.assertEqual(deal.date_closed, datetime(2020, 1, 31, 12))

    def test_past_deals_are_created_as_they_were_closed(self):
        values = {
            "name": "Past",
            "partner_id": self.customer.id,
            "stage_id": self.stages["WON"].id,
        }
        closed = {"date_closed": "2020-01-31 12:00:00"}
        Deal = self.env["billinator.opportunity"]
        deal = Deal.with_user(self.manager).create({**values, **closed})
        self.assertEqual(deal.date_closed, datetime(2020, 1, 31, 12))
        others = Deal.with_user(self.salesperson)
        with self.assertRaisesRegex(AccessError, "Closed On"):
            others.create({**values, **closed})
        by_default = others.with_context(default_date_closed="2020-01-31 12:00:00")
        self.assertEqual(by_default.create(values).date_closed, self.env.cr.now())
        with self.assertRaisesRegex(ValidationError, "open"):
            deal.create({**values, **closed, "stage_id": self.stages["LEAD"].id})
        blank = deal.create({**values, "date_closed": False})
        self.assertEqual(blank.date_closed, self.env.cr.now())
        # An import's blank cell, beside that of the stage.
        won = {"stage_id": self.stages["WON"].id, "date_closed": False}
        deal.write(won)
        self.assertEqual(deal.date_closed, datetime(2020, 1, 31, 12))
        opened = deal.create({**values, "stage_id": self.stages["LEAD"].id})
        opened.write(won)
        self.assertEqual(opened.date_closed, self.env.cr.now())
        with self.assertRaisesRegex(ValidationError, "which day"):
            deal.date_closed = False

    def test_quoted_ones_stay(self):
        quote = self._create_quote(opportunity_id=self._create_opportunity().id)
        with self.assertRaisesRegex(UserError, "New Deal"):
            (quote.opportunity_id + self._create_opportunity()).unlink()

    def test_found_by_contact(self):
        opportunity = self._create_opportunity(contact_name="Grace H.")
        found = opportunity.name_search("Grace H.")
        self.assertEqual([found_id for found_id, _name in found], opportunity.ids)

    def test_found_by_customer(self):
        opportunity = self._create_opportunity(name="Servers")
        quote = self._create_quote()
        other = self._create_opportunity(partner_id=False, partner_name="Nobody")
        for few in (1000, 0):
            with self.subTest(few=few), patch.object(mixin, "FEW", few):
                for document in (opportunity, quote):
                    found = document.search([("display_name", "ilike", "ada indu")])
                    self.assertEqual(found & document, document)
                named = [("display_name", "ilike", "ada indu")]
                self.assertNotIn(other, opportunity.search(named))
                self.assertIn(other, opportunity.search(["!", *named]))
                self.assertNotIn(opportunity, opportunity.search(["!", *named]))

    def test_found_by_text_is_only_what_one_may_read(self):
        theirs = self._create_opportunity(name="Servers", user_id=self.colleague.id)
        named = [("display_name", "ilike", "server")]
        self.assertIn(theirs, theirs.search(named))
        self.assertFalse(theirs.with_user(self.salesperson).search(named) & theirs)

    def test_copy_starts_anew(self):
        opportunity = self._create_opportunity(probability=33, expected_revenue=50)
        opportunity.action_set_lost(self.lost_reason.id)
        copy = opportunity.copy()
        self.assertEqual(copy.stage_id, self.stages["LEAD"])
        self.assertEqual(copy.probability, 10)
        self.assertFalse(copy.lost_reason_id)
        self.assertFalse(copy.date_closed)
        self.assertEqual(copy.expected_revenue, 50)


@tagged("post_install", "-at_install")
class TestProbability(OpportunityCase):
    def assertProbability(self, opportunity, probability, manual=False):
        self.assertRecordValues(
            opportunity,
            [{"probability": probability, "is_probability_manual": manual}],
        )

    def test_follows_the_stage(self):
        opportunity = self._create_opportunity(stage_id=self.stages["QUALIFIED"].id)
        self.assertProbability(opportunity, 25)
        opportunity.stage_id = self.stages["NEGOTIATION"]
        self.assertProbability(opportunity, 75)

    def test_set_by_hand_on_create(self):
        opportunity = self._create_opportunity(probability=42)
        self.assertProbability(opportunity, 42, manual=True)
        opportunity.stage_id = self.stages["PROPOSAL"]
        self.assertProbability(opportunity, 42, manual=True)

    def test_the_stages_own_on_create_is_not_by_hand(self):
        opportunity = self._create_opportunity(
            probability=50, stage_id=self.stages["PROPOSAL"].id
        )
        self.assertProbability(opportunity, 50)

    def test_closed_from_the_start(self):
        for code, values, probability in (
            ("WON", {}, 100),
            ("LOST", {"lost_reason_id": self.lost_reason.id}, 0),
        ):
            opportunity = self._create_opportunity(
                stage_id=self.stages[code].id,
                probability=75,
                expected_revenue=1000,
                **values,
            )
            self.assertProbability(opportunity, probability)
            opportunity.flush_recordset()
            opportunity.invalidate_recordset()
            self.assertEqual(opportunity.weighted_revenue, 10 * probability)

    def test_set_by_hand_and_back(self):
        opportunity = self._create_opportunity()
        opportunity.probability = 42
        self.assertProbability(opportunity, 42, manual=True)
        opportunity.probability = 10
        self.assertProbability(opportunity, 10)
        opportunity.stage_id = self.stages["PROPOSAL"]
        self.assertProbability(opportunity, 50)

    def test_written_together_with_the_stage(self):
        opportunity = self._create_opportunity()
        opportunity.write({"stage_id": self.stages["PROPOSAL"].id, "probability": 60})
        self.assertProbability(opportunity, 60, manual=True)

    def test_form(self):
        with Form(self._create_opportunity()) as form:
            form.stage_id = self.stages["PROPOSAL"]
            self.assertEqual(form.probability, 50)
            form.probability = 60
            self.assertTrue(form.is_probability_manual)
            form.stage_id = self.stages["NEGOTIATION"]
            self.assertEqual(form.probability, 60)
            opportunity = form.save()
        self.assertProbability(opportunity, 60, manual=True)
        with Form(opportunity) as form:
            form.probability = 75
            self.assertFalse(form.is_probability_manual)
        self.assertProbability(opportunity, 75)

    def test_imported(self):
        result = self.env["billinator.opportunity"].load(
            ["name", "partner_name", "stage_id", "probability"],
            [["A", "Ada", "PROPOSAL", "60"], ["B", "Ada", "PROPOSAL", "50"]],
        )
        first, second = self.env["billinator.opportunity"].browse(result["ids"])
        self.assertProbability(first, 60, manual=True)
        self.assertProbability(second, 50)

    def test_imported_blank_is_the_stages(self):
        opportunity = self._create_opportunity(probability=42)
        opportunity.write(
            {"stage_id": self.stages["PROPOSAL"].id, "probability": False}
        )
        self.assertProbability(opportunity, 50)
        opportunity.write({"probability": 0})
        self.assertProbability(opportunity, 0, manual=True)

    def test_none_is_the_stages(self):
        opportunity = self._create_opportunity(probability=None)
        self.assertEqual(opportunity.probability, 10)
        self.assertFalse(opportunity.is_probability_manual)
        opportunity.probability = 33
        opportunity.write({"probability": None})
        self.assertEqual(opportunity.probability, 10)
        self.assertFalse(opportunity.is_probability_manual)

    def test_closed_and_reopened(self):
        opportunity = self._create_opportunity(probability=42)
        opportunity.action_set_won()
        self.assertProbability(opportunity, 100)
        opportunity.probability = 30
        self.assertProbability(opportunity, 100)
        opportunity.action_reopen()
        self.assertProbability(opportunity, 10)
        opportunity.action_set_lost(self.lost_reason.id)
        self.assertProbability(opportunity, 0)

    @mute_logger("odoo.sql_db")
    def test_is_a_percentage(self):
        for probability in (-1, 100.5, 150):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self._create_opportunity(probability=probability)


@tagged("post_install", "-at_install")
class TestRevenue(OpportunityCase):
    def assertRevenues(self, opportunity, revenue, weighted):
        self.assertRecordValues(
            opportunity,
            [{"expected_revenue_company": revenue, "weighted_revenue": weighted}],
        )

    def _set_rate(self, rate, date):
        self.euro.rate_ids = [
            Command.create({"name": date, "rate": rate, "company_id": self.company.id})
        ]

    def test_converted(self):
        opportunity = self._create_opportunity(
            expected_revenue=1000, currency_id=self.euro.id
        )
        self.assertRevenues(opportunity, 500, 50)
        opportunity.stage_id = self.stages["PROPOSAL"]
        self.assertRevenues(opportunity, 500, 250)
        opportunity.currency_id = self.company.currency_id
        self.assertRevenues(opportunity, 1000, 500)
        opportunity.action_set_won()
        self.assertRevenues(opportunity, 1000, 1000)

    def test_rounded_as_the_companys_currency(self):
        opportunity = self._create_opportunity(
            expected_revenue=33.33, currency_id=self.euro.id, probability=33
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertRevenues(opportunity, 16.67, 5.5)

    def test_what_is_stored_is_converted(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        yen.rate_ids = [
            Command.create(
                {"name": "2020-01-01", "rate": 2.0, "company_id": self.company.id}
            )
        ]
        values = {"expected_revenue": 99.6, "currency_id": yen.id, "probability": 10}
        opportunity = self._create_opportunity(**values)
        self.assertEqual(opportunity.expected_revenue, 100)
        self.assertRevenues(opportunity, 50, 5)
        opportunity.expected_revenue = 199.6
        self.assertRevenues(opportunity, 100, 10)

    def test_cron_takes_todays_rate(self):
        values = {"expected_revenue": 1000, "currency_id": self.euro.id}
        with self._at("2026-03-01"):
            opened = self._create_opportunity(**values)
            archived = self._create_opportunity(**values)
            foreign = self._create_opportunity(
                **values, company_id=self.company_b.id, user_id=self.stranger.id
            )
            won = self._create_opportunity(**values)
            won.action_set_won()
        self._set_rate(4.0, "2026-03-02")
        self.env.invalidate_all()
        self.assertRevenues(opened, 500, 50)
        with self._at("2026-03-03"):
            archived.active = False
            cron = self.env.ref("billinator_crm.ir_cron_refresh_company_revenues")
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertRevenues(opened, 250, 25)
        self.assertRevenues(archived, 250, 25)
        self.assertRevenues(won, 500, 1000 / 2)
        self.assertRevenues(foreign, 1000, 100)

    def test_another_currency_of_the_company(self):
        """Nothing is left in the old one: neither what is closed, nor the sums."""
        self.env["res.currency.rate"].create(
            {
                "name": "2000-01-01",
                "rate": 4.0,
                "currency_id": self.euro.id,
                "company_id": self.company_b.id,
            }
        )
        values = {"company_id": self.company_b.id, "user_id": self.stranger.id}
        amount = {"expected_revenue": 1000, "currency_id": self.euro.id}
        opened, won = (self._create_opportunity(**values, **amount) for _ in range(2))
        won.action_set_won()
        quote = self._create_quote(
            {"name": "Work", "price_unit": 400, "tax_ids": [Command.clear()]},
            **values,
            currency_id=self.euro.id,
        )
        self.assertRevenues(opened, 250, 25)
        self.assertRevenues(won, 250, 250)
        self.assertEqual(quote.amount_untaxed_company, 100)
        self.company_b.currency_id = self.euro
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertRevenues(opened, 1000, 100)
        self.assertRevenues(won, 1000, 1000)
        self.assertEqual(quote.amount_untaxed_company, 400)
        Summary = self.env["billinator.opportunity.summary"].sudo()
        [(revenue,)] = Summary._read_group(
            [("cut", "=", "stage"), ("company_id", "=", self.company_b.id)],
            aggregates=["expected_revenue_company:sum"],
        )
        self.assertEqual(revenue, 2000)

    def test_closed_keeps_the_closing_days_rate(self):
        with self._at("2026-03-01"):
            won = self._create_opportunity(
                expected_revenue=1000, currency_id=self.euro.id
            )
            won.action_set_won()
        self._set_rate(4.0, "2026-03-02")
        with self._at("2026-03-03"):
            won.expected_revenue = 2000
        self.assertRevenues(won, 1000, 1000)

    def test_closing_day_is_the_companys(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self._set_rate(4.0, "2026-03-02")
        for user in (self.salesperson, self.senior):
            user.tz = "America/New_York"
            with self._at("2026-03-01 20:00:00"):
                won = self._create_opportunity(
                    expected_revenue=1000, currency_id=self.euro.id
                ).with_user(self.senior)
                won.action_set_won()
            self.assertRevenues(won, 250, 250)


@tagged("post_install", "-at_install")
class TestClosing(OpportunityCase):
    def test_won(self):
        opportunities = self._create_opportunity() + self._create_opportunity()
        action = opportunities.action_set_won()
        self.assertEqual(opportunities.mapped("status"), ["won", "won"])
        self.assertEqual(action["effect"]["type"], "rainbow_man")
        self.assertIn("2 opportunities", action["effect"]["message"])
        self.assertIn(
            "New Deal", opportunities[0].action_set_won()["effect"]["message"]
        )

    def test_lost(self):
        opportunity = self._create_opportunity()
        opportunity.action_set_lost(self.lost_reason.id, "Too <b>slow</b>")
        self.assertRecordValues(
            opportunity,
            [
                {
                    "status": "lost",
                    "stage_id": self.stages["LOST"].id,
                    "lost_reason_id": self.lost_reason.id,
                    "active": True,
                }
            ],
        )
        bodies = opportunity.message_ids.mapped("body")
        self.assertTrue(any("Too &lt;b&gt;slow" in body for body in bodies), bodies)
        self.assertEqual(self.lost_reason.opportunity_count, 1)

    def test_lost_needs_a_reason(self):
        opportunity = self._create_opportunity()
        lost = self.stages["LOST"]
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            opportunity.action_set_lost(False)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            opportunity.stage_id = lost
        form = Form(opportunity)
        form.stage_id = lost
        with self.assertRaisesRegex(AssertionError, "lost_reason_id is a required"):
            form.save()
        opportunity.write({"stage_id": lost.id, "lost_reason_id": self.lost_reason.id})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            opportunity.lost_reason_id = False

    @mute_logger("odoo.sql_db")
    def test_database_insists_on_a_reason(self):
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self._create_opportunity(stage_id=self.stages["LOST"].id)
        opportunity = self._create_opportunity()
        opportunity.action_set_lost(self.lost_reason.id)
        self.env.flush_all()
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "UPDATE billinator_opportunity SET lost_reason_id = NULL WHERE id = %s",
                [opportunity.id],
            )

    def test_lost_wizard(self):
        opportunities = self._create_opportunity() + self._create_opportunity()
        form = Form(
            self.env["billinator.opportunity.lost"].with_context(
                active_ids=opportunities.ids
            )
        )
        form.lost_reason_id = self.lost_reason
        form.feedback = "Bought elsewhere"
        form.save().action_mark_lost()
        self.assertEqual(opportunities.mapped("status"), ["lost", "lost"])
        for opportunity in opportunities:
            self.assertIn("Bought elsewhere", str(opportunity.message_ids[0].body))

    def test_reopen(self):
        opportunity = self._create_opportunity(stage_id=self.stages["PROPOSAL"].id)
        opportunity.action_set_lost(self.lost_reason.id)
        opportunity.action_set_won()
        self.assertFalse(opportunity.lost_reason_id)
        opportunity.action_reopen()
        self.assertEqual(opportunity.stage_id, self.stages["PROPOSAL"])
        self.assertFalse(opportunity.date_closed)
        opportunity.action_reopen()
        self.assertEqual(opportunity.stage_id, self.stages["PROPOSAL"])

    def test_lost_after_all(self):
        opportunity = self._create_opportunity()
        opportunity.action_set_won()
        opportunity.date_closed = opportunity.create_date = "2020-01-31 12:00:00"
        opportunity.flush_recordset()
        opportunity.name = "Another Name"
        self.assertEqual(opportunity.date_closed.year, 2020)
        opportunity.action_set_lost(self.lost_reason.id)
        self.assertEqual(opportunity.date_closed, self.env.cr.now())

    def test_lost_after_all_on_a_day_that_is_known(self):
        deal = self._create_opportunity().with_user(self.manager)
        deal.action_set_won()
        deal.write(
            {
                "stage_id": self.stages["LOST"].id,
                "lost_reason_id": self.lost_reason.id,
                "date_closed": "2020-01-31 12:00:00",
            }
        )
        self.assertEqual(deal.date_closed, datetime(2020, 1, 31, 12))

    def test_reopen_what_moved_twice_at_once(self):
        opportunity = self._create_opportunity()
        opportunity.stage_id = self.stages["PROPOSAL"]
        opportunity.action_set_won()
        opportunity.action_reopen()
        self.assertEqual(opportunity.stage_id, self.stages["PROPOSAL"])

    def test_reopen_what_was_never_open(self):
        own_stage = self.env["billinator.stage"].create(
            {
                "name": "Triage",
                "code": "TRIAGE",
                "sequence": 0,
                "team_ids": [Command.set(self.team.ids)],
            }
        )
        won = self.stages["WON"].id
        opportunities = self._create_opportunity(
            stage_id=won, user_id=self.salesperson.id
        ) + self._create_opportunity(stage_id=won, user_id=self.colleague.id)
        opportunities.action_reopen()
        self.assertEqual(opportunities[0].stage_id, own_stage)
        self.assertEqual(opportunities[1].stage_id, self.stages["LEAD"])

    def test_reopen_in_another_team(self):
        own_stage = self.env["billinator.stage"].create(
            {
                "name": "Triage",
                "code": "TRIAGE",
                "sequence": 0,
                "team_ids": [Command.set(self.team.ids)],
            }
        )
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self.assertEqual(opportunity.stage_id, own_stage)
        opportunity.action_set_won()
        opportunity.user_id = self.colleague
        opportunity.action_reopen()
        self.assertEqual(opportunity.stage_id, self.stages["LEAD"])

    def test_a_team_without_won_stage_is_named(self):
        opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self.stages["WON"].team_ids = self.other_team
        with self.assertRaisesRegex(UserError, "Hardware.*Won"):
            opportunity.action_set_won()

    def test_closing_dates(self):
        with self._at("2026-03-01 08:00:00"):
            opportunity = self._create_opportunity()
        with self._at("2026-03-11 09:00:00"):
            opportunity.action_set_won()
        self.assertEqual(opportunity.date_closed, datetime(2026, 3, 11, 9))
        self.assertEqual(opportunity.days_to_close, 10)
        with self._at("2026-03-12"):
            opportunity.name = "Renamed"
        self.assertEqual(opportunity.date_closed, datetime(2026, 3, 11, 9))
        opportunity.action_reopen()
        self.assertFalse(opportunity.date_closed)
        self.assertFalse(opportunity.days_to_close)

    def test_open_ones_do_not_count_as_closed_at_once(self):
        with self._at("2026-03-01"):
            opportunities = self._create_opportunity() + self._create_opportunity()
        with self._at("2026-03-11"):
            opportunities[0].action_set_won()
        domain = [("id", "in", opportunities.ids)]
        [(average,)] = opportunities._read_group(domain, [], ["days_to_close:avg"])
        self.assertEqual(average, 10)
        self.env.invalidate_all()
        self.assertEqual(opportunities.mapped("days_to_close"), [10, 0])

    def test_past_deals_took_no_time_to_close(self):
        with self._at("2026-03-01"):
            opportunity = self._create_opportunity()
        with self._at("2026-03-11"):
            opportunity.action_set_won()
        past = self._create_opportunity().with_user(self.manager)
        past.action_set_won()
        past.date_closed = "2020-01-31 12:00:00"
        self.assertEqual(past.days_to_close, 0)
        domain = [("id", "in", (opportunity + past).ids)]
        [(average,)] = past._read_group(domain, [], ["days_to_close:avg"])
        self.assertEqual(average, 10)
        self.assertEqual(past.get_pipeline_statistics(domain)["cycle_time_days"], 10)
        only_past = past.get_pipeline_statistics([("id", "=", past.id)])
        self.assertIs(only_past["cycle_time_days"], False)


@tagged("post_install", "-at_install")
class TestStageHistory(OpportunityCase):
    def test_rotting(self):
        with self._at("2026-03-01"):
            opportunity = self._create_opportunity()
            closed = self._create_opportunity()
            closed.action_set_won()
            self.stages["WON"].rotting_threshold_days = 1
        rotting = [("is_rotting", "=", True), ("id", "in", (opportunity + closed).ids)]
        with self._at("2026-03-30"):
            self.assertFalse(opportunity.search(rotting))
        with self._at("2026-04-05"):
            self.env.invalidate_all()
            self.assertEqual(opportunity.search(rotting), opportunity)
            self.assertTrue(opportunity.is_rotting)
            self.assertEqual(opportunity.rotting_days, 35)
            self.assertFalse(closed.is_rotting)
            opportunity.stage_id = self.stages["QUALIFIED"]
            self.assertFalse(opportunity.is_rotting)

    def test_what_stays_in_its_stage_did_not_enter_it(self):
        created = datetime(2026, 3, 1)
        with self._at("2026-03-01"):
            opportunity = self._create_opportunity(user_id=self.salesperson.id)
            other = self._create_opportunity(stage_id=self.stages["QUALIFIED"].id)
        with self._at("2026-03-30"):
            opportunity.stage_id = opportunity.stage_id
            opportunity.user_id = self.colleague
            opportunity.team_id = self.team
        self.assertEqual(opportunity.team_id, self.team)
        self.assertEqual(opportunity.date_last_stage_update, created)
        with self._at("2026-03-31"):
            (opportunity + other).stage_id = self.stages["QUALIFIED"]
        self.assertEqual(opportunity.date_last_stage_update, datetime(2026, 3, 31))
        self.assertEqual(other.date_last_stage_update, created)

    def test_who_is_handed_over_to_another_stage_enters_it(self):
        own_stage = self.env["billinator.stage"].create(
            {
                "name": "Triage",
                "code": "TRIAGE",
                "sequence": 0,
                "team_ids": [Command.set(self.team.ids)],
            }
        )
        with self._at("2026-03-01"):
            opportunity = self._create_opportunity(user_id=self.salesperson.id)
        self.assertEqual(opportunity.stage_id, own_stage)
        with self._at("2026-03-30"):
            opportunity.with_user(self.salesperson).user_id = self.colleague
        self.assertEqual(opportunity.date_last_stage_update, datetime(2026, 3, 30))

    def test_time_per_stage(self):
        with self._at("2026-03-01 00:00:00"):
            opportunity = (
                self.env["billinator.opportunity"]
                .with_context(mail_notrack=False, tracking_disable=False)
                .create({"name": "New Deal", "partner_id": self.customer.id})
            )
            self.env.cr.flush()
        with self._at("2026-03-01 01:00:00"):
            opportunity.stage_id = self.stages["PROPOSAL"]
            self.env.cr.flush()
        with self._at("2026-03-01 03:00:00"):
            self.env.invalidate_all()
            self.assertEqual(
                {
                    int(key): value
                    for key, value in opportunity.duration_tracking.items()
                },
                {self.stages["LEAD"].id: 3600, self.stages["PROPOSAL"].id: 7200},
            )


@tagged("post_install", "-at_install")
class TestOpportunityQuotes(OpportunityCase, BillinatorInvoicingCommon):
    def test_new_quote_takes_over(self):
        opportunity = self._create_opportunity(
            user_id=self.salesperson.id, currency_id=self.euro.id
        ).with_user(self.salesperson)
        action = opportunity.action_new_quote()
        form = Form(
            self.env["billinator.quote"]
            .with_user(self.salesperson)
            .with_context(**action["context"])
        )
        with form.line_ids.new() as line:
            line.product_id = self.product_a
        quote = form.save()
        self.assertRecordValues(
            quote,
            [
                {
                    "opportunity_id": opportunity.id,
                    "partner_id": self.customer.id,
                    "user_id": self.salesperson.id,
                    "team_id": self.team.id,
                    "currency_id": self.euro.id,
                }
            ],
        )
        listed = opportunity.action_view_quotes()
        self.assertEqual(self.env["billinator.quote"].search(listed["domain"]), quote)

    def test_new_quote_needs_a_customer(self):
        opportunity = self._create_opportunity(partner_id=False, phone="+49 30 901820")
        with self.assertRaisesRegex(UserError, "needs a customer"):
            opportunity.action_new_quote()

    def test_quotes_of_the_deal(self):
        opportunity = self._create_opportunity()
        self.assertEqual(opportunity.invoice_status, "no")
        quotes = [
            self._create_quote(opportunity_id=opportunity.id) for _number in range(3)
        ]
        quotes[0].action_reject("No")
        quotes[1].action_convert_to_invoice()
        self.assertEqual(opportunity.quote_count, 3)
        self.assertEqual(
            opportunity.quoted_amount,
            quotes[1].amount_untaxed + quotes[2].amount_untaxed,
        )
        self.assertEqual(opportunity.invoice_status, "draft")
        quotes[1].invoice_ids.action_post()
        self.assertEqual(opportunity.invoice_status, "posted")

    def test_invoice_status_in_the_users_words(self):
        self.env["res.lang"]._activate_lang("de_DE")
        code = self.env.ref(
            "billinator_crm.selection__billinator_quote__invoice_status__posted"
        )
        code.with_context(lang="de_DE").name = "Abgerechnet"
        Opportunity = self.env["billinator.opportunity"].with_context(lang="de_DE")
        field = Opportunity.fields_get(["invoice_status"])["invoice_status"]
        self.assertIn(("posted", "Abgerechnet"), field["selection"])

    def test_currency_of_a_quote_without_pricelist(self):
        opportunity = self._create_opportunity(currency_id=self.euro.id)
        created = self._create_quote(opportunity_id=opportunity.id, pricelist_id=False)
        self.assertEqual(created.currency_id, self.euro)
        form = Form(self.env["billinator.quote"])
        form.partner_id = self.customer
        form.pricelist_id = self.env["product.pricelist"]
        form.opportunity_id = opportunity
        self.assertEqual(form.currency_id, self.euro)


@tagged("post_install", "-at_install")
class TestTeamsMenu(OpportunityCase):
    def test_leads_to_the_open_deals_of_a_team(self):
        shown = self._get_teams_as_shown()
        action = shown.with_user(self.salesperson).action_primary_channel_button()
        self.assertEqual(action["res_model"], "billinator.opportunity")
        self.assertEqual(action["display_name"], "Hardware")
        self.assertEqual(
            action["context"],
            {
                "search_default_team_id": self.team.id,
                "search_default_open": 1,
                "default_team_id": self.team.id,
            },
        )
        self.assertNotEqual(self.team.action_primary_channel_button(), action)

    def test_leads_nowhere_for_several_teams(self):
        teams = self._get_teams_as_shown() + self.other_team
        with self.assertRaisesRegex(UserError, "Choose one record"):
            teams.action_primary_channel_button()

    def _get_teams_as_shown(self):
        menu = self.env.ref("billinator_crm.crm_team_menu_sales")
        return self.team.with_context(**literal_eval(menu.action.context))


@tagged("post_install", "-at_install")
class TestTracking(OpportunityCase):
    def test_changes_of_many_are_logged_on_each(self):
        opportunities = (
            self.env["billinator.opportunity"]
            .with_context(mail_notrack=False, tracking_disable=False)
            .create(
                [
                    {"name": name, "partner_id": self.customer.id, "probability": 33}
                    for name in ("First", "Second", "Third")
                ]
            )
        )
        self.env.cr.flush()
        opportunities[:2].stage_id = self.stages["PROPOSAL"]
        opportunities[1].probability = 60
        opportunities[0]._track_set_log_message("Because")
        self.env.cr.flush()
        self.assertEqual(
            [self._get_changes(opportunity) for opportunity in opportunities],
            [
                {"stage_id": ("Lead", "Proposal")},
                {"stage_id": ("Lead", "Proposal"), "probability": (33, 60)},
                {},
            ],
        )
        message = opportunities[0].message_ids[0]
        self.assertIn("Because", message.body)
        self.assertEqual(message.author_id, self.env.user.partner_id)
        self.assertTrue(message.is_internal)

    def _get_changes(self, opportunity):
        return {
            value.field_id.name: (value.old_value_char, value.new_value_char)
            if value.field_id.ttype == "many2one"
            else (value.old_value_float, value.new_value_float)
            for value in opportunity.message_ids.sudo().tracking_value_ids
        }


@tagged("post_install", "-at_install")
class TestOpportunityEmptyValues(OpportunityCase):
    """What a form has while a field is cleared, and what JSON says with null."""

    @contextmanager
    def _missing(self, column):
        with (
            self.assertRaisesRegex(NotNullViolation, f'"{column}"'),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            yield

    def test_company_is_cleared_in_the_form(self):
        self.env.user.group_ids += self.env.ref("base.group_multi_company")
        opportunity = self._create_opportunity(
            expected_revenue=400, currency_id=self.euro.id
        )
        with Form(opportunity) as form:
            form.company_id = self.env["res.company"]
            form.expected_revenue = 800
            form.company_id = self.company
        self.assertEqual(opportunity.expected_revenue_company, 400)

    def test_currency_is_cleared_in_the_form(self):
        self.env.user.group_ids += self.env.ref("base.group_multi_currency")
        opportunity = self._create_opportunity(expected_revenue=400)
        with Form(opportunity) as form:
            form.currency_id = self.env["res.currency"]
            form.expected_revenue = 800
            form.currency_id = self.euro
        self.assertEqual(opportunity.expected_revenue_company, 400)

    def test_stage_is_cleared_in_the_form(self):
        opportunity = self._create_opportunity()
        with Form(opportunity) as form:
            form.stage_id = self.env["billinator.stage"]
            form.stage_id = self.stages["PROPOSAL"]
        self.assertEqual(opportunity.probability, 50)

    def test_required_values_are_missed(self):
        opportunity = self._create_opportunity(expected_revenue=400)
        opportunity.action_set_lost(self.lost_reason.id)
        for name in ("company_id", "currency_id", "stage_id"):
            for nothing in (False, None):
                for deal in (opportunity, self._create_opportunity()):
                    with self.subTest(name=name), self._missing(name):
                        deal.write({name: nothing})
                        self.env.flush_all()
        with self._missing("company_id"):
            self._create_opportunity(company_id=False, expected_revenue=5)

    def test_empty_stage_of_a_new_one_is_the_first(self):
        for nothing in (False, None):
            opportunity = self._create_opportunity(stage_id=nothing)
            self.assertEqual(opportunity.stage_id, self.stages["LEAD"])
        result = self.env["billinator.opportunity"].load(
            ["name", "partner_name", "stage_id"],
            [["One", "Ada", ""], ["Two", "Ada", "PROPOSAL"]],
        )
        deals = self.env["billinator.opportunity"].browse(result["ids"])
        self.assertEqual(deals.mapped("stage_id.code"), ["LEAD", "PROPOSAL"])

    @mute_logger("odoo.sql_db")
    def test_blanks_name_nobody(self):
        lead = self._create_opportunity(partner_id=False, contact_name="Ada")
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            lead.write({"contact_name": "  "})
            self.env.flush_all()
        lead.write({"contact_name": " ", "phone": "030 1"})
        self.assertEqual((lead.contact_name, lead.phone), (False, "030 1"))

    @mute_logger("odoo.sql_db")
    def test_ids_of_no_record(self):
        deal = self._create_opportunity()
        for name, call in (
            ("Lost Reason", lambda: deal.action_set_lost(9999999)),
            ("Currency", lambda: self._create_opportunity(currency_id=9999999)),
            (
                "Currency",
                lambda: self._create_opportunity(
                    currency_id=9999999, expected_revenue=5
                ),
            ),
        ):
            with self.subTest(name), self.assertRaises(ForeignKeyViolation) as caught:
                call()
                self.env.flush_all()
            self.assertRegex(
                deal._sql_error_to_message(caught.exception),
                f"“{name}”: there is no record with the id 9999999",
            )
