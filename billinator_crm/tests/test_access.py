import inspect
from datetime import date

from lxml import etree

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import BillinatorCommon
from .view_specification import get_specification

MODULE = "odoo.addons.billinator_crm."
OPERATIONS = ("read", "write", "create", "unlink")
# Who may do what: the first letters of the operations. Read, write and unlink are
# tried on documents of ``salesperson``, create with a document of one's own.
RIGHTS = {
    "billinator.stage": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "rwcu",  # Stages belong to all companies.
        "portal": "",
        "internal": "r",
    },
    "billinator.approval.rule": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "c",
        "portal": "",
        "internal": "",
    },
    "billinator.lost.reason": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "rwcu",
        "portal": "",
        "internal": "",
    },
    "billinator.stage.conversion": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "r",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.target": {
        "salesperson": "r",
        "colleague": "",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.tag": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "rwcu",  # Tags belong to all companies.
        "portal": "",
        "internal": "r",
    },
    "billinator.tag.condition": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "rwcu",  # Tags belong to all companies.
        "portal": "",
        "internal": "",
    },
    "billinator.timeline": {
        "salesperson": "r",
        "colleague": "",
        "senior": "r",
        "manager": "r",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.contact": {
        "salesperson": "rwcu",
        "colleague": "rwcu",
        "senior": "rwcu",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "",
        "portal": "",
        "internal": "r",
    },
    "billinator.activity": {
        "salesperson": "rwcu",
        "colleague": "c",
        "senior": "rwcu",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "c",
        "portal": "",
        "internal": "",
    },
    "billinator.activity.outcome": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "rwcu",  # Outcomes belong to all companies.
        "portal": "",
        "internal": "",
    },
    "billinator.note": {
        "salesperson": "rwcu",
        "colleague": "c",
        "senior": "rwc",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "c",
        "portal": "",
        "internal": "",
    },
    "billinator.opportunity": {
        "salesperson": "rwc",
        "colleague": "c",
        "senior": "rwc",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.pipeline.snapshot": {
        "salesperson": "r",
        "colleague": "",
        "senior": "r",
        "manager": "r",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.quote": {
        "salesperson": "rwc",
        "colleague": "c",
        "senior": "rwc",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.quote.line": {
        "salesperson": "rwcu",
        "colleague": "",
        "senior": "rwcu",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.quote.installment": {
        "salesperson": "rwcu",
        "colleague": "",
        "senior": "rwcu",
        "manager": "rwcu",
        "accountant": "r",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.quote.template": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
    "billinator.quote.template.line": {
        "salesperson": "r",
        "colleague": "r",
        "senior": "r",
        "manager": "rwcu",
        "accountant": "",
        "stranger": "",
        "portal": "",
        "internal": "",
    },
}
# The button of each dialog, and who may press it.
WIZARDS = {
    # First, for it would need another approval.
    "billinator.quote.discount": ("action_apply", "salesperson"),
    "billinator.activity.complete": ("action_complete", "salesperson"),
    "billinator.approval.refuse": ("action_refuse", "manager"),
    "billinator.opportunity.gate": ("action_move", "manager"),
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
        cls.records = {
            "billinator.activity": cls._create_activity(),
            "billinator.contact": cls._create_contact(),
            "billinator.opportunity": cls.opportunity,
            "billinator.pipeline.snapshot": cls._take_snapshot(),
            "billinator.quote": cls.quote,
            "billinator.quote.line": cls.quote.line_ids,
            "billinator.stage.conversion": cls._create_conversion(),
            "billinator.timeline": cls.env["billinator.timeline"].search(
                [
                    ("opportunity_id", "=", cls.opportunity.id),
                    ("kind", "=", "opportunity"),
                ]
            ),
        }
        for model, values in cls._prepare_records().items():
            cls.records[model] = cls.env[model].create(values)
        template = cls.records["billinator.quote.template"]
        cls.records["billinator.quote.template.line"] = template.line_ids

    @classmethod
    def _prepare_records(cls):
        """Return the values of the records that need no more than that, by model."""
        rule = cls.env["billinator.tag"].create({"name": "Rule"})
        return {
            "billinator.activity.outcome": {"name": "Rang off"},
            "billinator.approval.rule": {"name": "Millions", "max_total": 1e9},
            "billinator.lost.reason": {"name": "Too far away"},
            "billinator.note": {
                "opportunity_id": cls.opportunity.id,
                "user_id": cls.salesperson.id,
                "subject": "Theirs",
            },
            "billinator.quote.installment": {
                "quote_id": cls.quote.id,
                "percentage": 30,
            },
            "billinator.quote.template": {
                "name": "Ours",
                "company_id": cls.company.id,
                "line_ids": [Command.create({"product_id": cls.product_a.id})],
            },
            "billinator.stage": {"name": "Trial", "code": "TRIAL"},
            "billinator.tag": {"name": "Test Tag"},
            "billinator.tag.condition": {
                "tag_id": rule.id,
                "metric": "frequency",
                "value": 1,
            },
            "billinator.target": {"user_id": cls.salesperson.id, "amount": 1000},
        }

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
    def _create_contact(cls):
        """Create a contact of a customer that belongs to the company."""
        customer = cls.env["res.partner"].create(
            {"name": "Ours", "is_company": True, "company_id": cls.company.id}
        )
        return cls.env["billinator.contact"].create(
            {"name": "Ours, too", "customer_id": customer.id}
        )

    @classmethod
    def _create_conversion(cls):
        # Only the cron may count.
        conversions_sudo = cls.env["billinator.stage.conversion"].sudo()
        return conversions_sudo.create(
            {
                "company_id": cls.company.id,
                "stage_id": cls.stages["LEAD"].id,
                "age_from": 1,
            }
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
    def _take_snapshot(cls):
        """Return the salesperson's opportunity in a snapshot."""
        Snapshot = cls.env["billinator.pipeline.snapshot"]
        Snapshot._take(date(2026, 1, 5))
        return Snapshot.search([("opportunity_id", "=", cls.opportunity.id)], limit=1)

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
    def test_table_names_every_model(self):
        self.assertEqual(
            {
                model._name
                for model in self._get_our_models()
                if model._original_module == "billinator_crm"
            },
            {*RIGHTS, *WIZARDS},
        )

    def test_rights(self):
        for model, by_role in RIGHTS.items():
            for role, rights in by_role.items():
                for operation in OPERATIONS:
                    with self.subTest(model=model, role=role, operation=operation):
                        self.assertEqual(
                            self._is_allowed(model, role, operation),
                            operation[0] in rights,
                        )

    def _is_allowed(self, model, role, operation):
        user = getattr(self, role)
        record = self.records[model].with_user(user)
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint() as savepoint:
                getattr(self, f"_try_{operation}")(record)
                self.env.flush_all()
                savepoint.rollback()
        except (AccessError, MissingError):
            # Events that one may not see are not there.
            return False
        return True

    def _try_read(self, record):
        record.read(["display_name"])
        self.assertTrue(record.display_name)
        self.assertTrue(record.search([("id", "=", record.id)]))

    def _try_write(self, record):
        # A contact's name is the person's, which has rights of its own.
        fields = {
            "billinator.contact": "department",
            "billinator.activity": "outcome",
            "billinator.note": "subject",
            "billinator.pipeline.snapshot": "opportunity_name",
            "billinator.tag.condition": "value",
            "billinator.target": "amount",
        }
        field = fields.get(record._name, "name")
        record.write({field: 7 if field in ("amount", "value") else "Changed"})

    def _try_unlink(self, record):
        record.unlink()

    def _try_create(self, record):
        values = {**self._prepare_new(), **self._prepare_new_of_quotes(record.env.uid)}
        record.create(values[record._name])

    def _prepare_new(self):
        """Return the values of new records of one's own, by model."""
        return {
            "billinator.activity": {"partner_id": self.customer.id, "type": "call"},
            "billinator.activity.outcome": {"name": "Another"},
            "billinator.approval.rule": {"name": "Another", "max_total": 1e9},
            "billinator.contact": {
                "person_id": self.internal.partner_id.id,
                "customer_id": self.records["billinator.contact"].customer_id.id,
            },
            "billinator.lost.reason": {"name": "Another"},
            "billinator.note": {"partner_id": self.customer.id, "subject": "Another"},
            "billinator.opportunity": {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "name": "Another",
            },
            "billinator.pipeline.snapshot": {"opportunity_name": "Another"},
            "billinator.stage": {"name": "Another", "code": "ANOTHER"},
            "billinator.stage.conversion": {
                "company_id": self.company.id,
                "stage_id": self.stages["LEAD"].id,
                "age_from": 2,
            },
            "billinator.tag": {"name": "Another"},
            "billinator.tag.condition": {
                "tag_id": self.records["billinator.tag"].id,
                "metric": "monetary",
                "value": 5,
            },
            "billinator.target": {
                "user_id": self.senior.id,
                "company_id": self.company.id,
                "amount": 1,
            },
            "billinator.timeline": {"title": "Another"},
        }

    def _prepare_new_of_quotes(self, user_id):
        return {
            "billinator.quote": {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "user_id": user_id,
            },
            "billinator.quote.line": {
                "quote_id": self.quote.id,
                "product_id": self.product_a.id,
            },
            "billinator.quote.installment": {
                "quote_id": self.quote.id,
                "percentage": 10,
            },
            "billinator.quote.template": {
                "name": "Another",
                "company_id": self.company.id,
            },
            "billinator.quote.template.line": {
                "template_id": self.records["billinator.quote.template"].id,
                "product_id": self.product_a.id,
            },
        }

    def test_own_rights_create_for_oneself_only(self):
        Opportunity = self.env["billinator.opportunity"].with_user(self.colleague)
        for owner in (self.salesperson, self.senior):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                Opportunity.create(
                    {"name": "x", "contact_name": "x", "user_id": owner.id}
                )
        unassigned = Opportunity.create(
            {"name": "x", "contact_name": "x", "user_id": False}
        )
        self.assertEqual(unassigned.with_user(self.salesperson).name, "x")

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
            for model in ("billinator.quote", "billinator.quote.line"):
                record = self.records[model].with_user(user)
                here = record.with_context(allowed_company_ids=self.company.ids)
                there = record.with_context(allowed_company_ids=self.company_b.ids)
                both = (self.company_b + self.company).ids
                self.assertTrue(here.has_access("read"))
                self.assertFalse(there.has_access("read"))
                self.assertTrue(
                    record.with_context(allowed_company_ids=both).has_access("read")
                )


@tagged("post_install", "-at_install")
class TestMethods(AccessCase):
    """Our public methods can be called over RPC, by anybody, on any id."""

    def _get_methods(self, model):
        """Return the names of the public record methods that the addon defines."""
        return [
            name
            for name, function in inspect.getmembers(type(model), inspect.isfunction)
            if function.__module__.startswith(MODULE)
            and not name.startswith("_")
            and not getattr(function, "_api_private", False)
            and not getattr(function, "_api_model", False)
        ]

    def _get_arguments(self, name):
        return {
            "action_extend": ["2030-01-01"],
            "action_move_to_month": ["2030-01-01"],
            "action_override_gate": [self.stages["QUALIFIED"].id, "No"],
            "action_apply_discount": [10],
            "action_apply_template": self.records["billinator.quote.template"].ids,
            "action_invoice_down_payment": [20],
            "action_reschedule": ["2030-01-01 10:00:00"],
            "action_set_lost": [self.lost_reason.id, "No"],
            "message_update": [{}],
            "action_refuse_approval": ["No"],
            "get_version_diff": [self.quote.id],
            "merge_opportunities": [self.other_opportunity.ids],
            "write": [{"name": "Changed"}],
        }.get(name, [])

    def test_all_refused_without_rights(self):
        tried = set()
        for model in (
            "billinator.activity",
            "billinator.opportunity",
            "billinator.quote",
            "billinator.quote.installment",
        ):
            record = self.records[model]
            for name in self._get_methods(record):
                tried.add(name)
                for role in INTRUDERS:
                    with self.subTest(method=name, role=role):
                        self._assert_refused(record, name, getattr(self, role))
        self.assertLessEqual(
            {"action_set_won", "merge_opportunities", "action_convert_to_invoice"},
            tried,
        )

    def _assert_refused(self, record, name, user):
        before = self._snapshot()
        self.env.invalidate_all()
        try:
            with self.env.cr.savepoint():
                getattr(record.with_user(user), name)(*self._get_arguments(name))
                self.env.flush_all()
        except AccessError:
            refused = True
        else:
            refused = False
        self.assertEqual(self._snapshot(), before)
        # What only opens a view of documents that the user may read, is no secret.
        may_read = record.with_user(user).has_access("read")
        only_opens = name.startswith(("action_view_", "get_version_diff"))
        self.assertTrue(refused or (may_read and only_opens))

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
        self.records["billinator.approval.rule"].max_total = 1
        return {
            "billinator.approval.refuse": {
                "quote_ids": [Command.set(self.quote.ids)],
                "reason": "Because",
            },
            "billinator.quote.compare": {"new_version_id": self.quote.id},
            "billinator.activity.complete": {
                "activity_ids": [Command.set(self.records["billinator.activity"].ids)]
            },
            "billinator.opportunity.gate": {
                "opportunity_ids": [Command.set(self.other_opportunity.ids)],
                "stage_id": self.stages["QUALIFIED"].id,
                "reason": "Because",
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
            "billinator.tag.assign": {
                "add_tag_ids": [Command.set(self.records["billinator.tag"].ids)]
            },
        }

    def test_wizards(self):
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
            self.assertEqual(measures - hidden, {"amount_untaxed_company"})
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
