import { registry } from "@web/core/registry";

/** A segment shows who is in it before it is saved, and filters the customers then. */
registry.category("web_tour.tours").add("billinator_crm_segment", {
    steps: () => [
        {
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: "[name=name] input",
            run: "edit Tour Segment",
        },
        {
            content: "Who bought for millions?",
            trigger: "[name=condition_ids] .o_field_x2many_list_row_add button, [name=condition_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: "[name=condition_ids] [name=metric] input",
            run: "click",
        },
        {
            trigger: ".o_select_menu_item:contains(/^Invoiced$/)",
            run: "click",
        },
        {
            trigger: "[name=condition_ids] [name=metric] input:value('Invoiced')",
        },
        {
            trigger: "[name=condition_ids] [name=value] input",
            run: "edit 9000000 && press Tab",
        },
        {
            content: "The preview comes before saving",
            trigger: "[name=preview]:contains(1 customers: A Tour Customer)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            content: "Who is it?",
            trigger: "button[name=action_view_customers]:contains(1)",
            run: "click",
        },
        {
            trigger: ".o_last_breadcrumb_item:contains(Customers)",
        },
        {
            trigger: ".o_kanban_record:contains(A Tour Customer), .o_data_row:contains(A Tour Customer)",
        },
    ],
});
