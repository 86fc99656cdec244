import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const line = (text) => `.o_field_widget[name=line_ids] .o_data_row:contains("${text}")`;

const TERMS = ".o_field_widget[name=note]";

/** Describe a product in a customer's language that is not one's own, and write terms. */
registry.category("web_tour.tours").add("billinator_crm_describe_line", {
    steps: () => [
        {
            content: "Describe the desk",
            trigger: `${line("A Tour Desk")} td[name=product_id]`,
            run: "click",
        },
        {
            trigger: ".o_selected_row td[name=product_id] #labelVisibilityButtonId",
            run: "click",
        },
        {
            trigger: ".o_selected_row td[name=product_id] textarea:not(.d-none)",
            run: "edit Made of oak",
        },
        {
            content: "Leave the line",
            trigger: ".o_notebook_headers a:contains('Lines')",
            run: "click",
        },
        {
            content: "The product, and what was said of it",
            trigger: `${line("A Tour Desk")} td[name=product_id]:contains("Made of oak"):not(:contains("Ein Tisch"))`,
        },
        {
            content: "Write terms, where the editor starts when somebody comes",
            trigger: `${TERMS} [role=textbox]:not(.odoo-editor-editable)`,
            run: "click",
        },
        {
            trigger: `${TERMS} .odoo-editor-editable:focus`,
            run: "editor Carried upstairs",
        },
        ...stepUtils.saveForm(),
    ],
});

/** A section sums up what counts for the total. */
registry.category("web_tour.tours").add("billinator_crm_section_sum", {
    steps: () => [
        {
            content: "The section has the desk, and not the chair that is not chosen",
            trigger: `.o_is_line_section td[name=price_subtotal]:contains("500.00")`,
        },
        {
            content: "It follows",
            trigger: ".o_field_widget[name=line_ids] td[name=quantity]:contains('1.00')",
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=quantity] input",
            run: "edit 2",
        },
        {
            content: "Leave the line",
            trigger: ".o_notebook_headers a:contains('Lines')",
            run: "click",
        },
        {
            trigger: `.o_is_line_section td[name=price_subtotal]:contains("1,000.00")`,
        },
        ...stepUtils.saveForm(),
    ],
});
