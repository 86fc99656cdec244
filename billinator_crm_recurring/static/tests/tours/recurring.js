import { registry } from "@web/core/registry";

/** The card tells what comes every month, and the column what that is of all. */
registry.category("web_tour.tours").add("billinator_crm_recurring_pipeline", {
    url: "/odoo/opportunities",
    steps: () => [
        {
            trigger:
                ".o_kanban_record:contains('A Subscription'):contains('+'):contains('500.00 / month')",
        },
        {
            trigger: ".o_kanban_group:first .o_billinator_recurring:contains('620')",
        },
    ],
});

/** A month of the forecast tells what comes every month by the probability. */
registry.category("web_tour.tours").add("billinator_crm_recurring_forecast", {
    url: "/odoo/forecast",
    steps: () => [
        {
            trigger: ".o_kanban_record:contains('A Subscription'):contains('/ month')",
        },
        {
            trigger: ".o_billinator_recurring:contains('62')",
        },
    ],
});
