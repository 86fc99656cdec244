"""What no sane client sends: wrong types, injections and the like."""

import math

HUGE = 2**63 + 1
LONG = "x" * 100_000

WRONG = (
    *(None, False, True, 0, -1, 1, 2**31, HUGE, -HUGE, 0.5, -0.1, 1e308),
    *(math.nan, math.inf, "", " ", "abc", "1", "nan", "inf", "-Infinity", "1e999"),
    *(LONG, "\0", "a\0b", "\u202e\ufeff", "%s %(name)s {0.__class__}", "b'bytes'"),
    *("'; DROP TABLE billinator_quote; --", "2026-02-30", "9999-12-31", "0001-01-01"),
    *("2026-01-31", "2026-01-31 25:61:00", "today", "__import__('os')"),
    *([], [[]], [None], [1, "a", None], [HUGE], {}, {"a": {"b": [1, {"c": None}]}}),
    *({"id": 1}, ["name"], [["name", "=", 1]]),
)
WRONG_IDS = (
    *(None, 0, -1, True, "1", "abc", "", HUGE, 1.5, {}, {"id": 1}, [], [0], [-1]),
    *([None], ["1"], ["abc"], [HUGE], [2**31], [1.5], [True], [[1]], [{}], [2**31 - 1]),
    list(range(10**6, 10**6 + 100)),
)
ORDERS = (
    *("name; DROP TABLE billinator_quote", "no_such_field", "id asc, id desc, id"),
    *("pg_sleep(10)", "id NULLS FIRST", "id desc nulls", "1", "(SELECT 1)", "id,"),
    *("create_uid.password", "user_id.partner_id.no_such_field", "id; --", "random()"),
    *("write_date:month", "name collate C", '"id"', "id " * 500, *WRONG),
)
GROUPINGS = (
    *("no_such_field", "create_date:eon", "create_date:month", "id", "create_uid"),
    *("create_uid.password", "name:count", "id); DROP TABLE res_users; --", "__count"),
    *("create_uid.partner_id.name", "display_name", "activity_ids", "message_ids"),
)
AGGREGATES = (
    *("__count", "id:sum", "id:array_agg", "id:no_such", "no_such:sum", "id", "id:"),
    *("create_uid:sum", "name:sum", "create_uid.password:max", "pg_sleep(10):max"),
    *("id:count_distinct", "display_name:max", "id:recordset", "__count:sum"),
)
FIELDS = (
    *("id", "display_name", "no_such_field", "create_uid.password", "create_uid", ""),
    *("name; DROP", "__class__", "create_uid/partner_id/name", "message_ids"),
    *(".id", "create_uid/.id", "/", "id.id"),
)
CONTEXTS = (
    *({"lang": "xx_XX"}, {"lang": 5}, {"lang": "'; --"}, {"tz": "Mars/Olympus"}),
    *({"tz": 7}, {"active_test": "maybe"}, {"bin_size": "x"}, {"active_ids": "x"}),
    *({"active_id": HUGE}, {"active_id": "x", "active_model": "no.such.model"}),
    *({"active_ids": [None], "active_model": "billinator.quote"}, {"uid": 1}),
    *({"allowed_company_ids": "x"}, {"allowed_company_ids": [HUGE]}, {"su": True}),
    *({"force_report_rendering": True}, {"mail_create_nosubscribe": {}}, {"lang": []}),
    *({"mail_notify_author": [], "mail_auto_delete": "x"}, {"order_id": "x"}),
    *({"mail_post_autofollow": "x", "mail_notify_force_send": {}}, {"order_id": HUGE}),
    *({"default_state": "accepted"}, {"default_user_id": "x"}, {"default_name": []}),
    *({"default_line_ids": [[0]]}, {"default_signed_by": "Mallory"}),
    *({"default_stage_id": HUGE}, {"default_partner_id": {}}, {"default_active": 7}),
    *({"default_date_quote": "x"}, {"default_quote_id": -1}, {"approved_hash": 5}),
    *({"default_approval_decision": "approved", "default_invoice_ids": [[4, 1]]},),
    *({"billinator_gate": True}, {"billinator_discount": 1, "import_file": True}),
    *({"billinator_revision": True, "billinator_activity_rows": False},),
    *({"default_res_model": "res.users", "default_res_id": 2}, {"prefetch_langs": 1}),
    *({"search_default_x": [], "group_by": "x"}, {"default_model": 7}, {"x": LONG}),
    *({"tracking_disable": "x", "mail_notrack": []}, {"company_id": "x"}, "x", [1], 5),
)
COMMANDS = (
    *([[0]], [[0, 0]], [[0, 0, "x"]], [[0, 0, {"no_such_field": 1}]], [[1, "a", {}]]),
    *(
        [[2, HUGE]],
        [[3, "x"]],
        [[4]],
        [[4, -1]],
        [[5]],
        [[6, 0, "x"]],
        [[6, 0, [HUGE]]],
    ),
    *([[9, 9, 9]], [["create"]], [[None, 0, 0]], [[[0]]], "x", [None], {"0": 1}, 5),
    *([{"name": "x"}], [[0, 0, {"id": 1}]], [[1, 1, None]], [[6, 0, [None, "a"]]]),
)
LEAVES = (
    *(["no_such_field", "=", 1], ["user_id.password", "like", "%"], ["id", "~~", 1]),
    *(["create_uid.partner_id.signup_token", "!=", False], ["id", "=", HUGE]),
    *(["create_uid.partner_id.email", "ilike", "%"], ["id", "in", "x"], ["id", "in"]),
    *(["create_uid.api_key_ids.key", "!=", False], ["id", "in", [None, "a", {}]]),
    *(["id", "=", "1 OR 1=1"], ["id); DROP TABLE res_users; --", "=", 1], ["id"]),
    *(["id", "any", [["id", "any", [["no_such", "=", 1]]]]], ["id", "child_of", "x"]),
    *(["create_date", "=", "x"], ["create_date", ">", "today +999999y"], [1, "=", 1]),
    *(["id", "inselect", ["SELECT 1", []]], ["id", "any!", [["id", "=", 1]]]),
    *(["display_name", "ilike", LONG], ["display_name", "like", ["x"]], None, 5, "x"),
    *(["create_uid", "in", {"a": 1}], ["id", "=like", "%"], ["id", "<", [1]], []),
    *(["message_ids.body", "ilike", "x"], ["id", "=", math.nan], {"id": 1}, "&"),
    *(["create_date.no_such_part", "=", 1], ["id", None, 1], ["id", "=", 1, 2]),
)
DAYS = ("9999-12-31", "0001-01-01", "2026-02-30", "2026-01-31", "99999-01-01", "today")
MOMENTS = tuple(f"{day} {time}" for day in DAYS for time in ("10:00:00", "25:61:00"))
