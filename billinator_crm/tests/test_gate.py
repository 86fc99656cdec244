import json
from ast import literal_eval

from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.http import serialize_exception
from odoo.tests import Form, tagged

from .common import BillinatorCommon

GATE_FORM = "billinator_crm.billinator_opportunity_view_form_gate"


@tagged("post_install", "-at_install")
class TestGate(BillinatorCommon):
    """What a stage demands of an opportunity before it enters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage = cls.stages["NEGOTIATION"]
        cls._demand("date_deadline", "description", "expected_revenue")
        cls.stage.write({"require_accepted_quote": True, "require_next_activity": True})
        cls.deal = cls._create_opportunity(user_id=cls.salesperson.id)

    @classmethod
    def _demand(cls, *names):
        get_field = cls.env["ir.model.fields"]._get
        for name in names:
            cls.stage.required_field_ids += get_field("billinator.opportunity", name)

    def _satisfy(self, deal):
        deal.write(
            {
                "date_deadline": "2030-01-31",
                "description": "<p>Wants it before summer</p>",
                "expected_revenue": 100,
            }
        )
        self._create_quote(opportunity_id=deal.id).action_accept()
        deal.activity_schedule(user_id=self.salesperson.id)

    def test_a_next_activity_may_be_the_quotes(self):
        self._satisfy(self.deal)
        self.deal.activity_ids.unlink()
        self.deal.quote_ids.activity_schedule(user_id=self.salesperson.id)
        self.deal.stage_id = self.stage
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_error_names_everything_at_once(self):
        deal = self.deal.with_user(self.salesperson)
        self.deal.description = "<p><br></p>"
        with self.assertRaises(ValidationError) as refusal:
            deal.stage_id = self.stage
        self.assertEqual(
            str(refusal.exception),
            "“New Deal” cannot enter Negotiation yet: it needs Expected Closing, Notes,"
            " Expected Revenue, an accepted quote, and a next activity.",
        )

    def test_blanks_are_no_value(self):
        self._demand("email_from", "partner_name")
        self._satisfy(self.deal)
        self.deal.write({"partner_name": " \t\n", "email_from": "a@b.example"})
        with self.assertRaisesRegex(ValidationError, "it needs Company Name.$"):
            self.deal.stage_id = self.stage
        self.deal.partner_name = " Ada "
        self.deal.stage_id = self.stage
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_entered_with_everything(self):
        self._satisfy(self.deal)
        # The salesperson of the deal reads neither this quote nor Odoo's fields.
        self.deal.quote_ids.user_id = self.colleague
        self.deal.with_user(self.salesperson).stage_id = self.stage
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_reopened_where_it_was(self):
        self._satisfy(self.deal)
        self.deal.stage_id = self.stage
        self.deal.action_set_won()
        self.deal.activity_ids.action_feedback()
        self.deal.action_reopen()
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_sent_quote_and_done_activity_do_not_count(self):
        self._satisfy(self.deal)
        self.deal.quote_ids.action_reset_to_draft()
        self.deal.activity_ids.action_feedback()
        with self.assertRaisesRegex(ValidationError, "accepted quote and a next act"):
            self.deal.stage_id = self.stage

    def test_superseded_quote_does_not_count(self):
        self._satisfy(self.deal)
        self.deal.quote_ids.action_revise()
        with self.assertRaisesRegex(ValidationError, "it needs an accepted quote.$"):
            self.deal.stage_id = self.stage

    def test_every_way_in(self):
        form = Form(self.deal)
        form.stage_id = self.stage
        self.assertRaises(ValidationError, form.save)
        self.env.invalidate_all()
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._create_opportunity(stage_id=self.stage.id)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.deal.sudo().write({"stage_id": self.stage.id})
        result = self.env["billinator.opportunity"].load(
            ["name", "partner_name", "stage_id"], [["Deal", "Ada", "Negotiation"]]
        )
        self.assertFalse(result["ids"])
        self.assertIn("Expected Closing", result["messages"][0]["message"])

    def test_by_another_team(self):
        team = self.env["crm.team"].create({"name": "Closers"})
        first = self.stages["LEAD"]
        first.team_ids = self.env["crm.team"].create({"name": "Hunters"})
        self.stages["QUALIFIED"].team_ids = first.team_ids
        self.stages["PROPOSAL"].team_ids = first.team_ids
        self.deal.write({"team_id": first.team_ids.id, "stage_id": first.id})
        with self.assertRaisesRegex(ValidationError, "cannot enter Negotiation"):
            self.deal.team_id = team

    def test_who_is_in_may_stay(self):
        self._satisfy(self.deal)
        self.deal.stage_id = self.stage
        self.deal.date_deadline = False
        self.deal.write({"stage_id": self.stage.id, "name": "Same Stage"})
        self.assertEqual(self.deal.name, "Same Stage")

    def test_mass_edit_names_every_deal(self):
        other = self._create_opportunity(name="Second")
        self._satisfy(other)
        other.date_deadline = False
        with self.assertRaises(ValidationError) as refusal:
            (self.deal + other).stage_id = self.stage
        first, second = str(refusal.exception).split("\n")
        self.assertIn("“New Deal”", first)
        self.assertEqual(
            second,
            "“Second” cannot enter Negotiation yet: it needs Expected Closing.",
        )

    def test_override(self):
        deal = self.deal.with_user(self.manager)
        self.assertRaises(
            ValidationError, deal.action_override_gate, self.stage.id, " "
        )
        deal.action_override_gate(self.stage.id, "A friend of the boss")
        self.assertEqual(deal.stage_id, self.stage)
        log = str(deal.message_ids[:1].body)
        for text in ("Expected Closing", "a next activity", "A friend of the boss"):
            self.assertIn(text, log)

    def test_override_is_logged_where_something_is_lacking(self):
        complete = self._create_opportunity(user_id=self.salesperson.id)
        self._satisfy(complete)
        before = complete.message_ids
        deals = (self.deal + complete).with_user(self.manager)
        deals.action_override_gate(self.stage.id, "A friend of the boss")
        self.assertEqual(deals.stage_id, self.stage)
        self.assertIn("A friend", self.deal.message_ids[0].body)
        self.assertNotIn(
            "A friend", str((complete.message_ids - before).mapped("body"))
        )

    def test_override_to_no_stage(self):
        deal = self.deal.with_user(self.manager)
        gone = self.stage.copy({"code": "GONE"})
        gone.unlink()
        for stage_id in (None, False, gone.id):
            with self.subTest(stage_id), self.assertRaisesRegex(UserError, "stage"):
                deal.action_override_gate(stage_id, "A friend of the boss")

    def test_override_is_the_managers(self):
        for user in (self.salesperson, self.senior):
            with self.assertRaises(AccessError):
                self.deal.with_user(user).action_override_gate(self.stage.id, "Please")
        with self.assertRaises(ValidationError):
            self.deal.with_user(self.manager).with_context(
                billinator_gate=True
            ).stage_id = self.stage

    def test_wizard(self):
        form = Form(
            self.env["billinator.opportunity.gate"]
            .with_user(self.manager)
            .with_context(active_ids=self.deal.ids)
        )
        form.stage_id = self.stage
        self.assertIn("New Deal: Expected Closing", form.lacking)
        form.reason = "Agreed on the phone"
        form.save().action_move()
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_summary_is_readable_to_salespeople(self):
        stage = self.stage.with_user(self.salesperson)
        self.assertIn("Expected Closing", stage.gate_summary)
        self.assertRaises(AccessError, stage.read, ["required_field_ids"])

    def test_fields_of_other_models_are_refused(self):
        with self.assertRaises(ValidationError):
            self.stage.required_field_ids = self.env["ir.model.fields"]._get(
                "res.partner", "name"
            )

    # === What the web client asks for === #

    def _refuse(self, deals, **values):
        """Move deals into the stage, and return what the web client gets."""
        with self.assertRaises(ValidationError) as refusal, self.env.cr.savepoint():
            deals.write({"stage_id": self.stage.id, **values})
        answer = json.loads(json.dumps(serialize_exception(refusal.exception)))
        self.assertEqual(answer["name"], "odoo.exceptions.ValidationError")
        self.assertIn("it needs", answer["message"])
        return answer["context"]

    def test_refusal_of_one_deal_tells_what_to_ask_for(self):
        question = {
            "opportunity": {"id": self.deal.id, "display_name": "New Deal"},
            "stage": {"id": self.stage.id, "display_name": "Negotiation"},
            "field_names": ["date_deadline", "description"],
            "accepted_quote": True,
            "next_activity": True,
        }
        for user, may_override in ((self.salesperson, False), (self.manager, True)):
            with self.subTest(user.name):
                self.assertEqual(
                    self._refuse(self.deal.with_user(user), expected_revenue=100),
                    {"billinator_gate": {**question, "may_override": may_override}},
                )

    def test_nothing_is_asked_for_of_others(self):
        other = self._create_opportunity(name="Second")
        with self.subTest("several at once"):
            self.assertEqual(self._refuse(self.deal + other), {})
        with self.subTest("one that is new"):
            with self.assertRaises(ValidationError) as refusal:
                self._create_opportunity(stage_id=self.stage.id)
            self.assertEqual(serialize_exception(refusal.exception)["context"], {})
        with self.subTest("a reason is to be given, too"):
            self.stages["LOST"].require_next_activity = True
            with self.assertRaises(ValidationError) as refusal:
                self.deal.action_set_lost(self.lost_reason.id)
            self.assertEqual(serialize_exception(refusal.exception)["context"], {})

    def _get_asked(self, names, user=None):
        deal = self.deal.with_user(user or self.env.user).with_context(
            billinator_missing_view_ref=",".join(names)
        )
        arch = etree.fromstring(deal.get_view(self.env.ref(GATE_FORM).id)["arch"])
        return {node.get("name"): node for node in arch.iterfind(".//group/field")}

    def test_form_asks_for_what_is_missing(self):
        deal = self.deal.with_context(billinator_missing_view_ref="date_deadline")
        form = Form(deal.with_user(self.salesperson), GATE_FORM)
        self.assertRaises(AssertionError, form.save)
        form.date_deadline = "2030-01-31"
        form.save()
        self.assertEqual(str(self.deal.date_deadline), "2030-01-31")

    def test_what_is_filled_in_is_saved_with_the_stage(self):
        self._demand("tag_ids", "source_id")
        self._satisfy(self.deal)
        self.deal.date_deadline = False
        tag = self.env["billinator.tag"].create({"name": "Fair"})
        filled_in = {"date_deadline": "2030-01-31", "tag_ids": [Command.link(tag.id)]}
        missing = self._refuse(self.deal, **filled_in)["billinator_gate"]
        self.assertEqual(missing["field_names"], ["source_id"])
        self.assertFalse(self.deal.date_deadline)
        source = self.env["utm.source"].create({"name": "A Fair"})
        self.deal.with_user(self.salesperson).web_save(
            {**filled_in, "source_id": source.id, "stage_id": self.stage.id}, {}
        )
        self.assertEqual(self.deal.stage_id, self.stage)

    def test_form_asks_as_the_usual_one_does(self):
        self._demand("user_id", "tag_ids")
        asked = self._get_asked(["user_id", "tag_ids", "description"])
        self.assertEqual(asked["user_id"].get("widget"), "many2one_avatar_user")
        self.assertEqual(asked["tag_ids"].get("widget"), "many2many_tags")
        self.assertFalse(asked["description"].get("options"))

    def test_form_asks_for_nothing_that_no_stage_demands(self):
        asked = self._get_asked(["email_from", "nonsense", "date_deadline"])
        self.assertEqual(list(asked), ["date_deadline"])

    def test_form_can_ask_for_every_field(self):
        domain = literal_eval(self.stage._fields["required_field_ids"].domain)
        fields = self.env["ir.model.fields"].search(domain)
        self.stage.required_field_ids = fields
        names = fields.mapped("name")
        self.assertGreater(len(names), 20)
        self.assertEqual(set(self._get_asked(names)), set(names))
        # Some are for who may see them.
        self.assertIn("partner_id", self._get_asked(names, self.salesperson))
