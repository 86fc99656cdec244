from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillinatorCommon


@tagged("post_install", "-at_install")
class TestMenus(BillinatorCommon):
    def test_salespeople_open_what_they_are_shown(self):
        root = self.env.ref("billinator_crm.billinator_crm_menu_root")
        shown = self.env["ir.ui.menu"].with_user(self.salesperson)._visible_menu_ids()
        menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id)])
        actions = [menu.action for menu in menus if menu.id in shown and menu.action]
        windows = [one for one in actions if one._name == "ir.actions.act_window"]
        self.assertGreater(len(windows), 5)
        for action in windows:
            with self.subTest(action=action.name):
                Model = self.env[action.res_model].with_user(self.salesperson)
                views = Model.get_views(action.views)["views"]
                for kind in views.keys() & {"list", "kanban", "form"}:
                    arch = etree.fromstring(views[kind]["arch"])
                    names = Model._fields.keys() & set(arch.xpath("//field/@name"))
                    Model.search_read([], list(names), limit=5)


@tagged("post_install", "-at_install")
class TestFilters(BillinatorCommon):
    """Whoever is shown a filter may use it."""

    def _get_filters(self, user):
        """Give model and node of all that ``user`` finds in the app's search menus."""
        views = self.env["ir.ui.view"].search(
            [("type", "=", "search"), ("model", "=like", "billinator.%")]
        )
        for view in views:
            Model = self.env[view.model].with_user(user)
            if Model.has_access("read"):
                arch = etree.fromstring(Model.get_view(view.id, "search")["arch"])
                for node in arch.iter("filter"):
                    yield Model, node

    def _use(self, Model, node):
        """Do what the web client does with a filter, and tell what kind it is of."""
        if domain := node.get("domain"):
            Model.search(safe_eval(domain, {"uid": Model.env.uid}), limit=1)
            return "domain"
        if group := node.get("date"):
            group = f"{group}:month"
        else:
            group = safe_eval(node.get("context"))["group_by"]
        # Of properties, it groups by those that a team has defined.
        if group != "opportunity_properties":
            Model.formatted_read_group([], [group], ["__count"])
        return "group"

    def _use_all(self, user):
        used = set()
        for Model, node in self._get_filters(user):
            with self.subTest(model=Model._name, filter=node.get("name")):
                used.add(self._use(Model, node))
        self.assertEqual(used, {"domain", "group"})

    def test_of_salespeople(self):
        self._use_all(self.salesperson)

    def test_of_administrators(self):
        self._use_all(self.manager)
