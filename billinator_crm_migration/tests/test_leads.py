from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.billinator_crm.tests.common import BillinatorCommon

from .common import MigrationMixin


@tagged("post_install", "-at_install")
class TestLeads(MigrationMixin, BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_crm()

    def _set_dates(self, lead, **dates):
        self.env.flush_all()
        for name, moment in dates.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET %s = %s WHERE id = %s",
                    SQL.identifier(name),
                    moment,
                    lead.id,
                )
            )
        lead.invalidate_recordset()

    def test_everything_that_both_have(self):
        source, medium, campaign = (
            self.env[f"utm.{model}"].create({"name": f"Our {model}"})
            for model in ("source", "medium", "campaign")
        )
        tags = self.env["crm.tag"].create([{"name": "Hot"}, {"name": "Known"}])
        known = self.env["billinator.tag"].create({"name": "known"})
        lead = self._create_lead(
            name="Roof",
            date_deadline="2026-12-24",
            description="<p>Slate, <b>black</b></p>",
            expected_revenue=1234.5,
            priority="2",
            probability=33,
            tag_ids=[Command.set(tags.ids)],
            source_id=source.id,
            medium_id=medium.id,
            campaign_id=campaign.id,
        )
        created, moved = datetime(2021, 3, 4, 5, 6), datetime(2022, 3, 4, 5, 6)
        self._set_dates(lead, create_date=created, date_last_stage_update=moved)
        self._bring()
        deal = lead.billinator_opportunity_id
        self.assertRecordValues(
            deal,
            [
                {
                    "name": "Roof",
                    "active": True,
                    "company_id": self.company.id,
                    "user_id": self.salesperson.id,
                    "team_id": self.team.id,
                    "partner_id": self.customer.id,
                    "stage_id": self.stages["QUALIFIED"].id,
                    "status": "open",
                    "date_deadline": date(2026, 12, 24),
                    "expected_revenue": 1234.5,
                    "priority": "2",
                    "probability": 33,
                    "is_probability_manual": True,
                    "source_id": source.id,
                    "medium_id": medium.id,
                    "campaign_id": campaign.id,
                    "create_date": created,
                    "date_last_stage_update": moved,
                    "date_closed": False,
                    "email_from": "info@ada.example",
                }
            ],
        )
        self.assertEqual(deal.description, "<p>Slate, <b>black</b></p>")
        self.assertEqual(deal.tag_ids.mapped("name"), ["Hot", "known"])
        self.assertIn(known, deal.tag_ids)

    def test_what_odoo_computes_follows_the_stage(self):
        lead = self._create_lead()
        lead.write({"probability": 3.27, "automated_probability": 3.27})
        self.assertTrue(lead.is_automated_probability)
        self._bring()
        deal = lead.billinator_opportunity_id
        self.assertEqual(deal.probability, self.stages["QUALIFIED"].probability)
        deal.stage_id = self.stages["NEGOTIATION"]
        self.assertEqual(deal.probability, self.stages["NEGOTIATION"].probability)

    def test_a_tag_of_another_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        tag = self.env["billinator.tag"].create({"name": "Customer"})
        tag.with_context(lang="de_DE").name = "Kunde"
        self.manager.lang = "de_DE"
        theirs = self.env["crm.tag"].create({"name": "Customer"})
        deal = self._bring_lead(tag_ids=[Command.set(theirs.ids)])
        self.assertEqual(deal.tag_ids, tag)

    def test_what_only_the_lead_says_of_the_customer(self):
        deal = self._bring_lead(contact_name="Jo Smith")
        self.assertIn("Jo Smith", deal.message_ids[:1].body)

    def test_a_person_is_the_contact_of_their_company(self):
        person = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id, "email": "ann@ada.example"}
        )
        deal = self._bring_lead(partner_id=person.id)
        self.assertEqual(deal.partner_id, self.customer)
        self.assertEqual(deal.contact_ids.person_id, person)
        self.assertEqual(deal.email_from, "ann@ada.example")

    def test_who_is_no_customer_yet(self):
        deal = self._bring_lead(
            type="lead",
            partner_id=False,
            partner_name="New Ltd",
            contact_name="Jo",
            email_from="jo@new.example",
            phone="+49 30 1",
            city="Berlin",
            function="Boss",
        )
        self.assertRecordValues(
            deal,
            [
                {
                    "partner_id": False,
                    "partner_name": "New Ltd",
                    "contact_name": "Jo",
                    "email_from": "jo@new.example",
                    "phone": "+49 30 1",
                    "stage_id": self.stages["LEAD"].id,
                }
            ],
        )
        note = deal.message_ids[:1].body
        self.assertIn("Berlin", note)
        self.assertIn("Boss", note)

    def test_somebody_whom_nothing_is_known_of(self):
        deal = self._bring_lead(partner_id=False, name="Hello", user_id=False)
        self.assertEqual(deal.partner_name, "Hello")
        self.assertFalse(deal.user_id)

    def test_nobody_gets_what_nobody_had(self):
        self.team.opportunity_assignment = "turn"
        self.assertFalse(self._bring_lead(user_id=False).user_id)

    def test_won(self):
        lead = self._create_lead(stage_id=self.crm_won.id)
        opened, closed = datetime(2022, 1, 1), datetime(2022, 1, 31)
        self._set_dates(lead, create_date=opened, date_closed=closed)
        self._bring()
        self.assertRecordValues(
            lead.billinator_opportunity_id,
            [
                {
                    "status": "won",
                    "probability": 100,
                    "date_closed": closed,
                    "days_to_close": 30,
                }
            ],
        )

    def test_lost(self):
        reason = self.env["crm.lost.reason"].create({"name": "Rain"})
        leads = self._create_lead() + self._create_lead()
        leads[0].action_set_lost(lost_reason_id=reason.id)
        leads[1].action_set_lost()
        closed = datetime(2022, 1, 31)
        self._set_dates(leads[0], date_closed=closed)
        self._bring()
        first, second = leads.billinator_opportunity_id
        self.assertRecordValues(
            first,
            [
                {
                    "active": True,
                    "status": "lost",
                    "probability": 0,
                    "date_closed": closed,
                    "last_open_stage_id": self.stages["QUALIFIED"].id,
                }
            ],
        )
        self.assertEqual(first.lost_reason_id.name, "Rain")
        self.assertEqual(second.lost_reason_id.name, "Not stated")
        first.action_reopen()
        self.assertEqual(first.stage_id, self.stages["QUALIFIED"])

    def test_archived(self):
        lead = self._create_lead(probability=40)
        lead.active = False
        self._bring()
        deal = lead.billinator_opportunity_id
        self.assertFalse(deal.active)
        self.assertEqual(deal.status, "open")

    def test_gates_are_for_those_who_enter(self):
        self.stages["QUALIFIED"].require_accepted_quote = True
        deal = self._bring_lead()
        self.assertEqual(deal.stage_id, self.stages["QUALIFIED"])

    def test_what_teams_define_themselves(self):
        definition = {
            **{"name": "abc", "type": "selection", "string": "Colour"},
            "selection": [["red", "Red"]],
        }
        self.team.lead_properties_definition = [definition]
        deal = self._bring_lead(lead_properties={"abc": "red"})
        self.assertEqual(deal.opportunity_properties["abc"], "Red")
        [brought] = self.team.opportunity_properties_definition
        self.assertEqual(brought["string"], "Colour")
        definition["selection"].append(["blue", "Blue"])
        self.team.lead_properties_definition = [definition]
        deal = self._bring_lead(lead_properties={"abc": "blue"})
        self.assertEqual(deal.opportunity_properties["abc"], "Blue")

    def test_fields_that_the_company_has_added(self):
        self.patch(self.env["crm.lead"]._fields["color"], "manual", True)
        deal = self._bring_lead(color=7)
        self.assertIn("Color Index: 7", deal.message_ids[:1].body)

    def test_what_recurs(self):
        plan = self.env["crm.recurring.plan"].create(
            {"name": "Yearly", "number_of_months": 12}
        )
        deal = self._bring_lead(recurring_plan=plan.id, recurring_revenue=1200)
        self.assertEqual(deal.recurring_revenue_monthly, 100)
        self.assertEqual(deal.recurring_plan_id.number_of_months, 12)

    def test_stages_are_proposed_and_created(self):
        other = self.env["crm.stage"].create({"name": "Xyz 42", "sequence": 90})
        run = self._create_run()
        proposed = {line.crm_stage_id: line.stage_id for line in run.stage_ids}
        self.assertEqual(proposed[self.crm_qualified], self.stages["QUALIFIED"])
        self.assertEqual(proposed[self.crm_new], self.stages["LEAD"])
        self.assertEqual(proposed[self.crm_won], self.stages["WON"])
        line = run.stage_ids.filtered(lambda line: line.crm_stage_id == other)
        line.stage_id = False
        lead = self._create_lead(stage_id=other.id)
        run.action_start()
        stage = lead.billinator_opportunity_id.stage_id
        self.assertEqual((stage.name, stage.status), ("Xyz 42", "open"))
