from datetime import datetime, timedelta
from functools import wraps
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger


class TourCase(HttpCase):
    """A seller with accounting rights, one without, a customer and products."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "sales_team.group_sale_salesman"
        cls.salesperson = new_test_user(cls.env, "tour_salesperson", groups)
        cls.biller = new_test_user(
            cls.env, "tour_biller", f"{groups},account.group_account_invoice"
        )
        # OdooBot's welcome would cover a phone's screen.
        (cls.salesperson + cls.biller).odoobot_state = "disabled"
        # Names and codes that come first in any list.
        cls.env["res.partner"].create(
            {
                "name": "A Tour Customer",
                "is_company": True,
                "email": "tour@customer.example",
            }
        )
        cls.tax = cls.env["account.tax"].create(
            {"name": "Tour Tax 10%", "amount": 10, "type_tax_use": "sale"}
        )
        cls.products = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "default_code": f"0{name}",
                    "list_price": price,
                    "type": "service",
                    "taxes_id": [Command.set(cls.tax.ids)],
                }
                for name, price in (
                    ("A Tour Desk", 500),
                    ("A Tour Chair", 100),
                    ("A Tour Service", 90),
                )
            ]
        )

    def _create_gated_deal(self, *names):
        """Create a deal, and demand fields for the stage Negotiation."""
        get_field = self.env["ir.model.fields"]._get
        stage = self.env["billinator.stage"].search([("code", "=", "NEGOTIATION")])
        stage.required_field_ids = [
            Command.link(get_field("billinator.opportunity", name).id) for name in names
        ]
        return self.env["billinator.opportunity"].create(
            {
                "name": "Gated Deal",
                "email_from": "gate@example.com",
                "user_id": self.salesperson.id,
            }
        )

    def _create_log_deal(self):
        return self.env["billinator.opportunity"].create(
            {
                "name": "Log Deal",
                "partner_id": self.env["res.partner"].create({"name": "Logged"}).id,
                "user_id": self.salesperson.id,
            }
        )

    def _prepare_property_deal(self):
        """Let a manager define what the team wants to know of its deals."""
        manager = new_test_user(
            self.env, "tour_manager", "sales_team.group_sale_manager"
        )
        manager.odoobot_state = "disabled"
        team = self.env["crm.team"].create(
            {
                "name": "Tour Team",
                "company_id": self.env.company.id,
                "member_ids": [Command.set(self.salesperson.ids)],
            }
        )
        deal = self.env["billinator.opportunity"].create(
            {
                "name": "Property Deal",
                "partner_id": self.env["res.partner"].create({"name": "Ada"}).id,
                "user_id": self.salesperson.id,
                "team_id": team.id,
            }
        )
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_define_property",
            login=manager.login,
        )
        return deal

    def _plan_day(self):
        """Give the salesperson something to do, late, today and tomorrow."""
        self.salesperson.tz = "UTC"
        deal = self.env["billinator.opportunity"].create(
            {
                "name": "Ada's Deal",
                "partner_id": self.env["res.partner"].create({"name": "Ada"}).id,
                "user_id": self.salesperson.id,
            }
        )
        noon = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
        return self.env["billinator.activity"].create(
            [
                {
                    "opportunity_id": deal.id,
                    "user_id": self.salesperson.id,
                    "type": kind,
                    "summary": summary,
                    "due_date": noon + timedelta(days=days),
                }
                for kind, summary, days in (
                    ("call", "Call Ada", 0),
                    ("meeting", "Meet Ada", 0),
                    ("email", "Send the brochure", 1),
                    ("task", "Late task", -3),
                )
            ]
        )

    def _live_day(self):
        activities = self._plan_day()
        late = activities[3].due_date
        self.start_tour(
            "/odoo/my-day", "billinator_crm_my_day", login=self.salesperson.login
        )
        call, meeting, brochure, task = activities
        self.assertEqual((call.status, call.outcome), ("done", "Reached"))
        self.assertEqual(call.completed_by, self.salesperson)
        self.assertEqual((brochure.status, brochure.outcome), ("done", False))
        self.assertEqual(task.status, "cancelled")
        self.assertEqual(task.due_date, late + timedelta(days=4))
        following = self.env["billinator.activity"].search(
            [("summary", "=", "Meet Ada again")]
        )
        self.assertEqual(following.opportunity_id, meeting.opportunity_id)
        self.assertEqual(following.user_id, self.salesperson)


@tagged("post_install", "-at_install")
class TestSegmentTour(TourCase):
    def test_segment(self):
        customer = self.env["res.partner"].search(
            [("name", "=", "A Tour Customer")], limit=1
        )
        # More than anybody else was invoiced.
        line = {"name": "Work", "price_unit": 10**7, "tax_ids": False}
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": fields.Date.context_today(self.env.user),
                "invoice_line_ids": [Command.create(line)],
            }
        ).action_post()
        self.start_tour("/odoo/crm-segments", "billinator_crm_segment", login="admin")


class CustomerTourCase(TourCase):
    """The customer has a person, deals, and an invoice with 150 left to pay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson.group_ids += cls.env.ref("base.group_partner_manager")
        cls.customer = cls.env["res.partner"].search(
            [("name", "=", "A Tour Customer")], limit=1
        )
        person = cls.env["res.partner"].create(
            {"name": "A Tour Employee", "parent_id": cls.customer.id}
        )
        deals = cls.env["billinator.opportunity"].create(
            [
                {
                    "name": name,
                    "partner_id": person.id,
                    "expected_revenue": revenue,
                    "user_id": cls.salesperson.id,
                }
                for name, revenue in (("Tour Open Deal", 700), ("Tour Won Deal", 300))
            ]
        )
        deals[1].action_set_won()
        line = {"name": "Work", "price_unit": 150, "tax_ids": False}
        cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": person.id,
                "invoice_date": "2026-01-01",
                "invoice_line_ids": [Command.create(line)],
            }
        ).action_post()

    def _prepare_call(self, url, tour):
        self.start_tour(url, tour, login=self.salesperson.login)
        self.assertEqual(self.customer.primary_contact_id.name, "Tour Person")


