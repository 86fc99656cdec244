#!/usr/bin/env python3
"""Log a talk with a customer by OdooRPC, and read what was said before.

Works as it is with what ``./dev run`` serves. For another Odoo set ODOO_HOST,
ODOO_PORT, ODOO_DB, ODOO_LOGIN and ODOO_PASSWORD; an API key is a password too.
"""

import os

import odoorpc

odoo = odoorpc.ODOO(
    os.environ.get("ODOO_HOST", "127.0.0.1"),
    port=int(os.environ.get("ODOO_PORT", 8069)),
)
odoo.login(
    os.environ.get("ODOO_DB", "billinator"),
    os.environ.get("ODOO_LOGIN", "admin"),
    os.environ.get("ODOO_PASSWORD", "admin"),
)
notes = odoo.env["billinator.note"]
customer = odoo.env["res.partner"].create({"name": "ABC Corp", "is_company": True})
notes.create(
    {
        "partner_id": customer,
        "note_type": "call",
        "direction": "out",
        "subject": "Delivery dates",
        "body": "They want it before the summer.",
    }
)
for note in notes.browse(notes.search([("partner_id", "=", customer)])):
    print(note.date, note.note_type, note.subject)
