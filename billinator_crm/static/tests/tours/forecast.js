import { registry } from "@web/core/registry";
import { search } from "./tour_steps";

const month = (offset) => luxon.DateTime.now().plus({ months: offset }).toFormat("MMMM yyyy");
const column = (offset) =>
    `.o_kanban_group:has(.o_column_title:contains("${month(offset)}"))`;
const sums = (offset, weighted, committed) =>
    `${column(offset)}:has(.o_billinator_weighted:contains("${weighted}"))` +
    `:has(.o_billinator_committed:contains("${committed}"))`;
const card = ".o_kanban_record:contains('Forecast Deal')";

/** A drag to another month moves the closing, and the sums with it. */
registry.category("web_tour.tours").add("billinator_crm_forecast", {
    url: "/odoo/forecast",
    steps: () => [
        ...search("Forecast Deal"),
        {
            content: "Half of the deal is to be expected, nothing is sure",
            trigger: `${sums(1, "500", "$ 0")} ${card}`,
        },
        {
            content: "Commit to it",
            trigger: `${card} .o_field_billinator_forecast_category button`,
            run: "click",
        },
        {
            trigger: ".state_selection_field_menu .dropdown-item:contains('Commit')",
            run: "click",
        },
        {
            trigger: `${sums(1, "500", "1k")} ${card}`,
        },
        {
            content: "The customer needs two more months",
            trigger: `${column(1)} ${card}`,
            run: `drag_and_drop (${column(3)})`,
        },
        {
            content: "The sums went along",
            trigger: `${sums(3, "500", "1k")} ${card}`,
        },
        {
            trigger: `${sums(1, "$ 0", "$ 0")}:not(:has(.o_kanban_record))`,
        },
    ],
});
