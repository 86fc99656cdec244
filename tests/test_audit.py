"""The audit of ``soak/audit.py`` can fail: each invariant is broken, and it says so."""

import base64
import io
from contextlib import closing, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from audit import Audit
from findings import Finding, report
from journal import CUT, DONE, REFUSED, Call, Journal, Writer
from PIL import Image

from odoo.tests import tagged

from odoo.addons.billinator_crm.tests.common import BillinatorInvoicingCommon

DEAL = "billinator.opportunity"
NOTE = "billinator.note"
# What breaks each invariant, past everything that holds it; the constraints that would
# hinder it are dropped first.
BREAKS = {
    "one live invoice for each quote and down payment": """
        DROP INDEX account_move_billinator_quote_uniq;
        UPDATE account_move SET billinator_installment_id = NULL
         WHERE id = %(down_payment_invoice)s
    """,
    "invoices belong to accepted quotes, and to their own down payments": """
        UPDATE billinator_quote SET state = 'rejected' WHERE id = %(invoiced)s
    """,
    "the invoices of a quote come to its total": """
        UPDATE account_move SET amount_total = amount_total + 0.01
         WHERE id = %(final_invoice)s
    """,
    "quote numbers are used once": """
        ALTER TABLE billinator_quote DROP CONSTRAINT billinator_quote_name_company_uniq;
        UPDATE billinator_quote SET name = 'Twice'
         WHERE id IN (%(invoiced)s, %(signed)s)
    """,
    "invoice numbers are used once": """
        DROP INDEX account_move_unique_name;
        UPDATE account_move SET name = 'Twice'
         WHERE id IN (%(down_payment_invoice)s, %(final_invoice)s)
    """,
    "a version has one next version, and is superseded by it": """
        UPDATE billinator_quote SET is_superseded = false WHERE id = %(revised)s
    """,
    "what is signed is accepted, with name, signature and fingerprint": """
        UPDATE billinator_quote SET signed_by = NULL WHERE id = %(signed)s
    """,
    "a customer has one primary contact at most": """
        ALTER TABLE billinator_contact DROP CONSTRAINT billinator_contact_primary_uniq;
        UPDATE billinator_contact SET is_primary = true
         WHERE customer_id = %(customer)s
    """,
    "a person is contact of a customer once": """
        ALTER TABLE billinator_contact
         DROP CONSTRAINT billinator_contact_person_customer_uniq;
        UPDATE billinator_contact SET person_id = (
            SELECT min(person_id) FROM billinator_contact
             WHERE customer_id = %(customer)s)
         WHERE customer_id = %(customer)s
    """,
    "an activity of the CRM has one row": """
        DELETE FROM billinator_activity WHERE id = %(activity)s
    """,
    "an activity and its row agree": """
        UPDATE billinator_activity SET status = 'done' WHERE id = %(activity)s
    """,
    "a deal knows since when its activities are due and overdue": """
        UPDATE billinator_opportunity SET date_activity_overdue = '2024-01-01'
         WHERE id = %(deal)s
    """,
    "a pending meeting and its event agree": """
        UPDATE billinator_activity SET due_date = due_date + interval '1 hour'
         WHERE id = %(meeting)s
    """,
    "documents, their activities and their notes are for the same customer": """
        UPDATE billinator_note SET partner_id = %(other_customer)s WHERE id = %(note)s
    """,
    "a lost deal has its reason, and a closed one its day": """
        UPDATE billinator_opportunity SET date_closed = NULL WHERE id = %(lost_deal)s
    """,
    "a deal is in a day's snapshot once": """
        DROP INDEX billinator_pipeline_snapshot_opportunity_uniq;
        UPDATE billinator_pipeline_snapshot SET opportunity_key = %(deal)s
         WHERE date = '2024-01-01'
    """,
    "a call with an idempotency key was answered once": """
        UPDATE billinator_idempotency_key SET status_code = NULL WHERE id = %(key)s
    """,
    "a name in another system stands for one record": """
        UPDATE billinator_external_reference SET res_id = NULL WHERE id = %(reference)s
    """,
    "nothing hangs on a record that is gone": """
        UPDATE calendar_event SET res_id = 2000000000 WHERE id = %(event)s
    """,
    "a signed quote says what was signed": """
        UPDATE billinator_quote SET note = 'For nothing' WHERE id = %(signed)s
    """,
    "quote and invoices agree in each tax group": """
        DELETE FROM account_move_line_account_tax_rel USING account_move_line line
         WHERE line.id = account_move_line_id AND line.move_id = %(final_invoice)s
    """,
    "a bridge is the difference of its two totals": """
        UPDATE billinator_opportunity SET active = false
         WHERE id = %(deal)s;
        UPDATE billinator_pipeline_snapshot SET opportunity_key = 2000000000
         WHERE opportunity_key = %(deal)s AND date = '2024-01-01'
    """,
    "stored figures are right: billinator.quote.line": """
        UPDATE billinator_quote_line SET price_total = price_total + 0.01
         WHERE quote_id = %(signed)s
    """,
    "stored figures are right: billinator.quote.installment": """
        UPDATE billinator_quote_installment SET amount_invoiced = 0
         WHERE quote_id = %(invoiced)s
    """,
    "stored figures are right: billinator.quote": """
        UPDATE billinator_quote SET amount_untaxed_company = amount_untaxed + 0.01
         WHERE id = %(signed)s
    """,
    "stored figures are right: billinator.opportunity": """
        UPDATE billinator_opportunity SET weighted_revenue = weighted_revenue + 0.01
         WHERE id = %(deal)s
    """,
    "stored figures are right: billinator.activity": """
        UPDATE billinator_activity SET company_id = NULL WHERE id = %(activity)s
    """,
    "stored figures are right: billinator.note": """
        UPDATE billinator_note SET company_id = NULL WHERE id = %(note)s
    """,
}


