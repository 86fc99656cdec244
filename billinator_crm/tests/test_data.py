from odoo.tests import TransactionCase, tagged
from odoo.tools import convert_file

# Their records are an administrator's to delete.
FILES = {
    "billinator_stage_data": "billinator.stage",
    "billinator_lost_reason_data": "billinator.lost.reason",
    "billinator_activity_outcome_data": "billinator.activity.outcome",
}


@tagged("post_install", "-at_install")
class TestData(TransactionCase):
    """What comes with the addon when it is installed, and when it is upgraded."""

    def _load(self, name, mode):
        convert_file(self.env, "billinator_crm", f"data/{name}.xml", {}, mode=mode)

    def _forget(self, records):
        """Make records as good as deleted for what loads the data."""
        self.env["ir.model.data"].search(
            [("model", "=", records._name), ("res_id", "in", records.ids)]
        ).unlink()

    def test_an_upgrade_leaves_deleted_what_was(self):
        for name, model in FILES.items():
            records = self.env[model].search([])
            self.assertGreater(len(records), 4)
            self._forget(records)
            self._load(name, "update")
            self.assertEqual(self.env[model].search([]), records)

    def test_an_upgrade_leaves_an_activity_type_deleted(self):
        types = self.env["mail.activity.type"].search([])
        self._forget(self.env.ref("billinator_crm.mail_activity_type_note"))
        self._load("mail_activity_type_data", "update")
        self.assertEqual(self.env["mail.activity.type"].search([]), types)

    def test_installing_brings_it(self):
        for name, model in list(FILES.items())[1:]:
            records = self.env[model].search([])
            self._forget(records)
            self._load(name, "init")
            added = self.env[model].search([]) - records
            self.assertLessEqual(set(added.mapped("name")), set(records.mapped("name")))
            self.assertGreater(len(added), 4)

    def test_records_of_odoo_may_be_missing(self):
        self._forget(self.env.ref("mail.mail_activity_data_email"))
        self._forget(self.env.ref("digest.digest_digest_default"))
        counts = self._count_odoo_records()
        for mode in ("init", "update"):
            for name in ("mail_activity_type_data", "digest_digest_data"):
                self._load(name, mode)
        self.assertEqual(self._count_odoo_records(), counts)

    def _count_odoo_records(self):
        models = ("mail.activity.type", "digest.digest")
        return [self.env[model].search_count([]) for model in models]
