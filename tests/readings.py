"""What people and programs read all day: the pages of the app, and the REST API's GETs.

A reading is a function without arguments that does it once; each has a name.
"""

from functools import partial
from xml.etree import ElementTree

APP = "billinator_crm.billinator_crm_menu_root"
DEAL = "billinator.opportunity"
SNAPSHOT = "billinator.pipeline.snapshot"
# What pages ask for that show no view, and what views ask for beside their records.
METHODS = {
    "dashboard": ("billinator.dashboard", "get_dashboard", {"period": "year"}),
    "pipeline statistics": (DEAL, "get_pipeline_statistics"),
    "forecast": (DEAL, "get_forecast"),
    "My Day": ("billinator.activity", "get_day_overview"),
    "pending activities": ("billinator.activity", "get_pending"),
    "upcoming activities": ("billinator.activity", "get_upcoming"),
    "import of deals": (DEAL, "get_import_templates"),
    "import of quotes": ("billinator.quote", "get_import_templates"),
    "import of notes": ("billinator.note", "get_import_templates"),
    "import of activities": ("billinator.activity", "get_import_templates"),
    "import of contacts": ("billinator.contact", "get_import_templates"),
}
REPORT = "/report/html/billinator_crm.billinator_quote_report"
PAGE = 80


def prepare(web):
    """Have something to read where the demo data has nothing."""
    web.call(SNAPSHOT, "action_take_snapshot")
    [customer] = web.call("res.partner", "create", [{"name": "A customer"}])
    web.call("billinator.note", "create", [{"partner_id": customer, "body": "A talk"}])


class WebReadings:
    """What the web client reads on the pages of the app.

    :param web: a ``clients.WebClient``
    """

    def __init__(self, web):
        self._web = web
        self.paths = set()

    def get_all(self):
        """Return the readings by name."""
        methods = {name: partial(self._call, *call) for name, call in METHODS.items()}
        readings = {**methods, **self._get_bridges(), **self._get_documents()}
        for menu, action in self._load_actions():
            if action["type"] == "ir.actions.act_window" and action["target"] != "new":
                readings |= self._get_views(menu, action)
        return readings

    def _get_bridges(self):
        days = self._call(SNAPSHOT, "get_dates")
        return {"bridge": partial(self._call, SNAPSHOT, "get_bridge", days[-1])}

    def _get_documents(self):
        """Return the readings about one customer and one deal."""
        domain = [["partner_id", "!=", False]]
        [deal] = self._call(DEAL, "search_read", domain, ["partner_id"], limit=1)
        partner_id, _name = deal["partner_id"]
        timeline = partial(self._call, "billinator.timeline", "get_timeline")
        of_deal = partial(self._call, DEAL)
        return {
            "timeline of a customer": partial(timeline, partner_id=partner_id),
            "timeline of a deal": partial(timeline, opportunity_id=deal["id"]),
            "a customer's metrics": partial(
                self._call, "res.partner", "get_customer_metrics", [partner_id]
            ),
            "a deal's quotes": partial(of_deal, "action_view_quotes", [deal["id"]]),
            "a deal's notes": partial(of_deal, "action_view_notes", [deal["id"]]),
            **self._get_quotes(),
        }

    def _get_quotes(self):
        """Return the readings about a draft, which somebody is about to send."""
        model = "billinator.quote"
        domain = [["state", "=", "draft"], ["line_ids.product_id", "!=", False]]
        [quote] = self._call(model, "search", domain, limit=1)
        return {
            "a draft to send": partial(self._call, model, "action_send", [quote]),
            "a draft on paper": partial(self._get, f"{REPORT}/{quote}"),
            "the customer's list": partial(self._get, "/my/crm-quotes"),
        }

    def _load_actions(self):
        """Give where each menu of the app is, and its action."""
        menus = self._get("/web/webclient/load_menus").json()
        [app] = [menu for menu in menus.values() if menu["xmlid"] == APP]
        path = "/web/action/load"
        self.paths.add(path)
        for place, action_id in _find_actions(menus, app):
            yield place, self._web.request(path, action_id=action_id)

    def _get_views(self, menu, action):
        """Return the readings of each kind of view that an action shows."""
        model = action["res_model"]
        answer = self._call(model, "get_views", action["views"])
        fields = {name: one["fields"] for name, one in answer["models"].items()}
        readings = {}
        for kind, view in answer["views"].items():
            if read := getattr(self, f"_read_{kind}", None):
                arch = ElementTree.fromstring(view["arch"])
                readings[f"{menu}: {kind}"] = partial(read, model, fields, arch)
        return readings

    # === What each kind of view asks for === #

    def _read_list(self, model, fields, arch):
        specification = _specify(arch, fields, model)
        self._call(model, "web_search_read", [], specification, limit=PAGE)

    def _read_kanban(self, model, fields, arch):
        group = arch.get("default_group_by")
        if not group:
            return self._read_list(model, fields, arch)
        self._call(
            *(model, "web_read_group", [], [group], ["__count"]),
            auto_unfold=True,
            unfold_read_specification=_specify(arch, fields, model),
        )

    def _read_form(self, model, fields, arch):
        ids = self._call(model, "search", [], limit=1)
        self._call(model, "web_read", ids, _specify(arch, fields, model))

    def _read_graph(self, model, fields, arch):
        groups = [
            _group(node) for node in arch.iter("field") if node.get("type") != "measure"
        ]
        self._call(model, "formatted_read_group", [], groups, ["__count"])

    def _read_pivot(self, model, fields, arch):
        rows = [
            _group(node) for node in arch.iter("field") if node.get("type") == "row"
        ]
        grouping_sets = [[], rows]
        self._call(
            model, "formatted_read_grouping_sets", [], grouping_sets, ["__count"]
        )

    def _get(self, path):
        self.paths.add(path)
        return self._web.get(path)

    def _call(self, model, method, *arguments, **options):
        self.paths.add(f"/web/dataset/call_kw/{model}/{method}")
        return self._web.call(model, method, *arguments, **options)


