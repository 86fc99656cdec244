{
    "name": "Billinator CRM: REST API",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "summary": "Opportunities, quotes, activities, notes and contacts under /api",
    "author": "Billinator",
    "license": "LGPL-3",
    "depends": ["billinator_crm", "fastapi"],
    "data": [
        "security/res_groups.xml",
        "security/ir.model.access.csv",
        "data/fastapi_endpoint_data.xml",
    ],
    "external_dependencies": {"python": ["fastapi", "pydantic"]},
}
