from collections import defaultdict
from datetime import timedelta
from random import Random
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillinatorInvoicingCommon

LOGGER = "odoo.addons.billinator_crm.models.billinator_tag_segment"


@tagged("post_install", "-at_install")
class TestSegment(BillinatorInvoicingCommon):
    """Tags that customers get by their fields and by what accounting knows of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env.user)
        cls.customers = cls.env["res.partner"].create(
            [
                {"name": f"Segment {name}", "is_company": True, "ref": "SEGMENT"}
                for name in ("Ada", "Bo", "Cy", "Di")
            ]
        )
        cls.ada, cls.bo, cls.cy, cls.di = cls.customers
        cls._invoice(cls.ada, 1000, 10)
        cls._invoice(cls.ada, 500, 40)
        cls._invoice(cls.bo, 3000, 300)
        cls._invoice(cls.cy, 100, 500)

    @classmethod
    def _invoice(cls, partner, amount, days_ago, **values):
        """Post an invoice of a day in the past, due a month later."""
        day = cls.today - timedelta(days=days_ago)
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": day,
                "invoice_date_due": day + timedelta(days=30),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Work", "price_unit": amount, "tax_ids": False}
                    )
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def _pay(cls, invoice, days_later, **values):
        cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {
                "payment_date": invoice.invoice_date + timedelta(days=days_later),
                **values,
            }
        )._create_payments()

    @classmethod
    def _create_segment(cls, *conditions, **values):
        return cls.env["billinator.tag"].create(
            {
                "name": "Test Segment",
                "is_segment": True,
                "partner_domain": "[('ref', '=', 'SEGMENT')]",
                "condition_ids": [
                    Command.create(
                        {"metric": metric, "operator": operator, "value": value}
                    )
                    for metric, operator, value in conditions
                ],
                **values,
            }
        )

    def test_duplicated(self):
        segment = self._create_segment(("monetary", ">=", 1))
        copy = segment.copy()
        self.assertEqual(copy.partner_ids, segment.partner_ids)
        self.assertEqual(len(copy.condition_ids), 1)

    def test_by_fields(self):
        segment = self._create_segment(
            partner_domain="[('ref', '=', 'SEGMENT'), ('name', '!=', 'Segment Bo')]"
        )
        self.assertEqual(segment.partner_ids, self.ada + self.cy + self.di)
        self.assertEqual(self.ada.crm_tag_ids, segment)

    def test_what_a_company_keeps_is_its_own(self):
        self.ada.with_company(self.company).trust = "bad"
        segment = self._create_segment(
            company_id=self.company.id, partner_domain="[('trust', '=', 'bad')]"
        )
        self.assertEqual(segment.partner_ids, self.ada)
        companies = self.company_b + self.company
        segment.with_context(allowed_company_ids=companies.ids).action_refresh()
        self.assertEqual(segment.partner_ids, self.ada)

    def test_rules_are_in_the_companys_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        germany = self.env.ref("base.de")
        germany.with_context(lang="de_DE").name = "Deutschland"
        self.ada.country_id = germany
        self.company.partner_id.lang = "de_DE"
        values = {
            "company_id": self.company.id,
            "partner_domain": "[('ref', '=', 'SEGMENT'),"
            " ('country_id.name', '=', 'Deutschland')]",
        }
        segment = self._create_segment(**values)
        for lang in ("de_DE", "en_US", False):
            with self.subTest(lang):
                seen = segment.with_context(lang=lang)
                seen.action_refresh()
                self.assertEqual(segment.partner_ids, self.ada)
                self.env.invalidate_all()
                self.assertIn("Segment Ada", seen.preview)

    def test_days_are_the_companys(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        segment = self._create_segment(company_id=self.company.id)
        query = segment.with_context(tz="UTC")._get_partners_sudo()
        self.assertEqual(query.env.context["tz"], "Pacific/Kiritimati")

    def test_conditions_changed_by_themselves(self):
        segment = self._create_segment(("frequency", ">=", 2))
        condition = segment.condition_ids
        refreshes = []
        Tag = self.registry["billinator.tag"]
        with patch.object(
            Tag,
            "_exchange_members",
            lambda tag, real=Tag._exchange_members: refreshes.append(tag) or real(tag),
        ):
            condition.value = 1
            self.assertEqual(segment.partner_ids, self.ada + self.bo)
            second = condition.create(
                {"tag_id": segment.id, "metric": "monetary", "value": 2000}
            )
            self.assertEqual(segment.partner_ids, self.bo)
            second.unlink()
            self.assertEqual(segment.partner_ids, self.ada + self.bo)
            self.assertEqual(refreshes, [segment] * 3)
            segment.condition_ids = [Command.update(condition.id, {"value": 2})]
            self.assertEqual(segment.partner_ids, self.ada)
            self.assertEqual(refreshes, [segment] * 4)
            self._create_segment(("frequency", ">=", 2), name="Other")
            self.assertEqual(len(refreshes), 5)

    def test_activities_go_to_who_is_there(self):
        call = self.env.ref("mail.mail_activity_data_call")
        left = self._create_user("left", "sale_salesman")
        segment = self._create_segment(
            company_id=self.company.id,
            partner_domain="[('ref', '=', 'COMING')]",
            enter_activity_type_id=call.id,
            activity_user_id=self.manager.id,
        )
        self.ada.user_id = left
        self.bo.user_id = self.stranger
        self.cy.user_id = self.salesperson
        left.active = False
        for backup, expected in ((self.manager, self.manager), (left, self.env.user)):
            with self.subTest(expected.name):
                segment.activity_user_id = backup
                self.customers.ref = "COMING"
                segment.with_user(self.env.ref("base.user_root")).action_refresh()
                activities = self.env["billinator.activity"].search(
                    [("partner_id", "in", self.customers.ids)], order="id"
                )
                users = {one.partner_id: one.user_id for one in activities}
                self.assertEqual(
                    users,
                    {
                        self.ada: expected,
                        self.bo: expected,
                        self.cy: self.salesperson,
                        self.di: expected,
                    },
                )
                activities.unlink()
                self.customers.ref = False
                segment.action_refresh()

    def test_an_author_who_is_a_customer_now(self):
        author = self._create_user("author", "sale_manager")
        segment = self._create_segment(
            company_id=self.company.id,
            partner_domain="[('ref', '=', 'COMING')]",
            enter_activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
        )
        self.env.cr.execute(
            "UPDATE billinator_tag SET create_uid = %s WHERE id = %s",
            [author.id, segment.id],
        )
        author.group_ids = [Command.set(self.env.ref("base.group_portal").ids)]
        self.env.invalidate_all()
        self.bo.user_id = self.salesperson
        self.customers.ref = "COMING"
        segment.with_user(self.env.ref("base.user_root")).action_refresh()
        self.assertEqual(segment.partner_ids, self.customers)
        activity = self.env["billinator.activity"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        # Nobody is there for the others.
        self.assertEqual(activity.partner_id, self.bo)

    def test_one_bad_rule_stops_no_other(self):
        bad, good = self._create_segment(name="Bad"), self._create_segment()
        self.ada.ref = False
        # As when the field of a rule left with its addon.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_tag SET partner_domain = %s WHERE id = %s",
            ("[('gone', '=', 1)]", bad.id),
        )
        self.env.invalidate_all()
        with self.enter_registry_test_mode(), self.assertLogs(LOGGER, "ERROR"):
            self.env.ref(
                "billinator_crm.ir_cron_refresh_segments"
            ).method_direct_trigger()
        self.assertEqual(good.partner_ids, self.customers - self.ada)
        self.assertEqual(bad.partner_ids, self.customers)

    def test_companies_and_not_the_people_in_them(self):
        self.env["res.partner"].create(
            {"name": "Person", "parent_id": self.ada.id, "ref": "SEGMENT"}
        )
        self.assertEqual(self._create_segment().partner_ids, self.customers)

    def test_by_accounting(self):
        for condition, expected in {
            ("recency_days", "<=", 10): self.ada,
            ("recency_days", ">=", 300): self.bo + self.cy,
            ("frequency", ">=", 2): self.ada,
            ("frequency", "<=", 0): self.cy + self.di,
            ("monetary", ">=", 1500): self.ada + self.bo,
            ("monetary", ">=", 1500.01): self.bo,
            ("overdue_amount", ">=", 500): self.ada + self.bo,
            ("overdue_amount", ">=", 500.01): self.bo,
            ("overdue_days", ">=", 470): self.cy,
            ("overdue_days", ">=", 471): self.cy.browse(),
            ("monetary_tier", ">=", 5): self.bo,
            ("recency_tier", ">=", 5): self.ada,
        }.items():
            with self.subTest(condition):
                segment = self._create_segment(condition)
                self.assertEqual(segment.partner_ids, expected)
                segment.unlink()

    def test_days_to_pay_weigh_by_amount(self):
        self._pay(self._invoice(self.di, 300, 100), 10)
        self._pay(self._invoice(self.di, 100, 100), 50)
        (metrics,) = self.di.get_customer_metrics()
        self.assertEqual(metrics["days_to_pay"], 20)
        self.assertEqual(
            self._create_segment(("days_to_pay", ">=", 20)).partner_ids, self.di
        )

    def test_days_to_pay_are_those_of_the_last_payment(self):
        slow = self._invoice(self.di, 300, 100)
        self._pay(slow, 5, amount=100)
        self._pay(slow, 10)
        # Neither what is paid in part counts, nor what is long ago.
        self._pay(self._invoice(self.di, 5000, 90), 60, amount=1)
        self._pay(self._invoice(self.di, 900, 400), 50)
        (metrics,) = self.di.get_customer_metrics()
        self.assertEqual(metrics["days_to_pay"], 10)
        (metrics,) = self.di.get_customer_metrics(24)
        self.assertEqual(metrics["days_to_pay"], 40)

    def test_days_to_pay_weigh_by_the_companys_amount(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 10)])
        abroad = self._invoice(self.di, 3000, 100, currency_id=currency.id)
        self._pay(abroad, 10)
        self._pay(self._invoice(self.di, 100, 100), 50)
        (metrics,) = self.di.get_customer_metrics()
        self.assertEqual(metrics["days_to_pay"], 20)

    def test_what_is_overdue(self):
        """Not what is due today; credit notes past their day are taken off."""
        self._invoice(self.di, 1000, 30)
        self._invoice(self.di, 50, 60, move_type="out_refund")
        for amount, overdue, days in ((20, 0, 10), (80, 50, 10)):
            self._invoice(self.di, amount, 40)
            (metrics,) = self.di.get_customer_metrics()
            with self.subTest(amount):
                self.assertEqual(metrics["overdue_amount"], overdue)
                self.assertEqual(metrics["overdue_days"], days)

    def test_taxes_are_in_what_is_overdue_alone(self):
        line = {"name": "Work", "price_unit": 100, "tax_ids": self.tax_sale_a.ids}
        invoice = self._invoice(self.di, 0, 40, invoice_line_ids=[Command.create(line)])
        (metrics,) = self.di.get_customer_metrics()
        self.assertEqual(metrics["monetary"], 100)
        self.assertGreater(invoice.amount_total, 100)
        self.assertEqual(metrics["overdue_amount"], invoice.amount_total)

    def test_all_conditions_hold(self):
        segment = self._create_segment(
            ("monetary", ">=", 1000), ("recency_days", ">=", 100)
        )
        self.assertEqual(segment.partner_ids, self.bo)

    def test_months_to_look_back(self):
        segment = self._create_segment(("frequency", ">=", 1), period_months=3)
        self.assertEqual(segment.partner_ids, self.ada)
        segment.period_months = 24
        self.assertEqual(segment.partner_ids, self.ada + self.bo + self.cy)

    def test_credit_notes_and_drafts(self):
        self._invoice(self.ada, 1000, 5, move_type="out_refund")
        self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.di.id}
        )
        (metrics,) = self.ada.get_customer_metrics()
        self.assertEqual((metrics["monetary"], metrics["frequency"]), (500, 2))
        self.assertEqual(metrics["recency_days"], 10)
        (metrics,) = self.di.get_customer_metrics()
        self.assertIs(metrics["recency_days"], False)

    def test_invoices_of_the_segments_company(self):
        self._invoice(self.di, 9000, 5, currency_id=self.setup_other_currency("EUR").id)
        segment = self._create_segment(("monetary", ">=", 1))
        self.assertIn(self.di, segment.partner_ids)
        segment.company_id = self.company_b
        self.assertFalse(segment.partner_ids)

    def test_coming_and_going_plan_activities(self):
        call = self.env.ref("mail.mail_activity_data_call")
        self.bo.user_id = self.salesperson
        segment = self._create_segment(
            ("recency_days", ">=", 100),
            enter_activity_type_id=call.id,
            enter_summary="Wake up",
            leave_activity_type_id=call.id,
            leave_summary="Thank",
            activity_user_id=self.manager.id,
        )
        Activity = self.env["billinator.activity"]
        domain = [("partner_id", "in", self.customers.ids)]
        self.assertFalse(Activity.search(domain), "Nobody came: it is new")
        self._invoice(self.di, 10, 200)
        self._invoice(self.bo, 10, 1)
        for _refresh in range(2):
            segment.action_refresh()
        self.assertEqual(segment.partner_ids, self.cy + self.di)
        self.assertRecordValues(
            Activity.search(domain, order="id"),
            [
                {
                    "partner_id": self.di.id,
                    "summary": "Wake up",
                    "user_id": self.manager.id,
                },
                {
                    "partner_id": self.bo.id,
                    "summary": "Thank",
                    "user_id": self.salesperson.id,
                },
            ],
        )

    def test_by_hand_is_refused(self):
        segment = self._create_segment(("frequency", ">=", 2))
        for change in (
            lambda: setattr(self.bo, "crm_tag_ids", segment),
            lambda: self.ada.write({"crm_tag_ids": [Command.unlink(segment.id)]}),
            lambda: segment.write({"partner_ids": [Command.link(self.bo.id)]}),
            lambda: self.env["res.partner"].create(
                {"name": "New", "crm_tag_ids": segment.ids}
            ),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
            self.env.invalidate_all()
        self.assertEqual(segment.partner_ids, self.ada)

    def test_a_tag_with_a_rule_is_a_segment(self):
        """As over RPC, where nobody ticks the box of the form."""
        Tag = self.env["billinator.tag"].with_user(self.manager)
        rule = {"partner_domain": "[('ref', '=', 'SEGMENT')]"}
        frequent = {"metric": "frequency", "value": 2}
        by_domain, by_condition, plain, later = Tag.create(
            [
                {"name": "Test Domain", **rule},
                {"name": "Test Cond", "condition_ids": [Command.create(frequent)]},
                {"name": "Test Plain", "partner_domain": "[]"},
                {"name": "Test Later"},
            ]
        )
        later.write(rule)
        for segment in (by_domain, by_condition, later):
            with self.subTest(segment.name):
                self.assertTrue(segment.is_segment)
        self.assertEqual(by_domain.partner_ids, self.customers)
        self.assertEqual(later.partner_ids, self.customers)
        self.assertEqual(by_condition.partner_ids & self.customers, self.ada)
        self.assertFalse(plain.is_segment)
        with self.assertRaisesRegex(ValidationError, "is a segment"):
            Tag.create({"name": "Both", "partner_ids": self.bo.ids, **rule})
        with self.assertRaises(AccessError):
            Tag.with_user(self.salesperson).create({"name": "Mine", **rule})

    def test_a_segment_is_turned_off(self):
        segment = self._create_segment(("frequency", ">=", 2))
        segment.is_segment = False
        self.assertFalse(segment.is_segment)
        self.assertEqual(segment.partner_ids, self.ada)
        segment.partner_ids += self.bo
        self.assertFalse(segment.copy().is_segment)
        plain = self._create_segment(
            ("frequency", ">=", 2), name="Test Off", is_segment=False
        )
        self.assertFalse(plain.is_segment)
        self.assertFalse(plain.partner_ids)
        # Whatever becomes of the rule, which is still there
        segment.partner_domain = "[('id', '>', 0)]"
        segment.condition_ids = [Command.create({"metric": "monetary", "value": 1})]
        segment.condition_ids[0].unlink()
        self.assertFalse(segment.is_segment)
        self.assertEqual(segment.partner_ids, self.ada + self.bo)

    def test_other_tags_stay_by_hand(self):
        segment = self._create_segment(("frequency", ">=", 2))
        tag = self.env["billinator.tag"].create({"name": "Test By Hand"})
        self.ada.crm_tag_ids += tag
        self.assertEqual(self.ada.crm_tag_ids, segment + tag)
        self.assertEqual(self.ada.copy().crm_tag_ids, tag)
        # An import replaces the tags that one gives by hand.
        (self.ada + self.bo).write({"crm_tag_ids": [Command.clear()]})
        self.assertEqual(self.ada.crm_tag_ids, segment)
        (self.ada + self.bo).write({"crm_tag_ids": [Command.set(tag.ids)]})
        self.assertEqual(self.ada.crm_tag_ids, segment + tag)
        self.assertEqual(self.bo.crm_tag_ids, tag)

    def test_preview_before_saving(self):
        with Form(
            self.env["billinator.tag"].with_user(self.manager),
            "billinator_crm.billinator_tag_view_form_segment",
        ) as form:
            form.name = "Test Preview"
            form.is_segment = True
            form.partner_domain = "[('ref', '=', 'SEGMENT')]"
            self.assertIn("4 customers: ", form.preview)
            with form.condition_ids.new() as condition:
                condition.metric = "frequency"
                condition.value = 2
            self.assertEqual(form.preview, "1 customers: Segment Ada")
        self.assertEqual(form.record.partner_ids, self.ada)

    def test_bad_rules_are_refused(self):
        for rule in ("[('no_field', '=', 1)]", "[(", "[('name')]", "5"):
            with (
                self.subTest(rule),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                self._create_segment(partner_domain=rule)

    def test_rules_ask_only_for_what_their_author_may_see(self):
        rule = "[('signup_type', '!=', False)]"
        Tag = self.env["billinator.tag"].with_user(self.manager)
        with self.assertRaises(AccessError):
            Tag.create({"name": "Test", "is_segment": True, "partner_domain": rule})
        with self.assertRaises(AccessError):
            Tag.new({"is_segment": True, "partner_domain": rule})._describe_members()

    def test_other_companies_stay_out(self):
        """Neither their own customers nor what they have of everybody's."""
        self.ada.company_id = self.company_b
        self._create_opportunity(
            partner_id=self.bo.id, company_id=self.company_b.id, user_id=False
        )
        self._create_opportunity(partner_id=self.cy.id)
        # A plain tag is everybody's, whoever made it.
        self.di.crm_tag_ids = self.env["billinator.tag"].create(
            {"name": "Test Plain", "company_id": self.company_b.id}
        )
        for rule, expected in (
            ("[]", self.bo + self.cy + self.di),
            ("[('billinator_opportunity_ids', '!=', False)]", self.cy),
            ("[('crm_tag_ids.name', '=', 'Test Plain')]", self.di),
            ("[('billinator_opportunity_ids.name', '=', 'New Deal')]", self.cy),
            (
                "[('billinator_opportunity_ids', 'any',"
                f" [('company_id', '=', {self.company_b.id})])]",
                self.customers.browse(),
            ),
            (
                "[('billinator_opportunity_ids', 'not any', [('id', '>', 0)])]",
                self.bo + self.di,
            ),
        ):
            with self.subTest(rule):
                segment = self._create_segment(
                    name=rule, company_id=self.company.id, partner_domain=rule
                )
                self.assertEqual(segment.partner_ids & self.customers, expected)

    def test_preview_is_of_a_company_of_the_user(self):
        Tag = self.env["billinator.tag"].with_user(self.manager)
        values = {"is_segment": True, "company_id": self.company_b.id}
        with self.assertRaises(AccessError):
            Tag.new(values)._describe_members()
        with self.assertRaises(AccessError):
            Tag.onchange(values, ["company_id"], {"preview": {}})

    def test_rights(self):
        segment = self._create_segment(("frequency", ">=", 2))
        as_salesperson = segment.with_user(self.salesperson)
        self.assertTrue(as_salesperson.action_refresh())
        with self.assertRaises(AccessError):
            as_salesperson.period_months = 3
        with self.assertRaises(AccessError):
            as_salesperson.read(["preview"])
        with self.assertRaises(AccessError):
            as_salesperson.condition_ids.value = 1
        hidden = self.ada.with_user(self.stranger)
        self.ada.company_id = self.company
        self.assertEqual(hidden.get_customer_metrics(), [])
        internal = self._create_user("clerk", "sale_salesman")
        internal.group_ids = self.env.ref("base.group_user")
        with self.assertRaises(AccessError):
            self.bo.with_user(internal).get_customer_metrics()

    def test_metrics_refuse_other_months(self):
        for months in (0, 121, True, "12", 1.5, None):
            with self.subTest(months), self.assertRaises(UserError):
                self.ada.get_customer_metrics(months)

    def test_generated_ledger(self):
        """Compare with plain Python over invoices drawn at random."""
        randomness = Random(4)
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(12)]
        )
        expected = defaultdict(lambda: [None, 0, 0.0])
        for _invoice in range(40):
            partner = randomness.choice(partners)
            amount = randomness.randrange(100, 99999) / 100
            days = randomness.randrange(1, 700)
            self._invoice(partner, amount, days)
            row = expected[partner.id]
            row[0] = min(days, row[0] or days)
            day = self.today - timedelta(days=days)
            if day > fields.Date.subtract(self.today, months=12):
                row[1] += 1
                row[2] += amount
        rows = partners.get_customer_metrics()
        self.assertEqual({row["customer_id"] for row in rows}, set(partners.ids))
        for metrics in rows:
            recency, frequency, monetary = expected[metrics["customer_id"]]
            self.assertEqual(metrics["recency_days"] or None, recency)
            self.assertEqual(metrics["frequency"], frequency)
            self.assertAlmostEqual(metrics["monetary"], monetary, 2)

    def test_one_query_for_any_number_of_customers(self):
        segment = self._create_segment(("frequency", ">=", 100))
        segment.action_refresh()
        self.env["res.partner"].create(
            [{"name": f"Many {number}", "ref": "SEGMENT"} for number in range(50)]
        )
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        segment.action_refresh()
        few = self.env.cr.sql_log_count - before
        segment.condition_ids.value = 0
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        segment.action_refresh()
        self.assertEqual(self.env.cr.sql_log_count - before, few)
        self.assertEqual(len(segment.partner_ids), 54)
