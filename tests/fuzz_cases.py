"""Cases made of what there is in a database; the same ones for the same seed."""

import re
from random import Random

from fuzz_calls import Case
from fuzz_values import (
    AGGREGATES,
    COMMANDS,
    CONTEXTS,
    DAYS,
    FIELDS,
    GROUPINGS,
    HUGE,
    LEAVES,
    MOMENTS,
    ORDERS,
    WRONG,
    WRONG_IDS,
)

# What every model has, and integrations and the web client call.
ORM = {
    *("search", "search_count", "search_read", "search_fetch", "read", "name_search"),
    *("web_search_read", "web_read", "web_save", "formatted_read_group", "export_data"),
    *("web_read_group", "read_progress_bar", "search_panel_select_range", "onchange"),
    *("create", "write", "unlink", "copy", "default_get", "fields_get", "load"),
    *("name_create", "web_search_read", "formatted_read_grouping_sets", "get_views"),
    *("search_panel_select_multi_range", "action_archive", "action_unarchive"),
    *("message_post", "activity_schedule", "message_subscribe", "web_resequence"),
}
# Deprecated: whoever calls them, a warning is logged.
DEPRECATED = {
    *("read_group", "check_access_rights", "check_access_rule", "toggle_active"),
    "check_field_access_rights",
}
# What a parameter takes, by its name
KINDS = {
    r"domain": "domain",
    r"order(by)?": "order",
    r"groupby|grouping_sets|group_by": "groupby",
    r"aggregates|having": "aggregates",
    r"fields(_to_export|_list|_names)?|field_names?|allfields|attributes": "fields",
    r"specification|fields_spec": "specification",
    r"vals|values|default|custom_values|update_vals|msg_dict|filters": "values",
    r"vals_list": "values_list",
    r"limit|offset|count_limit|days|months|percentage|amount|duration": "number",
    r"(date|closing)_(from|to)|validity_date|month|before": "day",
    r"due_date": "moment",
    r".+_ids?": "reference",
}
REFERENCES = {
    "lost_reason_id": "billinator.lost.reason",
    "stage_id": "billinator.stage",
    "template_id": "billinator.quote.template",
    "opportunity_ids": "billinator.opportunity",
    "opportunity_id": "billinator.opportunity",
    "other_version_id": "billinator.quote",
    "quote_id": "billinator.quote",
    "partner_id": "res.partner",
}
SENSIBLE = {
    "reason": "Because",
    "feedback": "Too dear",
    "outcome": "Done",
    "days": 7,
    "months": 12,
    "limit": 5,
    "percentage": 10.0,
    "duration": 0.5,
    "date_from": "2026-01-01",
    "validity_date": "2099-12-31",
    "month": "2030-01-01",
    "due_date": "2030-01-01 10:00:00",
    "bar": "opening",
    "scope": "mine",
    "note_type": "call",
    "body": "Words",
    "name": "Name",
    "specification": {"display_name": {}},
    "fields_spec": {"display_name": {}},
    "field_names": [],
    "fields": ["display_name"],
    "fields_to_export": ["display_name"],
    "groupby": ["create_uid"],
    "aggregates": ["__count"],
    "domain": [],
    "data": [["x"]],
    "views": [[False, "form"]],
}
# Whose values nobody but an action, or the server, sets.
PROTECTED = re.compile(
    r"state|status|signed|signature|hash|approval|approved|invoice|company_id|version|"
    r"create_|write_|^id$|token|secret|currency|total|^name$|kind|res_model|res_id"
)


