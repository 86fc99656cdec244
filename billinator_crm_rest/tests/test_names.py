"""The names of the API: those of the contract, old ones, and what answers name."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ApiCase


class NamesCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.deal = self._create_opportunity(user_id=self.salesperson.id)
        self.quote = self._create_quote(user_id=self.salesperson.id)
        self.about = {"customer_id": self.customer.id}

    def _send(self, method, path, expected, /, **body):
        answer = self._call(path, method=method, json=body)
        self.assertEqual(answer.status_code, expected, answer.text)
        return answer.json()

    def _assert_named(self, method, path, field, /, **body):
        """Check that a call is refused with an answer that names the field."""
        detail = self._send(method, path, 422, **body)["detail"]
        self.assertIsInstance(detail, list)
        self.assertEqual([problem["loc"] for problem in detail], [["body", field]])
        return detail[0]["msg"]


@tagged("post_install", "-at_install")
class TestNames(NamesCase):
    """What has no other name in the API has Odoo's own."""

    def _assert_round_trip(self, path, sent, **needed):
        """Check that what is sent is what is answered, in each way to write."""
        created = self._send("POST", path, 201, **needed, **sent)
        self.assertLessEqual(sent.items(), created.items())
        other = self._send("POST", path, 201, **needed)
        changed = self._send("PUT", f"{path}/{other['id']}", 200, **sent)
        self.assertLessEqual(sent.items(), changed.items())
        return created

    def test_opportunity(self):
        env = self.env
        sent = {
            "partner_name": "ABC Corp",
            "email_from": "ann@abc.example",
            "team_id": env["crm.team"].create({"name": "Abroad"}).id,
            "medium_id": env["utm.medium"].create({"name": "Fair"}).id,
            "campaign_id": env["utm.campaign"].create({"name": "Spring"}).id,
        }
        deal = self._assert_round_trip(
            "/opportunities", sent, title="Deal", contact_name="Ann"
        )
        self.assertEqual(
            (deal["company_name"], deal["email"]), ("ABC Corp", "ann@abc.example")
        )
        self.assertEqual(deal["weighted_revenue"], deal["weighted_value"])
        self.assertIsNone(deal["date_closed"])
        self.assertIsNone(deal["closed_at"])

    def test_quote(self):
        env = self.env
        addresses = env["res.partner"].create(
            [
                {"name": kind, "type": kind, "parent_id": self.customer.id}
                for kind in ("invoice", "delivery")
            ]
        )
        sent = {
            "client_order_ref": "PO-1",
            "online_invoice": "DRAFT",
            "user_id": self.salesperson.id,
            "team_id": env["crm.team"].create({"name": "Abroad"}).id,
            "pricelist_id": env["product.pricelist"].create({"name": "Best"}).id,
            "payment_term_id": env["account.payment.term"].create({"name": "Now"}).id,
            "fiscal_position_id": (
                env["account.fiscal.position"].create({"name": "Abroad"}).id
            ),
            "partner_invoice_id": addresses[0].id,
            "partner_shipping_id": addresses[1].id,
        }
        quote = self._assert_round_trip("/quotes", sent, **self.about)
        self.assertEqual(
            (quote["customer_reference"], quote["assigned_to"]),
            ("PO-1", self.salesperson.id),
        )
        self.assertEqual(len(quote["content_hash"]), 64)
        for name in ("signed_by", "signed_on", "previous_version_id"):
            self.assertIsNone(quote[name])

    def test_note(self):
        sent = {"note_type": "CALL", "user_id": self.salesperson.id}
        note = self._assert_round_trip(
            "/notes", sent, **self.about, body="They like it"
        )
        self.assertEqual(
            (note["type"], note["author_id"]), ("CALL", self.salesperson.id)
        )

    def test_outcome_of_a_call(self):
        [outcome, *_others] = self._fetch("/outcomes")["items"]
        sent = {"note_type": "CALL", "outcome_id": outcome["id"]}
        self._assert_round_trip("/notes", sent, **self.about, body="They like it")
        note = self._send("POST", "/notes", 201, **self.about, **sent)
        kept = self.env["billinator.note"].browse(note["id"])
        self.assertEqual(kept.outcome_id.name, outcome["name"])
        path = f"/notes/{note['id']}"
        self._send("PUT", path, 422, note_type="NOTE", outcome_id=outcome["id"])
        note = self._send("PUT", path, 200, subject="Later", outcome_id=None)
        self.assertIsNone(note["outcome_id"])
        self._assert_named("PUT", path, "outcome_id", outcome_id=2**30)

    def test_old_names_are_taken(self):
        sent = {"title": "Deal", "company_name": "ABC", "email": "a@abc.example"}
        deal = self._send("POST", "/opportunities", 201, **sent)
        self.assertEqual(
            (deal["partner_name"], deal["email_from"]), ("ABC", "a@abc.example")
        )
        path = f"/opportunities/{deal['id']}"
        deal = self._send("PUT", path, 200, company_name="XYZ", partner_name="XYZ")
        self.assertEqual(deal["partner_name"], "XYZ")
        self._assert_named(
            "PUT", path, "company_name", company_name="A", partner_name="B"
        )
        self._assert_named(
            "POST", "/opportunities", "email", **sent, email_from="b@abc.example"
        )
        note = self._send("POST", "/notes", 201, **self.about, body="B", type="EMAIL")
        self.assertEqual(note["note_type"], "EMAIL")

    def test_a_changed_name_counts_besides_its_old_one(self):
        deal = self._send("POST", "/opportunities", 201, title="D", partner_name="ABC")
        path = f"/opportunities/{deal['id']}"
        for name in ("partner_name", "company_name"):
            sent = {**deal, name: f"By {name}"}
            deal = self._send("PUT", path, 200, **sent)
            self.assertEqual(deal["partner_name"], f"By {name}")
            self.assertEqual(deal["company_name"], f"By {name}")

    def test_lists_are_sorted_by_old_names(self):
        for name in ("closed_at", "date_closed", "weighted_value"):
            self.assertIn(self.deal.id, self._get_ids(f"/opportunities?sort={name}"))

    def test_openapi_marks_old_names(self):
        schemas = self._fetch("/openapi.json")["components"]["schemas"]
        for schema, old in (
            ("Opportunity", "company_name"),
            ("Opportunity", "closed_at"),
            ("OpportunityCreate", "email"),
            ("OpportunityChange", "email"),
            ("Quote", "assigned_to"),
            ("NoteCreate", "type"),
        ):
            self.assertTrue(schemas[schema]["properties"][old]["deprecated"], old)
        fixed = schemas["OpportunityChange"]["properties"]["status"]
        self.assertTrue(fixed["readOnly"])

    def test_a_company_of_the_user_is_chosen(self):
        self.salesperson.company_ids = [Command.link(self.company_b.id)]
        sent = {"title": "There", "partner_name": "ABC"}
        deal = self._send(
            "POST", "/opportunities", 201, **sent, company_id=self.company_b.id
        )
        self.assertEqual(deal["company_id"], self.company_b.id)
        quote = self._send(
            "POST", "/quotes", 201, **self.about, company_id=self.company_b.id
        )
        self.assertEqual(quote["company_id"], self.company_b.id)
        other = self.env["res.company"].create({"name": "Company C"})
        for path, body in (("/opportunities", sent), ("/quotes", self.about)):
            self._assert_named("POST", path, "company_id", **body, company_id=other.id)

    def test_references_are_of_the_company(self):
        self.salesperson.company_ids = [Command.link(self.company_b.id)]
        env = self.env(context={"allowed_company_ids": self.company_b.ids})
        there = {"company_id": self.company_b.id, "name": "There"}
        for name, model in (
            ("customer_id", "res.partner"),
            ("pricelist_id", "product.pricelist"),
            ("payment_term_id", "account.payment.term"),
            ("fiscal_position_id", "account.fiscal.position"),
            ("team_id", "crm.team"),
            ("partner_shipping_id", "res.partner"),
        ):
            with self.subTest(name):
                one = env[model].create(dict(there))
                body = {**self.about, name: one.id}
                self._assert_named("POST", "/quotes", name, **body)
                self._assert_named("PUT", f"/quotes/{self.quote.id}", name, **body)
                missing = {**self.about, name: 2**30}
                self._assert_named("POST", "/quotes", name, **missing)


