import { registry } from "@web/core/registry";
import { failNext, makeServerError, openMenu } from "./tour_steps";

const row = (section, subject) =>
    `.o_my_day_${section} .o_my_day_activity:has(.o_my_day_subject:contains("${subject}"))`;

const isThere = (section, subject, content) => ({
    content,
    trigger: `body:not(:has(.modal)) ${row(section, subject)}`,
});

const isGone = (subject, content) => ({
    content,
    trigger: `body:not(:has(.modal)) .o_my_day_sections:not(:has(.o_my_day_subject:contains("${subject}")))`,
});

const click = (trigger, content) => ({ content, trigger, run: "click" });

const failToFilter = [
    isThere("overdue", "Late task", "All of it is there"),
    failNext("get_day_overview", makeServerError("odoo.exceptions.UserError")),
    click(".o_my_day_type[data-type='task']", "Tasks only"),
    click(".modal .modal-footer button", "It did not work"),
    isThere("today", "Call Ada", "All is there"),
    {
        content: "And nothing else seems to be chosen",
        trigger: ".o_my_day_type[data-type='task']:not(.active)",
    },
];

const completeCall = [
    click(`${row("today", "Call Ada")} .o_my_day_done`, "A call is done"),
    click(".modal button[special=cancel]", "Not quite yet"),
    isThere("today", "Call Ada", "It is still to do"),
    click(`${row("today", "Call Ada")} .o_my_day_done`, "Now it is"),
    click(".modal [name=outcome_id] :contains('Reached'):not(:has(*))", "What came of it"),
    click(".modal button[name=action_complete]", "Done"),
    isGone("Call Ada", "It left the day"),
];

const undo = [
    click(".o_notification:contains('Call Ada') button:contains('Undo')", "That was wrong"),
    isThere("today", "Call Ada", "It is back"),
];

const completeOnce = {
    content: "One click is enough, and a second one is for no other row",
    trigger: `${row("upcoming", "Send the brochure")} .o_my_day_done`,
    async run({ anchor }) {
        const other = document.querySelector(".o_my_day_today .o_my_day_done");
        const isOtherDisabled = new Promise((resolve) => {
            const observer = new MutationObserver(() => {
                if (!anchor.isConnected) {
                    observer.disconnect();
                    resolve(other.disabled);
                }
            });
            observer.observe(document.body, { childList: true, subtree: true });
        });
        anchor.click();
        if (!(await isOtherDisabled)) {
            throw new Error("A second click would complete another one");
        }
    },
};

const completeAgain = [
    ...completeCall,
    completeOnce,
    isGone("Send the brochure", "It asks for no outcome"),
    isThere("today", "Meet Ada", "The other one is there"),
];

const scheduleNext = [
    click(`${row("today", "Meet Ada")} .o_my_day_more`, "What else"),
    click(".o_my_day_next", "Schedule the next one"),
    {
        content: "Say what it is",
        trigger: ".modal [name=summary] input",
        run: "edit Meet Ada again",
    },
    click(".modal .o_form_button_save", "Save it"),
    isThere("today", "Meet Ada again", "It is in the day"),
];

const logNote = [
    click(`${row("today", "Meet Ada again")} .o_my_day_more`, "What else"),
    click(".o_my_day_log", "Log what was said"),
    {
        content: "The text has the focus",
        trigger: ".modal [name=body] .odoo-editor-editable:focus",
        run: "editor Asks for a discount",
    },
    {
        content: "Log it by keyboard",
        trigger: ".modal [name=body] .odoo-editor-editable",
        run: "press Control+Enter",
    },
    isThere("today", "Meet Ada again", "The day again"),
];