class Fuzzer:
    """Makes the cases."""

    def __init__(self, facts, seed):
        self.facts = facts
        self.random = Random(seed)
        self.models = facts["models"]
        self.own = list(self._find_methods(lambda name, is_ours: is_ours))
        self.orm = list(self._find_methods(lambda name, is_ours: name in ORM))
        self.other = list(
            self._find_methods(lambda name, is_ours: name not in DEPRECATED)
        )

    def _find_methods(self, is_wanted):
        for model, described in self.models.items():
            for name, method in described["methods"].items():
                # No record is one of a mixin's, and Odoo's fail for ids, too.
                if described["is_abstract"] and method["has_ids"]:
                    continue
                if (described["is_ours"] or method["is_ours"]) and is_wanted(
                    name, method["is_ours"]
                ):
                    yield model, name

    def make_cases(self, role, number):
        """Return cases for a role: each method of ours once, then at random."""
        cases = [self.make_case(role, *one) for one in self.own]
        while len(cases) < number:
            [methods] = self.random.choices(
                [self.own, self.orm, self.other], weights=[50, 40, 10]
            )
            cases.append(self.make_case(role, *self.random.choice(methods)))
        return cases

    def make_probes(self, role, canary, number):
        """Return searches for a secret, in texts that lead to it over a link or two."""
        models = [
            model
            for model, described in self.models.items()
            if not described["is_abstract"]
        ]
        probes = []
        while len(probes) < number:
            model = self._pick(models)
            if path := self._choose_path(model):
                domain = [[path, "ilike", canary]]
                probes.append(
                    Case(role, model, "search_count", None, {"domain": domain})
                )
        return probes

    def _choose_path(self, model):
        """Return a text field of a model, or of one that it is linked to, or None."""
        names = []
        for _step in range(self._pick([0, 1, 1, 2])):
            links = {
                name: described["relation"]
                for name, described in self.models[model]["fields"].items()
                if described["relation"] in self.models
            }
            if not links:
                break
            names.append(self._pick(list(links)))
            model = links[names[-1]]
        texts = [
            name
            for name, described in self.models[model]["fields"].items()
            if described["type"] in ("char", "text", "html") and described["is_stored"]
        ]
        return ".".join([*names, self._pick(texts)]) if texts else None

    def make_case(self, role, model, name):
        """Return a call of a method with something wrong about it."""
        method = self.models[model]["methods"][name]
        case = Case(role, model, name)
        if method["has_ids"]:
            case.ids = self._choose_ids(role, model)
        for parameter in method["parameters"]:
            if parameter in SENSIBLE or _get_kind(parameter) == "reference":
                case.arguments[parameter] = self._choose_sensible(role, parameter)
        # Mostly one thing alone is wrong, so that it does not hide another one.
        parts = [*method["parameters"], "context", *["ids"] * method["has_ids"]]
        count = min(len(parts), self.random.choice([1, 1, 1, 2]))
        for part in self.random.sample(parts, count):
            self._spoil(case, part)
        # To the older ones, the first argument of create is special.
        if name != "create":
            [case.transport] = self.random.choices(
                ["json2", "jsonrpc", "xmlrpc"], weights=[70, 15, 15]
            )
        return case

    def _choose_ids(self, role, model):
        ids = self.facts["ids"][role].get(model, [])
        count = self.random.choice([1, 1, 1, 2, 3])
        return self.random.sample(ids, min(count, len(ids)))

    def _choose_sensible(self, role, parameter):
        if parameter in REFERENCES:
            ids = self._choose_ids(role, REFERENCES[parameter])
            return ids if parameter.endswith("s") else next(iter(ids), 1)
        return SENSIBLE.get(parameter)

    def _spoil(self, case, part):
        """Make something wrong: ``ids``, the ``context`` or an argument."""
        case.wrong = part if case.wrong == "nothing" else f"{case.wrong}, {part}"
        if part == "ids":
            case.ids = self._make_wrong_ids(case)
        elif part == "context":
            case.context = self._make_context(case)
        else:
            kind = _get_kind(part)
            is_typed = kind and self.random.random() < 0.7
            make = getattr(self, f"_make_{kind}") if is_typed else self._make_anything
            case.arguments[part] = make(case, part)

    def _pick(self, values):
        return self.random.choice(values)

    def _make_anything(self, _case, _part=None):
        return self._pick(WRONG)

    def _make_wrong_ids(self, case):
        secrets = self._list_secrets(case.model)
        own = self.facts["ids"][case.role].get(case.model, [])
        if secrets and self.random.random() < 0.6:
            some = self.random.sample(secrets, min(len(secrets), 3))
            return self._pick([some[:1], some, [*own[:1], *some[:1]]])
        return self._pick(WRONG_IDS)

    def _list_secrets(self, model):
        return [
            record_id
            for ids in self.facts["secrets"].values()
            for record_id in ids.get(model, [])
        ]

    def _make_context(self, case):
        far = self.facts["companies"]["far"]
        home = self.facts["companies"]["home"]
        fields = self.models[case.model]["fields"]
        name = self._pick(list(fields))
        return self._pick(
            [
                *CONTEXTS,
                {"allowed_company_ids": [far]},
                {"allowed_company_ids": [home, far]},
                {"default_company_id": far},
                *[{f"default_{name}": self._make_value(case, name)}] * 10,
            ]
        )

    # === Arguments by their kind === #

    def _make_domain(self, case, _part=None):
        leaf = self._make_leaf(case)
        return self._pick(
            [
                [leaf],
                [leaf],
                ["|", leaf, ["id", "=", 1]],
                ["!", leaf],
                ["&", leaf],
                ["!"] * 200 + [["id", "=", 1]],
                ["|"] * 200 + [["id", "=", 1]] * 201,
                self._nest(["id", "=", 1]),
                leaf,
                str([leaf]),
            ]
        )

    def _nest(self, leaf):
        for _time in range(200):
            leaf = ["create_uid.create_uid", "any", [leaf]]
        return [leaf]

    def _make_leaf(self, case):
        fields = self.models[case.model]["fields"]
        name = self._pick(list(fields))
        secret = self._pick(["password", "partner_id.comment", "no_such", "id"])
        return self._pick(
            [
                *LEAVES,
                *[[name, self._pick(["=", "in", "like", ">"]), self._pick(WRONG)]] * 15,
                *[[f"{name}.{secret}", "!=", False]] * 8,
            ]
        )

    def _make_order(self, case, _part=None):
        name = self._pick(list(self.models[case.model]["fields"]))
        return self._pick([*ORDERS, *[name, f"{name} desc, {name}"] * 5])

    def _make_groupby(self, case, _part=None):
        name = self._pick(list(self.models[case.model]["fields"]))
        one = self._pick([*GROUPINGS, *[name, f"{name}:month", f"{name}.name"] * 3])
        return self._pick([[one], [one], one, [one, one], [[one]], {one: 1}])

    def _make_aggregates(self, case, _part=None):
        name = self._pick(list(self.models[case.model]["fields"]))
        one = self._pick([*AGGREGATES, *[f"{name}:sum", f"{name}:max", name] * 3])
        return self._pick([[one], [one], one, [one, one], [[one, ">", "x"]]])

    def _make_fields(self, case, _part=None):
        name = self._pick(list(self.models[case.model]["fields"]))
        one = self._pick([*FIELDS, *[name, f"{name}.name", f"{name}/id"] * 3])
        return self._pick([[one], [one, one], one, {one: 1}, [[one]], [None]])

    def _make_specification(self, case, _part=None):
        name = self._pick(list(self.models[case.model]["fields"]))
        inner = self._pick(
            [
                {},
                {"fields": {"display_name": {}}},
                {"fields": {"password": {}, "no_such": {}}},
                {"fields": 5},
                {"limit": "x", "order": "x; DROP", "fields": {}},
                {"context": {"active_test": "x"}, "fields": {"name": {}}},
                None,
                "x",
            ]
        )
        return self._pick([{name: inner}, {name: inner}, {"no_such": inner}, [name]])

    def _make_values(self, case, _part=None):
        fields = self.models[case.model]["fields"]
        protected = [name for name in fields if PROTECTED.search(name)]
        names = self._pick([list(fields), protected or list(fields)])
        chosen = self.random.sample(names, min(len(names), self._pick([1, 1, 2])))
        values = {name: self._make_value(case, name) for name in chosen}
        return self._pick([*[values] * 12, {"no_such_field": 1}, {1: 2}, [values]])

    def _make_values_list(self, case, _part=None):
        values = self._make_values(case)
        return self._pick([[values], [values], values, [values, None], [[values]]])

    def _make_value(self, case, name):
        """Return something that a field should not be set to."""
        described = self.models[case.model]["fields"][name]
        secrets = self._list_secrets(described["relation"])
        one = self._pick([*secrets[:20], HUGE, -1])
        sensible = {
            "many2one": one,
            "date": self._pick(DAYS),
            "datetime": self._pick(MOMENTS),
            "one2many": self._pick(
                [*COMMANDS, [[4, one]], [[2, one]], [[6, 0, [one]]]]
            ),
            "many2many": self._pick([*COMMANDS, [[4, one]], [[6, 0, [one]]]]),
            "many2one_reference": one,
        }
        return self._pick([sensible.get(described["type"], "x"), self._pick(WRONG)])

    def _make_number(self, _case, _part=None):
        return self._pick(
            [-1, 0, 1, 1.5, HUGE, 2**31, 10**400, "5", True, None, -1e308]
        )

    def _make_day(self, _case, _part=None):
        return self._pick(DAYS)

    def _make_moment(self, _case, _part=None):
        return self._pick(MOMENTS)

    def _make_reference(self, case, part):
        secrets = self._list_secrets(REFERENCES.get(part, case.model))
        some = self.random.sample(secrets, min(len(secrets), 2))
        one = self._pick([*some, HUGE, 2**31 - 1, -1, 0, "1", True, [1], 1.5])
        return self._pick([one, one, [one], some])


def _get_kind(parameter):
    for pattern, kind in KINDS.items():
        if re.fullmatch(pattern, parameter):
            return kind
    return None
