import { registry } from "@web/core/registry";

const day = (number) => `.fc-daygrid-day[data-date$="-${number}"]`;
const meeting = (number) => `${day(number)} .fc-event:contains("Meet Ada")`;
const quote = (number) => `${day(number)} .fc-event`;

const openCalendar = {
    content: "Look at the calendar",
    trigger: ".o_switch_view.o_calendar",
    run: "click",
};

/**
 * A meeting dragged to another day of the month is planned for that day. From the 15th to
 * the 20th, no other month's days are on the page.
 */
registry.category("web_tour.tours").add("billinator_crm_move_meeting", {
    url: "/odoo/activities",
    steps: () => [
        openCalendar,
        {
            content: "Choose another scale",
            trigger: ".scale_button_selection",
            run: "click",
        },
        {
            content: "A month",
            trigger: ".o_scale_button_month",
            run: "click",
        },
        {
            trigger: ".fc-dayGridMonth-view",
        },
        {
            content: "Drag the meeting to another day",
            trigger: meeting(15),
            run: `drag_and_drop ${day(20)} .fc-daygrid-day-events`,
        },
        {
            content: "It is there",
            trigger: meeting(20),
        },
    ],
});

/** A quote whose validity stays as it is goes back to its day. */
registry.category("web_tour.tours").add("billinator_crm_not_move_quote", {
    url: "/odoo/quotes",
    steps: () => [
        openCalendar,
        {
            content: "Drag the quote to another day",
            trigger: quote(15),
            run: `drag_and_drop ${day(20)} .fc-daygrid-day-events`,
        },
        {
            content: "It was accepted with this validity",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "It is back",
            trigger: quote(15),
        },
    ],
});
