{
    "name": "Billinator CRM: Switch from Odoo's CRM",
    "version": "19.0.1.0.1",
    "category": "Sales/CRM",
    "summary": "Brings over the leads, opportunities and quotations of Odoo's CRM",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm", "crm"],
    "data": [
        "security/ir_rules.xml",
        "security/ir.model.access.csv",
        "data/ir_cron_data.xml",
        "views/billinator_crm_migration_views.xml",
        "views/billinator_crm_migration_menus.xml",
    ],
}
