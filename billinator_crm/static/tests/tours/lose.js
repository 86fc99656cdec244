import { registry } from "@web/core/registry";
import { choose } from "./tour_steps";

/** A drag to Lost asks for the reason; without one, the deal stays where it was. */
registry.category("web_tour.tours").add("billinator_crm_lose", {
    url: "/odoo/opportunities",
    steps: () => {
        const dragToLost = {
            content: "Drag it to Lost",
            trigger: ".o_kanban_group:first .o_kanban_record:contains('Lose Deal')",
            run: "drag_and_drop (.o_kanban_group:contains('Lost'))",
        };
        return [
            dragToLost,
            {
                content: "Think again",
                trigger: ".modal button[special=cancel]",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal))",
            },
            dragToLost,
            ...choose(".modal [name=lost_reason_id]", "Too expensive"),
            {
                trigger: ".modal [name=feedback] textarea",
                run: "edit Twice as much as last year",
            },
            {
                trigger: ".modal button[name=action_mark_lost]",
                run: "click",
            },
            {
                content: "It left its column",
                trigger:
                    "body:not(:has(.modal)) .o_kanban_group:first:not(:has(.o_kanban_record:contains('Lose Deal')))",
            },
        ];
    },
});
