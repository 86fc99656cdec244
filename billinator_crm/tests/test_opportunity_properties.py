from copy import deepcopy

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .test_import import ImportCase
from .test_opportunity import OpportunityCase

NAME = "opportunity_properties"
SIZE = {
    "name": "size",
    "string": "Size",
    "type": "selection",
    "selection": [["s", "Small"], ["l", "Large"]],
    "default": "s",
}
FLOORS = {"name": "floors", "string": "Floors", "type": "integer"}
PARTNER = {
    "name": "architect",
    "string": "Architect",
    "type": "many2one",
    "comodel": "res.partner",
}
TAGS = {
    "name": "parts",
    "string": "Parts",
    "type": "tags",
    "tags": [["roof", "Roof", 1], ["wall", "Wall", 2]],
}


class PropertiesCase(OpportunityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.opportunity_properties_definition = [SIZE, FLOORS, PARTNER, TAGS]
        cls.other_team.opportunity_properties_definition = [
            {"name": "licences", "string": "Licences", "type": "integer", "default": 5}
        ]

    def _get_values(self, deal):
        [row] = deal.read([NAME])
        return {one["name"]: one.get("value") for one in row[NAME]}


@tagged("post_install", "-at_install")
class TestProperties(PropertiesCase):
    def test_defaults_are_of_the_team_that_follows_from_the_salesperson(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        self.assertEqual(deal.team_id, self.team)
        self.assertEqual(dict(deal[NAME])["size"], "Small")

    def test_given_values_stay(self):
        for values in (
            {"user_id": self.salesperson.id},
            {"team_id": self.team.id, "user_id": False},
        ):
            with self.subTest(values):
                deal = self._create_opportunity(**values, **{NAME: {"floors": 3}})
                self.assertEqual(self._get_values(deal)["floors"], 3)
                self.assertEqual(self._get_values(deal)["size"], "s")

    def test_none_without_a_team(self):
        for values in ({"user_id": False, "team_id": False}, {"user_id": False}):
            with self.subTest(values):
                deal = self._create_opportunity(**values)
                self.assertFalse(deal.team_id)
                self.assertEqual(deal.read([NAME])[0][NAME], [])
                found = deal.search([("id", "=", deal.id), (f"{NAME}.size", "=", "s")])
                self.assertFalse(found)

    def test_form(self):
        form = Form(self.env["billinator.opportunity"].with_user(self.salesperson))
        form.name = "Tower"
        form.partner_id = self.customer
        deal = form.save()
        self.assertEqual(self._get_values(deal)["size"], "s")

    def test_salesperson_fills_in_but_does_not_define(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        own = deal.with_user(self.salesperson)
        own.write({NAME: {"floors": 7}})
        self.assertEqual(self._get_values(deal)["floors"], 7)
        defined = [*own.read([NAME])[0][NAME], {**FLOORS, "name": "rooms"}]
        defined[-1]["definition_changed"] = True
        with self.assertRaises(AccessError):
            own.write({NAME: deepcopy(defined)})
        deal.with_user(self.manager).write({NAME: defined})
        names = [one["name"] for one in self.team.opportunity_properties_definition]
        self.assertEqual(names, ["size", "floors", "architect", "parts", "rooms"])
        # Those of others know at once.
        other = self._create_opportunity(user_id=self.salesperson.id)
        self.assertIn("rooms", self._get_values(other))

    def test_another_team_has_other_properties(self):
        deal = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"size": "l"}}
        )
        deal.user_id = self.colleague
        self.assertEqual(deal.team_id, self.other_team)
        self.assertEqual(self._get_values(deal), {"licences": 5})

    def test_copy(self):
        deal = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"size": "l", "parts": ["roof"]}}
        )
        copy = deal.copy()
        self.assertEqual(self._get_values(copy), self._get_values(deal))
        moved = deal.copy({"team_id": self.other_team.id, "user_id": False})
        self.assertEqual(self._get_values(moved), {"licences": 5})


@tagged("post_install", "-at_install")
class TestMergedProperties(PropertiesCase):
    def _merge(self, kept, gone):
        kept.with_user(self.manager).merge_opportunities(gone.ids)
        return self._get_values(kept)

    def test_own_values_stay_and_others_fill_in(self):
        kept, gone = (
            self._create_opportunity(user_id=self.salesperson.id, **{NAME: values})
            for values in (
                {"size": "l"},
                {"size": "s", "floors": 4, "architect": self.customer.id},
            )
        )
        merged = self._merge(kept, gone)
        self.assertEqual(
            (merged["size"], merged["floors"], merged["architect"][0]),
            ("l", 4, self.customer.id),
        )

    def test_those_of_another_team_stay_behind(self):
        kept = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"floors": 2}}
        )
        gone = self._create_opportunity(user_id=self.colleague.id)
        merged = self._merge(kept, gone)
        self.assertEqual(merged["floors"], 2)
        self.assertNotIn("licences", merged)

    def test_those_of_the_team_that_comes(self):
        kept = self._create_opportunity(user_id=False, team_id=False)
        gone = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"size": "l"}}
        )
        merged = self._merge(kept, gone)
        self.assertEqual(kept.team_id, self.team)
        self.assertEqual(merged["size"], "l")

    def test_those_of_the_team_of_the_salesperson_that_comes(self):
        kept = self._create_opportunity(user_id=False, team_id=self.other_team.id)
        gone = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"floors": 4}}
        )
        merged = self._merge(kept, gone)
        self.assertEqual(kept.team_id, self.team)
        self.assertEqual(merged["floors"], 4)
        self.assertNotIn("licences", merged)


