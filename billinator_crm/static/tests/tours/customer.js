import { registry } from "@web/core/registry";

const openCustomer = (record) => [
    {
        content: "Look for the customer",
        trigger: ".o_searchview_input",
        run: "edit A Tour Customer",
    },
    {
        trigger: ".o_searchview_input",
        run: "press Enter",
    },
    {
        content: "Open it",
        trigger: `${record}:contains('A Tour Customer')`,
        run: "click",
    },
    ...checkFigures(),
];

const checkFigures = () =>
    [
        ["open_pipeline", "700.00"],
        ["won_revenue", "300.00"],
        ["due_amount", "150.00"],
    ].map(([name, amount]) => ({
        content: `The page shows ${name}`,
        trigger: `.o_billinator_figures [name=${name}]:contains('${amount}')`,
    }));

const openTab = (name) => ({
    content: `Open the tab ${name}`,
    trigger: `.o_notebook_headers a[name=${name}]`,
    run: "click",
});

const checkPrimary = () => ({
    content: "The page's header names the primary contact",
    trigger: "[name=primary_contact]:contains('Tour Person')",
});

const openDeal = (record) => [
    openTab("opportunities"),
    {
        content: "Open the deal of somebody in the company",
        trigger: `[name=recent_opportunity_ids] ${record}:contains('Tour Open Deal')`,
        run: "click",
    },
    {
        content: "It has its own page",
        trigger: ".o_form_view .o_statusbar_status",
    },
    {
        trigger: ".o_form_view [name=name] textarea:value('Tour Open Deal')",
    },
];

/** Prepare a call: the figures, a new primary contact, and the open deal. */
registry.category("web_tour.tours").add("billinator_crm_customer", {
    url: "/odoo/crm-customers?view_type=list",
    steps: () => [
        ...openCustomer(".o_data_row .o_data_cell"),
        openTab("contacts"),
        {
            content: "Add a contact",
            trigger: "[name=contact_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: "[name=contact_ids] .o_selected_row [name=name] input",
            run: "edit Tour Person",
        },
        {
            content: "Save it",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "Make it the primary one",
            trigger:
                "[name=contact_ids] .o_data_row:contains('Tour Person') button[name=action_set_primary]:contains('Make Primary')",
            run: "click",
        },
        checkPrimary(),
        ...openDeal(".o_data_row .o_data_cell"),
    ],
});

registry.category("web_tour.tours").add("billinator_crm_customer_phone", {
    url: "/odoo/crm-customers?view_type=kanban",
    steps: () => [
        {
            content: "Show the search box",
            trigger: ".o_control_panel button:has(.fa-search)",
            run: "click",
        },
        ...openCustomer(".o_kanban_record"),
        openTab("contacts"),
        {
            content: "Add a contact",
            trigger: "[name=contact_ids] .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".modal [name=name] input",
            run: "edit Tour Person",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_form_button_save",
            run: "click",
        },
        {
            content: "Make it the primary one",
            trigger:
                "body:not(:has(.modal)) .o_kanban_record:contains('Tour Person') button[name=action_set_primary]",
            run: "click",
        },
        checkPrimary(),
        ...openDeal(".o_kanban_record"),
    ],
});
