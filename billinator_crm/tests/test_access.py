from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged

from .common import BillinatorCommon, BillinatorInvoicingCommon
from .view_specification import get_specification

# The button of each dialog, and who may press it.
WIZARDS = {
    # First, for it would need another approval.
    "billinator.quote.discount": ("action_apply", "salesperson"),
    "billinator.activity.complete": ("action_complete", "salesperson"),
    "billinator.approval.refuse": ("action_refuse", "manager"),
    "billinator.opportunity.gate": ("action_move", "manager"),
    "billinator.opportunity.handover": ("action_hand_over", "senior"),
    "billinator.opportunity.lost": ("action_mark_lost", "salesperson"),
    "billinator.opportunity.merge": ("action_merge", "salesperson"),
    "billinator.quote.extend": ("action_extend", "salesperson"),
    "billinator.quote.compare": ("action_open", "salesperson"),
    "billinator.quote.invoice": ("action_create_invoice", "salesperson"),
    "billinator.quote.reject": ("action_reject", "salesperson"),
    "billinator.tag.assign": ("action_assign", "salesperson"),
}
# The dialogs that only show something.
READERS = {"billinator.quote.compare"}
INTRUDERS = ("colleague", "accountant", "stranger", "portal", "internal")


class AccessCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_outsiders()
        cls.opportunity = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.other_opportunity = cls._create_opportunity(user_id=cls.salesperson.id)
        cls.quote = cls._create_quote(user_id=cls.salesperson.id)
        cls.sent_quote = cls._create_quote(user_id=cls.salesperson.id, state="sent")
        cls.activity = cls._create_activity()
        cls.tag = cls.env["billinator.tag"].create({"name": "Test Tag"})

    @classmethod
    def _create_outsiders(cls):
        """Create users who have nothing to do with sales."""
        cls.portal = new_test_user(
            cls.env, "billinator_portal", "base.group_portal", company_id=cls.company.id
        )
        cls.portal.partner_id.parent_id = cls.customer
        cls.internal = new_test_user(
            cls.env, "billinator_internal", "base.group_user", company_id=cls.company.id
        )

    @classmethod
    def _create_activity(cls):
        """Create an activity of the salesperson's opportunity."""
        return cls.env["billinator.activity"].create(
            {
                "opportunity_id": cls.opportunity.id,
                "type": "call",
                "user_id": cls.salesperson.id,
            }
        )

    @classmethod
    def _get_our_models(cls):
        """Return the models that this addon and those on top of it define."""
        names = cls.env["ir.model"].search([("model", "=like", "billinator.%")])
        models = [cls.env[name] for name in names.mapped("model")]
        return [model for model in models if not model._abstract]

    def _snapshot(self):
        """Return all that is stored of the salesperson's documents."""
        self.env.flush_all()
        self.env.invalidate_all()
        opportunities = self.opportunity + self.other_opportunity
        records = (opportunities, self.quote + self.sent_quote)
        stored = [
            recordset.sudo().read(
                [
                    name
                    for name, field in recordset._fields.items()
                    if field.store and field.column_type
                ]
            )
            for recordset in (*records, self.quote.line_ids)
        ]
        counts = [
            self.env[model].sudo().search_count([])
            for model in ("account.move", "mail.message", "billinator.opportunity")
        ]
        return stored, self.quote.sudo().tag_ids.ids, counts


