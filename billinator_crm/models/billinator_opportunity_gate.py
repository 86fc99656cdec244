from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_list, is_html_empty

from ..arguments import arguments, as_id, as_text
from ..markers import GATE_OPEN
from .billinator_opportunity import STAGE_SOURCES


class BillinatorOpportunity(models.Model):
    """The gates: what an opportunity must have to enter a stage."""

    _inherit = "billinator.opportunity"

    @api.model_create_multi
    def create(self, vals_list):
        """Ask new opportunities for what their stage demands."""
        opportunities = super().create(vals_list)
        opportunities._check_gate()
        return opportunities

    def write(self, vals):
        """Ask opportunities that enter a stage for what it demands."""
        if not any(name in vals for name in STAGE_SOURCES):
            return super().write(vals)
        stages = {opportunity: opportunity.stage_id for opportunity in self}
        result = super().write(vals)
        try:
            self.filtered(
                lambda opportunity: opportunity.stage_id != stages[opportunity]
            )._check_gate()
        except ValidationError as refusal:
            if len(self) == 1 and vals.get("stage_id") and self.status != "lost":
                refusal.context = {"billinator_gate": self._prepare_gate_question()}
            raise
        return result

    # === Actions === #

    @arguments(stage_id=as_id, reason=as_text)
    def action_override_gate(self, stage_id, reason):
        """Move opportunities to a stage although they lack what it demands.

        What they lack and the reason are logged on them.

        :param int stage_id: id of a ``billinator.stage``
        :param str reason: why, plain text
        :return: True
        :raises AccessError: for users who are not sales managers
        :raises ValidationError: without a reason
        """
        self._check_may_override_gate()
        self.check_access("write")
        if not (reason or "").strip():
            raise ValidationError(
                self.env._("Say why the opportunities may pass without it.")
            )
        stage = self.env["billinator.stage"].browse(stage_id or ()).exists()
        if not stage:
            raise UserError(self.env._("Choose an existing stage."))
        lacking = stage._get_lacking(self)
        GATE_OPEN.on(self).write({"stage_id": stage.id})
        lacking_deals = self.filtered(lambda opportunity: lacking[opportunity])
        lacking_deals._message_log_batch(
            bodies={
                opportunity.id: self.env._(
                    "Moved to %(stage)s without %(lacking)s: %(reason)s",
                    stage=stage.display_name,
                    lacking=format_list(self.env, lacking[opportunity]),
                    reason=reason,
                )
                for opportunity in lacking_deals
            }
        )
        return True

    # === Business === #

    def _check_gate(self):
        """Refuse opportunities without what their stage demands, naming all of it."""
        if GATE_OPEN.is_on(self.env):
            return
        lines = [
            self.env._(
                "“%(opportunity)s” cannot enter %(stage)s yet: it needs %(lacking)s.",
                opportunity=opportunity.name,
                stage=stage.display_name,
                lacking=format_list(self.env, lacking),
            )
            # Those without a stage are refused by the database.
            for stage, opportunities in self.grouped("stage_id").items()
            if stage
            for opportunity, lacking in stage._get_lacking(opportunities).items()
            if lacking
        ]
        if lines:
            raise ValidationError("\n".join(lines))

    def _prepare_gate_question(self):
        """Return what the web client asks for instead of showing the refusal.

        Programs get it next to the refusal's text, as the context of the error.
        """
        missing = self.stage_id._get_missing(self)[self]
        return {
            "opportunity": {"id": self.id, "display_name": self.display_name},
            "stage": {"id": self.stage_id.id, "display_name": self.stage_id.name},
            **missing._asdict(),
            "may_override": self._may_override_gate(),
        }

    def _return_to_stage(self, stage):
        """Ask nothing of opportunities that the stage has let in before."""
        returning = GATE_OPEN.on(self)
        return super(BillinatorOpportunity, returning)._return_to_stage(stage)

    def _may_override_gate(self):
        return self.env.user.has_group("sales_team.group_sale_manager")

    def _check_may_override_gate(self):
        if not self._may_override_gate():
            raise AccessError(
                self.env._(
                    "Only a sales manager can move opportunities without what the "
                    "stage demands."
                )
            )

    def _has_accepted_quote(self):
        self.ensure_one()
        # A new version takes back what was accepted, until it is accepted itself.
        return any(
            quote.state == "accepted" and not quote.is_superseded
            for quote in self.quote_ids
        )

    def _has_next_activity(self):
        self.ensure_one()
        # Also one that is planned on a quote.
        return any(activity.status == "pending" for activity in self.crm_activity_ids)

    def _is_filled_in(self, name):
        """Whether the field ``name`` has a value that says something."""
        self.ensure_one()
        value = self[name]
        if self._fields[name].type == "html":
            return not is_html_empty(value)
        # Blanks say nothing.
        return bool(value.strip() if isinstance(value, str) else value)
