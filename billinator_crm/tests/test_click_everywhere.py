from odoo.tests import HttpCase, tagged

# The robot tries filters where it finds the toggler of their menu.
CLICK_EVERYWHERE = """
    const find = document.querySelector.bind(document);
    document.querySelector = (selector) =>
        selector.endsWith(".o_searchview_dropdown_toggler") && (%s)
            ? null
            : find(selector);
    odoo.loader.modules
        .get("@web/webclient/clickbot/clickbot_loader")
        .startClickEverywhere("billinator_crm.billinator_crm_menu_root");
"""

# They find the same in each view: where there is a list, they are tried there.
IN_LISTS = "find('.o_switch_view.o_list:not(.active)')"
NOWHERE = "true"


@tagged("post_install", "-at_install")
class TestClickEverywhere(HttpCase):
    """Odoo's robot opens every menu and view of the app, and once every filter."""

    def _click_everywhere(self, login, no_filters):
        self.browser_js(
            "/odoo",
            CLICK_EVERYWHERE % no_filters,
            "odoo.isReady === true",
            login=login,
            timeout=600,
            success_signal="clickbot test succeeded",
        )

    def test_as_administrator(self):
        self.env.ref("base.user_admin").tour_enabled = False
        self._click_everywhere("admin", no_filters=IN_LISTS)

    def test_as_demo_salesperson(self):
        demo = self.env.ref("base.user_demo")
        demo.group_ids += self.env.ref("sales_team.group_sale_salesman")
        self._click_everywhere("demo", no_filters=NOWHERE)
