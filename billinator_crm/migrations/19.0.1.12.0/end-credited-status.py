from odoo import SUPERUSER_ID, api
from odoo.tools import split_every

BATCH = 500


def migrate(cr, version):
    """Say of quotes and down payments whose invoices were credited that they are."""
    # Nothing happened that somebody would have to be told of.
    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
    credited = env["account.move"].search(
        [
            ("billinator_quote_id", "!=", False),
            "|",
            ("reversal_move_ids", "!=", False),
            ("payment_state", "=", "reversed"),
        ]
    )
    compute(credited.billinator_quote_id)
    compute(credited.billinator_installment_id)


def compute(records):
    for ids in split_every(BATCH, records.ids):
        batch = records.browse(ids)
        batch.env.add_to_compute(batch._fields["invoice_status"], batch)
        batch.env.flush_all()
        batch.env.invalidate_all()
