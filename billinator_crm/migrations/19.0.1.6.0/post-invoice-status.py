from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Tell anew how far quotes are whose invoices were credited, or come to nothing."""
    # Nothing happened that somebody would have to be told of.
    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
    invoices = env["account.move"].search(
        [
            ("billinator_quote_id", "!=", False),
            "|",
            ("reversal_move_ids", "!=", False),
            ("amount_total", "=", 0),
        ]
    )
    for records in (invoices.billinator_quote_id, invoices.billinator_installment_id):
        for name in ("amount_invoiced", "invoice_status"):
            env.add_to_compute(records._fields[name], records)
    env.flush_all()
