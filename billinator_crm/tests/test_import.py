import csv
import io
from pathlib import Path

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.misc import file_open

from odoo.addons.mail.tests.common import MockEmail

from .common import BillinatorCommon, BillinatorInvoicingCommon

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = {
    "has_headers": True,
    "quoting": '"',
    "separator": ",",
    "encoding": "utf-8",
    "date_format": "%Y-%m-%d",
    "datetime_format": "",
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
    "advanced": True,
    "keep_matches": False,
    "limit": 2000,
    "skip": 0,
    "fallback_values": {},
    "import_skip_records": [],
    "import_set_empty_fields": [],
    "name_create_enabled_fields": {},
}
HEADERS = ["Opportunity", "Company Name", "Stage", "Probability (%)", "Lost Reason"]


class ImportCase(BillinatorCommon):
    def _import(self, model, content, file_type="text/csv", user=None, **options):
        """Import a file as the web client does: preview, then import what matched."""
        options = {**OPTIONS, **options}
        wizard = (
            self.env["base_import.import"]
            .with_user(user or self.salesperson)
            .create({"res_model": model, "file": content, "file_type": file_type})
        )
        preview = wizard.parse_preview(options)
        self.assertNotIn("error", preview)
        matches = preview["matches"]
        columns = range(len(preview["headers"]))
        self.assertEqual(
            set(matches), set(columns), f"columns not recognized: {matches}"
        )
        return wizard.execute_import(
            ["/".join(matches[column]) for column in columns],
            [header.lower() for header in preview["headers"]],
            options,
        )

    def _import_records(self, *arguments, **options):
        result = self._import(*arguments, **options)
        self.assertFalse(result["messages"])
        return self.env[arguments[0]].browse(result["ids"])

    def assertRefused(self, result, message, row):
        """Assert that an import failed, because of one row and with ``message``."""
        self.assertFalse(result.get("ids"))
        errors = result["messages"]
        self.assertTrue(any(message in error["message"] for error in errors), errors)
        for error in errors:
            self.assertEqual(error["type"], "error")
            if "rows" in error:
                self.assertEqual(error["rows"], {"from": row, "to": row})
        self.env.invalidate_all()

    def _import_again(self, records, names, user=None, **changes):
        """Export records as for an import, change some columns, and import them."""
        user = user or self.salesperson
        exported = records.with_user(user).sudo().with_context(import_compat=True)
        names = ["id", *names]
        rows = [
            [changes.get(name, value) for name, value in zip(names, row, strict=True)]
            for row in exported.export_data(names)["datas"]
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        imported = self._import_records(
            records._name, self._write_csv(names, *rows), user=user
        )
        self.assertEqual(imported, records)

    def _write_csv(self, *rows):
        content = io.StringIO()
        csv.writer(content).writerows(rows)
        return content.getvalue().encode()

    def _read_template(self, model):
        (template,) = self.env[model].get_import_templates()
        self.assertEqual(Path(template["template"]).suffix, ".xlsx")
        with file_open(template["template"].removeprefix("/"), "rb") as file:
            return file.read()


@tagged("post_install", "-at_install")
class TestImportTemplates(ImportCase):
    """A new database has none of the customers that the spreadsheets name."""

    def test_templates_where_there_are_no_customers(self):
        importer = self._create_user("importer", "sale_salesman")
        importer.group_ids += self.env.ref("base.group_partner_manager")
        for model, customer in (
            ("billinator.activity", "partner_id"),
            ("billinator.contact", "customer_id"),
            ("billinator.note", "partner_id"),
            ("billinator.opportunity", "partner_id"),
            ("billinator.quote", "partner_id"),
        ):
            with self.subTest(model), self.env.cr.savepoint() as savepoint:
                records = self._import_records(
                    model,
                    self._read_template(model),
                    XLSX,
                    user=importer,
                    # As the dialog offers it for names that it does not find.
                    name_create_enabled_fields={customer: True},
                )
                customers = records[customer].mapped("name")
                if model != "billinator.opportunity":
                    self.assertEqual(customers, ["Harbour School", "Old Mill Bakery"])
                savepoint.rollback()


@tagged("post_install", "-at_install")
class TestImportOpportunities(ImportCase):
    def test_template(self):
        deals = self._import_records(
            "billinator.opportunity",
            self._read_template("billinator.opportunity"),
            XLSX,
        )
        self.assertEqual(
            deals.mapped("stage_id.code"), ["QUALIFIED", "PROPOSAL", "LEAD", "LOST"]
        )
        self.assertEqual(deals.mapped("probability"), [25, 60, 10, 0])
        self.assertEqual(
            deals.mapped("is_probability_manual"), [False, True, False, False]
        )
        self.assertEqual(deals.mapped("expected_revenue"), [12500, 4800, 900, 7300])
        self.assertEqual(deals.mapped("priority"), ["2", "1", "0", "0"])
        self.assertEqual(str(deals[0].date_deadline), "2027-03-31")
        self.assertEqual(deals[3].lost_reason_id.name, "Too expensive")
        self.assertEqual(deals.user_id, self.salesperson)

    def test_csv_of_500(self):
        codes = list(self.stages)[:4]
        rows = [
            [f"Deal {number}", f"Company {number}", codes[number % 4], "", ""]
            for number in range(500)
        ]
        deals = self._import_records(
            "billinator.opportunity", self._write_csv(HEADERS, *rows)
        )
        self.assertEqual(len(deals), 500)
        self.assertEqual(deals[499].name, "Deal 499")
        for code in codes:
            in_stage = deals.filtered(
                lambda deal, code=code: deal.stage_id.code == code
            )
            self.assertEqual(len(in_stage), 125)
            self.assertEqual(
                set(in_stage.mapped("probability")), {self.stages[code].probability}
            )

    def test_customers_by_name(self):
        deals = self._import_records(
            "billinator.opportunity",
            self._write_csv(
                ["Opportunity", "Customer", "Expected Revenue"],
                ["Roof", self.customer.name, "1,234.50"],
            ),
        )
        self.assertEqual(deals.partner_id, self.customer)
        self.assertEqual(deals.email_from, "info@ada.example")
        self.assertEqual(deals.expected_revenue, 1234.5)

    def test_looks_for_each_name_once(self):
        names = []
        Users = self.env.registry["res.users"]
        search = Users.name_search

        def name_search(users, name="", *arguments, **options):
            names.append(name)
            return search(users, name, *arguments, **options)

        self.patch(Users, "name_search", name_search)
        people = [self.senior.name, self.salesperson.name]
        deals = self._import_records(
            "billinator.opportunity",
            self._write_csv(
                ["Opportunity", "Company Name", "Salesperson"],
                *([f"Deal {number}", "X", people[number % 2]] for number in range(20)),
            ),
            user=self.manager,
        )
        self.assertEqual(deals.mapped("user_id.name"), people)
        self.assertEqual(deals[19].user_id, self.salesperson)
        self.assertEqual(names, people)

    def test_looks_for_each_name_of_many_once(self):
        names = []
        Tags = self.env.registry["billinator.tag"]
        search = Tags.name_search

        def name_search(tags, name="", *arguments, **options):
            names.append(name)
            return search(tags, name, *arguments, **options)

        self.patch(Tags, "name_search", name_search)
        tags = self.env["billinator.tag"].create([{"name": "Solar"}, {"name": "Wind"}])
        deals = self._import_records(
            "billinator.opportunity",
            self._write_csv(
                ["Opportunity", "Company Name", "Tags"],
                *([f"Deal {number}", "X", "Solar,Wind"] for number in range(20)),
            ),
        )
        self.assertEqual(deals.tag_ids, tags)
        self.assertEqual(names, ["Solar", "Wind"])

    def test_names_that_are_not_sure(self):
        """Each row with a name of two, or of none, is told so."""
        self.env["res.partner"].create([{"name": "Twin"}] * 2)
        rows = [["Roof", "Twin"], ["Wall", "Twin"]]
        content = self._write_csv(["Opportunity", "Customer"], *rows)
        result = self._import("billinator.opportunity", content)
        self.assertEqual(
            [(message["type"], message["record"]) for message in result["messages"]],
            [("warning", 0), ("warning", 1)],
        )
        headers = ["Opportunity", "Company Name", "Customer"]
        rows = [["Roof", "X", "Nobody"], ["Wall", "X", "Nobody"]]
        content = self._write_csv(headers, *rows)
        result = self._import("billinator.opportunity", content)
        self.assertFalse(result["ids"])
        self.assertEqual(
            [message["rows"]["from"] for message in result["messages"]], [0, 1]
        )

    def test_people_follow_what_is_theirs_without_a_mail_for_each(self):
        # What people do, rather than what tests save.
        self.env = self.env(context={})
        deals = self._import_records(
            "billinator.opportunity",
            self._write_csv(
                ["Opportunity", "Company Name", "Salesperson"],
                *(["Roof", "Ada", self.colleague.name] for _number in range(3)),
            ),
            user=self.manager,
        )
        for deal in deals:
            self.assertIn(self.colleague.partner_id, deal.message_partner_ids)
        theirs = deals.with_user(self.manager).create(
            {"name": "Roof", "partner_name": "Ada", "user_id": self.colleague.id}
        )
        for records, expected in ((deals, 0), (theirs, len(theirs))):
            told = [
                ("model", "=", records._name),
                ("res_id", "in", records.ids),
                ("partner_ids", "=", self.colleague.partner_id.id),
            ]
            messages = self.env["mail.message"].sudo()
            self.assertEqual(messages.search_count(told), expected)

    @mute_logger("odoo.sql_db")
    def test_bad_rows(self):
        count = self.env["billinator.opportunity"].search_count([])
        for bad_row, message in (
            (["Bad", "Ada", "NOWHERE", "", ""], "NOWHERE"),
            (["Bad", "Ada", "LEAD", "150", ""], "from 0 to 100"),
            (["Bad", "Ada", "LEAD", "-1", ""], "from 0 to 100"),
            (["Bad", "Ada", "LEAD", "many", ""], "many"),
            (["Bad", "", "LEAD", "", ""], "who the opportunity is for"),
            (["Bad", "Ada", "LOST", "", ""], "reason why the opportunity was lost"),
            (["Bad", "Ada", "LOST", "", "Bad luck"], "Bad luck"),
            (["", "Ada", "LEAD", "", ""], "Opportunity"),
        ):
            good_rows = [[f"Good {n}", "Ada", "LEAD", "", ""] for n in range(3)]
            with self.subTest(bad_row):
                result = self._import(
                    "billinator.opportunity",
                    self._write_csv(HEADERS, *good_rows, bad_row, *good_rows),
                )
                self.assertRefused(result, message, row=3)
                self.assertEqual(
                    self.env["billinator.opportunity"].search_count([]), count
                )


@tagged("post_install", "-at_install")
class TestImportActivities(ImportCase, MockEmail):
    def test_activities_underneath_are_no_column(self):
        """Each of Odoo's has its row already."""
        columns = self.env["base_import.import"].get_fields_tree("billinator.activity")
        self.assertNotIn("activity_id", [column["name"] for column in columns])

    def test_nobody_is_told_of_each_row(self):
        self.env = self.env(context={})
        ada = self.env["res.partner"].create({"name": "Ada", "email": "ada@a.example"})
        rows = [
            ["Call", "Ask", "2099-01-05 10:00:00", ada.name, self.colleague.name],
            ["Meeting", "Meet", "2099-01-05 10:00:00", ada.name, self.manager.name],
        ]
        headers = ["Type", "Summary", "due_date", "Customer", "Assigned To"]
        with self.mock_mail_gateway():
            activities = self._import_records(
                "billinator.activity",
                self._write_csv(headers, *rows),
                user=self.manager,
            )
        self.assertEqual(activities.mapped("type"), ["call", "meeting"])
        self.assertIn(ada, activities.calendar_event_id.partner_ids)
        self.assertFalse(self._new_mails)


@tagged("post_install", "-at_install")
class TestImportQuotes(ImportCase, BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [{"name": "Harbour School"}, {"name": "Old Mill Bakery"}]
        )

    def test_template(self):
        quotes = self._import_records(
            "billinator.quote", self._read_template("billinator.quote"), XLSX
        )
        self.assertEqual(quotes.partner_id, self.customers)
        self.assertEqual(quotes.mapped("state"), ["draft", "draft"])
        self.assertEqual([len(quote.line_ids) for quote in quotes], [3, 2])
        self.assertEqual(quotes.mapped("amount_untaxed"), [4500 + 800 + 1300, 4950])
        self.assertEqual(quotes[0].line_ids[0].discount, 10)
        self.assertEqual(str(quotes[0].validity_date), "2027-01-15")
        self.assertEqual(len(set(quotes.mapped("name"))), 2)
        quotes.action_convert_to_invoice()
        self.assertEqual(
            quotes.sudo().invoice_ids.mapped("amount_total"),
            quotes.mapped("amount_total"),
        )

    def test_template_of_notes(self):
        notes = self._import_records(
            "billinator.note", self._read_template("billinator.note"), XLSX
        )
        self.assertEqual(notes.partner_id, self.customers)
        self.assertEqual(notes.mapped("note_type"), ["call", "email", "note"])
        self.assertEqual(notes.mapped("direction"), ["out", "in", False])
        self.assertEqual(str(notes[0].date), "2026-10-05 09:30:00")
        self.assertIn("delivery", notes[1].body)
        self.assertEqual(notes.mapped("is_pinned"), [False, False, True])
        self.assertEqual(notes.user_id, self.salesperson)

    def test_template_of_activities(self):
        activities = self._import_records(
            "billinator.activity", self._read_template("billinator.activity"), XLSX
        )
        self.assertEqual(activities.partner_id, self.customers)
        self.assertEqual(activities.mapped("type"), ["call", "meeting", "task"])
        self.assertEqual(activities.mapped("priority"), ["high", "medium", "low"])
        self.assertEqual(str(activities[0].due_date), "2027-01-11 09:30:00")
        self.assertEqual(activities[1].duration, 1)
        self.assertEqual(activities.user_id, self.salesperson)

    def test_template_of_contacts(self):
        contacts = self._import_records(
            "billinator.contact", self._read_template("billinator.contact"), XLSX
        )
        self.assertEqual(contacts.customer_id, self.customers)
        self.assertEqual(contacts.person_id.parent_id, self.customers)
        self.assertEqual(
            contacts.mapped("role"), ["decision_maker", "billing", "decision_maker"]
        )
        self.assertEqual(contacts.mapped("is_primary"), [True, False, True])
        self.assertEqual(contacts[1].email, "max@harbour.example")
        self.assertEqual(contacts[1].department, "Accounting")

    def test_products_bring_their_price(self):
        quotes = self._import_records(
            "billinator.quote",
            self._write_csv(
                ["Customer", "Lines / Product", "Lines / Quantity"],
                ["Harbour School", "product_a", "3"],
                ["", "product_b", "1"],
            ),
        )
        self.assertEqual(quotes.line_ids.product_id, self.product_a + self.product_b)
        self.assertEqual(quotes.line_ids[0].price_unit, 1000)
        self.assertEqual(quotes.line_ids[0].tax_ids, self.tax_sale_a)

    @mute_logger("odoo.sql_db")
    def test_bad_rows(self):
        headers = [
            "Customer",
            "Quote Date",
            "Valid Until",
            "Lines / Description",
            "Lines / Discount (%)",
        ]
        count = self.env["billinator.quote"].search_count([])
        name = "Harbour School"
        for bad_row, message in (
            (["Nobody", "2026-12-01", "", "Text", ""], "Nobody"),
            (["", "2026-12-01", "", "Text", ""], "Customer"),
            ([name, "2026-12-01", "2026-11-30", "Text", ""], "cannot expire before"),
            ([name, "2026-12-01", "", "Text", "101"], "discount"),
            ([name, "soon", "", "Text", ""], "soon"),
        ):
            with self.subTest(bad_row):
                result = self._import(
                    "billinator.quote", self._write_csv(headers, bad_row)
                )
                self.assertRefused(result, message, row=0)
                self.assertEqual(self.env["billinator.quote"].search_count([]), count)

    def test_blank_cells_of_lines_are_the_defaults(self):
        headers = ["Customer", "Product", "Description", "Quantity", "Unit Price"]
        headers = headers[:1] + [f"Lines / {header}" for header in headers[1:]]
        quote = self._import_records(
            "billinator.quote",
            self._write_csv(
                headers,
                ["Harbour School", "product_a", "", "", ""],
                ["", "product_b", "By hand", "2", "0"],
            ),
        )
        product_line, written_line = quote.line_ids
        self.assertEqual(
            product_line.name, self.product_a.get_product_multiline_description_sale()
        )
        self.assertEqual(product_line.quantity, 1)
        self.assertEqual(product_line.price_unit, 1000)
        self.assertEqual(written_line.name, "By hand")
        self.assertEqual(written_line.price_unit, 0)

    def test_blank_cells_of_required_columns_are_the_defaults(self):
        headers = ["Customer", "Quote Date", "Currency", "Invoice Address"]
        quote = self._import_records(
            "billinator.quote",
            self._write_csv(headers, ["Harbour School", "", "", ""]),
        )
        self.assertEqual(quote.date_quote, fields.Date.today())
        self.assertEqual(quote.partner_invoice_id, quote.partner_id)
        note = self._import_records(
            "billinator.note",
            self._write_csv(
                ["Customer", "Subject", "Type", "Date"],
                ["Harbour School", "Roof", "", ""],
            ),
        )
        self.assertEqual(note.note_type, "note")
        self.assertTrue(note.date)
        activity = self._import_records(
            "billinator.activity",
            self._write_csv(
                ["Customer", "Summary", "Type", "Priority", "due_date"],
                ["Harbour School", "Ask", "", "", "2099-01-05 10:00:00"],
            ),
        )
        self.assertEqual(activity.priority, "medium")
        self.assertTrue(activity.type)

    def test_a_row_is_not_told_of_another_ones_mistake(self):
        result = self._import(
            "billinator.activity",
            self._write_csv(
                ["Customer", "Summary", "due_date"],
                ["Harbour School", "Right", "2099-01-05 10:00:00"],
                ["", "Wrong", "2099-01-05 10:00:00"],
            ),
        )
        self.assertRefused(result, "Say what the activity is about", row=1)

    def test_a_right_row_after_a_wrong_one(self):
        """The customer's salesperson works for a company that the user cannot see."""
        self.colleague.company_ids += self.company_b
        self.customers.user_id = self.colleague
        headers = ["Customer", "Quote Date", "Valid Until"]
        wrong = ["Harbour School", "2026-12-01", "2026-11-30"]
        right = ["Old Mill Bakery", "2026-12-01", "2026-12-31"]
        with mute_logger("odoo.sql_db"):
            result = self._import(
                "billinator.quote",
                self._write_csv(headers, wrong, right),
                user=self.manager,
            )
        self.assertRefused(result, "cannot expire before", row=0)


@tagged("post_install", "-at_install")
class TestImportAgain(ImportCase):
    """What a file says as it is already changes nothing, and violates nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.env["billinator.opportunity"].create(
            {
                "name": "Roof",
                "partner_id": cls.customer.id,
                "user_id": cls.colleague.id,
            }
        )

    def _create_quote(self, **values):
        quote = self.env["billinator.quote"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.salesperson.id,
                "line_ids": [Command.create({"product_id": self.product_a.id})],
                **values,
            }
        )
        return quote

    def test_give_away_closed_quotes(self):
        closed = self._create_quote(note="<p>As <b>agreed</b></p>", validity_date=False)
        closed.discount_amount = 0.1
        closed.action_accept()
        open_quote = self._create_quote(discount_percentage=3.3)
        names = [
            "user_id/id",
            "partner_id/id",
            "partner_invoice_id/id",
            "partner_shipping_id/id",
            "company_id/id",
            "currency_id/id",
            "pricelist_id/id",
            "fiscal_position_id/id",
            "payment_term_id/id",
            "date_quote",
            "validity_date",
            "note",
            "online_invoice",
            "discount_amount",
            "discount_percentage",
        ]
        quotes = closed + open_quote
        (xml_id,) = self.colleague.export_data(["id"])["datas"][0]
        before = quotes.read(["discount_amount", "note", "amount_total", "state"])
        self._import_again(quotes, names, user=self.senior, **{"user_id/id": xml_id})
        self.assertEqual(quotes.user_id, self.colleague)
        self.assertEqual(
            quotes.read(["discount_amount", "note", "amount_total", "state"]), before
        )
        with self.assertRaisesRegex(AssertionError, "cannot be changed any more"):
            self._import_again(quotes, ["note"], user=self.senior, note="<p>Other</p>")

    def test_about_deals_of_colleagues(self):
        quote = self._create_quote(opportunity_id=self.theirs.id)
        self._import_again(quote, ["opportunity_id/id"])
        activities = self.env["billinator.activity"].create(
            [
                {"quote_id": quote.id, "user_id": self.salesperson.id},
                {"partner_id": self.customer.id, "user_id": self.salesperson.id},
            ]
        )
        self._import_again(
            activities, ["summary", "quote_id/id", "opportunity_id/id"], summary="Ask"
        )
        self.assertEqual(activities.mapped("summary"), ["Ask", "Ask"])
        note = self.env["billinator.note"].create(
            {
                "opportunity_id": self.theirs.id,
                "user_id": self.salesperson.id,
                "body": "<p>Called</p>",
            }
        )
        self._import_again(
            note,
            ["subject", "partner_id/id", "contact_id/id", "opportunity_id/id"],
            subject="Call",
        )
        self.assertEqual(note.subject, "Call")
        foreign = self._create_quote(user_id=self.colleague.id)
        (xml_id,) = foreign.export_data(["id"])["datas"][0]
        with self.assertRaises(AssertionError):
            self._import_again(note, ["quote_id/id"], **{"quote_id/id": xml_id})

    def test_when_deals_were_closed(self):
        deals = self.env["billinator.opportunity"].create(
            [
                {
                    "name": name,
                    "partner_id": self.customer.id,
                    "user_id": self.salesperson.id,
                }
                for name in ("Won", "Open")
            ]
        )
        deals[0].action_set_won()
        closed = deals[0].date_closed
        self._import_again(deals, ["name", "date_closed"], name="Same")
        self.assertEqual(deals.mapped("name"), ["Same", "Same"])
        self.assertEqual(deals[0].date_closed, closed)
        (xml_id,) = self.stages["WON"].export_data(["id"])["datas"][0]
        self._import_again(
            deals[1], ["stage_id/id", "date_closed"], **{"stage_id/id": xml_id}
        )
        self.assertTrue(deals[1].date_closed)
        with self.assertRaisesRegex(AssertionError, "Closed On"):
            self._import_again(
                deals, ["date_closed"], date_closed="2020-01-01 10:00:00"
            )

    def test_what_stays_is_by_hand(self):
        """A value that the file has still wins over what follows from the others."""
        deal = self.theirs
        deal.stage_id = self.stages["QUALIFIED"]
        probability = deal.probability
        (xml_id,) = self.stages["PROPOSAL"].export_data(["id"])["datas"][0]
        self.assertFalse(deal.is_probability_manual)
        self._import_again(
            deal,
            ["probability", "stage_id/id"],
            user=self.colleague,
            **{"stage_id/id": xml_id},
        )
        self.assertEqual(deal.stage_id, self.stages["PROPOSAL"])
        self.assertEqual(deal.probability, probability)
        self.assertTrue(deal.is_probability_manual)
        deal.probability = 0
        self._import_again(deal, ["probability"], user=self.colleague, probability="")
        self.assertEqual(deal.probability, deal.stage_id.probability)

    def test_team_and_stage_stay_with_another_salesperson(self):
        """A deal that is given away passes through no team in between."""
        team, other_team = self.env["crm.team"].create(
            [{"name": "Roofs"}, {"name": "Boilers"}]
        )
        self.env["crm.team.member"].create(
            {"crm_team_id": other_team.id, "user_id": self.colleague.id}
        )
        stage = self.stages["QUALIFIED"]
        stage.team_ids = team
        deal = self.env["billinator.opportunity"].create(
            {
                "name": "Roof",
                "partner_id": self.customer.id,
                "user_id": self.salesperson.id,
                "team_id": team.id,
                "stage_id": stage.id,
            }
        )
        (xml_id,) = self.colleague.export_data(["id"])["datas"][0]
        self._import_again(
            deal,
            ["user_id/id", "team_id/id"],
            user=self.senior,
            **{"user_id/id": xml_id},
        )
        self.assertEqual(deal.user_id, self.colleague)
        self.assertEqual(deal.team_id, team)
        self.assertEqual(deal.stage_id, stage)

    def test_people_without_properties(self):
        contacts = self.env["billinator.contact"].create(
            [
                {"customer_id": self.customer.id, "name": name}
                for name in ("Grace", "Mary")
            ]
        )
        names = ["name", "customer_id/id", "role", "properties"]
        self._import_again(contacts, names, role="User")
        self.assertEqual(contacts.mapped("role"), ["user", "user"])

    def test_tags_and_people(self):
        """They are named as they were exported, and written where they differ."""
        contacts = self.env["billinator.contact"].create(
            [
                {"customer_id": self.customer.id, "name": name}
                for name in ("Grace", "Mary")
            ]
        )
        tags = self.env["billinator.tag"].create([{"name": "Solar"}, {"name": "Wind"}])
        deals = self.env["billinator.opportunity"].create(
            [
                {
                    "name": name,
                    "partner_id": self.customer.id,
                    "user_id": self.salesperson.id,
                    "contact_ids": [Command.set(people.ids)],
                    "tag_ids": [Command.set(tags[::-1].ids)],
                }
                for name, people in (("Wall", contacts), ("Door", contacts[0]))
            ]
        )
        note = self.env["billinator.note"].create(
            {
                "body": "Wishes",
                "contact_id": contacts[1].id,
                "partner_id": self.customer.id,
                "user_id": self.salesperson.id,
            }
        )
        written = []
        Deals = self.env.registry["billinator.opportunity"]
        write = Deals.write

        def remember(deals, vals):
            written.append(vals)
            return write(deals, vals)

        self.patch(Deals, "write", remember)
        self._import_again(deals, ["name", "contact_ids", "tag_ids"])
        self._import_again(note, ["contact_id"])
        self.assertEqual(written, [])
        self.assertEqual(note.contact_id, contacts[1])
        self.assertEqual(deals[0].contact_ids, contacts)
        self._import_again(deals, ["contact_ids", "tag_ids"], contact_ids="")
        self.assertFalse(deals.contact_ids)
        self._import_again(deals, ["contact_ids", "tag_ids"], tag_ids="Wind")
        self.assertEqual(deals.tag_ids, tags[1])

    def test_who_may_not_write_is_told_so(self):
        names = ["name", "user_id/id"]
        with self.assertRaisesRegex(AssertionError, "not allowed to modify|access"):
            self._import_again(self.theirs, names)
