import { registry } from "@web/core/registry";
import { clickOnSave, registerWebsitePreviewTour } from "@website/js/tours/tour_utils";

function choose(label, option) {
    const row = `[data-container-title='Block'] [data-label='${label}']`;
    return [
        {
            trigger: `.o-snippets-menu ${row} .dropdown-toggle`,
            run: "click",
        },
        {
            trigger: `.o_popover .o-dropdown-item:contains('${option}')`,
            run: "click",
        },
    ];
}

registerWebsitePreviewTour(
    "billinator_crm_website_choose_action",
    { url: "/contactus", edition: true },
    () => [
        {
            trigger: ":iframe #wrap.o_editable section.s_website_form",
            run: "click",
        },
        {
            trigger: ".o-snippets-menu .o-snippets-tabs [data-name='customize'].active",
        },
        ...choose("Action", "Create an opportunity"),
        {
            trigger: ":iframe form[data-model_name='billinator.opportunity']",
        },
        ...choose("Sales Team", "Other"),
        {
            trigger: ":iframe form input[name=team_id]:not(:visible)",
        },
        ...clickOnSave(),
    ],
);

registry.category("web_tour.tours").add("billinator_crm_website_fill_in", {
    steps: () => [
        ...Object.entries({
            contact_name: "Jo Doe",
            email_from: "jo@new.example",
            phone: "+49 30 123456",
            partner_name: "New & Co.",
            name: "Ten desks",
            description: "By <b>Monday</b>",
        }).map(([name, text]) => ({
            trigger: `form [name=${name}]`,
            run: `edit ${text}`,
        })),
        {
            trigger: ".s_website_form_send",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "#wrap h1:contains('Thank You')",
        },
    ],
});
