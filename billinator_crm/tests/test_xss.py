import json

from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .rights import RightsCase

# Computed Html that need not be sanitized, and why.
UNSANITIZED = {
    # Rendered by QWeb, which escapes what the quotes say.
    ("billinator.quote.compare", "changes"),
    # Columns of note, activity and message, sanitized there.
    ("billinator.timeline", "body"),
}
# Texts that are no free text, and what they have to be.
FORMATTED = {
    ("billinator.quote", "access_token"),
    ("billinator.stage", "code"),
    ("billinator.tag", "partner_domain"),
}
# Odoo's own names, which show up everywhere.
NAMES = {
    "crm.team": ("name",),
    "product.product": ("name", "description_sale", "default_code"),
    "res.partner": ("name", "street", "city", "phone", "function", "comment", "ref"),
}
# Views that show records, and others that may sum them up.
READABLE = ("list", "kanban", "form")
VIEW_TYPES = (*READABLE, "calendar", "activity", "graph", "pivot")

# Shows one thing after the other: actions in the web client, pages in a frame.
SHOW_ALL = """
const steps = %s, blind = [];
const services = () => odoo.__WOWL_DEBUG__.root.env.services;
const frame = () => new Promise(requestAnimationFrame);

async function until(isReached) {
    for (let frames = 0; frames < 300 && !isReached(); frames++) await frame();
}
function isLive({ name, value }) {
    if (!value.includes("XSS")) return false;
    return name.startsWith("on") || /^\\s*javascript:/i.test(value);
}
async function look(step, root, find) {
    const isShown = () => find()?.innerHTML.includes("XSS");
    if (step.mustShow) await until(isShown);
    if (step.mustShow && !isShown()) blind.push(step.label);
    for (const element of root.querySelectorAll("*")) {
        const live = [...element.attributes].find(isLive);
        if (live) console.error(`live ${live.name} in ${step.label}: ${live.value}`);
    }
}
async function showPage(step) {
    const page = document.createElement("iframe");
    const loaded = new Promise((resolve) => page.addEventListener("load", resolve));
    step.html ? (page.srcdoc = step.html) : (page.src = step.url);
    document.body.append(page);
    await loaded;
    await look(step, page.contentDocument, () => page.contentDocument.body);
    page.remove();
}
async function showAction(step) {
    await services().action.doAction(step.action, step.options);
    await frame();
    for (const tab of document.querySelectorAll(".o_notebook_headers .nav-link")) {
        tab.click();
        await frame();
    }
    if (document.querySelector(".o-mail-Chatter")) {
        await until(() => document.querySelector(".o-mail-Message"));
    }
    const place = step.action.target === "new" ? ".modal" : ".o_action_manager";
    await look(step, document, () => document.querySelector(place));
    if (step.action.target === "new") {
        await services().action.doAction({ type: "ir.actions.act_window_close" });
    }
}
async function showEffect(step) {
    services().effect.add(step.effect);
    await look(step, document, () => document.body);
}
(async () => {
    try {
        for (const step of steps) {
            if (step.action) await showAction(step);
            else if (step.effect) await showEffect(step);
            else await showPage(step);
        }
        if (blind.length) console.error(`nothing to see in ${blind.join(", ")}`);
        console.log("test successful");
    } catch (error) {
        console.error(`${error.message} ${error.stack}`);
    }
})();
"""


def attack(label):
    """Return a text that tells the browser's console if it is taken for code."""
    run = f"console.error('XSS {label}')"
    return (
        f'XSS\'"><script>{run}</script><img src="data:,x" onerror="{run}"/>'
        f'<svg onload="{run}"></svg><a href="javascript:{run}">XSS</a>'
        f'{{{{ {run} }}}}<t t-out="{run}"/>${{{run}}}'
    )


