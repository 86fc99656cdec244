from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestTag(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key_account, cls.churn_risk = cls.env["billinator.tag"].create(
            [{"name": "Test Key Account"}, {"name": "Test Churn Risk"}]
        )

    def _assign(self, records, add=None, remove=None):
        wizard = (
            self.env["billinator.tag.assign"]
            .with_user(self.salesperson)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create(
                {
                    "add_tag_ids": [Command.set(add.ids if add else [])],
                    "remove_tag_ids": [Command.set(remove.ids if remove else [])],
                }
            )
        )
        wizard.action_assign()

    def test_assign_in_bulk(self):
        deals = self.env["billinator.opportunity"].union(
            *(self._create_opportunity(user_id=self.salesperson.id) for _ in range(3))
        )
        deals[0].tag_ids = self.churn_risk
        self._assign(deals, add=self.key_account, remove=self.churn_risk)
        for deal in deals:
            self.assertEqual(deal.tag_ids, self.key_account)

    def test_assign_to_foreign_documents(self):
        deal = self._create_opportunity(user_id=self.colleague.id)
        with self.assertRaises(AccessError):
            self._assign(deal, add=self.key_account)
        self.assertFalse(deal.tag_ids)

    def test_customers_tag_is_searched_everywhere(self):
        self.customer.crm_tag_ids = self.key_account
        customer = {"partner_id": self.customer.id}
        other = {"partner_id": self.env["res.partner"].create({"name": "Other"}).id}
        for model, values, other_values in (
            ("billinator.activity", {"type": "call", **customer}, other),
            ("billinator.note", {"subject": "Said", **customer}, other),
            ("billinator.opportunity", {"name": "Deal", **customer}, other),
            ("billinator.quote", customer, other),
            (
                "billinator.contact",
                {"name": "Ada", "customer_id": self.customer.id},
                {"customer_id": other["partner_id"]},
            ),
        ):
            with self.subTest(model=model):
                Model = self.env[model]
                found, _other = Model.create([values, {**values, **other_values}])
                [field] = etree.fromstring(
                    Model.get_view(view_type="search")["arch"]
                ).xpath('//field[@string="Customer\'s Tag or Segment"]')
                domain = safe_eval(
                    field.get("filter_domain"), {"self": self.key_account.name}
                )
                self.assertEqual(Model.search(domain), found)

    def test_without_the_crm(self):
        [values] = self.key_account.with_user(self.accountant).read(
            ["name", "opportunity_count", "quote_count"]
        )
        self.assertEqual((values["opportunity_count"], values["quote_count"]), (0, 0))

    def test_counts(self):
        self.salesperson.group_ids += self.env.ref("base.group_partner_manager")
        self._assign(self.customer, add=self.key_account)
        self._create_opportunity(tag_ids=self.key_account.ids)
        self._create_quote(tag_ids=self.key_account.ids)
        self._create_quote(tag_ids=self.key_account.ids)
        tags = self.key_account + self.churn_risk
        self.assertEqual(tags.mapped("partner_count"), [1, 0])
        self.assertEqual(tags.mapped("opportunity_count"), [1, 0])
        self.assertEqual(tags.mapped("quote_count"), [2, 0])

    def test_a_quote_counts_once_however_many_versions_it_has(self):
        quote = self._create_quote(tag_ids=self.key_account.ids)
        quote.action_accept()
        quote.action_revise()
        self.assertEqual(
            len(
                self.env["billinator.quote"].search(
                    [("tag_ids", "in", self.key_account.ids)]
                )
            ),
            2,
        )
        self.assertEqual(self.key_account.quote_count, 1)

    def test_counts_are_of_what_the_user_may_read(self):
        for user in (self.salesperson, self.salesperson, self.colleague):
            self._create_opportunity(tag_ids=self.key_account.ids, user_id=user.id)
        counts = [
            self.key_account.with_user(user).opportunity_count
            for user in (self.manager, self.salesperson, self.colleague)
        ]
        self.assertEqual(counts, [3, 2, 1])

    def test_names_are_unique(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["billinator.tag"].create({"name": "test key ACCOUNT"})

    def test_duplicated(self):
        self.env["res.lang"]._activate_lang("de_DE")
        german = self.key_account.with_context(lang="de_DE")
        german.name = "Schlüsselkunde"
        names = [tag.copy().name for tag in (self.key_account, self.key_account)]
        self.assertEqual(
            names, ["Test Key Account (copy)", "Test Key Account (copy) (copy)"]
        )
        self.assertIn("Schlüsselkunde", german.copy().name)

    def test_only_managers_create_tags(self):
        Tag = self.env["billinator.tag"]
        with self.assertRaises(AccessError):
            Tag.with_user(self.salesperson).create({"name": "New"})
        self.assertTrue(Tag.with_user(self.manager).create({"name": "Test New"}))

    def test_merge_keeps_tags(self):
        deal = self._create_opportunity(tag_ids=self.key_account.ids)
        other = self._create_opportunity(tag_ids=self.churn_risk.ids)
        deal.merge_opportunities(other.ids)
        self.assertEqual(deal.tag_ids, self.key_account + self.churn_risk)

    def test_quote_of_a_deal_takes_its_tags(self):
        deal = self._create_opportunity(tag_ids=self.key_account.ids)
        context = deal.action_new_quote()["context"]
        quote = self.env["billinator.quote"].with_context(**context).create({})
        self.assertEqual(quote.tag_ids, self.key_account)

    def test_filter_and_group(self):
        deal = self._create_opportunity(tag_ids=self.key_account.ids)
        Opportunity = self.env["billinator.opportunity"]
        self.assertEqual(
            Opportunity.search([("tag_ids", "in", self.key_account.ids)]), deal
        )
        groups = Opportunity._read_group(
            [("id", "=", deal.id)], ["tag_ids"], ["__count"]
        )
        self.assertEqual(groups, [(self.key_account, 1)])
