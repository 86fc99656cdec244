import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";
import { checkState, choose, clickAction, openCrm, openMenu } from "./tour_steps";

/**
 * From a template to a down payment and the rest, in two tours: in between the customer
 * takes an option, one more of the rest, and signs (see portal.js).
 */

const total = (amount) => ({
    content: `The quote comes to ${amount}`,
    trigger: `.oe_subtotal_footer:contains('${amount}')`,
});

/** A quote from a template, with a discount, for the customer to choose and sign. */
registry.category("web_tour.tours").add("billinator_crm_quote_from_template", {
    url: "/odoo",
    steps: () => [
        ...openCrm(),
        { content: "It opens on the day", trigger: ".o_billinator_my_day" },
        ...openMenu("billinator_quote_menu"),
        {
            content: "New quote",
            trigger: "body:has(.o_list_renderer) .o_list_button_add",
            run: "click",
        },
        ...choose(".o_field_widget[name=partner_id]", "A Tour Customer"),
        ...choose(".o_field_widget[name=template_id]", "A Tour Template"),
        {
            content: "The template's option is there",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains('A Tour Chair')",
        },
        total("1,100.00"),
        ...stepUtils.saveForm(),
        {
            content: "Give a discount",
            trigger: "button:contains('Discount')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=percentage] input",
            run: "edit 10",
        },
        {
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        total("990.00"),
        clickAction("action_mark_sent", "It goes to the customer"),
        checkState("Sent"),
    ],
});

/** A down payment on the quote that the customer has signed, and the rest. */
registry.category("web_tour.tours").add("billinator_crm_invoice_in_parts", {
    steps: () => [
        checkState("Accepted"),
        total("2,079.00"),
        {
            content: "Ask for a down payment",
            trigger: ".o_statusbar_buttons button:contains('Down Payment')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=percentage] input",
            run: "edit 30",
        },
        {
            trigger: ".modal button[name=action_create_invoice]",
            run: "click",
        },
        {
            content: "The draft invoice has thirty percent of it",
            trigger: ".o_form_view:has(.o_statusbar_buttons button[name=action_post]) .oe_subtotal_footer:contains('623.70')",
        },
        {
            content: "Back to its quote",
            trigger: "button[name=action_view_billinator_quote]",
            run: "click",
        },
        checkState("Accepted"),
        {
            content: "The invoicing tab knows both parts",
            trigger: ".o_notebook_headers a:contains('Invoicing')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=amount_to_invoice]:contains('1,455.30')",
        },
        {
            trigger: ".o_field_widget[name=installment_ids] .o_data_row:contains('623.70')",
        },
        clickAction("action_convert_to_invoice", "Invoice the rest"),
        {
            content: "The rest takes off the down payment",
            trigger: ".o_form_view:has(button[name=action_post]) .oe_subtotal_footer:contains('1,455.30')",
        },
    ],
});
