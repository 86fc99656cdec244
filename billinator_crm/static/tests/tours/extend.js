import { registry } from "@web/core/registry";
import { checkState } from "./tour_steps";

/** A salesperson finds an expired quote and gives it another last day. */
registry.category("web_tour.tours").add("billinator_crm_extend", {
    url: "/odoo/quotes",
    steps: () => [
        {
            content: "Open the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "Those that have expired",
            trigger: ".o_filter_menu .o_menu_item:contains('Expired')",
            run: "click",
        },
        {
            trigger: ".o_searchview_facet:contains('Expired')",
        },
        {
            content: "Open the quote",
            trigger: ".o_data_row:contains('A Tour Customer') .o_data_cell[name=name]",
            run: "click",
        },
        checkState("Expired"),
        {
            content: "Extend it",
            trigger: ".o_statusbar_buttons button:contains('Extend')",
            run: "click",
        },
        {
            content: "As long as proposed",
            trigger: ".modal button[name=action_extend]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        checkState("Sent"),
    ],
});
