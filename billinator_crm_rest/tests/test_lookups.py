"""What clients look up before they name it: ids, codes and names."""

from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestLookups(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = cls.env["res.users"].create(
            cls._prepare_user("employee", "base.group_user", cls.company)
        )
        cls._let_call(cls.salesperson + cls.stranger + cls.employee)

    def test_reasons_that_are_in_use(self):
        first, second, former = self.env["billinator.lost.reason"].create(
            [
                {"name": "Zero Interest", "sequence": -20},
                {"name": "Interest of Others", "sequence": -10},
                {"name": "No Interest Any More", "active": False},
            ]
        )
        page = self._fetch("/lost-reasons?q=interest")
        self.assertEqual(
            page,
            {
                "items": [
                    {"id": first.id, "name": "Zero Interest"},
                    {"id": second.id, "name": "Interest of Others"},
                ],
                "total": 2,
                "limit": 80,
                "offset": 0,
                "next_cursor": None,
            },
        )
        self.assertNotIn(former.id, self._get_ids("/lost-reasons?limit=500"))

    def test_what_is_looked_up_loses_a_deal(self):
        deal = self._create_opportunity(user_id=self.salesperson.id)
        [stage] = self._fetch("/stages?q=lost")["items"]
        [reason, *_others] = self._fetch("/lost-reasons")["items"]
        body = {"stage": stage["code"], "lost_reason_id": reason["id"]}
        answer = self._call(f"/opportunities/{deal.id}", method="PUT", json=body)
        self.assertEqual(answer.json()["status"], "LOST", answer.text)
        self.assertEqual(deal.lost_reason_id.id, reason["id"])

    def test_users_are_colleagues(self):
        users = self.env["res.users"].create(
            [
                self._prepare_user(login, group, company) | values
                for login, group, company, values in (
                    ("zed", "base.group_user", self.company, {"name": "Look Zed"}),
                    ("ann", "base.group_user", self.company, {"name": "Look Ann"}),
                    ("far", "base.group_user", self.company_b, {"name": "Look Far"}),
                    ("out", "base.group_portal", self.company, {"name": "Look Out"}),
                    (
                        "off",
                        "base.group_user",
                        self.company,
                        {"name": "Look Off", "active": False},
                    ),
                )
            ]
        )
        zed, ann, far = users[:3]
        ann.email = "ann@look.example"
        zed.email = False
        self.assertEqual(
            self._fetch("/users?q=look")["items"],
            [
                {"id": ann.id, "name": "Look Ann", "email": "ann@look.example"},
                {"id": zed.id, "name": "Look Zed", "email": None},
            ],
        )
        self.assertEqual(self._get_ids("/users?q=ann@look"), [ann.id])
        self.assertEqual(
            self._get_ids("/users?q=look&sort=-name&limit=1&offset=1"), [ann.id]
        )
        self.assertEqual(self._get_ids("/users?q=look", user=self.stranger), [far.id])
        self.assertIn(ann.id, self._get_ids("/users?limit=500", user=self.employee))

    def test_users_are_of_the_chosen_company(self):
        self.salesperson.company_ids += self.company_b
        chosen = {"X-Company-Id": str(self.company_b.id)}
        for headers, is_listed in ((chosen, False), (None, True)):
            ids = self._get_ids("/users?limit=500", headers=headers)
            self.assertIn(self.stranger.id, ids)
            self.assertEqual(self.colleague.id in ids, is_listed)

    def test_tags_are_no_segments(self):
        named, _former, _segment = self.env["billinator.tag"].create(
            [
                {"name": "Look Up", "color": 4},
                {"name": "Look Back", "active": False},
                {"name": "Look After", "is_segment": True},
            ]
        )
        page = self._fetch("/tags?q=look", user=self.employee)
        shown = {"id": named.id, "name": "Look Up", "color": 4}
        self.assertEqual(page["items"], [shown])
        self.assertEqual(page["total"], 1)

    def test_stages_are_in_the_pipelines_order(self):
        first = self.env["billinator.stage"].create(
            {
                "name": "Called",
                "code": "RING",
                "status": "open",
                "probability": 5.5,
                "sequence": -1,
            }
        )
        expected = {
            "id": first.id,
            "code": "RING",
            "name": "Called",
            "status": "OPEN",
            "probability": 5.5,
            "sequence": -1,
        }
        stages = self._fetch("/stages", user=self.employee)["items"]
        self.assertEqual(stages[0], expected)
        pipeline = self.env["billinator.stage"].search([])
        self.assertEqual([stage["id"] for stage in stages], pipeline.ids)
        for word in ("called", "ring"):
            self.assertEqual(self._fetch(f"/stages?q={word}")["items"], [expected])

    def test_who_has_no_crm_sees_no_lost_reasons_and_outcomes(self):
        for path in ("/lost-reasons", "/outcomes"):
            self.assertEqual(self._call(path, user=self.employee).status_code, 403)
        for path in ("/users", "/tags", "/stages"):
            self.assertEqual(self._call(path, user=self.employee).status_code, 200)

    def test_phone_numbers_in_any_notation(self):
        person = self.env["res.partner"].create(
            {"name": "Jo", "parent_id": self.customer.id, "phone": "+91 98765-43210"}
        )
        deal = self._create_opportunity(
            partner_id=person.id, user_id=self.salesperson.id
        )
        contact = self.env["billinator.contact"].search([("person_id", "=", person.id)])
        for path, found in (
            ("customers", person),
            (f"contacts/customer/{self.customer.id}", contact),
            ("opportunities", deal),
        ):
            with self.subTest(path):
                self.assertEqual(self._get_ids(f"/{path}?q=09876543210"), found.ids)
