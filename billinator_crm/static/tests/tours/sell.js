import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { checkState, choose, clickAction, openCrm, openMenu } from "./tour_steps";

const column = (name) => `.o_kanban_group:has(.o_column_title:contains("${name}"))`;

const addLine = (row, product, cells) => [
    {
        content: `Add line ${row}`,
        trigger: `.o_field_x2many_list_row_add a:contains("Add a product"), .o_field_x2many_list_row_add button:contains("Add a product")`,
        run: "click",
    },
    {
        content: `Line ${row} is there`,
        trigger: `.o_field_widget[name=line_ids] .o_data_row:nth-child(${row}).o_selected_row`,
    },
    ...choose(".o_selected_row [name=product_id]", product),
    {
        content: "Its price and tax have come",
        trigger: ".o_selected_row [name=tax_ids]:contains('Tour Tax 10%')",
    },
    ...Object.entries(cells).map(([field, value]) => ({
        content: `Set ${field}`,
        trigger: `.o_selected_row [name=${field}] input`,
        run: `edit ${value}`,
    })),
];

/** From a new opportunity to a posted invoice and a won deal. */
registry.category("web_tour.tours").add("billinator_crm_sell", {
    url: "/odoo",
    steps: () => [
        ...openCrm(),
        {
            content: "It opens on the day",
            trigger: ".o_billinator_my_day",
        },
        ...openMenu("billinator_opportunity_menu"),
        {
            content: "New opportunity",
            trigger: "body:has(.o_kanban_renderer) .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=name] input",
            run: "edit Tour Deal",
        },
        ...choose(".o_kanban_quick_create [name=partner_id]", "A Tour Customer"),
        {
            content: "The customer's address is there",
            trigger:
                ".o_kanban_quick_create [name=email_from] input:value('tour@customer.example')",
        },
        {
            trigger: ".o_kanban_quick_create .o_field_widget[name=expected_revenue] input",
            run: "edit 3000",
        },
        {
            trigger: ".o_kanban_quick_create .o_kanban_add",
            run: "click",
        },
        {
            content: "The column sums value and weighted value",
            trigger: `${column("Lead")}:has(.o_kanban_record:contains("Tour Deal")) .o_billinator_weighted`,
        },
        {
            content: "Drag it to Proposal",
            trigger: ".o_kanban_record:contains('Tour Deal')",
            run: `drag_and_drop (${column("Proposal")})`,
        },
        {
            content: "Its probability is the stage's",
            trigger: `${column("Proposal")} .o_kanban_record:contains("Tour Deal"):contains("50%")`,
        },
        {
            content: "Close the quick create form",
            trigger: ".o_kanban_renderer",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains('Tour Deal')",
            run: "click",
        },
        {
            content: "The form says that the probability follows the stage",
            trigger: ".o_form_view:contains('as its stage')",
        },
        clickAction("action_new_quote", "New quote from it"),
        {
            content: "The customer is there already",
            trigger: ".o_field_widget[name=partner_id] input:value('A Tour Customer')",
        },
        ...addLine(1, "A Tour Desk", { quantity: "2" }),
        ...addLine(2, "A Tour Chair", { quantity: "4", discount: "10" }),
        ...addLine(3, "A Tour Service", { price_unit: "80" }),
        {
            content: "Leave the line",
            trigger: ".o_notebook_headers a:contains('Lines')",
            run: "click",
        },
        {
            content: "2 x 500 + 4 x 100 - 10% + 80 = 1440, plus 10% tax",
            trigger: ".o_tax_total_amount:contains('1,584.00'), .oe_subtotal_footer:contains('1,584.00')",
        },
        ...stepUtils.saveForm(),
        clickAction("action_mark_sent", "Mark as sent"),
        checkState("Sent"),
        clickAction("action_accept", "Accept"),
        checkState("Accepted"),
        clickAction("action_convert_to_invoice", "Convert"),
        {
            content: "The draft invoice has the quote's total",
            trigger:
                ".o_form_view:has(button[name=action_post]) .oe_subtotal_footer:contains('1,584.00')",
        },
        {
            content: "Post it",
            trigger: ".o_statusbar_buttons button[name=action_post]:enabled",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains('Posted')",
        },
        {
            content: "Back to its quote",
            trigger: "button[name=action_view_billinator_quote]",
            run: "click",
        },
        {
            content: "The quote knows",
            trigger: "button[name=action_view_invoices]:contains('Invoiced')",
        },
        {
            content: "On to the opportunity",
            trigger: "button[name=action_view_opportunity]",
            run: "click",
        },
        {
            content: "The deal lists its quote with its total",
            trigger: "button[name=action_view_quotes]:contains('1,440.00')",
        },
        clickAction("action_set_won", "Won"),
        {
            content: "The rainbow man congratulates",
            trigger: ".o_reward_rainbow",
        },
        {
            trigger: ".o_arrow_button_current:contains('Won')",
        },
    ],
});