def _find_actions(menus, parent, place=()):
    """Give where each menu below another one is, and the id of its action."""
    for number in parent["children"]:
        menu = menus[str(number)]
        names = (*place, menu["name"])
        if menu["actionID"]:
            yield " / ".join(names), menu["actionID"]
        yield from _find_actions(menus, menu, names)


def _group(node):
    interval = node.get("interval")
    return f"{node.get('name')}:{interval}" if interval else node.get("name")


def _specify(node, fields, model):
    """Return the ``web_read`` specification of the fields in a view."""
    specification = {}
    for child in node:
        if child.tag == "field":
            name = child.get("name")
            specification[name] = _specify_field(child, fields, fields[model][name])
        else:
            specification |= _specify(child, fields, model)
    return specification


def _specify_field(node, fields, field):
    if field["type"] == "many2one":
        return {"fields": {"display_name": {}}}
    if field["type"] in ("one2many", "many2many") and len(node):
        return {"fields": _specify(node, fields, field["relation"]), "limit": PAGE}
    return {}


class RestReadings:
    """Every GET that the REST API describes.

    :param api: a ``clients.Rest``
    :param web: a ``clients.WebClient`` of a user who sees all that there is
    """

    MODELS = {
        "opportunity_id": DEAL,
        "quote_id": "billinator.quote",
        "activity_id": "billinator.activity",
        "note_id": "billinator.note",
        "contact_id": "billinator.contact",
    }

    def __init__(self, api, web):
        self._api = api
        self._web = web
        self.paths = set()

    def get_all(self):
        """Return the readings by name."""
        ids = {name: self._find(model) for name, model in self.MODELS.items()}
        [contact] = self._web.call(
            "billinator.contact", "read", [ids["contact_id"]], ["customer_id"]
        )
        ids["customer_id"], _name = contact["customer_id"]
        described = self._api.fetch("/openapi.json")["paths"]
        return {
            f"GET /api{path}": partial(self._get, path.format(**ids))
            for path, methods in described.items()
            # No quote is signed.
            if "get" in methods and not path.endswith("/signature")
        }

    def _find(self, model):
        [record_id] = self._web.call(model, "search", [], limit=1)
        return record_id

    def _get(self, path):
        self.paths.add(f"/api{path}")
        self._api.get(path).raise_for_status()
