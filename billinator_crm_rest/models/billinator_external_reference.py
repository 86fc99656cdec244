from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

VACUUM_BATCH = 10_000


class BillinatorExternalReference(models.Model):
    """Under which name another system knows a record.

    A table of its own, and not a column of each model, so that two calls at once meet
    in its constraint before either has created anything.
    """

    _name = "billinator.external.reference"
    _description = "External Reference"
    _rec_name = "ref"

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    source = fields.Char(default="", help="The other system")
    ref = fields.Char(required=True)
    model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="model")

    _ref_uniq = models.Constraint(
        "UNIQUE(model, company_id, source, ref)", "This reference is used already."
    )
    _record_idx = models.Index("(model, res_id)")

    @api.model
    def _claim(self, model, source, ref):
        """Return the reference's row, of the current company; ``res_id`` may be empty.

        Who comes second waits for the first; PostgreSQL then reports a serialization
        failure, Odoo repeats the call, and the call finds the first one's record.
        """
        self.env.cr.execute(
            SQL(
                "INSERT INTO billinator_external_reference"
                " (company_id, source, ref, model, create_uid, create_date)"
                " VALUES (%s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC')"
                " ON CONFLICT (model, company_id, source, ref) DO NOTHING",
                self.env.company.id,
                source,
                ref,
                model,
                self.env.uid,
            ),
            log_exceptions=False,
        )
        return self.search(self._get_claim_domain(model, source, ref))

    @api.model
    def _get_claim_domain(self, model, source, ref):
        return [
            ("model", "=", model),
            ("company_id", "=", self.env.company.id),
            ("source", "=", source),
            ("ref", "=", ref),
        ]

    @api.model
    def _get_references(self, records):
        """Return lists of the records' references by their ids, the oldest first."""
        rows = self.search_fetch(
            [("model", "=", records._name), ("res_id", "in", records.ids)],
            ["res_id", "source", "ref"],
            order="id",
        )
        return {
            res_id: [{"source": row.source or "", "ref": row.ref} for row in known]
            for res_id, known in rows.grouped("res_id").items()
        }

    def _get_record(self):
        """Return the record, whoever may see it, if it is still there."""
        return self.env[self.model].browse(self.res_id or ()).exists()

    @api.model
    def _move(self, sources, target):
        """Have the references of records that go stand for the one that stays."""
        domain = [("model", "=", sources._name), ("res_id", "in", sources.ids)]
        self.search(domain).res_id = target.id

    # === Tidying up === #

    @api.autovacuum
    def _gc_lost_references(self):
        """Forget the names of what is gone, maybe with its whole model."""
        models = [model for [model] in self._read_group([], ["model"])]
        lost = self.search(
            Domain.OR(self._get_lost_domain(model) for model in models),
            limit=VACUUM_BATCH,
        )
        lost.unlink()
        return len(lost), len(lost) == VACUUM_BATCH

    @api.model
    def _get_lost_domain(self, model):
        domain = Domain("model", "=", model)
        if model not in self.env:
            return domain
        known = self.env[model].with_context(active_test=False)._search([])
        return domain & Domain("res_id", "not in", known)
