from odoo.tests import HttpCase, tagged

# The robot tries filters where it finds the toggler of their menu: nowhere, as
# test_filters uses all of them.
CLICK_EVERYWHERE = """
    const find = document.querySelector.bind(document);
    document.querySelector = (selector) =>
        selector.endsWith(".o_searchview_dropdown_toggler") ? null : find(selector);
    odoo.loader.modules
        .get("@web/webclient/clickbot/clickbot_loader")
        .startClickEverywhere("billinator_crm.billinator_crm_menu_root");
"""


@tagged("post_install", "-at_install")
class TestClickEverywhere(HttpCase):
    """Odoo's robot opens every menu and view of the app."""

    def test_as_administrator(self):
        self.env.ref("base.user_admin").tour_enabled = False
        self.browser_js(
            "/odoo",
            CLICK_EVERYWHERE,
            "odoo.isReady === true",
            login="admin",
            timeout=600,
            success_signal="clickbot test succeeded",
        )
