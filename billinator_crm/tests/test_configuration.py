from ast import literal_eval
from datetime import date

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorCommon
from .view_specification import get_specification


class ConfigurationCase(BillinatorCommon):
    def _open(self, menu, user):
        """Return the action of a menu, which the user must see."""
        menu = self.env.ref(f"billinator_crm.{menu}").with_user(user)
        self.assertIn(menu.id, menu._visible_menu_ids())
        return menu.action._get_action_dict()

    def _read_all_views(self, action, user):
        """Return what each view of an action shows to the user, by its type."""
        Model = self.env[action["res_model"]].with_user(user)
        domain = literal_eval(action["domain"] or "[]")
        return {
            view_type: Model.web_search_read(
                domain, get_specification(Model, view_type, view_id)
            )["records"]
            for view_id, view_type in action["views"]
        }

    def _edit(self, action, user):
        """Return a form to make a record of an action."""
        views = {view_type: view_id for view_id, view_type in action["views"]}
        Model = self.env[action["res_model"]].with_user(user)
        Model = Model.with_context(**literal_eval(action["context"]))
        return Form(Model, view=views["form"] or None)


@tagged("post_install", "-at_install")
class TestModels(ConfigurationCase):
    def test_records_are_found_by_their_names(self):
        for name, Model in self.env.items():
            is_ours = Model._original_module == "billinator_crm"
            if is_ours and not (Model._abstract or Model._transient):
                with self.subTest(model=name):
                    self.assertTrue(Model._rec_names_search or Model._rec_name)

    def test_empty_lists_tell_what_they_are_for(self):
        for menu in self.env["ir.ui.menu"].search([("action", "!=", False)]):
            xml_id = menu.action.get_external_id()[menu.action.id]
            is_ours = xml_id.startswith("billinator_crm.")
            is_list = "list" in (getattr(menu.action, "view_mode", None) or "")
            if is_ours and is_list:
                with self.subTest(action=xml_id):
                    self.assertTrue(menu.action.help)


@tagged("post_install", "-at_install")
class TestSettings(ConfigurationCase):
    def test_units_are_shown(self):
        """The web client leaves out text that stands in a setting on its own."""
        view = self.env.ref("billinator_crm.res_config_settings_view_form")
        for node in etree.fromstring(view.arch).iterfind(".//setting/*"):
            self.assertFalse((node.tail or "").strip(), node.get("name"))


@tagged("post_install", "-at_install")
class TestProducts(ConfigurationCase):
    """What Odoo's own sales app has menus for, and this one without it."""

    def test_salespeople_look_at_products(self):
        action = self._open("product_template_menu", self.salesperson)
        for view_type, products in self._read_all_views(
            action, self.salesperson
        ).items():
            with self.subTest(view=view_type):
                ids = [product["id"] for product in products]
                self.assertIn(self.product_a.product_tmpl_id.id, ids)

    def test_administrators_make_pricelists_and_quotes_follow_them(self):
        with Form(self.env["res.config.settings"]) as settings:
            settings.group_product_pricelist = True
        settings.record.execute()
        action = self._open("product_pricelist_menu", self.manager)
        with self._edit(action, self.manager) as pricelist:
            pricelist.name = "Retailers"
            with pricelist.item_ids.new() as rule:
                rule.compute_price = "fixed"
                rule.fixed_price = 700
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        with Form(Quote) as quote:
            quote.partner_id = self.customer
            quote.pricelist_id = pricelist.record
            with quote.line_ids.new() as line:
                line.product_id = self.product_a
        self.assertEqual(quote.record.line_ids.price_unit, 700)
        with self.assertRaises(AccessError):
            pricelist.record.with_user(self.salesperson).item_ids.fixed_price = 1


@tagged("post_install", "-at_install")
class TestActivitySettings(ConfigurationCase):
    def _create_plan(self, model, user):
        return (
            self.env["mail.activity.plan"]
            .with_user(user)
            .create(
                {
                    "name": "Welcome",
                    "res_model": model,
                    "template_ids": [Command.create({"summary": "Call"})],
                }
            )
        )

    def test_administrators_change_activity_types(self):
        action = self._open("mail_activity_type_menu", self.manager)
        with self._edit(action, self.manager) as activity_type:
            activity_type.name = "Visit"
            activity_type.billinator_type = "meeting"
        with self.assertRaises(AccessError):
            activity_type.record.with_user(self.senior).name = "Trip"
        activity_type.record.unlink()

    def test_plans_of_administrators_fill_the_agenda_of_a_deal(self):
        call = self.env.ref("mail.mail_activity_data_call")
        action = self._open("mail_activity_plan_menu", self.manager)
        with self._edit(action, self.manager) as plan:
            plan.name = "New customer"
            for summary, days in (("Get to know", 1), ("Follow up", 8)):
                with plan.template_ids.new() as step:
                    step.activity_type_id = call
                    step.summary = summary
                    step.delay_count = days
                    step.delay_from = "after_plan_date"
        for plans in self._read_all_views(action, self.manager).values():
            self.assertIn(plan.record.id, [values["id"] for values in plans])
        deal = self._create_opportunity(user_id=self.salesperson.id)
        dialog = (
            self.env["mail.activity.schedule"]
            .with_user(self.salesperson)
            .with_context(active_model=deal._name, active_ids=deal.ids)
            .create(
                {
                    "plan_id": plan.record.id,
                    "plan_date": "2031-05-05",
                    "plan_on_demand_user_id": self.salesperson.id,
                }
            )
        )
        dialog.action_schedule_plan()
        rows = self.env["billinator.activity"].search(
            [("opportunity_id", "=", deal.id)]
        )
        self.assertEqual(rows.user_id, self.salesperson)
        self.assertEqual(set(rows.mapped("type")), {"call"})
        self.assertEqual(
            [(row.summary, row.activity_id.date_deadline) for row in rows],
            [("Get to know", date(2031, 5, 6)), ("Follow up", date(2031, 5, 13))],
        )

    def test_administrators_change_the_plans_of_the_crm_alone(self):
        for model in ("billinator.opportunity", "billinator.quote", "res.partner"):
            plan = self._create_plan(model, self.manager)
            plan.template_ids.summary = "Visit"
            for user in (self.senior, self.salesperson):
                for record in (plan, plan.template_ids):
                    self.assertTrue(record.with_user(user).has_access("read"))
                    self.assertFalse(record.with_user(user).has_access("write"))
            plan.unlink()
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self._create_plan("product.template", self.manager)
        foreign = self._create_plan("product.template", self.env.user)
        for record in (foreign, foreign.template_ids):
            for operation in ("write", "unlink"):
                self.assertFalse(record.with_user(self.manager).has_access(operation))