@tagged("post_install", "-at_install")
class TestViewsOfProperties(PropertiesCase):
    def _get_names(self, view_type):
        Deal = self.env["billinator.opportunity"].with_user(self.salesperson)
        arch = etree.fromstring(Deal.get_view(view_type=view_type)["arch"])
        return {node.get("name") for node in arch.iter("field")}

    def test_views_of_many_show_them_where_a_team_has_some(self):
        for view_type in ("kanban", "list"):
            with self.subTest(view_type):
                self.assertIn(NAME, self._get_names(view_type))
        teams = self.env["crm.team"].with_context(active_test=False).search([])
        teams.opportunity_properties_definition = False
        for view_type in ("kanban", "list"):
            with self.subTest(view_type):
                self.assertNotIn(NAME, self._get_names(view_type))
        for view_type in ("form", "search"):
            with self.subTest(view_type):
                self.assertIn(NAME, self._get_names(view_type))

    def test_groups_of_the_pipeline(self):
        deals = self.env["billinator.opportunity"].browse()
        for size, revenue in (("s", 10), ("l", 20), ("l", 30)):
            deals += self._create_opportunity(
                user_id=self.salesperson.id,
                expected_revenue=revenue,
                **{NAME: {"size": size, "parts": ["roof"]}},
            )
        Deal = deals.with_user(self.salesperson)
        sums = ["expected_revenue_company:sum", "weighted_revenue:sum"]

        def group(*groupby):
            return Deal.web_read_group(
                [("id", "in", deals.ids)], list(groupby), sums, auto_unfold=True
            )["groups"]

        def tell(groups, name):
            return [
                (one[name], one["__count"], one["expected_revenue_company:sum"])
                for one in groups
            ]

        self.assertEqual(
            tell(group(f"{NAME}.size"), f"{NAME}.size"),
            [("l", 2, 50), ("s", 1, 10)],
        )
        [(_parts, count, value)] = tell(group(f"{NAME}.parts"), f"{NAME}.parts")
        self.assertEqual((count, value), (3, 60))
        # The stages' own sums, of deals with a property.
        by_stage = Deal.web_read_group(
            [(f"{NAME}.size", "=", "l"), ("id", "in", deals.ids)], ["stage_id"], sums
        )["groups"]
        self.assertEqual([one["__count"] for one in by_stage if one["__count"]], [2])
        bars = Deal.read_progress_bar(
            [("id", "in", deals.ids)],
            f"{NAME}.size",
            {"field": "activity_state", "colors": {"planned": "success"}},
        )
        self.assertIsInstance(bars, dict)

    def test_search(self):
        large = self._create_opportunity(
            user_id=self.salesperson.id, **{NAME: {"size": "l"}}
        )
        self._create_opportunity(user_id=self.salesperson.id, **{NAME: {"size": "s"}})
        found = large.with_user(self.salesperson).search([(f"{NAME}.size", "=", "l")])
        self.assertEqual(found, large)


@tagged("post_install", "-at_install")
class TestImportOfProperties(PropertiesCase, ImportCase):
    def test_round_trip(self):
        Deal = self.env["billinator.opportunity"].with_user(self.salesperson)
        columns = ["name", "partner_id", "team_id", f"{NAME}.size", f"{NAME}.floors"]
        row = ["Tower", self.customer.name, self.team.name, "Large", "12"]
        result = Deal.load(columns, [row])
        self.assertFalse(result["messages"])
        deal = Deal.browse(result["ids"])
        self.assertEqual(self._get_values(deal)["size"], "l")
        exported = deal.with_user(self.env.user).export_data(columns)["datas"]
        self.assertEqual([str(one) for one in exported[0]], row)

    def test_without_the_team(self):
        """The team follows from who imports it."""
        Deal = self.env["billinator.opportunity"].with_user(self.salesperson)
        result = Deal.load(
            ["name", "partner_id", f"{NAME}.floors"],
            [["Tower", self.customer.name, "12"], ["Shed", self.customer.name, "1"]],
        )
        self.assertFalse(result["messages"])
        deals = Deal.browse(result["ids"])
        self.assertEqual([self._get_values(deal)["floors"] for deal in deals], [12, 1])
