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

const row = ".o_data_row:first-child";
const editableCell = "td[name]:not(.o_readonly_modifier, .o_list_activity_cell)";

/** Click into each cell of a chosen row: all that its choices depend on is loaded. */
registry.category("web_tour.tours").add("billinator_crm_edit_each_cell", {
    steps: () => [
        click(`${row} .o_list_record_selector input`, "Choose the first record"),
        {
            content: "Look at what may be chosen in each cell",
            trigger: `${row}.o_data_row_selected`,
            async run({ animationFrame, click, queryAll, waitFor }) {
                let choices = 0;
                for (const { attributes } of queryAll(`${row} ${editableCell}`)) {
                    const cell = `${row} td[name='${attributes.name.value}']`;
                    await click(cell);
                    await animationFrame();
                    await animationFrame();
                    if (queryAll(`${cell} input.o-autocomplete--input`).length) {
                        await click(`${cell} input.o-autocomplete--input`);
                        await waitFor(".o-autocomplete--dropdown-menu .dropdown-item");
                        choices++;
                    }
                }
                if (!choices) {
                    throw new Error("There is nothing to choose in any cell.");
                }
            },
        },
    ],
});
