import { registry } from "@web/core/registry";

const day = (number) => `.fc-daygrid-day[data-date$="-${number}"]`;
const meeting = (number) => `${day(number)} .fc-event:contains("Meet Ada")`;

/**
 * A meeting dragged to another day of the month is planned for that day. From the 15th to
 * the 20th, no other month's days are on the page.
 */
registry.category("web_tour.tours").add("billinator_crm_move_meeting", {
    url: "/odoo/activities",
    steps: () => [
        {
            content: "Look at the calendar",
            trigger: ".o_switch_view.o_calendar",
            run: "click",
        },
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
