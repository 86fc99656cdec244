from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

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

    @api.model
    def _claim(self, key, request_hash):
        """Return the row of the user's key, and whether this call is its first.

        Two calls at once meet in the unique constraint: the second waits, PostgreSQL
        tells it of the conflict, Odoo repeats it, and it finds the first one's row.

        :param str request_hash: what tells this call from another
        """
        self.env.cr.execute(
            SQL(
                "INSERT INTO billinator_idempotency_key"
                " (user_id, key, request_hash, create_uid, create_date)"
                " VALUES (%(uid)s, %(key)s, %(request_hash)s, %(uid)s, %(now)s)"
                " ON CONFLICT (user_id, key) DO NOTHING RETURNING id",
                uid=self.env.uid,
                key=key,
                request_hash=request_hash,
                now=self.env.cr.now(),
            ),
            log_exceptions=False,
        )
        if inserted := self.env.cr.fetchone():
            return self.browse(inserted), True
        return self.search([("user_id", "=", self.env.uid), ("key", "=", key)]), False

    def _keep_answer(self, status_code, body):
        """Remember what the call was answered, for its repetitions."""
        self.write({"status_code": status_code, "body": body})

    @api.autovacuum
    def _gc_old_keys(self):
        old = [("create_date", "<", fields.Datetime.now() - KEEP)]
        keys = self.search(old, limit=10_000)
        keys.unlink()
        return len(keys), len(keys) == 10_000
