import { registry } from "@web/core/registry";
import { checkState } from "./tour_steps";

const row = ".o_field_widget[name=installment_ids] .o_data_row";
const invoice = "button[name=action_convert_to_invoice]";

const openInvoicing = {
    content: "Look at what is planned",
    trigger: ".o_notebook_headers a:contains('Invoicing')",
    run: "click",
};

const cancel = [
    {
        content: "Not yet: it would accept the quote",
        trigger: ".modal:contains('accepted for'), .modal:contains('accepts the quote')",
    },
    {
        trigger: ".modal .btn-secondary",
        run: "click",
    },
    {
        trigger: "body:not(:has(.modal))",
    },
];

/** What was planned on a rejected quote is not offered to be invoiced. */
registry.category("web_tour.tours").add("billinator_crm_not_invoice_planned", {
    steps: () => [
        checkState("Rejected"),
        openInvoicing,
        {
            trigger: `${row}:not(:has(${invoice}))`,
        },
    ],
});

/** A planned down payment asks before it accepts the quote. */
registry.category("web_tour.tours").add("billinator_crm_invoice_planned", {
    steps: () => [
        checkState("Sent"),
        openInvoicing,
        {
            trigger: `${row} ${invoice}`,
            run: "click",
        },
        ...cancel,
        checkState("Sent"),
        {
            content: "Now it may",
            trigger: `${row} ${invoice}`,
            run: "click",
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_notification:contains('Draft invoices for your accountants')",
        },
    ],
});

/** Quotes chosen in the list ask, too. */
registry.category("web_tour.tours").add("billinator_crm_invoice_chosen", {
    steps: () => [
        {
            trigger: ".o_list_renderer .o_data_row:contains('A Tour Customer') .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: `.o_control_panel ${invoice}`,
            run: "click",
        },
        ...cancel,
    ],
});
