from odoo import api, models

from ..changes import mark_referring
from ..naming import naming

CLOSED_EVENTS = {"won": "opportunity.won", "lost": "opportunity.lost"}


class BillinatorOpportunity(models.Model):
    _inherit = "billinator.opportunity"

    _write_date_idx = models.Index("(write_date, id)")

    @api.model_create_multi
    def create(self, vals_list):
        opportunities = super().create(vals_list)
        Webhook = self.env["billinator.webhook"]
        if Webhook._has_listeners("opportunity.created", *CLOSED_EVENTS.values()):
            Webhook._tell(
                {
                    "opportunity.created": opportunities,
                    **opportunities._get_closed_events({}),
                }
            )
        return opportunities

    def write(self, vals):
        Webhook = self.env["billinator.webhook"]
        if not Webhook._has_listeners("opportunity.moved", *CLOSED_EVENTS.values()):
            return super().write(vals)
        before = self._get_stages()
        result = super().write(vals)
        after = self._get_stages()
        moved = self.filtered(lambda deal: before[deal.id][0] != after[deal.id][0])
        Webhook._tell({"opportunity.moved": moved, **moved._get_closed_events(before)})
        return result

    def unlink(self):
        mark_referring(self)
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()

    def _check_gate(self):
        with naming("stage_id"):
            return super()._check_gate()

    @api.model
    def _check_salespeople(self, ids):
        with naming("user_id"):
            return super()._check_salespeople(ids)

    def _merge_documents(self, others):
        # Salespeople have no access to the references of the deals they may merge.
        self.env["billinator.external.reference"].sudo()._move(others, self)
        return super()._merge_documents(others)

    def _get_stages(self):
        """Return the stage and the status of each, by id."""
        # Who gives an opportunity away may not read it afterwards.
        return {deal.id: (deal.stage_id, deal.status) for deal in self.sudo()}

    def _get_closed_events(self, before):
        """Return those that were won and lost since ``before``, by event."""
        after = self._get_stages()
        return {
            event: self.filtered(
                lambda deal, status=status: (
                    after[deal.id][1] == status
                    and before.get(deal.id, (None, None))[1] != status
                )
            )
            for status, event in CLOSED_EVENTS.items()
        }
