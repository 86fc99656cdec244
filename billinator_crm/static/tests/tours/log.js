import { registry } from "@web/core/registry";
import { choose } from "./tour_steps";

const EDITOR = ".modal [name=body] .odoo-editor-editable";

const write = (text) => ({
    content: "The text has the focus",
    trigger: `${EDITOR}:focus`,
    run: `editor ${text}`,
});

const isLogged = {
    content: "The dialog is gone",
    trigger: "body:not(:has(.modal)) .o_form_view",
};

const chooseOutcome = (name) => ({
    content: `It is said how it ended: ${name}`,
    trigger: `.modal [name=outcome_id] .o_selection_badge:contains('${name}')`,
    run: "click",
});

/** A call, what came of it and what comes next with the button, a note with Ctrl-Enter. */
registry.category("web_tour.tours").add("billinator_crm_log", {
    steps: () => [
        {
            trigger: "button[name=action_log_note][aria-label='Log a Call']:has(.fa-phone)",
            run: "click",
        },
        write("Wants two displays"),
        chooseOutcome("Reached"),
        ...choose(".modal [name=next_type_id]", "Meeting"),
        {
            trigger: ".modal [name=next_summary] input",
            run: "edit Show the displays",
        },
        {
            trigger: ".modal-footer button:contains('Log')",
            run: "click",
        },
        isLogged,
        {
            trigger: "button[name=action_view_notes]:contains('1')",
        },
        {
            trigger: "button[name=action_log_note]:has(.fa-pencil)",
            run: "click",
        },
        write("Rings twice"),
        {
            trigger: EDITOR,
            run: "press Control+Enter",
        },
        isLogged,
        {
            content: "The deal counts both",
            trigger: "button[name=action_view_notes]:contains('2')",
            run: "click",
        },
        {
            content: "Look for the call",
            trigger: ".o_list_view .o_searchview_input",
            run: "edit two displays",
        },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:contains('Note')",
            run: "click",
        },
        {
            content: "Pin it",
            trigger: ".o_data_row:only-of-type:contains('Wants two') [name=is_pinned] a",
            run: "click",
        },
        {
            trigger: ".o_data_row [name=is_pinned] .fa-star",
        },
    ],
});

/** The same on a phone, where the buttons are in a menu. */
registry.category("web_tour.tours").add("billinator_crm_log_phone", {
    steps: () => [
        {
            trigger: ".o_button_more",
            run: "click",
        },
        {
            trigger: "button[name=action_log_note]:has(.fa-users)",
            run: "click",
        },
        {
            content: "A second tap, on what is at the same place now",
            trigger: `body:has(${EDITOR}:focus) .modal button.btn-primary:contains('Log')`,
            run: "click",
        },
        {
            content: "Finds nothing to log, and breaks nothing",
            trigger: "body:not(:has(.o_error_dialog)) .o_notification_bar.bg-danger",
        },
        {
            trigger: EDITOR,
            run: "click",
        },
        write("Saw all rooms"),
        chooseOutcome("Took place"),
        {
            trigger: ".modal-footer button:contains('Log'), .modal button.btn-primary:contains('Log')",
            run: "click",
        },
        isLogged,
    ],
});
