import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** Choose a record in the dialog that a many2one opens on a phone. */
const choose = (field, name) => [
    {
        content: "Open the list of records",
        trigger: `${field} input`,
        run: "click",
    },
    {
        content: `Choose ${name}`,
        trigger: `.o_select_create_dialog_content .o_kanban_record:contains("${name}")`,
        run: "click",
    },
    {
        content: `${name} is chosen`,
        trigger: `${field} input:value("${name}")`,
    },
];

const addLine = (product, quantity) => [
    {
        content: "Add a line",
        trigger: ".o_field_widget[name=line_ids] button:contains('Add product')",
        run: "click",
    },
    ...choose(".modal [name=product_id]", product),
    {
        content: "Its price and tax have come",
        trigger: ".modal [name=tax_ids]:contains('Tour Tax 10%')",
    },
    {
        trigger: ".modal [name=quantity] input",
        run: `edit ${quantity}`,
    },
    {
        trigger: ".modal .o_form_button_save",
        run: "click",
    },
    {
        content: "The line is on the quote",
        trigger: `body:not(:has(.modal)) .o_field_widget[name=line_ids] .o_kanban_record:contains("${product}")`,
    },
];

/** On a phone, the status bar shows the current state only. */
const checkState = (label) => ({
    content: `The quote is ${label}`,
    trigger: `.o_statusbar_status button:visible:contains("${label}")`,
});

/** On a phone, all buttons but the first are in a menu. */
const clickInMenu = (name) => [
    {
        content: "Open the menu of buttons",
        trigger: ".o_statusbar_buttons .o-dropdown",
        run: "click",
    },
    {
        content: `Click ${name}`,
        trigger: `.o-dropdown--menu button[name=${name}]`,
        run: "click",
    },
];

const clickFirst = (name) => ({
    content: `Click ${name}`,
    trigger: `.o_statusbar_buttons > button[name=${name}]:enabled`,
    run: "click",
});

/** A salesperson without accounting rights sells from a phone. */
registry.category("web_tour.tours").add("billinator_crm_sell_phone", {
    url: "/odoo/opportunities",
    steps: () => [
        {
            content: "New opportunity",
            trigger: "body:has(.o_kanban_renderer) .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=name] input",
            run: "edit Phone Deal",
        },
        ...choose(".o_kanban_quick_create [name=partner_id]", "A Tour Customer"),
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=expected_revenue] input",
            run: "edit 1000",
        },
        {
            trigger: ".o_kanban_quick_create .o_kanban_add",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains('Phone Deal')",
            run: "click",
        },
        {
            content: "Choose another stage",
            trigger: ".o_form_view .o_statusbar_status .dropdown-toggle:visible",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:contains('Proposal')",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status :visible:contains('Proposal')",
        },
        clickFirst("action_new_quote"),
        ...addLine("A Tour Desk", 1),
        ...addLine("A Tour Chair", 2),
        ...stepUtils.saveForm(),
        ...clickInMenu("action_mark_sent"),
        checkState("Sent"),
        clickFirst("action_accept"),
        checkState("Accepted"),
        clickFirst("action_convert_to_invoice"),
        {
            content: "The invoice is the accountants' from here on",
            trigger: ".o_notification:contains('Draft invoices for your accountants')",
        },
        {
            content: "The quote shows how far it is",
            trigger: ".o_form_view:contains('Draft Invoice')",
        },
        {
            content: "Back to the opportunity",
            trigger: ".o_breadcrumb .o_back_button, .o_mobile_breadcrumb, .o_back_button",
            run: "click",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_new_quote]",
        },
        ...clickInMenu("action_set_won"),
        {
            content: "The rainbow man congratulates",
            trigger: ".o_reward_rainbow",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_reopen]",
        },
    ],
});
