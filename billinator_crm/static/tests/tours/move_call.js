import { registry } from "@web/core/registry";

const call = ".fc-timegrid-event:contains('Call Ada')";

/** Drag an activity without a duration to another hour of the week. */
registry.category("web_tour.tours").add("billinator_crm_move_call", {
    url: "/odoo/activities?view_type=calendar",
    steps: () => [
        {
            content: "Drag the call to the morning",
            trigger: call,
            run: "drag_and_drop .fc-timegrid-slot-lane[data-time='09:00:00']",
        },
        {
            content: "It begins in the eighth hour, half an hour before where it was held",
            trigger: ".fc-timegrid-event:contains('Call Ada'):contains('08:')",
        },
    ],
});

/** Look at the notes of a month. */
registry.category("web_tour.tours").add("billinator_crm_calendar_of_notes", {
    url: "/odoo/notes?view_type=calendar",
    steps: () => [
        {
            trigger: ".fc-dayGridMonth-view",
        },
    ],
});

/** A phone begins with cards, whatever the address asks for, and has the calendar, too. */
registry.category("web_tour.tours").add("billinator_crm_calendar_phone", {
    url: "/odoo/activities?view_type=calendar",
    steps: () => [
        {
            content: "How else can it be shown?",
            trigger: ".o_kanban_view .o_cp_switch_buttons .dropdown-toggle",
            run: "click",
        },
        {
            content: "As a calendar",
            trigger: ".o-dropdown--menu .o-dropdown-item:contains('Calendar')",
            run: "click",
        },
        {
            content: "The week, with the call",
            trigger: ".o_billinator_bounded_calendar_view .fc-timegrid-event:contains('Ada')",
        },
    ],
});