@tagged("post_install", "-at_install")
class TestXss(RightsCase, HttpCase):
    """What somebody types is shown, and never run."""

    def test_html_is_sanitized(self):
        unsanitized = {
            (model, name)
            for addon in (
                "billinator_crm",
                "billinator_crm_documents",
                "billinator_crm_margin",
                "billinator_crm_rest",
            )
            for model, records in self._get_models(addon).items()
            for name, field in records._fields.items()
            if field.type == "html" and not field.sanitize
        }
        self.assertEqual(unsanitized, UNSANITIZED)

    def test_nothing_typed_is_run(self):
        user = new_test_user(
            self.env,
            "billinator_reader",
            "base.group_system,base.group_partner_manager,sales_team.group_sale_manager"
            ",account.group_account_manager",
            company_id=self.company.id,
        )
        user.odoobot_state = "disabled"
        self.records = self._fill_records(user)
        self._show(
            "/odoo",
            "odoo.isReady === true && Boolean(odoo.__WOWL_DEBUG__)",
            user,
            [
                *self._get_view_steps(),
                *self._get_action_steps(),
                *self._get_other_steps(user),
            ],
        )
        is_loaded = "document.readyState === 'complete'"
        self._show("/my", is_loaded, self.portal, self._get_portal_steps())

    def _show(self, path, ready, user, steps):
        self.browser_js(
            path,
            SHOW_ALL % json.dumps(steps, default=str),
            ready,
            login=user.login,
            timeout=240,
        )

    # === What is typed === #

    def _fill_records(self, user):
        """Return a record of each model, with an attack in each of its texts."""
        place = self._get_place("own", user)
        records = {}
        for model, Model in self._get_models("billinator_crm").items():
            if not Model._abstract and not Model._transient:
                # Others are about the deal and the quote.
                records[model] = (
                    self._get_document(model, place)
                    if model in ("billinator.opportunity", "billinator.quote")
                    else self._make(model, place)
                )
        self._link(records)
        for record in records.values():
            self._attack(record, self._get_texts(record))
        for model, names in NAMES.items():
            for record in self._get_named_records(model):
                self._attack(record, names)
        for record in records.values():
            if hasattr(record, "message_post"):
                record.message_post(body=attack("message"), subject=attack("subject"))
                record.message_post(body=Markup(f"<p>{attack('mail')}</p>"))
        records["billinator.quote"].state = "sent"
        return records

    def _link(self, records):
        """Have deal and quote show what is named elsewhere."""
        deal, quote = records["billinator.opportunity"], records["billinator.quote"]
        tag = self.env["billinator.tag"].create({"name": attack("tag")})
        deal.write(
            {
                "stage_id": records["billinator.stage"].id,
                "tag_ids": [Command.link(tag.id)],
                "team_id": self._get_team().id,
            }
        )
        quote.write({"opportunity_id": deal.id, "tag_ids": [Command.link(tag.id)]})
        quote.line_ids[0].product_id = self.product_a
        self.portal.partner_id.parent_id = self.customer

    def _get_named_records(self, model):
        return {
            "crm.team": self._get_team(),
            "product.product": self.product_a,
            "res.partner": self.customer + self._get_our_customer(),
        }[model]

    def _get_texts(self, record):
        """Return the texts that are typed somewhere, by customers as well."""
        return [
            name
            for name, field in record._fields.items()
            if field.type in ("char", "text", "html") and field.store
            if not (field.readonly and (field.compute or field.inherited))
            if record._auto and (record._name, name) not in FORMATTED
        ]

    def _attack(self, record, names):
        for name in names:
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    record.sudo().write({name: attack(f"{record._name}.{name}")})
                    self.env.flush_all()
            except (UserError, IntegrityError) as error:
                # What Odoo keeps underneath, a partner's VAT number for one, is its.
                if not record._fields[name].inherited:
                    self.fail(f"{record._name}.{name} is no free text: {error}")

    # === Where it is shown === #

    def _get_view_steps(self):
        """Return steps for each view that there is of our models."""
        views = self.env["ir.ui.view"].search(
            [("model", "in", list(self.records)), ("type", "in", VIEW_TYPES)]
        )
        for model, record in self.records.items():
            types = {view.type for view in views if view.model == model}
            for view_type in VIEW_TYPES:
                if view_type in types:
                    action = {
                        "type": "ir.actions.act_window",
                        "res_model": model,
                        "views": [[False, view_type]],
                        "res_id": record.id if view_type == "form" else False,
                        "domain": [("id", "=", record.id)],
                        "context": {"active_test": False},
                    }
                    yield {
                        "label": f"{model} {view_type}",
                        "action": action,
                        "mustShow": view_type in READABLE
                        and bool(self._get_texts(record)),
                    }

    def _get_action_steps(self):
        """Return steps for what our menus open, in the way they open it."""
        ours = self.env["ir.model.data"].search(
            [
                ("module", "=", "billinator_crm"),
                ("model", "in", ["ir.actions.act_window", "ir.actions.client"]),
            ]
        )
        for data in ours:
            action = self.env[data.model].browse(data.res_id)
            if data.model == "ir.actions.client":
                yield {"label": data.name, "action": action.id}
            elif action.target == "current" and action.res_model in self.records:
                for view_type in set(action.view_mode.split(",")) & set(READABLE[:2]):
                    yield {
                        "label": f"{data.name} {view_type}",
                        "action": action.id,
                        "options": {"viewType": view_type},
                    }

    def _get_other_steps(self, user):
        """Return steps for mails, the rainbow man, the printed quote and its page."""
        quote = self.records["billinator.quote"].with_user(user)
        yield {"label": "composer", "action": quote.action_send(), "mustShow": True}
        templates = self.env["mail.template"].search([("model", "=", quote._name)])
        for template in templates:
            html = template._render_field("body_html", quote.ids)[quote.id]
            yield {"label": template.name, "html": html, "mustShow": True}
        message = self.records["billinator.opportunity"].get_won_message()
        effect = {"type": "rainbow_man", "message": message}
        yield {"label": "won", "effect": effect, "mustShow": True}
        report = "billinator_crm.billinator_quote_report"
        for url in (f"/report/html/{report}/{quote.id}", quote.get_portal_url()):
            yield {"label": url, "url": url, "mustShow": True}

    def _get_portal_steps(self):
        quote = self.records["billinator.quote"]
        return [
            {"label": url, "url": url, "mustShow": True}
            for url in ("/my/crm-quotes", quote.access_url)
        ]
