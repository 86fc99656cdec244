"""What a call that changes records leaves alone."""

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.billinator_crm.exceptions import StateError
from odoo.addons.billinator_crm.tests.common import BillinatorCommon

from ..routers.activities import ACTIVITIES
from ..schemas.activity import ActivityCreate, ActivityUpdate


@tagged("post_install", "-at_install")
class TestChange(BillinatorCommon):
    def test_what_ended_is_reopened_before_it_ends_otherwise(self):
        data = ActivityCreate(type="CALL", customer_id=self.customer.id)
        activity = ACTIVITIES.create_many(self.env, [data])
        for ended, other in (("CANCELLED", "DONE"), ("DONE", "CANCELLED")):
            for status in ("PENDING", ended, ended):
                ACTIVITIES.change(self.env, activity.id, ActivityUpdate(status=status))
            with self.assertRaises(StateError):
                ACTIVITIES.change(self.env, activity.id, ActivityUpdate(status=other))
            self.assertEqual(activity.status, ended.lower())

    def test_wrong_values_are_no_matter_of_the_state(self):
        outsider = new_test_user(
            self.env, "billinator_outsider", groups="base.group_portal"
        )
        segment = self.env["billinator.tag"].create(
            {
                "name": "By Rule",
                "is_segment": True,
                "partner_domain": "[('id', '=', 0)]",
            }
        )
        about = {"type": "CALL", "customer_id": self.customer.id}
        for call in (
            lambda: ACTIVITIES.upsert(self.env, ActivityCreate(type="CALL")),
            lambda: ACTIVITIES.upsert(
                self.env, ActivityCreate(**about, assigned_to=outsider.id)
            ),
            lambda: self.customer.write({"crm_tag_ids": [Command.link(segment.id)]}),
        ):
            with self.assertRaises(ValidationError) as refusal:
                call()
            self.assertNotIsInstance(refusal.exception, StateError)

    def test_nobody_is_told_of_a_foreign_segment(self):
        """Values in memory are the same for all users."""
        tags = self.env["billinator.tag"].create(
            [
                {"name": "Mine"},
                {
                    "name": "Foreign",
                    "is_segment": True,
                    "partner_domain": "[]",
                    "company_id": self.company_b.id,
                },
            ]
        )
        deal = self._create_opportunity(tag_ids=[Command.set(tags.ids)])
        self.assertEqual(deal.tag_ids, tags)
        [told] = self.env["billinator.webhook"]._read_as(self.manager.id, False, deal)
        self.assertEqual(told["tags"], ["Mine"])