@tagged("post_install", "-at_install")
class TestPutBack(NamesCase):
    """What was answered can be sent back, with another value or without."""

    def _get_paths(self):
        note = self.env["billinator.note"].create(
            {
                "partner_id": self.customer.id,
                "body": "B",
                "user_id": self.salesperson.id,
            }
        )
        activity = self.env["billinator.activity"].create(
            {
                "partner_id": self.customer.id,
                "type": "call",
                "user_id": self.salesperson.id,
            }
        )
        self.contact = self.env["billinator.contact"].create(
            {"customer_id": self.customer.id, "name": "Ann"}
        )
        return {
            f"/opportunities/{self.deal.id}": {"title": "Changed"},
            f"/quotes/{self.quote.id}": {"client_order_ref": "Changed"},
            f"/notes/{note.id}": {"subject": "Changed"},
            f"/activities/{activity.id}": {"subject": "Changed"},
            f"/contacts/{self.contact.id}": {"designation": "Changed"},
            f"/customers/{self.customer.id}": {"city": "Changed"},
        }

    def test_all_can_be_put_back(self):
        for path, change in self._get_paths().items():
            with self.subTest(path):
                shown = self._fetch(path)
                same = self._send("PUT", path, 200, **shown)
                self.assertEqual(same, shown)
                changed = self._send("PUT", path, 200, **{**shown, **change})
                self.assertLessEqual(change.items(), changed.items())
                self._assert_named("PUT", path, "id", id=shown["id"] + 1)
                self._assert_named("PUT", path, "colour", **shown, colour="red")

    def test_what_is_fixed_is_not_changed(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self._get_paths()
        for path, field, value in (
            (f"/opportunities/{self.deal.id}", "status", "WON"),
            (f"/opportunities/{self.deal.id}", "company_id", self.company_b.id),
            (f"/quotes/{self.quote.id}", "quote_number", "Q1"),
            (f"/quotes/{self.quote.id}", "status", "EXPIRED"),
            (f"/contacts/{self.contact.id}", "customer_id", other.id),
            (f"/customers/{self.customer.id}", "external_ref", "B-1"),
        ):
            with self.subTest(f"{path} {field}"):
                self._assert_named("PUT", path, field, **{field: value})

    def test_what_moves_by_itself_may_be_old(self):
        customer = f"/customers/{self.customer.id}"
        shown = self._fetch(customer)
        self.assertEqual(self._send("PUT", customer, 200, segments=["Good"]), shown)
        path = f"/opportunities/{self.deal.id}"
        shown = self._fetch(path)
        old = {"updated_at": "2024-01-15T10:00:00Z", "weighted_revenue": 1}
        self.assertEqual(self._send("PUT", path, 200, **old), shown)
        # What follows from a change may be told with it.
        won = {"stage": "WON", "status": "WON"}
        self.assertEqual(self._send("PUT", path, 200, **won)["status"], "WON")

    def test_who_has_left_the_customer_is_put_back(self):
        contact = self.env["billinator.contact"].create(
            {"customer_id": self.customer.id, "name": "Ann"}
        )
        self.quote.contact_id = contact
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        contact.person_id.parent_id = other
        path = f"/quotes/{self.quote.id}"
        shown = self._fetch(path)
        self.assertEqual(shown["contact_id"], contact.id)
        self.assertEqual(self._send("PUT", path, 200, **shown), shown)

    def test_what_one_could_not_choose_is_put_back(self):
        currency = self.setup_other_currency("EUR")
        self.deal.currency_id = currency
        currency.active = False
        self.quote.opportunity_id = self._create_opportunity()
        for path in (f"/opportunities/{self.deal.id}", f"/quotes/{self.quote.id}"):
            with self.subTest(path):
                shown = self._fetch(path)
                self.assertEqual(self._send("PUT", path, 200, **shown), shown)

    def test_team_given_with_a_salesperson(self):
        team = self.env["crm.team"].create({"name": "Others"})
        path = f"/quotes/{self.quote.id}"
        colleague = {"user_id": self.colleague.id, "team_id": team.id}
        changed = self._send("PUT", path, 200, **colleague)
        self.assertLessEqual(colleague.items(), changed.items())

    def test_another_customer_gets_the_bill(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        path = f"/quotes/{self.quote.id}"
        shown = self._fetch(path)
        changed = self._send("PUT", path, 200, **{**shown, "customer_id": other.id})
        self.assertEqual(changed["partner_invoice_id"], other.id)
        self.assertEqual(changed["partner_shipping_id"], other.id)

    def test_any_of_its_names_is_put_back(self):
        sent = {**self.about, "title": "Deal", "external_source": "A"}
        deal = self._send("POST", "/opportunities", 201, **sent, external_ref="A-1")
        Reference = self.env["billinator.external.reference"]
        Reference.create(
            {
                "model": "billinator.opportunity",
                "res_id": deal["id"],
                "source": "B",
                "ref": "B-1",
                "company_id": self.company.id,
            }
        )
        path = f"/opportunities/{deal['id']}"
        self._send("PUT", path, 200, external_ref="B-1", external_source="B")
        self._assert_named("PUT", path, "external_ref", external_ref="C-1")

    def test_a_contact_is_put_with_what_made_it(self):
        sent = {**self.about, "name": "Ann", "role": "USER", "external_ref": "A-1"}
        contact = self._send("POST", "/contacts", 201, **sent)
        path = f"/contacts/{contact['id']}"
        changed = self._send("PUT", path, 200, **{**sent, "role": "BILLING"})
        self.assertEqual(changed["role"], "BILLING")

    def test_items_are_put_back_with_another_quantity(self):
        path = f"/quotes/{self.quote.id}"
        shown = self._fetch(path)
        [item] = shown["items"]
        item["quantity"] = 3.0
        changed = self._send("PUT", path, 200, **shown)
        self.assertEqual(changed["items"][0]["id"], item["id"])
        self.assertEqual(changed["items"][0]["quantity"], 3)
        item["line_total"] = 1.0
        answer = self._send("PUT", path, 422, **shown)
        self.assertEqual(answer["detail"][0]["loc"], ["body", "items", 0, "line_total"])

    def test_an_expired_quote_is_put_back(self):
        self.quote.action_mark_sent()
        self.quote.write({"state": "expired"})
        path = f"/quotes/{self.quote.id}"
        shown = self._fetch(path)
        self.assertEqual(self._send("PUT", path, 200, **shown), shown)

    def test_each_company_has_names_of_its_own(self):
        self.salesperson.company_ids = [Command.link(self.company_b.id)]
        sent = {"title": "Deal", "partner_name": "ABC", "external_ref": "D-1"}
        deal = self._send("POST", "/opportunities", 201, **sent)
        sent["company_id"] = deal["company_id"]
        self._send("POST", "/opportunities", 200, **sent)
        sent["company_id"] = self.company_b.id
        other = self._send("POST", "/opportunities", 201, **sent)
        self.assertEqual(other["company_id"], self.company_b.id)
        self.assertEqual(self._send("POST", "/opportunities", 200, **sent), other)


@tagged("post_install", "-at_install")
class TestNamedProblems(NamesCase):
    """An answer 422 names the field."""

    def test_nobody_is_named(self):
        for path, body in (
            ("/opportunities", {"title": "X"}),
            ("/opportunities", {"title": "X", "customer_id": None}),
            ("/notes", {"body": "X"}),
            ("/activities", {"type": "CALL", "subject": "X"}),
        ):
            with self.subTest(str(body)):
                self._assert_named("POST", path, "customer_id", **body)

    def test_what_a_record_lacks(self):
        self._assert_named("POST", "/notes", "body", **self.about)
        self._assert_named("POST", "/notes", "body", **self.about, body=" \n")
        self._assert_named(
            "POST",
            "/opportunities",
            "lost_reason_id",
            **self.about,
            title="X",
            stage="LOST",
        )
        lost = {"stage": "LOST", "lost_reason_id": self.lost_reason.id}
        path = f"/opportunities/{self.deal.id}"
        self._assert_named("PUT", path, "lost_reason_id", stage="LOST")
        self._send("PUT", path, 200, **lost)
        self._send("PUT", path, 200, stage="LOST", title="Still lost")

    def test_dates_in_the_wrong_order(self):
        dates = {"quote_date": "2024-02-15", "valid_until": "2024-01-15"}
        self._assert_named("POST", "/quotes", "valid_until", **self.about, **dates)
        path = f"/quotes/{self.quote.id}"
        self._assert_named("PUT", path, "valid_until", **dates)

    def test_a_contact_of_another_customer(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        stranger, own = self.env["billinator.contact"].create(
            [
                {"customer_id": customer.id, "name": "Ann"}
                for customer in (other, self.customer)
            ]
        )
        for path, body in (
            ("/notes", {"body": "X"}),
            ("/activities", {"type": "CALL"}),
            ("/quotes", {}),
        ):
            with self.subTest(path):
                body = {**body, **self.about}
                made = self._send("POST", path, 201, **body, contact_id=own.id)
                named = {"contact_id": stranger.id}
                self._assert_named("POST", path, "contact_id", **body, **named)
                one = f"{path}/{made['id']}"
                self._assert_named("PUT", one, "contact_id", **named)
        self._assert_named(
            "POST",
            "/notes",
            "contact_id",
            body="X",
            opportunity_id=self.deal.id,
            contact_id=stranger.id,
        )
        self._send("POST", "/activities", 201, type="CALL", contact_id=stranger.id)

    def test_a_document_of_another_customer(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        stranger = self._create_opportunity(
            partner_id=other.id, user_id=self.salesperson.id
        )
        named = {"opportunity_id": stranger.id}
        for path, body in (
            ("/notes", {"body": "X"}),
            ("/activities", {"type": "CALL"}),
            ("/quotes", {}),
        ):
            with self.subTest(path):
                body = {**body, **self.about}
                self._assert_named("POST", path, "opportunity_id", **body, **named)
                made = self._send(
                    "POST", path, 201, **body, opportunity_id=self.deal.id
                )
                one = f"{path}/{made['id']}"
                self._assert_named("PUT", one, "opportunity_id", **{**made, **named})
        quote = self._create_quote(partner_id=other.id, user_id=self.salesperson.id)
        body = {**self.about, "quote_id": quote.id}
        self._assert_named("POST", "/notes", "quote_id", body="X", **body)

    def test_nobody_is_left(self):
        for path, new in (
            ("/notes", {"body": "X"}),
            ("/activities", {"type": "CALL"}),
        ):
            with self.subTest(path):
                made = self._send("POST", path, 201, **new, **self.about)
                nobody = {"customer_id": None}
                self._assert_named(
                    "PUT", f"{path}/{made['id']}", "customer_id", **nobody
                )

    def test_who_cannot_be_assigned(self):
        guest = new_test_user(self.env, "names_guest", groups="base.group_portal")
        foreigner = self.stranger
        activity = self._send("POST", "/activities", 201, type="CALL", **self.about)
        for path, name, users in (
            ("/opportunities", "assigned_to", guest + foreigner),
            ("/quotes", "user_id", guest + foreigner),
            ("/quotes", "assigned_to", guest + foreigner),
            ("/activities", "assigned_to", guest),
        ):
            record_id = {
                "/opportunities": self.deal.id,
                "/quotes": self.quote.id,
                "/activities": activity["id"],
            }[path]
            for user in users:
                with self.subTest(f"{path} {name} {user.login}"):
                    named = {name: user.id}
                    new = {"title": "X"} if path == "/opportunities" else {}
                    new |= {"type": "CALL"} if path == "/activities" else {}
                    self._assert_named("POST", path, name, **new, **self.about, **named)
                    self._assert_named("PUT", f"{path}/{record_id}", name, **named)

    def test_what_a_stage_demands(self):
        stage = self.stages["PROPOSAL"]
        stage.require_next_activity = True
        move = {"stage": stage.code}
        new = {"title": "X", **self.about, **move}
        message = self._assert_named("POST", "/opportunities", "stage", **new)
        self.assertIn(stage.name, message)
        path = f"/opportunities/{self.deal.id}"
        self._assert_named("PUT", path, "stage", **move, title="Y")
        results = self._send("POST", "/opportunities/bulk", 200, items=[new])["results"]
        [problem] = results[0]["detail"]
        self.assertEqual(problem["loc"][-1], "stage")

    def test_old_names_are_named(self):
        missing = 2**30
        for path, new, old, name in (
            ("/quotes", {}, "assigned_to", "user_id"),
            ("/notes", {"body": "X"}, "author_id", "user_id"),
        ):
            with self.subTest(path):
                new = {**new, **self.about}
                self._assert_named("POST", path, old, **new, **{old: missing})
                self._assert_named("POST", path, name, **new, **{name: missing})
                made = self._send("POST", path, 201, **new)
                one = f"{path}/{made['id']}"
                self._assert_named("PUT", one, old, **{old: missing})
                sent = {**new, old: missing}
                answer = self._send("POST", f"{path}/bulk", 200, items=[sent])
                [problem] = answer["results"][0]["detail"]
                self.assertEqual(problem["loc"][-1], old)

    def test_an_item_without_a_product_and_a_text(self):
        path = f"/quotes/{self.quote.id}"
        for item in ({}, {"quantity": 1}, {"unit_price": 5}, {"product_id": None}):
            with self.subTest(str(item)):
                body = {**self.about, "items": [{"description": "Good"}, item]}
                for method, where in (("POST", "/quotes"), ("PUT", path)):
                    [problem] = self._send(method, where, 422, **body)["detail"]
                    place = ["body", "items", 1, "description"]
                    self.assertEqual(problem["loc"], place)
                answer = self._send("POST", "/quotes/bulk", 200, items=[body])
                [problem] = answer["results"][0]["detail"]
                self.assertEqual(problem["loc"][-1], "description")

    def test_what_is_empty_can_be_sent_to_make_a_record(self):
        empty = {"external_ref": None, "external_source": None}
        sums = dict.fromkeys(("line_total", "price_subtotal", "price_tax"))
        items = [{"description": "X", "unit_price": 5, **sums}]
        self._send("POST", "/quotes", 201, **self.about, **empty, items=items)
        self._send("POST", "/opportunities", 201, title="X", **self.about, **empty)

    def test_times_at_the_ends_of_the_calendar(self):
        new = {"type": "CALL", **self.about}
        for due, is_taken in (
            ("1000-01-01T00:00:00+14:00", False),
            ("1000-01-01T14:00:00+14:00", True),
            ("2999-12-31T23:59:59-12:00", False),
            ("2999-12-31T11:59:59-12:00", True),
        ):
            with self.subTest(due):
                if not is_taken:
                    self._assert_named(
                        "POST", "/activities", "due_date", **new, due_date=due
                    )
                    continue
                made = self._send("POST", "/activities", 201, **new, due_date=due)
                self._send("PUT", f"/activities/{made['id']}", 200, **made)

    def test_a_reference_changes_without_naming_the_customer(self):
        sent = {"title": "Deal", "external_ref": "D-1"}
        self._send("POST", "/opportunities", 201, **sent, **self.about)
        self._send("POST", "/opportunities", 200, **sent)


@tagged("post_install", "-at_install")
class TestFilters(NamesCase):
    def _assert_parameter(self, path, name):
        answer = self._call(path)
        self.assertEqual(answer.status_code, 422, answer.text)
        [problem] = answer.json()["detail"]
        self.assertEqual(problem["loc"], ["query", name])
        return problem["msg"]

    def test_stage(self):
        code = self.deal.stage_id.code
        for value in (code, code.lower()):
            self.assertIn(self.deal.id, self._get_ids(f"/opportunities?stage={value}"))
        message = self._assert_parameter("/opportunities?stage=BOGUS", "stage")
        self.assertIn("PROPOSAL", message)

    def test_segment(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self._create_opportunity(partner_id=other.id, user_id=self.salesperson.id)
        activity = self.env["billinator.activity"].create(
            {
                "partner_id": self.customer.id,
                "type": "call",
                "user_id": self.salesperson.id,
                "due_date": fields.Datetime.now(),
            }
        )
        self.env["billinator.tag"].create(
            {
                "name": "Adas",
                "is_segment": True,
                "partner_domain": f"[('id', '=', {self.customer.id})]",
            }
        )
        for path, expected in (
            ("/customers", self.customer),
            ("/opportunities", self.deal),
            ("/quotes", self.quote),
            ("/activities", activity),
        ):
            with self.subTest(path):
                ids = self._get_ids(f"{path}?segment=Adas")
                self.assertEqual(ids, expected.ids)
                message = self._assert_parameter(f"{path}?segment=No", "segment")
                self.assertIn("Adas", message)
