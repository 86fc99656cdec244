"""What the fuzz tests find in their database: users, records, and what is secret.

This runs in Odoo's shell. It also tells which models and public methods there are.
"""

import base64
import datetime
import inspect
import io
import json
from collections import defaultdict
from pathlib import Path

from reportlab.pdfgen import canvas

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.service.model import get_public_method
from odoo.tools import SQL
from odoo.tools.sql import table_columns

ADDONS = (
    "billinator_crm",
    "billinator_crm_documents",
    "billinator_crm_margin",
    "billinator_crm_recurring",
    "billinator_crm_rest",
)
PACKAGES = tuple(f"odoo.addons.{addon}." for addon in ADDONS)
OUR_MIXINS = (
    "billinator.annotated.mixin",
    "billinator.batch.tracking.mixin",
    "billinator.document.mixin",
)
PEOPLE = "base.group_partner_manager"
# Those who call, and two who only have secrets.
USERS = {
    "own": ("sales_team.group_sale_salesman", PEOPLE),
    "all": ("sales_team.group_sale_salesman_all_leads", PEOPLE),
    "manager": ("sales_team.group_sale_manager", PEOPLE),
    "portal": ("base.group_portal",),
    "outsider": ("base.group_user",),
    "colleague": ("sales_team.group_sale_salesman", PEOPLE),
    "foreigner": ("sales_team.group_sale_manager", PEOPLE),
}
CALLERS = ("own", "all", "manager", "portal", "outsider")
# What the texts of secret records say, and whose they are.
CANARIES = {"colleague": "Qxkolibri", "foreign": "Qxflamingo"}
OWNERS = {"colleague": "colleague", "foreign": "foreigner"}
# Texts that the server itself goes by.
WORKING_TEXTS = {
    *("res_model", "model", "code", "url", "lang", "tz", "partner_domain", "mimetype"),
    *("store_fname", "checksum", "db_datas", "res_field", "type", "message_id"),
    *("vat", "email_layout_xmlid"),
}
TEXT_TYPES = ("char", "text", "html")
DOCUMENTS = 8


def set_up(env, path, mail_port):
    """Make everything, and write down in a JSON file what a test has to know."""
    env["ir.mail_server"].create(
        {
            "name": "Catcher",
            "smtp_host": "127.0.0.1",
            "smtp_port": mail_port,
            "smtp_encryption": "none",
        }
    )
    world = World(env)
    world.make()
    facts = {
        "models": describe_models(env),
        "callers": CALLERS,
        "owners": OWNERS,
        "keys": world.keys,
        "uids": {login: user.id for login, user in world.users.items()},
        "ids": world.ids,
        "secrets": world.secrets,
        "canaries": CANARIES,
        "category": env["res.partner.category"].create({"name": "Any"}).id,
        "companies": {"home": world.home.id, "far": world.far.id},
    }
    env.cr.commit()
    Path(path).write_text(json.dumps(facts))


def _draw_pdf():
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer)
    page.drawString(72, 720, "Words")
    page.save()
    return base64.b64encode(buffer.getvalue()).decode()


def describe_models(env):
    """Return our models and those with methods of ours, with fields and methods."""
    described = {}
    for name in sorted(env.registry):
        is_ours = env[name]._original_module in ADDONS
        methods = _describe_methods(env[name])
        if is_ours or any(method["is_ours"] for method in methods.values()):
            described[name] = {
                "is_ours": is_ours,
                "is_abstract": env[name]._abstract,
                "table": env[name]._table,
                "columns": sorted(table_columns(env.cr, env[name]._table)),
                "fields": {
                    field.name: {
                        "type": field.type,
                        "relation": field.comodel_name,
                        "is_ours": not set(ADDONS).isdisjoint(field._modules),
                        "is_stored": bool(field.store),
                        "is_readonly": bool(field.readonly),
                    }
                    for field in env[name]._fields.values()
                },
                "methods": methods,
            }
    return described


