import { registry } from "@web/core/registry";

const click = (trigger, content) => ({ content, trigger, run: "click" });

/** A column chosen in a grouped list has its sums. */
registry.category("web_tour.tours").add("billinator_crm_sum_of_chosen_column", {
    steps: () => [
        click(".o_searchview_dropdown_toggler", "How is it to be shown?"),
        click(".o_group_by_menu .o_menu_item:contains('Status')", "By status"),
        {
            content: "Nobody has asked for the sum yet",
            trigger:
                ".o_list_renderer .o_group_header:contains('Draft'):not(:contains('4,711.00'))",
        },
        click(".o_optional_columns_dropdown button", "Choose a column"),
        click(".o-dropdown--menu .dropdown-item:contains('Untaxed (Company')", "This one"),
        {
            trigger: ".o_list_renderer .o_group_header:contains('Draft'):contains('4,711.00')",
        },
    ],
});
