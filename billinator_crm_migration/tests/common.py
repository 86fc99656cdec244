from odoo.fields import Command

LEAD = "crm.lead"


class MigrationMixin:
    """A sales administrator brings over what a test has made."""

    @classmethod
    def _set_up_crm(cls):
        stages = cls.env["crm.stage"].search([])
        cls.crm_new = stages.filtered(lambda stage: stage.name == "New")
        cls.crm_qualified = stages.filtered(lambda stage: stage.name == "Qualified")
        cls.crm_won = stages.filtered("is_won")[:1]
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Sellers",
                "company_id": cls.company.id,
                "member_ids": [Command.set(cls.salesperson.ids)],
            }
        )
        # What the demo data have is no business of these tests.
        cls.last_lead = cls.env[LEAD].with_context(active_test=False)
        cls.last_lead = cls.last_lead.search([], order="id DESC", limit=1)
        cls.last_order = cls.env["sale.order"].search([], order="id DESC", limit=1)

    @classmethod
    def _create_lead(cls, **values):
        quietly = cls.env[LEAD].with_context(
            mail_create_nosubscribe=True, tracking_disable=True
        )
        lead = quietly.create(
            {
                "name": "A deal",
                "type": "opportunity",
                "company_id": cls.company.id,
                "user_id": cls.salesperson.id,
                "team_id": cls.team.id,
                "stage_id": cls.crm_qualified.id,
                "partner_id": cls.customer.id,
                **values,
            }
        )
        return lead.with_env(cls.env)

    def _create_run(self, **values):
        # Without what tests have in the context, which mails nobody.
        env = self.env(user=self.manager, context={}, su=False)
        return env["billinator.crm.migration"].create(
            {
                "company_ids": [Command.set(self.company.ids)],
                "last_lead_ref": self.last_lead.id,
                "last_order_ref": self.last_order.id,
                **values,
            }
        )

    def _bring(self, **values):
        """Bring over what is there, and return the run."""
        self.env.flush_all()
        run = self._create_run(**values)
        run.action_start()
        self.env.flush_all()
        self.env.invalidate_all()
        return run

    def _bring_lead(self, **values):
        """Return the deal that a lead becomes."""
        lead = self._create_lead(**values)
        run = self._bring()
        self.assertFalse(run.problem_ids.mapped("reason"))
        return lead.billinator_opportunity_id
