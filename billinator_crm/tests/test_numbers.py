import importlib.util
from pathlib import Path

from odoo.exceptions import MissingError, ValidationError
from odoo.tests import tagged

from ..arguments import MAX_ID
from .common import BillinatorCommon

NONE = (float("nan"), float("inf"), float("-inf"), "NaN", 1e308, 10**400)


@tagged("post_install", "-at_install")
class TestNumbers(BillinatorCommon):
    """What cannot be computed with is refused before anything is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._create_opportunity()
        cls.quote = cls._create_quote()

    def _check_refused(self, model, field, numbers=NONE, **values):
        Model = self.env[model]
        record = Model.create(values)
        for number in numbers:
            with self.subTest(model=model, field=field, number=number):
                with self.assertRaisesRegex(ValidationError, "has to be a number"):
                    Model.create({**values, field: number})
                with self.assertRaisesRegex(ValidationError, "has to be a number"):
                    record.write({field: number})

    def test_amounts_of_deals(self):
        for field in ("expected_revenue", "probability"):
            self._check_refused(
                "billinator.opportunity",
                field,
                name="Deal",
                partner_id=self.customer.id,
            )

    def test_amounts_of_lines(self):
        for field in ("quantity", "price_unit", "discount"):
            self._check_refused(
                "billinator.quote.line", field, quote_id=self.quote.id, name="Advice"
            )

    def test_numbers_of_what_is_created_with_a_record(self):
        deal = {"partner_id": self.customer.id, "name": "Deal"}
        quote = {"partner_id": self.customer.id}
        line = {"name": "Advice", "quantity": 1, "price_unit": 1}
        activity = {"type": "call", "due_date": "2030-04-03 10:00:00"}
        for model, values, name, nested, field in (
            ("billinator.quote", quote, "line_ids", line, "quantity"),
            ("billinator.quote", quote, "line_ids", line, "price_unit"),
            ("billinator.quote", quote, "line_ids", line, "discount"),
            (
                "billinator.quote",
                quote,
                "installment_ids",
                {"name": "First"},
                "fixed_amount",
            ),
            ("billinator.quote", quote, "note_ids", {"subject": "Talk"}, "duration"),
            ("billinator.opportunity", deal, "note_ids", {"subject": "A"}, "duration"),
            ("billinator.opportunity", deal, "quote_ids", quote, "discount_percentage"),
            ("billinator.opportunity", deal, "crm_activity_ids", activity, "duration"),
            ("billinator.quote.template", {"name": "A"}, "line_ids", line, "quantity"),
        ):
            for number in NONE:
                values = {**values, name: [(0, 0, {**nested, field: number})]}
                with (
                    self.subTest(model=model, name=name, field=field, number=number),
                    self.assertRaisesRegex(ValidationError, "has to be a number"),
                ):
                    self.env[model].create(values)
        # Of two levels
        lines = [(0, 0, {**line, "price_unit": float("nan")})]
        with self.assertRaisesRegex(ValidationError, "has to be a number"):
            self.env["billinator.opportunity"].create(
                {**deal, "quote_ids": [(0, 0, {**quote, "line_ids": lines})]}
            )

    def test_the_largest_numbers_have_a_total(self):
        line = self.env["billinator.quote.line"].create(
            {"quote_id": self.quote.id, "name": "All", "quantity": 1e15}
        )
        line.price_unit = 1e15
        self.assertGreater(self.quote.amount_total, 1e29)

    def test_durations(self):
        numbers = (*NONE, 1e9, 1000.5)
        about = {"partner_id": self.customer.id}
        self._check_refused(
            "billinator.note", "duration", numbers, subject="Talk", **about
        )
        for kind in ("call", "meeting"):
            self._check_refused(
                "billinator.activity",
                "duration",
                numbers,
                type=kind,
                due_date="2030-04-03 10:00:00",
                **about,
            )

    def test_a_meeting_of_months_stays_in_the_calendar(self):
        meeting = self.env["billinator.activity"].create(
            {
                "type": "meeting",
                "due_date": "2030-04-03 10:00:00",
                "partner_id": self.customer.id,
            }
        )
        meeting.calendar_event_id.stop = "2030-07-03 10:00:00"
        self.env.flush_all()
        self.assertEqual(meeting.duration, 1000)

    def test_what_nobody_gives_is_zero(self):
        about = {"partner_id": self.customer.id}
        for model, values, fields in (
            ("billinator.opportunity", {"name": "Deal"}, ["expected_revenue"]),
            ("billinator.quote", {}, ["discount_percentage", "discount_amount"]),
            ("billinator.note", {"subject": "Talk"}, ["duration"]),
        ):
            records = self.env[model].create(
                [{**about, **values}, {**about, **values, fields[0]: False}]
            )
            for field in fields:
                with self.subTest(model=model, field=field):
                    domain = [("id", "in", records.ids), (field, "=", 0)]
                    self.assertEqual(records.search(domain), records)

    def test_an_upgrade_fills_in_zeros(self):
        self.env.flush_all()
        self.cr.execute("UPDATE billinator_opportunity SET expected_revenue = NULL")
        self.cr.execute("UPDATE billinator_quote SET discount_amount = NULL")
        self._migrate("post-zeros", "19.0.1.8.0")
        self.env.invalidate_all()
        zero = [("expected_revenue", "=", 0)]
        self.assertIn(self.deal, self.deal.search(zero))
        self.assertIn(self.quote, self.quote.search([("discount_amount", "=", 0)]))

    def test_an_upgrade_bounds_durations(self):
        notes = self.env["billinator.note"].create(
            [
                {"subject": "Talk", "partner_id": self.customer.id, "duration": 2}
                for _ in range(3)
            ]
        )
        self.env.flush_all()
        self.cr.execute(
            "ALTER TABLE billinator_note"
            " DROP CONSTRAINT billinator_note_duration_not_negative"
        )
        for note, duration in zip(notes, ("NaN", "1e9", "2"), strict=True):
            self.cr.execute(
                "UPDATE billinator_note SET duration = %s WHERE id = %s",
                (duration, note.id),
            )
        self._migrate("pre-durations")
        notes.invalidate_recordset()
        self.assertEqual(notes.mapped("duration"), [0, 1000, 2])

    def _migrate(self, name, version="19.0.1.6.0"):
        path = Path(__file__).parent.parent / f"migrations/{version}/{name}.py"
        specification = importlib.util.spec_from_file_location("migration", path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        module.migrate(self.cr, "19.0.1.5.0")

    def test_other_numbers(self):
        target = {
            "user_id": self.salesperson.id,
            "date_from": "2030-01-01",
            "date_to": "2030-12-31",
        }
        numbers = (float("nan"), float("inf"))
        for model, field, values in (
            ("billinator.target", "amount", target),
            ("billinator.approval.rule", "max_total", {"name": "Large"}),
            ("billinator.quote", "discount_amount", {"partner_id": self.customer.id}),
        ):
            for number in numbers:
                with (
                    self.subTest(model=model, number=number),
                    self.assertRaisesRegex(ValidationError, "has to be a number"),
                ):
                    self.env[model].create({**values, field: number})

    def test_a_currency_that_is_not_there(self):
        values = {"partner_id": self.customer.id, "currency_id": MAX_ID}
        with self.assertRaises(MissingError):
            self.env["billinator.quote"].create(values)

    def test_names_are_no_blanks(self):
        for model, values in (
            ("billinator.opportunity", {"partner_id": self.customer.id}),
            ("billinator.tag", {}),
            ("billinator.stage", {}),
        ):
            record = self.env[model].create({**values, "name": "Good"})
            for blanks in ("", "  "):
                with self.subTest(model=model, blanks=blanks):
                    with self.assertRaises(ValidationError):
                        record.name = blanks
                    with self.assertRaises(ValidationError):
                        self.env[model].create({**values, "name": blanks})

    def test_winning_nothing_is_no_success(self):
        self.assertIs(self.deal.browse().action_set_won(), True)
