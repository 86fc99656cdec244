import { browser } from "@web/core/browser/browser";
import { makeErrorFromResponse, rpc } from "@web/core/network/rpc";
import { stepUtils } from "@web_tour/tour_utils";

export const openCrm = () => [
    stepUtils.showAppsMenuItem(),
    {
        content: "Open the CRM",
        trigger: ".o_app[data-menu-xmlid='billinator_crm.billinator_crm_menu_root']",
        run: "click",
    },
];

/** Open a page of the app by its menu. */
export const openMenu = (name) => [
    {
        content: "Open the menu",
        trigger: ".o_menu_sections [data-menu-xmlid='billinator_crm.billinator_crm_menu_sales']",
        run: "click",
    },
    {
        content: `Open ${name}`,
        trigger: `.o-dropdown--menu [data-menu-xmlid='billinator_crm.${name}']`,
        run: "click",
    },
];

/** Type a name into a many2one field and choose the record of that name. */
export const choose = (field, name) => [
    {
        content: `Look for ${name}`,
        trigger: `${field} input`,
        run: `edit ${name}`,
    },
    {
        content: `Choose ${name}`,
        trigger: `.o-autocomplete--dropdown-item > a:contains("${name}")`,
        run: "click",
    },
];

export const clickAction = (name, content) => ({
    content,
    trigger: `.o_statusbar_buttons button[name='${name}']:enabled`,
    run: "click",
});

export const checkState = (label) => ({
    content: `The quote is ${label}`,
    trigger: `.o_statusbar_status .o_arrow_button_current:contains("${label}")`,
});

/** Show what a list finds by a name, and nothing else. */
export const search = (name) => [
    {
        content: `Only ${name}`,
        trigger: ".o_searchview_input",
        run: `edit ${name}`,
    },
    {
        trigger: ".o_searchview_autocomplete",
    },
    {
        trigger: ".o_searchview_input",
        run: "press Enter",
    },
    {
        trigger: `.o_searchview_facet:contains('${name}')`,
    },
];

/** Click with the middle button, which opens another tab and leaves this one alone. */
export const openTab = (trigger, path, content) => ({
    content,
    trigger,
    async run({ anchor }) {
        const { open } = browser;
        const opened = new Promise((resolve) => {
            browser.open = (url) => {
                resolve(url);
                return window;
            };
        });
        anchor.dispatchEvent(new MouseEvent("auxclick", { bubbles: true, button: 1 }));
        const url = await opened;
        browser.open = open;
        if (!url.includes(path)) {
            throw new Error(`The tab has ${url}`);
        }
    },
});

/** Let a method's next call fail. */
export const failNext = (method, error) => ({
    content: `${method} will fail`,
    trigger: "body",
    run() {
        const { _rpc } = rpc;
        rpc._rpc = (url, ...question) => {
            if (!url.endsWith(`/${method}`)) {
                return _rpc(url, ...question);
            }
            rpc._rpc = _rpc;
            return Promise.reject(error);
        };
    },
});

/** An error as the server answers it. */
export const makeServerError = (name) =>
    makeErrorFromResponse({ message: "Odoo Server Error", data: { name, message: "No" } });
