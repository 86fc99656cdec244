#!/usr/bin/env python3
"""Sell something over XML-RPC: a customer, a deal, a quote, and its invoice.

Works as it is with what ``./dev run`` serves. For another Odoo set ODOO_URL, ODOO_DB,
ODOO_LOGIN and ODOO_PASSWORD; an API key is a password too.
"""

import os
import xmlrpc.client

URL = os.environ.get("ODOO_URL", "http://127.0.0.1:8069")
DB = os.environ.get("ODOO_DB", "billinator")
LOGIN = os.environ.get("ODOO_LOGIN", "admin")
PASSWORD = os.environ.get("ODOO_PASSWORD", "admin")

uid = xmlrpc.client.ServerProxy(f"{URL}/xmlrpc/2/common").authenticate(
    DB, LOGIN, PASSWORD, {}
)
if not uid:
    raise SystemExit(f"{LOGIN} cannot log in to {DB} at {URL}.")
odoo = xmlrpc.client.ServerProxy(f"{URL}/xmlrpc/2/object")


def call(model, method, *arguments, **options):
    return odoo.execute_kw(DB, uid, PASSWORD, model, method, arguments, options)


customer = call("res.partner", "create", {"name": "ABC Corp", "is_company": True})
product = call("product.product", "create", {"name": "Consulting", "list_price": 1000})
[proposal] = call("billinator.stage", "search", [("code", "=", "PROPOSAL")])

deal = call(
    "billinator.opportunity",
    "create",
    {
        "name": "New Deal with ABC Corp",
        "partner_id": customer,
        "stage_id": proposal,
        "expected_revenue": 50000,
        "probability": 75,
    },
)

# The customer's pricelist and the product's taxes give the rest of the line.
quote = call(
    "billinator.quote",
    "create",
    {
        "partner_id": customer,
        "opportunity_id": deal,
        "line_ids": [(0, 0, {"product_id": product, "quantity": 10, "discount": 5})],
    },
)
call("billinator.quote", "action_mark_sent", [quote])
call("billinator.quote", "action_accept", [quote])

# Safe to repeat: a quote becomes one invoice, however often it is asked to. A user
# without accounting rights finds it in action["params"]["invoice_ids"].
action = call("billinator.quote", "action_convert_to_invoice", [quote])
call("billinator.opportunity", "action_set_won", [deal])

[values] = call("billinator.quote", "read", [quote], ["name", "amount_total"])
print(
    f"{values['name']} of {values['amount_total']:.2f} is invoice {action['res_id']}: "
    f"{URL}/odoo/customer-invoices/{action['res_id']}"
)
