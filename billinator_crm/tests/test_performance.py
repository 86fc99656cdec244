from itertools import count as count_from
from itertools import islice

from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import SQL

from ..markers import DEADLINE_IS_RIGHT
from .common import BillinatorInvoicingCommon
from .view_specification import get_specification

FEW, MANY = 1, 50
PROPERTY = {"name": "size", "string": "Size", "type": "char", "default": "Large"}
# What BaseCommon switches off to be fast, and users do not.
USUAL_MAIL = {
    "tracking_disable": False,
    "mail_create_nolog": False,
    "mail_create_nosubscribe": False,
    "mail_notrack": False,
}


@tagged("post_install", "-at_install")
class TestQueryCounts(BillinatorInvoicingCommon):
    """Work for 50 records takes as many queries as work for one.

    Each is done once before, so that what is cached between requests is there.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {number}",
                    "email": f"mail{number}@customer.example",
                    "phone": f"+49 30 {9000 + number}",
                }
                for number in range(MANY)
            ]
        )
        cls.env = cls.env["base"].with_context(**USUAL_MAIL).with_user(cls.manager).env
        cls.owners = cls.senior + cls.salesperson
        cls.days = (f"{year}-01-01" for year in count_from(2010))

    # Records

    def _prepare_opportunities(self, count):
        return [
            {
                "name": f"Deal {number} of {count}",
                "partner_id": self.customers[number].id,
                "expected_revenue": 100 + number,
            }
            for number in range(count)
        ]

    def _create_opportunities(self, count):
        return self.env["billinator.opportunity"].create(
            self._prepare_opportunities(count)
        )

    def _prepare_quotes(self, count, lines=2):
        products = self.product_a + self.product_b
        return [
            {
                "partner_id": self.customers[number].id,
                "line_ids": [
                    Command.create({"product_id": products[line % 2].id, "quantity": 2})
                    for line in range(lines)
                ],
            }
            for number in range(count)
        ]

    def _create_quotes(self, count, lines=2):
        return self.env["billinator.quote"].create(self._prepare_quotes(count, lines))

    def _create_busy_opportunities(self, count):
        """Create deals with quotes and activities of several people."""
        opportunities = self._create_opportunities(count)
        self._create_quotes_of(opportunities)
        self._keep_busy(opportunities)
        return opportunities

    def _create_busy_quotes(self, count):
        quotes = self._create_quotes_of(self._create_opportunities(count))
        self._keep_busy(quotes)
        return quotes

    def _create_quotes_of(self, opportunities):
        prepared = zip(
            self._prepare_quotes(len(opportunities)), opportunities, strict=True
        )
        return self.env["billinator.quote"].create(
            [
                {**values, "opportunity_id": opportunity.id}
                for values, opportunity in prepared
            ]
        )

    def _keep_busy(self, records):
        for number, owner in enumerate(self.owners):
            own = records[number::2]
            own.user_id = owner
            own.activity_schedule("mail.mail_activity_data_todo", user_id=owner.id)

    # Counting

    def _count(self, work, argument):
        self.env.flush_all()
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work(argument)
        self.env.flush_all()
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def assertConstant(self, work, prepare, extra=0):
        """Assert that ``work`` takes the same queries for few and for many.

        :param prepare: returns what to hand to ``work`` for a count of records
        :param extra: queries that the ORM adds, once, for many
        """
        self._count(work, prepare(FEW))
        few = self._count(work, prepare(FEW))
        many = self._count(work, prepare(MANY))
        self.assertEqual(
            many, few + extra, f"{many} queries for {MANY}, {few} for {FEW}"
        )

    # Prices

    def test_update_prices_by_formula(self):
        pricelist = (
            self.env["product.pricelist"]
            .sudo()
            .create(
                {
                    "name": "Costs and a fifth",
                    "item_ids": [
                        Command.create(
                            {
                                "compute_price": "formula",
                                "base": "standard_price",
                                "price_markup": 20,
                            }
                        )
                    ],
                }
            )
        )
        products = (
            self.env["product.product"]
            .sudo()
            .create(
                [
                    {"name": f"Product {number}", "standard_price": 10 + number}
                    for number in range(MANY)
                ]
            )
        )

        def prepare(count):
            return self._create_quote(
                *({"product_id": product.id} for product in products[:count]),
                pricelist_id=pricelist.id,
            )

        self.assertConstant(lambda quote: quote.action_update_prices(), prepare)

    # Opportunities

    def test_create_opportunities(self):
        self.assertConstant(
            self.env["billinator.opportunity"].create,
            self._prepare_opportunities,
            extra=1,  # To convert the values of more than one, it reads the companies.
        )

    def test_create_one_opportunity(self):
        Opportunity = self.env["billinator.opportunity"].with_user(self.salesperson)
        [values] = self._prepare_opportunities(1)
        values["user_id"] = self.salesperson.id
        Opportunity.create(values)
        self.env.flush_all()
        self.env.invalidate_all()
        # The user, company, partners and currency; the deal; its team's
        # company; its follower and what that follows; the message.
        with self.assertQueryCount(9):
            Opportunity.create(values)

    def test_move_opportunities(self):
        self.assertConstant(
            lambda deals: deals.write({"stage_id": self.stages["PROPOSAL"].id}),
            self._create_opportunities,
        )

    def test_enter_gated_stage(self):
        stage = self.stages["PROPOSAL"]
        stage.write({"require_accepted_quote": True, "require_next_activity": True})
        stage.sudo().required_field_ids = (
            self.env["ir.model.fields"]
            .sudo()
            ._get("billinator.opportunity", "expected_revenue")
        )

        def prepare(count):
            opportunities = self._create_busy_opportunities(count)
            opportunities.quote_ids.action_accept()
            return opportunities

        self.assertConstant(lambda deals: deals.write({"stage_id": stage.id}), prepare)

    def test_win_opportunities(self):
        self.assertConstant(
            lambda deals: deals.action_set_won(), self._create_opportunities
        )

    def test_lose_opportunities(self):
        self.assertConstant(
            lambda deals: deals.action_set_lost(self.lost_reason.id, "Too late"),
            self._create_opportunities,
            extra=1,  # It inserts a hundred rows at once; each has three changes.
        )

    def test_assign_opportunities(self):
        """Besides the message that tells the assigned user of each."""
        self.assertConstant(
            lambda deals: deals.with_context(mail_auto_subscribe_no_notify=True).write(
                {"user_id": self.senior.id}
            ),
            self._create_opportunities,
        )

    def test_assign_opportunities_with_quotes(self):
        """Their quotes come along."""

        def prepare(count):
            deals = self._create_opportunities(count)
            self._create_quotes_of(deals)
            return deals

        self.assertConstant(
            lambda deals: deals.with_context(mail_auto_subscribe_no_notify=True).write(
                {"user_id": self.senior.id}
            ),
            prepare,
        )

    def test_list_of_opportunities(self):
        self._assert_view_constant("list", self._create_busy_opportunities)

    def test_kanban_of_opportunities(self):
        self._assert_view_constant("kanban", self._create_busy_opportunities)

    def test_form_of_an_opportunity(self):
        def prepare(count):
            opportunity = self._create_opportunities(1)
            quotes = self._create_quotes(count)
            quotes.partner_id = opportunity.partner_id
            quotes.opportunity_id = opportunity
            return opportunity

        self._assert_view_constant("form", prepare)

    def test_names_are_all_that_is_read_of_people(self):
        deals = self._create_busy_opportunities(2)
        partners_sudo = self.env["res.partner"].sudo()
        company_sudo = partners_sudo.create({"name": "Works", "is_company": True})
        ada = {"name": "Ada", "parent_id": company_sudo.id}
        deals[0].sudo().quote_ids.opportunity_id = False
        deals[0].partner_id = partners_sudo.create(ada)
        named = {"fields": {"display_name": {}}}
        # Deals, users, their partners together with the customers.
        with self.assertQueryCount(9):
            self.env.flush_all()
            self.env.invalidate_all()
            rows = deals.web_read({"partner_id": named, "user_id": named})
        for deal, row in zip(deals, rows, strict=True):
            for name in ("partner_id", "user_id"):
                self.assertEqual(row[name]["display_name"], deal[name].display_name)
        self.assertEqual(rows[0]["partner_id"]["display_name"], "Works, Ada")

    def test_plain_values_are_those_of_the_orm(self):
        deals = self._create_busy_opportunities(3)
        deals[0].update({"phone": "", "date_deadline": "2030-01-31"})
        deals[1].sudo().quote_ids.unlink()
        drafts = self.env["billinator.opportunity"].union(
            *(deals.new({"name": "Draft"}, origin=deal) for deal in deals)
        )
        quotes = deals.quote_ids
        for records in (deals, drafts, quotes, quotes.line_ids, deals.browse()):
            names = [
                name
                for name, field in records._fields.items()
                if records._has_field_access(field, "read")
            ]
            rows = records._read_format(names, None)
            self.assertEqual(
                [{name: repr(row[name]) for name in ["id", *names]} for row in rows],
                [
                    {name: repr(row[name]) for name in ["id", *names]}
                    for row in BaseModel._read_format(records, names, None)
                ],
            )

    def test_reading_leaves_out_what_is_gone(self):
        deals = self._create_busy_opportunities(2)
        gone = deals[1]
        gone.with_user(self.env.ref("base.user_root")).quote_ids.unlink()
        gone.with_user(self.env.ref("base.user_root")).unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        [row] = deals.read(["name", "partner_id", "user_id"])
        self.assertEqual(row["id"], deals[0].id)

    def test_time_in_stages_comes_with_the_deal(self):
        deal = self._create_opportunities(1)
        self.env.flush_all()
        self.env.invalidate_all()
        deal.web_read({"name": {}, "duration_tracking": {}})
        self.env.invalidate_all()
        # The deal, the changes of its stage, and the time.
        with self.assertQueryCount(3):
            deal.web_read({"name": {}, "duration_tracking": {}})

    def test_pipeline(self):
        """The kanban view's columns, with their first cards, sums and bars."""
        Opportunity = self.env["billinator.opportunity"].with_context(
            read_group_expand=True
        )
        specification = get_specification(Opportunity, "kanban")

        def show(opportunities):
            domain = [("id", "in", opportunities.ids)]
            Opportunity.web_read_group(
                domain,
                ["stage_id"],
                ["expected_revenue_company:sum", "weighted_revenue:sum"],
                auto_unfold=True,
                unfold_read_specification=specification,
            )
            Opportunity.read_progress_bar(
                domain,
                "stage_id",
                {
                    "field": "activity_state",
                    "colors": {"planned": "success", "overdue": "danger"},
                },
            )

        self.assertConstant(show, self._create_busy_opportunities)

    def test_properties_cost_nothing_where_no_team_has_some(self):
        counts = self._count_for_properties(False)
        self.assertEqual(counts["form"], counts["form without properties"])
        self.assertEqual(counts["new"], counts["new without properties"])
        # The history asks for what was.
        more = {"move": counts["move"] + 1}
        self.assertEqual(self._count_for_properties([PROPERTY]), {**counts, **more})

    def _count_for_properties(self, definition):
        """Return how many queries a salesperson's work takes, by what it is."""
        teams = self.env["crm.team"].with_context(active_test=False).search([])
        teams.opportunity_properties_definition = definition
        Deal = self.env["billinator.opportunity"].with_user(self.salesperson)
        [values] = self._prepare_opportunities(1)
        deals = Deal.create([{**values, "user_id": self.salesperson.id}] * 2)
        deals = deals.with_env(Deal.env)
        form, kanban = (get_specification(Deal, name) for name in ("form", "kanban"))
        self.assertEqual("opportunity_properties" in kanban, bool(definition))
        bare = {key: form[key] for key in form if key != "opportunity_properties"}
        codes = iter(("PROPOSAL", "QUALIFIED"))
        works = {
            "create": lambda: Deal.create(values),
            "move": lambda: deals.write({"stage_id": self.stages[next(codes)].id}),
            "kanban": lambda: deals.web_read(kanban),
            "form": lambda: deals[0].web_read(form),
            "form without properties": lambda: deals[0].web_read(bare),
            "new": lambda: Deal.onchange({}, [], form),
            "new without properties": lambda: Deal.onchange({}, [], bare),
        }

        # What is remembered between requests is there at the second time.
        return {
            name: [self._count(lambda _none, work=work: work(), None) for _ in "12"][-1]
            for name, work in works.items()
        }

    def test_forecast(self):
        """The columns of the coming months, with their cards and what to expect."""
        Opportunity = self.env["billinator.opportunity"]
        view = self.env.ref(
            "billinator_crm.billinator_opportunity_view_kanban_forecast"
        )
        specification = get_specification(Opportunity, "kanban", view.id)

        def show(opportunities):
            domain = [("id", "in", opportunities.ids)]
            Opportunity.web_read_group(
                domain,
                ["date_deadline:month"],
                ["weighted_revenue:sum", "committed_revenue:sum"],
                auto_unfold=True,
                unfold_read_specification=specification,
            )
            Opportunity.get_forecast(domain, "2030-01-01")

        def prepare(count):
            opportunities = self._create_busy_opportunities(count)
            opportunities.date_deadline = "2030-02-01"
            return opportunities

        self.assertConstant(show, prepare)

    def test_move_to_month(self):
        self.assertConstant(
            lambda deals: deals.action_move_to_month("2030-01-01"),
            self._create_opportunities,
        )

    def test_history(self):
        self.assertConstant(
            lambda deals: deals._update_history_probabilities(),
            self._create_opportunities,
        )
        self.assertConstant(
            lambda deals: deals.mapped("history_explanation"),
            self._create_opportunities,
        )

    def test_forecast_has_an_index(self):
        self.env.cr.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;"
            "SET LOCAL enable_incremental_sort = off"
        )
        query = (
            self.env["billinator.opportunity"]
            .sudo()
            ._search(
                [
                    ("status", "=", "open"),
                    ("date_deadline", ">=", "2030-01-01"),
                    ("date_deadline", "<", "2030-02-01"),
                ],
                order="date_deadline, priority desc, id desc",
            )
        )
        plan = str(self.env.execute_query(SQL("EXPLAIN %s", query.select())))
        self.assertIn("billinator_opportunity_forecast_idx", plan)
        self.assertNotIn("Sort", plan)

    def test_list_of_targets(self):
        self._assert_view_constant("list", self._create_targets)

    def test_kanban_of_targets(self):
        self._assert_view_constant("kanban", self._create_targets)

    def _create_targets(self, count):
        return self.env["billinator.target"].create(
            [
                {
                    "user_id": self.senior.id,
                    "amount": 1000,
                    "date_from": day,
                    "date_to": day,
                }
                # Another target of the same period is refused.
                for day in islice(self.days, count)
            ]
        )

    def test_statistics(self):
        self.assertConstant(
            lambda deals: deals.get_pipeline_statistics([("id", "in", deals.ids)]),
            self._create_opportunities,
        )

    def test_dashboard(self):
        """For 10 deals with quotes and activities as for 500."""
        deal = self._create_busy_opportunities(1)
        get_dashboard = self.env["billinator.dashboard"].get_dashboard
        Silent = self.env["billinator.opportunity"].with_context(
            tracking_disable=True, mail_create_nosubscribe=True
        )

        def prepare(count):
            Silent.create(deal.copy_data() * (10 * count))

        self.assertConstant(lambda _none: get_dashboard(), prepare)

    def test_searches_have_an_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for name, domain in (
            ("email_from", [("email_from", "ilike", "ada")]),
            ("phone", [("phone", "ilike", "9018")]),
            ("phone_key", [("phone_search", "ilike", "030 12345678")]),
            ("contact_name", [("contact_name", "ilike", "ada")]),
            ("create_date", [("create_date", ">", "today -1m")]),
            ("date_closed", [("date_closed", ">", "today -1m")]),
            ("manual_probability", [("is_probability_manual", "=", True)]),
        ):
            with self.subTest(name):
                query = (
                    self.env["billinator.opportunity"]
                    .sudo()
                    .with_context(active_test=False)
                    ._search(domain)
                )
                query.order = None
                plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
                self.assertRegex(str(plan), f"billinator_opportunity_+{name}_")

    # Quotes

    def test_create_quotes(self):
        self.assertConstant(self.env["billinator.quote"].create, self._prepare_quotes)

    def test_create_quotes_to_deliver_elsewhere(self):
        warehouse = {
            "name": "Warehouse",
            "type": "delivery",
            "property_account_position_id": self.fiscal_pos_a.id,
        }
        Partner = self.env["res.partner"]
        Partner.create(
            [{**warehouse, "parent_id": customer.id} for customer in self.customers]
        )
        strangers = Partner.create([dict(warehouse) for _customer in self.customers])
        self.assertConstant(self.env["billinator.quote"].create, self._prepare_quotes)
        self.assertConstant(
            self.env["billinator.quote"].create,
            lambda count: [
                {**values, "partner_shipping_id": stranger.id}
                for values, stranger in zip(
                    self._prepare_quotes(count), strangers, strict=False
                )
            ],
        )

    def test_create_long_quotes(self):
        self.assertConstant(
            self.env["billinator.quote"].create,
            lambda count: self._prepare_quotes(1, lines=count + 1),
        )

    def test_accept_quotes(self):
        self.assertConstant(lambda quotes: quotes.action_accept(), self._create_quotes)

    def _create_rule(self):
        self.env["billinator.approval.rule"].create(
            {"name": "Small Quotes", "max_discount": 1, "max_total": 1}
        )

    def _create_sent_quotes(self, count):
        quotes = self._create_quotes(count)
        quotes.action_mark_sent()
        return quotes

    def test_revise_quotes(self):
        self.assertConstant(
            lambda quotes: quotes.action_revise(), self._create_sent_quotes
        )

    def test_compare_long_quotes(self):
        def prepare(count):
            quote = self._create_quotes(1, lines=count + 1)
            quote.action_mark_sent()
            second = quote.browse(quote.action_revise()["res_id"])
            second.line_ids.quantity = 3
            return second

        self.assertConstant(
            lambda quote: quote.get_version_diff(quote.previous_version_id.id), prepare
        )

    def test_create_quotes_under_rules(self):
        self._create_rule()
        self.assertConstant(self.env["billinator.quote"].create, self._prepare_quotes)

    def test_approve_quotes(self):
        self._create_rule()

        def prepare(count):
            # The message about a single quote hangs on that one.
            return self._create_quotes(max(count, 2))

        self.assertConstant(lambda quotes: quotes.action_request_approval(), prepare)
        self.assertConstant(lambda quotes: quotes.action_approve(), prepare)

    def test_list_of_quotes(self):
        self._assert_view_constant("list", self._create_busy_quotes)

    def test_kanban_of_quotes(self):
        self._assert_view_constant("kanban", self._create_busy_quotes)

    def test_form_of_a_quote(self):
        self._assert_view_constant(
            "form", lambda count: self._create_quotes(1, lines=count + 1)
        )

    def test_save_a_line_in_the_form(self):
        """Products are read once, for its price and for the names of all lines."""
        quote = self._create_quotes(1, lines=3)
        specification = get_specification(quote, "form")

        def save(quantity):
            changed = [Command.update(quote.line_ids.ids[1], {"quantity": quantity})]
            quote.web_save({"line_ids": changed}, specification)

        self._count(save, 5)
        with self.assertQueryCount(40):
            self._count(save, 7)

    def test_convert_quotes(self):
        """Besides what accounting itself takes for the same invoices."""
        own_queries = {}
        for count in (FEW, FEW, MANY):
            quotes = self._create_quotes(count)
            invoices = [
                {**quote._prepare_invoice_values(), "billinator_quote_id": False}
                for quote in quotes
            ]
            quotes._settle_analytic_distribution(invoices)
            Move_sudo = quotes._get_silent_moves_sudo()
            plain = self._count(Move_sudo.create, invoices)
            conversion = self._count(
                lambda quotes: quotes._convert_to_invoices(), quotes
            )
            own_queries[count] = conversion - plain
        self.assertEqual(own_queries[MANY], own_queries[FEW])

    # Activities

    def _prepare_activities(self, count):
        deals = self._create_opportunities(count)
        return [
            {
                "opportunity_id": deal.id,
                "type": "call",
                "due_date": f"2030-01-{number % 28 + 1:02} 10:00:00",
            }
            for number, deal in enumerate(deals)
        ]

    def _create_activities(self, count):
        return self.env["billinator.activity"].create(self._prepare_activities(count))

    def _create_native_activities(self, count):
        rows = self._create_activities(count)
        return self.env["mail.activity"].browse(rows.activity_id.ids)

    def test_accounting_looks_little_for_what_depends_on_it(self):
        """Each change of any move looks for that in a tree of its fields."""
        registry = self.env.registry
        fields = self.env["account.move"]._fields.values()
        triggering = [field for field in fields if field in registry._field_triggers]
        nodes = [
            {str(field._module).startswith("billinator") for field in node.root}
            for node in registry.get_trigger_tree(triggering).depth_first()
        ]
        odoos = sum(False in are_ours for are_ours in nodes)
        self.assertLess(len(nodes), 3 * odoos)

    def test_create_activities(self):
        self.assertConstant(
            self.env["billinator.activity"].create, self._prepare_activities
        )

    def test_schedule_activities(self):
        """As the chatter, a plan or another addon does."""
        self.assertConstant(
            lambda deals: deals.activity_schedule("mail.mail_activity_data_call"),
            self._create_opportunities,
        )

    def test_complete_native_activities(self):
        self.assertConstant(
            lambda natives: natives.action_archive(), self._create_native_activities
        )

    def test_reschedule_activities(self):
        self.assertConstant(
            lambda rows: rows.action_reschedule("2030-02-01 10:00:00"),
            self._create_activities,
        )

    def _prepare_meetings(self, count):
        return [
            {**values, "type": "meeting", "due_date": f"2020-{values['due_date'][5:]}"}
            for values in self._prepare_activities(count)
        ]

    def _create_meetings(self, count):
        return self.env["billinator.activity"].create(self._prepare_meetings(count))

    def test_create_meetings(self):
        """Those of the past: Odoo writes to the people of each one to come."""
        self.assertConstant(
            self.env["billinator.activity"].create, self._prepare_meetings
        )

    def test_reschedule_meetings(self):
        """Besides what Odoo's calendar itself takes to move each of them."""
        own_queries = {}
        for count in (FEW, FEW, MANY):
            events = self._create_meetings(count).calendar_event_id
            events.activity_ids = False
            # Whose deadlines follow is asked for once for all, but for each here.
            events = DEADLINE_IS_RIGHT.on(events)
            times = {"start": "2020-02-01 10:00:00", "stop": "2020-02-01 11:00:00"}
            plain = self._count(
                lambda events, times=times: [event.write(times) for event in events],
                events.browse(events.ids),
            )
            moved = self._count(
                lambda rows: rows.action_reschedule("2020-02-01 10:00:00"),
                self._create_meetings(count),
            )
            own_queries[count] = moved - plain
        self.assertEqual(own_queries[MANY], own_queries[FEW])

    def test_delete_activities(self):
        self.assertConstant(lambda rows: rows.unlink(), self._create_activities)

    def test_pending_activities(self):
        self.assertConstant(
            lambda rows: rows.get_pending(limit=MANY), self._create_activities
        )

    def test_list_of_activities(self):
        self._assert_view_constant("list", self._create_activities)

    def test_kanban_of_activities(self):
        self._assert_view_constant("kanban", self._create_activities)

    def test_pending_activities_have_an_index(self):
        # For a few rows, others in the same order cost no more.
        self.env.cr.execute(
            "DROP INDEX billinator_activity_due_idx, billinator_activity_user_due_idx,"
            " billinator_activity_pending_idx;"
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
        )
        Activity = self.env["billinator.activity"].with_user(self.salesperson)
        query = Activity._search(
            [("status", "=", "pending"), ("user_id", "=", Activity.env.uid)],
            order="due_date, id",
        )
        plan = str(self.env.execute_query(SQL("EXPLAIN %s", query.select())))
        self.assertIn("billinator_activity_pending_due_idx", plan)
        self.assertNotIn("Sort", plan)

    # Notes

    def _prepare_notes(self, count):
        deals = self._create_opportunities(count)
        return [
            {"opportunity_id": deal.id, "body": f"<p>Note about {deal.name}</p>"}
            for deal in deals
        ]

    def _create_notes(self, count):
        return self.env["billinator.note"].create(self._prepare_notes(count))

    def test_create_notes(self):
        # Of one alone, it is asked who follows its deal.
        self.assertConstant(
            self.env["billinator.note"].create, self._prepare_notes, extra=-1
        )

    def test_write_notes(self):
        self.assertConstant(
            lambda notes: notes.write({"body": "<p>Changed</p>", "is_pinned": True}),
            self._create_notes,
        )

    def test_list_of_notes(self):
        self._assert_view_constant("list", self._create_notes)

    def test_kanban_of_notes(self):
        self._assert_view_constant("kanban", self._create_notes)

    def test_counts_of_notes(self):
        for name in ("opportunity_id", "partner_id"):
            with self.subTest(name):
                self.assertConstant(
                    lambda records: records.mapped("note_count"),
                    lambda count, name=name: self._get_subjects(name, count),
                )

    def _get_subjects(self, name, count):
        subjects = self._create_notes(count)[name]
        return subjects.browse(subjects.ids)

    def _assert_view_constant(self, view_type, prepare):
        def show(records):
            records.web_search_read([("id", "in", records.ids)], specification)

        specification = get_specification(prepare(1).browse(), view_type)
        self.assertConstant(show, prepare)
