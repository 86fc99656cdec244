from odoo.tests import HttpCase, tagged

from odoo.addons.billinator_crm.tests.test_portal import PortalCase


@tagged("post_install", "-at_install")
class TestPortalWithWebsite(PortalCase, HttpCase):
    """The customer's page of a quote, in the layout of the website."""

    browser_size = "1366x850"

    def _accept(self, login=None):
        self.assertEqual(self.quote.state, "sent")
        url = self.quote.get_portal_url()
        self.start_tour(url, "billinator_crm_portal_sign", login=login)
        self.quote.invalidate_recordset()
        self.assertEqual(self.quote.state, "accepted")
        self.assertEqual(self.quote.signed_by, "Ada Lovelace")
        self.assertTrue(self.option.is_selected)

    def test_who_has_the_link_accepts(self):
        self._accept()

    def test_a_customer_with_an_account_accepts_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self._accept(login=self.buyer.login)

    def test_the_page_has_the_layout_of_the_website(self):
        self.env.ref("website.default_website").name = "Website of a test"
        page = self.url_open(self.quote.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn("Website of a test", page.text)
        self.assertIn(self.quote.name, page.text)
        refused = self.url_open(f"/my/crm-quotes/{self.quote.id}")
        self.assertNotIn(self.quote.name, refused.text)

    def test_staff_see_the_page_of_another_company_of_theirs(self):
        """Odoo narrows the user's companies to that of the website."""
        website = self.env.ref("website.default_website")
        website.company_id = self.company_b
        both = self.company + self.company_b
        for companies, status in ((both, 200), (self.company_b, 404)):
            self.senior.write(
                {"company_id": self.company_b.id, "company_ids": companies.ids}
            )
            self.authenticate(self.senior.login, self.senior.login)
            page = self.url_open(f"/my/crm-quotes/{self.quote.id}")
            self.assertEqual(page.status_code, status, companies.mapped("name"))
        pdf = f"/my/crm-quotes/{self.quote.id}?report_type=pdf"
        self.assertEqual(self.url_open(pdf).status_code, 404)
