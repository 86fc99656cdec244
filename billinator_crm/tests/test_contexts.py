import re
from pathlib import Path

from odoo.tests import tagged

from odoo.addons import billinator_crm

from .. import markers
from .common import BillinatorCommon

OWN_KEY = re.compile(r'context\.get\(\s*"(billinator_\w+)"')
# What an RPC caller could put there.
VALUES = (True, False, "x", 7, [1], {}, {"x": 1})


def get_own_keys():
    """Return the keys that the addon's code talks to itself by."""
    models = Path(billinator_crm.__file__).parent / "models"
    keys = {
        key for path in models.glob("*.py") for key in OWN_KEY.findall(path.read_text())
    }
    for marker in vars(markers).values():
        if isinstance(marker, markers.Marker):
            keys |= marker.context.keys()
    return keys


@tagged("post_install", "-at_install")
class TestContexts(BillinatorCommon):
    """What the code tells itself in the context, no caller can."""

    def test_no_caller_says_what_is_ours_to_say(self):
        keys = get_own_keys()
        self.assertGreater(len(keys), 10)
        expected = self._work("without", {})
        for value in VALUES:
            with self.subTest(value=value):
                done = self._work(f"with {value}", dict.fromkeys(keys, value))
                self.assertEqual(done, expected)

    def _work(self, name, context):
        """Do a bit of everything; return what came of it."""
        env = self.env(context={**self.env.context, **context})
        company, person = env["res.partner"].create(
            [{"name": "Acme", "is_company": True}, {"name": "Ann"}]
        )
        person.parent_id = company
        deal = env["billinator.opportunity"].create(
            {
                "name": "A Deal",
                "partner_id": company.id,
                "user_id": self.salesperson.id,
            }
        )
        deal.message_post(body="Hello", message_type="comment")
        deal.activity_schedule("mail.mail_activity_data_todo", summary="Call back")
        deal.stage_id = self.stages["PROPOSAL"]
        self.env.flush_all()
        self.env.cr.precommit.run()
        tag = env["billinator.tag"].create(
            {"name": name, "partner_domain": repr([("id", "=", company.id)])}
        )
        return {
            "activities": deal.crm_activity_ids.mapped("summary"),
            "contacts": company.contact_ids.person_id.mapped("name"),
            "followers": deal.message_partner_ids
            == self.salesperson.partner_id | self.env.user.partner_id,
            "messages": deal.message_ids.mapped("billinator_event"),
            "members": tag.partner_ids.mapped("name"),
        }
