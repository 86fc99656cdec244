from odoo import models

# What can be deleted only without the others: the rest comes before.
DELETED_LAST = (
    "billinator.quote",
    "billinator.opportunity",
    "res.users",
    "res.partner",
)


class PrivacyLookupWizard(models.TransientModel):
    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        # Activities are deleted with their customers, deals and quotes, which are
        # found; and the column that tells whether they are archived is Odoo's.
        return [*super()._get_query_models_blacklist(), "billinator.activity"]


class PrivacyLookupWizardLine(models.TransientModel):
    _inherit = "privacy.lookup.wizard.line"

    def action_unlink_all(self):
        """Delete all, the newest first: what keeps others before these.

        :return: True
        :raises UserError: where something has to be kept, such as posted invoices
        """
        lines = self.sorted(lambda line: (line._get_turn(), -line.res_id))
        super(PrivacyLookupWizardLine, lines).action_unlink_all()
        return True

    def _get_turn(self):
        if self.res_model in DELETED_LAST:
            return DELETED_LAST.index(self.res_model) + 1
        return 0
