import base64

from odoo import SUPERUSER_ID
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, convert_file

from odoo.addons.mail.tests.common import MailCase

from ..hooks import uninstall_hook
from .common import DEAL, VISITOR, FormCase

# All that is written; what comes as a property of the deal is read alone.
LISTED = {
    "contact_name",
    "description",
    "email_from",
    "name",
    "partner_name",
    "phone",
    "team_id",
    "user_id",
}
# What tells two deals apart anyway, or is the visitor's word.
APART = {"id", "create_date", "write_date", "date_last_stage_update", "description"}


@tagged("post_install", "-at_install")
class TestWebsiteForm(FormCase, MailCase):
    """What anybody may send to the website, by its forms or by hand."""

    def _assert_refused(self, error, **values):
        count = self.env[DEAL].search_count([])
        answer = self._post({**VISITOR, **values})
        self.assertIn(error, answer["error"])
        self.assertEqual(self.env[DEAL].search_count([]), count)

    # What becomes of it

    def test_a_visitor_becomes_a_deal(self):
        deal = self._submit()
        self.assertRecordValues(
            deal,
            [
                {
                    **VISITOR,
                    "description": deal.description,
                    "company_id": self.company.id,
                    "team_id": self.team.id,
                    "user_id": self.manager.id,
                    "stage_id": self.stages["LEAD"].id,
                    "partner_id": False,
                    "medium_id": self.env.ref("utm.utm_medium_website").id,
                    "create_uid": self.env.ref("base.user_root").id,
                }
            ],
        )
        self.assertIn("I need &lt;b&gt;desks&lt;/b&gt;.<br>Soon.", deal.description)
        self.assertIn(
            f"Form on “{self.website.name}” filled in by Jo Doe, New &amp; Co., "
            "jo@new.example, +49 30 123456",
            deal.message_ids.body,
        )
        self.assertFalse(deal.message_partner_ids - self.manager.partner_id)

    def test_nobody_else_says_that_a_form_was_filled_in(self):
        Deal = self.env[DEAL].with_user(self.salesperson)
        Deal = Deal.with_context(tracking_disable=False, mail_create_nolog=False)
        values = {"name": "A", "partner_id": self.customer.id}
        for claim in ("Our website", ["Our website"], True):
            deal = Deal.with_context(billinator_web_form=claim).create(values)
            self.assertIn("Opportunity created", deal.message_ids.body)

    def test_without_a_subject_it_has_a_title(self):
        self.assertEqual(self._submit(name=" \n").name, "Website form by Jo Doe")
        values = {"email_from": "jo@new.example", "name": ""}
        deal = self.env[DEAL].browse(self._post(values)["id"])
        self.assertEqual(deal.name, "Website form by jo@new.example")

    def test_its_title_is_in_the_companys_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.company.partner_id.lang = "de_DE"
        self.assertEqual(self._submit(name="").name, "Website-Formular von Jo Doe")
        blank = dict.fromkeys(("contact_name", "partner_name", "phone"), " ")
        self._assert_refused("tell us who you are", **blank, email_from="")

    def test_other_questions_are_read_in_the_deal(self):
        deal = self._submit(**{"How <i>many</i>": "12 <script>", "Colour": "Red\0"})
        for text in ("How &lt;i&gt;many&lt;/i&gt; : 12 &lt;script&gt;", "Colour : Red"):
            self.assertIn(text, deal.description)

    def test_campaigns(self):
        campaign, source, medium = (
            self.env[f"utm.{model}"].create({"name": f"{model} of a test"})
            for model in ("campaign", "source", "medium")
        )
        self.url_open(
            f"/contactus?utm_campaign={campaign.name}&utm_source={source.name}"
            f"&utm_medium={medium.name}"
        )
        deal = self._submit()
        self.assertEqual(deal.campaign_id, campaign)
        self.assertEqual(deal.source_id, source)
        self.assertEqual(deal.medium_id, medium)

    def test_stages_ask_visitors_for_nothing(self):
        get_field = self.env["ir.model.fields"]._get
        self.stages["LEAD"].required_field_ids = get_field(DEAL, "expected_revenue")
        self.assertEqual(self._submit().stage_id, self.stages["LEAD"])

    def test_files_are_on_the_deal(self):
        # Odoo writes the ids of files into fields that their inputs are called after.
        files = [
            (name, (f"{name}.txt", name.encode(), "text/html"))
            for name in ("Plan[0][0]", "user_id")
        ]
        deal = self._submit(files=files)
        self.assertEqual(deal.user_id, self.manager)
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", DEAL), ("res_id", "=", deal.id)]
        )
        self.assertEqual(
            {base64.b64decode(file.datas).decode() for file in attachments},
            {name for name, _file in files},
        )
        self.assertEqual(set(attachments.mapped("mimetype")), {"text/plain"})
        self.assertFalse(any(attachments.mapped("public")))
        self.assertEqual(deal.message_ids.attachment_ids, attachments)
        self.assertEqual(deal.message_ids.author_id, self.env.ref("base.partner_root"))
        self.assertTrue(attachments.with_user(self.manager).mapped("raw"))
        # There, it would have looked for properties.
        [file] = files[1:]
        self.assertEqual(self._submit(files=[("team_id", file[1])]).team_id, self.team)

    # Whose it is

    def test_the_form_says_whose_it_is(self):
        for values, team, user in (
            ({"team_id": self.other_team.id}, self.other_team, self.senior),
            ({"user_id": self.colleague.id}, self.team, self.colleague),
            (
                {"team_id": self.other_team.id, "user_id": self.colleague.id},
                self.other_team,
                self.colleague,
            ),
        ):
            deal = self._submit(**values)
            self.assertEqual((deal.team_id, deal.user_id), (team, user))

    def test_teams_assign_in_turn(self):
        self.team.opportunity_assignment = "turn"
        people = [self._submit().user_id for _number in range(4)]
        self.assertEqual(set(people[:2]), {self.salesperson, self.colleague})
        self.assertEqual(people[:2], people[2:])

    def test_without_a_team_or_a_leader_it_is_nobodys(self):
        self.team.user_id = False
        self.assertFalse(self._submit().user_id)
        self.env["crm.team"].search([]).active = False
        deal = self._submit()
        self.assertFalse(deal.team_id or deal.user_id)

    def test_it_is_of_the_company_whose_website_it_is(self):
        self.website.company_id = self.company_b
        deal = self._submit(team_id=self.team.id, user_id=self.manager.id)
        self.assertEqual(deal.company_id, self.company_b)
        self.assertEqual(deal.team_id, self.strange_team)
        self.assertEqual(deal.user_id, self.stranger)

    def test_only_colleagues_of_the_company_get_it(self):
        left = self._create_user("left", "sale_manager")
        left.active = False
        buyer = new_test_user(
            self.env, "buyer", "base.group_portal", company_id=self.company.id
        )
        strangers = (self.stranger, left, buyer, self.env.ref("base.user_root"))
        for user_id in (*(user.id for user in strangers), 0, -1, 10**30):
            self.assertEqual(self._submit(user_id=user_id).user_id, self.manager)
        gone = self.other_team.copy()
        gone.unlink()
        for team_id in (self.strange_team.id, gone.id, 0, -1, 10**30, "x", "²", ""):
            self.assertEqual(self._submit(team_id=team_id).team_id, self.team)

    def test_who_gets_it_is_told(self):
        self.manager.notification_type = "email"
        with self.mock_mail_gateway():
            deal = self._submit()
        self.assertIn(self.manager.partner_id, deal.message_partner_ids)
        message = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", DEAL),
                    ("res_id", "=", deal.id),
                    ("message_type", "=", "user_notification"),
                ]
            )
        )
        self.assertEqual(message.notified_partner_ids, self.manager.partner_id)

    # Who is known

    def test_a_known_address_finds_its_customer_and_changes_nothing(self):
        person = self.env["res.partner"].create(
            {
                "name": "Grace",
                "email": "Grace <grace@ada.example>",
                "parent_id": self.customer.id,
            }
        )
        family = self.customer + person
        before = self._read_rows(family)
        deal = self._submit(email_from=" GRACE@ada.example")
        self.assertEqual(deal.partner_id, self.customer)
        self.assertEqual(deal.contact_ids.person_id, person)
        self.assertEqual(deal.email_from, "grace@ada.example")
        self.assertEqual(deal.phone, VISITOR["phone"])
        self.assertFalse(deal.message_partner_ids & family)
        self.assertIn(
            "filled in by Jo Doe, New &amp; Co., grace",
            str(deal.message_ids.mapped("body")),
        )
        self.assertEqual(self._read_rows(family), before)

    def _read_rows(self, partners):
        self.env.flush_all()
        return self.env.execute_query_dict(
            SQL("SELECT * FROM res_partner WHERE id IN %s ORDER BY id", partners._ids)
        )

    def test_nobody_else_is_found(self):
        self.manager.email = "boss@ours.example"
        other = self.env["res.partner"].create(
            {
                "name": "Elsewhere",
                "email": "jo@elsewhere.example",
                "company_id": self.company_b.id,
            }
        )
        for address in (
            "boss@ours.example",
            other.email,
            "nobody@new.example",
            "info@ada.example, boss@ours.example",
            "no address",
        ):
            self.assertFalse(self._submit(email_from=address).partner_id)

    # What is refused

    def test_only_what_is_listed_is_written(self):
        fields = self.env["ir.model.fields"].search(
            [("model", "=", DEAL), ("website_form_blacklisted", "=", False)]
        )
        self.assertEqual(
            set(fields.mapped("name")), LISTED | {"opportunity_properties"}
        )

        plain = self._submit().sudo()
        others = [name for name in self.env[DEAL]._fields if name not in LISTED]
        for value in (str(self.customer.id), "1", "won", "2020-01-01"):
            tricky = self._submit(
                **dict.fromkeys(others, value),
                context='{"default_user_id": 1, "billinator_gate": 1}',
                default_priority="3",
            ).sudo()
            for name, field in self.env[DEAL]._fields.items():
                if field.store and field.column_type and name not in APART:
                    with self.subTest(name=name, value=value):
                        self.assertEqual(tricky[name], plain[name])
            self.assertFalse(tricky.tag_ids or tricky.contact_ids)
            self.assertIn("probability :", tricky.description)

    def test_other_models_of_ours_have_no_forms(self):
        models = self.env["ir.model"].search([("website_form_access", "=", True)])
        ours = models.filtered(lambda model: model.model.startswith("billinator."))
        self.assertEqual(ours.mapped("model"), [DEAL])
        self.assertIn(
            "does not exist", self._post(VISITOR, "billinator.quote")["error"]
        )

    def test_who_tells_nothing_is_asked(self):
        blank = dict.fromkeys(("contact_name", "partner_name", "phone"), " ")
        self._assert_refused("tell us who you are", **blank, email_from="")

    def test_too_much_is_refused(self):
        # An index takes no more than 2,700 bytes that do not repeat.
        long = "".join(map(str, range(2000)))
        for name in ("name", "contact_name", "partner_name", "phone"):
            self._assert_refused("a line takes 500", **{name: long})
        self._assert_refused("a line takes 500", email_from=f"{long}@new.example")
        for name in ("description", "Anything else"):
            self._assert_refused("we read 50000", **{name: "x " * 30_000})

    def test_what_the_database_does_not_take_is_left_out(self):
        deal = self._submit(
            name="A\0\r\nB", email_from="jo\0@new.example", description="C\0D"
        )
        self.assertEqual(deal.name, "A B")
        self.assertEqual(deal.email_from, "jo@new.example")
        self.assertIn("CD", deal.description)
        answer = self._post({**VISITOR, "user_id": "x"})
        self.assertEqual(answer, {"error_fields": ["user_id"]})

    # What is left of it

    def test_uninstalling_closes_the_form(self):
        uninstall_hook(self.env(su=True))
        self.assertIn("does not exist", self._post(VISITOR)["error"])
        model = self.env["ir.model"]._get(DEAL)
        self.assertFalse(model.website_form_key or model.website_form_label)
        self.assertFalse(model.website_form_default_field_id)
        self.assertFalse(
            self.env["ir.model.fields"].search(
                [("model", "=", DEAL), ("website_form_blacklisted", "=", False)]
            )
        )

    def test_who_closes_the_form_finds_it_closed_after_an_upgrade(self):
        model = self.env["ir.model"]._get(DEAL)
        model.website_form_access = False
        self._load_data("update")
        self.assertFalse(model.website_form_access)

    def test_installing_it_again_opens_the_form(self):
        uninstall_hook(self.env(su=True))
        self._load_data("init")
        self.assertEqual(self._submit().phone, VISITOR["phone"])

    def _load_data(self, mode):
        addon, file = "billinator_crm_website", "data/ir_model_data.xml"
        convert_file(self.env(user=SUPERUSER_ID), addon, file, {}, mode)
        self.env.invalidate_all()
