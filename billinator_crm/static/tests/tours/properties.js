import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const click = (trigger, content) => ({ content, trigger, run: "click" });

/** A manager gives the deals of a team a field of their own. */
registry.category("web_tour.tours").add("billinator_crm_define_property", {
    steps: () => [
        click(".o_cp_action_menus button:has(.fa-cog)", "What can be done here?"),
        click(".o-dropdown-item:contains('Edit Properties')", "Change the properties"),
        {
            content: "Name the new one",
            trigger: ".o_field_property_definition_header",
            run: "edit Building",
        },
        click(".o_field_property_definition_kanban input", "Show it on cards"),
        click(".o_field_widget[name=name]", "That is all"),
        {
            trigger: "body:not(:has(.o_field_property_definition))",
        },
        ...stepUtils.saveForm(),
    ],
});

/** A salesperson fills it in, and sees it on the card. */
registry.category("web_tour.tours").add("billinator_crm_fill_in_property", {
    steps: () => [
        {
            content: "Fill it in",
            trigger: ".o_property_field:contains('Building') input",
            run: "edit Tower && press Tab",
        },
        ...stepUtils.saveForm(),
        click(".o_back_button, .breadcrumb-item a:contains('Opportunities')", "Go back"),
        {
            content: "The card tells it",
            trigger: ".o_kanban_record:contains('Property Deal') .o_field_properties:contains('Tower')",
        },
    ],
});