class AuditCase(BillinatorInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What a daily job does, for what the demo data says in other currencies.
        deals_sudo = cls.env["billinator.opportunity"].sudo().search([])
        deals_sudo.modified(["expected_revenue"])
        cls.ids = {
            "customer": cls.customer.id,
            "other_customer": cls.env["res.partner"].create({"name": "Bea"}).id,
        }
        cls._sell()
        cls._talk()
        cls._integrate()
        cls.env.flush_all()

    @classmethod
    def _sell(cls):
        invoiced, signed, revised = (
            cls._create_quote(user_id=cls.manager.id) for _number in range(3)
        )
        down_payment = invoiced.action_invoice_down_payment(percentage=30)["res_id"]
        final = invoiced.action_convert_to_invoice()["res_id"]
        cls.env["account.move"].browse((down_payment, final)).action_post()
        (signed + revised).action_mark_sent()
        image = io.BytesIO()
        Image.new("RGB", (60, 20), "navy").save(image, "PNG")
        signature = base64.b64encode(image.getvalue()).decode()
        signed.sudo()._sign(
            "Ada", signature, signed.content_hash, "127.0.0.1", signed.partner_id
        )
        revised.action_revise()
        deal, lost_deal = (
            cls._create_opportunity(expected_revenue=revenue) for revenue in (100, 200)
        )
        cls.env["billinator.pipeline.snapshot"]._take("2024-01-01")
        lost_deal.action_set_lost(cls.lost_reason.id)
        cls.ids.update(
            invoiced=invoiced.id,
            signed=signed.id,
            revised=revised.id,
            down_payment_invoice=down_payment,
            final_invoice=final,
            deal=deal.id,
            lost_deal=lost_deal.id,
        )

    @classmethod
    def _talk(cls):
        contacts = cls.env["billinator.contact"].create(
            [{"name": name, "customer_id": cls.customer.id} for name in ("Ida", "Joe")]
        )
        contacts[0].action_set_primary()
        about = {"opportunity_id": cls.ids["deal"]}
        due = {"due_date": "2030-01-01 10:00:00"}
        activity, meeting = cls.env["billinator.activity"].create(
            [{"type": kind, **due, **about} for kind in ("call", "meeting")]
        )
        note = cls.env["billinator.note"].create({"subject": "Talk", **about})
        cls.ids.update(
            activity=activity.id,
            meeting=meeting.id,
            event=meeting.calendar_event_id.id,
            note=note.id,
        )

    @classmethod
    def _integrate(cls):
        env = cls.env(su=True)
        key = env["billinator.idempotency.key"].create(
            {
                "user_id": cls.manager.id,
                "key": "Audit",
                "request_hash": "0",
                "status_code": 201,
            }
        )
        reference = env["billinator.external.reference"].create(
            {
                "company_id": cls.company.id,
                "ref": "Audit",
                "model": "billinator.opportunity",
                "res_id": cls.ids["deal"],
            }
        )
        cls.ids.update(key=key.id, reference=reference.id)


@tagged("post_install", "-at_install")
class TestAudit(AuditCase):
    def test_a_sound_database_passes(self):
        for finding in Audit(self.env).run():
            with self.subTest(finding.name):
                self.assertTrue(finding.count, "There is nothing that it is about.")
                self.assertEqual(finding.breaches, [])

    def test_each_invariant_can_break(self):
        audit = Audit(self.env)
        self.assertEqual(set(audit.get_checks()), set(BREAKS))
        for name, statements in BREAKS.items():
            with self.subTest(name), closing(self.env.cr.savepoint()):
                self.env.cr.execute(statements, self.ids)
                self.env.invalidate_all(flush=False)
                self.assertTrue(audit.check(name).breaches)

    def test_nothing_is_changed(self):
        self.env.cr.execute("UPDATE billinator_quote SET amount_total = 1")
        self.env.invalidate_all(flush=False)
        Audit(self.env).check("stored figures are right: billinator.quote")
        self.env.flush_all()
        self.env.cr.execute("SELECT DISTINCT amount_total FROM billinator_quote")
        self.assertEqual(self.env.cr.fetchall(), [(1,)])

    def test_a_breach_is_told_and_fails(self):
        told = io.StringIO()
        with redirect_stdout(told):
            self.assertEqual(report([Finding("pears", 3)]), 0)
            found = [Finding("apples", 1), Finding("pears", 3, [5])]
            self.assertEqual(report(found), 1)
        self.assertIn("BROKEN 1 times pears (3)\n         5\n", told.getvalue())


@tagged("post_install", "-at_install")
class TestJournal(AuditCase):
    """The journal is held against the database, as far as its calls are certain."""

    def _check(self, name, *calls):
        """Return what the calls, one after the other, say that is not so."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "journal.jsonl"
            writer = Writer(path)
            for number, call in enumerate(calls):
                call.began = number
                call.ended = number + 0.5
                writer.write(call)
            return Journal(path, self.env).check(name).breaches

    def _write(self, value, outcome=DONE):
        """Return a call that gives the deal another name."""
        deal = self.ids["deal"]
        return Call("write", 0, outcome=outcome, sets=[[DEAL, deal, "name", value]])

    def _make(self, name, record_id, outcome=DONE):
        made = (DEAL, record_id) if outcome == DONE else ()
        return Call("make", 0, outcome=outcome, made=made, named=(DEAL, "name", name))

    def test_what_is_made_is_there(self):
        name = "what was answered as made is there"
        gone = self._create_opportunity()
        gone_id = gone.id
        gone.unlink()
        self.assertFalse(self._check(name, self._make("New Deal", self.ids["deal"])))
        self.assertTrue(self._check(name, self._make("New Deal", gone_id)))
        merge = Call("merge", 0, gone=[[DEAL, gone_id, self.ids["deal"]]])
        self.assertFalse(self._check(name, self._make("New Deal", gone_id), merge))

    def test_what_is_made_once_is_there_once(self):
        name = "what was to be made once was made once"
        first = self._create_opportunity(name="Once").id
        self.assertFalse(
            self._check(name, self._make("Once", None, CUT), self._make("Once", first))
        )
        self.assertTrue(self._check(name, self._make("Once", None, REFUSED)))
        second = self._create_opportunity(name="Once").id
        self.assertTrue(
            self._check(name, self._make("Once", first), self._make("Once", second))
        )

    def test_a_later_version_is_not_made_twice(self):
        quote = self._create_quote(client_order_ref="Once")
        installment = {"quote_id": quote.id, "name": "Once", "percentage": 10}
        installments = self.env["billinator.quote.installment"].create(installment)
        quote.action_mark_sent()
        quote.action_revise()
        name = "what was to be made once was made once"
        calls = [
            Call(
                "make",
                0,
                outcome=DONE,
                made=(record._name, record.id),
                named=(record._name, field, "Once"),
            )
            for record, field in ((quote, "client_order_ref"), (installments, "name"))
        ]
        self.assertFalse(self._check(name, *calls))

    def test_a_down_payment_is_not_made_twice(self):
        quote = self._create_quote()
        values = {"quote_id": quote.id, "name": "Once", "percentage": 10}
        first, _second = self.env["billinator.quote.installment"].create([values] * 2)
        make = Call(
            "make",
            0,
            outcome=DONE,
            made=(first._name, first.id),
            named=(first._name, "name", "Once"),
        )
        self.assertTrue(self._check("what was to be made once was made once", make))

    def test_what_is_gone_is_gone(self):
        name = "what was answered as merged or deleted is gone"
        delete = Call("delete", 0, gone=[[DEAL, self.ids["deal"], None]])
        self.assertTrue(self._check(name, delete))
        delete.outcome = CUT
        self.assertFalse(self._check(name, delete))

    def test_the_last_value_stays(self):
        name = "what was answered as changed is so"
        self.env["billinator.opportunity"].browse(self.ids["deal"]).name = "Last"
        last = self._write("Last")
        self.assertFalse(self._check(name, self._write("First"), last))
        self.assertTrue(self._check(name, last, self._write("Lost")))
        self.assertFalse(self._check(name, last, self._write("Lost", REFUSED)))
        self.assertFalse(self._check(name, last, self._write("Lost", CUT)))
        # Nobody knows when a call without an answer came to its end.
        cut = self._write("Last", CUT)
        self.assertFalse(self._check(name, cut, self._write("Lost")))

    def test_values_follow_merges(self):
        name = "what was answered as changed is so"
        other = self._create_opportunity().id
        claim = [NOTE, self.ids["note"], "opportunity_id", other]
        log = Call("log", 0, sets=[claim])
        self.assertTrue(self._check(name, log))
        merge = Call("merge", 0, gone=[[DEAL, other, self.ids["deal"]]])
        self.assertFalse(self._check(name, log, merge))
