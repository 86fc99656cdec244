{
    "name": "Billinator CRM: Documents",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Cover pages, terms and data sheets that go with quotes",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm"],
    "data": [
        "security/ir_rules.xml",
        "security/ir.model.access.csv",
        "views/billinator_quote_document_views.xml",
        "views/billinator_quote_views.xml",
        "views/billinator_quote_template_views.xml",
        "views/billinator_quote_compare_views.xml",
        "views/billinator_quote_portal_templates.xml",
        "views/billinator_crm_documents_menus.xml",
    ],
    "demo": [
        "demo/billinator_quote_document_demo.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
}
