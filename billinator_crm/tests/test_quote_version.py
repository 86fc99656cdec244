import subprocess
import sys

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, tagged
from odoo.tools import formatLang, mute_logger

from .common import BillinatorCommon, BillinatorInvoicingCommon


@tagged("post_install", "-at_install")
class TestQuoteContent(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.quote = cls._create_quote(
            {"display_type": "line_section", "name": "Office"},
            {"product_id": cls.product_a.id, "quantity": 2, "discount": 5},
            {"product_id": cls.product_b.id, "is_optional": True},
            currency_id=cls._enable_currency("CHF").id,
        )
        cls.section, cls.line, cls.option = cls.quote.line_ids

    @classmethod
    def _enable_currency(cls, name):
        currency = cls.env.ref(f"base.{name}")
        currency.active = True
        return currency

    def _read_hash(self):
        """Return the hash as another transaction would compute it."""
        self.env.flush_all()
        self.env.invalidate_all()
        return self.quote.content_hash

    def _assert_moves(self, moves, changes):
        """Assert that each write of ``changes`` changes the hash, or that none does."""
        for record, values in changes:
            before = self._read_hash()
            record.write(values)
            at_once = self.quote.content_hash
            with self.subTest(record=record._name, values=values):
                self.assertEqual(self._read_hash() != before, moves)
                self.assertEqual(self.quote.content_hash, at_once)

    def test_what_the_quote_says(self):
        self._assert_moves(
            True,
            [
                (self.quote, {"partner_id": self.partner_b.id}),
                (self.quote, {"partner_invoice_id": self.partner_a.id}),
                (self.quote, {"partner_shipping_id": self.partner_a.id}),
                (self.quote, {"name": "Q-1-2"}),
                (self.quote, {"validity_date": "2099-01-01"}),
                (self.quote, {"date_quote": "2098-01-01"}),
                (self.quote, {"currency_id": self._enable_currency("JPY").id}),
                (self.quote, {"payment_term_id": self.pay_terms_a.id}),
                (self.quote, {"fiscal_position_id": False}),
                (self.quote, {"note": "<p>Paid in advance</p>"}),
                (self.quote, {"note": "<p>Paid in arrears</p>"}),
            ],
        )

    def test_what_the_lines_say(self):
        tax = self.percent_tax(7)
        self._assert_moves(
            True,
            [
                (self.line, {"quantity": 3}),
                (self.line, {"price_unit": 999.99}),
                (self.line, {"discount": 5.5}),
                (self.line, {"name": "A desk"}),
                (self.line, {"tax_ids": [Command.set(tax.ids)]}),
                (self.line, {"product_uom_id": self.env.ref("uom.product_uom_dozen")}),
                (self.line, {"product_id": self.product_b.id}),
                (self.line, {"is_optional": True}),
                (self.line, {"is_selected": True}),
                (self.option, {"quantity": 4}),
                (self.option, {"price_unit": 1}),
                (self.option, {"is_selected": True}),
                (self.section, {"name": "Home office"}),
                (self.section, {"display_type": "line_subsection"}),
                (self.section, {"collapse_prices": True}),
                (self.section, {"collapse_composition": True}),
                (self.section, {"sequence": 99}),
            ],
        )

    def test_lines_come_and_go(self):
        line = {"product_id": self.product_a.id}
        self._assert_moves(
            True,
            [
                (self.quote, {"line_ids": [Command.create(line)]}),
                (self.quote, {"line_ids": [Command.create(line)]}),
                (self.quote, {"line_ids": [Command.delete(self.option.id)]}),
            ],
        )

    def test_taxes_of_another_rate_make_another_total(self):
        before = self._read_hash()
        self.line.tax_ids.amount += 1
        self.assertNotEqual(self._read_hash(), before)

    def test_down_payments_are_told_to_the_customer(self):
        without = self._read_hash()
        self.assertNotIn("down_payments", self.quote._get_content())
        plan = {"installment_ids": [Command.create({"percentage": 30})] * 2}
        self._assert_moves(True, [(self.quote, plan)])
        first, second = self.quote.installment_ids
        self._assert_moves(
            True,
            [
                (first, {"percentage": 20}),
                (first, {"name": "Now"}),
                (first, {"sequence": 99}),
                (second, {"percentage": 0, "fixed_amount": 5}),
            ],
        )
        self.quote.installment_ids.unlink()
        self.assertEqual(self._read_hash(), without)

    def test_what_says_nothing_to_the_customer(self):
        tag = self.env["billinator.tag"].create({"name": "Urgent"})
        opportunity = self._create_opportunity()
        analytic = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create(
            {"name": "Account", "plan_id": analytic.id}
        )
        self._assert_moves(
            False,
            [
                (self.quote, {"tag_ids": [Command.set(tag.ids)]}),
                (tag, {"name": "Very urgent"}),
                (self.quote, {"user_id": self.colleague.id}),
                (self.quote, {"opportunity_id": opportunity.id}),
                (self.quote, {"client_order_ref": "PO 12"}),
                (self.quote, {"state": "sent"}),
                (self.quote, {"date_quote": self.quote.date_quote}),
                (self.product_a, {"name": "Renamed", "list_price": 1}),
                (self.customer, {"name": "Renamed", "email": "new@ada.example"}),
                (self.line, {"analytic_distribution": {str(account.id): 100}}),
                (self.line, {"quantity": 2.0, "discount": 5}),
                (self.section, {"sequence": self.section.sequence - 1}),
            ],
        )

    def test_same_for_every_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.line.tax_ids.active = False
        expected = self._read_hash()
        self.assertRegex(expected, "^[0-9a-f]{64}$")
        self.quote.user_id = self.salesperson
        for user in (self.salesperson, self.manager, self.accountant):
            for lang in ("en_US", "fr_FR"):
                self.env.invalidate_all()
                quote = self.quote.with_user(user).with_context(
                    lang=lang, tz="Asia/Tokyo"
                )
                self.assertEqual(quote.content_hash, expected)

    def test_same_in_another_process(self):
        """The text behind the hash has no order or number of this process."""
        code = "import hashlib,json;print(hashlib.sha256(json.dumps({},sort_keys=True"
        content = self.quote._get_content()
        code = code.replace("{}", repr(content)) + ",separators=(',',':')).encode())"
        result = subprocess.run(
            [sys.executable, "-c", code + ".hexdigest())"],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "1"},
        )
        self.assertEqual(result.stdout.strip(), self._read_hash())

    def test_new_quote_has_none(self):
        self.assertFalse(self.env["billinator.quote"].new({}).content_hash)