@tagged("post_install", "-at_install")
class TestCustomerTour(CustomerTourCase):
    def test_customer(self):
        self._prepare_call(
            "/odoo/crm-customers?view_type=list", "billinator_crm_customer"
        )


@tagged("post_install", "-at_install")
class TestCustomerPhoneTour(CustomerTourCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_customer_phone(self):
        self._prepare_call("/odoo/crm-customers", "billinator_crm_customer_phone")


@tagged("post_install", "-at_install")
class TestTours(TourCase):
    def test_properties(self):
        deal = self._prepare_property_deal()
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_fill_in_property",
            login=self.salesperson.login,
        )
        self.assertEqual(list(deal.opportunity_properties.values()), ["Tower"])

    def test_sell(self):
        # The longest one: on a busy machine it takes more than the usual minute.
        self.start_tour(
            "/odoo", "billinator_crm_sell", login=self.biller.login, timeout=180
        )
        opportunity = self.env["billinator.opportunity"].search(
            [("name", "=", "Tour Deal")]
        )
        invoice = opportunity.quote_ids.invoice_ids
        self.assertEqual(opportunity.stage_id.code, "WON")
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_total, 1584.0)

    def _create_tour_quote(self, **values):
        line = {"product_id": self.products[0].id, **values}
        return self.env["billinator.quote"].create(
            {
                "partner_id": self.env["res.partner"]
                .search([("name", "=", "A Tour Customer")])
                .id,
                "user_id": self.salesperson.id,
                # Without a leader, managers are asked.
                "team_id": False,
                "line_ids": [Command.create(line)],
            }
        )

    def test_revise(self):
        quote = self._create_tour_quote()
        quote.action_mark_sent()
        self.start_tour(
            f"/odoo/quotes/{quote.id}",
            "billinator_crm_revise",
            login=self.salesperson.login,
        )
        self.assertTrue(quote.is_superseded)
        self.assertEqual(quote.next_version_id.line_ids.quantity, 3)

    def test_approve(self):
        self.env["billinator.approval.rule"].create(
            {"name": "Tour Rule", "max_discount": 10}
        )
        manager = new_test_user(
            self.env, "tour_manager", "sales_team.group_sale_manager"
        )
        quote = self._create_tour_quote(discount=30)
        for user, tour in (
            (self.salesperson, "request_approval"),
            (manager, "approve"),
            (self.salesperson, "send_approved"),
        ):
            self.start_tour(
                f"/odoo/quotes/{quote.id}", f"billinator_crm_{tour}", login=user.login
            )
        self.assertEqual(quote.approved_by, manager)
        self.assertEqual(quote.state, "sent")

    def test_lose(self):
        opportunity = self.env["billinator.opportunity"].create(
            {
                "name": "Lose Deal",
                "email_from": "lose@example.com",
                "user_id": self.salesperson.id,
            }
        )
        self.start_tour(
            "/odoo/opportunities", "billinator_crm_lose", login=self.salesperson.login
        )
        self.assertEqual(opportunity.status, "lost")
        self.assertEqual(opportunity.lost_reason_id.name, "Too expensive")
        self.assertIn(
            "Twice as much as last year",
            "".join(opportunity.message_ids.mapped("body")),
        )

    @mute_logger("odoo.http")
    def test_gate(self):
        deal = self._create_gated_deal("date_deadline", "description", "source_id")
        stage = self.env["billinator.stage"].search([("code", "=", "NEGOTIATION")])
        stage.require_next_activity = True
        self.env["utm.source"].create({"name": "A Tour Fair"})
        self.start_tour(
            "/odoo/opportunities", "billinator_crm_gate", login=self.salesperson.login
        )
        self.assertEqual(deal.stage_id, stage)
        self.assertEqual(deal.source_id.name, "A Tour Fair")
        self.assertIn("Before summer", deal.description)
        self.assertEqual(deal.activity_ids.summary, "Call again")

    @mute_logger("odoo.http")
    def test_gate_anyway(self):
        manager = new_test_user(
            self.env, "tour_manager", "sales_team.group_sale_manager"
        )
        deal = self._create_gated_deal("date_deadline")
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_gate_anyway",
            login=manager.login,
        )
        self.assertEqual(deal.stage_id.code, "NEGOTIATION")
        log = "".join(deal.message_ids.mapped("body"))
        self.assertIn("A friend of the boss", log)

    def _create_paged_deals(self, *names):
        return self.env["billinator.opportunity"].create(
            [
                {
                    "name": f"{name} Paged Deal",
                    "email_from": f"{name}@example.com",
                    "user_id": self.salesperson.id,
                }
                for name in names
            ]
        )

    def test_win_by_pager(self):
        deal, won = self._create_paged_deals("Open", "Won")
        won.action_set_won()
        congratulated = []

        def get_won_message(deals):
            congratulated.extend(deals.ids)
            return "Hooray!"

        with patch.object(type(deal), "get_won_message", get_won_message):
            self.start_tour(
                "/odoo/opportunities?view_type=list",
                "billinator_crm_win_by_pager",
                login=self.salesperson.login,
            )
        self.assertEqual(deal.expected_revenue, 4711)
        self.assertFalse(congratulated)

    def test_timeline_pager(self):
        for deal in self._create_paged_deals("First", "Second"):
            self.env["billinator.note"].create(
                {
                    "subject": f"{deal.name.split()[0]} note",
                    "opportunity_id": deal.id,
                    "user_id": self.salesperson.id,
                }
            )
        self.start_tour(
            "/odoo/opportunities?view_type=list",
            "billinator_crm_timeline_pager",
            login=self.salesperson.login,
        )

    def test_find_similar(self):
        values = {"phone": "+49 30 901820", "user_id": self.salesperson.id}
        self.env["billinator.opportunity"].create(
            [
                {**values, "name": "First Similar Deal"},
                {**values, "name": "Second Similar Deal"},
            ]
        )
        self.start_tour(
            "/odoo/opportunities?view_type=list",
            "billinator_crm_find_similar",
            login=self.salesperson.login,
        )

    def test_bridge(self):
        deal = self.env["billinator.opportunity"].create(
            {
                "name": "Bridge Deal",
                "partner_name": "Bridge Builders",
                "user_id": self.salesperson.id,
                "expected_revenue": 1000,
                "date_deadline": fields.Date.context_today(self.env.user),
            }
        )
        others = self.env["billinator.opportunity"].search([("id", "!=", deal.id)])
        others.filtered(lambda other: not other.user_id).active = False
        Snapshot = self.env["billinator.pipeline.snapshot"]
        Snapshot.search([]).unlink()
        Snapshot._take(deal.date_deadline - relativedelta(days=7))
        deal.expected_revenue = 1250
        self.start_tour(
            "/odoo/crm-bridge", "billinator_crm_bridge", login=self.salesperson.login
        )

    def test_extend(self):
        customer = self.env["res.partner"].search([("name", "=", "A Tour Customer")])
        line = Command.create({"product_id": self.products[0].id})
        quote = self.env["billinator.quote"].create(
            {
                "partner_id": customer.id,
                "user_id": self.salesperson.id,
                "date_quote": "2026-01-01",
                "validity_date": "2026-01-31",
                "line_ids": [line],
            }
        )
        quote.state = "expired"
        self.start_tour(
            "/odoo/quotes", "billinator_crm_extend", login=self.salesperson.login
        )
        self.assertEqual(quote.state, "sent")
        self.assertFalse(quote._is_past_validity())

    def test_log(self):
        deal = self._create_log_deal()
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_log",
            login=self.salesperson.login,
        )
        call, note = deal.note_ids.sorted("note_type")
        self.assertEqual(call.note_type, "call")
        self.assertIn("Wants two displays", call.body)
        self.assertTrue(call.is_pinned)
        self.assertEqual(call.partner_id, deal.partner_id)
        self.assertEqual(note.note_type, "note")
        self.assertIn("Rings twice", note.body)
        self.assertEqual(call.outcome_id.name, "Reached")
        self.assertEqual(deal.activity_ids.summary, "Show the displays")

    def test_send_quote(self):
        customer = self.env["res.partner"].search([("name", "=", "A Tour Customer")])
        quote = self.env["billinator.quote"].create(
            {
                "partner_id": customer.id,
                "user_id": self.salesperson.id,
                "line_ids": [Command.create({"product_id": self.products[0].id})],
            }
        )
        self.start_tour(
            f"/odoo/quotes/{quote.id}",
            "billinator_crm_send_quote",
            login=self.salesperson.login,
        )
        [message] = quote.message_ids.filtered("billinator_sends_quote")
        self.assertEqual(message.partner_ids, customer)
        self.assertTrue(message.attachment_ids)

    def test_my_day(self):
        self._live_day()

    def test_my_day_undo_elsewhere(self):
        brochure = self._plan_day()[2]
        later = brochure.copy({"user_id": self.salesperson.id})
        later.due_date += timedelta(days=20)
        self.start_tour(
            "/odoo/my-day",
            "billinator_crm_my_day_undo_elsewhere",
            login=self.salesperson.login,
        )
        self.assertEqual(brochure.status, "pending")

    def test_move_meeting(self):
        meeting = self._plan_day()[1]
        meeting.due_date = meeting.due_date.replace(day=15)
        due_date, event = meeting.due_date, meeting.calendar_event_id
        self.start_tour(
            "/odoo/activities",
            "billinator_crm_move_meeting",
            login=self.salesperson.login,
        )
        self.assertEqual(meeting.due_date, due_date + timedelta(days=5))
        self.assertEqual(meeting.date_deadline, meeting.due_date.date())
        self.assertEqual(event.start, meeting.due_date)
        self.assertEqual(event.duration, 1)

    @mute_logger("odoo.http")
    def test_not_move_quote(self):
        quote = self._create_tour_quote()
        validity_date = fields.Date.today().replace(day=15)
        quote.write({"date_quote": validity_date, "validity_date": validity_date})
        quote.action_accept()
        self.start_tour(
            "/odoo/quotes",
            "billinator_crm_not_move_quote",
            login=self.salesperson.login,
        )
        self.assertEqual(quote.validity_date, validity_date)

    def test_describe_line(self):
        self.env["res.lang"]._activate_lang("de_DE")
        desk = self.products[0]
        desk.with_context(lang="de_DE").name = "Ein Tisch"
        quote = self._create_tour_quote()
        quote.partner_id.lang = "de_DE"
        quote.line_ids = [Command.clear(), Command.create({"product_id": desk.id})]
        self.start_tour(
            f"/odoo/quotes/{quote.id}",
            "billinator_crm_describe_line",
            login=self.salesperson.login,
        )
        self.assertEqual(quote.line_ids.name, "[0A Tour Desk] Ein Tisch\nMade of oak")
        self.assertIn("Carried upstairs", quote.note)

    def test_section_sum(self):
        quote = self._create_tour_quote()
        option = {"product_id": self.products[1].id, "is_optional": True}
        section = {"display_type": "line_section", "name": "Room", "sequence": 1}
        quote.line_ids = [Command.create(section), Command.create(option)]
        self.start_tour(
            f"/odoo/quotes/{quote.id}",
            "billinator_crm_section_sum",
            login=self.salesperson.login,
        )
        self.assertEqual(quote.amount_untaxed, 1000)

    def test_sum_of_chosen_column(self):
        quote = self._create_tour_quote()
        quote.line_ids.price_unit = 4711
        self.start_tour(
            "/odoo/quotes?view_type=list",
            "billinator_crm_sum_of_chosen_column",
            login=self.salesperson.login,
        )

    def test_edit_each_cell(self):
        self._create_log_deal()
        self._create_tour_quote()
        for page in ("opportunities", "quotes"):
            with self.subTest(page):
                self.start_tour(
                    f"/odoo/{page}?view_type=list",
                    "billinator_crm_edit_each_cell",
                    login=self.salesperson.login,
                )

    def test_invoice_planned(self):
        rejected, quote = self._create_tour_quote(), self._create_tour_quote()
        (rejected + quote).action_mark_sent()
        for planned in rejected + quote:
            planned.installment_ids = [Command.create({"percentage": 30})]
        rejected.action_reject()
        for shown, tour in (
            (rejected, "not_invoice_planned"),
            (quote, "invoice_planned"),
        ):
            self.start_tour(
                f"/odoo/quotes/{shown.id}",
                f"billinator_crm_{tour}",
                login=self.salesperson.login,
            )
        self.assertEqual(quote.state, "accepted")
        self.assertEqual(quote.installment_ids.invoice_status, "draft")

    def test_invoice_chosen(self):
        quote = self._create_tour_quote()
        quote.client_order_ref = "Tour order"
        quote.action_mark_sent()
        self.start_tour(
            "/odoo/quotes?view_type=list",
            "billinator_crm_invoice_chosen",
            login=self.salesperson.login,
        )
        self.assertEqual(quote.state, "sent")

    def _read_searched(self, Model, url, tour):
        """Return the domains that the browser looks with for records in a tour."""
        domains = []
        search_read = type(Model).search_read

        @wraps(search_read)
        def keep_domain(records, domain=None, *args, **kwargs):
            domains.append(domain)
            return search_read(records, domain, *args, **kwargs)

        with patch.object(type(Model), "search_read", keep_domain):
            self.start_tour(url, tour, login=self.salesperson.login)
        return domains

    def _assert_bounded(self, domains, name):
        self.assertTrue(domains)
        for domain in domains:
            bounds = {leaf[1]: leaf[2] for leaf in domain if leaf[0] == name}
            self.assertIn(">=", bounds)
            days = fields.Datetime.to_datetime(
                bounds["<="]
            ) - fields.Datetime.to_datetime(bounds[">="])
            self.assertLess(days, timedelta(days=80))

    def test_move_call(self):
        call = self._plan_day()[0]
        due_date = call.due_date
        domains = self._read_searched(
            call, "/odoo/activities?view_type=calendar", "billinator_crm_move_call"
        )
        self._assert_bounded(domains, "due_date")
        self.assertNotEqual(call.due_date, due_date)
        self.assertFalse(call.duration)

    def test_calendar_of_notes(self):
        domains = self._read_searched(
            self.env["billinator.note"],
            "/odoo/notes?view_type=calendar",
            "billinator_crm_calendar_of_notes",
        )
        self._assert_bounded(domains, "date")

    def test_forecast(self):
        # The sums are those of one deal when the other one is not shown any more.
        stage = self.env.ref("billinator_crm.billinator_stage_proposal")
        deadline = fields.Date.today() + relativedelta(months=1, day=12)
        deal, _other = self.env["billinator.opportunity"].create(
            [
                {
                    "name": name,
                    "contact_name": "Ada",
                    "user_id": self.salesperson.id,
                    "expected_revenue": 1000,
                    "stage_id": stage.id,
                    "date_deadline": deadline,
                }
                for name in ("Forecast Deal", "Another Deal")
            ]
        )
        self.start_tour(
            "/odoo/forecast", "billinator_crm_forecast", login=self.salesperson.login
        )
        self.assertEqual(deal.forecast_category, "commit")
        self.assertEqual(
            deal.date_deadline, fields.Date.today() + relativedelta(months=3, day=12)
        )

    def test_drag_activities(self):
        call, _meeting, _email, task = self._plan_day()
        self.start_tour(
            "/odoo/activities",
            "billinator_crm_drag_activities",
            login=self.salesperson.login,
        )
        self.assertEqual((call.status, call.outcome), ("done", "No answer"))
        self.assertEqual((task.status, task.outcome), ("done", False))


