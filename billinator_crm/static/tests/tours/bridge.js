import { registry } from "@web/core/registry";

const amount = (bar) => `.o_bridge_table tr[data-bar=${bar}] .o_bridge_amount`;

/** From the bridge to the deals behind a bar, and back to the same bridge. */
registry.category("web_tour.tours").add("billinator_crm_bridge", {
    steps: () => [
        {
            content: "The first snapshot is the only one",
            trigger: `${amount("opening")}:contains("1,000.00")`,
        },
        {
            trigger: `${amount("raised")}:contains("250.00")`,
        },
        {
            content: "Nothing of it closes next quarter",
            trigger: ".o_bridge_period",
            run: "select next",
        },
        {
            trigger: `${amount("opening")}:contains("$ 0.00")`,
        },
        {
            trigger: ".o_bridge_period",
            run: "select quarter",
        },
        {
            content: "Which deal was raised?",
            trigger: ".o_bridge_table tr[data-bar=raised] button",
            run: "click",
        },
        {
            trigger: ".o_list_renderer .o_data_row:contains(Bridge Deal)",
        },
        {
            content: "Back to the same choice",
            trigger: ".breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_bridge_period:has(option[value=quarter]:checked)",
        },
        {
            trigger: `${amount("closing")}:contains("1,250.00")`,
        },
    ],
});
