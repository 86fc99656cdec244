import base64
from email.message import EmailMessage
from itertools import count

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import email_normalize

from odoo.addons.mail.tests.common import MailCommon

from .common import BillinatorCommon

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


class MailCase(BillinatorCommon, MailCommon):
    """A team with an address, and mail to it as a mail server hands it over."""

    _numbers = count(1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create(
            {
                "name": "crm.example",
                "bounce_alias": "bounces",
                "catchall_alias": "everything",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Web",
                "company_id": cls.company.id,
                "user_id": cls.salesperson.id,
                "billinator_alias_name": "web",
            }
        )
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Grace",
                "email": "Grace <grace@ada.example>",
                "parent_id": cls.customer.id,
            }
        )

    def _write(self, text="Hello", subject="A desk", headers=(), **values):
        """Return a mail as a message that can be changed."""
        mail = EmailMessage()
        headers = {
            "From": "Jo Doe <jo@new.example>",
            "To": "web@crm.example",
            "Message-Id": f"<{next(self._numbers)}@test.example>",
            "Subject": subject,
            **dict(headers),
        }
        for name, value in headers.items():
            mail[name] = value
        mail.set_content(text, **values)
        return mail

    def _receive(self, mail):
        """Hand a mail to the gateway and return the opportunities that come of it."""
        Opportunity = self.env["billinator.opportunity"]
        before = Opportunity.search([])
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        with self.mock_mail_gateway():
            # As the gateway does, for whom nobody is logged in.
            self.env["mail.thread"].with_user(
                self.env.ref("base.user_root")
            ).sudo().message_process(None, raw)
        return Opportunity.search([]) - before


