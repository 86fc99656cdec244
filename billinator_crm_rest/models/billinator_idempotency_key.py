from datetime import timedelta

from odoo import api, fields, models

KEEP = timedelta(days=1)


class BillinatorIdempotencyKey(models.Model):
    """What a call with an ``Idempotency-Key`` was answered, to answer it again.

    The row is written in the call's own transaction: what failed left none behind.
    """

    _name = "billinator.idempotency.key"
    _description = "Idempotency Key"
    _rec_name = "key"

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    key = fields.Char(required=True)
    request_hash = fields.Char(required=True)
    status_code = fields.Integer()
    body = fields.Text()

    _key_uniq = models.Constraint(
        "UNIQUE(user_id, key)", "This idempotency key was used already."
    )
    _create_date_idx = models.Index("(create_date)")

    @api.autovacuum
    def _gc_old_keys(self):
        old = [("create_date", "<", fields.Datetime.now() - KEEP)]
        keys = self.search(old, limit=10_000)
        keys.unlink()
        return len(keys), len(keys) == 10_000
