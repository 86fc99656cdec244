import json

from odoo.fields import Command
from odoo.tests import HttpCase

from odoo.addons.billinator_crm.tests.common import BillinatorCommon

DEAL = "billinator.opportunity"
VISITOR = {
    "name": "A desk",
    "contact_name": "Jo Doe",
    "email_from": "jo@new.example",
    "phone": "+49 30 123456",
    "partner_name": "New & Co.",
    "description": "I need <b>desks</b>.\nSoon.",
}


class WebsiteCase(BillinatorCommon):
    """The tests' company has the website, and a team that deals go to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("website.default_website")
        cls.website.company_id = cls.company
        cls.team, cls.other_team, cls.strange_team = cls.env["crm.team"].create(
            [
                {
                    "name": name,
                    "sequence": -2,
                    "company_id": company.id,
                    "user_id": leader.id,
                    "crm_team_member_ids": [
                        Command.create({"user_id": member.id}) for member in members
                    ],
                }
                for name, company, leader, members in (
                    ("Web", cls.company, cls.manager, [cls.salesperson, cls.colleague]),
                    ("Other", cls.company, cls.senior, []),
                    ("Strange", cls.company_b, cls.stranger, []),
                )
            ]
        )
        cls.other_team.sequence = -1


class FormCase(WebsiteCase, HttpCase):
    """Somebody sends something to the website."""

    def _post(self, values, model=DEAL, **options):
        response = self.url_open(f"/website/form/{model}", data=values, **options)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return json.loads(response.text)

    def _submit(self, files=None, **values):
        """Fill in the form and return the deal that comes of it."""
        answer = self._post({**VISITOR, **values}, files=files)
        self.assertEqual(list(answer), ["id"])
        return self.env[DEAL].browse(answer["id"])