@tagged("post_install", "-at_install")
class TestRights(AccessCase):
    def test_every_model_has_access_lines(self):
        for model in self._get_our_models():
            lines = self.env["ir.model.access"].search(
                [("model_id.model", "=", model._name)]
            )
            self.assertTrue(lines, model._name)
            self.assertTrue(all(lines.mapped("group_id")), f"{model._name}: no group")

    def test_every_model_with_company_has_a_company_rule(self):
        with_company = [
            model for model in self._get_our_models() if "company_id" in model._fields
        ]
        self.assertTrue(with_company)
        for model in with_company:
            rules = self.env["ir.rule"].search(
                [
                    ("model_id.model", "=", model._name),
                    ("groups", "=", False),
                    ("domain_force", "like", "company_ids"),
                ]
            )
            self.assertTrue(rules, model._name)

    def test_companies(self):
        for role in ("manager", "senior", "salesperson", "accountant"):
            user = getattr(self, role)
            user.company_ids += self.company_b
            for record in (self.quote, self.quote.line_ids):
                record = record.with_user(user)
                here = record.with_context(allowed_company_ids=self.company.ids)
                there = record.with_context(allowed_company_ids=self.company_b.ids)
                both = (self.company_b + self.company).ids
                self.assertTrue(here.has_access("read"))
                self.assertFalse(there.has_access("read"))
                self.assertTrue(
                    record.with_context(allowed_company_ids=both).has_access("read")
                )

    def test_documents_are_assigned_to_colleagues_alone(self):
        quote = self.quote.with_user(self.manager)
        for document in (self.opportunity.with_user(self.manager), quote):
            for assign in (
                lambda document=document: document.write({"user_id": self.portal.id}),
                lambda document=document: document.copy({"user_id": self.portal.id}),
            ):
                with self.assertRaisesRegex(ValidationError, "not a colleague"):
                    assign()
            self.assertNotIn(self.portal.partner_id, document.message_partner_ids)

    def test_documents_are_handed_over_in_the_web_client(self):
        """Whoever gives a document away sees it as it was, with what was written."""
        for document, name in ((self.opportunity, "name"), (self.quote, "note")):
            document = document.with_user(self.salesperson)
            shown = get_specification(document, "form")
            before = document.web_read(shown)
            with self.subTest(document._name):
                values = {"user_id": self.colleague.id, name: "Handed over"}
                self.assertEqual(
                    document.web_save(values, shown),
                    [
                        {
                            **before[0],
                            name: "Handed over",
                            "user_id": {
                                "id": self.colleague.id,
                                "display_name": self.colleague.display_name,
                            },
                        }
                    ],
                )
                self.assertEqual(document.sudo().user_id, self.colleague)
                with self.assertRaises(AccessError):
                    document.web_save({name: "Still mine"}, shown)

    def test_a_lead_gets_its_customer_and_goes_to_a_colleague_at_once(self):
        lead = self._create_opportunity(
            partner_id=False, contact_name="Ada Byron", user_id=self.salesperson.id
        )
        lead.with_user(self.salesperson).web_save(
            {"partner_id": self.customer.id, "user_id": self.colleague.id},
            {"name": {}},
        )
        self.assertEqual(lead.user_id, self.colleague)
        self.assertEqual(lead.contact_ids.name, "Ada Byron")
        self.assertEqual(lead.contact_ids.create_uid, self.salesperson)

    def test_what_is_saved_are_values(self):
        for values in (float("nan"), False, [["name", "A"]]):
            with self.assertRaisesRegex(UserError, "values by field"):
                self.opportunity.web_save(values, {})

    def test_some_of_several_documents_are_handed_over(self):
        deals = (self.opportunity | self.other_opportunity).with_user(self.salesperson)
        deals[0].sudo().user_id = False
        rows = deals.web_save({"user_id": self.colleague.id}, {"user_id": {}})
        self.assertEqual(
            [(row["id"], row["user_id"]) for row in rows],
            [(deal.id, self.colleague.id) for deal in deals],
        )
        rows = self.opportunity.web_save(
            {"user_id": False}, {"user_id": {}, "name": {}}
        )
        self.assertEqual(
            rows,
            [
                {
                    "id": self.opportunity.id,
                    "user_id": False,
                    "name": self.opportunity.name,
                }
            ],
        )

    def test_who_is_no_colleague_any_more_stops_nobody(self):
        deal = self.opportunity.with_user(self.manager)
        self.salesperson.group_ids = self.env.ref("base.group_portal")
        deal.write({"name": "Renamed", "partner_id": self.customer.id})
        self.assertEqual(deal.user_id, self.salesperson)
        self.customer.user_id = self.salesperson
        Quote = self.env["billinator.quote"].with_user(self.manager)
        quote = Quote.create({"partner_id": self.customer.id})
        self.assertEqual(quote.user_id, self.manager)

    def test_a_rule_that_hides_a_stage_hides_no_deal(self):
        hidden, usual = self.stages["NEGOTIATION"], self.stages["PROPOSAL"]
        self.opportunity.stage_id = hidden
        self.env["ir.rule"].create(
            {
                "name": "Stages that salespeople see",
                "model_id": self.quick_ref("billinator_crm.model_billinator_stage").id,
                "domain_force": str([("id", "!=", hidden.id)]),
            }
        )
        deals = (self.opportunity + self.other_opportunity).with_user(self.salesperson)
        self.env.invalidate_all()
        names = {row["stage_id"][1] for row in deals.read(["stage_id"])}
        self.assertEqual(names, {hidden.name, self.other_opportunity.stage_id.name})
        deals.stage_id = usual
        self.assertEqual(deals.stage_id, usual)


