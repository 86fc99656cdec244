"""What a call that changes records leaves alone."""

from datetime import datetime, timedelta

from fastapi import HTTPException

from odoo import fields
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.billinator_crm.exceptions import StateError
from odoo.addons.billinator_crm.tests.common import (
    BillinatorCommon,
    BillinatorInvoicingCommon,
)

from ..routers.activities import ACTIVITIES
from ..routers.contacts import CONTACTS
from ..routers.customers import CUSTOMERS
from ..routers.notes import NOTES
from ..routers.opportunities import OPPORTUNITIES
from ..routers.quotes import QUOTES
from ..schemas.activity import ActivityCreate, ActivityUpdate
from ..schemas.contact import ContactCreate, ContactUpdate
from ..schemas.customer import CustomerUpdate
from ..schemas.note import NoteCreate
from ..schemas.opportunity import OpportunityCreate, OpportunityUpdate
from ..schemas.quote import QuoteCreate, QuoteUpdate
from ..texts import to_html
from ..webhook_resources import read_records
from .common import ApiCase

LONG_AGO = datetime(2024, 1, 15, 10)


@tagged("post_install", "-at_install")
class TestUnchangedQuote(BillinatorInvoicingCommon):
    """What a quote says already is neither computed nor checked again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sent = {
            "customer_id": cls.customer.id,
            "external_ref": "Q-1",
            "quote_date": fields.Date.today().isoformat(),
            "note": "As agreed",
            "items": [
                {
                    "product_id": cls.product_a.id,
                    "quantity": 2.0,
                    "unit_price": 10.125,
                    "tax_rate": cls.company_data["default_tax_sale"].amount,
                }
            ],
        }
        cls.quote = cls._upsert()

    @classmethod
    def _upsert(cls, **values):
        item, _is_new = QUOTES.upsert(cls.env, QuoteCreate(**cls.sent, **values))
        return cls.env["billinator.quote"].browse(item["id"])

    def test_the_same_customer_keeps_the_terms(self):
        euro = self.setup_other_currency("EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": euro.id}
        )
        address, other = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.customer.id} for name in ("Bill", "Bob")]
        )
        contact = self.env["billinator.contact"].search([("person_id", "=", other.id)])
        kept = {
            "pricelist_id": pricelist.id,
            "currency_id": euro.id,
            "payment_term_id": self.pay_terms_b.id,
            "fiscal_position_id": self.fiscal_pos_a.id,
            "partner_invoice_id": address.id,
            "contact_id": contact.id,
            "team_id": self.env["crm.team"].create({"name": "Own Choice"}).id,
        }
        self.quote.write(kept)
        self._upsert(assigned_to=self.quote.user_id.id)
        QUOTES.change(
            self.env,
            self.quote.id,
            QuoteUpdate(customer_id=self.customer.id, note="Something else"),
        )
        self.assertRecordValues(self.quote, [kept])
        self.assertIn("Something else", self.quote.note)

    def test_an_accepted_quote_can_be_sent_again(self):
        self.quote.action_accept()
        self.env.flush_all()
        before = self.quote.read() + self.quote.line_ids.read()
        self.assertEqual(self._upsert(), self.quote)
        self.assertEqual(self._upsert(status="ACCEPTED"), self.quote)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.quote.read() + self.quote.line_ids.read(), before)
        [item] = self.sent["items"]
        for change in (
            {"unit_price": 11.0},
            {"quantity": 3.0},
            {"tax_rate": 0},
            {"product_id": self.product_b.id},
        ):
            data = QuoteUpdate(items=[{**item, **change}])
            with self.assertRaises(StateError), self.env.cr.savepoint():
                QUOTES.change(self.env, self.quote.id, data)
        data = QuoteUpdate(items=[{**item, "line_total": 1.0}])
        with self.assertRaises(HTTPException):
            QUOTES.change(self.env, self.quote.id, data)

    def test_a_line_without_taxes_is_told_by_null_or_nought(self):
        line = self.quote.line_ids
        line.tax_ids = False
        for rate in (None, 0):
            data = QuoteUpdate(items=[{"id": line.id, "tax_rate": rate}])
            QUOTES.change(self.env, self.quote.id, data)
            self.assertEqual(self.quote.line_ids, line)

    def test_items_like_those_there_have_no_discount_of_them(self):
        line = self.quote.line_ids
        line.discount = 15
        [item] = self.sent["items"]
        QUOTES.change(self.env, self.quote.id, QuoteUpdate(items=[item]))
        self.assertEqual(self.quote.line_ids.discount, 0)

    def test_items_of_a_quote_that_is_given_away(self):
        self.quote.user_id = self.salesperson
        data = QuoteUpdate(
            assigned_to=self.colleague.id,
            items=[{"description": "New", "unit_price": 5.0}],
            status="SENT",
        )
        shown = QUOTES.change(self.env(user=self.salesperson), self.quote.id, data)
        self.assertEqual(shown["assigned_to"], self.colleague.id)
        self.assertEqual(self.quote.state, "sent")
        self.assertEqual(self.quote.line_ids.name, "New")

    def test_a_closed_quote_is_opened_before_it_is_changed(self):
        self.quote.action_reject("Too dear")
        data = QuoteUpdate(status="DRAFT", note="Again", reject_reason="Too dear")
        shown = QUOTES.change(self.env, self.quote.id, data)
        self.assertEqual((shown["status"], shown["note"]), ("DRAFT", "Again"))
        self.assertFalse(self.quote.reject_reason)

    def test_an_expired_quote_is_extended(self):
        today = fields.Date.today()
        self.quote.validity_date = today
        self.quote.action_mark_sent()
        self.quote.write({"state": "expired"})
        data = QuoteUpdate(
            status="SENT", valid_until=f"{today + timedelta(days=9)}", note="Longer"
        )
        shown = QUOTES.change(self.env, self.quote.id, data)
        self.assertEqual((shown["status"], shown["note"]), ("SENT", "Longer"))
        self.assertEqual(self.quote.validity_date, today + timedelta(days=9))


@tagged("post_install", "-at_install")
class TestUnchanged(BillinatorCommon):
    """What a deal or an activity says already is left alone."""

    def _change_deal(self, deal, **values):
        return OPPORTUNITIES.change(deal.env, deal.id, OpportunityUpdate(**values))

    def test_a_deal_keeps_what_was_set_by_hand(self):
        deal = self._create_opportunity(stage_id=self.stages["PROPOSAL"].id)
        deal.write({"email_from": "ann@ada.example", "phone": "110"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_opportunity SET date_last_stage_update = %s"
            " WHERE id = %s",
            (LONG_AGO, deal.id),
        )
        deal.invalidate_recordset()
        self._change_deal(
            deal, customer_id=self.customer.id, stage="PROPOSAL", title="Renamed"
        )
        self.env.flush_all()
        deal.invalidate_recordset()
        self.assertRecordValues(
            deal,
            [
                {
                    "name": "Renamed",
                    "email_from": "ann@ada.example",
                    "phone": "110",
                    "date_last_stage_update": LONG_AGO,
                }
            ],
        )

    def test_what_would_follow_from_a_change_is_as_the_call_says(self):
        deal = self._create_opportunity(email_from="ann@ada.example")
        other = self.env["res.partner"].create({"name": "O", "email": "o@o.example"})
        deal.stage_id = self.stages["LEAD"]
        probability = deal.probability
        shown = self._change_deal(
            deal,
            customer_id=other.id,
            email="ann@ada.example",
            stage="PROPOSAL",
            probability=probability,
        )
        self.assertEqual(shown["email"], "ann@ada.example")
        self.assertEqual(shown["probability"], probability)

    def test_the_same_text_keeps_its_form(self):
        deal = self._create_opportunity(description="<p>Some <b>bold</b> words</p>")
        shown = OPPORTUNITIES.show(self.env, deal.id)["description"]
        self._change_deal(deal, description=shown, tags=[])
        self.assertIn("<b>", deal.description)
        self._change_deal(deal, description=f"{shown}!")
        self.assertNotIn("<b>", deal.description)
        self._change_deal(deal, description=None)
        self.assertFalse(deal.description)

    def test_texts_come_back_as_they_were_sent(self):
        text = (
            "Grüße & more: 5 * 3 < 16, *no* bold, <angle>, &amp;\n"
            "See (https://ada.example/a?b=1&c=2), and <http://ada.example>.\n\n"
            "https://ada.example/ä, and a link (https://ada.example) now.\n\n"
            "  - indented\n\n\n\nThe  end"
        )
        about = {"customer_id": self.customer.id}
        for resource, name, data in (
            (OPPORTUNITIES, "description", OpportunityCreate(title="Deal", **about)),
            (ACTIVITIES, "description", ActivityCreate(type="CALL", **about)),
            (NOTES, "body", NoteCreate(subject="Note", **about)),
            (QUOTES, "note", QuoteCreate(**about)),
        ):
            with self.subTest(resource.model):
                sent = data.model_copy(update={name: text})
                sent.model_fields_set.add(name)
                shown, _is_new = resource.upsert(self.env, sent)
                self.assertEqual(shown[name], text)
                again = resource.change(self.env, shown["id"], sent)
                self.assertEqual(again[name], text)

    def test_links_end_before_what_follows(self):
        text = "A link (https://ada.example), and https://ada.example/a."
        for address in ("https://ada.example", "https://ada.example/a"):
            self.assertIn(f'<a href="{address}"', to_html(text))

    def test_texts_of_people_are_shown_as_text(self):
        deal = self._create_opportunity()
        for html, text in (
            ("<p>One</p><p><br></p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
            ("<div>One</div><div>Two</div>", "One\nTwo"),
            ("<ul>\n<li>One</li>\n<li><b>Two</b>, too</li>\n</ul>", "One\nTwo, too"),
            ("Just\nwords", "Just words"),
            (
                "<p><!-- no -->A <a href='https://ada.example'>link</a></p>",
                "A link (https://ada.example)",
            ),
            (
                "<p><a href='mailto:a@ada.example'>a@ada.example</a></p>",
                "a@ada.example",
            ),
            (
                "<pre>One\n  Two</pre><p>Three<br>\nFour</p>",
                "One\n  Two\n\nThree\nFour",
            ),
            ("<p>One</p>  <p>Two</p>", "One\n\nTwo"),
            ("<p>One</p><p>&nbsp;</p><p>Two</p>", "One\n\n\u00a0\n\nTwo"),
            ("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>", None),
        ):
            deal.description = html
            shown = OPPORTUNITIES.show(self.env, deal.id)["description"]
            self.assertEqual(shown, text or "A B\nC")

    def test_a_picture_is_no_empty_text(self):
        deal = self._create_opportunity()
        deal.description = "<p><img src='/web/static/img/logo.png'></p>"
        empty = OpportunityUpdate(description=None)
        OPPORTUNITIES.change(self.env, deal.id, empty)
        self.assertFalse(deal.description)

    def test_segments_make_no_tags_new(self):
        hot, segment = self.env["billinator.tag"].create(
            [
                {"name": "Hot"},
                {
                    "name": "Everybody",
                    "is_segment": True,
                    "partner_domain": f"[('id', '=', {self.customer.id})]",
                },
            ]
        )
        segment.action_refresh()
        self.customer.crm_tag_ids += hot
        shown = CUSTOMERS.show(self.env, self.customer.id)
        self.assertEqual((shown["tags"], shown["segments"]), (["Hot"], ["Everybody"]))
        self._forbid_to_write("res.partner")
        CUSTOMERS.change(self.env, self.customer.id, CustomerUpdate(tags=["Hot"]))

    def test_who_is_the_primary_contact_stays_it(self):
        first, second = CONTACTS.create_many(
            self.env,
            [
                ContactCreate(customer_id=self.customer.id, name=name)
                for name in ("Ann", "Bob")
            ],
        )
        primary = ContactUpdate(is_primary=True)
        CONTACTS.change(self.env, first.id, primary)
        self._age_contacts()
        before = (first + second).read()
        CONTACTS.change(self.env, first.id, primary)
        self.env.invalidate_all()
        self.assertEqual((first + second).read(), before)
        shown = CONTACTS.change(self.env, second.id, primary)
        self.assertGreater(shown["updated_at"], "2024-12")
        self.assertFalse(first.is_primary)

    def _age_contacts(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billinator_contact SET write_date = %s", (LONG_AGO,)
        )
        self.env.invalidate_all()

    def _forbid_to_write(self, model):
        def write(_records, vals):
            raise AssertionError(vals)

        self.patch(self.env.registry[model], "write", write)

    def test_nothing_new_is_no_change(self):
        tag = self.env["billinator.tag"].create({"name": "Hot"})
        data = {
            "title": "Deal",
            "customer_id": self.customer.id,
            "value": 70.5,
            "expected_close_date": fields.Date.today().isoformat(),
            "source": "Fair",
            "tags": ["Hot"],
            "company_name": None,
            "contact_name": "",
        }
        deals = OPPORTUNITIES.create_many(self.env, [OpportunityCreate(**data)])
        self.assertEqual(deals.tag_ids, tag)
        written = []
        self.patch(
            self.env.registry[deals._name], "write", lambda _self, v: written.append(v)
        )
        self._change_deal(deals, **data)
        self.assertEqual(written, [])
        self._change_deal(deals, **{**data, "tags": [], "value": 71.0})
        self.assertEqual(
            written, [{"expected_revenue": 71.0, "tag_ids": [Command.set([])]}]
        )

    def test_a_meeting_that_does_not_move_is_not_mailed(self):
        due_date = fields.Datetime.now().replace(microsecond=0) + timedelta(days=9)
        contact = self.env["billinator.contact"].create(
            {
                "customer_id": self.customer.id,
                "name": "Ann",
                "email": "ann@ada.example",
            }
        )
        sent = {
            "type": "MEETING",
            "subject": "Demo",
            "contact_id": contact.id,
            "customer_id": self.customer.id,
            "due_date": due_date.isoformat(),
            "duration": 1.5,
        }
        meeting = ACTIVITIES.create_many(self.env, [ActivityCreate(**sent)])
        self.env.flush_all()
        self.assertIn(contact.person_id, meeting.calendar_event_id.partner_ids)
        event = meeting.calendar_event_id
        changes = []
        write = self.env.registry["calendar.event"].write
        self.patch(
            self.env.registry["calendar.event"],
            "write",
            lambda events, vals: changes.append(vals) or write(events, vals),
        )
        mails = self.env["mail.mail"].search_count([])
        ACTIVITIES.change(self.env, meeting.id, ActivityUpdate(**sent))
        self.env.flush_all()
        self.assertEqual(changes, [])
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        later = (due_date + timedelta(days=1)).isoformat()
        ACTIVITIES.change(self.env, meeting.id, ActivityUpdate(due_date=later))
        self.assertEqual(event.start, due_date + timedelta(days=1))


@tagged("post_install", "-at_install")
class TestTexts(ApiCase):
    def test_names_are_one_line(self):
        values = {"name": "ACME Inc.\nBranch North", "email": ""}
        answer = self._call("/customers", method="POST", json=values)
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(answer.json()["name"], "ACME Inc. Branch North")
        self.assertIsNone(answer.json()["email"])

    def test_another_customer_of_what_comes_back(self):
        """What a client fetched can be sent back with another customer."""
        self.env["res.partner"].create({"name": "Ann", "parent_id": self.customer.id})
        about = {
            "partner_id": self.customer.id,
            "contact_id": self.customer.contact_ids.id,
        }
        records = {
            "quotes": self._create_quote(user_id=self.salesperson.id, **about),
            "activities": self.env["billinator.activity"].create(
                {"type": "call", "user_id": self.salesperson.id, **about}
            ),
            "notes": self.env["billinator.note"]
            .with_user(self.salesperson)
            .create({"body": "Hi", **about}),
        }
        other = self.customer.copy({"name": "Babbage Ltd"})
        for name, record in records.items():
            with self.subTest(name):
                path = f"/{name}/{record.id}"
                values = {**self._fetch(path), "customer_id": other.id}
                answer = self._call(path, method="PUT", json=values)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertEqual(answer.json()["customer_id"], other.id)
                self.assertIsNone(answer.json()["contact_id"])

    def test_a_blank_name_is_nobodys(self):
        values = {"title": "A deal", "contact_name": " "}
        answer = self._call("/opportunities", method="POST", json=values)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("who the opportunity is for", answer.text)


@tagged("post_install", "-at_install")
class TestChange(BillinatorCommon):
    def test_who_gives_a_record_away_gets_an_answer(self):
        env = self.env(user=self.salesperson)
        data = OpportunityCreate(
            title="Deal", customer_id=self.customer.id, external_ref="D-1"
        )
        deal, _is_new = OPPORTUNITIES.upsert(env, data)
        self.assertEqual(deal["assigned_to"], self.salesperson.id)
        shown = OPPORTUNITIES.change(
            env, deal["id"], OpportunityUpdate(assigned_to=self.colleague.id)
        )
        self.assertEqual(shown["assigned_to"], self.colleague.id)
        with self.assertRaises(MissingError):
            OPPORTUNITIES.show(env, deal["id"])
        self.env["billinator.opportunity"].browse(deal["id"]).user_id = self.salesperson
        data = OpportunityCreate(
            title="Deal", assigned_to=self.colleague.id, external_ref="D-1"
        )
        shown, is_new = OPPORTUNITIES.upsert(env, data)
        self.assertEqual((shown["id"], is_new), (deal["id"], False))
        self.assertEqual(shown["assigned_to"], self.colleague.id)

    def test_the_right_is_checked_where_nothing_changes(self):
        reader = new_test_user(self.env, "billinator_reader", groups="base.group_user")
        data = CustomerUpdate(name=self.customer.name)
        self.assertTrue(self.customer.with_user(reader).has_access("read"))
        with self.assertRaises(AccessError):
            CUSTOMERS.change(self.env(user=reader), self.customer.id, data)

    def test_what_ended_is_reopened_before_it_ends_otherwise(self):
        data = ActivityCreate(type="CALL", customer_id=self.customer.id)
        activity = ACTIVITIES.create_many(self.env, [data])
        for ended, other in (("CANCELLED", "DONE"), ("DONE", "CANCELLED")):
            for status in ("PENDING", ended, ended):
                ACTIVITIES.change(self.env, activity.id, ActivityUpdate(status=status))
            with self.assertRaises(StateError):
                ACTIVITIES.change(self.env, activity.id, ActivityUpdate(status=other))
            self.assertEqual(activity.status, ended.lower())

    def test_what_is_to_do_again_has_no_outcome_yet(self):
        data = ActivityCreate(type="CALL", customer_id=self.customer.id)
        activity = ACTIVITIES.create_many(self.env, [data])
        for outcome in ("Reached", None):
            sent = ActivityUpdate(status="DONE")
            if outcome:
                sent = ActivityUpdate(status="DONE", outcome=outcome)
            shown = ACTIVITIES.change(self.env, activity.id, sent)
            self.assertEqual(shown["outcome"], outcome)
            shown = ACTIVITIES.change(
                self.env, activity.id, ActivityUpdate(status="PENDING")
            )
            self.assertIsNone(shown["outcome"])
        ACTIVITIES.change(self.env, activity.id, ActivityUpdate(outcome="To come"))
        shown = ACTIVITIES.change(
            self.env, activity.id, ActivityUpdate(status="PENDING")
        )
        self.assertEqual(shown["outcome"], "To come")

    def test_sources_have_the_names_that_clients_give(self):
        names = ("Fair [1]", "Fair", "Fair [2] B", "Fair [2]", "Trade [1]")
        for _twice in range(2):
            deals = OPPORTUNITIES.create_many(
                self.env,
                [
                    OpportunityCreate(
                        title="Deal", customer_id=self.customer.id, source=name
                    )
                    for name in names
                ],
            )
            self.assertEqual(deals.mapped("source_id.name"), [*names])
            self.assertEqual(len(deals.source_id), len(names))

    def test_wrong_values_are_no_matter_of_the_state(self):
        outsider = new_test_user(
            self.env, "billinator_outsider", groups="base.group_portal"
        )
        segment = self.env["billinator.tag"].create(
            {
                "name": "By Rule",
                "is_segment": True,
                "partner_domain": "[('id', '=', 0)]",
            }
        )
        there = {"customer_id": self.customer.id}
        about = {"type": "CALL", **there}
        foreign = self.env["res.partner"].create(
            {"name": "Theirs", "company_id": self.company_b.id}
        )
        product = self.env["product.product"].create(
            {"name": "Theirs", "company_id": self.company_b.id}
        )
        expired = self._create_quote(validity_date=fields.Date.today())
        expired.action_mark_sent()
        expired.state = "expired"
        again = QuoteUpdate(status="SENT", valid_until="2024-01-15")
        for call in (
            lambda: self.customer.write({"crm_tag_ids": [Command.link(segment.id)]}),
            lambda: QUOTES.upsert(
                self.env, QuoteCreate(**there, items=[{"product_id": product.id}])
            ),
            lambda: QUOTES.change(self.env, expired.id, again),
        ):
            with self.assertRaises(ValidationError) as refusal:
                call()
            self.assertNotIsInstance(refusal.exception, StateError)
        # The API itself can name the field.
        for call in (
            lambda: ACTIVITIES.upsert(self.env, ActivityCreate(type="CALL")),
            lambda: ACTIVITIES.upsert(
                self.env, ActivityCreate(**about, assigned_to=outsider.id)
            ),
            lambda: OPPORTUNITIES.upsert(
                self.env,
                OpportunityCreate(title="Deal", **there, assigned_to=self.stranger.id),
            ),
            lambda: OPPORTUNITIES.upsert(
                self.env, OpportunityCreate(title="Deal", customer_id=foreign.id)
            ),
            lambda: QUOTES.upsert(self.env, QuoteCreate(customer_id=foreign.id)),
        ):
            with self.assertRaises(HTTPException) as refusal:
                call()
            self.assertEqual(refusal.exception.status_code, 422)

    def test_what_has_nothing_to_sell_can_become_nothing_yet(self):
        quote = self._create_quote({"display_type": "line_note", "name": "Later"})
        for call in (
            quote.action_convert_to_invoice,
            quote.action_accept,
            quote.action_mark_sent,
        ):
            with self.assertRaises(StateError), self.env.cr.savepoint():
                call()

    def test_nobody_is_told_of_a_foreign_segment(self):
        """Values in memory are the same for all users."""
        tags = self.env["billinator.tag"].create(
            [
                {"name": "Mine"},
                {
                    "name": "Foreign",
                    "is_segment": True,
                    "partner_domain": "[]",
                    "company_id": self.company_b.id,
                },
            ]
        )
        deal = self._create_opportunity(tag_ids=[Command.set(tags.ids)])
        self.assertEqual(deal.tag_ids, tags)
        [told] = self.env["billinator.webhook"]._read_as(
            self.manager.id, False, deal, read_records
        )
        self.assertEqual(told["tags"], ["Mine"])