@tagged("post_install", "-at_install")
class TestQuotesLifeTours(TourCase):
    """One quote from a template to its invoices, with the customer in between.

    The template has two desks, of which the customer may order more, and a chair that
    he may take: 1,000 and 100; ten percent off, and as much tax on top.
    """

    browser_size = "1366x850"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].search([("name", "=", "A Tour Customer")])
        cls.buyer = new_test_user(cls.env, "tour_buyer", "base.group_portal")
        cls.buyer.partner_id.parent_id = cls.customer
        desk, chair = cls.products[:2]
        desks = {"product_id": desk.id, "quantity": 2, "is_quantity_editable": True}
        cls.template = cls.env["billinator.quote.template"].create(
            {
                "name": "A Tour Template",
                "line_ids": [
                    Command.create(desks),
                    Command.create({"product_id": chair.id, "is_optional": True}),
                ],
            }
        )

    def test_customer_at_a_desk(self):
        quote = self._make_quote()
        self._sign(quote)
        self._invoice(quote)

    def test_customer_with_a_phone(self):
        quote = self._make_quote()
        self.browser_size, self.touch_enabled = "375x667", True
        self._sign(quote)
        self.browser_size, self.touch_enabled = type(self).browser_size, False
        self._invoice(quote)

    def _make_quote(self):
        self.start_tour(
            "/odoo", "billinator_crm_quote_from_template", login=self.biller.login
        )
        quote = self.env["billinator.quote"].search(
            [("template_id", "=", self.template.id)]
        )
        self.assertEqual((quote.state, quote.amount_total), ("sent", 990))
        return quote

    def _sign(self, quote):
        self.start_tour(
            quote.access_url, "billinator_crm_portal_sign", login=self.buyer.login
        )
        quote.invalidate_recordset()
        self.assertEqual((quote.state, quote.signed_by), ("accepted", "Ada Lovelace"))
        self.assertEqual(quote.signed_hash, quote.content_hash)
        self.assertEqual(quote.amount_total, 2079)
        [pdf] = quote.message_ids.attachment_ids
        self.assertEqual(pdf.mimetype, "application/pdf")

    def _invoice(self, quote):
        self.start_tour(
            f"/odoo/quotes/{quote.id}",
            "billinator_crm_invoice_in_parts",
            login=self.biller.login,
        )
        quote.invalidate_recordset()
        amounts = quote.invoice_ids.sorted("id").mapped("amount_total")
        self.assertEqual(amounts, [623.70, 1455.30])
        self.assertEqual(quote.currency_id.round(sum(amounts)), quote.amount_total)
        self.assertEqual((quote.state, quote.signed_by), ("accepted", "Ada Lovelace"))


