from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.product.tests.common import ProductCommon


class BillinatorCommon(ProductCommon):
    """A company, a customer, two products, and a user of each role.

    The roles: ``salesperson`` (own documents), ``colleague`` (own documents too),
    ``senior`` (all documents), ``manager``, ``accountant`` (no sales rights), and
    ``stranger``, a manager of another company, ``company_b``.

    Where accounts, taxes or invoices matter, :class:`BillinatorInvoicingCommon` has
    them; they take longer to make than all of this.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_products()
        cls.company_b = cls.env["res.company"].create({"name": "Company B"})
        cls._set_up_users()
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
    def setup_independent_company(cls, **kwargs):
        return cls._create_company(name="company_1_data", **kwargs)

    @classmethod
    def setup_independent_user(cls):
        return new_test_user(
            cls.env,
            login="accountman",
            name="Because I am accountman!",
            email="accountman@test.com",
            group_ids=cls.get_default_groups().ids,
            company_id=cls.env.company.id,
        )

    @classmethod
    def get_default_groups(cls):
        """The tests' own user has every right of the CRM, and makes companies."""
        return (
            super().get_default_groups()
            | cls.quick_ref("sales_team.group_sale_manager")
            | cls.quick_ref("account.group_account_manager")
            | cls.quick_ref("account.group_account_user")
            | cls.quick_ref("base.group_system")
        )

    @classmethod
    def _set_up_products(cls):
        cls.product_a, cls.product_b = cls.env["product.product"].create(
            [
                {"name": "product_a", "list_price": 1000, "standard_price": 800},
                {
                    "name": "product_b",
                    "list_price": 200,
                    "standard_price": 160,
                    "uom_id": cls.uom_dozen.id,
                },
            ]
        )

    @classmethod
    def _set_up_users(cls):
        sales, company = "sales_team.group_sale_", cls.company
        (
            cls.salesperson,
            cls.colleague,
            cls.senior,
            cls.manager,
            cls.stranger,
            cls.accountant,
        ) = cls.env["res.users"].create(
            [
                cls._prepare_user("salesperson", f"{sales}salesman", company),
                cls._prepare_user("colleague", f"{sales}salesman", company),
                cls._prepare_user("senior", f"{sales}salesman_all_leads", company),
                cls._prepare_user("manager", f"{sales}manager", company),
                cls._prepare_user("stranger", f"{sales}manager", cls.company_b),
                cls._prepare_user(
                    "accountant", "account.group_account_invoice", company
                ),
            ]
        )

    @classmethod
    def _prepare_user(cls, login, group, company):
        return {
            "name": f"billinator_{login} ({group})",
            "login": f"billinator_{login}",
            "password": f"billinator_{login}",
            "email": "b.b@example.com",
            "group_ids": [Command.set(cls.quick_ref(group).ids)],
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
        }

    @classmethod
    def _create_user(cls, login, group):
        values = cls._prepare_user(login, f"sales_team.group_{group}", cls.company)
        return cls.env["res.users"].create(values)

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


class BillinatorInvoicingCommon(BillinatorCommon, AccountTestInvoicingCommon):
    """The same with a chart of accounts, and all else that Odoo's own tests have."""

    @classmethod
    def setup_independent_company(cls, **kwargs):
        """Making one takes longer than most tests: ``./dev test`` has one prepared."""
        prepared = cls.env["res.company"].search(
            [("name", "=", "company_with_accounts")]
        )
        cls.env.user.company_ids += prepared
        return prepared or super().setup_independent_company(**kwargs)

    @classmethod
    def _set_up_products(cls):
        """They were made with their accounts and taxes."""

    def _without_label(self, tax):
        """Let a tax have no label, as withholding taxes may."""
        Tax = self.registry["account.tax"]
        compute_label = Tax._compute_tax_label

        def compute(taxes):
            compute_label(taxes - tax)
            (taxes & tax).tax_label = False

        return patch.object(Tax, "_compute_tax_label", compute)

    @classmethod
    def _create_quotes_in_two_languages(cls, *lines):
        """Create an English and a German quote, and return what they call a tax.

        :return: ``{quote: label}``, with the label of ``tax_sale_a`` on each
        """
        cls.env["res.lang"]._activate_lang("de_DE")
        labels = {"en_US": "Sales Tax", "de_DE": "Umsatzsteuer"}
        quotes = {}
        for lang, label in labels.items():
            cls.tax_sale_a.with_context(lang=lang).invoice_label = label
            customer = cls.customer.copy({"lang": lang})
            quotes[cls._create_quote(*lines, partner_id=customer.id)] = label
        return quotes
