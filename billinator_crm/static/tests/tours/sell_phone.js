import { registry } from "@web/core/registry";
import { openCrm } from "./tour_steps";

/** Choose a record in the dialog that a many2one opens on a phone. */
const chooseOnPhone = (field, name) => [
    { trigger: `${field} input`, run: "click" },
    {
        content: `Choose ${name}`,
        trigger: `.modal .o_kanban_record:contains("${name}")`,
        run: "click",
    },
    { trigger: `body:not(:has(.modal .o_kanban_record:contains("${name}")))` },
];

const clickAction = (name) => [
    {
        content: "Open the other buttons where there is a menu of them",
        trigger: `.o_statusbar_buttons button[name='${name}'], .o_statusbar_buttons .o-dropdown:has(.fa-ellipsis-v), .o-statusbar-buttons-dropdown, .o_statusbar_buttons .dropdown-toggle`,
        run: ({ anchor }) => {
            if (anchor.name !== name) {
                anchor.click();
            }
        },
    },
    {
        content: `Click ${name}`,
        trigger: `button[name='${name}']:enabled`,
        run: "click",
    },
];

/** A salesperson without accounting rights sells from a phone. */
registry.category("web_tour.tours").add("billinator_crm_sell_phone", {
    url: "/odoo",
    steps: () => [
        ...openCrm(),
        {
            trigger: ".o_kanban_view .o-kanban-button-new, .o_kanban_view .o_control_panel .btn:contains('New')",
            run: "click",
        },
    ],
});