def _describe_methods(model):
    methods = {}
    for name in dir(type(model)):
        try:
            method = get_public_method(model, name)
        except (AccessError, AttributeError):
            continue
        methods[name] = {
            "is_ours": any(
                getattr(vars(cls).get(name), "__module__", "").startswith(PACKAGES)
                # A mixin of Odoo's with a method of ours is a model of its own.
                and cls._name in (model._name, *OUR_MIXINS)
                for cls in type(model).mro()
                if issubclass(cls, BaseModel)
            ),
            "has_ids": not getattr(method, "_api_model", False),
            "parameters": [
                parameter.name
                for parameter in inspect.signature(method).parameters.values()
                if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            ][1:],
        }
    return methods


class World:
    """Makes the records; ``ids`` are those of callers, ``secrets`` those of others."""

    def __init__(self, env):
        self.env = env
        self.home = env.ref("base.main_company")
        self.far = env["res.company"].create({"name": "Far Away"})
        self.product = env["product.product"].create(
            {"name": "Anything", "list_price": 90.0}
        )
        self.users = {login: self._make_user(login) for login in USERS}
        self.keys = {login: self._make_key(user) for login, user in self.users.items()}
        self.ids = {login: defaultdict(list) for login in CALLERS}
        self.secrets = {whose: defaultdict(list) for whose in CANARIES}

    def make(self):
        for login in ("own", "all", "manager"):
            self._remember(self.ids[login], self._make_documents(login))
        config = self._make_config(self.users["manager"], self.home)
        for login in CALLERS:
            self._remember(self.ids[login], config)
        self._remember(self.ids["portal"], self._make_offers())
        self._remember(self.secrets["colleague"], self._make_documents("colleague"))
        foreigner = self.users["foreigner"]
        for records in (
            self._make_documents("foreigner"),
            self._make_config(foreigner, self.far),
        ):
            self._remember(self.secrets["foreign"], records)
        # All of our own company see its customers, and what is for everybody.
        for model in ("res.partner", "billinator.contact"):
            self.secrets["colleague"].pop(model, None)
        for whose, canary in CANARIES.items():
            for model, ids in self.secrets[whose].items():
                self._fill_with(canary, self.env[model].browse(ids))

    def _make_user(self, login):
        company = self.far if login == "foreigner" else self.home
        return self.env["res.users"].create(
            {
                "name": login.title(),
                "login": f"fuzz_{login}",
                "password": login,
                "email": f"{login}@our.example",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.set([self.env.ref(group).id for group in USERS[login]])
                ],
            }
        )

    def _make_key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        tomorrow = datetime.datetime.now() + datetime.timedelta(days=1)
        return keys._generate("rpc", "Fuzz", tomorrow)

    @staticmethod
    def _remember(ids, recordsets):
        for records in recordsets:
            ids[records._name].extend(records.ids)

    def _make_documents(self, login):
        """Yield a user's documents, what hangs on them, and dialogs."""
        user = self.users[login]
        env = self.env(user=user, su=False, context={"tracking_disable": True})
        customer = env["res.partner"].create(
            {
                "name": f"Customer of {login}",
                "is_company": True,
                "email": f"{login}@customer.example",
                "company_id": user.company_id.id,
            }
        )
        about = {"partner_id": customer.id, "user_id": user.id}
        deals = env["billinator.opportunity"].create(
            [
                {**about, "name": f"Deal {number}", "expected_revenue": 100.0}
                for number in range(DOCUMENTS)
            ]
        )
        quotes = self._make_quotes(env, about, deals)
        activities = self._make_activities(env, deals)
        contacts = self._make_contacts(env, customer)
        yield from (customer, deals, quotes, quotes.line_ids, activities)
        yield from (contacts, contacts.person_id, activities.activity_id)
        yield env["billinator.quote.installment"].create(
            [{"quote_id": quote.id, "percentage": 10.0} for quote in quotes[2:6]]
        )
        yield env["billinator.note"].create(
            [{"opportunity_id": deal.id, "subject": "Talk"} for deal in deals]
        )
        yield self._make_messages([*deals, *quotes[:4]])
        yield self._make_attachments(deals)
        yield from self._make_dialogs(env, deals, quotes, activities)

    def _make_activities(self, env, deals):
        return env["billinator.activity"].create(
            [
                {
                    "opportunity_id": deal.id,
                    "type": "call",
                    "summary": "Call",
                    "due_date": "2026-01-01 10:00:00",
                    "user_id": env.uid,
                }
                for deal in deals
            ]
        )

    def _make_contacts(self, env, customer):
        return env["billinator.contact"].create(
            [
                {"customer_id": customer.id, "name": f"{number} of {customer.name}"}
                for number in range(4)
            ]
        )

    def _make_quotes(self, env, about, deals):
        line = {"product_id": self.product.id, "quantity": 2, "price_unit": 50.0}
        quotes = env["billinator.quote"].create(
            [
                {**about, "opportunity_id": deal.id, "line_ids": [Command.create(line)]}
                for deal in deals
            ]
        )
        quotes[:4].action_mark_sent()
        quotes[:1].action_accept()
        quotes[1:2].action_revise()
        return quotes + quotes.next_version_id

    def _make_messages(self, documents):
        messages = self.env["mail.message"]
        for document in documents:
            posted = document.message_post(body="Words", subject="Subject")
            messages += posted.with_env(self.env)
        return messages

    def _make_attachments(self, documents):
        return self.env["ir.attachment"].create(
            [
                {
                    "name": "File",
                    "raw": b"Words",
                    "res_model": document._name,
                    "res_id": document.id,
                }
                for document in documents
            ]
        )

    def _make_dialogs(self, env, deals, quotes, activities):
        deal, quote = deals[0], quotes[3]
        reason = env["billinator.lost.reason"].search([], limit=1)
        stage = env["billinator.stage"].search([], limit=1)
        many = Command.set
        for model, values in {
            "activity.complete": {"activity_ids": [many(activities[:2].ids)]},
            "approval.refuse": {"quote_ids": [many(quote.ids)], "reason": "No"},
            "opportunity.gate": {
                "opportunity_ids": [many(deal.ids)],
                "stage_id": stage.id,
                "reason": "So",
            },
            "opportunity.handover": {
                "opportunity_ids": [many(deals[:2].ids)],
                "user_id": env.uid,
            },
            "opportunity.lost": {
                "opportunity_ids": [many(deal.ids)],
                "lost_reason_id": reason.id,
            },
            "opportunity.merge": {"opportunity_ids": [many(deals[:2].ids)]},
            "quote.compare": {"new_version_id": quotes[1].id},
            "quote.discount": {"quote_id": quote.id, "percentage": 5.0},
            "quote.extend": {"quote_ids": [many(quote.ids)]},
            "quote.invoice": {"quote_id": quote.id, "percentage": 5.0},
            "quote.reject": {"quote_ids": [many(quote.ids)], "reason": "No"},
            "tag.assign": {},
        }.items():
            dialogs = env[f"billinator.{model}"]
            if dialogs.has_access("create"):
                yield dialogs.create(values)

    def _make_config(self, user, company):
        """Yield what administrators set up for a company, or for all of them."""
        env = self.env(context={"allowed_company_ids": company.ids})
        here = {"company_id": company.id}
        team = env["crm.team"].create({"name": f"Team {company.name}", **here})
        template = env["billinator.quote.template"].create(
            {
                "name": "Template",
                **here,
                "line_ids": [Command.create({"product_id": self.product.id})],
            }
        )
        segment = env["billinator.tag"].create(
            {"name": f"Segment {company.name}", "is_segment": True, **here}
        )
        condition = env["billinator.tag.condition"].create(
            {"tag_id": segment.id, "metric": "monetary", "value": 1e9}
        )
        yield from (team, template, template.line_ids, segment, condition)
        yield env["billinator.target"].create(
            {
                "user_id": user.id,
                **here,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "amount": 1000.0,
            }
        )
        yield env["billinator.approval.rule"].create(
            {"name": "Rule", **here, "max_total": 1e9}
        )
        yield env["billinator.quote.document"].create(
            {"name": "Terms", "file": _draw_pdf(), **here}
        )
        yield from self._make_log(env, user, company)
        if company == self.home:
            yield from self._make_common_config(env)

    def _make_common_config(self, env):
        for number in range(3):
            yield env["billinator.stage"].create(
                {"name": f"Stage {number}", "code": f"FUZZ{number}", "status": "open"}
            )
            yield env["billinator.lost.reason"].create({"name": f"Reason {number}"})
            yield env["billinator.tag"].create({"name": f"Tag {number}"})
            yield env["billinator.activity.outcome"].create(
                {"name": f"Outcome {number}"}
            )

    def _make_log(self, env, user, company):
        """Yield what is written down by the system for a company."""
        here = {"company_id": company.id}
        stage = env["billinator.stage"].search([], limit=1)
        yield env["billinator.pipeline.snapshot"].create(
            {
                **here,
                "date": "2020-01-01",
                "taken_at": "2020-01-01 12:00:00",
                "opportunity_key": company.id,
                "opportunity_name": "Deal",
                "status": "open",
                "expected_revenue": 50.0,
            }
        )
        yield env["billinator.stage.conversion"].create(
            {**here, "stage_id": stage.id, "age_from": 1000}
        )
        yield from self._make_webhook(env, user, here)
        yield env["billinator.external.reference"].create(
            {**here, "ref": f"ref-{company.id}", "model": "billinator.opportunity"}
        )
        yield env["billinator.idempotency.key"].create(
            {"user_id": user.id, "key": f"key-{user.id}", "request_hash": "hash"}
        )

    def _make_webhook(self, env, user, here):
        webhook = env["billinator.webhook"].create(
            {
                "name": "Webhook",
                "url": "https://receiver.example/",
                "user_id": user.id,
                **here,
            }
        )
        yield webhook
        yield env["billinator.webhook.delivery"].create(
            {
                "webhook_id": webhook.id,
                "event": "webhook.test",
                "event_uuid": f"uuid-{webhook.id}",
                "payload": "{}",
            }
        )

    def _make_offers(self):
        """Yield the quotes that the customer on the portal may see."""
        portal, seller = self.users["portal"], self.users["own"]
        customer = self.env["res.partner"].create(
            {"name": "Portal Inc.", "is_company": True}
        )
        portal.partner_id.parent_id = customer
        env = self.env(user=seller, su=False)
        line = {"product_id": self.product.id, "quantity": 1}
        quotes = env["billinator.quote"].create(
            [
                {"partner_id": customer.id, "line_ids": [Command.create(line)]}
                for _number in range(4)
            ]
        )
        quotes.action_mark_sent()
        yield from (quotes, portal.partner_id, customer)

    def _fill_with(self, canary, records):
        """Have every text of the records say the canary, past all rules."""
        self.env.flush_all()
        for field in records._fields.values():
            if (
                field.type in TEXT_TYPES
                and field.store
                and field.column_type
                and not field.inherited
                and not field.company_dependent
                and field.name not in WORKING_TEXTS
            ):
                text = SQL("%s || '-' || id", canary)
                if field.translate:
                    text = SQL("jsonb_build_object('en_US', %s)", text)
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET %s = %s WHERE id IN %s",
                        SQL.identifier(records._table),
                        SQL.identifier(field.name),
                        text,
                        tuple(records.ids) or (0,),
                    )
                )
        self.env.invalidate_all()
