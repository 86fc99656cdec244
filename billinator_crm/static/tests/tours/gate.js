import { registry } from "@web/core/registry";
import { choose } from "./tour_steps";

const isAsked = (field) => ({
    content: `It asks for ${field}`,
    trigger: `.modal .o_field_widget[name=${field}]`,
});

const chooseDay = {
    content: "Fill in the expected closing",
    trigger: ".modal .o_field_widget[name=date_deadline] input",
    run: "edit 01/31/2030 && press Tab",
};

const save = {
    content: "Save and move",
    trigger: ".modal .o_form_button_save:contains('Save and Move to Negotiation'):enabled",
    run: "click",
};

const isInStage = {
    content: "It is in the stage",
    trigger: "body:not(:has(.modal)) .o_statusbar_status button:visible:contains('Negotiation')",
};

/** A drag into a gated stage asks for what is missing; cancelled, the card is back. */
registry.category("web_tour.tours").add("billinator_crm_gate", {
    url: "/odoo/opportunities",
    steps: () => {
        const drag = {
            content: "Drag it to Negotiation",
            trigger: ".o_kanban_group:first .o_kanban_record:contains('Gated Deal')",
            run: "drag_and_drop (.o_kanban_group:contains('Negotiation'))",
        };
        return [
            drag,
            isAsked("date_deadline"),
            {
                content: "Think again",
                trigger: ".modal .o_form_button_cancel",
                run: "click",
            },
            {
                trigger:
                    "body:not(:has(.modal)) .o_kanban_group:first .o_kanban_record:contains('Gated Deal')",
            },
            drag,
            chooseDay,
            {
                trigger: ".modal .o_field_widget[name=description] .odoo-editor-editable",
                run: "editor Before summer",
            },
            ...choose(".modal .o_field_widget[name=source_id]", "A Tour Fair"),
            save,
            {
                content: "An activity is missing still",
                trigger: ".o_notification:contains('it needs a next activity')",
            },
            {
                trigger: ".modal button[name=plan_activity]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=summary] input",
                run: "edit Call again",
            },
            {
                trigger: ".o_dialog:not(.o_inactive_modal) .o_form_button_save:contains('Save'):enabled",
                run: "click",
            },
            {
                content: "It is planned, and what was filled in is there still",
                trigger: ".modal .o_billinator_gate:contains('is planned')",
            },
            save,
            {
                content: "The card is in the stage",
                trigger:
                    "body:not(:has(.modal)) .o_kanban_group:contains('Negotiation') .o_kanban_record:contains('Gated Deal')",
            },
        ];
    },
});

/** A click on the status bar does, too; what else was typed is saved. */
registry.category("web_tour.tours").add("billinator_crm_gate_phone", {
    steps: () => [
        {
            trigger: ".o_form_view [name=expected_revenue] input",
            run: "edit 4711",
        },
        {
            content: "Choose another stage",
            trigger: ".o_form_view .o_statusbar_status .dropdown-toggle:visible",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:contains('Negotiation')",
            run: "click",
        },
        isAsked("date_deadline"),
        {
            content: "It is in its former stage",
            trigger: ".o_statusbar_status :visible:contains('Lead')",
        },
        chooseDay,
        save,
        isInStage,
    ],
});

/** Managers move deals past the gate, and say why. */
registry.category("web_tour.tours").add("billinator_crm_gate_anyway", {
    steps: () => [
        {
            trigger: ".o_statusbar_status button:contains('Negotiation')",
            run: "click",
        },
        isAsked("date_deadline"),
        {
            trigger: ".modal button[name=move_anyway]",
            run: "click",
        },
        {
            trigger: ".modal [name=reason] input",
            run: "edit A friend of the boss",
        },
        {
            trigger: ".modal button[name=action_move]",
            run: "click",
        },
        isInStage,
    ],
});
