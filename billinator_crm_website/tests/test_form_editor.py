from odoo.tests import HttpCase, new_test_user, tagged

from .common import WebsiteCase


@tagged("post_install", "-at_install")
class TestFormEditor(WebsiteCase, HttpCase):
    """A form is given our action in the editor, and a visitor fills it in."""

    def test_from_the_editor_to_the_deal(self):
        admin = self.env.ref("base.user_admin")
        admin.write({"company_ids": self.company.ids, "company_id": self.company.id})
        url = self.website.get_client_action_url("/contactus", mode_edit=True)
        self.start_tour(url, "billinator_crm_website_choose_action", login="admin")
        self.start_tour("/contactus", "billinator_crm_website_fill_in")
        deal = self.env["billinator.opportunity"].search([("name", "=", "Ten desks")])
        self.assertRecordValues(
            deal,
            [
                {
                    "contact_name": "Jo Doe",
                    "email_from": "jo@new.example",
                    "phone": "+49 30 123456",
                    "partner_name": "New & Co.",
                    "team_id": self.other_team.id,
                    "user_id": self.senior.id,
                }
            ],
        )
        self.assertIn("By &lt;b&gt;Monday&lt;/b&gt;", deal.description)

    def test_who_edits_the_website_alone_may_choose_it(self):
        editor = new_test_user(
            self.env, "editor", "base.group_user,website.group_website_designer"
        )
        Model = self.env["ir.model"].with_user(editor)
        models = {row["model"]: row for row in Model.get_compatible_form_models()}
        self.assertEqual(
            models["billinator.opportunity"]["website_form_label"],
            "Create an opportunity",
        )
        self.assertTrue(self.env["crm.team"].with_user(editor).search([]))
        Model.get_authorized_fields("billinator.opportunity", {})
