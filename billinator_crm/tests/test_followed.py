import base64

from odoo.tests import tagged
from odoo.tools.misc import file_open

from odoo.addons.mail.tests.common import MailCase

from ..models.billinator_followed_mixin import MANY_EVENTS
from .common import BillinatorInvoicingCommon
from .test_performance import USUAL_MAIL

DOCUMENT_EVENTS = {
    "won": "mt_opportunity_won",
    "lost": "mt_opportunity_lost",
    "reopened": "mt_opportunity_reopened",
    "stage": "mt_opportunity_stage",
    "sent": "mt_quote_sent",
    "accepted": "mt_quote_accepted",
    "rejected": "mt_quote_rejected",
    "expired": "mt_quote_expired",
}


@tagged("post_install", "-at_install")
class TestFollowed(BillinatorInvoicingCommon, MailCase):
    """Followers are told of what they have chosen, and nobody of anything else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env["base"].with_context(**USUAL_MAIL).with_user(cls.manager).env
        users = cls.salesperson + cls.colleague + cls.senior
        users.sudo().notification_type = "inbox"
        cls.team = cls.env["crm.team"].create(
            {"name": "Followed", "company_id": cls.company.id}
        )

    # Helpers

    def _get_subtype(self, name):
        return self.env.ref(f"billinator_crm.{name}")

    def _follow(self, records, user, *events):
        prefix = "mt_team_" if records._name == "crm.team" else "mt_"
        subtypes = [
            self._get_subtype(DOCUMENT_EVENTS[one].replace("mt_", prefix, 1))
            for one in events
        ]
        records.message_subscribe(user.partner_id.ids, [one.id for one in subtypes])

    def _create_deals(self, count=1, **values):
        deals = self.env["billinator.opportunity"].create(
            [
                {"name": "Deal", "partner_id": self.customer.id, **values}
                for _number in range(count)
            ]
        )
        self._track()
        return deals

    def _create_quotes(self, count=1, **values):
        quotes = self._create_quote(user_id=self.manager.id, **values)
        for _number in range(count - 1):
            quotes += quotes[0].copy()
        quotes = quotes.with_env(self.env)
        self._track()
        return quotes

    def _track(self):
        self.env.flush_all()
        self.flush_tracking()

    def _get_told(self, records, act):
        """Return what people are told when somebody acts, as ``(event, user)``."""
        self._track()
        last = self.env["mail.message"].sudo().search([], order="id desc", limit=1)
        with self.mock_mail_gateway():
            act()
            self._track()
        messages = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("id", ">", last.id),
                    ("model", "=", records._name),
                    ("res_id", "in", records.ids),
                    ("subtype_id.internal", "=", True),
                ]
            )
        )
        names = {
            self._get_subtype(xmlid): name for name, xmlid in DOCUMENT_EVENTS.items()
        }
        return sorted(
            (names[message.subtype_id], user.login.removeprefix("billinator_"))
            for message in messages
            for user in message.notification_ids.res_partner_id.user_ids
        )

    # Deals

    def test_a_deal(self):
        deal = self._create_deals()
        self._follow(deal, self.senior, "won", "lost", "reopened", "stage")
        for event, act in (
            ("won", deal.action_set_won),
            ("reopened", deal.action_reopen),
            ("lost", lambda: deal.action_set_lost(self.lost_reason.id)),
            ("reopened", deal.action_reopen),
            ("stage", lambda: deal.write({"stage_id": self.stages["PROPOSAL"].id})),
        ):
            self.assertEqual(self._get_told(deal, act), [(event, "senior")])
        self.assertEqual(
            self._get_told(deal, lambda: deal.write({"expected_revenue": 7})), []
        )

    def test_only_what_was_chosen(self):
        deals = self._create_deals(2)
        self._follow(deals[0], self.senior, "lost")
        self._follow(deals[1], self.colleague, "won")
        self.assertEqual(
            self._get_told(deals, deals.action_set_won), [("won", "colleague")]
        )

    def test_nobody_by_default(self):
        deal = self._create_deals(user_id=self.salesperson.id)
        self.assertEqual(self._get_told(deal, deal.action_set_won), [])

    def test_not_who_did_it(self):
        deal = self._create_deals()
        self._follow(deal, self.manager, "won")
        self.assertEqual(self._get_told(deal, deal.action_set_won), [])
        deal.action_reopen()
        self._follow(deal, self.senior, "won")
        self.assertEqual(self._get_told(deal, deal.action_set_won), [("won", "senior")])

    def test_the_change_is_told_once(self):
        """As one message with what was tracked, whether posted or logged."""
        deals = self._create_deals(2)
        self._follow(deals[0], self.senior, "won")
        before = deals.message_ids
        deals.action_set_won()
        self._track()
        for deal in deals:
            [message] = deal.message_ids - before
            names = message.sudo().tracking_value_ids.field_id.mapped("name")
            self.assertIn("stage_id", names)
            self.assertTrue(message.is_internal)
            self.assertEqual(message.author_id, self.manager.partner_id)
            self.assertEqual(message.billinator_event, "stage")

    def test_each_deal_has_its_own_event(self):
        deals = self._create_deals(2, team_id=self.team.id)
        deals[1].action_set_won()
        self._follow(deals[0], self.senior, "reopened")
        self._follow(deals[1], self.senior, "stage")
        self._follow(self.team, self.colleague, "won")
        self._follow(self.team, self.accountant, "won")
        told = self._get_told(
            deals, lambda: deals.write({"stage_id": self.stages["PROPOSAL"].id})
        )
        self.assertEqual(told, [])
        deals[1].action_set_won()
        deals.message_unsubscribe(self.senior.partner_id.ids)
        self._follow(self.team, self.senior, "reopened")
        before = deals[1].message_ids
        told = self._get_told(
            deals, lambda: deals.write({"stage_id": self.stages["NEGOTIATION"].id})
        )
        self.assertEqual(told, [("reopened", "senior")])
        self.assertEqual(
            (deals[1].message_ids - before).notified_partner_ids,
            self.senior.partner_id,
        )

    def test_who_gives_a_deal_away_tells_of_it(self):
        deal = self._create_deals(user_id=self.salesperson.id)
        self._follow(deal, self.senior, "stage")
        given = deal.with_user(self.salesperson).with_context(
            mail_auto_subscribe_no_notify=True
        )
        told = self._get_told(
            deal,
            lambda: given.write(
                {
                    "stage_id": self.stages["PROPOSAL"].id,
                    "user_id": self.colleague.id,
                }
            ),
        )
        self.assertEqual(told, [("stage", "senior")])

    def test_a_deleted_subtype(self):
        deal = self._create_deals()
        self._follow(deal, self.senior, "won")
        self._get_subtype("mt_opportunity_won").sudo().unlink()
        before = deal.message_ids
        deal.action_set_won()
        self._track()
        self.assertEqual(len(deal.message_ids - before), 1)

    # Quotes

    def test_a_quote(self):
        quote = self._create_quotes()
        self._follow(quote, self.senior, "sent", "accepted", "rejected", "expired")
        for event, act in (
            ("sent", quote.action_mark_sent),
            ("rejected", quote.action_reject),
            (None, quote.action_reset_to_draft),
            ("accepted", quote.action_accept),
        ):
            self.assertEqual(
                self._get_told(quote, act), [(event, "senior")] if event else []
            )

    def test_a_quote_that_expires(self):
        quotes = self._create_quotes(
            3, date_quote="2020-01-01", validity_date="2020-01-02"
        )
        quotes.state = "sent"
        self._follow(quotes[0], self.senior, "expired")
        told = self._get_told(
            quotes, lambda: quotes.with_user(self.env.ref("base.user_root"))._expire()
        )
        self.assertEqual(quotes.mapped("state"), ["expired"] * 3)
        self.assertEqual(told, [("expired", "senior")])
        self.assertFalse(self._new_mails)

    def test_acceptance_by_the_customer(self):
        """The salesperson gets the signed quote, and customers a confirmation alone."""
        partner = self.customer
        deal = self._create_deals(user_id=self.manager.id)
        quote = self._create_quotes(opportunity_id=deal.id)
        quote.action_mark_sent()
        quote.message_subscribe(partner.ids)
        self._follow(quote, self.senior, "accepted")
        self._follow(deal, self.senior, "won", "stage")
        with file_open("base/static/img/avatar_grey.png", "rb") as image:
            signature = base64.b64encode(image.read()).decode()
        public = self.env.ref("base.public_user")
        told = self._get_told(
            quote,
            lambda: quote.with_user(public)
            .sudo()
            ._sign("Ada", signature, quote.content_hash, "127.0.0.1", partner),
        )
        self.assertEqual(told, [("accepted", "senior")])
        mail = self._new_mails.filtered(lambda mail: partner in mail.recipient_ids)
        self.assertEqual(mail.recipient_ids, partner)
        self.assertIn("thank you for accepting", mail.body_html)
        message = quote.message_ids.filtered(
            lambda message: message.subtype_id == self._get_subtype("mt_quote_accepted")
        )
        self.assertEqual(message.author_id, partner)
        self.assertEqual(message.email_from, partner.email_formatted)

    def test_customers_hear_nothing(self):
        quote = self._create_quotes()
        subtype = self._get_subtype("mt_quote_accepted")
        quote.message_subscribe(self.customer.ids, subtype.ids)
        with self.mock_mail_gateway():
            quote.action_accept()
            self._track()
        self.assertFalse(self._new_mails)

    def test_conversion(self):
        quotes = self._create_quotes(2)
        quotes.action_accept()
        self._follow(quotes, self.senior, *list(DOCUMENT_EVENTS)[4:])
        self.assertEqual(self._get_told(quotes, quotes._convert_to_invoices), [])

    # Teams

    def test_a_team(self):
        deals = self._create_deals(2, team_id=self.team.id)
        self._follow(self.team, self.senior, "won", "accepted")
        deals += self._create_deals(team_id=self.team.id)
        others = self._create_deals(team_id=False)
        every = deals + others
        self.assertEqual(
            self._get_told(every, every.action_set_won), [("won", "senior")] * 3
        )
        self.assertNotIn(self.senior.partner_id, deals.message_partner_ids)
        self.assertEqual(self._get_told(deals, deals.action_reopen), [])
        quote = self._create_quotes(team_id=self.team.id)
        self.assertEqual(quote.team_id, self.team)
        self.assertEqual(
            self._get_told(quote, quote.action_accept), [("accepted", "senior")]
        )
        self.team.message_unsubscribe(self.senior.partner_id.ids)
        self.assertEqual(self._get_told(deals, deals.action_set_won), [])

    def test_who_follows_a_team_hears_of_what_he_may_read(self):
        own = self._create_deals(team_id=self.team.id, user_id=self.colleague.id)
        other = self._create_deals(team_id=self.team.id, user_id=self.salesperson.id)
        for user in (self.colleague, self.accountant, self.senior):
            self._follow(self.team, user, "won")
        self._follow(self.team, self.senior, "won")
        every = own + other
        self.assertEqual(
            self._get_told(every, every.action_set_won),
            [("won", "colleague"), ("won", "senior"), ("won", "senior")],
        )

    def test_who_works_in_another_company_hears_nothing(self):
        self.team.company_id = False
        self._follow(self.team, self.stranger, "won")
        deal = self._create_deals(team_id=self.team.id)
        deal = deal.with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(self._get_told(deal, deal.action_set_won), [])

    def test_who_has_left_hears_nothing(self):
        deal = self._create_deals(team_id=self.team.id)
        self._follow(deal, self.senior, "won")
        self._follow(self.team, self.senior, "won")
        self.senior.sudo().active = False
        self.assertEqual(self._get_told(deal, deal.action_set_won), [])

    def test_who_follows_both_hears_it_once(self):
        deal = self._create_deals(team_id=self.team.id)
        self._follow(self.team, self.senior, "won")
        self._follow(deal, self.senior, "won")
        self.assertEqual(self._get_told(deal, deal.action_set_won), [("won", "senior")])

    def test_what_is_chosen_by_default(self):
        self.team.message_subscribe(self.senior.partner_id.ids)
        follower = self.team.message_follower_ids.filtered(
            lambda row: row.partner_id == self.senior.partner_id
        )
        chosen = follower.subtype_ids.parent_id
        self.assertEqual(
            chosen,
            self._get_subtype("mt_opportunity_won")
            | self._get_subtype("mt_quote_sent")
            | self._get_subtype("mt_quote_accepted"),
        )

    # Not too many

    def test_imports_tell_nobody(self):
        deals = self._create_deals(2)
        self._follow(deals, self.senior, "won", "stage")
        importing = deals.with_context(import_file=True)
        self.assertEqual(
            self._get_told(
                deals, lambda: importing.write({"stage_id": self.stages["WON"].id})
            ),
            [],
        )

    def test_many_mails_leave_by_the_queue(self):
        self.senior.sudo().notification_type = "email"
        deals = self._create_deals(3)
        self._follow(deals, self.senior, "won", "reopened")
        with self.mock_mail_gateway():
            deals.action_set_won()
            self._track()
        self.assertEqual(self._new_mails.mapped("state"), ["outgoing"] * 3)
        with self.mock_mail_gateway():
            deals[0].action_reopen()
            self._track()
        self.assertEqual(self._new_mails.mapped("state"), ["sent"])

    def test_who_would_be_flooded_is_told_of_nothing(self):
        deals = self._create_deals(MANY_EVENTS + 1, team_id=self.team.id)
        self._follow(self.team, self.senior, "won")
        self._follow(deals[0], self.colleague, "won")
        for deal in deals:
            self._follow(deal, self.senior, "won")
        self.assertEqual(
            self._get_told(deals, deals.action_set_won), [("won", "colleague")]
        )
        fewer = deals[1:]
        fewer.action_reopen()
        self.assertEqual(
            self._get_told(fewer, fewer.action_set_won),
            [("won", "senior")] * MANY_EVENTS,
        )

    def _count(self, act):
        self.env.flush_all()
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def test_nobody_follows_in_one_query(self):
        """However many there are, and whether a team is followed for another event."""
        self._follow(self.team, self.senior, "lost")
        counts = [
            self._count(self._create_deals(count, team_id=self.team.id).action_set_won)
            for count in (1, 1, 50)
        ]
        self.assertEqual(counts[1], counts[2])
        deals = self._create_deals(50, team_id=self.team.id)
        with self.subTest("none of the events"):
            self._count(lambda: deals.write({"expected_revenue": 7}))
            silent = self._count(lambda: deals.write({"expected_revenue": 8}))
            again = self._count(
                lambda: deals.with_context(import_file=True).write(
                    {"expected_revenue": 9}
                )
            )
            self.assertEqual(silent, again)
        with self.subTest("one query"):
            proposal, negotiation = (
                self.stages[code].id for code in ("PROPOSAL", "NEGOTIATION")
            )
            self._count(lambda: deals.write({"stage_id": negotiation}))
            told = self._count(lambda: deals.write({"stage_id": proposal}))
            silent = self._count(
                lambda: deals.with_context(import_file=True).write(
                    {"stage_id": negotiation}
                )
            )
            self.assertEqual(told, silent + 1)

    def test_following_a_team_costs_new_documents_nothing(self):
        self._count(lambda: self._create_deals(1, team_id=self.team.id))
        before = self._count(lambda: self._create_deals(50, team_id=self.team.id))
        self._follow(self.team, self.senior, *DOCUMENT_EVENTS)
        after = self._count(lambda: self._create_deals(50, team_id=self.team.id))
        self.assertEqual(after, before)
