import { registry } from "@web/core/registry";
import { checkState, clickAction } from "./tour_steps";

/** The salesperson sends a quote from the composer, with its PDF. */
registry.category("web_tour.tours").add("billinator_crm_send_quote", {
    steps: () => [
        checkState("Draft"),
        clickAction("action_send", "Send"),
        {
            content: "The mail goes to the contact",
            trigger: ".o_mail_composer_form [name=partner_ids]:contains('A Tour Customer')",
        },
        {
            content: "The quote is attached",
            trigger: ".o_mail_composer_form [name=attachment_ids]:contains('Quote Q')",
        },
        {
            content: "Send it",
            trigger: ".modal .o_mail_send:enabled",
            run: "click",
        },
        {
            content: "It is in the thread",
            trigger: "body:not(:has(.modal)) .o-mail-Message:contains('here is our quote')",
        },
        {
            content: "Nothing has left yet: the mail server takes it after the tour",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Draft')",
        },
    ],
});
