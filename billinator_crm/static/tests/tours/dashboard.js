import { registry } from "@web/core/registry";
import { failNext, makeServerError, openTab } from "./tour_steps";

const click = (trigger, content) => ({ content, trigger, run: "click" });

const fail = (message) => {
    throw new Error(message);
};

/** Assert that the URL has, or has not, the filter. */
const checkUrl = (key, value, content) => ({
    content,
    trigger: ".o_crm_dashboard_page[aria-busy=false] .o_crm_dashboard_card",
    run: () => {
        const found = new URL(window.location).searchParams.get(key);
        if (found !== value) {
            fail(`The URL says ${key}=${found}, and not ${value}`);
        }
    },
});

const isReady = (content) => ({
    content,
    trigger: ".o_crm_dashboard_page[aria-busy=false] .o_crm_dashboard_card",
});

/** Open a figure and assert that its list has as many rows as it says. */
const drillDown = (figure, content) => [
    {
        content: `${content}: remember the count`,
        trigger: `.o_crm_dashboard_page[aria-busy=false] ${figure}`,
        run({ anchor }) {
            window.dashboardCount = Number(anchor.dataset.count);
            anchor.click();
        },
    },
    {
        content: `${content}: the list has the same number`,
        trigger: ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record:not(.o_kanban_ghost)",
        run: () => {
            const rows = document.querySelectorAll(
                ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record:not(.o_kanban_ghost)"
            );
            if (rows.length !== window.dashboardCount) {
                fail(`${rows.length} rows, and the figure says ${window.dashboardCount}`);
            }
        },
    },
    click(".o_back_button", `${content}: and back`),
    isReady("The dashboard again"),
];

const choosePeriod = (value) => ({
    content: `Choose the period: ${value}`,
    trigger: ".o_crm_dashboard_period",
    run: `select ${value}`,
});

const choosePerson = [
    click("button[data-filter=users]", "Whose deals"),
    click(".o_crm_dashboard_options .o-dropdown-item:contains('Dashboard Seller')", "Hers"),
    {
        content: "The button says so",
        trigger: "button[data-filter=users].active:contains('Dashboard Seller')",
    },
];

/** From figures to their lists and back; the filters stay in the URL. */
registry.category("web_tour.tours").add("billinator_crm_dashboard", {
    steps: () => [
        isReady("It opens"),
        choosePeriod("year"),
        checkUrl("period", "year", "The period is in the URL"),
        ...choosePerson,
        {
            content: "Hers are three",
            trigger: ".o_crm_dashboard_card[data-figure=open] button[data-count='3']",
        },
        {
            content: "The chart is drawn",
            trigger: ".o_crm_dashboard_chart canvas[width]",
        },
        openTab(
            ".o_crm_dashboard_card[data-figure=open] button[data-count]",
            "/odoo/crm-dashboard/",
            "Open deals in another tab"
        ),
        ...drillDown(".o_crm_dashboard_card[data-figure=open] button[data-count]", "Open deals"),
        checkUrl("period", "year", "The period is still there"),
        ...drillDown(".o_crm_dashboard_card[data-figure=won] button[data-count]", "Won deals"),
        ...drillDown("[data-bars=stages] button[data-count]", "A stage"),
        ...drillDown("[data-bars=funnel] button[data-count]", "A step of the funnel"),
        ...drillDown("[data-bars=lost_reasons] button[data-count]", "A lost reason"),
        ...drillDown(".o_crm_dashboard_month", "A month"),
        ...drillDown(".o_crm_dashboard_full button[data-count]", "Targets"),
        click(".o_crm_dashboard_targets button:contains('Dashboard Seller')", "Hers"),
        {
            content: "What was won, and what is open",
            trigger: ".o_breadcrumb:contains('Dashboard Seller, ')",
        },
        { content: "Five deals", trigger: ".o_list_view .o_data_row:nth-child(5)" },
        click(".o_back_button", "Back"),
        isReady("The dashboard once more"),
        openTab(
            ".o_crm_dashboard_deals a[href*='/opportunities/']",
            "/billinator.opportunity/",
            "A deal in another tab"
        ),
        click(".o_crm_dashboard_deals a[href*='/opportunities/']", "A deal"),
        { trigger: ".o_form_view" },
        click(".o_back_button", "Back"),
        ...drillDown(".o_crm_dashboard_activities [data-kind=planned]", "Activities"),
        {
            content: "Still hers",
            trigger: "button[data-filter=users].active:contains('Dashboard Seller')",
        },
        click(".o_crm_dashboard_filters .o_crm_dashboard_reset", "All of it again"),
        checkUrl("period", null, "The URL is clean"),
        {
            content: "One more deal is there",
            trigger: ".o_crm_dashboard_card[data-figure=open] button[data-count='4']",
        },
    ],
});

/** What the URL says counts when the page is loaded again. */
registry.category("web_tour.tours").add("billinator_crm_dashboard_reload", {
    steps: () => [
        isReady("It opens"),
        {
            content: "On the period of the URL",
            trigger: ".o_crm_dashboard_now:contains(/^2[0-9]{3}$/)",
        },
        {
            content: "And its person",
            trigger: "button[data-filter=users].active:contains('Dashboard Seller')",
        },
        choosePeriod("month"),
        checkUrl("period", "month", "Another period"),
        {
            content: "Back to the period before",
            trigger: ".o_crm_dashboard_page[aria-busy=false]",
            run: () => window.history.back(),
        },
        {
            content: "It is the year again",
            trigger: ".o_crm_dashboard_page[aria-busy=false] .o_crm_dashboard_now:contains(/^2[0-9]{3}$/)",
        },
        {
            content: "Load the page again",
            trigger: ".o_crm_dashboard_page[aria-busy=false]",
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        {
            content: "And still so",
            trigger: ".o_crm_dashboard_page[aria-busy=false] .o_crm_dashboard_now:contains(/^2[0-9]{3}$/)",
        },
        checkUrl("period", "year", "As the URL says"),
    ],
});

/** Filters that make no sense are told of, and can be taken back. */
registry.category("web_tour.tours").add("billinator_crm_dashboard_error", {
    steps: () => [
        {
            content: "It says what is wrong",
            trigger: ".o_crm_dashboard_error[role=alert]:contains('no period')",
        },
        click(".o_crm_dashboard_error .o_crm_dashboard_reset", "Without filters, then"),
        isReady("There it is"),
        failNext("get_dashboard", makeServerError("odoo.http.SessionExpiredException")),
        choosePeriod("year"),
        {
            content: "Who has to log in again is told so",
            trigger: ".modal:contains('Session Expired')",
        },
    ],
});

const isWithinScreen = {
    content: "Nothing reaches over the screen's edge",
    trigger: ".o_crm_dashboard_page",
    run: ({ anchor }) => {
        if (anchor.scrollWidth > window.innerWidth) {
            fail(`The page is ${anchor.scrollWidth} wide`);
        }
    },
};

registry.category("web_tour.tours").add("billinator_crm_dashboard_phone", {
    steps: () => [
        isReady("It opens"),
        isWithinScreen,
        ...choosePerson,
        click(".o_crm_dashboard_title:first", "Close the menu"),
        ...drillDown(".o_crm_dashboard_card[data-figure=open] button[data-count]", "Open deals"),
        isWithinScreen,
    ],
});