@tagged("post_install", "-at_install")
class TestBranch(BillinatorCommon):
    """A branch's salespeople work for customers of the parent company, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.company.id}
        )
        cls.clerk = cls.env["res.users"].create(
            cls._prepare_user("clerk", "sales_team.group_sale_salesman", cls.branch)
        )
        cls.customer.company_id = cls.company
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Grace Hopper",
                "parent_id": cls.customer.id,
                "company_id": cls.company.id,
            }
        )
        cls.contact = cls.customer.contact_ids

    def _log_note(self, user, **values):
        Note = self.env["billinator.note"].with_user(user)
        return Note.create({"subject": "Called", **values})

    def _plan(self, document):
        """Plan something in the chatter of a document and return its row."""
        planned = document.activity_schedule("mail.mail_activity_data_call")
        return planned.sudo()._get_rows()

    def _assert_readable(self, records, user, readable=True):
        self.env.invalidate_all()
        found = records.with_user(user).search([("id", "in", records.ids)])
        self.assertEqual(found.ids, records.ids if readable else [])
        self.assertEqual(records.with_user(user).has_access("read"), readable)

    def test_contacts_and_what_is_about_the_customer_alone(self):
        customer = self.customer.with_user(self.clerk)
        note = self._log_note(
            self.clerk, partner_id=customer.id, contact_id=self.contact.id
        )
        activity = self._plan(customer)
        self.assertEqual(note.company_id.sudo(), self.company)
        self.assertEqual(activity.company_id, self.company)
        for records in (note, activity, self.contact):
            self._assert_readable(records, self.clerk)
            self._assert_readable(records, self.salesperson)
            self._assert_readable(records, self.stranger, False)
        note.write({"subject": "Called again"})
        activity.with_user(self.clerk).action_complete()
        self.assertEqual(activity.status, "done")

    def test_quotes_are_printed(self):
        quote = self._create_quote(
            company_id=self.branch.id,
            user_id=self.clerk.id,
            contact_id=self.contact.id,
        )
        self.env.invalidate_all()
        report = self.env["ir.actions.report"].with_user(self.clerk)
        page, _kind = report._render_qweb_html(
            "billinator_crm.billinator_quote_report", quote.ids
        )
        self.assertIn("Grace Hopper", page.decode())

    def test_documents_of_the_parent_company_stay_closed(self):
        deal = self._create_opportunity(user_id=False)
        quote = self._create_quote(user_id=False, opportunity_id=deal.id)
        documents = {"opportunity_id": deal, "quote_id": quote}
        for name, document in documents.items():
            note = self._log_note(self.manager, **{name: document.id})
            activity = self._plan(document.with_user(self.manager))
            for records in (document, note, activity):
                self._assert_readable(records, self.salesperson)
                self._assert_readable(records, self.clerk, False)


@tagged("post_install", "-at_install")
class TestMethods(AccessCase, BillinatorInvoicingCommon):
    """What dialogs, statistics and views let through; see test_rights_methods, too."""

    def test_mails_come_through_the_gateway_alone(self):
        """Who mails does not know what a stage demands; who calls over RPC does."""
        for name in ("message_new", "message_update"):
            with self.assertRaises(AccessError):
                get_public_method(self.env["billinator.opportunity"], name)

    def test_accountants_do_not_convert(self):
        """Not even an accepted quote, which nothing else would keep them from."""
        self.quote.action_accept()
        with self.assertRaises(AccessError):
            self.quote.with_user(self.accountant).action_convert_to_invoice()
        self.assertFalse(self.quote.invoice_ids)

    def test_statistics_tell_nothing(self):
        Opportunity = self.env["billinator.opportunity"]
        domain = [("id", "in", self.opportunity.ids)]
        for role in ("accountant", "portal", "internal"):
            with self.assertRaises(AccessError):
                Opportunity.with_user(getattr(self, role)).get_pipeline_statistics(
                    domain
                )
        for role in ("colleague", "stranger"):
            statistics = Opportunity.with_user(
                getattr(self, role)
            ).get_pipeline_statistics(domain)
            self.assertEqual(statistics["overall"]["count"], 0)

    def _prepare_wizards(self):
        """Return the values of each wizard, by model."""
        opportunities = (self.opportunity + self.other_opportunity).ids
        own = self._create_opportunity(user_id=self.salesperson.id)
        self.env["billinator.approval.rule"].create({"name": "Low", "max_total": 1})
        return {
            "billinator.approval.refuse": {
                "quote_ids": [Command.set(self.quote.ids)],
                "reason": "Because",
            },
            "billinator.quote.compare": {"new_version_id": self.quote.id},
            "billinator.activity.complete": {
                "activity_ids": [Command.set(self.activity.ids)]
            },
            "billinator.opportunity.gate": {
                "opportunity_ids": [Command.set(self.other_opportunity.ids)],
                "stage_id": self.stages["QUALIFIED"].id,
                "reason": "Because",
            },
            "billinator.opportunity.handover": {
                "opportunity_ids": [Command.set(own.ids)],
                "user_id": self.colleague.id,
            },
            "billinator.opportunity.lost": {
                "opportunity_ids": [Command.set(opportunities)],
                "lost_reason_id": self.lost_reason.id,
            },
            "billinator.opportunity.merge": {
                "opportunity_ids": [Command.set(opportunities)],
                "target_id": self.opportunity.id,
            },
            "billinator.quote.extend": {
                "quote_ids": [Command.set(self.sent_quote.ids)],
                "validity_date": "2099-01-01",
            },
            "billinator.quote.discount": {"quote_id": self.quote.id, "percentage": 5},
            "billinator.quote.invoice": {"quote_id": self.sent_quote.id},
            "billinator.quote.reject": {"quote_ids": [Command.set(self.quote.ids)]},
            "billinator.tag.assign": {"add_tag_ids": [Command.set(self.tag.ids)]},
        }

    def test_wizards(self):
        dialogs = [model for model in self._get_our_models() if model._transient]
        self.assertEqual({model._name for model in dialogs}, set(WIZARDS))
        values = self._prepare_wizards()
        context = {"active_model": "billinator.quote", "active_ids": self.quote.ids}
        for model, (method, allowed_role) in WIZARDS.items():
            before = self._snapshot()
            for role in INTRUDERS:
                Wizard = (
                    self.env[model]
                    .with_user(getattr(self, role))
                    .with_context(**context)
                )
                self.env.invalidate_all()
                with (
                    self.subTest(wizard=model, role=role),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    getattr(Wizard.create(values[model]), method)()
            self.assertEqual(self._snapshot(), before)
            allowed = getattr(self, allowed_role)
            wizard = self.env[model].with_user(allowed).with_context(**context)
            getattr(wizard.create(values[model]), method)()
            self.assertEqual(self._snapshot() != before, model not in READERS)

    def test_accountants_get_no_buttons_to_change_quotes(self):
        Quote = self.env["billinator.quote"]
        report = self.env.ref("billinator_crm.billinator_quote_report")
        for view_type in ("form", "list"):
            arch = Quote.with_user(self.accountant).get_view(view_type=view_type)
            buttons = etree.fromstring(arch["arch"]).xpath("//button[@type]/@name")
            self.assertLessEqual(
                {name for name in buttons if not name.startswith("action_view_")},
                {"action_add_from_catalog", str(report.id)},
            )
            arch = Quote.with_user(self.salesperson).get_view(view_type=view_type)
            self.assertIn("action_convert_to_invoice", arch["arch"])

    def test_measures_add_up_one_currency_only(self):
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        measures = {
            name
            for name, field in Quote.fields_get().items()
            if field.get("aggregator") == "sum" and field["type"] == "monetary"
        }
        for view_type in ("graph", "pivot"):
            arch = etree.fromstring(Quote.get_view(view_type=view_type)["arch"])
            hidden = set(arch.xpath("//field[@invisible='1']/@name"))
            currencies = {
                Quote._fields[name].get_currency_field(Quote)
                for name in measures - hidden
            }
            self.assertEqual(currencies, {"company_currency_id"})
        self.assertFalse(
            Quote.fields_get(["currency_rate"])["currency_rate"].get("aggregator")
        )

    def test_quotes_open_for_accountants(self):
        """Also those of deals that accountants cannot read."""
        self.quote.opportunity_id = self.opportunity
        self.env.flush_all()
        for view_type in ("list", "form", "kanban"):
            self.env.invalidate_all()
            quote = self.quote.with_user(self.accountant)
            (values,) = quote.web_read(get_specification(quote, view_type))
            self.assertEqual(values["partner_id"]["id"], self.customer.id)
            if view_type == "form":
                self.assertEqual(
                    values["opportunity_id"]["display_name"], self.opportunity.name
                )