const reschedule = [
    click(`${row("overdue", "Late task")} .o_my_day_reschedule`, "Late: do it later"),
    click(".o-dropdown-item:contains('Choose date')", "On another day"),
    {
        content: "Or rather not",
        trigger: ".modal .o_datetime_input:focus",
        run: "press Escape",
    },
    isThere("overdue", "Late task", "It stays"),
    click(`${row("overdue", "Late task")} .o_my_day_reschedule`, "Once more"),
    click(".o-dropdown-item:contains('Choose date')", "The same time"),
    click(".modal:has(.o_datetime_input:focus) .o_my_day_move", "Is no move"),
    isThere("overdue", "Late task", "It stays where it is"),
    { trigger: "body:not(:has(.o_notification:contains('Moved')))" },
    click(`${row("overdue", "Late task")} .o_my_day_reschedule`, "Later after all"),
    click(".o-dropdown-item:contains('Choose date')", "On another day"),
    click(".modal .o_datetime_input", "Look at the month"),
    click(".o_datetime_picker .o_date_item_cell.o_today", "Today"),
    click(".o_datetime_buttons button:contains('Apply')", "That is it"),
    click(".modal .o_my_day_move", "Move it"),
    isThere("today", "Late task", "It is for today"),
    click(`${row("today", "Late task")} .o_my_day_reschedule`, "Not today"),
    click(".o-dropdown-item:contains('Tomorrow')", "Tomorrow"),
    isThere("upcoming", "Late task", "It moved"),
    click(`${row("upcoming", "Late task")} .o_my_day_more`, "No longer needed"),
    click(".o_my_day_cancel", "Cancel it"),
    isGone("Late task", "It is cancelled"),
];

const showCalls = [
    click(".o_my_day_type[data-type='call']", "Calls only"),
    {
        content: "There are none left",
        trigger: ".o_my_day_empty:contains('Nothing of this kind')",
    },
    click(".o_my_day_type[data-type='call']", "All types again"),
];

const event = (kind, text) =>
    `.o_billinator_timeline_event[data-kind=${kind}]:contains("${text}")`;

const readTimeline = [
    click(`${row("today", "Meet Ada again")} .o_my_day_customer`, "Who is it?"),
    click(".o_notebook .nav-link[name=timeline]", "What happened?"),
    {
        content: "The note is there",
        trigger: event("note", "Asks for a discount"),
    },
    {
        content: "And the call, with its outcome",
        trigger: event("activity", "Call Ada"),
    },
    click(".o_form_view .o_back_button, .o_breadcrumb .o_back_button", "Back"),
    isThere("today", "Meet Ada again", "The day again"),
];

/** What a salesperson does in the morning. */
registry.category("web_tour.tours").add("billinator_crm_my_day", {
    url: "/odoo/my-day",
    steps: () => [
        ...failToFilter,
        ...completeCall,
        ...undo,
        ...completeAgain,
        ...scheduleNext,
        ...logNote,
        ...reschedule,
        ...showCalls,
        ...readTimeline,
    ],
});

const showsLater = [
    {
        content: "What comes later, and nothing else",
        trigger: ".o_searchview_facet:contains('Later')",
    },
    {
        trigger: ".o_list_view .o_data_row:contains('Send the brochure')",
    },
];

/** Who went on to another page can still undo what was done in the day. */
registry.category("web_tour.tours").add("billinator_crm_my_day_undo_elsewhere", {
    url: "/odoo/my-day",
    steps: () => [
        click(`${row("upcoming", "Send the brochure")} .o_my_day_done`, "Done"),
        isGone("Send the brochure", "It left the day"),
        ...openMenu("billinator_activity_menu"),
        { trigger: ".o_list_view" },
        click(".o_notification button:contains('Undo')", "That was wrong"),
        { trigger: "body:not(:has(.o_notification))" },
        ...openMenu("billinator_activity_menu_my_day"),
        isThere("upcoming", "Send the brochure", "It is back"),
        click(".o_my_day_later", "What is to come"),
        ...showsLater,
        {
            content: "Load the page again",
            trigger: ".o_list_view .o_data_row",
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        ...showsLater,
    ],
});