class TimelineTourCase(TourCase):
    """The customer has more notes than a page of the timeline, and a deal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].search([("name", "=", "A Tour Customer")])
        cls.env["billinator.note"].create(
            [
                {
                    "subject": f"Tour note {number}",
                    "date": f"2024-01-{number % 28 + 1:02} 10:00:00",
                    "partner_id": cls.customer.id,
                    "user_id": cls.biller.id,
                }
                for number in range(84)
            ]
        )
        deal = cls.env["billinator.opportunity"].create(
            {
                "name": "Tour Deal",
                "partner_id": cls.customer.id,
                "user_id": cls.salesperson.id,
            }
        )
        cls.env.cr.flush()
        deal.stage_id = cls.env["billinator.stage"].search([("code", "=", "PROPOSAL")])
        cls.env.cr.flush()
        message = deal.message_post(body="Tour Mail", message_type="comment")
        cls.env["mail.notification"].create(
            {
                "mail_message_id": message.id,
                "res_partner_id": cls.customer.id,
                "notification_type": "email",
                "notification_status": "bounce",
                "failure_type": "mail_bounce",
            }
        )

    def _look_at_timeline(self):
        self.start_tour(
            f"/odoo/crm-customers/{self.customer.id}",
            "billinator_crm_timeline",
            login=self.salesperson.login,
        )
        note = self.env["billinator.note"].search([("subject", "=", "Tour Call")])
        self.assertEqual(note.partner_id, self.customer)
        self.assertEqual(note.note_type, "call")
        self.assertEqual(note.opportunity_id.name, "Tour Deal")


@tagged("post_install", "-at_install")
class TestTimelineTour(TimelineTourCase):
    def test_timeline(self):
        self._look_at_timeline()

    @mute_logger("odoo.http")
    def test_timeline_failed_page(self):
        """Who does not ask again is not answered; who does gets the whole of it."""
        asked, refusal = [], UserError("out of reach")
        Timeline = type(self.env["billinator.timeline"])
        get_timeline = Timeline.get_timeline

        @wraps(get_timeline)
        def fail_once(timeline, *args, before=None, **kwargs):
            is_first = bool(before) and not any(asked)
            asked.append(bool(before))
            if is_first:
                raise refusal
            return get_timeline(timeline, *args, before=before, **kwargs)

        with patch.object(Timeline, "get_timeline", fail_once):
            self.start_tour(
                f"/odoo/crm-customers/{self.customer.id}",
                "billinator_crm_timeline_failed_page",
                login=self.salesperson.login,
            )
        self.assertEqual(asked[:3], [False, True, False])

    def test_timeline_first_of_month(self):
        self.env["billinator.note"].create(
            {
                "subject": "Yesterday's note",
                "date": "2024-01-31 12:00:00",
                "partner_id": self.customer.id,
                "user_id": self.salesperson.id,
            }
        )
        self.start_tour(
            f"/odoo/crm-customers/{self.customer.id}",
            "billinator_crm_timeline_first_of_month",
            login=self.salesperson.login,
        )

    def test_timeline_west_of_utc(self):
        customer = self.env["res.partner"].create({"name": "Westerner"})
        line = {"name": "Work", "price_unit": 150, "tax_ids": False}
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": "2024-01-03",
                "invoice_line_ids": [Command.create(line)],
            }
        ).action_post()
        self.env["billinator.note"].create(
            [
                {
                    "subject": subject,
                    "date": date,
                    "partner_id": customer.id,
                    "user_id": self.biller.id,
                }
                for subject, date in (
                    ("Next day", "2024-01-03 18:00:00"),
                    ("Evening", "2024-01-03 04:00:00"),
                    ("Evening before", "2024-01-02 20:00:00"),
                )
            ]
        )
        self.start_tour(
            f"/odoo/crm-customers/{customer.id}",
            "billinator_crm_timeline_west",
            login=self.biller.login,
        )


@tagged("post_install", "-at_install")
class TestTimelinePhoneTour(TimelineTourCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_timeline_phone(self):
        self._look_at_timeline()


@tagged("post_install", "-at_install")
class TestPhoneTours(TourCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_sell_phone(self):
        self.start_tour(
            "/odoo/opportunities",
            "billinator_crm_sell_phone",
            login=self.salesperson.login,
        )
        opportunity = self.env["billinator.opportunity"].search(
            [("name", "=", "Phone Deal")]
        )
        quote = opportunity.quote_ids
        self.assertEqual(opportunity.status, "won")
        self.assertEqual(quote.amount_untaxed, 700.0)
        self.assertEqual(quote.invoice_ids.amount_total, quote.amount_total)

    def test_log_phone(self):
        deal = self._create_log_deal()
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_log_phone",
            login=self.salesperson.login,
        )
        self.assertEqual(deal.note_ids.note_type, "meeting")
        self.assertIn("Saw all rooms", deal.note_ids.body)
        self.assertEqual(deal.note_ids.outcome_id.name, "Took place")

    @mute_logger("odoo.http")
    def test_gate_phone(self):
        deal = self._create_gated_deal("date_deadline")
        self.start_tour(
            f"/odoo/opportunities/{deal.id}",
            "billinator_crm_gate_phone",
            login=self.salesperson.login,
        )
        self.assertEqual(deal.stage_id.code, "NEGOTIATION")
        self.assertEqual(deal.expected_revenue, 4711)
        self.assertTrue(deal.date_deadline)

    def test_calendar_phone(self):
        self._plan_day()
        self.start_tour(
            "/odoo/activities?view_type=calendar",
            "billinator_crm_calendar_phone",
            login=self.salesperson.login,
        )

    def test_my_day_phone(self):
        self._live_day()
