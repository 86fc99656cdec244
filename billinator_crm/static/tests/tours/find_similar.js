import { registry } from "@web/core/registry";

const ROW = ".o_data_row:contains('First Similar Deal')";

/** A column that was hidden comes with its values; a deal tells of the one like it. */
registry.category("web_tour.tours").add("billinator_crm_find_similar", {
    steps: () => [
        {
            content: "Without their phone numbers",
            trigger: `${ROW}:not(:has([name=phone]))`,
        },
        {
            content: "Open the columns",
            trigger: ".o_optional_columns_dropdown button",
            run: "click",
        },
        {
            content: "Show the phone number",
            trigger: ".o-dropdown--menu [name=phone]",
            run: "click",
        },
        {
            trigger: `${ROW} [name=phone]:contains('+49 30 901820')`,
        },
        {
            content: "Open the deal",
            trigger: `${ROW} [name=name]`,
            run: "click",
        },
        {
            content: "List the ones like it",
            trigger: ".o_form_view .alert button:contains('There is another')",
            run: "click",
        },
        {
            trigger:
                ".o_list_view .o_data_row:contains('Second Similar Deal') ~ .o_data_row:contains('First')",
        },
    ],
});
