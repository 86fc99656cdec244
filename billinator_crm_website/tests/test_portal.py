from odoo.tests import tagged

from odoo.addons.billinator_crm.tests import test_portal


@tagged("post_install", "-at_install")
class TestPortalWithWebsite(test_portal.TestPortalTours):
    """The customer's page of a quote, in the layout of the website."""


@tagged("post_install", "-at_install")
class TestPortalPagesWithWebsite(test_portal.TestPortalPages):
    """What the page's addresses answer once the website has a say in them."""
