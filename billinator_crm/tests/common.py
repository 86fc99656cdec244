from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class BillinatorCommon(AccountTestInvoicingCommon):
    """A company with a chart of accounts, a customer, and a user of each role.

    The roles: ``salesperson`` (own documents), ``colleague`` (own documents too),
    ``senior`` (all documents), ``manager``, ``accountant`` (no sales rights), and
    ``stranger``, a manager of another company, ``company_b``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tests' own user has every right of the CRM.
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        cls.company = cls.env.company
        cls.company_b = cls.env["res.company"].create({"name": "Company B"})
        cls.salesperson = cls._create_user("salesperson", "sale_salesman")
        cls.colleague = cls._create_user("colleague", "sale_salesman")
        cls.senior = cls._create_user("senior", "sale_salesman_all_leads")
        cls.manager = cls._create_user("manager", "sale_manager")
        cls.accountant = new_test_user(
            cls.env,
            login="billinator_accountant",
            groups="base.group_user,account.group_account_invoice",
            company_id=cls.company.id,
        )
        cls.stranger = cls._create_user("stranger", "sale_manager", cls.company_b)
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Ada Industries",
                "is_company": True,
                "email": "info@ada.example",
                "phone": "+49 30 901820",
            }
        )
        cls.stages = {
            stage.code: stage for stage in cls.env["billinator.stage"].search([])
        }
        cls.lost_reason = cls.env["billinator.lost.reason"].search([], limit=1)

    @classmethod
    def _create_user(cls, login, group, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=f"billinator_{login}",
            groups=f"sales_team.group_{group}",
            company_id=company.id,
        )

    @classmethod
    def _create_opportunity(cls, **values):
        return cls.env["billinator.opportunity"].create(
            {"name": "New Deal", "partner_id": cls.customer.id, **values}
        )

    @classmethod
    def _create_quote(cls, *lines, **values):
        """Create a quote of ``lines`` (dicts), or of one product without them."""
        lines = lines or ({"product_id": cls.product_a.id, "quantity": 2},)
        return cls.env["billinator.quote"].create(
            {
                "partner_id": cls.customer.id,
                "line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )
