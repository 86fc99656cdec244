from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import BillinatorInvoicingCommon
from .view_specification import get_specification

FEW, MANY = 1, 50
PAGE = "billinator_crm.res_partner_view_form"


class CustomerCase(BillinatorInvoicingCommon):
    """A customer with a person in it, and another customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.person = cls.env["res.partner"].create(
            {"name": "Grace", "parent_id": cls.customer.id, "email": "g@ada.example"}
        )
        cls.other_customer = cls.env["res.partner"].create({"name": "Babbage"})

    @classmethod
    def _days_ago(cls, days):
        return cls.today - timedelta(days=days)

    @classmethod
    def _create_invoice_of(cls, amount, days_ago=0, **values):
        """Post an invoice without taxes, due at once unless ``values`` say more."""
        return cls._create_invoice_one_line(
            price_unit=amount,
            tax_ids=[],
            **{
                "partner_id": cls.customer,
                "invoice_date": cls._days_ago(days_ago),
                "invoice_date_due": cls._days_ago(days_ago),
                "post": True,
                **values,
            },
        )

    @classmethod
    def _pay(cls, invoice, days_ago, **values):
        payment_date = cls._days_ago(days_ago)
        return cls._register_payment(invoice, payment_date=payment_date, **values)

    def _as(self, user, partner=None):
        """Return the customer as a user finds it, with nothing computed yet."""
        self.env.flush_all()
        self.env.invalidate_all()
        return (partner or self.customer).with_user(user)

    def assertFigures(self, partner, **figures):
        """Assert the figures of a partner, and that its people show the same."""
        for record in partner + self.person.with_env(partner.env):
            self.assertEqual(record.read(list(figures))[0], {"id": record.id} | figures)


@tagged("post_install", "-at_install")
class TestCustomerFigures(CustomerCase):
    def test_opportunities_of_the_whole_company(self):
        proposal = self.stages["PROPOSAL"]
        self._create_opportunity(expected_revenue=1000, stage_id=proposal.id)
        self._create_opportunity(
            expected_revenue=500, partner_id=self.person.id, probability=20
        )
        won = self._create_opportunity(expected_revenue=300, partner_id=self.person.id)
        won.action_set_won()
        lost = self._create_opportunity(expected_revenue=7000)
        lost.action_set_lost(self.lost_reason.id)
        self._create_opportunity(expected_revenue=9000, active=False)
        self._create_opportunity(expected_revenue=40, partner_id=self.other_customer.id)
        self.assertFigures(
            self._as(self.manager),
            open_opportunity_count=2,
            open_pipeline=1500.0,
            weighted_pipeline=1000.0 * proposal.probability / 100 + 100.0,
            won_opportunity_count=1,
            won_revenue=300.0,
        )

    def test_quotes_of_the_whole_company(self):
        line = {"product_id": self.product_a.id, "price_unit": 100, "quantity": 2}
        self._create_quote(line)
        self._create_quote(line, partner_id=self.person.id).action_mark_sent()
        self._create_quote(line).action_accept()
        self._create_quote(line).action_reject()
        self._create_quote(line, partner_id=self.other_customer.id)
        self.assertFigures(
            self._as(self.manager),
            quote_count=4,
            open_quote_count=2,
            open_quoted_amount=400.0,
        )

    def test_own_documents_only(self):
        for user, amount in ((self.salesperson, 100), (self.colleague, 1000)):
            self._create_opportunity(user_id=user.id, expected_revenue=amount)
            self._create_quote(
                {"product_id": self.product_a.id, "price_unit": amount, "quantity": 1},
                user_id=user.id,
            )
        for user, amount in ((self.salesperson, 100.0), (self.senior, 1100.0)):
            with self.subTest(user.login):
                self.assertFigures(
                    self._as(user), open_pipeline=amount, open_quoted_amount=amount
                )

    def test_invoices_credit_notes_and_payments(self):
        self._create_invoice_of(1000)
        part = self._create_invoice_of(500, partner_id=self.person)
        self._pay(part, 0, amount=200)
        self._create_invoice_of(100, move_type="out_refund")
        self._create_invoice_of(70, post=False)
        self._create_invoice_of(30).button_cancel()
        self._create_invoice_of(20, move_type="in_invoice")
        self._create_invoice_of(9000, partner_id=self.other_customer)
        self.assertFigures(
            self._as(self.salesperson),
            invoiced_amount=1400.0,
            paid_amount=200.0,
            due_amount=1200.0,
        )

    def test_overdue_instalments(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Half now, half in 60 days",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": 0}),
                    Command.create({"value_amount": 50, "nb_days": 60}),
                ],
            }
        )
        self._create_invoice_of(
            800, days_ago=10, invoice_payment_term_id=term, invoice_date_due=None
        )
        paid = self._create_invoice_of(90, days_ago=30)
        self._pay(paid, 20)
        self._create_invoice_of(60, days_ago=0)  # Today is not too late.
        customer = self._as(self.salesperson)
        self.assertFigures(customer, due_amount=860.0, overdue_amount=400.0)
        self._create_invoice_of(700, days_ago=5, move_type="out_refund")
        customer = self._as(self.salesperson)
        self.assertFigures(customer, due_amount=160.0, overdue_amount=0.0)

    def test_days_to_pay(self):
        """Larger invoices count more; the last payment counts; the old do not."""
        self._pay(self._create_invoice_of(1000, days_ago=100), 90)
        slow = self._create_invoice_of(3000, days_ago=100, partner_id=self.person)
        self._pay(slow, 95, amount=2000)
        self._pay(slow, 70, amount=1000)
        self._pay(self._create_invoice_of(5000, days_ago=800), 100)
        self._pay(self._create_invoice_of(5000, days_ago=60), 10, amount=1)
        self.assertFigures(
            self._as(self.salesperson), days_to_pay=25, paid_invoice_count=2
        )

    def test_days_to_pay_in_another_currency(self):
        """What the rates made of it is booked later and is no payment."""
        paid_on = self._days_ago(100).replace(day=20)
        billed_on = paid_on - timedelta(days=10)
        rates = [(billed_on, 2.0), (paid_on, 4.0)]
        currency = self.setup_other_currency("EUR", rates=rates)
        invoice = self._create_invoice_of(
            1000, invoice_date=billed_on, currency_id=currency
        )
        self._register_payment(invoice, payment_date=paid_on)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertFigures(self._as(self.salesperson), days_to_pay=10)
        [metrics] = self.customer.get_customer_metrics(12)
        self.assertEqual(metrics["days_to_pay"], 10)

    def test_sales_history(self):
        this_year = self._create_invoice_of(100)
        self._create_invoice_of(40, move_type="out_refund")
        last_year = self.today.replace(year=self.today.year - 1, day=1)
        self._pay(self._create_invoice_of(300, invoice_date=last_year), 0)
        years = [
            {"year": this_year.invoice_date.year, "count": 1, "invoiced": 60.0}
            | {"due": 60.0, "paid": 0.0},
            {"year": last_year.year, "count": 1, "invoiced": 300.0}
            | {"due": 0.0, "paid": 300.0},
        ]
        self.assertFigures(self._as(self.salesperson), sales_history=years)

    def test_nothing_yet(self):
        self.assertFigures(
            self._as(self.manager),
            open_pipeline=0.0,
            won_revenue=0.0,
            quote_count=0,
            invoiced_amount=0.0,
            overdue_amount=0.0,
            days_to_pay=0,
            sales_history=False,
            last_interaction_date=False,
            next_interaction_date=False,
        )

    def test_unsaved_person_shows_the_company(self):
        self._create_opportunity(expected_revenue=250)
        person = self.env["res.partner"].new({"parent_id": self.customer.id})
        self.assertEqual(person.open_pipeline, 250.0)
        self.assertFalse(self.env["res.partner"].new({"name": "New"}).open_pipeline)


@tagged("post_install", "-at_install")
class TestCustomerCompanies(CustomerCase):
    """Two companies with a currency each: at today's rate, 1 dollar is 2 euros."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2017-01-01", 2.0)])
        cls.company_c = cls.setup_other_company(
            name="Company C", currency_id=cls.euro.id
        )["company"]
        cls.env["res.currency.rate"].create(
            {
                "name": "2017-01-01",
                "currency_id": cls.company.currency_id.id,
                "company_id": cls.company_c.id,
                "rate": 0.5,
            }
        )
        cls.traveller = new_test_user(
            cls.env,
            "billinator_traveller",
            "sales_team.group_sale_salesman_all_leads",
            company_id=cls.company.id,
            company_ids=[Command.set((cls.company + cls.company_c).ids)],
        )
        for company, amount in ((cls.company, 100), (cls.company_c, 60)):
            deals = cls.env["billinator.opportunity"].with_company(company)
            deals.create(
                {
                    "name": "Deal",
                    "partner_id": cls.customer.id,
                    "expected_revenue": amount,
                    "user_id": False,
                }
            )
            invoice = cls._create_invoice_of(
                amount, days_ago=20, company_id=company, currency_id=company.currency_id
            )
            if company == cls.company_c:
                cls._pay(invoice.with_company(company), 10)
            else:
                cls._pay(invoice, 18)

    def _in(self, *companies):
        ids = [company.id for company in companies]
        return self._as(self.traveller).with_context(allowed_company_ids=ids)

    def test_one_company(self):
        self.assertFigures(
            self._in(self.company),
            open_pipeline=100.0,
            invoiced_amount=100.0,
            paid_invoice_count=1,
            days_to_pay=2,
        )

    def test_companies_of_two_currencies(self):
        self.assertFigures(
            self._in(self.company, self.company_c),
            open_pipeline=130.0,
            invoiced_amount=130.0,
            paid_amount=130.0,
            paid_invoice_count=2,
            days_to_pay=4,  # (100 * 2 + 30 * 10) / 130 = 3.8
        )

    def test_metrics_are_of_the_current_company(self):
        for companies, monetary, days_to_pay in (
            ((self.company, self.company_c), 100, 2),
            ((self.company_c, self.company), 60, 10),
        ):
            [metrics] = self._in(*companies).get_customer_metrics()
            with self.subTest(companies[0].name):
                self.assertEqual(metrics["monetary"], monetary)
                self.assertEqual(metrics["frequency"], 1)
                self.assertEqual(metrics["days_to_pay"], days_to_pay)

    def test_in_the_other_currency(self):
        customer = self._in(self.company_c, self.company)
        self.assertEqual(customer.figures_currency_id, self.euro)
        self.assertFigures(customer, open_pipeline=260.0, invoiced_amount=260.0)

    def test_not_of_a_company_that_the_user_is_not_in(self):
        self.assertFigures(
            self._as(self.senior), open_pipeline=100.0, invoiced_amount=100.0
        )
        self.assertFalse(self._as(self.stranger).invoiced_amount)


@tagged("post_install", "-at_install")
class TestCustomerRights(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, "billinator_portal", "base.group_portal")
        cls.portal.partner_id.parent_id = cls.customer
        cls.internal = new_test_user(cls.env, "billinator_internal", "base.group_user")
        cls.invoice = cls._create_invoice_of(1000)
        cls._create_opportunity(expected_revenue=500, user_id=cls.salesperson.id)

    def assertRefused(self, user, *names):
        for name in names:
            with self.subTest(name, user=user.login), self.assertRaises(AccessError):
                self._as(user).read([name])

    def test_salespeople_see_sums_and_no_invoice(self):
        customer = self._as(self.salesperson)
        self.assertFigures(customer, due_amount=1000.0)
        self.assertRefused(self.salesperson, "recent_invoice_ids")
        with self.assertRaises(AccessError):
            self.invoice.with_user(self.salesperson).read(["amount_total"])

    def test_accountants_see_no_pipeline(self):
        self.assertFigures(self._as(self.accountant), due_amount=1000.0, quote_count=0)
        self.assertEqual(
            self._as(self.accountant).recent_invoice_ids.ids, self.invoice.ids
        )
        self.assertRefused(
            self.accountant,
            "open_pipeline",
            "recent_opportunity_ids",
            "last_interaction_date",
        )

    def test_nobody_else_sees_figures(self):
        for user in (self.portal, self.internal):
            self.assertRefused(
                user, "open_pipeline", "open_quoted_amount", "due_amount", "days_to_pay"
            )

    def test_nor_through_contacts_and_users(self):
        """Their models have the fields of partners, too, by delegation."""
        for record in (self.customer.contact_ids, self.internal):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(self.internal).read(["due_amount"])

    def test_customer_of_another_company(self):
        self.customer.company_id = self.company
        with self.assertRaises(AccessError):
            self._as(self.stranger).read(["due_amount"])

    def test_sums_of_a_company_that_one_may_not_read(self):
        self.env["ir.rule"].create(
            {
                "name": "Not this company",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": [("id", "!=", self.customer.id)],
                "groups": [
                    Command.link(self.env.ref("sales_team.group_sale_salesman").id)
                ],
            }
        )
        row = self._as(self.salesperson, self.person).read(
            ["invoiced_amount", "overdue_amount", "paid_invoice_count", "sales_history"]
        )[0]
        self.assertFalse(any(value for name, value in row.items() if name != "id"))

    def test_warns_of_a_customer_with_the_same_numbers(self):
        self.other_customer.write({"vat": "US123", "company_registry": "HRB 1"})
        customer = self._as(self.salesperson)
        for partner in (customer, customer.browse()):
            with Form(partner, PAGE) as form:
                form.company_type = "company"
                form.name = "Ada Industries"
                self.assertFalse(form.same_vat_partner_id)
                self.assertFalse(form.same_company_registry_partner_id)
                form.vat = "US123"
                form.company_registry = "HRB 1"
                self.assertEqual(form.same_vat_partner_id, self.other_customer)
                self.assertEqual(
                    form.same_company_registry_partner_id, self.other_customer
                )
                form.vat = form.company_registry = False

    def test_page_opens_for_every_role(self):
        for user in (
            self.salesperson,
            self.senior,
            self.manager,
            self.accountant,
            self.internal,
        ):
            for partner in (self.customer, self.person):
                with self.subTest(user=user.login, partner=partner.name):
                    self.assertEqual(
                        Form(self._as(user, partner), PAGE).name, partner.name
                    )


@tagged("post_install", "-at_install")
class TestCustomerInteractions(CustomerCase):
    def _post(self, record, days_ago, **values):
        moment = fields.Datetime.now().replace(microsecond=0) - timedelta(days=days_ago)
        record.message_post(
            body="Hello",
            date=moment,
            **{"subtype_xmlid": "mail.mt_comment", "message_type": "comment"} | values,
        )
        return moment

    def _get_last(self, user):
        return self._as(user).last_interaction_date

    def test_last_mail_of_the_whole_company(self):
        first = self._post(self.customer, 9)
        self.assertEqual(self._get_last(self.salesperson), first)
        second = self._post(self.person, 8, message_type="email")
        self.assertEqual(self._get_last(self.salesperson), second)
        self._post(self.customer, 1, subtype_xmlid="mail.mt_note")
        self._post(self.customer, 1, message_type="notification")
        self._post(self.other_customer, 1)
        self.assertFigures(self._as(self.salesperson), last_interaction_date=second)

    def test_mail_that_is_fetched_late(self):
        moment = self._post(self.customer, 2)
        self._post(self.customer, 9, message_type="email")
        self.assertEqual(self._get_last(self.salesperson), moment)

    def test_deleted_message(self):
        first = self._post(self.customer, 9)
        self._post(self.customer, 2)
        last = self.customer.message_ids[0]
        self.customer._message_update_content(last, body="")
        self.assertEqual(self._get_last(self.salesperson), first)

    def test_mails_on_documents_that_one_may_read(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        moment = self._post(deal, 3)
        self.assertEqual(self._get_last(self.salesperson), moment)
        self.assertFalse(self._get_last(self.colleague))
        quote = self._create_quote(user_id=self.salesperson.id)
        moment = self._post(quote, 2)
        self.assertEqual(self._get_last(self.salesperson), moment)
        self.assertFalse(self._get_last(self.colleague))

    def test_notes(self):
        moment = fields.Datetime.now().replace(microsecond=0) - timedelta(days=1)
        self._post(self.customer, 4)
        note = self.env["billinator.note"].create(
            {"partner_id": self.person.id, "subject": "Call", "date": moment}
        )
        self.assertEqual(self._get_last(self.salesperson), moment)
        self.assertEqual(self._as(self.salesperson).recent_note_ids, note)

    def test_activities(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        values = {"opportunity_id": deal.id, "user_id": self.salesperson.id}
        now = fields.Datetime.now().replace(microsecond=0)
        activities = self.env["billinator.activity"].create(
            [
                {**values, "type": "call", "due_date": now + timedelta(days=days)}
                for days in (5, 2, -3)
            ]
        )
        activities[2].action_complete("Reached her")
        customer = self._as(self.salesperson)
        self.assertFigures(
            customer,
            last_interaction_date=activities[2].completed_at,
            next_interaction_date=now + timedelta(days=2),
        )
        self.assertEqual(customer.pending_activity_ids.ids, activities[1::-1].ids)
        hidden = self._as(self.colleague)
        self.assertFigures(
            hidden, last_interaction_date=False, next_interaction_date=False
        )


@tagged("post_install", "-at_install")
class TestCustomerPage(CustomerCase):
    def test_recent_documents(self):
        """Open deals first, then those closed last; the readable ones only."""
        won = self._create_opportunity(partner_id=self.person.id)
        won.action_set_won()
        hidden = self._create_opportunity(user_id=self.colleague.id)
        deal = self._create_opportunity(user_id=self.salesperson.id)
        (won + deal).user_id = self.salesperson
        for partner in (self.customer, self.person):
            record = self._as(self.salesperson, partner)
            self.assertEqual(record.recent_opportunity_ids.ids, (deal + won).ids)
        self.assertIn(hidden, self._as(self.senior).recent_opportunity_ids)

    def test_recent_documents_are_few(self):
        deals = self.env["billinator.opportunity"].create(
            [{"name": f"{n}", "partner_id": self.customer.id} for n in range(25)]
        )
        self.assertEqual(
            self._as(self.manager).recent_opportunity_ids.ids, deals[:4:-1].ids
        )

    def test_actions_show_the_whole_company(self):
        self._create_opportunity(partner_id=self.person.id)
        self._create_quote(partner_id=self.person.id)
        self._create_invoice_of(10, partner_id=self.person)
        for name in (
            "action_view_opportunities",
            "action_view_quotes",
            "action_view_customer_invoices",
        ):
            with self.subTest(name):
                action = getattr(self.customer, name)()
                found = self.env[action["res_model"]].search(action["domain"])
                self.assertEqual(found.partner_id, self.person)

    def test_list_shows_every_customer_once(self):
        """Its people have the same figures: another filter finds them."""
        action = self.env.ref("billinator_crm.res_partner_action_customers")
        self.assertIn("'search_default_customers': 1", action.context)
        search = etree.fromstring(action.search_view_id.arch)
        everybody = self.customer + self.person + self.other_customer
        for name, found in (
            ("customers", self.customer + self.other_customer),
            ("their_people", self.person),
        ):
            [domain] = search.xpath(f"//filter[@name='{name}']/@domain")
            self.assertEqual(everybody.filtered_domain(literal_eval(domain)), found)

    def test_quotes_are_the_current_ones(self):
        action = self.customer.action_view_quotes()
        self.assertEqual(action["context"]["search_default_current"], 1)

    def test_unpaid_invoices(self):
        unpaid = self._create_invoice_of(10)
        self._pay(self._create_invoice_of(20), 0)
        action = self.customer.action_view_customer_invoices(True)
        self.assertEqual(self.env["account.move"].search(action["domain"]), unpaid)

    def test_new_documents_are_of_the_customer(self):
        for name in ("action_new_opportunity", "action_new_quote"):
            action = self._as(self.salesperson).__getattribute__(name)()
            form = Form(
                self.env[action["res_model"]]
                .with_user(self.salesperson)
                .with_context(**action["context"])
            )
            self.assertEqual(form.partner_id, self.customer)

    def test_add_a_contact_in_the_page(self):
        self.salesperson.group_ids += self.env.ref("base.group_partner_manager")
        # The page's action makes companies by default, and these are no contacts.
        customer = self._as(self.salesperson).with_context(default_is_company=True)
        with Form(customer, PAGE) as form, form.contact_ids.new() as line:
            line.name = "Joan Clarke"
            line.role = "technical"
        person = self.env["res.partner"].search([("name", "=", "Joan Clarke")])
        self.assertEqual(person.parent_id, self.customer)
        contact = self.customer.contact_ids.filtered(lambda c: c.person_id == person)
        contact.with_user(self.salesperson).action_set_primary()
        self.assertEqual(self._as(self.salesperson).primary_contact_name, "Joan Clarke")

    def test_filters(self):
        arch_domains = {
            "billinator_opportunity_ids": ("any", [("status", "=", "open")]),
            "billinator_activity_ids": ("not any", [("status", "=", "pending")]),
        }
        self._create_opportunity()
        self.customer.activity_schedule("mail.mail_activity_data_call")
        both = self.customer + self.other_customer
        found = {
            name: self.env["res.partner"].search(
                [(name, *condition), ("id", "in", both.ids)]
            )
            for name, condition in arch_domains.items()
        }
        self.assertEqual(found["billinator_opportunity_ids"], self.customer)
        self.assertEqual(found["billinator_activity_ids"], self.other_customer)


@tagged("post_install", "-at_install")
class TestCustomerQueries(CustomerCase):
    """A list of 50 customers takes as many queries as a list of one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "is_company": True,
                    "child_ids": [Command.create({"name": f"Person {number}"})],
                }
                for number in range(MANY)
            ]
        )
        cls.customers.contact_ids.is_primary = True
        deals = cls.env["billinator.opportunity"].create(
            [
                {
                    "name": "Deal",
                    "partner_id": customer.child_ids.id,
                    "expected_revenue": 100,
                }
                for customer in cls.customers
            ]
        )
        deals.activity_schedule("mail.mail_activity_data_call")
        for deal in deals:
            deal.message_post(body="Hello", subtype_xmlid="mail.mt_comment")
        cls._create_quotes_of(deals)
        cls._create_invoices_of(cls.customers)

    @classmethod
    def _create_quotes_of(cls, deals):
        line = {"product_id": cls.product_a.id, "quantity": 2}
        cls.env["billinator.quote"].create(
            [
                {
                    "partner_id": deal.commercial_partner_id.id,
                    "opportunity_id": deal.id,
                    "line_ids": [Command.create(line)],
                }
                for deal in deals
            ]
        )

    @classmethod
    def _create_invoices_of(cls, customers):
        line = {"name": "Work", "price_unit": 100, "tax_ids": []}
        cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": cls._days_ago(9),
                    "invoice_date_due": cls._days_ago(9),
                    "invoice_line_ids": [Command.create(line)],
                }
                for customer in customers
            ]
        ).action_post()

    def _count_queries(self, view_type, partners, user):
        customers = self._as(user, partners)
        view = f"billinator_crm.res_partner_view_{view_type}"
        specification = get_specification(customers, view_type, self.env.ref(view).id)
        domain = [("id", "in", partners.ids)]
        for _warm_up in range(2):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = customers.web_search_read(domain, specification)
            queries = self.env.cr.sql_log_count - before
        return queries, rows["records"]

    def _assert_constant(self, view_type):
        for user in (self.salesperson, self.manager, self.accountant):
            with self.subTest(user.login):
                few, _rows = self._count_queries(view_type, self.customers[:FEW], user)
                many, rows = self._count_queries(view_type, self.customers, user)
                self.assertEqual(len(rows), MANY)
                self.assertEqual({row["due_amount"] for row in rows}, {100.0})
                self.assertEqual(many, few)

    def test_list(self):
        self._assert_constant("list")

    def test_kanban(self):
        self._assert_constant("kanban")

    def test_form(self):
        """The tabs of a customer with many documents."""
        counts = set()
        for number in (FEW, MANY):
            self.env["billinator.opportunity"].create(
                [
                    {"name": "Deal", "partner_id": self.customer.id}
                    for _deal in range(number)
                ]
            )
            self._create_quote()
            queries, _rows = self._count_queries("form", self.customer, self.manager)
            counts.add(queries)
        self.assertEqual(len(counts), 1, counts)
