from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.billinator_crm.tests.rights_tables import RightsTablesCase

GROUP = "billinator_crm_rest.group_api_user"
MODELS = """
                internal own      all      admin    account  portal   public   api
billinator.external.reference
  any           -        -        -        -        -        -        -        -
  other company -        -        -        -        -        -        -        -
billinator.idempotency.key
  own           -        -        -        -        -        -        -        -
  colleague     -        -        -        -        -        -        -        -
  unassigned    -        -        -        -        -        -        -        -
  other company -        -        -        -        -        -        -        -
billinator.webhook
  own           -        -        -        crwu     -        -        -        -
  colleague     -        -        -        -        -        -        -        -
  unassigned    -        -        -        -        -        -        -        -
  other company -        -        -        -        -        -        -        -
billinator.webhook.delivery
  own           -        -        -        r        -        -        -        -
  colleague     -        -        -        -        -        -        -        -
  unassigned    -        -        -        -        -        -        -        -
  other company -        -        -        -        -        -        -        -
billinator.webhook.event
  any           -        -        -        r        -        -        -        -
"""
METHODS = """
billinator.webhook: action_renew_secret action_send_test action_view_deliveries
billinator.webhook.delivery: action_resend
"""


class RestRightsCase(RightsTablesCase):
    # Whose eyes a webhook has, a constraint says.
    REFUSALS = {**RightsTablesCase.REFUSALS, "billinator.webhook": (ValidationError,)}

    @classmethod
    def _create_roles(cls):
        api_user = new_test_user(
            cls.env,
            "billinator_api_user",
            f"sales_team.group_sale_salesman,{GROUP}",
            company_id=cls.company.id,
        )
        return {**super()._create_roles(), "api": api_user}

    def _get_internal(self, place):
        owner = place.owner or self.other_colleague
        return self.colleague if owner.sudo().share else owner

    def _prepare_external_reference(self, place):
        return {
            "company_id": place.company.id,
            "ref": self._name(place),
            "model": "res.partner",
        }

    def _prepare_idempotency_key(self, place):
        return {
            "user_id": (place.owner or self.other_colleague).id,
            "key": self._name(place),
            "request_hash": self._name(place),
        }

    def _prepare_webhook(self, place):
        event = self.env["billinator.webhook.event"].search([], limit=1)
        return {
            "name": self._name(place),
            "url": "https://receiver.example/",
            "user_id": self._get_internal(place).id,
            "company_id": place.company.id,
            "event_ids": [Command.set(event.ids)],
        }

    def _prepare_webhook_delivery(self, place):
        return {
            "webhook_id": self._get_document("billinator.webhook", place).id,
            "event": "webhook.test",
            "event_uuid": self._name(place),
            "payload": "{}",
        }

    def _prepare_webhook_event(self, place):
        return {"name": self._name(place), "code": self._name(place)}


@tagged("post_install", "-at_install")
class TestRestRights(RestRightsCase):
    def test_every_model_and_every_role(self):
        self.assert_rights("billinator_crm_rest", MODELS)

    def test_what_the_export_offers_can_be_exported(self):
        self.assert_exports("billinator_crm_rest")

    def test_every_method(self):
        self.assert_methods("billinator_crm_rest", METHODS, {})

    def test_the_group_opens_the_api_and_nothing_else(self):
        """A call has its user's rights: the group itself gives none."""
        group = self.env.ref(GROUP)
        self.assertFalse(group.all_implied_ids - group)
        self.assertFalse(group.model_access)
        self.assertFalse(group.rule_groups)
