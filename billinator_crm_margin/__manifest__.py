{
    "name": "Billinator CRM: Margin",
    "version": "19.0.1.1.0",
    "category": "Sales/CRM",
    "summary": "Costs and margins of quotes, and approval of small margins",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm"],
    "data": [
        "views/billinator_quote_views.xml",
        "views/billinator_approval_rule_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
