from datetime import datetime
from runpy import run_path

from markupsafe import Markup

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, file_path

from ..hooks import pre_init_hook
from ..models import billinator_timeline
from ..models.billinator_timeline import KINDS
from ..models.billinator_timeline_source import SOURCES, Source
from .common import BillinatorInvoicingCommon
from .test_performance import FEW, MANY, USUAL_MAIL

# The kinds of a salesperson's events at a customer of all companies, by who looks on.
VISIBLE = {
    "salesperson": {
        "note",
        "activity",
        "message",
        "stage",
        "quote",
        "opportunity",
        "meeting",
    },
    "colleague": {"meeting"},
    "senior": {
        "note",
        "activity",
        "message",
        "stage",
        "quote",
        "opportunity",
        "meeting",
    },
    "manager": {
        "note",
        "activity",
        "message",
        "stage",
        "quote",
        "opportunity",
        "meeting",
    },
    "accountant": {"quote", "invoice", "payment", "meeting"},
    "stranger": {"meeting"},  # Odoo's calendar belongs to all companies.
}


class TimelineCase(BillinatorInvoicingCommon):
    """A customer with an event of each kind, on documents of ``salesperson``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, **USUAL_MAIL})
        cls.customer = cls.customer.with_env(cls.env)
        cls.person = cls.env["res.partner"].create(
            {"name": "Ada Person", "parent_id": cls.customer.id}
        )
        cls.opportunity = cls._create_opportunity(
            user_id=cls.salesperson.id, partner_id=cls.person.id, expected_revenue=500
        )
        cls.quote = cls._create_quote(
            {"product_id": cls.product_a.id, "quantity": 1, "price_unit": 70},
            user_id=cls.salesperson.id,
        )
        cls._track()

    @classmethod
    def _track(cls):
        """Do what is done at the end of a transaction: log the tracked changes."""
        cls.env.cr.flush()

    @classmethod
    def _create_events(cls):
        """Create an event of each kind that is not there by the documents alone."""
        author = cls.salesperson
        cls.opportunity.with_user(author).stage_id = cls.stages["QUALIFIED"]
        cls.quote.with_user(author).action_mark_sent()
        cls._track()
        records = {
            "note": cls._create_note(),
            "activity": cls._create_activity(),
            "message": cls.opportunity.with_user(author).message_post(
                body="So they said", message_type="comment"
            ),
            "invoice": cls._create_invoice(),
            "payment": cls._create_payment(),
            "meeting": cls._create_meeting(),
        }
        cls._track()
        return records

    @classmethod
    def _create_note(cls):
        return cls.env["billinator.note"].create(
            {
                "note_type": "call",
                "direction": "in",
                "subject": "Rang up",
                "body": "<p>Wants <b>more</b></p>",
                "date": "2024-03-01 10:00:00",
                "opportunity_id": cls.opportunity.id,
                "partner_id": cls.person.id,
                "user_id": cls.salesperson.id,
            }
        )

    @classmethod
    def _create_activity(cls):
        return cls.env["billinator.activity"].create(
            {
                "opportunity_id": cls.opportunity.id,
                "type": "email",
                "summary": "Write to them",
                "due_date": "2024-03-02 10:00:00",
                "user_id": cls.salesperson.id,
            }
        )

    @classmethod
    def _create_meeting(cls):
        attendees = cls.person + cls.customer + cls.salesperson.partner_id
        return cls.env["calendar.event"].create(
            {
                "name": "Lunch",
                "start": "2024-03-05 11:00:00",
                "stop": "2024-03-05 12:00:00",
                "user_id": cls.salesperson.id,
                "partner_ids": [Command.set(attendees.ids)],
            }
        )

    @classmethod
    def _create_invoice(cls, **values):
        return cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.person.id,
                "invoice_date": "2024-03-03",
                "invoice_user_id": cls.salesperson.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Work", "price_unit": 90, "tax_ids": [Command.clear()]}
                    )
                ],
                **values,
            }
        )

    @classmethod
    def _create_payment(cls, **values):
        return cls.env["account.payment"].create(
            {
                "partner_id": cls.customer.id,
                "amount": 60,
                "date": "2024-03-04",
                "memo": "Thanks",
                **values,
            }
        )

    def _get_events(self, user=None, **arguments):
        """Return all events of the customer, or of what is named."""
        if not {"partner_id", "opportunity_id", "quote_id"} & set(arguments):
            arguments["partner_id"] = self.customer.id
        timeline = self.env["billinator.timeline"].with_user(user or self.env.user)
        return timeline.get_timeline(limit=500, **arguments)["events"]

    def _get_kinds(self, user=None, **arguments):
        return {event["kind"] for event in self._get_events(user, **arguments)}

    def _get_messages(self, partner):
        """Return the texts of a customer's messages."""
        events = self._get_events(partner_id=partner.id, kinds=["message"])
        return [event["body"] for event in events]


