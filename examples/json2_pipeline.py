#!/usr/bin/env python3
"""Look at the pipeline, and plan a call, over Odoo's JSON-2.

Every public method of the models is there under /json/2/MODEL/METHOD; Odoo's page /doc
lists them. Needs an API key in ODOO_API_KEY, and ODOO_URL for another server than
``./dev run``.
"""

import os

import requests

URL = os.environ.get("ODOO_URL", "http://127.0.0.1:8069")
HEADERS = {"Authorization": f"Bearer {os.environ['ODOO_API_KEY']}"}
if database := os.environ.get("ODOO_DB"):
    HEADERS["X-Odoo-Database"] = database


def call(model, method, **arguments):
    response = requests.post(
        f"{URL}/json/2/{model}/{method}", headers=HEADERS, json=arguments, timeout=30
    )
    if not response.ok:
        raise SystemExit(f"{model}.{method}: {response.json()['message']}")
    return response.json()


figures = call("billinator.opportunity", "get_pipeline_statistics")
for stage in figures["stages"]:
    print(f"{stage['name']:15} {stage['count']:4} {stage['value']:14,.2f}")

[customer] = call(
    "res.partner", "create", vals_list=[{"name": "ABC Corp", "is_company": True}]
)
[activity] = call(
    "billinator.activity",
    "create",
    vals_list=[
        {
            "partner_id": customer,
            "type": "call",
            "summary": "Follow-up call",
            "due_date": "2030-01-20 10:00:00",
            "priority": "high",
        }
    ],
)
call("billinator.activity", "action_complete", ids=[activity], outcome="Reached")
page = call("billinator.timeline", "get_timeline", partner_id=customer)
for event in page["events"]:
    print(event["date"], event["kind_label"], event["title"], event["state_label"])