@tagged("post_install", "-at_install")
class TestOpportunityMail(MailCase):
    def test_a_stranger_becomes_a_lead(self):
        deal = self._receive(self._write("I need <b>desks</b>."))
        self.assertRecordValues(
            deal,
            [
                {
                    "name": "A desk",
                    "contact_name": "Jo Doe",
                    "email_from": "jo@new.example",
                    "partner_id": False,
                    "team_id": self.team.id,
                    "user_id": self.salesperson.id,
                    "company_id": self.company.id,
                    "status": "open",
                    "medium_id": self.env.ref("utm.utm_medium_email").id,
                }
            ],
        )
        message = deal.message_ids
        self.assertEqual(message.message_type, "email")
        self.assertIn("I need &lt;b&gt;desks", message.body)
        self.assertEqual(message.email_from, '"Jo Doe" <jo@new.example>')
        self.assertFalse(message.is_internal)
        self.assertEqual(
            deal._message_get_suggested_recipients(no_create=True)[-1]["email"],
            "jo@new.example",
        )

    def test_attachments_and_html(self):
        mail = self._write("Plain")
        mail.add_alternative(
            "<p onclick='steal()'>Hi <b>you</b><script>alert(1)</script>"
            "<img src='cid:logo'/><a href='javascript:alert(1)'>x</a></p>",
            subtype="html",
        )
        mail.get_payload()[1].add_related(
            PNG, "image", "png", cid="<logo>", filename="a.png"
        )
        mail.add_attachment(b"%PDF-1.4", "application", "pdf", filename="Größe.pdf")
        deal = self._receive(mail)
        body = deal.message_ids.body
        self.assertIn("<b>you</b>", body)
        self.assertIn("/web/image/", body)
        for hostile in ("script", "onclick", "javascript", "cid:"):
            self.assertNotIn(hostile, body)
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", deal._name), ("res_id", "=", deal.id)]
        )
        self.assertIn("Größe.pdf", attachments.mapped("name"))
        self.assertIn(b"%PDF-1.4", attachments.mapped("raw"))

    def test_encodings_and_subjects(self):
        heads = (
            b"From: <jo@new.example>\r\nTo: web@crm.example\r\nMessage-Id: <e%d>\r\n"
        )
        mails = {
            b"Subject: =?x-unknown?Q?Tische=FC?=\r\n"
            b"Content-Type: text/plain; charset=x-unknown\r\n\r\nGr\xfc\xdfe": "Tische",
            b"Subject:\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\xff": "Mail",
            b"\r\n": "Mail from jo@new.example",
            b"Subject:   \r\n\r\nx": "Mail from jo@new.example",
            b"Subject: =?utf-8?b?8J+Sug==?= seats\r\n\r\nx": "💺 seats",
        }
        for number, (mail, name) in enumerate(mails.items()):
            with self.subTest(mail=mail):
                deal = self._receive(heads % number + mail)
                self.assertEqual(len(deal), 1)
                self.assertIn(name, deal.name)
                self.assertEqual(deal.contact_name, "jo@new.example")

    def test_senders_that_are_no_address(self):
        for sender, name in (
            ("Jo from the fair", "Jo from the fair"),
            ("", "Unknown sender"),
        ):
            deal = self._receive(self._write(headers={"From": sender}))
            self.assertEqual(deal.contact_name, name)
            self.assertFalse(deal.partner_id)

    def test_hostile_names_are_text(self):
        deal = self._receive(
            self._write(
                subject="<script>alert(1)</script>",
                headers={"From": '"<img src=x onerror=alert(1)>" <x@new.example>'},
            )
        )
        self.assertEqual(deal.name, "<script>alert(1)</script>")
        self.assertEqual(deal.email_from, "x@new.example")

    # Who it is from

    def _receive_from(self, address, **values):
        return self._receive(self._write(headers={"From": address, **values}))

    def test_a_customers_person(self):
        contact = self.person.commercial_partner_id.contact_ids.filtered(
            lambda row: row.person_id == self.person
        )
        deal = self._receive_from("GRACE@Ada.Example")
        self.assertRecordValues(
            deal,
            [
                {
                    "partner_id": self.customer.id,
                    "contact_ids": contact.ids,
                    "email_from": "grace@ada.example",
                    "phone": self.customer.phone,
                }
            ],
        )
        self.assertEqual(deal.message_ids.author_id, self.person)

    def test_several_with_the_address(self):
        """The company's own comes first, then a company, then the newest."""
        Partner = self.env["res.partner"]
        address = "shared@new.example"
        older, newer, firm, own, foreign = Partner.create(
            [
                {"name": name, "email": address, **values}
                for name, values in (
                    ("Older", {}),
                    ("Newer", {}),
                    ("Firm", {"is_company": True}),
                    ("Own", {"company_id": self.company.id}),
                    ("Foreign", {"company_id": self.company_b.id, "is_company": True}),
                )
            ]
        )
        for expected in (own, firm, newer, older, Partner):
            self.assertEqual(self._receive_from(address).partner_id, expected)
            expected.active = False
        self.assertTrue(foreign.active)

    def test_nobody_of_ours_is_a_customer(self):
        self.colleague.email = "colleague@ours.example"
        self.company.partner_id.email = "office@ours.example"
        for address in ("colleague@ours.example", "office@ours.example"):
            deal = self._receive_from(address)
            self.assertFalse(deal.partner_id)
            self.assertEqual(deal.email_from, address)

    def test_a_portal_user_is_a_customer_and_no_salesperson(self):
        portal = self._create_portal_user()
        portal.partner_id.email = "portal@ada.example"
        deal = self._receive_from("portal@ada.example")
        self.assertEqual(deal.partner_id, portal.partner_id)
        self.assertEqual(deal.user_id, self.salesperson)

    # Whose it is

    def test_teams_without_leader_or_company(self):
        self.team.user_id = False
        self.assertFalse(self._receive(self._write()).user_id)
        self.team.write({"company_id": False, "user_id": self.stranger.id})
        deal = self._receive(self._write())
        self.assertEqual(deal.company_id, self.company_b)
        self.assertEqual(deal.user_id, self.stranger)

    def test_a_leader_who_left(self):
        self.salesperson.active = False
        self.assertFalse(self._receive(self._write()).user_id)

    def test_a_leader_who_is_a_customer_now(self):
        portal = self.env.ref("base.group_portal")
        self.salesperson.group_ids = [Command.set(portal.ids)]
        self.assertFalse(self._receive(self._write()).user_id)

    def test_gates_of_the_first_stage_refuse_no_mail(self):
        stage = self.env["billinator.stage"].search([], limit=1)
        stage.require_next_activity = True
        deal = self._receive(self._write())
        self.assertEqual(deal.stage_id, stage)

    def test_values_of_the_alias_come_first(self):
        tag = self.env["billinator.tag"].create({"name": "Mailed"})
        self.team.billinator_alias_id.alias_defaults = repr(
            {
                "team_id": self.team.id,
                "user_id": self.colleague.id,
                "tag_ids": [(6, 0, tag.ids)],
            }
        )
        deal = self._receive(self._write())
        self.assertEqual(deal.user_id, self.colleague)
        self.assertEqual(deal.tag_ids, tag)

    # Answers

    def test_answers_thread(self):
        first = self._write()
        deal = self._receive(first)
        answer = {
            "Subject": "Re: A desk",
            "In-Reply-To": first["Message-Id"],
            "References": first["Message-Id"],
        }
        self.assertFalse(self._receive(self._write("More", headers=answer)))
        self.assertEqual(len(deal.message_ids), 2)
        self.assertIn("More", deal.message_ids[0].body)

    def test_an_answer_finds_who_became_a_customer(self):
        first = self._write()
        deal = self._receive(first)
        customer = self.env["res.partner"].create(
            {"name": "New", "email": "info@new.example", "is_company": True}
        )
        self.env["res.partner"].create(
            {"name": "Jo", "email": "jo@new.example", "parent_id": customer.id}
        )
        self._receive(self._write(headers={"In-Reply-To": first["Message-Id"]}))
        self.assertEqual(deal.partner_id, customer)
        self.assertEqual(deal.email_from, "jo@new.example")

    def test_an_answer_leaves_a_lead_with_the_customer_of_its_quotes(self):
        first = self._write()
        deal = self._receive(first)
        quote = self._create_quote(opportunity_id=deal.id)
        deal.partner_id = False
        self.env["res.partner"].create({"name": "Jo", "email": "jo@new.example"})
        self._receive(self._write(headers={"In-Reply-To": first["Message-Id"]}))
        self.assertEqual(len(deal.message_ids), 2)
        self.assertFalse(deal.partner_id)
        self.assertEqual(deal.quote_ids, quote)

    def test_the_mail_is_on_the_timeline(self):
        self._receive_from("grace@ada.example")
        events = self.env["billinator.timeline"].get_timeline(self.customer.id)
        (mail,) = (e for e in events["events"] if e["kind"] == "message")
        self.assertIn("Hello", mail["body"])

    # Machines: bounces, vacation notices and our own mail

    AUTOMATIC = (
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; owner=x"},
        {"X-Auto-Response-Suppress": "DR, AutoReply"},
        {"X-Auto-Response-Suppress": "All"},
        {"Precedence": "auto_reply"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"From": "Mail Delivery <MAILER-DAEMON@mx.example>"},
        {"From": "postmaster@mx.example"},
    )

    def test_machines_open_nothing(self):
        for headers in self.AUTOMATIC:
            with self.subTest(headers):
                self.assertFalse(self._receive(self._write(headers=headers)))
                self.assertFalse(self._new_mails)

    def test_people_whose_mails_look_alike(self):
        """Odoo and others write the third of these on the mails of people."""
        for headers in (
            {"Auto-Submitted": "no"},
            {"X-Auto-Response-Suppress": "OOF"},
            {"Precedence": "bulk"},
            {"Return-Path": "<jo@new.example>"},
        ):
            with self.subTest(headers):
                self.assertTrue(self._receive(self._write(headers=headers)))

    def test_bounce(self):
        report = self._write("Undelivered", headers={"Return-Path": "<>"})
        report.make_mixed()
        report.replace_header("Content-Type", 'multipart/report; boundary="x"')
        raw = report.as_bytes()
        self.assertIn(b"multipart/report", raw)
        self.assertFalse(self._receive(raw))

    def test_an_automatic_answer_is_a_note(self):
        first = self._write()
        deal = self._receive(first)
        deal.message_subscribe(self.person.ids)
        self._receive(
            self._write(
                "I am out",
                headers={
                    "In-Reply-To": first["Message-Id"],
                    "Auto-Submitted": "auto-replied",
                },
            )
        )
        message = deal.message_ids[0]
        self.assertIn("I am out", message.body)
        self.assertTrue(message.is_internal)
        self.assertNotIn(self.person, message.notified_partner_ids)

    def _answer_out_of_office(self, mail, sender):
        self._receive(
            self._write(
                "I am out",
                headers={
                    "From": sender,
                    "In-Reply-To": mail["Message-Id"],
                    "Auto-Submitted": "auto-replied",
                },
            )
        )

    def test_a_colleagues_automatic_answer_is_not_for_the_customer(self):
        self.colleague.email = "colleague@ours.example"
        first = self._write(headers={"From": "Grace <grace@ada.example>"})
        deal = self._receive(first)
        self.assertEqual(deal.message_ids.author_id, self.person)
        self._answer_out_of_office(first, "colleague@ours.example")
        message = deal.message_ids[0]
        self.assertTrue(message.is_internal)
        self.assertNotIn(self.person, message.notified_partner_ids)
        self.assertNotIn(self.person, self._new_mails.recipient_ids)

    def test_a_colleague_hears_that_the_customer_is_out(self):
        first = self._write()
        deal = self._receive(first)
        sent = deal.with_user(self.salesperson).message_post(
            body="Desks!", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self._answer_out_of_office(
            {"Message-Id": sent.message_id}, "Grace <grace@ada.example>"
        )
        message = deal.message_ids[0]
        self.assertIn("I am out", message.body)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)

    def test_a_former_customers_answer_is_not_for_the_next_one(self):
        quote = self._create_quote(user_id=self.salesperson.id)
        sent = quote.with_user(self.salesperson).message_post(
            body="Desks!", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        other = self.env["res.partner"].create(
            {"name": "Babbage Ltd", "email": "info@babbage.example"}
        )
        quote.partner_id = other
        quote.message_subscribe(other.ids)
        self._receive(
            self._write(
                "Our budget is 90k",
                headers={
                    "From": "Grace <grace@ada.example>",
                    "To": "everything@crm.example",
                    "In-Reply-To": sent.message_id,
                },
            )
        )
        message = quote.message_ids[0]
        self.assertIn("90k", message.body)
        self.assertTrue(message.is_internal)
        self.assertNotIn(other, message.notified_partner_ids)
        self.assertIn(self.salesperson.partner_id, message.notified_partner_ids)

    def test_our_own_addresses(self):
        for address in ("web@crm.example", "everything@crm.example"):
            self.assertFalse(
                self._receive(self._write(headers={"From": f"Us <{address}>"}))
            )

    def test_a_loop_ends(self):
        """A machine that does not say so, but answers whatever we send."""
        deals = self.env["billinator.opportunity"]
        for _number in range(30):
            deals += self._receive(self._write())
        self.assertEqual(len(deals), 20)
        others = self._write(headers={"From": "not-jo@new.example"})
        self.assertTrue(self._receive(others))

    def test_the_same_mail_twice(self):
        mail = self._write()
        self.assertTrue(self._receive(mail))
        self.assertFalse(self._receive(mail))

    # The team's address

    def test_only_managers_give_addresses(self):
        for user in (self.salesperson, self.senior):
            with self.assertRaises(AccessError):
                self.team.with_user(user).billinator_alias_name = "mine"
        team = self.team.with_user(self.manager)
        team.billinator_alias_name = "Vertrieb Süd"
        alias = self.team.billinator_alias_id
        self.assertEqual(alias.alias_name, team.billinator_alias_name)
        self.assertEqual(alias.alias_full_name, "vertrieb-sud@crm.example")

    def test_form(self):
        form = Form(
            self.env["crm.team"].with_user(self.manager),
            "sales_team.crm_team_view_form",
        )
        form.name = "South"
        form.billinator_alias_name = "south"
        team = form.save()
        self.assertEqual(team.billinator_alias_id.alias_full_name, "south@crm.example")
        with Form(team, "sales_team.crm_team_view_form") as form:
            form.billinator_alias_name = False
        self.assertFalse(team.billinator_alias_id.alias_full_name)
        self.assertFalse(self._receive_at("south"))

    def _receive_at(self, name):
        mail = self._write(headers={"To": f"{name}@crm.example"})
        try:
            return self._receive(mail)
        except ValueError:
            return self.env["billinator.opportunity"]

    def test_an_address_is_one_teams(self):
        with self.assertRaises(UserError):
            self.env["crm.team"].create(
                {"name": "Other", "billinator_alias_name": "web"}
            )
        self.assertFalse(self.team.copy().billinator_alias_name)

    def test_a_deleted_team_has_no_address(self):
        alias = self.team.billinator_alias_id
        self.team.with_user(self.manager).unlink()
        self.assertFalse(alias.exists())
        self.assertFalse(self._receive_at("web"))

    def test_another_company_another_domain(self):
        domain = self.env["mail.alias.domain"].create(
            {"name": "b.example", "company_ids": [Command.set(self.company_b.ids)]}
        )
        self.team.write({"company_id": self.company_b.id, "user_id": False})
        self.assertEqual(self.team.billinator_alias_domain_id, domain)
        alias = self.team.billinator_alias_id
        self.assertEqual(alias.alias_full_name, "web@b.example")


@tagged("post_install", "-at_install")
class TestMassMail(BillinatorCommon, MailCommon):
    """One text for many documents of a list, each to its own customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("de_DE")

    def _write_to(self, records):
        """Write to the records' customers as a salesperson does from their list."""
        bindings = (
            self.env["ir.actions.actions"]
            .with_user(self.salesperson)
            .get_bindings(records._name)["action"]
        )
        xmlid = "billinator_crm.mail_compose_message_action_" + (
            records._name.removeprefix("billinator.")
        )
        [binding] = [one for one in bindings if one["id"] == self.env.ref(xmlid).id]
        self.assertEqual(binding["binding_view_types"], "list,kanban")
        template = self.env["mail.template"].create(
            {
                "name": "News",
                "model_id": self.env["ir.model"]._get_id(records._name),
                "subject": "News",
                "body_html": "<p>News</p>",
                "lang": "{{ object.partner_id.lang }}",
            }
        )
        template.with_context(lang="de_DE").subject = "Neues"
        context = {
            "default_composition_mode": "mass_mail",
            "default_template_id": template.id,
            "active_ids": records.ids,
            "active_model": records._name,
            "default_model": records._name,
        }
        composer = self.env["mail.compose.message"].with_user(self.salesperson)
        with self.mock_mail_gateway():
            composer.with_context(**context).create({}).action_send_mail()
        return {
            email_normalize(mail["email_to"][0]): mail["subject"]
            for mail in self._mails
        }

    def test_customers_of_deals_and_quotes(self):
        ada, bob = self.env["res.partner"].create(
            [
                {"name": "Ada", "email": "ada@a.example", "lang": "de_DE"},
                {"name": "Bob", "email": "bob@b.example", "lang": "en_US"},
            ]
        )
        own = {"user_id": self.salesperson.id}
        deals = self._create_opportunity(partner_id=ada.id, **own)
        deals += self._create_opportunity(
            partner_id=False, email_from="Jo <jo@new.example>", **own
        )
        self.assertEqual(
            self._write_to(deals),
            {"ada@a.example": "Neues", "jo@new.example": "News"},
        )
        quotes = self._create_quote(partner_id=ada.id, **own)
        quotes += self._create_quote(partner_id=bob.id, **own)
        self.assertEqual(
            self._write_to(quotes),
            {"ada@a.example": "Neues", "bob@b.example": "News"},
        )
        self.assertEqual(quotes.mapped("state"), ["draft", "draft"])

    def test_leads_become_partners_of_their_names(self):
        lead = {"partner_id": False, "user_id": self.salesperson.id}
        deals = self.env["billinator.opportunity"]
        for values in (
            {
                "contact_name": "Jo Doe",
                "partner_name": "New Ltd",
                "phone": "+49 30 1234567",
                "email_from": "Jo@new.example",
            },
            # The same address again: the first deal's names are kept.
            {"contact_name": "Another", "email_from": "jo@new.example"},
            {"partner_name": "Firm Ltd", "email_from": "office@firm.example"},
            {"email_from": "Kim <kim@new.example>"},
            {"email_from": "bare@new.example"},
        ):
            deals += self._create_opportunity(**lead, **values)
        self._write_to(deals)
        partners = self.env["res.partner"].search(
            [("email_normalized", "in", deals.mapped("email_normalized"))]
        )
        self.assertRecordValues(
            partners.sorted("email_normalized"),
            [
                {
                    "email": "bare@new.example",
                    "name": "bare@new.example",
                    "company_name": False,
                    "phone": False,
                    "is_company": False,
                    "company_id": self.company.id,
                },
                {
                    "email": "jo@new.example",
                    "name": "Jo Doe",
                    "company_name": "New Ltd",
                    "phone": "+49 30 1234567",
                    "is_company": False,
                    "company_id": self.company.id,
                },
                {
                    "email": "kim@new.example",
                    "name": "Kim",
                    "company_name": False,
                    "phone": False,
                    "is_company": False,
                    "company_id": self.company.id,
                },
                {
                    "email": "office@firm.example",
                    "name": "Firm Ltd",
                    "company_name": False,
                    "phone": False,
                    "is_company": True,
                    "company_id": self.company.id,
                },
            ],
        )
        self.assertFalse(deals.partner_id)

    def test_customers_data_are_not_given_to_other_addresses(self):
        deal = self._create_opportunity(
            partner_id=self.customer.id, email_from="other@new.example"
        )
        self.assertFalse(deal._get_customer_information())
