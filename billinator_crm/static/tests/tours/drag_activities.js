import { registry } from "@web/core/registry";

const column = (name) => `.o_kanban_group:has(.o_column_title:contains("${name}"))`;
const card = (name) => `.o_kanban_record:contains("${name}")`;

const dragToDone = (name) => ({
    content: `${name} is done`,
    trigger: `body:not(:has(.modal)) ${column("Pending")} ${card(name)}`,
    run: `drag_and_drop (${column("Done")})`,
});

const isDone = (name) => ({
    content: `${name} is among what is done`,
    trigger: `body:not(:has(.modal)) ${column("Done")} ${card(name)}`,
});

/** A drag to Done asks for the outcome, where the type of activity wants one. */
registry.category("web_tour.tours").add("billinator_crm_drag_activities", {
    url: "/odoo/activities",
    steps: () => [
        {
            content: "Show what is done, too",
            trigger: ".o_facet_value:contains('Pending') + .o_facet_remove, .o_searchview_facet:contains('Pending') .o_facet_remove",
            run: "click",
        },
        {
            trigger: ".o_searchview:not(:has(.o_searchview_facet:contains('Pending')))",
        },
        {
            content: "By status",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        dragToDone("Call Ada"),
        {
            content: "Think again",
            trigger: ".modal button[special=cancel]",
            run: "click",
        },
        dragToDone("Call Ada"),
        {
            content: "What came of it",
            trigger: ".modal [name=outcome_id] :contains('No answer'):not(:has(*))",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_complete]",
            run: "click",
        },
        isDone("Call Ada"),
        dragToDone("Late task"),
        isDone("Late task"),
    ],
});
