import { registry } from "@web/core/registry";
import { search } from "./tour_steps";

/** Leaving a changed deal for one that is won does not win anything. */
registry.category("web_tour.tours").add("billinator_crm_win_by_pager", {
    steps: () => [
        ...search("Paged Deal"),
        {
            content: "Open the deal that is open",
            trigger: ".o_data_row [name=name]:contains('Open Paged Deal')",
            run: "click",
        },
        {
            content: "Change it",
            trigger: ".o_form_view [name=expected_revenue] input",
            run: "edit 4711",
        },
        { content: "Go to the one that is won", trigger: ".o_pager_next", run: "click" },
        {
            content: "It is there",
            trigger:
                ".o_breadcrumb .active:contains('Won Paged Deal'), .o_last_breadcrumb_item:contains('Won Paged Deal')",
        },
    ],
});
