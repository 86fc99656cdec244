#!/usr/bin/env python3
"""Sell something over REST: a customer, a deal, a quote, and its invoice.

Needs a key: Preferences / Security / Add API Key, of a user in the group “CRM REST
API”. Run it with ODOO_API_KEY, and with ODOO_URL for another server than ``./dev run``.
"""

import os
import uuid

import requests

URL = os.environ.get("ODOO_URL", "http://127.0.0.1:8069")


class Client(requests.Session):
    """A session that knows the API's address and key, and raises what it refuses."""

    def __init__(self, url, key):
        super().__init__()
        self.url = f"{url}/api"
        self.headers["Authorization"] = f"Bearer {key}"

    def call(self, method, path, **body):
        # The same key on a retry makes the call safe to repeat.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response = self.request(
            method, f"{self.url}/{path}", json=body, headers=headers, timeout=30
        )
        if not response.ok:
            raise SystemExit(f"{method} {path}: {response.json()['detail']}")
        return response.json()


api = Client(URL, os.environ["ODOO_API_KEY"])

# A sync can run again: the customer is known by its reference in the other system.
customer = api.call(
    "POST",
    "customers",
    name="ABC Corp",
    is_company=True,
    external_ref="ABC",
    external_source="example",
)
deal = api.call(
    "POST",
    "opportunities",
    customer_id=customer["id"],
    title="New Deal with ABC Corp",
    value=50000.00,
    probability=75,
    stage="PROPOSAL",
    source="WEBSITE",
)
api.call(
    "POST",
    "activities",
    opportunity_id=deal["id"],
    type="CALL",
    subject="Follow-up call",
    due_date="2030-01-20T10:00:00Z",
    priority="HIGH",
)
quote = api.call(
    "POST",
    "quotes",
    customer_id=customer["id"],
    opportunity_id=deal["id"],
    items=[{"description": "Consulting", "quantity": 10, "unit_price": 1000.00}],
)
invoice = api.call("POST", f"quotes/{quote['id']}/convert")
api.call("PUT", f"opportunities/{deal['id']}", stage="WON")
print(f"{quote['quote_number']} of {invoice['total']:.2f} is in {URL}/odoo")
