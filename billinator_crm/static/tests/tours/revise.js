import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { checkState, clickAction } from "./tour_steps";

/** The next version of a quote, another quantity, and what that changed. */
registry.category("web_tour.tours").add("billinator_crm_revise", {
    steps: () => [
        clickAction("action_revise", "Revise"),
        {
            content: "The next version is a draft",
            trigger: ".oe_title:contains('-2')",
        },
        checkState("Draft"),
        {
            content: "Another quantity",
            trigger: ".o_field_widget[name=line_ids] .o_data_row td[name=quantity]",
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=quantity] input",
            run: "edit 3",
        },
        {
            content: "Leave the line",
            trigger: ".o_notebook_headers a:contains('Lines')",
            run: "click",
        },
        {
            content: "The total has come",
            trigger: ".oe_subtotal_footer:contains('1,650.00')",
        },
        ...stepUtils.saveForm(),
        {
            content: "Compare",
            trigger: ".o_statusbar_buttons button:contains('Compare Versions')",
            run: "click",
        },
        {
            content: "The dialog tells both quantities and totals",
            trigger:
                ".modal .o_billinator_version_diff:contains('A Tour Desk'):contains('Quantity'):contains('1,650.00')",
        },
        {
            trigger: ".modal footer button:contains('Close')",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "All versions",
            trigger: "button[name=action_view_versions]:contains('2')",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:nth-child(2)",
        },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_request_approval", {
    steps: () => [
        {
            content: "The form says what asks for approval",
            trigger: ".alert:contains('needs approval'):contains('30.00%'):contains('Tour Rule')",
        },
        {
            content: "It cannot be sent",
            trigger: ".o_statusbar_buttons:not(:has(button[name=action_mark_sent]))",
        },
        clickAction("action_request_approval", "Request"),
        {
            trigger: ".alert:contains('waits for approval')",
        },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_approve", {
    steps: () => [
        {
            content: "The manager reads why",
            trigger: ".alert:contains('waits for approval'):contains('Tour Rule')",
        },
        clickAction("action_approve", "Approve"),
        {
            trigger: ".o_statusbar_buttons button[name=action_mark_sent]",
        },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_send_approved", {
    steps: () => [clickAction("action_mark_sent", "Mark as sent"), checkState("Sent")],
});