class VersionCase(BillinatorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.opportunity = cls._create_opportunity()
        cls.quote = cls._create_quote(
            {"display_type": "line_section", "name": "Office"},
            {"product_id": cls.product_a.id, "quantity": 2, "discount": 5},
            {"product_id": cls.product_b.id, "is_optional": True},
            opportunity_id=cls.opportunity.id,
            client_order_ref="PO 12",
            payment_term_id=cls.pay_terms_b.id,
            validity_date="2099-01-01",
            note="<p>Paid in advance</p>",
        )
        cls.quote.action_mark_sent()

    def _revise(self, quote=None):
        return self.env["billinator.quote"].browse(
            (quote or self.quote).action_revise()["res_id"]
        )


@tagged("post_install", "-at_install")
class TestChangedSinceSent(VersionCase, BillinatorInvoicingCommon):
    def _assert_changed(self, is_changed):
        self.env.flush_all()
        self.assertIs(self.quote.is_changed_since_sent, is_changed)
        found = self.quote.search([("is_changed_since_sent", "=", True)])
        self.assertEqual(self.quote in found, is_changed)

    def test_content(self):
        line = self.quote.line_ids[1]
        self._assert_changed(False)
        line.quantity = 3
        self._assert_changed(True)
        line.quantity = 2
        self._assert_changed(False)
        self.quote.note = "<p>Paid later</p>"
        self._assert_changed(True)
        self.quote.action_mark_sent()
        self._assert_changed(False)
        self.quote.client_order_ref = "PO 13"
        self._assert_changed(False)
        self.quote.line_ids[2].unlink()
        self._assert_changed(True)
        self.quote.action_accept()
        self._assert_changed(False)

    def test_draft(self):
        self.quote.line_ids[1].quantity = 3
        self.quote.action_reset_to_draft()
        self._assert_changed(False)
        self.quote.line_ids[1].quantity = 4
        self._assert_changed(False)
        # At once, in one transaction.
        self.quote.action_mark_sent()
        self.quote.line_ids[1].quantity = 5
        self._assert_changed(True)
        self.quote.action_reset_to_draft()
        self.quote.write({"state": "sent"})
        self._assert_changed(False)

    def test_who_may_not_change_a_quote_does_not_mark_it_as_sent(self):
        self.quote.line_ids[1].quantity = 3
        with self.assertRaises(AccessError):
            self.quote.with_user(self.accountant).action_mark_sent()
        self._assert_changed(True)

    def test_nobody_knows_what_was_sent(self):
        self.quote.sudo().sent_hash = False
        self._assert_changed(False)
        self.quote.sudo()._choose_line(
            self.quote.line_ids[2].id, self.quote.content_hash, is_selected=True
        )
        self.assertFalse(self.quote.sent_hash)
        self.quote.action_mark_sent()
        self.assertEqual(self.quote.sent_hash, self.quote.content_hash)

    def test_another_last_day(self):
        self.quote.action_mark_sent()
        self.quote.state = "expired"
        self._assert_changed(False)
        self.quote.action_extend("2099-02-01")
        self._assert_changed(True)

    def test_customers_know_what_they_choose(self):
        option = self.quote.line_ids[2]

        def choose(is_selected):
            self.quote.sudo()._choose_line(
                option.id, self.quote.content_hash, is_selected=is_selected
            )

        choose(True)
        self.assertTrue(option.is_selected)
        self._assert_changed(False)
        self.quote.line_ids[1].quantity = 3
        choose(False)
        self._assert_changed(True)

    def test_form(self):
        """What is not saved is no change, and what was one stays so."""
        for is_changed in (False, True):
            with Form(self.quote) as form:
                form.payment_term_id = self.env["account.payment.term"]
                self.assertIs(form.is_changed_since_sent, is_changed)
            self._assert_changed(True)

    def test_nobody_sets_it(self):
        quote = self.quote.with_user(self.manager)
        for values in ({"sent_hash": "x"}, {"is_changed_since_sent": True}):
            with self.assertRaisesRegex(UserError, "cannot be set"):
                quote.write(values)


@tagged("post_install", "-at_install")
class TestQuoteVersions(VersionCase, BillinatorInvoicingCommon):
    def test_next_version(self):
        second = self._revise()
        third = self._revise_sent(second)
        name = self.quote.name
        self.assertEqual(second.name, f"{name}-2")
        self.assertEqual(third.name, f"{name}-3")
        self.assertRecordValues(
            self.quote + second + third,
            [
                {"version": 1, "is_superseded": True, "version_count": 3},
                {"version": 2, "is_superseded": True, "version_count": 3},
                {"version": 3, "is_superseded": False, "version_count": 3},
            ],
        )
        self.assertEqual(self.quote.next_version_id, second)
        self.assertEqual(third.state, "draft")
        self.assertEqual(self.quote.state, "sent")
        versions = self.quote.search(second.action_view_versions()["domain"])
        self.assertEqual(versions, third + second + self.quote)

    def _revise_sent(self, quote):
        quote.action_mark_sent()
        return self._revise(quote)

    def test_same_content(self):
        second = self._revise()
        names = [
            name for name in self.quote._get_content_fields() if name != "name"
        ] + ["opportunity_id", "client_order_ref", "user_id", "team_id", "amount_total"]
        self.assertEqual(second.read(names)[0] | {"id": 0}, self._read(names))
        lines = [
            [{**values, "id": 0} for values in quote.line_ids.read(self._line_fields())]
            for quote in (self.quote, second)
        ]
        self.assertEqual(*lines)
        self.assertNotEqual(second.content_hash, self.quote.content_hash)

    def _read(self, names):
        return self.quote.read(names)[0] | {"id": 0}

    def _line_fields(self):
        return self.env["billinator.quote.line"]._get_content_fields()

    def test_deal_of_a_colleague(self):
        self.opportunity.user_id = self.colleague
        self.quote.user_id = self.salesperson
        second = self._revise(self.quote.with_user(self.salesperson))
        self.assertEqual(second.opportunity_id, self.opportunity)
        copy = self.quote.with_user(self.salesperson).copy()
        self.assertFalse(copy.sudo().opportunity_id)

    def test_past_validity_is_not_taken_along(self):
        self.quote.write({"date_quote": "2020-01-01", "validity_date": "2020-02-01"})
        second = self._revise()
        self.assertGreater(second.validity_date, second.date_quote)

    def test_last_day_that_is_today_is_taken_along(self):
        today = Date.context_today(self.quote)
        self.quote.validity_date = today
        self.assertEqual(self._revise().validity_date, today)

    def test_both_say_so(self):
        second = self._revise()
        self.assertIn(second.name, self.quote.message_ids[0].body)
        self.assertIn(self.quote.name, "".join(second.message_ids.mapped("body")))

    def test_superseded_is_never_acceptable_again(self):
        second = self._revise()
        for quote in (self.quote, self.quote.sudo()):
            for method in (
                "action_mark_sent",
                "action_accept",
                "action_reset_to_draft",
                "action_convert_to_invoice",
            ):
                self._assert_superseded(getattr(quote, method))
            for state in ("draft", "sent", "accepted"):
                self._assert_superseded(quote.write, {"state": state})
        self._assert_superseded(self.quote.write, {"note": "x"})
        self._assert_superseded(self.quote.line_ids[1].write, {"quantity": 9})
        self._assert_superseded(self.quote.unlink)
        self.quote.write({"state": "expired"})
        self.assertEqual(second.state, "draft")

    def _assert_superseded(self, method, *arguments):
        with (
            self.subTest(method=method.__name__, arguments=arguments),
            self.assertRaisesRegex(UserError, f"superseded by {self.quote.name}-2"),
            self.env.cr.savepoint(),
        ):
            method(*arguments)

    def test_constraint_stands_behind_write(self):
        """Below write, where the transition is checked, as well."""
        self._revise()
        with self.assertRaisesRegex(ValidationError, "superseded"):
            self.quote._check_not_superseded()

    def test_accepted_can_be_revised_and_keeps_its_acceptance(self):
        self.quote.action_accept()
        before = self.quote.content_hash
        second = self._revise()
        self.assertEqual((self.quote.state, second.state), ("accepted", "draft"))
        self.assertEqual(self.quote.content_hash, before)
        self._assert_superseded(self.quote.action_convert_to_invoice)
        self._assert_superseded(self.quote.action_invoice_down_payment, 30)
        values = {**self.quote._prepare_invoice_values()}
        with self.assertRaisesRegex(ValidationError, "superseded"):
            self.env["account.move"].create(values)

    def test_latest_versions_are_returned(self):
        other = self._create_quote()
        other.action_mark_sent()
        second = self.quote.revise()
        self.assertEqual(second.previous_version_id, self.quote)
        latest = (self.quote + other).revise()
        self.assertEqual(set(latest), {second, other.next_version_id})
        self.assertEqual(self.quote.revise(), second)

    def test_a_latest_version_of_somebody_else_is_refused(self):
        self.quote.user_id = self.salesperson
        own = self._create_quote(user_id=self.salesperson.id, state="sent")
        second = self.quote.revise()
        second.user_id = self.colleague
        self.env.invalidate_all()
        quotes = (self.quote + own).with_user(self.salesperson)
        for method in (quotes.revise, quotes.action_revise):
            self._assert_superseded(method)

    def test_drafts_need_no_version(self):
        draft = self._create_quote()
        with self.assertRaisesRegex(UserError, "is a draft: change it"):
            (self.quote + draft).action_revise()

    def test_invoiced_is_not_revised(self):
        self.quote.action_convert_to_invoice()
        quote = self.quote.with_user(self.salesperson)
        self.quote.user_id = self.salesperson
        with self.assertRaisesRegex(UserError, "has an invoice"):
            quote.action_revise()
        self.quote.invoice_ids.button_cancel()
        self.assertEqual(self._revise().version, 2)

    def test_rejected_and_expired_can_be_revised(self):
        other = self._create_quote()
        other.state = "expired"
        self.quote.action_reject("Too much")
        action = (self.quote + other).action_revise()
        revisions = self.quote.search(action["domain"])
        self.assertEqual(set(revisions.mapped("version")), {2})
        self.assertEqual(set(revisions.mapped("state")), {"draft"})
        self.assertFalse(any(revisions.mapped("reject_reason")))

    def test_again_answers_with_the_same(self):
        second = self._revise()
        self.assertEqual(self._revise(), second)
        self.assertEqual(self.quote.version_count, 2)

    def test_database_keeps_one_next_version(self):
        self._revise()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["billinator.quote"].sudo().create(
                {"partner_id": self.customer.id, "previous_version_id": self.quote.id}
            )

    def test_deleted_version_gives_back(self):
        second = self._revise()
        second.unlink()
        self.assertFalse(self.quote.is_superseded)
        self.quote.action_accept()
        self.assertEqual(self.quote.state, "accepted")

    def test_nobody_makes_versions_by_hand(self):
        other = self._create_quote(user_id=self.colleague.id, state="sent")
        Quote = self.env["billinator.quote"].with_user(self.salesperson)
        values = {"partner_id": self.customer.id, "user_id": self.salesperson.id}
        with self.assertRaisesRegex(UserError, "kept by its actions"):
            Quote.create({**values, "previous_version_id": other.id})
        own = Quote.with_context(default_previous_version_id=other.id).create(values)
        self.assertFalse(own.previous_version_id)
        for name in ("previous_version_id", "version", "is_superseded"):
            with self.subTest(name), self.assertRaises(UserError):
                own.write({name: other.id})
        with self.assertRaises(AccessError):
            other.with_user(self.salesperson).action_revise()
        self.assertFalse(other.is_superseded)

    def test_own_documents_revise(self):
        self.quote.user_id = self.salesperson
        second = self._revise(self.quote.with_user(self.salesperson))
        self.assertEqual(second.create_uid, self.salesperson)
        self.assertEqual(second.user_id, self.salesperson)

    def test_the_salesperson_follows_the_next_version(self):
        self.quote.user_id = self.salesperson
        quote = self.quote.with_user(self.manager)
        second = self._revise(quote.with_context(tracking_disable=False))
        self.assertIn(self.salesperson.partner_id, second.message_partner_ids)

    def test_next_version_of_a_colleague(self):
        self.quote.user_id = self.salesperson
        second = self._revise(self.quote.with_user(self.salesperson))
        for owner in (self.salesperson, self.colleague):
            second.user_id = owner
            self.env.invalidate_all()
            quote = self.quote.with_user(self.salesperson)
            form = Form(quote, "billinator_crm.billinator_quote_view_form")
            self.assertEqual(form.next_version_name, second.name)
            self.assertEqual(bool(form.next_version_id), owner == self.salesperson)

    def test_copy_is_no_version(self):
        self._revise()
        copy = self.quote.copy()
        self.assertEqual((copy.version, copy.version_count), (1, 1))
        self.assertFalse(copy.is_superseded)

    def test_figures_count_a_quote_once(self):
        amount = self.quote.amount_untaxed_company
        self._revise()
        self.env.invalidate_all()
        self.assertEqual(self.opportunity.quote_count, 1)
        self.assertEqual(self.opportunity.quoted_amount, amount)
        self.assertEqual(self.customer.quote_count, 1)
        self.assertEqual(self.customer.open_quoted_amount, amount)
        self.assertNotIn(self.quote, self.customer.recent_quote_ids)


@tagged("post_install", "-at_install")
class TestQuoteDiff(VersionCase, BillinatorInvoicingCommon):
    def test_dialog_on_a_single_version_shows_no_changes(self):
        dialog = self.env["billinator.quote.compare"].create(
            {"new_version_id": self._create_quote().id}
        )
        self.assertIs(dialog.changes, False)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        action = cls.quote.action_revise()
        cls.second = cls.env["billinator.quote"].browse(action["res_id"])
        cls.section, cls.line, cls.option = cls.second.line_ids

    def _get_diff(self):
        return self.second.get_version_diff(self.quote.id)

    def test_nothing_changed(self):
        diff = self._get_diff()
        self.assertEqual(diff["old"]["name"], self.quote.name)
        self.assertEqual(diff["new"]["version"], 2)
        self.assertEqual(diff["lines"], {"added": [], "removed": [], "changed": []})
        self.assertFalse(diff["terms"] or diff["totals"] or diff["is_reordered"])
        self.assertEqual(self.second._get_portal_changes(), [])

    def test_moved_lines_stay(self):
        self.option.sequence = self.section.sequence - 1
        diff = self._get_diff()
        self.assertEqual(diff["lines"], {"added": [], "removed": [], "changed": []})
        self.assertTrue(diff["is_reordered"])

    def test_line_details(self):
        tax = self.percent_tax(7)
        self.line.write(
            {
                "quantity": 3.5,
                "price_unit": 10.25,
                "discount": 0,
                "name": "Another desk",
                "tax_ids": [Command.set(tax.ids)],
            }
        )
        [line] = self._get_diff()["lines"]["changed"]
        self.assertEqual(line["id"], self.line.id)
        changes = {change["field"]: change for change in line["changes"]}
        self.assertEqual(
            set(changes), {"quantity", "price_unit", "discount", "name", "tax_ids"}
        )
        self.assertEqual(
            (changes["quantity"]["old"], changes["quantity"]["new"]), (2, 3.5)
        )
        self.assertEqual(changes["quantity"]["new_text"], "3.5")
        self.assertIn("10.25", changes["price_unit"]["new_text"])
        self.assertEqual(changes["tax_ids"]["new"], tax.ids)
        self.assertEqual(changes["tax_ids"]["new_text"], tax.display_name)

    def test_added_and_removed(self):
        line = {"product_id": self.product_a.id, "name": "One more", "price_unit": 7}
        self.second.line_ids = [
            Command.create(line),
            Command.delete(self.option.id),
        ]
        lines = self._get_diff()["lines"]
        [added], [removed] = lines["added"], lines["removed"]
        self.assertEqual(added["description"], "One more")
        self.assertEqual(removed["id"], self.quote.line_ids[2].id)
        self.assertFalse(lines["changed"])

    def test_typed_anew_is_the_same_line(self):
        """As clients of the API do, which send all items again."""
        values = {"product_id": self.product_a.id, "quantity": 9, "discount": 5}
        self.second.line_ids = [
            Command.delete(self.line.id),
            Command.create({**values, "tax_ids": [Command.set(self.line.tax_ids.ids)]}),
        ]
        lines = self._get_diff()["lines"]
        self.assertFalse(lines["added"] + lines["removed"])
        [line] = lines["changed"]
        self.assertEqual([change["field"] for change in line["changes"]], ["quantity"])

    def test_terms_and_totals(self):
        self.second.write(
            {
                "validity_date": "2098-12-31",
                "payment_term_id": self.pay_terms_a.id,
                "note": "<p>Paid in arrears</p>",
            }
        )
        self.line.quantity = 1
        diff = self._get_diff()
        terms = {change["field"]: change for change in diff["terms"]}
        self.assertEqual(set(terms), {"validity_date", "payment_term_id", "note"})
        self.assertEqual(terms["validity_date"]["old"], "2099-01-01")
        self.assertEqual(terms["note"]["new_text"], "Paid in arrears")
        totals = {change["field"]: change["new"] for change in diff["totals"]}
        self.assertEqual(totals["amount_total"], self.second.amount_total)

    def test_any_two_versions(self):
        self.line.quantity = 7
        self.second.action_mark_sent()
        third = self._revise(self.second)
        third.line_ids[1].quantity = 2
        [change] = third.get_version_diff(self.second.id)["lines"]["changed"][0][
            "changes"
        ]
        self.assertEqual((change["old"], change["new"]), (7, 2))
        diff = third.get_version_diff(self.quote.id)
        self.assertFalse(any(diff["lines"].values()))

    def test_other_quotes_are_no_versions(self):
        with self.assertRaisesRegex(UserError, "another version of the same quote"):
            self.second.get_version_diff(self._create_quote().id)
        self.quote.user_id = self.colleague
        self.second.user_id = self.salesperson
        with self.assertRaises(AccessError):
            self.second.with_user(self.salesperson).get_version_diff(self.quote.id)

    def test_what_the_customer_is_told(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.line.quantity = 3
        self.second.line_ids = [Command.delete(self.option.id)]
        self.second.note = "<p>Other terms</p>"
        removed, changed, note, total = self.second._get_portal_changes()
        self.assertIn(self.product_b.name, removed)
        self.assertIn("2 → 3", changed)
        self.assertEqual(note, "Terms and Conditions changed")
        self.assertIn("→", total)
        self.assertEqual(self.quote._get_portal_changes(), [])

    def test_the_customer_is_told_of_other_down_payments(self):
        self.second.installment_ids = [Command.create({"percentage": 50})]
        [change] = self._get_diff()["terms"]
        self.assertEqual(change["old"], [])
        self.assertEqual([each["percentage"] for each in change["new"]], [50])
        amount = formatLang(
            self.env, self.second.amount_total / 2, currency_obj=self.second.currency_id
        )
        self.assertEqual(
            self.second._get_portal_changes(),
            [f"Down Payments - → Down payment {amount}"],
        )

    def test_dialog(self):
        self.line.quantity = 3
        context = {"default_new_version_id": self.second.id}
        Dialog = self.env["billinator.quote.compare"].with_context(**context)
        with Form(Dialog) as dialog:
            self.assertEqual(dialog.old_version_id, self.quote)
            self.assertIn("<ins", dialog.changes)
            self.assertIn(self.product_a.name, dialog.changes)
            dialog.new_version_id = self.quote
            dialog.old_version_id = self.second
        self.assertEqual(dialog.record.action_open()["res_id"], self.quote.id)
