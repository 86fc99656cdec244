from functools import partial

from odoo.exceptions import UserError
from odoo.fields import Date, Datetime, Domain
from odoo.tests import tagged

from ..arguments import (
    as_day,
    as_domain_of,
    as_id,
    as_ids,
    as_moment,
    as_number,
    as_rows,
    as_text,
    as_texts,
    as_values,
    as_whole,
    as_whole_between,
    parse,
)
from .common import BillinatorCommon

DEALS = "billinator.opportunity"
as_domain = as_domain_of(DEALS)
as_one_to_three = as_whole_between(1, 3)


@tagged("post_install", "-at_install")
class TestArguments(BillinatorCommon):
    def _parse(self, kind, value):
        return parse(self.env, "thing", kind, value)

    def test_what_fits_is_handed_on(self):
        for kind, value, parsed in (
            (as_whole, -7, -7),
            (as_one_to_three, 1, 1),
            (as_one_to_three, 3, 3),
            (as_id, 7, 7),
            (as_ids, (7, 8), [7, 8]),
            (as_text, "abc", "abc"),
            (as_texts, ["a"], ["a"]),
            (as_rows, [["a"], ("b",)], [["a"], ("b",)]),
            (as_number, 0, 0),
            (as_number, -1.5, -1.5),
            (as_day, "2026-01-31", Date.to_date("2026-01-31")),
            (
                as_moment,
                "2026-01-31 10:00:00",
                Datetime.to_datetime("2026-01-31 10:00:00"),
            ),
            (as_domain, [["name", "=", "x"]], Domain("name", "=", "x")),
        ):
            self.assertEqual(self._parse(kind, value), parsed)
        for nothing in (None, False, ""):
            self.assertIsNone(self._parse(as_id, nothing))

    def test_what_does_not_is_refused_by_name(self):
        for kind, values in (
            (as_whole, (True, "7", 7.0, float("nan"), [7])),
            (as_one_to_three, (True, 0, 4, 2.0, "2", 10**400)),
            (as_id, (True, 0, -1, 2**31, "7", 7.0, [7], {})),
            (as_ids, (7, "7", {7: 8}, [True], ["7"], [None])),
            (as_text, (7, ["a"], {}, "a\0b", "\ud800")),
            (as_texts, ("a", {"a": 1}, [1])),
            (as_rows, ("a", -1, {"a": 1}, ["ab"], [{0: "a"}])),
            (as_number, (True, "7", float("nan"), float("inf"), 1e300, 10**400, [])),
            (as_day, ("today", "2026-02-30", "0001-01-01", "9999-12-31", 7, [])),
            (as_values, (7, float("nan"), "a", [["name", "a"]])),
            (as_moment, ("today", "2026-01-31 25:00:00", "9999-12-31 23:59:59", 7)),
            (
                as_domain,
                (
                    7,
                    "[]",
                    {"a": 1},
                    ["&"],
                    [["no_such", "=", 1]],
                    [["id"]],
                    [["id", "<", [1]]],
                ),
            ),
        ):
            for value in values:
                with (
                    self.subTest(kind=kind.__name__, value=value),
                    self.assertRaisesRegex(UserError, "“thing” has to be "),
                ):
                    self._parse(kind, value)

    def test_methods_check_what_they_are_called_with(self):
        deals = self._create_opportunity() + self._create_opportunity()
        with self.assertRaisesRegex(UserError, "“feedback” has to be text"):
            deals.action_set_lost(self.lost_reason.id, feedback=["x"])
        for wrong, message in (
            (deals.action_set_lost, "missing: lost_reason_id"),
            (partial(deals.action_set_lost, 1, reason=2), "no such arguments: reason"),
            (partial(deals.action_set_lost, 1, "x", 3), "there are 2 at most"),
        ):
            with self.assertRaisesRegex(UserError, message):
                wrong()
        with self.assertRaisesRegex(UserError, "Choose one record, and not 2"):
            deals.action_new_quote()
        # What JSON's null becomes.
        with self.assertRaisesRegex(UserError, "Choose one record, and not 0"):
            self.customer.browse([None]).action_view_quotes()
        self.assertTrue(deals.action_set_lost(self.lost_reason.id))

    def test_what_overrides_odoo_is_called_as_before(self):
        """A decorator of a method that Odoo calls by its marks is to be repeated."""
        for model, cls in self.env.registry.items():
            mro = cls.mro()
            for position, ours in enumerate(mro):
                if not ours.__module__.startswith("odoo.addons.billinator_crm"):
                    continue
                for name in vars(ours):
                    [method, *overridden] = (
                        vars(one)[name] for one in mro[position:] if name in vars(one)
                    )
                    if name.startswith("_") or not (overridden and callable(method)):
                        continue
                    for mark in ("_api_model", "_readonly"):
                        with self.subTest(model=model, method=name, mark=mark):
                            self.assertGreaterEqual(
                                hasattr(method, mark), hasattr(overridden[0], mark)
                            )
