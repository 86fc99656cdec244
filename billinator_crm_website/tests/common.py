from odoo.fields import Command

from odoo.addons.billinator_crm.tests.common import BillinatorCommon


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