@tagged("post_install", "-at_install")
class TestTimeline(TimelineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls._create_events()

    def _get_event(self, kind, **arguments):
        [event] = self._get_events(kinds=[kind], **arguments)
        return event

    def assertEvent(self, event, **values):
        self.assertEqual({name: event[name] for name in values}, values)

    # === Each kind === #

    def test_note(self):
        note = self.records["note"]
        self.assertEvent(
            self._get_event("note"),
            date="2024-03-01 10:00:00",
            title="Rang up",
            body="Wants more",
            type_label="Call",
            direction="in",
            user_id=[self.salesperson.id, self.salesperson.name],
            partner_id=[self.person.id, self.person.display_name],
            commercial_partner_id=[self.customer.id, self.customer.name],
            opportunity_id=[self.opportunity.id, self.opportunity.name],
            res_model="billinator.note",
            res_id=note.id,
        )

    def test_activity_pending_and_done(self):
        activity = self.records["activity"]
        expected = {
            "title": "Write to them",
            "type_label": "Email",
            "user_id": [self.salesperson.id, self.salesperson.name],
            "res_model": "billinator.activity",
            "res_id": activity.id,
        }
        self.assertEvent(
            self._get_event("activity"),
            date="2024-03-02 10:00:00",
            state="pending",
            **expected,
        )
        messages = len(self._get_events(kinds=["message"]))
        activity.with_user(self.salesperson).action_complete()
        self._track()
        self.assertEvent(
            self._get_event("activity"),
            date=fields.Datetime.to_string(activity.completed_at),
            state_label="Done",
            **expected,
        )
        # What Odoo logs of it is no event beside it.
        self.assertEqual(len(self._get_events(kinds=["message"])), messages)

    def test_message(self):
        self.assertEvent(
            self._get_event("message"),
            date=fields.Datetime.to_string(self.records["message"].date),
            title=False,
            body="So they said",
            direction="out",
            user_id=[self.salesperson.id, self.salesperson.name],
            author_id=[
                self.salesperson.partner_id.id,
                self.salesperson.partner_id.display_name,
            ],
            partner_id=[self.person.id, self.person.display_name],
            res_model="billinator.opportunity",
            res_id=self.opportunity.id,
        )

    def _get_direction(self, author, message_type):
        self.person.message_post(
            body="Hello", message_type=message_type, author_id=author.id
        )
        return self._get_events(kinds=["message"])[0]["direction"]

    def test_direction_is_by_who_wrote(self):
        left = self._create_user("left", "sale_salesman")
        colleague = self.colleague.partner_id
        self.assertEqual(self._get_direction(colleague, "email"), "out")
        self.assertEqual(self._get_direction(self.person, "comment"), "in")
        self.assertEqual(self._get_direction(left.partner_id, "comment"), "out")
        left.active = False
        events = self._get_events(kinds=["message"])
        self.assertEqual(events[0]["direction"], "out")

    def test_mail_from_outside(self):
        self.person.message_post(
            body="Hello",
            subject="A question",
            message_type="email",
            author_id=self.person.id,
        )
        event = self._get_events(kinds=["message"])[0]
        self.assertEvent(
            event,
            title="A question",
            direction="in",
            user_id=False,
            author_id=[self.person.id, self.person.display_name],
            res_model="res.partner",
            res_id=self.person.id,
        )

    def _get_failure(self):
        """Return why the last mail has failed."""
        return self._get_events(self.salesperson, kinds=["message"])[0]["failure"]

    def test_mails_that_failed_are_told_from_those_that_left(self):
        self.colleague.notification_type = "email"
        message = self.quote.with_user(self.salesperson).message_post(
            body="Our offer",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=(self.customer + self.colleague.partner_id).ids,
        )
        self.assertIs(self._get_failure(), False)
        notices = message.sudo().notification_ids
        notice = notices.filtered(lambda one: one.res_partner_id == self.customer)
        (notices - notice).notification_status = "exception"
        self.assertIs(self._get_failure(), False)
        failures = {
            "Connection failed (outgoing mail server problem)": {
                "notification_status": "exception",
                "failure_type": "mail_smtp",
            },
            "No such user": {
                "notification_status": "bounce",
                "failure_type": "unknown",
                "failure_reason": "They said:\nNo such user.",
            },
            "Unknown error": {"failure_type": "unknown", "failure_reason": " \n"},
        }
        for failure, values in failures.items():
            notice.write(values)
            self.assertEqual(self._get_failure(), failure)
        notice.failure_type = False
        self.assertEqual(self._get_failure(), "Unknown error")

    def test_mails_of_templates_that_failed(self):
        template = self.env["mail.template"].create(
            {
                "model_id": self.env["ir.model"]._get_id("billinator.quote"),
                "subject": "Hello",
                "body_html": "<p>Hello</p>",
                "email_to": "ada@ada.example",
            }
        )
        mail = self.env["mail.mail"].browse(template.send_mail(self.quote.id))
        self.assertIs(self._get_failure(), False)
        mail.write({"state": "exception", "failure_type": "mail_email_invalid"})
        self.assertEqual(self._get_failure(), "Invalid email address")
        mail.recipient_ids = self.colleague.partner_id
        self.assertIs(self._get_failure(), False)
        mail.recipient_ids += self.customer
        self.assertEqual(self._get_failure(), "Invalid email address")

    def test_no_events_of_logs_and_empty_messages(self):
        before = len(self._get_events())
        self.opportunity._message_log(body="System")
        self.opportunity.user_id = self.colleague
        self._track()
        comment = self.quote.message_post(body="A typo", message_type="comment")
        self.assertEqual(len(self._get_events()), before + 1)
        self.quote._message_update_content(comment, body="")
        self.assertEqual(len(self._get_events()), before)

    def test_stage(self):
        self.assertEvent(
            self._get_event("stage"),
            title=self.opportunity.name,
            old_value=self.stages["LEAD"].name,
            new_value=self.stages["QUALIFIED"].name,
            state="open",
            amount=500.0,
            user_id=[self.salesperson.id, self.salesperson.name],
            res_model="billinator.opportunity",
            res_id=self.opportunity.id,
        )

    def _create_history(self, order=(0, 1, 2)):
        """Create messages about one deal in one go, as an import of a history does.

        :return: an entry, a change of stage and a comment, in the order asked for
        """
        stages = self.stages
        tracking = self.env["mail.tracking.value"]._create_tracking_values(
            stages["LEAD"],
            stages["PROPOSAL"],
            "stage_id",
            self.opportunity.fields_get(["stage_id"])["stage_id"],
            self.opportunity,
        )
        document = {"model": self.opportunity._name, "res_id": self.opportunity.id}
        values_list = [
            {"message_type": "notification", "body": "Created"},
            {
                "message_type": "notification",
                "tracking_value_ids": [Command.create(tracking)],
            },
            {"message_type": "comment", "body": "They like it"},
        ]
        return self.env["mail.message"].create(
            [{**document, **values_list[place]} for place in order]
        )

    def test_messages_that_are_created_together(self):
        events = [False, "stage", "opportunity"]
        for order in ((0, 1, 2), (2, 0, 1)):
            messages = self._create_history(order)
            self.assertEqual(
                messages.mapped("billinator_event"), [events[place] for place in order]
            )

    def test_upgrade_mends_messages_that_were_created_together(self):
        messages = self._create_history()
        expected = messages.mapped("billinator_event")
        names = ["billinator_event", "billinator_customer_id"]
        everything = self.env["mail.message"].search([("model", "like", "billinator")])
        right = everything.read(names)
        for wrong in ("stage", None):
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE mail_message SET billinator_event = %s WHERE id IN %s",
                [wrong, tuple(messages.ids if wrong else messages[:2].ids)],
            )
            path = "billinator_crm/migrations/19.0.1.11.0/post-timeline-events.py"
            run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.10.0")
            self.env.invalidate_all()
            self.assertEqual(messages.mapped("billinator_event"), expected)
        self.assertEqual(everything.read(names), right)

    def test_won_and_lost(self):
        for method, arguments, state in (
            ("action_set_won", [], "won"),
            ("action_set_lost", [self.lost_reason.id], "lost"),
        ):
            getattr(self.opportunity, method)(*arguments)
            self._track()
            newest = max(self._get_events(kinds=["stage"]), key=lambda e: e["id"])
            self.assertEqual(newest["state"], state)

    def test_quote_and_its_states(self):
        sent, created = self._get_events(kinds=["quote"])
        total = self.quote.amount_total
        self.assertEvent(
            created,
            title=self.quote.name,
            new_value=False,
            amount=total,
            amount_label=self.quote.currency_id.format(total),
        )
        self.assertEvent(
            sent,
            old_value="Draft",
            new_value="Sent",
            amount=total,
            quote_id=[self.quote.id, self.quote.name],
            res_id=self.quote.id,
        )

    def _get_state_labels(self, lang):
        timeline = self.env["billinator.timeline"].with_context(lang=lang)
        page = timeline.get_timeline(quote_id=self.quote.id, kinds=["quote"])
        changes = page["events"][:-1]
        return [(event["old_value"], event["new_value"]) for event in changes]

    def _set_sent_labels(self, old_label, new_label):
        """Let the quote be sent by somebody of another language."""
        changes = self.quote.message_ids.sudo().tracking_value_ids
        [change] = changes.filtered(lambda c: c.new_value_char == "Sent")
        change.write({"old_value_char": old_label, "new_value_char": new_label})
        self.env.flush_all()

    def test_states_are_told_in_the_language_of_who_reads(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(["billinator_crm"], ["de_DE"])
        self._set_sent_labels("Entwurf", "Gesendet")
        self.quote.action_accept()
        self._track()
        self.assertEqual(
            self._get_state_labels("en_US"), [("Sent", "Accepted"), ("Draft", "Sent")]
        )
        self.assertEqual(
            self._get_state_labels("de_DE"),
            [("Gesendet", "Angenommen"), ("Entwurf", "Gesendet")],
        )

    def test_states_in_a_language_that_is_gone_stay_as_they_were(self):
        self._set_sent_labels("Concept", "Verzonden")
        self.assertEqual(self._get_state_labels("en_US"), [("Concept", "Verzonden")])

    def test_opportunity(self):
        self.assertEvent(
            self._get_event("opportunity"),
            date=fields.Datetime.to_string(self.opportunity.create_date),
            title=self.opportunity.name,
            amount=500.0,
            res_id=self.opportunity.id,
        )

    def test_invoice_and_credit_note(self):
        self.assertEvent(
            self._get_event("invoice"),
            date="2024-03-03 00:00:00",
            is_day=True,
            state="draft",
            type_label="Customer Invoice",
            amount=90.0,
            user_id=[self.salesperson.id, self.salesperson.name],
        )
        self.records["invoice"].action_post()
        self._create_invoice(move_type="out_refund", invoice_date=False)
        refund, invoice = self._get_events(kinds=["invoice"])
        self.assertEvent(
            invoice,
            title=self.records["invoice"].name,
            state="posted",
            payment_state="not_paid",
            payment_state_label="Not Paid",
        )
        self.assertEvent(refund, amount=-90.0, is_day=False, type="out_refund")

    def test_payment(self):
        self.assertEvent(
            self._get_event("payment"),
            date="2024-03-04 00:00:00",
            is_day=True,
            title="Thanks",
            amount=60.0,
            direction="in",
        )
        self._create_payment(partner_type="supplier", payment_type="outbound")
        self.assertEqual(len(self._get_events(kinds=["payment"])), 1)

    def test_meeting_once_for_several_people(self):
        self.assertEvent(
            self._get_event("meeting"),
            date="2024-03-05 11:00:00",
            title="Lunch",
            user_id=[self.salesperson.id, self.salesperson.name],
            res_model="calendar.event",
            res_id=self.records["meeting"].id,
        )
        self.records["meeting"].start = "2024-03-06 11:00:00"
        self.assertEqual(self._get_event("meeting")["date"], "2024-03-06 11:00:00")
        self.records["meeting"].active = False
        self.assertFalse(self._get_events(kinds=["meeting"]))

    def test_meeting_of_an_activity_is_the_activity(self):
        meeting = self.env.ref("mail.mail_activity_data_meeting")
        activity = self.opportunity.activity_schedule(
            activity_type_id=meeting.id, user_id=self.salesperson.id
        )
        activity.calendar_event_id = self.records["meeting"]
        self.assertFalse(self._get_events(kinds=["meeting"]))
        self.assertEqual(len(self._get_events(kinds=["activity"])), 2)

    def test_activity_of_a_whole_day_has_no_time(self):
        activity = self.records["activity"]
        meeting = self.records["meeting"]
        activity.activity_id.calendar_event_id = meeting
        self.assertFalse(self._get_event("activity")["is_day"])
        meeting.write(
            {"allday": True, "start_date": "2024-04-01", "stop_date": "2024-04-01"}
        )
        self.assertTrue(self._get_event("activity")["is_day"])
        activity.action_complete()
        self.assertFalse(self._get_event("activity")["is_day"])

    def test_private_meetings_are_not_told_of(self):
        meeting = self.records["meeting"].with_user(self.salesperson)
        meeting.privacy = "private"
        self.assertNotIn("meeting", self._get_kinds(self.manager))
        self.assertIn("meeting", self._get_kinds(self.salesperson))
        meeting.privacy = False
        self.assertIn("meeting", self._get_kinds(self.manager))
        self.salesperson.with_user(
            self.salesperson
        ).calendar_default_privacy = "private"
        self.env.flush_all()
        self.assertNotIn("meeting", self._get_kinds(self.manager))

    def test_install_fills_what_the_fields_compute(self):
        columns = {
            self.records["payment"]: ["billinator_customer_id"],
            self.records["meeting"].attendee_ids: [
                "billinator_customer_id",
                "billinator_start",
            ],
            self._create_messages(): ["billinator_customer_id", "billinator_event"],
            self._create_people(): ["phone_key"],
        }
        self.env.flush_all()
        computed = [records.read(names) for records, names in columns.items()]
        for records, names in columns.items():
            for name in names:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET %s = NULL WHERE id IN %s",
                        SQL.identifier(records._table),
                        SQL.identifier(name),
                        tuple(records.ids),
                    )
                )
        pre_init_hook(self.env)
        self.env.invalidate_all()
        filled = [records.read(names) for records, names in columns.items()]
        self.assertEqual(filled, computed)

    def _create_people(self):
        return self.env["res.partner"].create(
            [
                {"name": "Jo", "phone": phone}
                for phone in ("+91 98765-43210", "555-0142", "12-34", False)
            ]
        )

    def _create_messages(self):
        """Create messages on a person that are events, and others that are not."""
        attachment = self.env["ir.attachment"].create({"name": "a", "raw": b"b"})
        said = {"message_type": "comment"}
        posted = [
            self.person.message_post(**values)
            for values in (
                {**said, "body": "Said"},
                {**said, "body": Markup("<p><br></p>")},
                {**said, "body": Markup('<p><img src="/a.png"></p>')},
                {**said, "attachment_ids": attachment.ids},
                {"message_type": "email", "subject": "A subject only"},
                {"message_type": "notification", "body": "Log"},
            )
        ]
        return self.env["mail.message"].union(*posted)

    # === The whole === #

    def test_all_kinds_and_newest_first(self):
        events = self._get_events()
        self.assertEqual(
            {event["kind"] for event in events}, {kind for kind, _label in KINDS}
        )
        order = [(event["date"], event["id"]) for event in events]
        self.assertEqual(order, sorted(order, reverse=True))
        self.assertEqual(len(set(order)), len(order))

    def test_search_read_is_the_same(self):
        found = self.env["billinator.timeline"].search_read(
            [("commercial_partner_id", "=", self.customer.id)],
            ["kind", "title", "user_id", "amount"],
        )
        events = self._get_events()
        self.assertEqual(
            [(row["id"], row["kind"]) for row in found],
            [(event["id"], event["kind"]) for event in events],
        )

    def test_scopes(self):
        other = self._create_opportunity(name="Another", partner_id=self.person.id)
        self.quote.opportunity_id = self.opportunity
        self._track()
        of_deal = self._get_events(opportunity_id=self.opportunity.id)
        self.assertEqual(
            {event["kind"] for event in of_deal},
            {"note", "activity", "message", "stage", "opportunity", "quote"},
        )
        self.assertNotIn(other.name, [event["title"] for event in of_deal])
        of_quote = self._get_events(quote_id=self.quote.id)
        self.assertEqual({event["kind"] for event in of_quote}, {"quote"})
        of_person = self._get_events(partner_id=self.person.id)
        self.assertEqual(of_person, self._get_events(partner_id=self.customer.id))

    def test_kinds_and_people(self):
        self.assertEqual(
            self._get_kinds(kinds=["note", "payment"]), {"note", "payment"}
        )
        of_author = self._get_events(user_id=self.salesperson.id)
        self.assertEqual(
            {event["kind"] for event in of_author},
            {"note", "activity", "message", "stage", "quote", "invoice", "meeting"},
        )
        self.assertFalse(self._get_events(user_id=self.colleague.id))

    def test_wrong_input(self):
        get_timeline = self.env["billinator.timeline"].get_timeline
        for arguments in (
            {},
            {"partner_id": self.customer.id, "kinds": ["rumour"]},
            {"partner_id": self.customer.id, "before": "yesterday"},
            {"partner_id": self.customer.id, "before": 20240101},
            {"partner_id": self.customer.id, "limit": "40"},
            {"partner_id": self.customer.id, "limit": True},
        ):
            with self.subTest(arguments), self.assertRaises(UserError):
                get_timeline(**arguments)

    def test_deleted_documents_have_no_events(self):
        self.records["activity"].activity_id.unlink()
        self.records["note"].unlink()
        self.opportunity.unlink()
        self.records["invoice"].unlink()
        self.records["payment"].unlink()
        self.records["meeting"].unlink()
        self.assertEqual(self._get_kinds(), {"quote"})

    # === Pages === #

    def _read_in_pages(self, limit, **arguments):
        timeline = self.env["billinator.timeline"]
        pages, before = [], None
        while not pages or before:
            page = timeline.get_timeline(
                self.customer.id, before=before, limit=limit, **arguments
            )
            pages.append(page["events"])
            self.assertLess(len(pages), 100, "The pages do not come to an end.")
            before = page["next"]
        return pages

    def test_pages_have_every_event_once(self):
        self.env["billinator.note"].create(
            [
                {
                    "subject": f"At the same time {number}",
                    "date": "2024-03-03 00:00:00",  # As the invoice.
                    "partner_id": self.customer.id,
                }
                for number in range(7)
            ]
        )
        events = self._get_events()
        for limit in (1, 3, len(events), len(events) + 1):
            pages = self._read_in_pages(limit)
            self.assertEqual([event for page in pages for event in page], events)
            self.assertTrue(all(len(page) == limit for page in pages[:-1]))
        notes = self._get_events(kinds=["note"])
        pages = self._read_in_pages(3, kinds=["note"])
        self.assertEqual([event for page in pages for event in page], notes)

    def test_a_change_in_the_second_of_the_creation_is_newer(self):
        """Messages have no fractions of seconds, other than what was created."""
        second = datetime(2024, 4, 1, 10)
        messages = self.env["mail.message"]
        for document in (self.opportunity, self.quote):
            messages += document.message_ids.filtered("billinator_event")
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_date = %s WHERE id = %s",
                    SQL.identifier(document._table),
                    second.replace(microsecond=700000),
                    document.id,
                )
            )
        messages.date = second
        self.env.invalidate_all()
        for document in (
            {"opportunity_id": self.opportunity.id},
            {"quote_id": self.quote.id},
        ):
            events = [
                event
                for event in self._get_events(**document)
                if event["date"] == fields.Datetime.to_string(second)
            ]
            self.assertGreater(len(events), 1)
            self.assertIn(events[-1]["kind"], ("opportunity", "quote"))
            self.assertFalse(events[-1]["new_value"])
        pages = self._read_in_pages(1)
        self.assertEqual(
            [event for page in pages for event in page], self._get_events()
        )

    def test_documents_come_out_of_an_index(self):
        self.env.cr.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"
            "SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off"
        )
        Timeline = self.env["billinator.timeline"].sudo()
        for name in ("opportunity", "quote"):
            number, kind, model = SOURCES[name]
            columns = getattr(Timeline, f"_get_{name}_source")()
            source = Source(number, kind, model, *columns)
            source.filter({"commercial_partner_id": self.customer.id})
            source.page((datetime(2024, 4, 1, 10), 7), 40)
            query = source.select(Timeline._get_column_types())
            plan = str(self.env.execute_query(SQL("EXPLAIN %s", query)))
            with self.subTest(plan):
                self.assertIn(f"{self.env[model]._table}_timeline_idx", plan)
                self.assertNotIn("Sort", plan)

    def test_first_page_takes_as_many_queries_for_many(self):
        def count_queries(customer):
            timeline = self.env["billinator.timeline"].with_user(self.manager)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            events = timeline.get_timeline(customer.id, limit=500)["events"]
            return self.env.cr.sql_log_count - before, len(events)

        customers = self.env["res.partner"].create(
            [{"name": f"Customer of {count}"} for count in (FEW, FEW, MANY)]
        )
        for customer, count in zip(customers, (FEW, FEW, MANY), strict=True):
            deals = self.env["billinator.opportunity"].create(
                [{"name": f"{n}", "partner_id": customer.id} for n in range(count)]
            )
            self._track()
            for deal in deals:
                message = deal.message_post(body="Hello", message_type="comment")
                self.env["mail.notification"].create(
                    {
                        "mail_message_id": message.id,
                        "res_partner_id": self.person.id,
                        "notification_type": "email",
                        "notification_status": "bounce",
                    }
                )
        _warm, few, many = map(count_queries, customers)
        self.assertEqual(few[0], many[0])
        self.assertEqual((few[1], many[1]), (2 * FEW, 2 * MANY))


