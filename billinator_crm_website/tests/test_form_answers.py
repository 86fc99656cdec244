from odoo import SUPERUSER_ID
from odoo.tests import tagged

from .common import DEAL, VISITOR, FormCase

COLOUR = {
    "name": "a1b2c3d4e5f60718",
    "string": "Colour",
    "type": "selection",
    "selection": [["r", "Red"], ["b", "Blue"]],
}
EXTRAS = {
    "name": "b1b2c3d4e5f60718",
    "string": "Extras",
    "type": "tags",
    "tags": [["lamp", "Lamp", 1], ["a,b", "Drawer, wide", 2]],
}
SELLER = {
    "name": "c1b2c3d4e5f60718",
    "string": "Seller",
    "type": "many2one",
    "comodel": "res.users",
}
HELPERS = {
    "name": "d1b2c3d4e5f60718",
    "string": "Helpers",
    "type": "many2many",
    "comodel": "res.users",
}
HURRY = {"name": "e1b2c3d4e5f60718", "string": "Hurry", "type": "boolean"}
WIDTH = {"name": "f1b2c3d4e5f60718", "string": "Width", "type": "float"}


@tagged("post_install", "-at_install")
class TestFormAnswers(FormCase):
    """Designers add fields and properties to a form: people read what comes of it."""

    def _allow(self, *names):
        """Save a form with more fields, as designers do."""
        Field = self.env["ir.model.fields"].with_user(SUPERUSER_ID)
        self.assertTrue(Field.formbuilder_whitelist(DEAL, names))

    def _assert_read(self, deal, *lines):
        for line in lines:
            self.assertIn(line, deal.description)

    def test_fields_are_read_and_not_written(self):
        self._allow(
            *("date_deadline", "date_closed", "priority", "expected_revenue"),
            *("tag_ids", "stage_id", "partner_id", "probability", "active"),
        )
        tags = self.env["billinator.tag"].create([{"name": "Wood"}, {"name": "<Oak>"}])
        self.company.partner_id.tz = "Europe/Berlin"
        plain = self._submit()
        values = {
            "date_deadline": "2031-12-24",
            "date_closed": "2031-07-01 10:30:00",
            "priority": "2",
            "expected_revenue": "1234.5",
            "tag_ids": f"{tags[0].id},{tags[1].id},99999999",
            "stage_id": self.stages["WON"].id,
            "partner_id": self.customer.id,
            "probability": "0",
            "active": "Yes",
        }
        deal = self._submit(**values, Colour="Red")
        priorities = dict(self.env[DEAL]._fields["priority"].selection)
        self._assert_read(
            deal,
            "I need &lt;b&gt;desks&lt;/b&gt;.<br>Soon.",
            "Colour : Red",
            "Expected Closing : 12/24/2031",
            "Closed On : 07/01/2031 12:30:00",
            f"Priority : {priorities['2']}",
            "Expected Revenue : 1,234.5",
            "Tags : Wood, &lt;Oak&gt;, 99999999",
            f"Stage : {self.stages['WON'].name}",
            "Customer : Ada Industries",
            "Probability (%) : 0",
            "Active : Yes",
        )
        for name in set(values) - {"date_closed"}:
            self.assertEqual(deal[name], plain[name], name)
        self.assertFalse(deal.date_closed)

    def test_what_makes_no_sense_is_read_as_it_came(self):
        self._allow("date_deadline", "date_closed", "priority", "expected_revenue")
        for value in ("nan", "inf", "-1e300", "9" * 300):
            self.assertIn(
                "Revenue : ", self._submit(expected_revenue=value).description
            )
        deal = self._submit(date_deadline="soon", date_closed="x", priority="high")
        self._assert_read(
            deal, "Expected Closing : soon", "Closed On : x", "Priority : high"
        )
        self.assertNotIn("Closed", self._submit(date_closed="").description)

    def test_only_what_is_the_companys_has_its_name(self):
        self._allow("partner_id", "tag_ids")
        other = self.customer.copy({"company_id": self.company_b.id, "name": "Hidden"})
        for id_ in (other.id, 10**30, -1, 0):
            deal = self._submit(partner_id=id_)
            self._assert_read(deal, f"Customer : {id_}")
            self.assertNotIn("Hidden", deal.description)
        many = {"tag_ids": ",".join(map(str, range(1, 30_000)))}
        self.assertIn("Please write less", self._post({**VISITOR, **many})["error"])

    def test_files_are_on_the_deal_instead_of_in_it(self):
        self.env["ir.model.fields"].create(
            {
                "model_id": self.env["ir.model"]._get_id(DEAL),
                "name": "x_plan",
                "field_description": "Plan",
                "ttype": "binary",
            }
        )
        self._allow("x_plan")
        deal = self._submit(files=[("x_plan[0][0]", ("plan.txt", b"Plan"))])
        self.assertFalse(deal.x_plan)
        [file] = deal.message_ids.attachment_ids
        self.assertEqual((file.name, file.raw), ("plan.txt", b"Plan"))

    def test_properties_are_read(self):
        properties = [COLOUR, EXTRAS, SELLER, HELPERS, HURRY, WIDTH]
        self.other_team.opportunity_properties_definition = properties
        colour, extras, seller, helpers, hurry, width = (
            one["name"] for one in properties
        )
        deal = self._submit(
            **{
                "team_id": self.other_team.id,
                colour: "r",
                extras: "lamp,a\\,b",
                seller: self.senior.id,
                helpers: f"{self.salesperson.id},{self.stranger.id}",
                hurry: "Yes",
                width: "1.25",
            }
        )
        self.assertEqual(deal.team_id, self.other_team)
        self._assert_read(
            deal,
            "Colour : Red",
            "Extras : Lamp, Drawer, wide",
            f"Seller : {self.senior.name}",
            f"Helpers : {self.salesperson.name}, {self.stranger.id}",
            "Hurry : Yes",
            "Width : 1.25",
        )
        self.assertFalse(any(deal.opportunity_properties.values()))

    def test_what_is_no_option_is_read_as_it_came(self):
        self.other_team.opportunity_properties_definition = [COLOUR, EXTRAS, SELLER]
        deal = self._submit(
            **{
                "team_id": self.other_team.id,
                COLOUR["name"]: "green",
                EXTRAS["name"]: "wheel,lamp",
            }
        )
        self._assert_read(deal, "Colour : green", "Extras : wheel, Lamp")
        values = {"team_id": self.other_team.id, SELLER["name"]: "x"}
        answer = self._post({**VISITOR, **values})
        self.assertEqual(answer, {"error_fields": [SELLER["name"]]})

    def test_other_companies_properties_stay_theirs(self):
        self.strange_team.opportunity_properties_definition = [COLOUR]
        deal = self._submit(**{"team_id": self.strange_team.id, COLOUR["name"]: "r"})
        self.assertEqual(deal.team_id, self.team)
        self._assert_read(deal, f"{COLOUR['name']} : r")
        self.assertNotIn("Colour", deal.description)
