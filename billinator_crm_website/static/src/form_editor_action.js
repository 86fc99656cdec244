import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

registry.category("website.form_editor_actions").add("create_billinator_opportunity", {
    formFields: [
        {
            name: "contact_name",
            type: "char",
            required: true,
            fillWith: "name",
            string: _t("Your Name"),
        },
        {
            name: "email_from",
            type: "email",
            required: true,
            fillWith: "email",
            string: _t("Your Email"),
        },
        {
            name: "phone",
            type: "tel",
            fillWith: "phone",
            string: _t("Phone Number"),
        },
        {
            name: "partner_name",
            type: "char",
            fillWith: "commercial_company_name",
            string: _t("Your Company"),
        },
        {
            name: "name",
            type: "char",
            modelRequired: true,
            string: _t("Subject"),
        },
        {
            name: "description",
            type: "text",
            required: true,
            string: _t("Your Message"),
        },
    ],
    // Chosen in the editor, and hidden in the form. Who chooses none gets the first team
    // of the website's company, which says who of it gets the opportunity.
    fields: [
        {
            name: "team_id",
            type: "many2one",
            relation: "crm.team",
            string: _t("Sales Team"),
        },
        {
            name: "user_id",
            type: "many2one",
            relation: "res.users",
            domain: [["share", "=", false]],
            string: _t("Salesperson"),
        },
    ],
});
