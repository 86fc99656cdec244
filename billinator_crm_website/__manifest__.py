{
    "name": "Billinator CRM: Website",
    "version": "19.0.1.0.1",
    "category": "Website/Website",
    "summary": "Website forms that create opportunities",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm", "website"],
    "data": ["data/ir_model_data.xml"],
    "assets": {
        "website.website_builder_assets": [
            "billinator_crm_website/static/src/form_editor_action.js",
        ],
        "web.assets_tests": ["billinator_crm_website/static/tests/tours/*.js"],
    },
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
}
