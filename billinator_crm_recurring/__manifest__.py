{
    "name": "Billinator CRM: Recurring Revenue",
    "version": "19.0.1.0.2",
    "category": "Sales/CRM",
    "summary": "Monthly recurring revenue of deals",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm"],
    "data": [
        "security/ir.model.access.csv",
        "data/billinator_recurring_plan_data.xml",
        "views/billinator_recurring_plan_views.xml",
        "views/billinator_opportunity_views.xml",
        "views/billinator_opportunity_forecast_views.xml",
        "views/billinator_crm_recurring_menus.xml",
    ],
    "demo": [
        "demo/billinator_opportunity_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "billinator_crm_recurring/static/src/**/*",
        ],
        "web.assets_tests": [
            "billinator_crm_recurring/static/tests/tours/**/*",
        ],
    },
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
}