@tagged("post_install", "-at_install")
class TestTimelineRights(TimelineCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_events()

    def test_each_kind_for_those_who_may_read_its_record(self):
        for role, kinds in VISIBLE.items():
            with self.subTest(role=role):
                user = getattr(self, role)
                self.assertEqual(self._get_kinds(user), kinds)
                found = (
                    self.env["billinator.timeline"]
                    .with_user(user)
                    .search([("commercial_partner_id", "=", self.customer.id)])
                )
                self.assertEqual(set(found.mapped("kind")), kinds)

    def test_nothing_for_others(self):
        for group in ("base.group_portal", "base.group_user"):
            user = new_test_user(self.env, f"timeline_{group}", group)
            timeline = self.env["billinator.timeline"].with_user(user)
            with self.assertRaises(AccessError):
                timeline.get_timeline(self.customer.id)
            with self.assertRaises(AccessError):
                timeline.search([])

    def test_one_must_read_what_one_names(self):
        timeline = self.env["billinator.timeline"].with_user(self.colleague)
        for name, record in (
            ("opportunity_id", self.opportunity),
            ("quote_id", self.quote),
        ):
            with self.assertRaises(AccessError):
                timeline.get_timeline(**{name: record.id})
        self.customer.company_id = self.company_b
        with self.assertRaises(AccessError):
            timeline.get_timeline(self.customer.id)

    def test_messages_have_the_rights_of_their_documents(self):
        for document in (self.customer, self.opportunity, self.quote):
            document.message_post(body=document._name, message_type="comment")
        said = {"res.partner", "billinator.opportunity", "billinator.quote"}
        for role, documents in (
            ("salesperson", said),
            ("senior", said),
            ("colleague", {"res.partner"}),
            ("accountant", {"res.partner", "billinator.quote"}),
            ("stranger", {"res.partner"}),
        ):
            events = self._get_events(getattr(self, role), kinds=["message"])
            bodies = {event["body"] for event in events} & said
            self.assertEqual(bodies, documents, role)

    def test_messages_of_many_documents(self):
        """Whether one may read few of the customer's documents or many."""
        self.patch(billinator_timeline, "FEW_DOCUMENTS", 10)
        deals = self.env["billinator.opportunity"].create(
            [
                {"name": f"{n}", "partner_id": self.customer.id, "user_id": owner.id}
                for owner in (self.salesperson, self.colleague)
                for n in range(8)
            ]
        )
        deals[0].message_post(body="Of the first", message_type="comment")
        deals[-1].message_post(body="Of the last", message_type="comment")
        for role, expected in (
            ("salesperson", {"So they said", "Of the first"}),
            ("colleague", {"Of the last"}),
            ("senior", {"So they said", "Of the first", "Of the last"}),
        ):
            events = self._get_events(getattr(self, role), kinds=["message"])
            self.assertEqual({event["body"] for event in events}, expected, role)

    def test_companies(self):
        self.manager.company_ids += self.company_b
        elsewhere = self.env["billinator.timeline"].with_user(self.manager)
        elsewhere = elsewhere.with_context(allowed_company_ids=self.company_b.ids)
        events = elsewhere.get_timeline(self.customer.id)["events"]
        self.assertEqual({event["kind"] for event in events}, {"meeting"})


@tagged("post_install", "-at_install")
class TestTimelineFollows(TimelineCase):
    """Messages go with their documents when these go to other customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create(
            {"name": "Other Industries", "is_company": True}
        )
        cls.opportunity.message_post(body="Of the deal", message_type="comment")
        cls.quote.message_post(body="Of the quote", message_type="comment")
        cls.person.message_post(body="Of the person", message_type="comment")
        cls.said = ["Of the deal", "Of the person", "Of the quote"]

    def test_another_customer(self):
        self.opportunity.partner_id = self.other
        self.quote.partner_id = self.other
        self._track()
        self.assertEqual(self._get_messages(self.customer), ["Of the person"])
        self.assertCountEqual(
            self._get_messages(self.other), ["Of the deal", "Of the quote"]
        )

    def test_a_message_deleted_before(self):
        message = self.opportunity.message_ids.filtered(
            lambda message: "Of the deal" in message.body
        )
        message.body = False
        self.assertFalse(message.billinator_customer_id)
        self.opportunity.partner_id = self.other
        self.opportunity.flush_recordset()
        self._track()
        self.env.invalidate_all()
        self.assertFalse(message.billinator_customer_id)
        self.assertFalse(self._get_messages(self.other))

    def test_another_company(self):
        self.person.parent_id = self.other
        self.assertEqual(self._get_messages(self.customer), ["Of the quote"])
        self.assertCountEqual(
            self._get_messages(self.other), ["Of the deal", "Of the person"]
        )

    def test_company_of_the_company(self):
        self.customer.write({"is_company": False, "parent_id": self.other.id})
        self.assertCountEqual(self._get_messages(self.other), self.said)

    def test_a_lead_becomes_a_customer(self):
        lead = self.env["billinator.opportunity"].create(
            {"name": "Lead", "contact_name": "Somebody"}
        )
        lead.message_post(body="Of the lead", message_type="comment")
        self._track()
        self.assertFalse(self._get_messages(self.other))
        of_lead = self._get_events(opportunity_id=lead.id)
        self.assertIn("Of the lead", [event["body"] for event in of_lead])
        lead.partner_id = self.other
        self.assertEqual(self._get_messages(self.other), ["Of the lead"])

    def test_companies_merge(self):
        self._merge(self.customer, self.other)
        self.assertCountEqual(self._get_messages(self.other), self.said)

    def test_people_of_two_companies_merge(self):
        target = self.env["res.partner"].create(
            {"name": "Ada Person", "parent_id": self.other.id}
        )
        self._create_payment(partner_id=self.person.id)
        self._merge(self.person, target)
        self.assertEqual(self.opportunity.commercial_partner_id, self.other)
        self.assertCountEqual(
            self._get_messages(self.other), ["Of the deal", "Of the person"]
        )
        self.assertEqual(self._get_messages(self.customer), ["Of the quote"])
        self.assertIn("payment", self._get_kinds(partner_id=self.other.id))

    def _merge(self, source, target):
        self._track()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (source + target).ids, target
        )
        self._track()
        self.env.invalidate_all()

    def test_opportunities_merge(self):
        other = self._create_opportunity(
            name="Other", partner_id=self.person.id, user_id=self.salesperson.id
        )
        self._track()
        other.stage_id = self.stages["QUALIFIED"]
        other.message_post(body="Of the other", message_type="comment")
        self._track()
        self.opportunity.merge_opportunities(other.ids)
        self._track()
        self.assertIn("Of the other", self._get_messages(self.customer))
        [stage] = self._get_events(kinds=["stage"], opportunity_id=self.opportunity.id)
        self.assertEqual(stage["new_value"], self.stages["QUALIFIED"].name)

    def test_archived_documents_keep_their_events(self):
        self.opportunity.active = self.person.active = False
        self.assertCountEqual(self._get_messages(self.customer), self.said)

    def test_attendees_follow_their_people(self):
        event = self.env["calendar.event"].create(
            {
                "name": "Lunch",
                "start": datetime(2024, 3, 5, 11),
                "stop": datetime(2024, 3, 5, 12),
                "partner_ids": [Command.set(self.person.ids)],
            }
        )
        self.person.parent_id = self.other
        [meeting] = self._get_events(partner_id=self.other.id, kinds=["meeting"])
        self.assertEqual(meeting["res_id"], event.id)
        self.assertFalse(self._get_events(kinds=["meeting"]))
